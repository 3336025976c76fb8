import numpy as np
import pytest

from specdl.data.ahead import ahead
from specdl.data.base import Ahead, DataSpec
from specdl.data.load import load
from specdl.data.sources.csv import Csv
from specdl.data.sources.disc import Disc
from specdl.data.sources.npy import ArrayFiles, Npy
from specdl.data.sources.npz import Npz
from tests.data.helpers import classes, f32, f64, reading


def told(folder, source, need):
    return ahead(DataSpec(source=source, batch_size=1), reading(need, folder))


def test_arrays_by_their_headers(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1000, 3), np.float64))
    np.save(tmp_path / "y.npy", np.zeros(1000, np.int64))
    source = Npy(train=ArrayFiles(x="x.npy", y="y.npy"))
    assert told(tmp_path, source, classes(2, f32(3))) == Ahead(1000 * (3 * 4 + 8))
    assert told(tmp_path, source, classes(2, f64(3))) == Ahead(1000 * (3 * 8 + 8))


def test_nothing_but_the_header_is_read(tmp_path):
    file = tmp_path / "x.npy"
    head = {"descr": "<f4", "fortran_order": False, "shape": (10**11,)}
    with file.open("wb") as handle:
        np.lib.format.write_array_header_1_0(handle, head)
        handle.truncate(handle.tell() + 4 * 10**11)  # a file of holes
    source = Npy(train=ArrayFiles(x="x.npy"))
    assert told(tmp_path, source, classes(2, f32(3))) == Ahead(3 * 4 * 10**11)


def test_an_array_that_is_cut_short_counts_nothing(tmp_path):
    file = tmp_path / "x.npy"
    with file.open("wb") as handle:
        np.lib.format.write_array_header_1_0(
            handle, {"descr": "<f4", "fortran_order": False, "shape": (10**18,)}
        )
    assert told(tmp_path, Npy(train=ArrayFiles(x="x.npy")), classes(2, f32(3))) == Ahead(0)


def test_archives_count_what_they_hold_and_what_is_made_of_it(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((1000, 3)), y=np.zeros(1000, np.int64))
    assert told(tmp_path, Npz(path="a.npz"), classes(2, f32(3))) == Ahead(1000 * 4 * (8 + 4), exact=False)


@pytest.mark.parametrize("rows", [10, 3000])
def test_tables_are_estimated_by_their_first_rows(tmp_path, rows):
    lines = [f"{n % 7}.25,{n % 5}.5,{n % 2}\n" for n in range(rows)]
    (tmp_path / "a.csv").write_text("a,b,y\n" + "".join(lines))
    need = classes(2, f32(2))
    found = told(tmp_path, Csv(path="a.csv", target="y"), need)
    assert not found.exact
    exact = rows * (8 * 4 + 4 * 3)
    assert abs(found.nbytes - exact) <= exact // 5 + 60
    data = load(DataSpec(source=Csv(path="a.csv", target="y"), batch_size=1), reading(need, tmp_path))
    assert data.parts["train"].rows == rows


def test_several_files(tmp_path):
    for name in ("a.csv", "t.csv"):
        (tmp_path / name).write_text("a,b,y\n" + "1,2,0\n" * 1000)
    one = told(tmp_path, Csv(path="a.csv", target="y"), classes(2))
    two = told(tmp_path, Csv(path="a.csv", test="t.csv", target="y"), classes(2))
    assert two.nbytes == 2 * one.nbytes


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04", b"\x80\x04nonsense"])
def test_damaged_files_count_nothing(tmp_path, content):
    for name in ("a.npz", "a.npy"):
        (tmp_path / name).write_bytes(content)
    assert told(tmp_path, Npz(path="a.npz"), classes(2)) == Ahead(0, exact=False)
    assert told(tmp_path, Npy(train=ArrayFiles(x="a.npy")), classes(2)) == Ahead(0)


def test_no_files(tmp_path):
    assert told(tmp_path, Disc(train=5), classes(2)) is None
    assert told(tmp_path, Csv(path="none.csv", target="y"), classes(2)) is None
    assert ahead(DataSpec(batch_size=1), reading(classes(2))) is None
