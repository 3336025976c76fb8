import pytest

from specdl.core.diagnostics import Position
from specdl.editor.positions import Positions, Region, Spot

TEXT = "a: 1\r\nñ: 😀x\n\nlast"


@pytest.mark.parametrize(
    ("encoding", "column"), [("utf-32", 4), ("utf-16", 5), ("utf-8", len("ñ: 😀".encode()))]
)
def test_columns_count_what_the_editor_counts(encoding, column):
    positions = Positions(TEXT, encoding)
    offset = TEXT.index("x")
    assert positions.spot(offset) == Spot(1, column)
    assert positions.offset(Spot(1, column)) == offset


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_every_offset_goes_there_and_back(encoding):
    positions = Positions(TEXT, encoding)
    inside = [offset for offset in range(len(TEXT) + 1) if TEXT[:offset][-1:] != "\r"]
    assert [positions.offset(positions.spot(offset)) for offset in inside] == inside


def test_half_of_a_character_is_before_it():
    positions = Positions("😀", "utf-16")
    assert (positions.offset(Spot(0, 1)), positions.offset(Spot(0, 2))) == (0, 1)


def test_places_past_a_line_or_the_text_are_their_ends():
    positions = Positions("ab\ncd")
    assert (positions.offset(Spot(0, 99)), positions.offset(Spot(9, 0))) == (2, 5)
    assert positions.spot(99) == Spot(1, 2)


@pytest.mark.parametrize(("encoding", "width"), [("utf-8", 3), ("utf-16", 1), ("utf-32", 1)])
def test_a_byte_order_mark_counts_for_the_editor_only(encoding, width):
    positions = Positions("\ufeffab\ncd", encoding)
    assert positions.text == "ab\ncd"
    assert (positions.spot(1), positions.spot(4)) == (Spot(0, width + 1), Spot(1, 1))
    assert positions.offset(Spot(0, width + 1)) == 1


def test_positions_of_findings():
    positions = Positions("ab\n😀cd")
    assert positions.of(Position(2, 2, 2, 4)) == (4, 6)
    assert positions.region((4, 6)) == Region(Spot(1, 2), Spot(1, 4))


def test_only_line_ends_end_lines():
    assert Positions("a\u2028b\x0cc\rd").spot(6) == Spot(1, 0)
