from specdl.ops.layers.flatten import Flatten
from specdl.ops.optimizers.sgd import SGD
from specdl.plan.liveness import lifetimes
from specdl.program.lower import lower
from specdl.program.passes import JoinUpdates, optimize
from tests.program.graphs import Drawn, two_layers


def test_from_when_until_when():
    program = optimize(lower(two_layers(), SGD(lr=0.1), "train"))
    end = len(program.instrs)
    live = lifetimes(program)
    assert live["x"] == live["fc1.weight"] == live["target"] == (-1, end)
    assert live["fc1.y"] == (0, 1)
    assert live["tanh1.y"] == (1, 6)
    assert live["fc2.y"] == (2, 4)
    assert live["loss"] == (3, end)
    assert live["dfc2.y"] == (4, 5)
    assert live["dtanh1.y"] == (5, 6)
    assert live["dfc1.weight"] == (7, end)


def test_an_alias_keeps_what_it_is_an_alias_of():
    drawn = Drawn(2, 3)
    a = drawn.linear("a", "x", 4)
    flat = drawn.add("flat", Flatten(), a)
    drawn.loss(drawn.linear("b", drawn.linear("c", flat, 2), 2))
    program = optimize(lower(drawn.graph(out="b.y"), None, "train"))
    live = lifetimes(program)
    assert "flat.y" not in live
    reader = next(i for i, instr in enumerate(program.instrs) if str(instr).startswith("dflat.y"))
    assert live["a.y"] == (0, reader)


def test_members_of_packs_live_each_on_its_own():
    program = JoinUpdates()(optimize(lower(two_layers(), SGD(lr=0.1), "train")))
    live = lifetimes(program)
    assert live["dfc1.bias"][1] == len(program.instrs)
    assert not any("[" in value for value in live)
