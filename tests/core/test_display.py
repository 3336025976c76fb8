import pytest

from specdl.core.display import WIDTH, columns, show, width

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("\t|", 5),
        ("名前", 4),
        ("ﾊﾝ", 2),  # half-width katakana
        ("\uff01", 2),  # a full-width mark
        ("e\u0301", 1),  # an accent of its own
        ("o\u0302\u0323", 1),
        ("\u1112\u1161\u11ab", 2),  # a Korean syllable in parts
        ("\u0e01\u0e33", 2),
        ("🚀", 2),
        ("\u2764", 1),  # a heart as text
        ("\u2764\ufe0f", 2),  # and as a picture
        ("1\ufe0f\u20e3", 2),  # a keycap
        ("a\ufe0f", 1),
        ("👍🏽", 2),  # with a skin tone
        ("🏽", 2),  # which alone is a picture too
        ("🇪🇺", 2),  # a flag of two letters
        (ENGLAND, 2),
        (FAMILY, 2),
        ("👩🏽\u200d🔬", 2),
        ("👁\ufe0f\u200d🗨\ufe0f", 2),
        ("\U0001f3f3\ufe0f\u200d\U0001f308x", 3),
    ],
)
def test_columns_of_a_terminal(text, size):
    assert width(text) == size


@pytest.mark.parametrize("char", ["\u200b", "\u200d", "\ufeff", "\u202e", "\x1b", "\x85", "\u2028", "\xad"])
def test_what_cannot_be_seen_is_shown(char):
    assert "".join(shown for shown, _ in columns(f"a{char}b")) == "a\ufffdb"
    assert width(f"a{char}b") == 3


def test_emoji_of_several_parts_stay_whole():
    for emoji in (FAMILY, ENGLAND, "🇪🇺", "👍🏽", "\u2764\ufe0f"):
        assert "".join(shown for shown, _ in columns(emoji)) == emoji
    assert show(f"x{FAMILY}y", 0).text == f"x{FAMILY}y"


def test_tags_without_a_flag_are_not_kept():
    assert "".join(shown for shown, _ in columns("a\U000e0067")) == "a\ufffd"


def test_a_short_line_is_whole():
    shown = show("\tab名c", 3)
    assert (shown.text, shown.columns(3, 4), shown.columns(1, 3)) == ("    ab名c", (6, 2), (4, 2))
    assert shown.columns(5, 5) == (9, 1)


@pytest.mark.parametrize("piece", ["abcdefghij", "名前がある", "e\u0301o\u0302", f"{FAMILY}x", "\tab"])
@pytest.mark.parametrize("start", [0, 1, 40, 333, 500, 9998])
def test_a_long_line_is_cut_around_its_mark(piece, start):
    line = (piece * 10000)[:10000]
    shown = show(line, start)
    assert width(shown.text) <= WIDTH
    begin, size = shown.columns(start, start + 1)
    assert begin >= 0
    assert begin + size <= WIDTH
    assert shown.text.startswith("…") == (shown.first > 0)
    assert shown.text.endswith("…") == (shown.first + len(shown.edges) - 1 < len(line))


def test_the_columns_are_those_of_what_is_shown():
    line = "".join(chr(ord("a") + i % 26) for i in range(1000))
    shown = show(line, 500)
    begin, size = shown.columns(500, 507)
    assert shown.text[begin : begin + size] == line[500:507]
    assert shown.columns(2, 5) is None
    assert shown.columns(990, 995) is None


def test_a_mark_is_cut_where_the_line_is():
    shown = show("x" * 1000, 10)
    begin, size = shown.columns(10, 900)
    assert begin + size <= WIDTH
