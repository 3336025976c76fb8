from specdl.core.expr import load, scalar
from specdl.core.formula import tanh
from specdl.core.types import BATCH, TensorType
from specdl.ops.activations.tanh import Tanh
from specdl.ops.layers.add import Add
from specdl.ops.layers.linear import Linear
from specdl.ops.optimizers.sgd import SGD
from specdl.program.formulas import family, formulas, trace_op
from specdl.program.program import Instr, Program

X = TensorType((BATCH, 3))


def test_formulas_are_over_arguments():
    instr = Instr("forward", "t", Tanh(), {"x": "some.value"}, {"y": "other"})
    program = Program({"some.value": X, "other": X}, ("some.value",), (), (instr,), ("other",), {})
    assert formulas(instr, program) == {"y": tanh(load("x", X))}


def test_only_what_is_wanted():
    types = {"d": TensorType((BATCH, 2)), "x": X, "w": TensorType((2, 3)), "b": TensorType((2,))}
    instr = Instr(
        "backward", "fc", Linear(out_features=2), {"dy": "d", "x": "x", "weight": "w"},
        {"dx": None, "dweight": None, "dbias": "b"}, {"dx": X, "dweight": types["w"]},
    )  # fmt: skip
    program = Program(types, ("d", "x"), ("w",), (instr,), ("b",), {})
    assert list(formulas(instr, program)) == ["dbias"]


def test_a_kernel_of_another_phase():
    instr = Instr("backward", "dx", Add(), {"x0": "a", "x1": "b"}, {"y": "c"}, runs="forward")
    program = Program(dict.fromkeys("abc", X), ("a", "b"), (), (instr,), ("c",), {})
    assert formulas(instr, program) == {"y": load("x0", X) + load("x1", X)}
    assert str(instr) == "c = add.forward(a, b)"


def test_an_update_reads_the_scalars_of_the_step():
    reads = (("p", X), ("g", X))
    traced = trace_op(SGD(lr=0.1), "update", reads, (("new_p", X),))
    assert traced["new_p"] is load("p", X) - scalar("lr") * load("g", X)


def test_families():
    assert family(Add()) == "x"
    assert family(Tanh()) is None
    assert family(SGD(lr=0.1)) is None
