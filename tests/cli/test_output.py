"""Output where names of files and terminals are odd."""

import json
import os

import pytest

from specdl.cli.output import FORMATS
from tests.cli.conftest import spec

WRONG = json.dumps(spec(namme="\N{SNOWMAN}"), ensure_ascii=False)


@pytest.mark.parametrize("name", ["a\nb.json", "a\x1b[31m.json", "a\N{RIGHT-TO-LEFT OVERRIDE}b.json"])
def test_the_name_of_a_file_steers_no_terminal(specdl, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(WRONG, encoding="utf-8")
    for words in (
        ["check"],
        ["check", "--format", "concise"],
        ["check", "--diff", "--unsafe-fixes"],
        ["plan"],
    ):
        done = specdl(*words, name)
        assert all(line.isprintable() for line in (done.out + done.err).splitlines())
        assert "\N{REPLACEMENT CHARACTER}" in done.out + done.err
    missing = specdl("check", f"no{name}")
    assert missing.err == f"error: there is no file `no{shown(name)}`\n1 spec could not be read\n"


def shown(name):
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)


def test_no_message_steers_the_terminal(specdl, small):
    for words in (("explain", "\x1b[31m"), ("diff", small, "\x1b[31m"), ("eval", "\x1b[31m")):
        assert "\x1b" not in specdl(*words).err


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_that_is_no_text(shell, tmp_path, form):
    file = os.fsdecode(os.fsencode(tmp_path / "a") + b"\x80.json")
    try:
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(WRONG)
    except OSError:
        pytest.skip("this disk has names in Unicode only")
    done = shell("check", file, "--format", form, PYTHONIOENCODING="utf-8")
    assert (done.code, "E111" in done.out) == (1, True)
    if form in ("json", "sarif"):
        json.loads(done.out)
    assert form != "sarif" or "a%80.json" in done.out


@pytest.mark.parametrize("form", FORMATS)
def test_a_terminal_that_lacks_characters(shell, write, form):
    done = shell("check", write(WRONG), "--format", form, PYTHONIOENCODING="ascii")
    assert (done.code, "namme" in done.out, "fault" in done.err) == (1, True, False)
    if form in ("json", "sarif"):
        json.loads(done.out)


def test_render_where_characters_are_lacking(shell, write):
    done = shell("render", write(spec(name="\N{GREEK SMALL LETTER LAMDA}")), PYTHONIOENCODING="latin-1")
    assert json.loads(done.out)["name"] == "\N{GREEK SMALL LETTER LAMDA}"


@pytest.mark.parametrize(
    "text", ["seed=\x1b[31m", 'optimizer.lr="a\nb"', "optimizer.a\x1b=1", "\x1b", "a" * 9000 + "=1"]
)
def test_a_setting_steers_no_terminal_and_fills_none(specdl, small, text):
    done = specdl("check", small, "--set", text)
    assert done.code in (1, 2)
    assert all(line.isprintable() for line in (done.out + done.err).splitlines())
    assert len(done.out + done.err) < 1000
