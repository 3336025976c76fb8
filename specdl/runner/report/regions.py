"""What a classifier of two numbers says all over the plane, as the source reports show it."""

from __future__ import annotations

import numpy as np

from specdl.runner.report.axes import Axes, axes, picture
from specdl.runner.report.facts import Array, Regions
from specdl.runner.report.markup import Element, number, tag
from specdl.runner.report.predictions import SIDE

COLORS = 8
"""So many classes have a colour of their own; further ones take them again."""
RIGHT = 2000
WRONG = 1000
"""At most so many points are drawn."""


def section(facts: Regions, several: bool) -> Element:
    """The regions in soft colours, the samples in strong ones, the wrong ones crossed."""
    left, right, bottom, top = facts.extent
    frame = axes((left, right), (bottom, top), (SIDE, SIDE), named=True)
    wrong = facts.truth != facts.predicted
    of = f" of {facts.output}" if several else ""
    words = f"{int(wrong.sum()):,} of {len(wrong):,} samples of the {facts.part} part lie on the wrong side."
    shown = range(len(facts.labels))
    return tag(
        "figure",
        tag("figcaption", tag("h3", f"Decision regions{of}"), legend(facts.labels, words)),
        picture(
            SIDE,
            SIDE,
            f"Decision regions{of} over {facts.axes[0]} and {facts.axes[1]}. {words}",
            tag("g", [region(facts.cells, each, frame) for each in shown], class_="regions"),
            frame.frame(*facts.axes),
            tag("g", [dots(facts, each, ~wrong, RIGHT, frame) for each in shown], class_="samples"),
            tag("g", [crosses(facts, each, wrong, frame) for each in shown], class_="mistakes"),
        ),
        class_="card square",
    )


def legend(labels: tuple[str, ...], words: str) -> Element:
    """The classes' colours, and what a cross means."""
    keys = [tag("span", label, class_=f"key dot {color(each)}") for each, label in enumerate(labels)]
    return tag(
        "p",
        keys,
        tag("span", "wrong", class_="key cross"),
        tag("span", words, class_="note"),
        class_="legend",
    )


def color(each: int) -> str:
    """The style class of a class."""
    return f"class{each % COLORS}"


def region(cells: Array, each: int, frame: Axes) -> Element | None:
    """All cells of a class as one path, a rectangle for each run in a row."""
    rows, columns = cells.shape
    wide = (frame.x.end - frame.x.start) / columns
    high = (frame.y.start - frame.y.end) / rows
    parts = []
    for y, row in enumerate(cells == each):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            x, top = frame.x.start + float(begin) * wide, frame.y.start - (y + 1) * high
            run = float(end - begin) * wide
            parts.append(f"M{number(x)} {number(top)}h{number(run)}v{number(high)}h{number(-run)}z")
    return tag("path", d="".join(parts), class_=color(each)) if parts else None


def chosen(mask: Array, most: int) -> Array:
    """The numbers of the samples of a mask, evenly thinned to `most`."""
    found = np.flatnonzero(mask)
    return found if len(found) <= most else found[np.linspace(0, len(found) - 1, most).astype(int)]


def inside(facts: Regions) -> Array:
    """Which samples lie within the picture."""
    left, right, bottom, top = facts.extent
    x, y = facts.points[:, 0], facts.points[:, 1]
    within: Array = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    return within


def dots(facts: Regions, each: int, mask: Array, most: int, frame: Axes) -> Element | None:
    """The samples of a class as one path: lines of no length with round ends are dots."""
    found = chosen(mask & (facts.truth == each) & inside(facts), most)
    d = "".join(f"M{number(frame.x(float(x)))} {number(frame.y(float(y)))}h0" for x, y in facts.points[found])
    return tag("path", d=d, class_=color(each)) if d else None


def crosses(facts: Regions, each: int, wrong: Array, frame: Axes) -> Element | None:
    """The wrong samples of a true class: crosses on a ground that sets them off."""
    found = chosen(wrong & (facts.truth == each) & inside(facts), WRONG)
    d = "".join(
        f"M{number(frame.x(float(x)) - 3.5)} {number(frame.y(float(y)) - 3.5)}l7 7m0 -7l-7 7"
        for x, y in facts.points[found]
    )
    if not d:
        return None
    title = tag("title", f"{facts.labels[each]}, taken for another class")
    return tag("g", title, tag("path", d=d, class_="under"), tag("path", d=d, class_="over"))
