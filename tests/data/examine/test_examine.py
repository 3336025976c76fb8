import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import specdl
from specdl.data.sources.csv import Csv
from specdl.data.sources.disc import Disc
from specdl.data.sources.random import Random
from tests.data.examine.helpers import of_csv, points, told
from tests.data.helpers import classes, f32

MODELS = sorted(
    path
    for path in Path("models").rglob("*")
    if path.suffix in (".json", ".yaml") and "bench" not in path.parts
)


def test_errors_come_alone(tmp_path):
    found = of_csv(tmp_path, classes(3), [*points(0, 0, 0), ("inf", 1, 0)])
    assert found[0].startswith("E413")
    assert not any(line.startswith("W") for line in found)


@pytest.mark.parametrize("source", [Random(train=3), Disc(train=3)])
def test_what_is_drawn_by_rule_is_what_was_asked_for(source):
    assert told(Path(), classes(9, f32(2)), source) == []


@pytest.mark.parametrize("path", MODELS, ids=str)
def test_nothing_is_said_of_the_models(path):
    found = specdl.check(str(path), data=True)
    assert [str(each) for each in found if each.code[:2] in ("W4", "E4") and each.code != "E410"] == []


def test_opening_the_data_needs_no_torch(tmp_path):
    (tmp_path / "a.csv").write_text("a,b,y\n" + "".join(f"{a},{b},{y}\n" for a, b, y in points(*[0] * 30, 1)))
    value = {
        "specdl": 1,
        "name": "n",
        "seed": 0,
        "data": {"source": {"type": "csv", "path": "a.csv", "target": "y"}, "batch_size": 4},
        "model": {"input": {"shape": [2]}, "layers": [{"type": "linear", "out_features": 2}]},
        "loss": {"type": "cross_entropy"},
        "optimizer": {"type": "sgd", "lr": 0.1},
        "train": {"epochs": 1},
    }
    (tmp_path / "spec.json").write_text(json.dumps(value))
    code = (
        "import sys, specdl; found = specdl.check('spec.json', data=True); "
        "print([each.code for each in found], 'numpy' in sys.modules, 'torch' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['W422'] True False\n"


TABLE = "a,b,y\n" + "".join(f"{a},{b},{label}\n" for a, b, label in points(*[0, 1, 1] * 8))
PIECES = (";", ",", '"', "\n", "\r\n", "nan", "1e400", "-", "é", "\x00", "\ufeff", "1,5", "9" * 20, "x", "")


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, len(TABLE)), st.integers(0, 9), st.sampled_from(PIECES)), max_size=6),
    st.sampled_from(["error", "drop", "mean"]),
    st.booleans(),
)
def test_whatever_a_table_holds_is_told_and_no_fault_of_specdl(changes, missing, tested):
    text = TABLE
    for place, gone, piece in changes:
        text = text[:place] + piece + text[place + gone :]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.csv").write_text(text, encoding="utf-8", newline="")
        (Path(folder) / "t.csv").write_text(TABLE, encoding="utf-8")
        source = Csv(path="a.csv", target="y", missing=missing, test="t.csv" if tested else None)
        assert all(line[:1] in "EW " for line in told(Path(folder), classes(2), source))
