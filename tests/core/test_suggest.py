import pytest

from specdl.core import suggest
from specdl.core.suggest import LONGEST, Suggester, distance, nearest


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "ab", 1),
        ("abc", "acb", 1),
        ("abc", "xbc", 1),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_distance(a, b, edits):
    assert distance(a, b) == distance(b, a) == edits


def test_a_slip_finds_its_word_whatever_the_case():
    assert nearest("Lienar", ["tanh", "linear"]) == "linear"


def test_a_different_word_is_not_suggested():
    assert nearest("embedding", ["linear", "tanh"]) is None
    assert nearest("abc", []) is None


def test_of_a_letter_or_two_only_case_and_order_differ():
    assert nearest("g", ["f", "h"]) is None
    assert nearest("h1", ["h2", "h"]) is None
    assert nearest("rl", ["lr"]) == "lr"
    assert nearest("LR", ["lr"]) == "lr"


def test_a_tie_goes_to_the_first_by_name():
    assert nearest("fc9", ["fc2", "fc1"]) == "fc1"


@pytest.mark.parametrize("word", ["x" * (LONGEST + 1), "linear" + "x" * 4, "li"])
def test_words_of_another_length_are_not_compared(word, monkeypatch):
    monkeypatch.setattr(suggest, "distance", None)
    assert nearest(word, ["linear", "x" * LONGEST]) is None


def test_a_name_that_is_long_in_small_letters_only():
    assert nearest("iİx", ["i\u0069\u0307x"]) == "i\u0069\u0307x"


def test_of_very_many_words_the_first_are_compared():
    suggester = Suggester(left=5)
    found = [suggester.nearest("lienar", ["linear", "tanh"]) for _ in range(4)]
    assert found == ["linear", "linear", None, None]
