"""How many findings are told, and what is said of those that are not."""

import pytest

from specdl.core.diagnostics import Finding
from specdl.spec import room
from specdl.spec.room import Room, cut


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Room for three that differ, and for five."""
    monkeypatch.setattr(room, "MAX_FINDINGS", 3)
    monkeypatch.setattr(room, "MAX_EQUAL", 5)


def found(words):
    return [Finding("E111", word) for word in words]


def messages(words):
    return [each.message for each in cut(found(words))]


def test_all_are_told_where_there_is_room():
    assert messages("abcab") == list("abcab")


def test_equal_ones_hide_no_other():
    assert messages("aaaaaaabb") == [*"aaaaab", "there are more mistakes than 10,000; mend these first"]


def test_of_different_ones_the_first_are_told():
    assert messages("abcda") == [*"abca", "there are more mistakes than 1,000; mend these first"]


def test_one_more_is_kept_than_is_told():
    some = Room()
    assert [each for each in "aabcde" if some.takes(Finding("E111", each))] == list("aabcd")
    assert some.full
    some = Room()
    assert [each for each in "aaaaaaaab" if some.takes(Finding("E111", each))] == [*"aaaaaa", "b"]
    assert not some.full
