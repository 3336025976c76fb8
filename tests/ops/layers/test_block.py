import pytest
from pydantic import ValidationError

from specdl.graph.build import build
from specdl.ops.base import LayerEntry
from specdl.ops.layers.block import Block
from specdl.ops.layers.linear import Linear
from specdl.spec.document import read
from specdl.spec.validate import validate
from tests.spec.specs import disc

USE = ("model", "layers", 0)


def entry(size, name=None):
    made = LayerEntry(op=Linear(out_features=size), name=name)
    made._path, made._trail = ("blocks", "a", "layers", 0), (USE,)
    return made


def test_without_repeat_it_stands_for_its_layers():
    body = ((entry(3), entry(4)),)
    assert Block(block="a").filled(body).expand() == body[0]


def test_with_repeat_each_repetition_is_a_layer_named_by_its_number():
    body = ((entry(3),), (entry(4),))
    first, second = Block(block="a", repeat=2).filled(body).expand()
    assert (first.name, second.name) == ("0", "1")
    assert (first.op.expand(), second.op.expand()) == body
    assert (first._path, first._trail) == (USE, ())


def test_layers_of_its_own_stand_once_or_repeated():
    layers = (entry(3), entry(4))
    assert Block(layers=layers).expand() == layers
    assert [each.op.layers for each in Block(layers=layers, repeat=2).expand()] == [layers, layers]
    with pytest.raises(ValidationError):
        Block(layers=())


def test_the_body_is_no_option():
    assert set(Block.model_fields) == {"type", "block", "layers", "arguments", "repeat"}
    with pytest.raises(ValidationError):
        Block(block="a", body=())
    with pytest.raises(ValidationError):
        Block(block="a", repeat=0)


def test_filling_leaves_the_use_as_it_was():
    use = Block(block="a")
    assert use.filled(((entry(3),),)) != use
    assert use.body == ()


def names(*layers, blocks):
    value = disc() | {"blocks": blocks}
    value["model"]["layers"] = [*layers, {"type": "linear", "out_features": 2, "name": "head"}]
    spec, findings = validate(read(value))
    assert findings == []
    graph, findings = build(spec)
    assert findings == []
    return list(graph.parameters)


def test_names_in_the_graph():
    blocks = {"a": {"layers": [{"type": "linear", "out_features": 4, "name": "fc", "bias": False}]}}
    use = {"type": "block", "block": "a"}
    found = names({**use, "name": "one"}, {**use, "name": "two", "repeat": 2}, blocks=blocks)
    assert found[:3] == ["one.fc.weight", "two.0.fc.weight", "two.1.fc.weight"]


def test_each_repetition_reads_the_one_before():
    blocks = {"a": {"layers": [{"type": "linear", "out_features": "${4 + index}", "name": "fc"}]}}
    value = disc() | {"blocks": blocks}
    value["model"]["layers"] = [
        {"type": "block", "block": "a", "repeat": 3, "name": "s"},
        value["model"]["layers"][-1],
    ]
    graph, _ = build(validate(read(value))[0])
    shapes = [graph.parameters[f"s.{i}.fc.weight"].type.shape for i in range(3)]
    assert shapes == [(4, 2), (5, 4), (6, 5)]
