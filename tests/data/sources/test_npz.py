import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from specdl.data.base import Need, TargetSpec
from specdl.data.sources.npz import ArrayNames, Npz
from tests.data.helpers import classes, complaints, f32, i64, loaded, values


@pytest.fixture
def folder(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.eye(3, 2), y=[0, 1, 0])
    np.savez_compressed(
        tmp_path / "m.npz",
        x_train=np.ones((4, 2)),
        y_train=[0, 1, 0, 1],
        x_test=np.zeros((2, 2)),
        y_test=[1, 0],
    )
    return tmp_path


def test_one_file_with_every_part(folder):
    source = Npz(
        path="m.npz", train=ArrayNames(x="x_train", y="y_train"), test=ArrayNames(x="x_test", y="y_test")
    )
    parts = loaded(source, classes(2), folder).parts
    assert parts["train"].inputs["input"].tolist() == [[1, 1]] * 4
    assert parts["test"].targets["target"].tolist() == [1, 0]


def test_a_file_for_each_part_with_the_usual_names(folder):
    source = Npz(path="a.npz", test=ArrayNames(path="a.npz"))
    assert source.files() == {("path",): "a.npz", ("test", "path"): "a.npz"}
    parts = loaded(source, classes(2), folder).parts
    assert parts["train"].targets["target"].tolist() == parts["test"].targets["target"].tolist() == [0, 1, 0]


def test_several_inputs_go_by_their_own_names(folder):
    np.savez(folder / "two.npz", a=np.ones((2, 2)), b=[[3], [4]], y=[0, 1])
    need = Need({"a": f32(2), "b": i64(1)}, {"target": i64()}, {"target": "index"}, {"target": 2})
    part = loaded(Npz(path="two.npz"), need, folder).parts["train"]
    assert part.inputs["b"].tolist() == [[3], [4]]
    assert part.targets["target"].tolist() == [0, 1]


def test_the_input_as_target_needs_no_second_array(folder):
    np.savez(folder / "x.npz", x=np.eye(3, 2))
    data = loaded(Npz(path="x.npz"), values(2), folder, target=TargetSpec.model_validate({"from": "input"}))
    assert data.parts["train"].targets["target"] is data.parts["train"].inputs["input"]


def test_missing_arrays(folder):
    source = Npz(path="a.npz", train=ArrayNames(x="xx", y="labels"))
    assert complaints(loaded, source, classes(2), folder) == [
        "E411 $.data.source.train.x: `a.npz` has no array `xx`",
        "  note: it has `x` and `y`",
        "E411 $.data.source.train.y: `a.npz` has no array `labels`",
        "  note: it has `x` and `y`",
    ]


def test_pickled_objects_are_refused(folder):
    np.savez(folder / "a.npz", x=np.array([{}, {}], dtype=object), y=[0, 1])
    assert complaints(loaded, Npz(path="a.npz"), classes(2), folder) == [
        (
            "E611 $.data.source.path: `x` of `a.npz` holds pickled objects, "
            "which can run code when they are read"
        ),
        "  help: save the array with a dtype of numbers or text: `np.save(file, x.astype('float32'))`",
    ]


def test_files_of_another_kind(folder):
    def tell() -> str:
        (first,) = complaints(loaded, Npz(path="a.npz"), classes(2), folder)
        return first

    (folder / "a.npz").write_bytes(b"nothing")
    assert tell() == "E415 $.data.source.path: `a.npz` is no npz file"
    (folder / "a.npz").write_bytes(b"PK\x03\x04 and then nothing")
    assert tell().startswith("E415 $.data.source.path: `a.npz` cannot be read: ")
    whole = (folder / "m.npz").read_bytes()
    (folder / "a.npz").write_bytes(whole[: len(whole) // 2])
    assert tell().startswith("E415 $.data.source.path: `a.npz` cannot be read: ")
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        archive.writestr("x", "text")
        archive.writestr("y", "text")
    first, second = complaints(loaded, Npz(path="a.npz"), classes(2), folder)
    assert first == "E415 $.data.source.path: `x` of `a.npz` is no array of numpy"
    assert second == "E415 $.data.source.path: `y` of `a.npz` is no array of numpy"


def test_an_array_that_claims_more_than_it_has(folder):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 2)}
    )
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        archive.writestr("x.npy", buffer.getvalue())
        archive.writestr("y.npy", buffer.getvalue())
    first, second = complaints(loaded, Npz(path="a.npz"), classes(2), folder)
    assert first.startswith("E415 $.data.source.path: `x` of `a.npz` is cut short: ")
    assert second.startswith("E415 $.data.source.path: `y` of `a.npz` is cut short: ")


def test_what_is_no_array_is_not_unpacked(folder):
    with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x.npy", "y"):
            archive.writestr(name, bytes(64 << 20))
    tracemalloc.start()
    found = complaints(loaded, Npz(path="a.npz"), classes(2), folder)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.rpartition(": ")[2] for each in found] == [
        "`x` of `a.npz` is no array of numpy",
        "`y` of `a.npz` is no array of numpy",
    ]
    assert most < 16 << 20


def test_few_of_many_names_are_told(folder):
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        for number in range(500):
            archive.writestr(f"a{number}.npy", b"")
    assert all(len(each) < 200 for each in complaints(loaded, Npz(path="a.npz"), classes(2), folder))
