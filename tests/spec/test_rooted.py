import json
from pathlib import Path

import pytest

from specdl.spec.document import read
from specdl.spec.rooted import rooted
from specdl.spec.validate import validate
from tests.spec.specs import disc


def source(tmp_path, monkeypatch, base, source, child="spec.json"):
    """The source of a spec that extends one whose data it is."""
    monkeypatch.chdir(tmp_path)
    for name, value in ((base, disc() | {"data": {"source": source, "batch_size": 4}}), (child, None)):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(json.dumps(value), "utf-8")
    Path(child).write_text(json.dumps({"extends": base}), "utf-8")
    document = read(child)
    spec, findings = validate(document)
    assert spec is not None, findings
    return rooted(document, spec).data.source


def test_files_are_named_from_the_spec(tmp_path, monkeypatch):
    made = source(tmp_path, monkeypatch, "one/base.json", {"type": "csv", "path": "x.csv", "test": "/t.csv"})
    assert (made.path, made.test, made.validation) == ("one/x.csv", "/t.csv", None)


@pytest.mark.parametrize(
    ("given", "files"),
    [
        (
            {"type": "npz", "path": "a.npz", "train": {"x": "x"}, "test": {"path": "../b.npz"}},
            {("path",): "one/a.npz", ("test", "path"): "one/../b.npz"},
        ),
        (
            {"type": "npy", "train": {"x": {"input": "x.npy"}, "y": "y.npy"}},
            {("train", "x", "input"): "one/x.npy", ("train", "y"): "one/y.npy"},
        ),
        ({"type": "disc", "train": 10}, {}),
    ],
)
def test_every_file_is(tmp_path, monkeypatch, given, files):
    assert source(tmp_path, monkeypatch, "one/base.json", given).files() == files


def test_a_file_beside_the_spec_keeps_its_name():
    value = disc()
    value["data"]["source"] = {"type": "csv", "path": "./x.csv"}
    document = read(value)
    spec, _ = validate(document)
    assert rooted(document, spec).data.source.path == "x.csv"
    assert rooted(read(disc()), validate(read(disc()))[0]).data.source is None
