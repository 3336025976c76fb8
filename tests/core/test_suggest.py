import pytest

from specdl.core.suggest import distance, nearest


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


def test_a_tie_goes_to_the_first_by_name():
    assert nearest("fc9", ["fc2", "fc1"]) == "fc1"
