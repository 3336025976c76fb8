from specdl.ops.layers.flatten import Flatten
from specdl.ops.optimizers.sgd import SGD
from specdl.program.cost import Cost, cost
from specdl.program.lower import lower
from specdl.program.passes import optimize
from tests.program.graphs import Drawn, two_layers


def costs(program, rows):
    return {str(i).split(" = ")[0]: cost(i, program, rows) for i in program.instrs}


def test_a_training_step():
    found = costs(optimize(lower(two_layers(), SGD(lr=0.1), "train")), 10)
    # 10 x 3 by 3 x 4, and the bias; reads 30 + 12 + 4, writes 40 numbers
    assert found["fc1.y"] == Cost(2 * 120 + 40, 120, 4 * (30 + 12 + 4 + 40))
    assert found["tanh1.y"] == Cost(40, 0, 4 * 80)
    # dx and dweight are products, dbias a sum
    assert found["dtanh1.y, dfc2.weight, dfc2.bias"].macs == 2 * 10 * 2 * 4
    assert found["_, dfc1.weight, dfc1.bias"] == Cost(2 * 120 + 40, 120, 4 * (40 + 30 + 12 + 12 + 4))
    assert found["fc1.weight'"].flops == 24


def test_aliases_cost_nothing():
    drawn = Drawn(2, 3)
    drawn.linear("a", drawn.add("flat", Flatten(), "x"), 2)
    program = optimize(lower(drawn.graph(a="a.y"), None, "infer"))
    assert costs(program, 5)["flat.y"] == Cost(0, 0, 0)


def test_the_cost_grows_with_the_batch():
    program = optimize(lower(two_layers(), None, "train"))
    for name, each in costs(program, 3).items():
        assert costs(program, 6)[name].macs == 2 * each.macs
