"""The samples of a run against what the model makes of them."""

from __future__ import annotations

from collections.abc import Iterator

from specdl.core.advice import Site
from specdl.core.diagnostics import Add, Finding, Fix, Note, Remove
from specdl.core.wording import number
from specdl.data.split import SPLIT, fractions
from specdl.lint.subject import Subject


def scores_too_many(subject: Subject) -> Iterator[Finding]:
    """W342: the output has scores for classes that no sample has."""
    outline, source = subject.outline, subject.spec.data.source
    if source is None or not outline.classes or not outline.single or subject.spec.data.target.source:
        return
    for loss in subject.losses:
        scores = subject.need.classes.get(loss.target)
        if scores is None or scores <= outline.classes:
            continue
        made = loss.maker()
        while made is not None and not made.params and len(made.inputs) == 1:
            made = made.maker(next(iter(made.inputs)))
        message = f"the output has {number(scores)} scores, and `{source.type}` has {outline.classes} classes"
        option = None if made is None or not hasattr(made.op, "out_features") else "out_features"
        help = f"{option}: {outline.classes}" if option else None
        note = Note("the classes are those", ("data", "source"))
        site: Site = loss if made is None else made
        yield site.finding("W342", message, *([option] if option else []), help=help, notes=[note])


def cuts_nothing(subject: Subject) -> Iterator[Finding]:
    """W340: a `split` that names no part."""
    split = subject.spec.data.split
    if split is not None and not fractions(split):
        message = "`split` cuts nothing off: neither `validation` nor `test` has a fraction"
        help = '"split": {"validation": 0.1, "test": 0.2}'
        yield Site(path=SPLIT).finding("W340", message, at_key=True, help=help)


def no_seed(subject: Subject) -> Iterator[Finding]:
    """W336: a run on real data whose `seed` is left out."""
    spec = subject.spec
    if "seed" in spec.model_fields_set or spec.data.source is None or spec.data.source.type == "random":
        return
    message = "the spec has no `seed`: weights and the order of samples are those of seed 0"
    fix = Fix("write the seed that holds", (Add((), "seed", 0),), sure=True)
    yield Site(path=()).finding("W336", message, help='"seed": 0', fix=fix)


def twice(subject: Subject) -> Iterator[Finding]:
    """W345: a metric that is named twice with the same options."""
    metrics = subject.spec.metrics
    for number_, metric in enumerate(metrics):
        first = metrics.index(metric)
        if first < number_:
            message = f"the metric `{metric.type}` is named twice"
            fix = Fix("take the second away", (Remove(("metrics", number_)),), sure=True)
            note = Note("it is named first", ("metrics", first), label=True)
            yield Site(path=("metrics", number_)).finding("W345", message, notes=[note], fix=fix)
