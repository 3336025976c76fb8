"""The model as a picture: boxes with shapes, edges, a frame around each composite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from specdl.graph.graph import Graph
from specdl.runner.report.axes import picture
from specdl.runner.report.boxes import Box, Boxes, boxes
from specdl.runner.report.layout import Layout, Point, Route, Space, place
from specdl.runner.report.markup import Element, number, tag

WIDTH = 236.0
MANY = 40
"""From so many boxes on each is a single line."""
MARGIN = 14.0
LETTER = 7.3
"""How wide a letter of a name is."""
SMALL = 6.3
FRAME = 9.0
"""How far a composite's frame stands off its boxes; its name takes twice that above them."""


def draw(graph: Graph) -> Element:
    """The picture of a graph."""
    found = boxes(graph)
    short = len(found.boxes) > MANY
    sizes = {box.name: size(box, short) for box in found.boxes}
    framed = any(box.group for box in found.boxes)
    space = Space(between=(24.0 if short else 32.0) + (12.0 if framed else 0.0))
    laid = place(sizes, found.edges, space)
    top = MARGIN + (FRAME if framed else 0.0)
    inner = tag(
        "g",
        tag("g", frames(found, laid, sizes), class_="frames"),
        tag("g", [edge(route, laid, sizes) for route in laid.routes], class_="edges"),
        [drawn(box, laid.boxes[box.name], sizes[box.name], short) for box in found.boxes],
        transform=f"translate({number(MARGIN)} {number(top)})",
    )
    width, height = laid.width + 2 * MARGIN, laid.height + 2 * top
    svg = picture(width, height, summary(graph), inner, class_="model")
    return tag("div", svg, class_="canvas", style=f"--width:{number(width)}px")


def summary(graph: Graph) -> str:
    """The graph in words."""
    inputs = ", ".join(f"{name} {type}" for name, type in graph.inputs.items())
    outputs = ", ".join(f"{name} {graph.values[value]}" for name, value in graph.outputs.items())
    return f"The model as a graph: {len(graph.nodes)} operations from {inputs} to {outputs}"


def size(box: Box, short: bool) -> Point:
    """How large a box is."""
    if short:
        return WIDTH * 1.3, 24.0
    return WIDTH, 46.0 + (20.0 if box.activation else 0.0)


def drawn(box: Box, at: Point, size: Point, short: bool) -> Element:
    """A box with its text, and all of it again as a tooltip."""
    left, top, (width, height) = at[0] - size[0] / 2, at[1], size
    outline = tag("rect", width=width, height=height, rx=7)
    content = line(box, width) if short else lines(box, width, height)
    kind = f"box {box.kind}" + (" result" if box.result else "") + (" frozen" if box.frozen else "")
    move = f"translate({number(left)} {number(top)})"
    return tag("g", tag("title", tooltip(box)), outline, content, class_=kind, transform=move)


def tooltip(box: Box) -> str:
    """Everything about a box."""
    parts = [title(box, whole=True), "" if box.kind == "input" else box.op, box.activation]
    parts += [str(box.type) if box.type else "", parameters(box), box.note, box.weight]
    return "; ".join(filter(None, (*parts, "a result of the model" if box.result else "")))


def title(box: Box, whole: bool = False) -> str:
    """A box's name, without that of its composite unless it is wanted whole."""
    name = box.name.removeprefix(f"{box.kind} ") if box.kind != "layer" else box.name
    return name.removeprefix(f"{box.group}.") if box.group and not whole else name


def parameters(box: Box) -> str:
    """How many parameters a box has of its own."""
    frozen = ", frozen" if box.frozen else ""
    return (
        f"{box.parameters:,} parameter{'s' if box.parameters != 1 else ''}{frozen}" if box.parameters else ""
    )


def lines(box: Box, width: float, height: float) -> list[Element]:
    """Name and op; type and parameters; the activation on a strip of its own."""
    op = "" if box.kind == "input" and title(box) == "input" else box.op
    room = int((width - 26 - SMALL * len(op)) / LETTER)
    count = f"{box.parameters:,}{' frozen' if box.frozen else ''}" if box.parameters else ""
    second = str(box.type) if box.type else box.note
    extra = count or box.weight or (box.note if box.type else "")
    left = int((width - 26) / SMALL) - len(extra)
    parts = [
        tag("text", cut(title(box), room), x=11, y=19, class_="name"),
        tag("text", op, x=width - 11, y=19, text_anchor="end", class_="op"),
        tag("text", cut(second, left), x=11, y=36, class_="type"),
        tag("text", cut(extra, 24), x=width - 11, y=36, text_anchor="end", class_="count"),
    ]
    if box.activation:
        y = height - 20
        parts.append(
            tag(
                "path",
                d=f"M0 {number(y)}h{number(width)}v13a7 7 0 0 1 -7 7h-{number(width - 14)}a7 7 0 0 1 -7 -7z",
                class_="strip",
            )
        )
        parts.append(
            tag("text", box.activation, x=width / 2, y=y + 14, text_anchor="middle", class_="activation")
        )
    return parts


def line(box: Box, width: float) -> list[Element]:
    """Name, op with activation, and type in one line."""
    op = f"{box.op} \u00b7 {box.activation}" if box.activation else box.op
    right = f"{op}  {box.type}" if box.type else f"{op}  {box.note} {box.weight}".rstrip()
    right = cut(right, 30)
    room = int((width - 26 - SMALL * len(right)) / LETTER)
    return [
        tag("text", cut(title(box), room), x=10, y=16, class_="name"),
        tag("text", right, x=width - 10, y=16, text_anchor="end", class_="type"),
    ]


def cut(text: str, room: int) -> str:
    """Text of at most `room` letters, with the middle left out.

    >>> cut("encoder.attention", 9)
    'enco\u2026tion'
    """
    if len(text) <= room:
        return text
    half = max(1, (room - 1) // 2)
    return f"{text[:half]}\u2026{text[-half:]}"


def edge(route: Route, laid: Layout, sizes: dict[str, Point]) -> Element:
    """An edge from the foot of a box to the head of another, upright where it passes other boxes."""
    source, target = laid.boxes[route.source], laid.boxes[route.target]
    first = route.bends[0][0][0] if route.bends else target[0]
    last = route.bends[-1][0][0] if route.bends else source[0]
    start = port(first, source[0], sizes[route.source][0]), source[1] + sizes[route.source][1]
    end = port(last, target[0], sizes[route.target][0]), target[1] - 5
    d = f"M{number(start[0])} {number(start[1])}"
    at = start
    for upper, lower in (*route.bends, (end, None)):
        d += curve(at, upper)
        at = upper
        if lower is not None:
            d += f"V{number(lower[1])}" if lower[1] > upper[1] else ""
            at = lower
    head = f"M{number(end[0] - 4)} {number(end[1] - 2.5)}l4 7 4 -7z"
    return tag("g", tag("path", d=d), tag("path", d=head, class_="head"))


def port(toward: float, centre: float, width: float) -> float:
    """Where an edge meets a box: as near as it can be to where it goes."""
    reach = width / 2 - 16
    return centre if abs(toward - centre) < 1 else min(max(toward, centre - reach), centre + reach)


def curve(a: Point, b: Point) -> str:
    """A piece of an edge that leaves and arrives upright."""
    if abs(a[0] - b[0]) < 0.5:
        return f"L{number(b[0])} {number(b[1])}"
    middle = number((a[1] + b[1]) / 2)
    return f"C{number(a[0])} {middle} {number(b[0])} {middle} {number(b[0])} {number(b[1])}"


def frames(found: Boxes, laid: Layout, sizes: dict[str, Point]) -> Iterable[Element]:
    """A frame around the boxes of each composite, unless another box stands in it."""
    members: dict[str, list[str]] = defaultdict(list)
    for box in found.boxes:
        if box.group:
            members[box.group].append(box.name)
    for group, names in members.items():
        corners = [laid.boxes[name] for name in names]
        top, foot = min(y for _, y in corners), max(laid.boxes[n][1] + sizes[n][1] for n in names)
        xs = [
            x + side * sizes[n][0] / 2 for n, (x, _) in zip(names, corners, strict=True) for side in (-1, 1)
        ]
        xs += inner_bends(set(names), laid)
        left, right = min(xs) - FRAME, max(xs) + FRAME
        alien = (
            name
            for name, (x, y) in laid.boxes.items()
            if name not in names
            and left < x + sizes[name][0] / 2
            and x - sizes[name][0] / 2 < right
            and top - 2 * FRAME < y + sizes[name][1]
            and y < foot + FRAME
        )
        if next(alien, None) is None:
            rect = tag(
                "rect", x=left, y=top - 2 * FRAME, width=right - left, height=foot - top + 3 * FRAME, rx=11
            )
            yield tag("g", rect, tag("text", group, x=left + 9, y=top - 5))


def inner_bends(names: set[str], laid: Layout) -> list[float]:
    """Where edges run that end in a composite, beside its boxes."""
    tops = [laid.boxes[name][1] for name in names]
    return [
        upper[0]
        for route in laid.routes
        if route.target in names
        for upper, _ in route.bends
        if min(tops) <= upper[1] <= max(tops)
    ]
