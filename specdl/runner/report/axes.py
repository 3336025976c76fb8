"""The frame of a chart: grid, ticks and labels of two axes."""

from __future__ import annotations

from dataclasses import dataclass

from specdl.runner.report.markup import Element, tag
from specdl.runner.report.scales import Scale, log_label, tick_labels

FONT = 11.5
"""The size of text in charts, in their own units; style.css says the same."""
DIGIT = 0.58 * FONT
"""About how wide a digit is."""
TOP, RIGHT, BOTTOM = 10.0, 14.0, 38.0


@dataclass(frozen=True)
class Axes:
    """Two scales in a picture of `width` by `height`, whose y grows upwards."""

    x: Scale
    y: Scale
    width: float
    height: float
    whole: bool = False
    """Whether x counts something, so that ticks are whole numbers."""

    def frame(self, x_label: str, y_label: str) -> Element:
        """Grid lines, tick labels and the names of the axes."""
        return tag("g", self.across(x_label), self.upward(y_label), class_="axes", aria_hidden="true")

    def across(self, label: str) -> list[Element]:
        """The x axis: the line at the foot, its ticks and its name."""
        foot = self.y.start
        values = self.x.ticks(max(2, min(5, int((self.x.end - self.x.start) / 62))))
        if self.whole:
            values = tuple(value for value in values if value == int(value))
        parts = [tag("path", d=f"M{self.x.start:.1f} {foot:.1f}H{self.x.end:.1f}", class_="axis")]
        for value, text in zip(values, labels(self.x, values), strict=True):
            at = self.x(value)
            parts.append(tag("path", d=f"M{at:.1f} {foot:.1f}v4", class_="axis"))
            parts.append(tag("text", text, x=at, y=foot + 16, text_anchor="middle"))
        middle = (self.x.start + self.x.end) / 2
        parts.append(tag("text", label, x=middle, y=self.height - 4, text_anchor="middle", class_="name"))
        return parts

    def upward(self, label: str) -> list[Element]:
        """The y axis: a grid line for each tick, and the axis' name along it where there is one."""
        values = self.y.ticks()
        parts = []
        for value, text in zip(values, labels(self.y, values), strict=True):
            at = self.y(value)
            parts.append(tag("path", d=f"M{self.x.start:.1f} {at:.1f}H{self.x.end:.1f}", class_="grid"))
            parts.append(tag("text", text, x=self.x.start - 7, y=at + 4, text_anchor="end"))
        if label:
            middle = (self.y.start + self.y.end) / 2
            turn = f"rotate(-90 11 {middle:.1f})"
            parts.append(
                tag("text", label, x=11, y=middle + 2, text_anchor="middle", class_="name", transform=turn)
            )
        return parts


def labels(scale: Scale, values: tuple[float, ...]) -> tuple[str, ...]:
    """The ticks of a scale as text."""
    return tuple(map(log_label, values)) if scale.log else tick_labels(values)


def axes(
    x: tuple[float, float],
    y: tuple[float, float],
    size: tuple[float, float],
    log: bool = False,
    named: bool = False,
    whole: bool = False,
) -> Axes:
    """Axes for ranges of x and y in a picture of a size, with room for the ticks of y.

    `log` is for y; `named` leaves room for a name beside the y axis.
    """
    width, height = size
    unplaced = Scale(*y, 0, 1, log)
    widest = max((len(text) for text in labels(unplaced, unplaced.ticks())), default=1)
    left = widest * DIGIT + 12 + (14 if named else 0)
    return Axes(
        Scale(*x, left, width - RIGHT),
        Scale(*y, height - BOTTOM, TOP, log),
        width,
        height,
        whole,
    )


def picture(width: float, height: float, label: str, *children: Element, class_: str = "chart") -> Element:
    """An SVG picture that grows with the page; `label` says in words what it shows."""
    return tag(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        class_=class_,
        role="img",
        aria_label=label,
    )
