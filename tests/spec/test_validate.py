import json
from collections import Counter

from specdl.spec import rules
from specdl.spec.document import read
from specdl.spec.text import MAX_FINDINGS
from specdl.spec.validate import validate
from tests.spec.specs import disc, rich


def found(value):
    return [(each.code, each.path) for each in validate(read(value))[1]]


def test_a_spec_or_findings_never_both():
    spec, findings = validate(read(disc()))
    assert spec is not None
    assert findings == []
    spec, findings = validate(read(disc() | {"seed": -1}))
    assert spec is None
    assert [each.code for each in findings] == ["E114"]


def test_what_depends_on_something_faulty_is_silent():
    value = rich()
    value["vars"]["width"] = "${1 / 0}"
    assert found(value) == [("E120", ("vars", "width"))]
    value = rich()
    value["blocks"]["dense"]["params"]["units"] = "integer"
    assert found(value) == [("E115", ("blocks", "dense", "params", "units"))]


def test_a_short_form_with_a_faulty_expression_is_told_without_it():
    value = disc()
    value["model"]["layers"] = [{"Linear": {"out_features": "${1 / 0}"}}, {"linear": ["${1 / 0}"]}]
    told = [(each.code, each.help, each.fix) for each in validate(read(value))[1] if each.code == "E112"]
    assert told == [("E112", 'write "type": "linear"', None)] * 2


def test_names_of_a_section_that_cannot_be_read_are_not_told_one_by_one():
    assert found(rich() | {"vars": [1]}) == [("E113", ("vars",))]
    assert found(rich() | {"blocks": "none"}) == [("E113", ("blocks",))]
    value = rich()
    value["block"] = value.pop("blocks")
    assert found(value) == [("E111", ("block",))]


def test_null_is_as_good_as_nothing_where_a_key_may_be_left_out():
    assert found(disc() | {"losses": None, "schedule": None, "vars": None, "blocks": None}) == []
    assert found(disc() | {"loss": None}) == [("E310", ())]


def test_mistakes_are_told_up_to_a_limit():
    value = disc() | {f"{i}x{i}": 1 for i in range(5 * MAX_FINDINGS)}
    findings = validate(read(value))[1]
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1].message == "there are more mistakes than 1,000; mend these first"
    value = disc() | {"vars": {f"a{i}": f"${{b{i}}}" for i in range(5 * MAX_FINDINGS)}}
    assert len(validate(read(value))[1]) == MAX_FINDINGS + 1
    value = disc() | {f"{i}x{i}": 1 for i in range(MAX_FINDINGS)}
    assert {each.code for each in validate(read(value))[1]} == {"E111"}


def test_very_many_equal_mistakes_hide_no_other():
    value = disc()
    value["model"]["layers"] = [{"type": "linear", "units": 2} for _ in range(MAX_FINDINGS + 500)]
    value["optimizer"]["lr"] = -0.1
    codes = Counter(each.code for each in validate(read(value))[1])
    assert codes == {"E111": MAX_FINDINGS + 500, "E114": 1}


def test_what_is_beyond_the_limit_is_not_looked_at(monkeypatch):
    asked, unknown_warning = [], rules.unknown_warning

    def counting(code):
        asked.append(code)
        return unknown_warning(code)

    monkeypatch.setattr(rules, "unknown_warning", counting)
    codes = [f"W{number}" for number in range(1000, 1000 + 3 * MAX_FINDINGS)]
    _, found = validate(read(disc() | {"lint": {"ignore": codes}}))
    assert len(found) == MAX_FINDINGS + 1
    assert len(asked) <= MAX_FINDINGS + 2


def test_text_and_dict_give_the_same_spec(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(rich()))
    assert validate(read(tmp_path / "a.json")) == validate(read(rich()))


def test_a_mistake_inside_a_value_of_several_types_is_one_mistake():
    value = disc()
    value["model"]["output"] = ["fc1", 5]
    assert found(value) == [("E113", ("model", "output", 1))]
