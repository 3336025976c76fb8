import pytest

from specdl.core import suggest
from specdl.spec.blocks import MAX_LAYERS
from specdl.spec.document import read
from specdl.spec.validate import validate
from tests.spec.specs import disc, rich


def judged(blocks, *layers, **more):
    value = disc() | {"blocks": blocks} | more
    value["model"]["layers"] = [*layers, *value["model"]["layers"]]
    return validate(read(value))


def use(name, **more):
    return {"type": "block", "block": name, **more}


def linear(size, **more):
    return {"type": "linear", "out_features": size, **more}


def test_parameters_defaults_variables_and_the_index():
    spec, findings = validate(read(rich()))
    assert findings == []
    block = spec.model.layers[1].op
    assert [[entry.op.type for entry in layers] for layers in block.body] == [["linear", "residual"]] * 3
    assert [layers[0].op.out_features for layers in block.body] == [8, 9, 10]
    assert block.body[0][0].activation.type == "tanh"
    inner = spec.model.layers[2].op.body[0][0].op
    assert inner.body[0][0].op.out_features == 16


def test_of_very_many_blocks_that_there_are_not_the_first_are_compared(monkeypatch):
    compared = []
    monkeypatch.setattr(suggest, "nearest", lambda word, words: compared.append(len(words)))
    blocks = {f"stage{number}": {"layers": [linear(2)]} for number in range(300)}
    _, found = judged(blocks, *(use(f"stagx{number}") for number in range(300)))
    assert len(found) == 300
    assert 0 < sum(compared) <= 2 * suggest.COMPARED  # a spec with mistakes is judged twice
    assert len(compared) < 300 + 2


def test_layers_know_where_they_are_written_and_used():
    spec, _ = validate(read(rich()))
    direct = spec.model.layers[1].op.body[2][1]
    assert direct._path == ("blocks", "dense", "layers", 1)
    assert direct._trail == (("model", "layers", 1),)
    nested = spec.model.layers[2].op.body[0][0].op.body[0][0]
    assert nested._path == ("blocks", "dense", "layers", 0)
    assert nested._trail == (("blocks", "pair", "layers", 0), ("model", "layers", 2))


def test_a_name_may_count():
    spec, findings = judged({"a": {"layers": [linear(4, name="fc${index}")]}}, use("a", repeat=2), use("a"))
    assert findings == []
    names = [[layers[0].name for layers in entry.op.body] for entry in spec.model.layers[:2]]
    assert names == [["fc0", "fc1"], ["fc0"]]


def test_repetitions_that_are_alike_are_made_once():
    spec, _ = judged({"a": {"layers": [linear(4)]}}, use("a", repeat=50))
    assert len({id(layers) for layers in spec.model.layers[0].op.body}) == 1


def test_a_parameter_hides_a_variable():
    blocks = {"a": {"params": {"w": "int"}, "layers": [linear("${w}")]}}
    spec, _ = judged(blocks, use("a", **{"with": {"w": 5}}), vars={"w": 9})
    assert spec.model.layers[0].op.body[0][0].op.out_features == 5


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", [1, -3], [1.0, True, "1"]),
        ("float", [1, 1.5], [True, "1"]),
        ("str", ["", "a"], [1, False]),
        ("bool", [True, False], [0, "true"]),
    ],
)
def test_parameters_are_typed(kind, good, bad):
    blocks = {"a": {"params": {"p": kind}, "layers": [{"type": "tanh"}]}}
    for value in good:
        assert judged(blocks, use("a", **{"with": {"p": value}}))[1] == []
    for value in bad:
        assert [each.code for each in judged(blocks, use("a", **{"with": {"p": value}}))[1]] == ["E124"]


def codes(blocks, *layers):
    return [each.code for each in judged(blocks, *layers)[1]]


def test_growth_is_bounded_before_it_happens():
    one = {"a": {"layers": [{"type": "tanh"}]}}
    assert codes(one, use("a", repeat=MAX_LAYERS)) == []
    assert codes(one, use("a", repeat=MAX_LAYERS + 1)) == ["E126"]
    assert codes(one, use("a", repeat=10**200)) == ["E126"]
    assert codes(one, use("a", repeat=6000), use("a", repeat=6000)) == ["E126"]
    tower = {"b0": one["a"]} | {f"b{i}": {"layers": [use(f"b{i - 1}", repeat=10**9)]} for i in range(1, 15)}
    assert codes(tower, use("b14")) == ["E126"]


def test_growth_that_only_shows_while_it_happens_is_bounded():
    blocks = {"b0": {"layers": [{"type": "tanh"}] * 9}}
    for i in range(1, 9):
        blocks[f"b{i}"] = {"layers": [use(f"b{i - 1}", repeat="${9 + index}")] * 9}
    assert set(codes(blocks, use("b8"))) == {"E126"}


def test_repetitions_that_are_alike_are_counted_each():
    counted = {"params": {"n": "int"}, "layers": [use("a", repeat="${n}")]}
    blocks = {"a": {"layers": [{"type": "tanh"}]}, "b": counted}
    outer = use("b", repeat=50, **{"with": {"n": 100}})
    assert codes(blocks, outer) == []
    assert codes(blocks, outer, outer) == ["E126"]
    assert codes(blocks, use("b", repeat=100, **{"with": {"n": 9000}})) == ["E126"]


def test_layers_inside_of_layers_count():
    deep = {"type": "residual", "layers": [{"type": "residual", "layers": [{"type": "tanh"}]}]}
    blocks = {"a": {"layers": [deep]}}
    assert codes(blocks, use("a", repeat=MAX_LAYERS // 3)) == []
    assert codes(blocks, use("a", repeat=MAX_LAYERS // 3 + 1)) == ["E126"]
    assert codes(blocks, *[use("a", repeat=1000)] * 4) == ["E126"]


def test_what_templates_evaluate_is_bounded_over_all_uses():
    long = {"type": "linear", "out_features": "${1 + index * 0" + " + 0" * 200 + "}"}
    blocks = {"a": {"layers": [long]}}
    assert codes(blocks, use("a", repeat=1000)) == []
    assert codes(blocks, *[use("a", repeat=1000)] * 4) == ["E126"]


def test_layers_in_place_of_a_template():
    spec, findings = judged({}, {"type": "block", "name": "stem", "layers": [linear(4), {"type": "tanh"}]})
    assert findings == []
    block = spec.model.layers[0].op
    assert [entry.op.type for entry in block.body[0]] == ["linear", "tanh"]
    assert codes({}, {"type": "block", "layers": []}) == ["E114"]
    assert codes({}, {"type": "block", "layers": [linear(2, type="lienar")]}) == ["E110"]
    assert codes({"a": {"layers": [{"type": "tanh"}]}}, use("a", layers=[{"type": "tanh"}])) == ["E117"]


def test_blocks_in_a_ring():
    assert codes({"a": {"layers": [use("a")]}}, use("a")) == ["E125"]
    ring = {f"b{i}": {"layers": [use(f"b{(i + 1) % 3}")]} for i in range(3)}
    assert codes(ring, use("b0")) == ["E125"]


def test_a_long_chain_of_blocks_is_refused():
    chain = {f"b{i}": {"layers": [use(f"b{i + 1}")]} for i in range(500)} | {
        "b500": {"layers": [{"type": "tanh"}]}
    }
    assert codes(chain, use("b0")) == ["E125"]


def test_layers_cannot_be_nested_without_end():
    layer = {"type": "tanh"}
    for _ in range(30):
        layer = {"type": "residual", "layers": [layer]}
    assert codes({}, layer) == []
    half = {"type": "tanh"}
    for _ in range(20):
        half = {"type": "residual", "layers": [half]}
    deep = use("a")
    for _ in range(20):
        deep = {"type": "residual", "layers": [deep]}
    assert codes({"a": {"layers": [half]}}, deep) == ["E005"]


def test_a_mistake_in_a_template_is_told_once_however_often_it_is_used():
    blocks = {"a": {"layers": [linear(0)]}}
    _, findings = judged(blocks, use("a", repeat=5), use("a"))
    assert [(each.code, each.path) for each in findings] == [
        ("E114", ("blocks", "a", "layers", 0, "out_features"))
    ]


def test_templates_that_nothing_uses_are_judged_but_for_what_they_lack():
    blocks = {"a": {"params": {"n": "int"}, "layers": [linear("${n}", bais=True), use("b"), linear("${m}")]}}
    assert codes(blocks) == ["E111", "E123", "E121"]
