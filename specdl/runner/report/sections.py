"""The parts of the page that are words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specdl.data.base import PARTS
from specdl.plan.machine import readable
from specdl.plan.plan import Bytes
from specdl.runner.report.boxes import Box, boxes
from specdl.runner.report.drawing import parameters, title
from specdl.runner.report.facts import RunFacts
from specdl.runner.report.history import Curve, spaced
from specdl.runner.report.markup import Child, Element, tag
from specdl.runner.report.scales import duration, figure

PARTS_OF_MEMORY = ("params", "gradients", "optimizer", "state", "activations", "scratch")
WORDS = {"params": "parameters", "optimizer": "optimizer state", "state": "model state"}
ROWS = 120
"""The table of evaluations shows at most so many, evenly chosen."""
DEEP = 6
"""How deep the environment is followed."""


def tiles(facts: RunFacts) -> Element:
    """The few figures a reader looks for first."""
    part = next((part for part in reversed(PARTS) if facts.final.get(part)), None)
    shown: list[tuple[str, str]] = []
    if part is not None:
        ordered = sorted(facts.final[part].items(), key=lambda item: item[0] == "loss")
        shown = [(f"{part} {spaced(metric)}", figure(value)) for metric, value in ordered[:3]]
    shown.append(("parameters", f"{facts.graph.parameter_count:,}"))
    shown.append(("memory", readable(facts.bytes.total)))
    if facts.seconds is not None:
        shown.append(("training time", duration(facts.seconds)))
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in shown], class_="tiles")


def final(facts: RunFacts) -> Element | None:
    """The figures of each part of the data at the end."""
    parts = [part for part in PARTS if facts.final.get(part)]
    if not parts:
        return None
    metrics = list(dict.fromkeys(metric for part in parts for metric in facts.final[part]))
    head = [tag("th", "part", scope="col"), *(tag("th", spaced(m), scope="col", class_="n") for m in metrics)]
    rows = [
        tag(
            "tr",
            tag("th", part, scope="row"),
            [tag("td", figure(facts.final[part].get(metric)), class_="n") for metric in metrics],
        )
        for part in parts
    ]
    caption = tag("caption", f"Figures of {facts.final_of}" if facts.final_of else "Final figures")
    return scroll(
        "Final figures",
        tag("table", caption, tag("thead", tag("tr", head)), tag("tbody", rows), class_="final"),
    )


def scroll(label: str, *inside: Child) -> Element:
    """What may be wider than the page: it scrolls by itself, by keyboard too."""
    return tag("div", *inside, class_="scroll", tabindex=0, role="region", aria_label=label)


def evaluations(curves: Sequence[Curve]) -> Element | None:
    """The figures behind the curves."""
    columns = [(curve, part) for curve in curves for part in curve.lines]
    values: dict[float, dict[int, float]] = {}
    for i, (curve, part) in enumerate(columns):
        for x, y in curve.lines[part]:
            values.setdefault(x, {})[i] = y
    if not columns:
        return None
    every = -(-len(values) // ROWS)
    kept = [x for i, x in enumerate(sorted(values)) if i % every == 0 or i == len(values) - 1]
    head = [tag("th", curves[0].axis, scope="col", class_="n")]
    head += [tag("th", f"{part} {spaced(curve.metric)}", scope="col", class_="n") for curve, part in columns]
    rows = [
        tag(
            "tr",
            tag("th", f"{x:g}", scope="row", class_="n"),
            [tag("td", figure(values[x].get(i)), class_="n") for i in range(len(columns))],
        )
        for x in kept
    ]
    count = f"{len(kept)} of {len(values)}" if len(kept) < len(values) else f"{len(kept)}"
    words = f"The figures as a table ({count} evaluation{'s' if len(values) > 1 else ''})"
    table = tag("table", tag("thead", tag("tr", head)), tag("tbody", rows))
    return tag("details", tag("summary", words), scroll("Evaluations", table))


def layers(facts: RunFacts) -> Element:
    """Every layer with its type and its parameters, which a bar compares."""
    shown = [box for box in boxes(facts.graph).boxes if box.kind == "layer"]
    most = max((box.parameters for box in shown), default=0)
    head = [
        tag("th", "layer", scope="col"),
        tag("th", "operation", scope="col"),
        tag("th", "result", scope="col", class_="type"),
        tag("th", "parameters", scope="col", class_="n"),
        tag("td", class_="bar"),
    ]
    rows = [layer(box, most) for box in shown]
    count, trained = facts.graph.parameter_count, facts.graph.trainable_count
    words = "all" if trained == count else f"all, {trained:,} of them trained"
    foot = tag(
        "tr",
        tag("th", words, scope="row", colspan=2),
        tag("td", class_="type"),
        tag("td", f"{count:,}", class_="n"),
        tag("td", class_="bar"),
    )
    table = tag(
        "table",
        tag("caption", "Parameters per layer"),
        tag("thead", tag("tr", head)),
        tag("tbody", rows),
        tag("tfoot", foot),
        class_="layers",
    )
    return scroll("Layers", table)


def layer(box: Box, most: int) -> Element:
    """A row of the table of layers."""
    op = f"{box.op}, {box.activation}" if box.activation else box.op
    share = 100 * box.parameters / most if most else 0.0
    bar = tag("i", style=f"width:{share:.1f}%") if box.parameters else None
    return tag(
        "tr",
        tag("th", tag("code", title(box, whole=True)), scope="row"),
        tag("td", op, tag("small", box.note) if box.note else None),
        tag("td", tag("code", str(box.type)), class_="type"),
        tag("td", f"{box.parameters:,}", class_="n", title=parameters(box) or None),
        tag("td", bar, class_="bar", aria_hidden="true"),
    )


def memory(facts: RunFacts) -> list[Element]:
    """Bytes by section: a bar of all of them, and a table."""
    parts = [(name, int(getattr(facts.bytes, name))) for name in PARTS_OF_MEMORY]
    total = max(1, facts.bytes.total)
    pieces = [
        tag(
            "i",
            class_=f"part {name}",
            style=f"flex-grow:{size}",
            title=f"{WORDS.get(name, name)}: {size:,} bytes",
        )
        for name, size in parts
        if size
    ]
    words = ", ".join(f"{WORDS.get(name, name)} {100 * size / total:.0f}%" for name, size in parts if size)
    rows = [
        tag(
            "tr",
            tag("th", tag("i", class_=f"swatch part {name}"), WORDS.get(name, name), scope="row"),
            tag("td", f"{size:,}", class_="n"),
            tag("td", f"{100 * size / total:.1f}%", class_="n"),
        )
        for name, size in parts
    ]
    head = [
        tag("th", "section", scope="col"),
        *(tag("th", w, scope="col", class_="n") for w in ("bytes", "share")),
    ]
    table = tag("table", tag("thead", tag("tr", head)), tag("tbody", rows), memory_foot(facts.bytes))
    return [
        tag("div", pieces, class_="memory", role="img", aria_label=f"Memory by section: {words}"),
        scroll("Bytes by section", table),
    ]


def memory_foot(sizes: Bytes) -> Element:
    """The total, and what no plan could go below."""
    least = f"{100 * sizes.lower_bound / max(1, sizes.total):.1f}%"
    rows = [("total", sizes.total, "100%"), ("lower bound", sizes.lower_bound, least)]
    return tag(
        "tfoot",
        [
            tag(
                "tr",
                tag("th", name, scope="row"),
                tag("td", f"{size:,}", class_="n"),
                tag("td", share, class_="n"),
            )
            for name, size, share in rows
        ],
    )


def pairs(mapping: Mapping[str, Any]) -> Element:
    """Names and values side by side; what is nested gets dotted names."""
    rows = [(name, value) for name, value in flat(mapping) if value is not None]
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows], class_="pairs")


def flat(mapping: Mapping[str, Any], prefix: str = "", depth: int = 0) -> list[tuple[str, str | None]]:
    """The leaves of nested mappings by their dotted names."""
    found: list[tuple[str, str | None]] = []
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth < DEEP:
            found += flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list | tuple):
            found.append((name, ", ".join(map(str, value)) or None))
        else:
            found.append((name, None if value is None else str(value)))
    return found
