import json
from pathlib import Path

import pytest

from specdl.editor.complete import complete
from specdl.editor.snippets import plain
from specdl.editor.view import View, tolerant

from .tools import DISC, analysed, offered

HEAD = '{"specdl": 1, "name": "n", "data": {"batch_size": 2}, "model": {"input": {"shape": [2]}, "layers": ['
TAIL = ']}, "loss": {"type": "mse"}, "optimizer": {"type": "sgd", "lr": 0.1}, "train": {"epochs": 1}}'


def first(found):
    return next(iter(found))


def test_types_of_a_layer_in_json():
    found = offered(HEAD + '{"type": "|"}' + TAIL, ".json")
    assert {"linear", "residual", "tanh"} <= {*found}
    assert "sgd" not in found
    assert '{"type": "linear"}' in found["linear"]


@pytest.mark.parametrize(
    "broken", ['{"type": "|', '{"type": |', '{"type": |}', '{"type": "li|', '{"type": "li|"}']
)
def test_types_where_the_text_does_not_parse(broken):
    found = offered(HEAD + broken + "\n" + TAIL, ".json")
    assert '"linear"' in found["linear"]


@pytest.mark.parametrize(
    ("marked", "there"),
    [
        ('{"type": "linear", |}', {"type"}),
        ('{"type": "linear", "bi|"}', {"type"}),
        ('{"type": "linear", "bias": true, |', {"type", "bias"}),
    ],
)
def test_keys_that_are_not_there_yet(marked, there):
    found = offered(HEAD + marked + TAIL, ".json")
    assert first(found) == "out_features"
    assert {"name", "inputs", "activation", "init", "tie"} <= {*found}
    assert not there & {*found}


def test_a_key_that_has_its_value_keeps_it():
    found = offered(HEAD + '{"type": "linear", "out_feat|": 3}' + TAIL, ".json")
    assert '{"type": "linear", "out_features": 3}' in found["out_features"]


def test_commas_are_put_where_they_are_missing():
    found = offered(HEAD + '{"type": "linear" | "bias": true}' + TAIL, ".json")
    assert '{"type": "linear", "out_features":, "bias"' in found["out_features"].replace(" ,", ",").replace(
        ": ,", ":,"
    )
    before = offered(HEAD + '{|"out_features": 3}' + TAIL, ".json")
    assert json.loads(before["type"])["model"]["layers"] == [{"type": "", "out_features": 3}]


def test_a_layer_as_a_whole():
    found = offered(HEAD + "|" + TAIL, ".json")
    assert json.loads(found["tanh"])["model"]["layers"] == [{"type": "tanh"}]
    assert '{"type": "linear", "out_features": }' in found["linear"]


def test_keys_at_the_top_of_an_empty_file():
    assert first(offered("|")) == "specdl"
    assert {"specdl", "model", "data"} <= {*offered("{|}", ".json")}
    assert offered("|")["specdl"] == "specdl: 1"


YAML = [
    ("type: |", "linear", "type: linear"),
    ("type: li|", "linear", "type: linear"),
    ("type: 'li|'", "linear", "type: 'linear'"),
    ("t|", "type", "type:"),
    ("|", "type", "type:"),
    ("type: linear\n      |", "out_features", "type: linear\n      out_features:"),
    ("type: linear\n      activation: |", "relu", "type: linear\n      activation: relu"),
    ("type: linear\n      bias: |", "false", "type: linear\n      bias: false"),
    ("{type: |", "linear", "{type: linear"),
    ("{type: linear, |}", "out_features", "{type: linear, out_features:"),
]


@pytest.mark.parametrize(("marked", "label", "wanted"), YAML)
def test_yaml(marked, label, wanted):
    text = f"specdl: 1\nmodel:\n  layers:\n    - {marked}\n    - type: tanh\nloss: {{type: mse}}\n"
    found = offered(text)
    assert f"  layers:\n    - {wanted}" in found[label]


@pytest.mark.parametrize("dash", ["- |", "|"])
def test_a_new_layer_of_a_list(dash):
    text = f"model:\n  layers:\n    - type: tanh\n    {dash}\n    - type: relu\nloss: {{type: mse}}\n"
    assert "    - type: tanh\n    - type: \n    - type: relu" in offered(text)["type"]


def test_a_section_begins_on_the_next_line():
    assert offered("specdl: 1\noptim|\n")["optimizer"] == "specdl: 1\noptimizer:\n  type: \n"
    assert offered("specdl: 1\noptimizer:\n  |\n")["type"] == "specdl: 1\noptimizer:\n  type: \n"
    assert "lr" in offered("specdl: 1\noptimizer:\n  type: sgd\n  |\n")
    assert "betas" not in offered("specdl: 1\noptimizer:\n  type: sgd\n  |\n")


def replaced(old, new):
    assert DISC.count(old) == 1
    return offered(DISC.replace(old, new))


def test_names_that_a_layer_can_read():
    found = replaced("inputs: [fc1, up]", "inputs: [|, up]")
    assert list(found) == ["up", "body", "fc1", "input", "previous"]
    inside = replaced("inputs: [fc]", "inputs: [|]")
    assert list(inside) == ["fc", "input", "previous"]


def test_names_where_a_list_is_missing():
    assert "{type: add, inputs: [fc1]" in replaced("inputs: [fc1, up]", "inputs: |")["fc1"]


def test_names_with_their_shapes():
    before = analysed(DISC)
    text = DISC.replace("inputs: [fc1, up]", "inputs: [")
    at = text.rindex("inputs: [") + len("inputs: [")
    sketch = tolerant(text, "spec.yaml", Path.cwd(), before.document, at)
    found = complete(View(sketch.document, before.numbers, sketch.cursor), at)
    assert {each.label: each.detail for each in found}["fc1"] == "f32[50,8]"


def test_names_of_results():
    assert list(replaced("output: head", "output: |"))[:2] == ["head", "sum"]
    text = DISC.replace("loss: {type: mse}", "losses:\n  - {type: mse, output: |}")
    assert "head" in offered(text)


def test_parameters_to_tie():
    text = DISC.replace("name: head}", "name: head, tie: {weight: |}}")
    found = offered(text)
    assert first(found) == "up.weight"
    assert "fc1.bias" in found
    assert "weight" in offered(DISC.replace("name: head}", "name: head, tie: {|}}"))


def test_blocks_and_their_parameters():
    assert list(replaced("block: step", "block: |")) == ["step"]
    assert list(replaced("with: {units: 4}", "with: {|}")) == ["units", "act"]
    assert list(replaced("with: {units: 4}", "with: {units: 4, |}")) == ["act"]


def test_names_in_expressions():
    assert list(replaced('"${width}"', '"${|}"')) == ["width", "min", "max"]
    found = replaced('"${units * 2}"', '"${units * |}"')
    assert list(found) == ["units", "act", "width", "index", "min", "max"]
    assert '"${units * units}"' in found["units"]
    assert '"${width}"' in replaced('"${width}"', '"${wi|d}"')["width"]
    assert '{type: linear, out_features: "${width' in replaced('"${width}"', '"${wi|')["width"]


def test_short_slots_and_lists():
    assert {"accuracy", "mse"} <= {*replaced("metrics: [accuracy]", "metrics: [|]")}
    assert {"tanh", "relu"} <= {*replaced("activation: tanh}\n", "activation: |}\n")}


def test_choices_and_defaults():
    assert list(replaced("{encode: one_hot}", "{encode: |}")) == ["index", "one_hot", "value"]
    assert list(replaced("{encode: one_hot}", "{encode: one|}")) == ["index", "one_hot", "value"]
    text = DISC.replace("train: {epochs: 10}", "train: {epochs: 10, evaluate_every: |}")
    assert list(offered(text)) == ["1"]


def test_nothing_in_comments_free_texts_and_unknown_places():
    assert offered("specdl: 1 # |") == {}
    assert offered("specdl: 1\nname: |") == {}
    assert offered("specdl: 1\nnothing:\n  like_this:\n    |") == {}


def test_stops_can_be_left_out():
    assert plain('"\\$schema": "$1"') == '"$schema": ""'
    assert plain('{"a": ${1|x,y|}\\}') == '{"a": }'


def test_codes_that_can_be_silenced():
    found = offered("specdl: 1\nlint: {ignore: [|]}\n")
    assert "W310" in found
    assert not [code for code in found if code.startswith("E")]


def test_defaults_by_type():
    assert "linear" in offered("specdl: 1\nmodel: {defaults: {|}}\n")
    assert {*offered("specdl: 1\nmodel: {defaults: {linear: {|}}}\n")} == {"out_features", "bias"}


def test_files_to_extend(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("base.yaml", "other.json", "spec.yaml", "data.csv"):
        (tmp_path / name).write_text("", "utf-8")
    assert list(offered("specdl: 1\nextends: |\n")) == ["base.yaml", "other.json"]


def test_the_key_under_the_cursor_is_no_other_key():
    text = HEAD + '{"type": "linear", "out_features|": 3}' + TAIL
    assert '"out_features": 3}' in offered(text, ".json")["out_features"]


def test_a_dash_that_is_missing_counts_for_the_lines_after_it():
    text = "model:\n  layers:\n  - type: tanh\n  |\n"
    assert offered(text)["init"].endswith("  - type: tanh\n  - init:\n      \n")


def test_nothing_is_put_right_behind_a_dash():
    assert offered("model:\n  layers:\n  - type: tanh\n  -|\n") == {}
