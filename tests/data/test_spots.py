import pytest

from specdl.core.diagnostics import Position
from specdl.data.spots import cell_at, spots, texts


def found(folder, text, delimiter=",", **cells):
    file = folder / "a.csv"
    file.write_bytes(text.encode("utf-8"))
    return spots(file, delimiter, {int(line[1:]): set(numbers) for line, numbers in cells.items()})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cells_of_lines(tmp_path, end):
    text = end.join(["x,y,z", "1,22,333", "", "é,  b,c"])
    assert found(tmp_path, text, l2=[0, 1, 2], l4=[1, 2]) == {
        (2, 0): (2, 1),
        (2, 1): (2, 3),
        (2, 2): (2, 6),
        (4, 1): (4, 5),
        (4, 2): (4, 7),
    }


def test_a_byte_order_mark_is_no_column(tmp_path):
    assert found(tmp_path, "\ufeffx,y\n1,2\n", l1=[0, 1]) == {(1, 0): (1, 1), (1, 1): (1, 3)}


def test_delimiters_in_quotes_and_lines_in_cells(tmp_path):
    assert found(tmp_path, 'x;y\n"a;b";"c\nd;";e\n5;6\n', ";", l2=[1, 2], l4=[1]) == {
        (2, 1): (2, 7),
        (2, 2): (3, 5),
        (4, 1): (4, 3),
    }


def test_what_is_not_there_has_no_place(tmp_path):
    assert (
        found(tmp_path, "x,y\n", l1=[5], l9=[0]) == {(9, 0): (9, 1)} or found(tmp_path, "x\n", l1=[5]) == {}
    )
    assert spots(tmp_path / "none.csv", ",", {1: {0}}) == {}


def test_quotes_inside_of_cells(tmp_path):
    text = 'x,y\na"b,2\n"c""d,e",f\n"",g\n'
    assert found(tmp_path, text, l2=[1], l3=[1], l4=[1]) == {(2, 1): (2, 5), (3, 1): (3, 10), (4, 1): (4, 4)}


def test_a_line_within_a_row_has_no_place(tmp_path):
    assert found(tmp_path, 'x\n"a\nb",c\nd,e\n', l2=[1], l3=[0], l4=[1]) == {(2, 1): (3, 4), (4, 1): (4, 3)}


def test_lines_by_their_numbers(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\n5,6")
    assert texts(file, [3, 1, 4, 9, 3]) == {1: "a,b", 3: "3,4", 4: "5,6"}
    assert texts(tmp_path / "none.csv", [1]) == {}


@pytest.mark.parametrize(
    ("text", "column", "end"),
    [("1,four,3", 3, 7), ("1,,3", 3, 3), ("1,2", 3, 4), ('1,"a,b",3', 3, 8), ('1,"open', 3, 8), ("", 1, 1)],
)
def test_a_cell_goes_to_the_next_delimiter(text, column, end):
    assert cell_at(text, 7, column, ",") == Position(7, column, 7, end)
