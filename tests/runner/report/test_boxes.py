from specdl.ops.activations.tanh import Tanh
from specdl.ops.layers.residual import Residual
from specdl.runner.report.boxes import boxes
from tests.graph.models import add, graph, layer, linear, tanh


def named(found):
    return {box.name: box for box in found.boxes}


def test_a_layer_and_its_activation_are_one_box():
    found = boxes(graph(linear(3, "fc", activation=Tanh()), linear(1, "head")))
    assert [box.name for box in found.boxes] == ["input input", "fc", "head", "loss loss"]
    assert found.edges == (("input input", "fc"), ("fc", "head"), ("head", "loss loss"))
    fc = named(found)["fc"]
    assert (fc.op, fc.activation, fc.parameters, str(fc.type)) == ("linear", "tanh", 9, "f32[batch,3]")


def test_an_activation_is_a_box_of_its_own_where_something_reads_what_is_between():
    found = boxes(graph(linear(3, "fc", activation=Tanh()), add("fc", "fc.y", name="both")))
    assert ("fc", "both") in found.edges
    assert ("fc", "fc.activation") in found.edges
    assert ("fc.activation", "both") in found.edges


def test_a_layer_that_is_an_activation_is_a_box():
    found = boxes(graph(linear(3, "fc"), tanh("act")))
    assert named(found)["act"].op == "tanh"
    assert named(found)["fc"].activation == ""


def test_results_losses_and_frozen_layers_are_told():
    found = named(boxes(graph(linear(3, "fc", trainable=False), linear(1, "head"))))
    assert (found["fc"].frozen, found["fc"].result) == (True, False)
    assert (found["head"].frozen, found["head"].result) == (False, True)
    assert (found["loss loss"].op, found["loss loss"].note) == ("mse", "target f32[batch,1]")


def test_a_shared_parameter_counts_where_it_lives():
    found = named(boxes(graph(linear(2, "a"), linear(2, "b", tie={"weight": "a.weight"}))))
    assert (found["a"].parameters, found["b"].parameters) == (6, 2)
    assert found["b"].note == "shares a.weight"


def test_the_layers_of_a_composite_are_a_group():
    block = layer(Residual(layers=(linear(2, "up"), linear(2, "down"))), "res")
    found = named(boxes(graph(linear(2, "stem"), block, linear(1, "head"))))
    assert [found[name].group for name in ("stem", "res.up", "res.add", "head")] == ["", "res", "res", ""]
