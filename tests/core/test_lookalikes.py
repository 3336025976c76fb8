import pytest

from specdl.core.lookalikes import lookalikes, repaired, skeleton, strangers


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("l\u0430yers", "layers"),  # Cyrillic
        ("\u0441lass_\u0440ath", "class_path"),
        ("n\u03bfde", "node"),  # Greek
        ("b\u0585x", "box"),  # Armenian
        ("lay\u200bers", "layers"),  # zero width space
        ("\u202elr", "lr"),  # from right to left
        ("lr\u00ad", "lr"),  # soft hyphen
        ("lr\ufeff", "lr"),
        ("lr\u3164", "lr"),
        ("l\nr", "lr"),
        ("a\u00a0b", "a b"),  # no-break space
        ("\uff4c\uff52\uff11", "lr1"),  # full width
        ("\U0001d425r", "lr"),  # bold
        ("\u201clr\u201d", '"lr"'),
        ("\u0441\u043b\u043ey", "\u0441\u043b\u043e\u0443"),  # a Latin letter in a Cyrillic word
        ("a\u200cb", "ab"),
    ],
)
def test_strangers_are_found_and_replaced(word, right):
    assert strangers(word)
    assert repaired(word) == right
    assert not strangers(right) or " " in right or '"' in right


@pytest.mark.parametrize(
    "word",
    [
        "layers",
        "a b-c.d_1",
        "gr\u00f6\u00dfe",
        "\u0441\u043b\u043e\u0439",  # all Cyrillic
        "\u0435\u0440\u043e\u0441\u04bb\u0455",  # all Cyrillic, though it looks like `epochs`
        "fc_\u0441\u043b\u043e\u0439",  # a word of each
        "\u540d\u524d1",
        "x\u540d",
        "\u03b2_1",
        "\u0394x",
        "\u03b1x",  # two letters: a formula
        "\u03c3max",  # nothing looks like sigma
        "\u0938\u094d\u200d\u0930",  # a joiner that the script needs
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "s\u0131n\u0131f",
        "\U0001f600",
        "\u00b2",
    ],
)
def test_words_of_one_script_have_none(word):
    assert strangers(word) == []
    assert repaired(word) == word


def test_words_that_look_the_same_have_one_skeleton():
    assert skeleton("\u0435\u0440\u043e\u0441\u04bb\u0455") == skeleton("epochs") == "epochs"
    assert skeleton("e\u0301") == skeleton("\u00e9")
    assert skeleton("\u540d") != skeleton("\u524d")


def test_letters_look_like_single_ascii_letters_of_their_case():
    for char, plain in lookalikes().items():
        assert plain.isascii()
        assert plain.isalpha()
        assert len(plain) == 1
        assert char.isupper() == plain.isupper() or char == "\u04c0"
