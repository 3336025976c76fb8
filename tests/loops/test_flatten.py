"""What formulas become: a statement for each product, reduction and copy, each in one form."""

from typing import Literal

import pytest

from specdl.core.expr import load, one_hot, scalar
from specdl.core.formula import concat, row_sum, total
from specdl.core.types import BATCH, TensorType
from specdl.loops.flatten import flatten
from specdl.loops.statements import Copy, Map, NotNativeError, Product, Reduce, Total, form, grid_of, reads
from specdl.ops.activations.softmax import Softmax
from specdl.ops.base import Formula, Signature
from specdl.ops.layers.flatten import Flatten
from specdl.program.lower import lower
from specdl.program.passes import optimize
from tests.program.graphs import Drawn, two_layers
from tests.test_testing import Centre


def inference(drawn, *outputs):
    return optimize(lower(drawn.graph(**{f"out{i}": out for i, out in enumerate(outputs)}), None, "infer"))


def texts(flat):
    return [str(statement) for _, statement in flat.statements]


def test_a_layer_and_its_activation():
    flat = flatten(optimize(lower(two_layers(), None, "infer")))
    assert texts(flat) == [
        "%1 = x @ fc1.weight.T",
        "fc1.y = add(%1, fc1.bias)",
        "tanh1.y = tanh(fc1.y)",
        "%2 = tanh1.y @ fc2.weight.T",
        "fc2.y = add(%2, fc2.bias)",
    ]
    assert [number for number, _ in flat.statements] == [0, 0, 1, 2, 2]
    assert (flat.dense, flat.torch) == (frozenset(), frozenset())


def test_reductions_have_statements_of_their_own():
    drawn = Drawn(5)
    flat = flatten(inference(drawn, drawn.add("s", Softmax(), "x")))
    kinds = [type(statement) for _, statement in flat.statements]
    assert kinds.count(Reduce) == 2
    assert [s.how for _, s in flat.statements if isinstance(s, Reduce)] == ["max", "sum"]


def test_a_sum_over_everything_goes_by_parts():
    flat = flatten(optimize(lower(two_layers(), None, "evaluate")))
    (reduced,) = (s for _, s in flat.statements if isinstance(s, Reduce))
    (summed,) = (s for _, s in flat.statements if isinstance(s, Total))
    assert (reduced.over, reduced.target) == ("all", summed.parts)
    assert summed.parts in flat.dense


def test_a_value_read_in_another_shape_has_no_gaps():
    drawn = Drawn(3, 5)
    wide = drawn.linear("fc", "x", 4)
    flat = flatten(inference(drawn, drawn.linear("head", drawn.add("flat", Flatten(), wide), 2)))
    assert "fc.y" in flat.dense
    assert [s.a.cols for _, s in flat.statements if isinstance(s, Product)] == [5, 12]


class Sides(Formula):
    """What stands beside itself, and what is left of a row."""

    type: Literal["sides"] = "sides"

    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": x.with_shape(x.shape[0], 2 * int(x.shape[1]))})

    def forward(self, x, *, y):
        y[:] = concat((x, x * 2.0), 1)


def test_a_part_that_is_computed_is_stored_before_it_is_copied():
    drawn = Drawn(3)
    flat = flatten(inference(drawn, drawn.add("both", Sides(), "x")))
    copies = [s for _, s in flat.statements if isinstance(s, Copy)]
    assert [(s.source, s.target_at, s.cols, s.target_cols) for s in copies] == [
        ("x", 0, 3, 6),
        ("%1", 3, 3, 6),
    ]
    assert texts(flat)[1] == "%1 = mul(x, 2.0)"
    assert flat.dense >= {"x", "%1", "both.y"}


class Whole(Formula):
    """Each element less the sum of all: a value for all rows, computed from every one."""

    type: Literal["whole"] = "whole"

    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": x})

    def forward(self, x, *, y):
        y[:] = x - total(x)


class Turned(Formula):
    """The rows as columns, which no product reads."""

    type: Literal["turned"] = "turned"

    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": TensorType((3, 3))})

    def forward(self, x, *, y):
        y[:] = (x.T @ x).T + 1.0


def test_a_scalar_is_read_back_by_every_row():
    drawn = Drawn(3)
    flat = flatten(inference(drawn, drawn.add("w", Whole(), "x")))
    assert [type(s) for _, s in flat.statements] == [Reduce, Total, Map]


def test_what_statements_cannot_say_is_torchs():
    drawn = Drawn(3)
    turned = drawn.add("t", Turned(), "x")
    program = inference(drawn, turned, drawn.add("k", Centre(), "x"), drawn.linear("fc", "x", 2))
    flat = flatten(program)
    kernels = {program.instrs[number].kernel for number in flat.torch}
    assert kernels == {"turned.forward", "centre.forward"}
    assert flat.dense >= {"x", "t.y", "k.y", "k.weight"}
    assert {number for number, _ in flat.statements}.isdisjoint(flat.torch)
    assert texts(flat) == ["%2 = x @ fc.weight.T", "fc.y = add(%2, fc.bias)"]


def test_alone_nothing_is_shared_between_instructions():
    drawn = Drawn(5)
    one, two = drawn.add("a", Softmax(), "x"), drawn.add("b", Softmax(), "x")
    program = lower(drawn.graph(a=one, b=two), None, "infer")
    together, alone = flatten(program), flatten(program, alone=True)
    assert len(together.statements) < len(alone.statements)
    for number in range(2):
        made = {s.target for n, s in alone.statements if n == number}
        assert {r for n, s in alone.statements if n == number for r in reads(s)} <= made | {"x"}


def test_forms():
    over = (BATCH, 4, 3)
    grid = grid_of(over)
    assert [form(shape, grid, over) for shape in [over, (3,), (1, 1, 3), (BATCH, 4, 1), (), (1,)]] == [
        "full", "row", "row", "column", "scalar", "scalar",
    ]  # fmt: skip
    for shape in [(4, 3), (BATCH, 1, 3), (4, 1)]:
        with pytest.raises(NotNativeError):
            form(shape, grid, over)


def test_what_a_statement_reads():
    x, t = load("x", TensorType((BATCH, 3))), load("t", TensorType((BATCH,), "int64"))
    hot = one_hot(t, x) * scalar("lr") - row_sum(x) * 0.0
    assert set(reads(Map("y", x.shape, hot))) == {"t", "x"}
