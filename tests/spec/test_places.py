import json

import pytest
import yaml

from specdl.core.diagnostics import Finding
from specdl.spec import json_text, yaml_text
from specdl.spec.places import part, traced

TEXTS = ["${width}", 'say "${w}"', "it's ${w}", "tab\t${w}", "\\ ${w}", "é ${w}", "\N{GRINNING FACE} ${w}"]


def marked(text, parsed, path, value, within):
    span = part(text, parsed.values[path], value, within)
    return None if span is None else text[slice(*span)]


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("value", TEXTS)
def test_in_json_and_in_quotes(value, ascii):
    begin = value.index("w")
    text = json.dumps({"a": value}, ensure_ascii=ascii)
    assert marked(text, json_text.parse(text), ("a",), value, (begin, begin + 1)) == "w"
    if not ascii:  # YAML has no pairs of surrogates
        assert marked(text, yaml_text.parse(text), ("a",), value, (begin, begin + 1)) == "w"


@pytest.mark.parametrize("style", ["'", '"', None])
@pytest.mark.parametrize("value", TEXTS)
def test_in_yaml(value, style):
    text = yaml.safe_dump({"a": value}, default_style=style, width=1000, allow_unicode=True)
    parsed = yaml_text.parse(text)
    assert parsed.value["a"] == value
    begin = value.index("w")
    assert marked(text, parsed, ("a",), value, (begin, begin + 1)) == "w"


@pytest.mark.parametrize(
    "text",
    ['a: "one\n  ${w}"', "a: one\n  ${w}", "a: |\n  one\n  ${w}\n", 'a: "one\r  ${w}"', "a: 'x\n ${w}'"],
)
def test_folded_lines_are_marked_whole(text):
    parsed = yaml_text.parse(text)
    assert marked(text, parsed, ("a",), parsed.value["a"], (0, 1)) is None


def spec(defaults, *layers):
    return {"model": {"defaults": defaults, "layers": list(layers)}}


def test_an_option_that_a_layer_says_itself_is_its_own():
    value = spec({"linear": {"bias": True}}, {"type": "linear", "bias": False})
    finding = Finding("E114", "", ("model", "layers", 0, "bias"))
    assert traced(value, finding) == finding


def test_only_layers_have_defaults():
    value = spec({"tanh": {"a": 1}}, {"type": "linear", "activation": {"type": "tanh"}})
    finding = Finding("E114", "", ("model", "layers", 0, "activation", "a"))
    assert traced(value, finding) == finding
    assert traced(value | {"optimizer": {"type": "tanh"}}, Finding("E1", "", ("optimizer", "a"))).path == (
        "optimizer",
        "a",
    )


def test_a_default_inside_a_template():
    value = spec({"linear": {"init": {"w": 1}}}) | {"blocks": {"b": {"layers": [{"type": "linear"}]}}}
    told = traced(value, Finding("E1", "", ("blocks", "b", "layers", 0, "init", "w")))
    assert told.path == ("model", "defaults", "linear", "init", "w")
    assert told.notes[-1].path == ("blocks", "b", "layers", 0)


@pytest.mark.parametrize(
    "value", [None, [], {}, {"model": 3}, {"model": {"defaults": []}}, {"model": {"layers": 1}}]
)
def test_of_what_is_no_spec_nothing_is_traced(value):
    finding = Finding("E1", "", ("model", "layers", 0, "bias"))
    assert traced(value, finding) == finding
