import os
from pathlib import Path

import pytest

from specdl.data import paths
from specdl.data.paths import NotAFileError, open_file, resolve
from tests.data.helpers import complaints

AT = ("data", "source", "path")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A spec's folder, beside a working folder and one that is neither."""
    for name in ("spec", "work", "else"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.csv").write_text("x\n")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "spec"


def test_a_file_of_the_specs_folder(folder):
    assert resolve("a.csv", folder, (), AT) == folder / "a.csv"
    (folder / "sub").mkdir()
    (folder / "sub" / "b.csv").write_text("")
    assert resolve("sub/../sub/b.csv", folder, (), AT) == folder / "sub" / "b.csv"


def test_a_file_of_the_working_folder_or_an_allowed_one(folder):
    work, other = folder.parent / "work", folder.parent / "else"
    assert resolve("../work/a.csv", folder, (), AT) == work / "a.csv"
    assert resolve(str(work / "a.csv"), folder, (), AT) == work / "a.csv"
    assert resolve("../else/a.csv", folder, (other,), AT) == other / "a.csv"


def test_a_file_outside(folder):
    other = folder.parent / "else"
    told = [
        "E610 $.data.source.path: `../else/a.csv` lies outside the folder of the spec and the working folder",
        f"  note: it is `{other / 'a.csv'}`",
        f"  help: --allow-path {other}",
    ]
    assert complaints(resolve, "../else/a.csv", folder, (), AT) == told
    assert complaints(resolve, "/etc/passwd", folder, (), AT)[0].startswith("E610")
    # whether a file is there is nothing that a spec may find out
    assert complaints(resolve, "../else/none.csv", folder, (), AT)[0].startswith("E610")


def test_links_are_followed_first(folder):
    (folder / "link.csv").symlink_to(folder.parent / "else" / "a.csv")
    (folder / "inner.csv").symlink_to(folder / "a.csv")
    assert complaints(resolve, "link.csv", folder, (), AT)[0].startswith("E610")
    assert resolve("inner.csv", folder, (), AT) == folder / "a.csv"


def test_folders_whose_names_begin_alike_are_apart(folder):
    (folder.parent / "spec2").mkdir()
    (folder.parent / "spec2" / "a.csv").write_text("")
    assert complaints(resolve, "../spec2/a.csv", folder, (), AT)[0].startswith("E610")


def test_a_missing_file(folder):
    assert complaints(resolve, "b.csv", folder, (), AT) == [
        "E410 $.data.source.path: there is no file `b.csv`",
        f"  note: looked for in `{folder}`",
        "  help: did you mean `a.csv`?",
    ]
    assert complaints(resolve, "none/far-away.npy", folder, (), AT) == [
        "E410 $.data.source.path: there is no file `none/far-away.npy`",
        f"  note: looked for in `{folder / 'none'}`",
    ]
    assert complaints(resolve, "a.csv/b", folder, (), AT)[0].startswith("E410")


def test_what_is_no_regular_file(folder):
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe")
    assert complaints(resolve, "sub", folder, (), AT) == [
        "E415 $.data.source.path: `sub` is a folder, and a file was expected"
    ]
    assert complaints(resolve, "pipe", folder, (), AT) == [
        "E415 $.data.source.path: `pipe` is a pipe, and a file was expected"
    ]
    assert complaints(resolve, "/dev/zero", folder, (Path("/dev"),), AT) == [
        "E415 $.data.source.path: `/dev/zero` is a device, and a file was expected"
    ]


def test_names_that_no_file_can_have(folder):
    assert complaints(resolve, "a\0b", folder, (), AT)[0].startswith("E415")
    assert complaints(resolve, "x" * 5000, folder, (), AT)[0].startswith("E415")
    (folder / "loop").symlink_to(folder / "loop")
    assert complaints(resolve, "loop", folder, (), AT)[0].startswith("E4")


def test_a_file_is_opened_for_its_bytes(folder):
    with open_file(folder / "a.csv") as opened:
        assert opened.read() == b"x\n"
    with pytest.raises(FileNotFoundError):
        open_file(folder / "none")


def test_nothing_but_a_file_is_opened(folder, monkeypatch):
    os.mkfifo(folder / "pipe")
    for path, kind in ((folder / "pipe", "a pipe"), (folder, "a folder"), (Path("/dev/zero"), "a device")):
        with monkeypatch.context() as patched:
            patched.setattr(paths.os, "open", None)
            with pytest.raises(NotAFileError) as caught:
                open_file(path)
        assert caught.value.kind == kind


def test_a_pipe_that_takes_a_file_s_place_is_not_waited_for(folder, monkeypatch):
    os.mkfifo(folder / "pipe")
    regular = (folder / "a.csv").stat()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", lambda self: regular)  # as if it had been one a moment ago
        with pytest.raises(NotAFileError):
            open_file(folder / "pipe")
