"""What `docs/checking.md` shows is what the commands print, and its lists are whole."""

import re
from pathlib import Path

import pytest
import yaml

from specdl.analysis import check
from specdl.cli.main import main
from specdl.core.codes import STAGES
from tests.spec.agreement import FILLED, UNSAID
from tests.spec.specs import disc

PAGE = (Path(__file__).parents[1] / "docs" / "checking.md").read_text("utf-8")
FILES = dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
COMMANDS = re.findall(r"^```console\n\$ specdl ([^\n]*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("words", "shown"), COMMANDS)
def test_commands_print_what_is_shown(words, shown, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, "utf-8")
    main(words.split())
    out, err = capsys.readouterr()
    assert shown in (out + err, out)


def test_commands_are_found():
    assert len(COMMANDS) == 2
    assert set(FILES) == {"moons.yaml"}


def test_a_silence_is_written_as_shown():
    (silence,) = re.findall(r"^```yaml\n(lint:\n.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    spec = disc() | {"seed": 0, "data": {"source": {"type": "disc", "train": 500}, **disc()["data"]}}
    spec["optimizer"]["lr"] = 100
    assert [each.code for each in check(spec)] == ["W310"]
    assert check(spec | yaml.safe_load(silence)) == []


def test_what_no_schema_says_is_listed():
    listed = re.findall(r"^- (.*)$", PAGE, re.MULTILINE)
    unsaid = [*UNSAID, FILLED]
    assert [each for each in listed if each in unsaid] == unsaid


def test_every_stage_is_there():
    stages = re.findall(r"^\| \w+ \| E(\d)\.\.", PAGE, re.MULTILINE)
    assert stages == list(STAGES)
