"""What is wrong with specs and their data: a code, a place, what to do, exit code 1, never a traceback."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.cli.conftest import spec

CSV = {"type": "csv", "path": "data.csv", "target": "y"}


def with_layers(*layers, **changes):
    value = spec(**changes)
    value["model"]["layers"] = list(layers)
    return value


def with_csv(**changes):
    value = spec(data={"source": CSV | changes, "batch_size": 8})
    value["model"]["input"]["shape"] = [2]
    return value


def table(*rows):
    return (
        "x1,x2,y\n"
        + "".join(f"{i},{i + 0.5},{i % 3}\n" for i in range(20))
        + "".join(f"{row}\n" for row in rows)
    )


LINEAR = {"type": "linear", "out_features": 3}


@dataclass(frozen=True)
class Case:
    """A spec, what is found, where, and the line it is on (or a text that the line holds)."""

    name: str
    spec: object
    code: str
    path: str
    on: str
    files: dict = field(default_factory=dict)
    help: bool = True

    def __str__(self):
        return self.name


SCHEMA = [
    Case("unknown key", spec(nmae="x"), "E111", "$.nmae", '"nmae"'),
    Case(
        "unknown layer",
        with_layers(LINEAR | {"type": "lienar"}),
        "E110",
        "$.model.layers[0].type",
        '"lienar"',
    ),
    Case("wrong type", spec(seed="zero"), "E113", "$.seed", '"seed"', help=False),
    Case("missing loss", {name: value for name, value in spec().items() if name != "loss"}, "E310", "$", "{"),
    Case(
        "shapes that do not fit",
        with_layers(
            {"type": "linear", "out_features": 4, "name": "a"}, {"type": "add", "inputs": ["a", "input"]}
        ),
        "E210",
        "$.model.layers[1]",
        "{",
        help=False,
    ),
    Case(
        "cyclic inputs",
        with_layers(LINEAR | {"name": "a", "inputs": ["b"]}, LINEAR | {"name": "b", "inputs": ["a"]}),
        "E212",
        "$.model.layers[0].inputs[0]",
        '"b"',
    ),
    Case(
        "dangling inputs",
        with_layers(LINEAR | {"name": "aa"}, LINEAR | {"inputs": ["ab"]}),
        "E211",
        "$.model.layers[1].inputs[0]",
        '"ab"',
    ),
    Case(
        "duplicate names",
        with_layers(LINEAR | {"name": "a"}, LINEAR | {"name": "a"}),
        "E213",
        "$.model.layers[1].name",
        '"a"',
        help=False,
    ),
    Case(
        "a batch larger than the data with drop_last",
        spec(data={"source": {"type": "random", "train": 5}, "batch_size": 8, "drop_last": True}),
        "E313",
        "$.data.batch_size",
        '"batch_size"',
    ),
]

DATA = [
    Case(
        "a target column that is not there",
        with_csv(target="z"),
        "E411",
        "$.data.source.target",
        '"target"',
        {"data.csv": table()},
        help=False,
    ),
    Case(
        "a label outside the classes",
        with_csv(),
        "E412",
        "$.data.source.target",
        '"target"',
        {"data.csv": table("1,2,3")},
        help=False,
    ),
    Case(
        "NaN in the data",
        with_csv(),
        "E413",
        "$.data.source",
        "",
        {"data.csv": table("1,nan,0")},
        help=False,
    ),
    Case(
        "a missing file",
        with_csv(path="dta.csv"),
        "E410",
        "$.data.source.path",
        '"path"',
        {"data.csv": table()},
    ),
]


def lay_out(case, write):
    for name, text in case.files.items():
        write(text, name)
    return write(case.spec)


def judge(case, found, path):
    """The one finding has its code, its place, and the line in the file says what it is about."""
    (finding,) = found
    assert (finding["code"], finding["severity"]) == (case.code, "error")
    assert finding["path"].startswith(case.path)
    assert finding["file"] == str(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    line = lines[finding["line"] - 1]
    assert case.on in line
    assert 1 <= finding["column"] <= len(line)
    assert bool(finding["help"]) or not case.help
    return finding


@pytest.mark.parametrize("case", SCHEMA, ids=str)
def test_check_and_train_tell_of_it(specdl, write, tmp_path, case):
    path = lay_out(case, write)
    done = specdl("check", path, "--format", "json")
    assert done.code == 1
    finding = judge(case, done.json["diagnostics"], path)
    trained = specdl("train", path, "--out", tmp_path / "run")
    assert (trained.code, trained.out) == (1, "")
    assert f"error[{case.code}]: {finding['message']}" in trained.err
    assert f"{path}:{finding['line']}:{finding['column']}" in trained.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("case", DATA, ids=str)
def test_check_with_data_and_train_tell_of_it(specdl, write, tmp_path, case):
    path = lay_out(case, write)
    done = specdl("check", "--data", path, "--format", "json")
    assert done.code == 1
    finding = judge(case, done.json["diagnostics"], path)
    trained = specdl("train", path, "--out", tmp_path / "run")
    assert (trained.code, trained.out) == (1, "")
    assert f"error[{case.code}]: {finding['message']}" in trained.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("case", DATA, ids=str)
def test_plain_check_opens_no_data(specdl, write, case):
    path = lay_out(case, write)
    done = specdl("check", path, "--format", "json")
    codes = [(each["code"], each["severity"]) for each in done.json["diagnostics"]]
    assert (done.code, codes) == (0, [("W410", "warning")] if case.code == "E410" else [])


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
@pytest.mark.parametrize(
    ("content", "code"), [(b"", "E001"), (b"\n  \n", "E001"), ('{"name": "é"}'.encode("latin-1"), "E002")]
)
def test_files_that_are_no_specs(specdl, tmp_path, suffix, content, code):
    path = tmp_path / f"spec{suffix}"
    path.write_bytes(content)
    for command in ("check", "plan", "train", "render", "gradcheck", "bench"):
        done = specdl(command, path)
        assert done.code == 1
        assert f"error[{code}]" in done.out + done.err
        assert "Traceback" not in done.err
        assert "help: " in done.out + done.err
    (finding,) = specdl("check", path, "--format", "json").json["diagnostics"]
    assert finding["file"] == str(path)


def test_nan_in_arrays(specdl, write, tmp_path):
    x = np.ones((20, 6), dtype=np.float32)
    x[7, 2] = np.nan
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(20) % 3)
    path = write(spec(data={"source": {"type": "npz", "path": "data.npz"}, "batch_size": 8}))
    done = specdl("check", "--data", path, "--format", "json")
    (finding,) = done.json["diagnostics"]
    assert (done.code, finding["code"]) == (1, "E413")
    assert "row 7, column 2" in finding["message"]


def test_more_memory_than_there_is(specdl, write, tmp_path):
    path = write(with_layers({"type": "linear", "out_features": 10**12}, LINEAR))
    done = specdl("check", path, "--backend", "torch")
    assert done.code == 4
    trained = specdl("train", path, "--out", tmp_path / "run", "--backend", "torch")
    assert trained.code == 4
    for said in (done.out, trained.err):
        assert "error[E510]: a run would take 344,000,000," in said
        assert " bytes (" in said
    assert not (tmp_path / "run").exists()
    assert specdl("bench", path).code == 4


def test_errors_go_before_memory(specdl, write):
    path = write(with_layers({"type": "linear", "out_features": 10**12}, LINEAR, nmae="x"))
    assert specdl("check", path).code == 1


def test_a_path_outside(specdl, write, tmp_path):
    (tmp_path / "data.csv").write_text(table(), encoding="utf-8")
    (tmp_path / "inner").mkdir()
    path = tmp_path / "inner" / "spec.json"
    path.write_text(json.dumps(with_csv(path="../data.csv")), encoding="utf-8")
    for words in ([], ["--data"]):
        done = specdl("check", path, *words, "--format", "json")
        assert [each["code"] for each in done.json["diagnostics"]] == ["E610"]
        assert specdl("check", path, *words, "--allow-path", tmp_path).code == 0
    assert specdl("train", path, "--out", tmp_path / "run").code == 1
    assert specdl("train", path, "--out", tmp_path / "run", "--allow-path", tmp_path).code == 0


def test_divergence_ends_with_three(specdl, write, tmp_path):
    value = spec(optimizer={"type": "sgd", "lr": 1e30}, loss={"type": "mse"})
    done = specdl("train", write(value), "--out", tmp_path / "run")
    assert done.code == 3
    assert "error[E720]: training diverged in epoch 1, step " in done.err
    assert "is not finite: first made by" in done.err
    assert "optimizer.lr" in done.err
