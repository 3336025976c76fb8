"""Predictions against the truth: the confusion matrix for classes, a scatter for values."""

from __future__ import annotations

import numpy as np

from specdl.runner.report.axes import axes, picture
from specdl.runner.report.facts import Array, Classes, Values
from specdl.runner.report.markup import Element, number, tag
from specdl.runner.report.scales import bounds, figure

LARGEST = 24
"""Up to so many classes the matrix is written out; beyond, the commonest mistakes are listed."""
DEEPEST = 0.57
"""How strong the shade of a whole row is: text on it must be readable, light and dark."""
FEW = 4
"""Up to so many classes the cells are large."""
MISTAKES = 12
POINTS = 1500
"""A scatter shows at most so many points."""
OUTLIERS = 100
COLUMNS = 4
"""Up to so many predicted columns each get a scatter; more are shown together."""
SIDE = 440.0


def section(facts: Classes | Values, several: bool) -> list[Element]:
    """What there is to show of one output; `several` says that it is to be told from others."""
    of = f" of {facts.output}" if several else ""
    return confusion(facts, of) if isinstance(facts, Classes) else scatters(facts, of)


def counts(facts: Classes) -> Array:
    """How often each class (row) was taken for each (column): `int64[classes, classes]`."""
    size = len(facts.labels)
    cells = np.bincount(facts.truth * size + facts.predicted, minlength=size * size)
    return cells.reshape(size, size)


def confusion(facts: Classes, of: str) -> list[Element]:
    """The confusion matrix as a table, with recall and precision; or the commonest mistakes."""
    table = counts(facts)
    wrong = int(table.sum() - np.trace(table))
    words = f"{wrong:,} of {int(table.sum()):,} samples of the {facts.part} part are wrong."
    mistakes = listed(table, facts.labels)
    if len(facts.labels) > LARGEST:
        body: Element | None = mistakes_table(table, facts.labels)
    else:
        body = tag(
            "div", matrix(table, facts.labels), class_="scroll", tabindex=0, role="region",
            aria_label=f"Confusion matrix{of}",
        )  # fmt: skip
        words += f" Most often: {mistakes}." if mistakes and len(facts.labels) > 2 else ""
    head = tag("figcaption", tag("h3", f"Confusion matrix{of}"), tag("p", words, class_="legend"))
    return [tag("figure", head, body, class_="card")]


def matrix(table: Array, labels: tuple[str, ...]) -> Element:
    """Rows are true classes, columns predicted ones; the shade is the share of the row."""
    size = len(labels)
    digits = 1 if size <= FEW else 0
    head = tag(
        "thead",
        tag("tr", tag("td", rowspan=2), tag("th", "predicted", colspan=size, scope="colgroup"), tag("td")),
        tag("tr", [tag("th", label, scope="col") for label in labels], tag("th", "recall", scope="col")),
    )
    rows = [
        tag(
            "tr",
            tag("th", label, scope="row"),
            [cell(int(count), share(count, row.sum()), i == j) for j, count in enumerate(row)],
            tag("td", percent(share(row[i], row.sum()), digits), class_="rate"),
        )
        for i, (label, row) in enumerate(zip(labels, table, strict=True))
    ]
    rates = [
        tag("td", percent(share(table[i, i], table[:, i].sum()), digits), class_="rate") for i in range(size)
    ]
    total = tag("td", percent(share(np.trace(table), table.sum()), digits), class_="rate")
    foot = tag("tfoot", tag("tr", tag("th", "precision", scope="row"), rates, total))
    caption = tag("caption", "True classes in rows, predicted classes in columns", class_="unseen")
    return tag(
        "table",
        caption,
        head,
        tag("tbody", rows),
        foot,
        class_="confusion few" if size <= FEW else "confusion",
    )


def cell(count: int, share: float | None, right: bool) -> Element:
    """A count on a shade of its share of the row."""
    level = 0.0 if not share else 0.08 + DEEPEST * share
    kind = ("right" if right else "wrong") + ("" if count else " none")
    return tag("td", f"{count:,}", class_=kind, style=f"--level:{round(level * 100)}%")


def share(part: float, whole: float) -> float | None:
    """A fraction, or None of nothing."""
    return float(part) / float(whole) if whole else None


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as a percentage that is 100 only where nothing is missing, and 0 where nothing is there.

    >>> percent(0.9996), percent(1.0), percent(0.974, 0)
    ('99.9%', '100%', '97%')
    """
    if fraction is None:
        return "\u2013"
    if fraction in (0, 1):
        return f"{100 * fraction:.0f}%"
    step: float = 10.0**-digits
    return f"{min(max(100 * fraction, step), 100 - step):.{digits}f}%"


def worst(table: Array) -> list[tuple[int, int, int]]:
    """The commonest mistakes as (times, true, predicted), the most frequent first."""
    wrong = table - np.diag(np.diag(table))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MISTAKES]
    cells = ((int(flat) // len(table), int(flat) % len(table)) for flat in order)
    return [(int(wrong[i, j]), i, j) for i, j in cells if wrong[i, j]]


def listed(table: Array, labels: tuple[str, ...]) -> str:
    """The three commonest mistakes in words."""
    return ", ".join(f"{labels[i]} taken for {labels[j]} ({n:,})" for n, i, j in worst(table)[:3])


def mistakes_table(table: Array, labels: tuple[str, ...]) -> Element | None:
    """The commonest mistakes where there are too many classes for a matrix."""
    rows = [
        tag("tr", tag("td", labels[i]), tag("td", labels[j]), tag("td", f"{n:,}", class_="n"))
        for n, i, j in worst(table)
    ]
    head = tag("tr", [tag("th", word, scope="col") for word in ("true class", "predicted", "times")])
    return tag("table", tag("thead", head), tag("tbody", rows)) if rows else None


def scatters(facts: Values, of: str) -> list[Element]:
    """A scatter for each predicted column, or one of all where there are many."""
    width = facts.truth.shape[1]
    if width > COLUMNS:
        note = f"{width:,} numbers per sample, shown together"
        return [scatter(facts.truth.ravel(), facts.predicted.ravel(), facts.part, of, note)]
    return [
        scatter(
            facts.truth[:, i], facts.predicted[:, i], facts.part, of, f"column {i + 1}" if width > 1 else ""
        )
        for i in range(width)
    ]


def scatter(truth: Array, predicted: Array, part: str, of: str, note: str) -> Element:
    """Predicted against true values, with the diagonal on which they would be equal."""
    finite = np.isfinite(truth) & np.isfinite(predicted)
    truth, predicted = truth[finite].astype(np.float64), predicted[finite].astype(np.float64)
    both = bounds(
        float(each) for side in (truth, predicted) if len(side) for each in (side.min(), side.max())
    )
    frame = axes(both, both, (SIDE, SIDE), named=True)
    chosen = drawn(truth, predicted)
    dots = "".join(
        f"M{number(frame.x(float(truth[i])))} {number(frame.y(float(predicted[i])))}h0" for i in chosen
    )
    diagonal = f"M{number(frame.x.start)} {number(frame.y.start)}L{number(frame.x.end)} {number(frame.y.end)}"
    figures = fit(truth, predicted)
    words = f"{len(truth):,} value{'' if len(truth) == 1 else 's'} of the {part} part. {figures}"
    shown = f"{len(chosen):,} points drawn" if len(chosen) < len(truth) else ""
    head = tag(
        "figcaption",
        tag("h3", f"Predicted against true{of}"),
        tag(
            "p", words, [tag("span", each, class_="note") for each in (note, shown) if each], class_="legend"
        ),
    )
    drawing = picture(
        SIDE, SIDE, f"Predicted against true values{of}. {figures}",
        frame.frame("true", "predicted"),
        tag("path", d=diagonal, class_="diagonal"),
        tag("path", d=dots, class_="dots"),
    )  # fmt: skip
    return tag("figure", head, drawing, class_="card square")


def drawn(truth: Array, predicted: Array) -> Array:
    """Which points are drawn: all of them, or every so many-th and those that are farthest off."""
    if len(truth) <= POINTS:
        return np.arange(len(truth))
    every = np.linspace(0, len(truth) - 1, POINTS - OUTLIERS).astype(int)
    error = np.abs(predicted - truth)
    return np.union1d(every, np.argpartition(error, -OUTLIERS)[-OUTLIERS:])


def fit(truth: Array, predicted: Array) -> str:
    """The size of the errors, and the share of the variance that is explained."""
    if not len(truth):
        return "No value is finite."
    error = predicted - truth
    absolute, square = float(np.abs(error).mean()), float((error**2).mean())
    words = f"Mean absolute error {figure(absolute)}, root mean square {figure(square**0.5)}"
    spread = float(((truth - truth.mean()) ** 2).sum())
    return f"{words}, R\u00b2 {figure(1 - float((error**2).sum()) / spread)}." if spread else f"{words}."
