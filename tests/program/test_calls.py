import pytest

from specdl.core import formula as f
from specdl.core.expr import load, scalar
from specdl.core.types import BATCH, TensorType
from specdl.ops.optimizers.adam import Adam
from specdl.ops.optimizers.sgd import SGD
from specdl.program.calls import render, scratch_bytes
from specdl.program.instructions import calls
from specdl.program.lower import lower
from specdl.program.passes import optimize
from tests.program.graphs import two_layers


def x(name="x", shape=(BATCH, 3), dtype="float32"):
    return load(name, TensorType(shape, dtype))


def text(**formulas):
    return str(render(formulas)).splitlines()


def test_the_calls_of_a_training_step():
    program = optimize(lower(two_layers(), SGD(lr=0.1), "train"))
    assert [str(calls(instr, program)).splitlines() for instr in program.instrs[:9]] == [
        ["y = addmm(bias, x, weight.transpose)"],
        ["y = tanh(x)"],
        ["y = addmm(bias, x, weight.transpose)"],
        ["s0 = sub(x, target)", "loss = dot(s0.reshape, s0.reshape, scale=div(1.0, samples(2)))"],
        ["dx = sub(x, target)", "dx = mul(dx, div(2.0, samples(2)))"],
        ["dx = mm(dy, weight)", "dweight = mm(dy.transpose, x)", "dbias = column_sum(dy)"],
        ["dx = tanh_backward(dy, y)"],
        ["dweight = mm(dy.transpose, x)", "dbias = column_sum(dy)"],
        ["new_p = addcmul(p, lr, g, value=-1.0)"],
    ]


def test_a_gradient_nobody_wants_takes_no_call():
    program = optimize(lower(two_layers(), None, "train"))
    written = {call.out.name for call in calls(program.instrs[-1], program).calls}
    assert written == {"dweight", "dbias"}


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        (x() @ x("w", (3, 5)) + x("b", (5,)), ["y = addmm(b, x, w)"]),
        (x() + 0.5 * x("z"), ["y = add(x, z, alpha=0.5)"]),
        (x() - 0.5 * x("z"), ["y = add(x, z, alpha=-0.5)"]),
        (0.5 * x("z") + x(), ["y = add(x, z, alpha=0.5)"]),
        (x() + x("z") * x("v"), ["y = addcmul(x, z, v, value=1.0)"]),
        (x() - 2 * (x("z") * x("v")), ["y = addcmul(x, z, v, value=-2.0)"]),
        (1 - x() * x(), ["y = addcmul(1.0, x, x, value=-1.0)"]),
        (x() - scalar("lr") * x("g"), ["y = addcmul(x, lr, g, value=-1.0)"]),
        (2 * x(), ["y = mul(x, 2.0)"]),
        (2 - x(), ["y = sub(2.0, x)"]),
        (f.total(x() * x("z")), ["y = dot(x.reshape, z.reshape)"]),
        (f.total(x()), ["y = total(x, s0)"]),
        (f.batch_sum(x()), ["y = column_sum(x)"]),
        (f.row_sum(x()), ["y = sum(x, dim=(1,), keepdim=True)"]),
        (f.row_max(x()), ["y = amax(x, dim=(1,), keepdim=True)"]),
        (
            f.exp(x() - f.row_max(x())),
            ["s0 = amax(x, dim=(1,), keepdim=True)", "y = sub(x, s0)", "y = exp(y)"],
        ),
        (f.tanh(f.exp(f.tanh(x()))), ["y = tanh(x)", "y = exp(y)", "y = tanh(y)"]),
        (f.concat((x(), x("z")), 1), ["y = concat(x, z, axis=1)"]),
        (x(), ["y = copy(x)"]),
        (x("w", (3, 5)).T, ["y = copy(w.transpose)"]),
    ],
)  # fmt: skip
def test_what_one_call_can_do(formula, wanted):
    assert text(y=formula) == wanted


def test_what_two_results_share_is_computed_once():
    e = f.exp(x())
    assert text(a=e + 1, b=e * f.row_sum(e)) == [
        "b = exp(x)",
        "a = add(b, 1.0)",
        "s0 = sum(b, dim=(1,), keepdim=True)",
        "b = mul(b, s0)",
    ]


def test_a_result_that_another_needs_is_not_written_over():
    e = f.exp(x())
    assert text(a=e, b=f.tanh(e)) == ["a = exp(x)", "b = tanh(a)"]


def test_what_is_read_twice_is_not_swallowed():
    m = x() * x("z")
    assert text(a=x("v") + m, b=m) == ["b = mul(x, z)", "a = add(v, b)"]


def test_an_update_writes_where_it_reads():
    p, g = x("p"), x("g")
    moved = render({"new_p": p - scalar("lr") * g}, {"new_p": "p"})
    assert (str(moved), moved.scratch) == ("new_p = addcmul(p, lr, g, value=-1.0)", {})
    later = render({"new_p": g, "new_g": p}, {"new_p": "p", "new_g": "g"})
    assert len(later.scratch) == 2


def test_adam_needs_one_temporary():
    program = optimize(lower(two_layers(), Adam(), "train"))
    lists = [calls(instr, program) for instr in program.phase("update")]
    assert [len(each.scratch) for each in lists] == [1, 1, 1, 1]
    assert scratch_bytes(lists, 7) == 12 * 4
