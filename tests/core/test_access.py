import pytest

from specdl.core.access import Access, access, call_kernel, members, numbered, trace
from specdl.core.errors import CompilerFault
from specdl.core.expr import load
from specdl.core.types import BATCH, TensorType

TYPE = TensorType((BATCH, 3))


class Op:
    def forward(self, *x, y):
        y[:] = x[0] + x[1]

    def backward(self, dy, *, dx):
        for each in dx:
            each[:] = dy

    def optional(self, x, bias, *, y, dbias):
        y[:] = x if bias is None else x + bias
        dbias[:] = x


def given(**names):
    return {name: load(name, TYPE) for name in names}


def test_a_signature_is_dataflow():
    assert access(Op.forward) == Access(("x",), ("y",), "x")
    assert access(Op.backward) == Access(("dy",), ("dx",), None)
    assert access(Op.optional) == Access(("x", "bias"), ("y", "dbias"), None)


def test_members_are_counted_without_gaps():
    assert numbered("x", {"x0": 0, "x1": 0, "x3": 0, "y": 0}) == ["x0", "x1"]
    assert numbered("x", {"x1": 0}) == []
    assert numbered("x", dict.fromkeys(f"x{i}" for i in range(12)))[-1] == "x11"
    assert members("dx", "x", {"dx0": 0, "dx1": 0}) == ["dx0", "dx1"]
    assert members("dw", "x", {"dx0": 0}) is None
    assert members("dx", None, {"dx0": 0}) is None


def test_variadic_results():
    traced = trace(Op().backward, "x", {"dy": load("dy", TYPE)}, {"dx0": TYPE, "dx1": TYPE, "dx2": TYPE})
    assert list(traced) == ["dx0", "dx1", "dx2"]
    x0, x1 = load("x0", TYPE), load("x1", TYPE)
    assert trace(Op().forward, "x", {"x0": x0, "x1": x1}, {"y": TYPE})["y"] is x0 + x1


def test_what_is_absent():
    x = load("x", TYPE)
    assert trace(Op().optional, None, {"x": x}, {"y": TYPE}) == {"y": x}
    got = {}
    call_kernel(lambda x, *, y: got.update(x=x, y=y), None, {}, {}, absent="nothing")
    assert got == {"x": None, "y": "nothing"}


def test_a_result_left_unwritten():
    with pytest.raises(CompilerFault, match="`z` is never written"):
        trace(Op().optional, None, {"x": load("x", TYPE)}, {"y": TYPE, "z": TYPE})
