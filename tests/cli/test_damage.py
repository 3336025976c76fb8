"""Run folders that were damaged in many ways: each command says what is wrong, or goes on."""

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from specdl.cli.main import main
from specdl.runner.files import sealed, unsealed
from specdl.runner.state import described
from tests.cli.conftest import spec

FILES = [
    "spec.json",
    "resolved.json",
    "environment.json",
    "data.json",
    "metrics.jsonl",
    "timing.jsonl",
    "result.json",
    "checkpoints/latest",
    "checkpoints/best",
    "checkpoints/step-00000010/state.json",
    "checkpoints/step-00000010/weights.safetensors",
    "checkpoints/step-00000010/optimizer.safetensors",
]
CONTENTS = {
    "empty": b"",
    "bytes": bytes(range(256)),
    "list": b"[]\n",
    "object": b"{}\n",
    "null": b"null\n",
    "text": b'"x"\n',
    "deep": b"[" * 100_000,
    "digits": b"1" * 6000 + b"\n",
}
EDITS = [None, "x", -1, [], {}, True, 10**30]
ENDED = {0, 1, 2}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The folder of a spec, its data, and a finished run of two epochs."""
    folder = tmp_path_factory.mktemp("damage")
    value = spec()
    value["data"]["transforms"] = ["normalize"]
    value["train"] = {"epochs": 2, "checkpoint_every": 1}
    (folder / "spec.json").write_text(json.dumps(value), encoding="utf-8")
    np.save(folder / "x.npy", np.zeros((3, 6)))
    words = ["train", folder / "spec.json", "--out", folder / "good", "--quiet", "--backend", "torch"]
    assert main([str(word) for word in words]) == 0
    return folder


@pytest.fixture
def tell(good, specdl, tmp_path):
    """What every command says of a run that was changed by a function of its folder."""

    def run(damage):
        said = []
        for words in (
            ("eval", "RUN"),
            ("predict", "RUN", good / "x.npy"),
            ("export", "RUN", "--to", "c", "--out", tmp_path / "c", "--force"),
            ("report", "RUN", "--out", tmp_path / "page.html"),
            ("train", good / "spec.json", "--out", "RUN", "--resume", "--quiet", "--backend", "torch"),
        ):
            folder = tmp_path / "run"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(good / "good", folder)
            damage(folder)
            done = specdl(*(folder if word == "RUN" else word for word in words))
            assert done.code in ENDED, (words[0], done.err)
            assert "fault of specdl" not in done.err, (words[0], done.err)
            assert "Traceback" not in done.err
            said.append(done)
        return said

    return run


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_holds_something_else(tell, name, content):
    tell(lambda run: (run / name).write_bytes(CONTENTS[content]))


@pytest.mark.parametrize("how", ["gone", "folder", "half", "itself"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_there_or_not_whole(tell, name, how):
    def damage(run):
        path = run / name
        content = path.read_bytes()
        path.unlink()
        if how == "folder":
            path.mkdir()
        elif how == "half":
            path.write_bytes(content[: len(content) // 2])
        elif how == "itself":
            path.symlink_to(path.name)

    tell(damage)


def places(value, path=()):
    """The paths of all values of some JSON."""
    yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*path, key))


def edited(value, path, new):
    """JSON with another value at a path."""
    if not path:
        return new
    return {**value, path[0]: edited(value[path[0]], path[1:], new)}


@pytest.mark.parametrize("new", EDITS, ids=repr)
@pytest.mark.parametrize("name", ["data.json", "environment.json", "result.json", FILES[9]])
def test_a_file_that_was_edited_by_hand(good, specdl, tmp_path, name, new):
    """The checksum of a checkpoint's state made right again, too."""
    written = json.loads((good / "good" / name).read_bytes())
    state = name.endswith("state.json")
    content = unsealed(written) if state else written
    shutil.copytree(good / "good", tmp_path / "run")
    for path in list(places(content)):
        changed = edited(content, path, new)
        changed = sealed(changed) if state and isinstance(changed, dict) else changed
        (tmp_path / "run" / name).write_text(json.dumps(changed), encoding="utf-8")
        done = specdl("predict", tmp_path / "run", good / "x.npy", "--backend", "torch")
        assert done.code in ENDED, (path, done.err)
        assert "fault of specdl" not in done.err, (path, done.err)


@pytest.mark.parametrize("kind", ["weights", "optimizer"])
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64, torch.float16])
def test_tensors_of_another_type_with_the_right_checksums(tell, kind, dtype):
    def damage(run):
        for folder in (run / "checkpoints").glob("step-*"):
            path = folder / f"{kind}.safetensors"
            loaded = safetensors.torch.load(path.read_bytes())
            tensors = {name: tensor.to(dtype) for name, tensor in loaded.items()}
            path.write_bytes(safetensors.torch.save(tensors))
            state = unsealed(json.loads((folder / "state.json").read_bytes()))
            (folder / "state.json").write_text(json.dumps(sealed(state | {kind: described(tensors)})))

    evaluated, *_, resumed = tell(damage)
    fits = dtype.is_floating_point
    assert (resumed.code == 0) is fits
    assert (evaluated.code == 0) is (fits or kind == "optimizer")
    if not fits:
        assert "error[E706]" in resumed.err


def test_transforms_that_the_run_was_not_trained_with(good, specdl):
    done = specdl(
        "predict", good / "good", good / "x.npy", "--backend", "torch", "--set", "data.transforms=[]"
    )
    assert done.code == 2
    assert "error: the run was trained with 1 transforms, and the spec has 0" in done.err
