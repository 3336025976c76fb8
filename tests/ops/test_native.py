"""Every op's native code as the compiler optimises it, on rows of more than a vector."""

import pytest

from specdl.core.types import TensorType
from specdl.ops.registry import CATALOGS
from specdl.testing import check_op, native
from tests.backends.c.compilers import NEEDS_COMPILER

SHAPES = [(37, 33), (37, 12), (6, 3, 19)]
"""Of no number of whole vectors, tiles or blocks; with rows short enough to lie in lanes, and longer ones."""
OPTIONS = {
    "linear": {"out_features": 21},
    "reshape": {"shape": (-1, 3)},
    "scale": {"factor": 1.5},
    "sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    "adam": {"amsgrad": True, "weight_decay": 0.1},
}
INPUTS = {"add": 3, "concat": 2}
NESTED = {"block", "residual"}
"""Layers that stand for others: nothing of them is left to run."""

OPS = [
    pytest.param(category, tag, id=f"{category}-{tag}")
    for category in ("layers", "losses", "optimizers")
    for tag in CATALOGS[category].index
    if tag not in NESTED
]


@NEEDS_COMPILER
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("category", "tag"), OPS)
def test_native_code_is_the_formula(category, tag, shape, monkeypatch):
    monkeypatch.setattr(native, "OPTION", "-O2")
    compiled = []
    libraries = native.libraries
    monkeypatch.setattr(native, "libraries", lambda *args: compiled.append(args) or libraries(*args))
    op = CATALOGS[category].get(tag)(**OPTIONS.get(tag, {}))
    types = [TensorType(shape)] * INPUTS.get(tag, 1)
    if category == "losses":
        types.append(TensorType(shape))
    check_op(op, *types)
    assert compiled


@NEEDS_COMPILER
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_indices_as_targets(shape, monkeypatch):
    monkeypatch.setattr(native, "OPTION", "-O2")
    op = CATALOGS["losses"].get("cross_entropy")()
    check_op(op, TensorType(shape), TensorType(shape[:-1], "int64"))
