"""Loss and metrics over the run."""

from __future__ import annotations

from specdl.runner.report.axes import Axes, axes, picture
from specdl.runner.report.history import Curve, Points, spaced, thinned
from specdl.runner.report.markup import Element, number, tag
from specdl.runner.report.scales import bounds, figure, wants_log

SIZE = (380.0, 240.0)
POINTS = 400
"""A line is drawn with about so many points at most."""
MARKS = 60
"""Up to so many points are marked, each with its figures as a tooltip."""


def chart(curve: Curve) -> Element:
    """A metric over the run, a line for each part of the data, with the best figure marked."""
    values = [y for line in curve.lines.values() for _, y in line]
    log = curve.higher is False and wants_log(values)
    xs = [x for line in curve.lines.values() for x, _ in line] or [0.0, 1.0]
    low, high = min(xs), max(xs)
    across = (low, high) if high > low else (low - 0.5, low + 0.5)
    frame = axes(across, bounds(values, log), SIZE, log, whole=all(x == int(x) for x in xs))
    lines = [line(part, points, curve, frame) for part, points in curve.lines.items()]
    return tag(
        "figure",
        tag("figcaption", tag("h3", heading(curve.metric)), legend(curve, log)),
        picture(*SIZE, summary(curve), frame.frame(curve.axis, ""), *lines, *best_mark(curve, frame)),
        class_="card",
    )


def heading(metric: str) -> str:
    """A metric's name as a heading.

    >>> heading("wrong_predictions"), heading("mse")
    ('Wrong predictions', 'MSE')
    """
    words = spaced(metric)
    return words.upper() if words in ("mse", "mae") else words[:1].upper() + words[1:]


def legend(curve: Curve, log: bool) -> Element:
    """What the lines are, the best figure, and what else there is to know."""
    keys = [tag("span", part, class_=f"key {part}") for part in curve.lines]
    if curve.best is not None:
        keys.append(tag("span", f"best {figure(curve.best.y)}", class_="key best"))
    notes = ["log scale"] if log else []
    notes += [f"{part} not finite in {len(xs)} evaluations" for part, xs in curve.broken.items()]
    return tag("p", keys, [tag("span", note, class_="note") for note in notes], class_="legend")


def line(part: str, points: Points, curve: Curve, frame: Axes) -> Element:
    """The line of a part, and its points where there are few."""
    drawn = thinned(points, POINTS)
    path = "M" + "L".join(f"{number(frame.x(x))} {number(frame.y(y))}" for x, y in drawn)
    marked = points if len(points) <= MARKS else ()
    dots = [
        tag(
            "circle",
            tag("title", f"{part}, {curve.axis} {x:g}: {figure(y)}"),
            cx=frame.x(x),
            cy=frame.y(y),
            r=2.6,
        )
        for x, y in marked
    ]
    return tag("g", tag("path", d=path) if points else None, dots, class_=f"line {part}")


def best_mark(curve: Curve, frame: Axes) -> list[Element]:
    """A ring around the best point."""
    if curve.best is None:
        return []
    x, y = frame.x(curve.best.x), frame.y(curve.best.y)
    words = f"best: {figure(curve.best.y)} at {curve.axis} {curve.best.x:g} ({curve.best.part})"
    return [tag("circle", tag("title", words), cx=x, cy=y, r=6, class_="best")]


def summary(curve: Curve) -> str:
    """The curve in words."""
    parts = [
        f"{part} from {figure(points[0][1])} to {figure(points[-1][1])}"
        for part, points in curve.lines.items()
        if points
    ]
    best = f"; best {figure(curve.best.y)} at {curve.axis} {curve.best.x:g}" if curve.best else ""
    return f"{spaced(curve.metric)} by {curve.axis}: {', '.join(parts)}{best}"
