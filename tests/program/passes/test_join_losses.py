from specdl.ops.layers.linear import Linear
from specdl.ops.optimizers.sgd import SGD
from specdl.program.instructions import calls
from specdl.program.lower import lower
from specdl.program.passes import JoinLosses, optimize
from tests.program.graphs import two_layers


def test_a_loss_and_its_gradient_share_their_differences():
    before = optimize(lower(two_layers(), SGD(lr=0.1), "train"))
    after = JoinLosses()(before).verify()
    (joined,) = [instr for instr in after.instrs if instr.function == "both"]
    assert str(joined) == "loss, dfc2.y = mse.both(fc2.y, target)"
    assert str(calls(joined, after)).splitlines() == [
        "dx = sub(x, target)",
        "loss = dot(dx.reshape, dx.reshape, scale=div(1.0, samples(2)))",
        "dx = mul(dx, div(2.0, samples(2)))",
    ]


def test_keeps_results_and_the_rest_in_order_and_is_idempotent():
    before = optimize(lower(two_layers(), SGD(lr=0.1), "train"))
    after = JoinLosses()(before)
    assert after.results == before.results
    assert len(after.instrs) == len(before.instrs) - 1
    kept = [instr for instr in before.instrs if isinstance(instr.op, Linear)]
    assert [instr for instr in after.instrs if isinstance(instr.op, Linear)] == kept
    assert JoinLosses()(after) == after


def test_a_loss_without_a_gradient_stays():
    program = optimize(lower(two_layers(), None, "evaluate"))
    assert JoinLosses()(program) == program
