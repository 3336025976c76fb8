import warnings

import numpy as np
import pytest

from specdl.data.base import Need
from specdl.data.sources.npy import ArrayFiles, Npy
from tests.data.helpers import classes, complaints, f32, i64, loaded, reading, values

XY = ArrayFiles(x="x.npy", y="y.npy")


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(8, dtype=np.int16).reshape(4, 2))
    np.save(tmp_path / "y.npy", np.array([0, 1, 1, 0]))
    return tmp_path


def test_arrays_become_the_models_types(folder):
    part = loaded(Npy(train=XY), classes(2), folder).parts["train"]
    x, y = part.inputs["input"], part.targets["target"]
    assert (x.dtype, x.flags.c_contiguous, x.flags.writeable) == (np.float32, True, True)
    assert x.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert (y.dtype, y.tolist()) == (np.int64, [0, 1, 1, 0])
    assert not isinstance(x, np.memmap)


def test_parts_and_names(folder):
    np.save(folder / "a.npy", np.ones((3, 5)))
    np.save(folder / "n.npy", np.array([[1], [0], [2]]))
    np.save(folder / "t.npy", np.zeros(3))
    files = ArrayFiles(x={"a": "a.npy", "n": "n.npy"}, y={"t": "t.npy"})
    need = Need({"a": f32(5), "n": i64()}, {"t": f32(1)}, {"t": "value"}, {}, {"n": 3})
    source = Npy(train=files, test=files)
    assert source.files() == {
        ("train", "x", "a"): "a.npy",
        ("train", "x", "n"): "n.npy",
        ("train", "y", "t"): "t.npy",
        ("test", "x", "a"): "a.npy",
        ("test", "x", "n"): "n.npy",
        ("test", "y", "t"): "t.npy",
    }
    data = loaded(source, need, folder)
    assert list(data.parts) == ["train", "test"]
    assert data.parts["test"].inputs["n"].tolist() == [1, 0, 2]
    assert data.parts["test"].targets["t"].shape == (3, 1)


def test_one_file_is_not_dealt_to_several_inputs(folder):
    need = Need({"a": f32(2), "b": f32(2)}, {"target": i64()}, {"target": "index"}, {"target": 2})
    assert complaints(loaded, Npy(train=XY), need, folder) == [
        "E414 $.data.source.train.x: the training part has `x`, and the inputs `a` and `b` are needed"
    ]


def test_a_fortran_array_and_byte_orders(folder):
    x = np.asfortranarray(np.arange(8.0).reshape(4, 2)).astype(">f8")
    np.save(folder / "x.npy", x)
    found = loaded(Npy(train=XY), classes(2), folder).parts["train"].inputs["input"]
    assert found.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert found.flags.c_contiguous


def test_pickled_objects_are_refused_unread(folder, monkeypatch):
    touched = []

    class Trap:
        def __reduce__(self):
            return (touched.append, ("run",))

    np.save(folder / "x.npy", np.array([Trap(), Trap()], dtype=object), allow_pickle=True)
    told = [
        "E611 $.data.source.train.x: `x.npy` holds pickled objects, which can run code when they are read",
        "  help: save the array with a dtype of numbers or text: `np.save(file, x.astype('float32'))`",
    ]
    assert complaints(loaded, Npy(train=XY), classes(2), folder) == told
    (folder / "x.npy").write_bytes(b"\x80\x04K\x01.")
    assert complaints(loaded, Npy(train=XY), classes(2), folder) == told
    assert touched == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "`x.npy` is empty"),
        (b"x1,x2\n1,2\n", "`x.npy` is no npy file"),
        (b"\x93NUMPY\x01", "`x.npy` cannot be read: "),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': junk  }", "`x.npy` cannot be read: "),
    ],
)
def test_files_of_another_kind(folder, content, why):
    (folder / "x.npy").write_bytes(content)
    (first,) = complaints(loaded, Npy(train=XY), classes(2), folder)
    assert first.startswith(f"E415 $.data.source.train.x: {why}")


def test_a_file_cut_short(folder):
    whole = (folder / "x.npy").read_bytes()
    (folder / "x.npy").write_bytes(whole[:-4])
    (first,) = complaints(loaded, Npy(train=XY), classes(2), folder)
    assert first.startswith("E415 $.data.source.train.x: `x.npy` is cut short: an array of [")
    assert complaints(loaded, Npy(train=XY), classes(2), folder) == [first]


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("(0, 999999999999999999999)", "cannot be read: its header is damaged"),
        ("(10**9, 2)", "cannot be read: its header is damaged"),
        ("(-1, 2)", "cannot be read: its header is damaged"),
        (
            "(10000000000, 2)",
            "is cut short: an array of [10000000000, 2] takes 80,000,000,000 bytes, and it has 0",
        ),
    ],
)
def test_headers_that_lie(folder, shape, told):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    (folder / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert complaints(loaded, Npy(train=XY), classes(2), folder) == [
        f"E415 $.data.source.train.x: `x.npy` {told}"
    ]


def test_a_file_of_python_2_brings_no_warning(folder):
    array = np.load(folder / "x.npy")
    shape = ", ".join(f"{size}L" for size in array.shape)
    header = f"{{'descr': '{array.dtype.str}', 'fortran_order': False, 'shape': ({shape}), }}\n".encode()
    size = len(header).to_bytes(2, "little")
    (folder / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + size + header + array.tobytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loaded(Npy(train=XY), classes(2), folder).parts["train"].rows == len(array)


def test_every_faulty_file_is_told(folder):
    (folder / "x.npy").write_bytes(b"x")
    (folder / "y.npy").write_bytes(b"y")
    assert complaints(Npy(train=XY).read, reading(classes(2), folder)) == [
        "E415 $.data.source.train.x: `x.npy` is no npy file",
        "E415 $.data.source.train.y: `y.npy` is no npy file",
    ]


def test_without_a_target(folder):
    source = Npy(train=ArrayFiles(x="x.npy"))
    assert complaints(loaded, source, values(2), folder) == [
        "E414 $.data.source.train: the training part has no target, and the target `target` is needed"
    ]
