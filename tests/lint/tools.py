"""Small specs, and what the lint says of them."""

from specdl.analysis import analyse
from specdl.lint.lint import lint
from specdl.lint.subject import Subject

HIDDEN = {"type": "linear", "out_features": 16, "activation": "tanh", "name": "fc1"}
HEAD = {"type": "linear", "out_features": 3, "name": "head"}


def data(train=1000, size=50, **more):
    return {"source": {"type": "random", "train": train}, "batch_size": size, **more}


def model(*layers, shape=(4,), **more):
    return {"input": {"shape": list(shape)}, "layers": list(layers or (HIDDEN, HEAD)), **more}


def spec(**changes):
    value = {
        "specdl": 1,
        "name": "small",
        "seed": 0,
        "data": data(),
        "model": model(),
        "loss": {"type": "cross_entropy"},
        "optimizer": {"type": "sgd", "lr": 0.1},
        "train": {"epochs": 10},
    } | changes
    return {key: each for key, each in value.items() if each is not None}


def found(rows=None, **changes):
    """The findings of the lint alone; `rows` is what opened data would have said."""
    return of(spec(**changes), rows)


def of(value, rows=None):
    compilation, errors = analyse(value)
    assert compilation is not None, errors
    subject = Subject(compilation.document, compilation.spec, compilation.graph, rows or {})
    return lint(subject)


def codes(rows=None, **changes):
    return [each.code for each in found(rows, **changes)]


def messages(rows=None, **changes):
    return [each.message for each in found(rows, **changes)]
