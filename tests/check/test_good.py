"""Specs without mistakes, however they are written: `specdl check` has nothing to say of any of them."""

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from specdl.cli.main import main
from specdl.spec.fields import CATALOGS
from tests.cli.conftest import ROOT

GOOD = Path(__file__).parent / "good"
SUFFIXES = (".json", ".yaml", ".yml")
WRITTEN = sorted(path for path in GOOD.iterdir() if path.suffix in SUFFIXES)
SHIPPED = sorted(path for path in (ROOT / "models").rglob("*") if path.suffix in SUFFIXES)


def named(path):
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The specs with the files they name, and arrays beside them."""
    folder = tmp_path_factory.mktemp("good")
    for path in GOOD.rglob("*"):
        if path.is_file():
            (folder / path.relative_to(GOOD)).parent.mkdir(exist_ok=True)
            (folder / path.relative_to(GOOD)).write_bytes(path.read_bytes())
    arrays(folder / "data")
    return folder


def arrays(folder):
    """Arrays that the specs name: 12 samples of shape [2, 3], and 8 more."""
    x = np.sin(np.arange(20 * 6)).reshape(20, 2, 3).astype("float32")
    y = np.arange(20) % 3
    for name, part in (("", slice(0, 12)), ("_test", slice(12, 20))):
        np.save(folder / f"x{name}.npy", x[part])
        np.save(folder / f"y{name}.npy", y[part])
    np.save(folder / "tokens.npy", (np.arange(12 * 4) % 7).reshape(12, 4))
    np.save(folder / "unit.npy", (x[:12] + 1) / 2)
    values = x.sum(axis=(1, 2))
    parts = {"x_train": x[:12], "y_train": values[:12], "x_val": x[12:], "y_val": values[12:]}
    np.savez(folder / "both.npz", **parts)


def check(capsys, *words):
    code = main(["check", *map(str, words)])
    return code, *capsys.readouterr()


def nothing(done):
    """Hold a check to having found nothing."""
    code, out, err = done
    assert (code, out) == (0, "")
    assert re.fullmatch(r"no findings; the spec's hash is [0-9a-f]{12}\n", err)


def test_there_are_many():
    assert len(WRITTEN) + len(SHIPPED) >= 60


@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_nothing_is_found(path, folder, capsys):
    copy = folder / path.relative_to(GOOD)
    nothing(check(capsys, copy))
    nothing(check(capsys, copy, "--data", "--strict"))


@pytest.mark.parametrize("path", SHIPPED, ids=named)
def test_nothing_is_found_in_what_ships(path, capsys):
    nothing(check(capsys, path, "--strict"))


@pytest.mark.parametrize("path", [*WRITTEN, *SHIPPED], ids=named)
def test_nothing_is_found_once_it_is_written_out(path, folder, capsys, monkeypatch):
    monkeypatch.chdir(folder if path in WRITTEN else path.parent)
    _, _, before = check(capsys, path.name)
    assert main(["render", path.name]) == 0
    written = capsys.readouterr().out
    done = check_text(capsys, monkeypatch, written)
    nothing(done)
    assert done[2] == before


def check_text(capsys, monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    return check(capsys, "-", "--strict")


@pytest.mark.parametrize("form", ["concise", "github"])
def test_nothing_is_printed(form, folder, capsys):
    paths = [folder / path.relative_to(GOOD) for path in WRITTEN]
    code, out, err = check(capsys, *paths, "--format", form)
    assert (code, out, err) == (0, "", f"no findings in {len(paths)} specs\n")


def test_nothing_for_machines(folder, capsys):
    paths = [folder / path.relative_to(GOOD) for path in WRITTEN]
    found = json.loads(check(capsys, *paths, "--format", "json")[1])
    assert found == {"version": 1, "ok": True, "diagnostics": []}
    (run,) = json.loads(check(capsys, *paths, "--format", "sarif")[1])["runs"]
    assert run["results"] == []


@pytest.mark.parametrize("kind", sorted(CATALOGS))
def test_every_entry_is_used(kind):
    text = "\n".join(path.read_text("utf-8-sig") for path in (*WRITTEN, *SHIPPED))
    unused = [tag for tag in CATALOGS[kind].index if not re.search(rf"(?<!\w){tag}(?!\w)", text)]
    assert unused == []
