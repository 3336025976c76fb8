from specdl.data.base import Need, TargetSpec
from specdl.graph.build import build
from specdl.graph.need import need
from specdl.ops.losses.cross_entropy import CrossEntropy
from specdl.ops.losses.mse import MSE
from specdl.spec.model import InputSpec, LossEntry, ModelSpec
from tests.graph.models import Row, layer, linear, spec


def need_of(section: ModelSpec) -> tuple[Need, object]:
    built, _ = build(section)
    assert built is not None
    return need(built, section), built


def test_one_input_and_class_numbers():
    wanted, built = need_of(spec(linear(7), loss=CrossEntropy()))
    assert wanted == Need(built.inputs, built.targets, {"target": "index"}, {"target": 7})


def test_one_hot_counts_classes_and_values_do_not():
    data = {"target": TargetSpec(encode="one_hot")}
    assert need_of(spec(linear(7), data=data))[0].classes == {"target": 7}
    wanted, _ = need_of(spec(linear(7)))
    assert (wanted.encode, wanted.classes) == ({"target": "value"}, {})


def test_several_inputs_and_targets():
    inputs = {"text": InputSpec(shape=(5,), dtype="int64", classes=65), "age": InputSpec(shape=(1,))}
    losses = (
        LossEntry(op=CrossEntropy(), output="a", target="digit"),
        LossEntry(op=MSE(), output="b", target="price"),
    )
    section = spec(
        linear(3, "a", "age"), linear(2, "b"), model={"input": None, "inputs": inputs}, losses=losses
    )
    wanted, _ = need_of(section)
    assert {name: str(type) for name, type in wanted.inputs.items()} == {
        "text": "i64[batch,5]",
        "age": "f32[batch,1]",
    }
    assert {name: str(type) for name, type in wanted.targets.items()} == {
        "digit": "i64[batch]",
        "price": "f32[batch,2]",
    }
    assert wanted.encode == {"digit": "index", "price": "value"}
    assert wanted.classes == {"digit": 3}
    assert wanted.index_classes == {"text": 65}


def test_the_result_of_a_composite():
    wanted, _ = need_of(spec(layer(Row(layers=(linear(4),))), loss=CrossEntropy()))
    assert wanted.classes == {"target": 4}
