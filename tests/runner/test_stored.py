import json

import pytest

from specdl.runner.errors import RunError
from specdl.runner.files import sealed, unsealed
from specdl.runner.folder import DATA, RunFolder
from specdl.runner.records import read_lines
from specdl.runner.stored import EvaluationLine

PART = {"rows": 3, "sha256": "ab"}


def fault(folder, name, content):
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunError, match=name) as caught:
        RunFolder(folder).read(name)
    assert caught.value.code == "E705"
    return caught.value.message.partition("is damaged: it ")[2]


@pytest.mark.parametrize("content", [[], 1, "x", None])
def test_a_file_holds_an_object(tmp_path, content):
    assert fault(tmp_path, DATA, content) == "does not hold a JSON object"


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        (DATA, {}, "parts"),
        (DATA, {"parts": {"train": {**PART, "rows": "3"}}, "fitted": {}, "labels": {}}, "parts.train.rows"),
        (DATA, {"parts": {"train": PART}, "fitted": [], "labels": {}}, "fitted"),
        ("environment.json", {"folder": 3}, "folder"),
        ("result.json", {"steps": -1}, "steps"),
        ("result.json", {"steps": 3, "test": {"loss": "low"}}, "test.loss"),
        ("diverged.json", {"epoch": 1}, "message"),
    ],
)
def test_what_does_not_fit_is_told_by_its_place(tmp_path, name, content, place):
    assert fault(tmp_path, name, content) == f"has no usable `{place}`"


def test_nesting_without_end_is_no_json(tmp_path):
    (tmp_path / DATA).write_text("[" * 100_000)
    with pytest.raises(RunError, match=r"data\.json` is damaged: it is not JSON"):
        RunFolder(tmp_path).read(DATA)


def test_what_was_learnt_from_the_data_is_sealed(tmp_path):
    content = {"parts": {"train": PART}, "fitted": {"transforms": [{"input": {"mean": [0.5]}}]}, "labels": {}}
    folder = RunFolder(tmp_path)
    folder.write(DATA, sealed(content))
    assert folder.read(DATA) == content
    content["fitted"]["transforms"][0]["input"]["mean"] = [1.5]
    told = fault(tmp_path, DATA, {**content, "sha256": sealed({})["sha256"]})
    assert told == "has another checksum than when it was written"


def test_a_run_of_before_the_seal_is_read(tmp_path):
    content = {"parts": {"train": PART}, "fitted": {}, "labels": {}}
    RunFolder(tmp_path).write(DATA, content)
    assert RunFolder(tmp_path).read(DATA) == content


def test_a_seal_is_of_what_is_written():
    content = sealed({"b": [1.5, float("nan")], "a": ("x",)})
    assert unsealed(content) == {"a": ["x"], "b": [1.5, None]}
    with pytest.raises(ValueError, match="is not whole"):
        unsealed({"a": 1})
    with pytest.raises(ValueError, match="another checksum"):
        unsealed(content | {"c": 1})


@pytest.mark.parametrize(
    ("line", "told"),
    [("[]", "does not hold a JSON object"), ('{"step": 1}', "has no usable `epoch`")],
)
def test_a_line_that_is_none_is_told_by_its_number(tmp_path, line, told):
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{{"step": 1, "epoch": 1, "train": {{"loss": null}}}}\n{line}\n')
    with pytest.raises(RunError, match=rf"damaged: line 2 {told}"):
        read_lines(path, EvaluationLine)
