from specdl.core.types import BATCH, TensorType
from specdl.ops.layers.add import Add
from specdl.ops.layers.flatten import Flatten
from specdl.ops.layers.identity import Identity
from specdl.ops.layers.reshape import Reshape
from specdl.ops.layers.scale import Scale
from specdl.program.lower import lower
from specdl.program.passes import Aliases
from tests.program.graphs import Drawn


def test_views_and_identities_cost_nothing():
    drawn = Drawn(2, 3)
    flat = drawn.add("flat", Flatten(), "x")
    same = drawn.add("same", Identity(), flat)
    drawn.add("back", Reshape(shape=(3, 2)), same)
    drawn.add("one", Scale(factor=1.0), "back.y")
    drawn.add("half", Scale(factor=0.5), "one.y")
    program = Aliases()(lower(drawn.graph(half="half.y"), None, "infer")).verify()
    assert program.aliases == {"flat.y": "x", "same.y": "flat.y", "back.y": "same.y", "one.y": "back.y"}
    assert program.root("one.y") == "x"
    assert list(program.stored()) == ["x", "half.y"]


def test_the_gradients_of_a_sum_are_one():
    drawn = Drawn(3)
    a, b = drawn.linear("a", "x", 3), drawn.linear("b", "x", 3)
    drawn.loss(drawn.add("sum", Add(), a, b))
    program = Aliases()(lower(drawn.graph(sum="sum.y"), None, "train")).verify()
    assert program.aliases == {"da.y": "dsum.y", "db.y": "dsum.y"}


def test_a_parameters_gradient_keeps_its_place():
    from specdl.ops.base import Formula, Param, Signature

    class Shift(Formula):
        type: str = "shift"

        def signature(self, x: TensorType) -> Signature:
            return Signature(out={"y": x}, params={"weight": Param((3,), 1, 1)})

        def forward(self, x, weight, *, y):
            y[:] = x + weight

        def backward(self, dy, *, dx, dweight):
            dx[:], dweight[:] = dy, dy

    drawn = Drawn(w=TensorType((3,)))
    drawn.loss(drawn.add("s", Shift(), "w"))
    program = Aliases()(lower(drawn.graph(s="s.y"), None, "train")).verify()
    assert "ds.weight" not in program.aliases


def test_only_aliases_grow_and_the_pass_is_idempotent():
    drawn = Drawn(2, 3)
    drawn.loss(drawn.linear("a", drawn.add("flat", Flatten(), "x"), 2))
    before = lower(drawn.graph(a="a.y"), None, "train")
    after = Aliases()(before)
    assert (after.instrs, after.types, after.results) == (before.instrs, before.types, before.results)
    assert Aliases()(after) == after
    assert before.types["x"] == TensorType((BATCH, 2, 3))
