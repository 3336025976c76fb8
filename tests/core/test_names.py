import pytest

from specdl.core.names import LONGEST, composed, is_word, repaired

SPELLED = [
    "हिन्दी",
    "தமிழ்",
    "ไทย",
    "עִבְרִית",
    "e\u0301tage",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "क्\u200dष",
]


@pytest.mark.parametrize("name", ["a", "fc1", "größe", "名前", "a-b_c", "7", "_", "n" * LONGEST, *SPELLED])
def test_words_of_any_script_are_names(name):
    assert is_word(name)
    assert is_word(name, dots=True)
    assert is_word(f"{name[:60]}.{name[:60]}", dots=True)
    assert not is_word(f"{name[:60]}.{name[:60]}")
    assert repaired(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "n" * (LONGEST + 1),
        "a b",
        ".",
        "..",
        "a\n",
        "a/b",
        "\N{SNOWMAN}",
        "é!",
        "\u0301",
        "\u0301e",
        "_\u0301",
        "a \u0301",
        "a\u200db",
        "\u200da",
        "क\u200d",
        "a\u034fb",
        "a\u200bb",
        "a\0",
    ],
)
def test_all_else_is_no_name(text):
    assert not is_word(text)
    assert not is_word(text, dots=True)


@pytest.mark.parametrize(
    ("text", "name"), [("a b", "a_b"), ("हिन्दी भाषा", "हिन्दी_भाषा"), ("\u0301e", "_e"), ("a\u200db", "a_b")]
)
def test_what_no_name_has_is_replaced(text, name):
    assert repaired(text) == name
    assert is_word(name)


def test_accents_are_written_in_one_way():
    assert composed("e\u0301") == composed("\xe9") == "\xe9"
    assert composed("fc1") == "fc1"
