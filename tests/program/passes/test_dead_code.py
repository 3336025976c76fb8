from specdl.ops.activations.softmax import Softmax
from specdl.ops.optimizers.sgd import SGD
from specdl.program.lower import lower
from specdl.program.passes import DeadCode, JoinUpdates
from tests.program.graphs import Drawn, lines, two_layers


def branching():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 4)
    drawn.add("unused", Softmax(), drawn.linear("side", a, 2))
    return drawn.graph(a=a)


def test_drops_the_gradient_of_the_data():
    last = DeadCode()(lower(two_layers(), None, "train")).verify().instrs[-1]
    assert str(last) == "_, dfc1.weight, dfc1.bias = linear.backward(dfc1.y, x, fc1.weight)"


def test_drops_what_no_result_needs():
    program = DeadCode()(lower(branching(), None, "infer")).verify()
    assert lines(program) == ["a.y = linear.forward(x, a.weight, a.bias)"]
    assert "side.y" not in program.types
    assert "side.weight" in program.types


def test_a_write_nobody_reads_becomes_none_and_keeps_its_type():
    graph = two_layers()
    before = lower(graph, None, "train")
    narrowed = type(before)(**{**before.__dict__, "results": ("loss", "dfc2.bias")})
    program = DeadCode()(narrowed).verify()
    assert lines(program)[-1] == "_, _, dfc2.bias = linear.backward(dfc2.y, tanh1.y, fc2.weight)"
    assert program.instrs[-1].unwanted == {
        "dx": before.types["tanh1.y"],
        "dweight": before.types["fc2.weight"],
    }


def test_keeps_results_and_is_idempotent():
    for before in (lower(two_layers(), SGD(lr=0.1), "train"), lower(branching(), None, "infer")):
        after = DeadCode()(before)
        assert after.results == before.results
        assert DeadCode()(after) == after


def test_keeps_joined_updates():
    joined = JoinUpdates()(lower(two_layers(), SGD(lr=0.1), "train"))
    assert lines(DeadCode()(joined).verify()) == lines(joined)
