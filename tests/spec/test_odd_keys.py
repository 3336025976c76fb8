import pytest

from specdl.spec import json_text, yaml_text
from specdl.spec.text import MAX_FINDINGS, TextError


def faults(text, read=yaml_text.parse):
    with pytest.raises(TextError) as caught:
        read(text)
    return caught.value.faults


def mended(text, fix):
    for edit in sorted(fix.edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def test_every_stranger_is_shown_in_its_place():
    text = "a: 1\n\u0440\u0430ce: 2\n"
    (fault,) = faults(text)
    assert fault.span == (5, 6)
    assert fault.notes == (("so is Cyrillic `\u0430` (U+0430)", (6, 7)),)


def test_a_key_is_mended_wherever_it_stands():
    text = "vars: {r\u0430te: 2, r\u0430tes: 3}\nlr: '${r\u0430te * 2}'\n"
    first, second = faults(text)
    assert mended(text, first.fix) == "vars: {rate: 2, r\u0430tes: 3}\nlr: '${rate * 2}'\n"
    assert first.fix.sure
    assert mended(text, second.fix) == "vars: {r\u0430te: 2, rates: 3}\nlr: '${r\u0430te * 2}'\n"


def test_of_one_key_in_many_places_the_first_fault_mends_all():
    text = "[{l\u0430: 1}, {l\u0430: 2}]"
    first, second = faults(text)
    assert mended(text, first.fix) == "[{la: 1}, {la: 2}]"
    assert second.fix is None


def test_no_fix_makes_a_key_stand_twice():
    assert faults("{la: 1, l\u0430: 2}")[0].fix is None


def test_an_escape_is_mended_as_a_whole():
    text = r'{"l\u0430": 1}'
    (fault,) = faults(text, json_text.parse)
    assert text[slice(*fault.span)] == r'"l\u0430"'
    assert mended(text, fault.fix) == '{"la": 1}'


def test_keys_that_look_the_same_cannot_stand_in_one_mapping():
    for text in (
        "{c: 1, \u0441: 2}",
        "{\u0441: 1, c: 2}",
        "{c\u0301: 1, \u0107: 3}",
        "{\u0107: 1, c\u0301: 2}",
    ):
        assert [each.code for each in faults(text)] == ["E008"]
    assert yaml_text.parse("a: {c: 1}\nb: {\u0441: 2}").value == {"a": {"c": 1}, "b": {"\u0441": 2}}


def test_what_was_found_before_a_fault_of_syntax_is_told_too():
    assert [each.code for each in faults("l\u0430: 1\nb: [")] == ["E008", "E003"]
    assert [each.code for each in faults("\u00e9: [")] == ["E003"]


def test_values_may_hold_anything():
    assert yaml_text.parse("a: l\u0430\u200b").value == {"a": "l\u0430\u200b"}


def test_many_odd_keys_are_told_in_part():
    many = ", ".join(f"l\u0430{i}: 1" for i in range(3 * MAX_FINDINGS))
    assert len(faults(f"{{{many}}}")) == MAX_FINDINGS
