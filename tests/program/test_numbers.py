import math

import pytest

from specdl.core import formula as f
from specdl.core.expr import const, load, samples, scalar
from specdl.core.types import BATCH, TensorType
from specdl.program.calls import render
from specdl.program.numbers import compiled, slots, varies

LR, T = scalar("lr"), scalar("t")


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (const(2.5), 2.5),
        (samples(3), 21.0),
        (LR, 0.5),
        (T, 4),
        (1 - 0.9**T, 1 - 0.9**4),
        (LR / (1 - 0.9**T), 0.5 / (1 - 0.9**4)),
        (1 / f.sqrt(1 - 0.999**T), 1 / math.sqrt(1 - 0.999**4)),
        (f.where(T > 1, 0.25, 1.0), 0.25),
        (f.where(T > 4, 0.25, 1.0), 1.0),
        (f.maximum(LR, f.minimum(T, 2.0)), 2.0),
        (-f.absolute(LR - T), -3.5),
        (f.sigmoid(LR), 1 / (1 + math.exp(-0.5))),
        (f.softplus(LR), math.log1p(math.exp(0.5))),
        (f.rsqrt(T), 0.5),
        (2 / samples(2), 2 / 14),
    ],
)
def test_numbers_of_a_step(number, wanted):
    assert compiled(number)(0.5, 4, 7) == pytest.approx(wanted, rel=1e-15)


def test_what_a_number_depends_on():
    assert varies(const(1)) == varies(samples()) == frozenset()
    assert varies(LR * (1 - 0.9**T)) == {"lr", "t"}
    assert varies(f.where(T > 1, 1.0, 0.5)) == {"t"}


def test_each_number_has_one_slot():
    x = load("x", TensorType((BATCH, 3)))
    one, other = render({"y": LR * f.tanh(x) + T}), render({"y": x - LR * f.exp(x)})
    found = slots([one, other, one])
    assert len(found) == 2
    assert set(found) == {LR, T}


def test_what_a_deep_number_depends_on():
    deep = T
    for _ in range(5000):
        deep = deep + 1.5
    assert varies(deep) == {"t"}
