from dataclasses import replace

from specdl.analysis import analyse
from specdl.graph.settled import settled, starts
from specdl.ops.inits.zeros import Zeros
from specdl.spec.resolved import render
from tests.spec.specs import disc, rich


def written(value):
    compilation, findings = analyse(value)
    assert compilation is not None, findings
    return render(settled(compilation.spec, compilation.graph))


def test_what_follows_from_the_model_and_the_loss_is_said():
    value = disc()
    del value["schedule"], value["model"]["init"]["bias"], value["data"]["target"]
    found = written(value | {"loss": {"type": "cross_entropy"}, "metrics": []})
    assert found["model"]["input"] == {"shape": [2], "dtype": "float32"}
    assert found["model"]["init"] == {
        "weight": {"type": "xavier_normal", "gain": 1.0},
        "bias": {"type": "torch_default"},
    }
    assert found["data"]["target"] == {"encode": "index"}
    assert found["schedule"] == {"type": "constant"}
    assert written(disc() | {"metrics": []})["data"]["target"] == {"encode": "one_hot"}


def test_inputs_follow_the_dtype_of_the_model():
    value = disc()
    value["model"]["dtype"] = "float64"
    assert written(value)["model"]["input"]["dtype"] == "float64"


def test_of_losses_that_are_encoded_in_several_ways_none_is_said_to_be_all():
    found = written(rich())
    assert found["data"]["target"] == {}
    assert list(found["model"]["inputs"]) == ["a", "b"]
    assert "input" not in found["model"]


def test_a_start_that_not_all_parameters_of_a_name_have_is_said_of_none():
    value = disc()
    del value["model"]["init"]
    compilation, _ = analyse(value)
    assert compilation is not None
    spec, graph = compilation.spec, compilation.graph
    assert starts(spec.model, graph).keys() == {"weight", "bias"}
    head = graph.parameters["head.bias"]
    other = replace(head, init=Zeros())
    assert starts(spec.model, having(graph, other)).keys() == {"weight"}
    # what an op starts at a number is none of the model's
    fixed = replace(other, param=replace(head.param, init="zeros"))
    assert starts(spec.model, having(graph, fixed))["bias"].type == "torch_default"


def having(graph, parameter):
    return replace(graph, parameters={**graph.parameters, parameter.name: parameter})


def test_one_loss_and_one_input_have_their_short_form():
    value = disc()
    value["losses"] = [value.pop("loss") | {"output": "head"}]
    value["model"]["inputs"] = {"input": value["model"].pop("input")}
    found = written(value)
    assert found == written(disc())
    assert not {"losses", "inputs"} & {*found, *found["model"]}
    value["losses"][0]["weight"] = 2
    assert written(value)["losses"] == [{"type": "mse", "output": "head", "target": "target", "weight": 2}]
