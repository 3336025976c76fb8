import sys
from pathlib import Path

import pytest

from specdl.core.errors import UsageError
from specdl.editor import analysis as module
from specdl.editor.analysis import Source, bases, suffixed
from specdl.editor.files import Change, opened, path_of
from specdl.editor.positions import Positions, Spot
from specdl.editor.report import reports

from .tools import DISC, analysed, source


def told(text, suffix=".yaml"):
    found = analysed(text, suffix)
    return reports(found.document, found.findings, Positions(text))


def test_a_sound_text_has_figures_and_no_findings():
    found = analysed(DISC)
    assert (found.findings, found.numbers.of("head").elements) == ((), 18)


def test_a_broken_text_keeps_the_figures_and_says_what_is_broken():
    before = analysed(DISC)
    after = analysed(DISC.replace("[accuracy]", "[accuracy"), before=before)
    assert [each.code for each in after.findings] == ["E003"]
    assert after.numbers is before.numbers
    assert after.document.value["model"] == before.document.value["model"]


def test_equal_findings_are_at_each_of_their_places():
    text = DISC.replace("name: head}", "name: head}\n" + "    - {type: lienar, out_features: 2}\n" * 5)
    found = analysed(text)
    assert [(each.code, each.count) for each in found.findings] == [("E110", 5)]
    assert [text[slice(*each.span)] for each in told(text)] == ["lienar"] * 5


def test_a_missing_key_is_at_its_mapping():
    text = DISC.replace("lr: 0.1", "momentum: 0.1")
    (found,) = told(text)
    assert text[slice(*found.span)] == "{"


def test_notes_are_further_places_or_lines_of_the_message():
    text = DISC.replace("name: up}", "name: fc1}").replace("[fc1, up]", "[fc1, fc1]")
    (found,) = told(text)
    assert [(each.message, each.position.line) for each in found.related] == [("the first is made", 17)]
    assert "\nhelp: " in found.message


def test_what_is_wrong_in_a_base_is_told_at_extends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(DISC.replace("lr: 0.1", "lr: -1"), "utf-8")
    text = "specdl: 1\nextends: base.yaml\nname: other\n"
    (found,) = told(text)
    assert text[slice(*found.span)] == "base.yaml"
    assert (found.related[0].file, found.related[0].position.line) == ("base.yaml", 28)
    assert bases(analysed(text).document) in (set(), {tmp_path / "base.yaml"})


def test_the_files_that_a_spec_extends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text("extends: deep/base.yaml\nname: middle\n", "utf-8")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "base.yaml").write_text(DISC, "utf-8")
    found = analysed("specdl: 1\nextends: base.yaml\nname: other\n")
    assert found.findings == ()
    assert bases(found.document) == {tmp_path / "base.yaml", tmp_path / "deep" / "base.yaml"}


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        (DISC, True),
        ('{"specdl": 1}', True),
        ('{"$schema": "../schemas/specdl.schema.json"}', True),
        ("model:\n  layers: []\nloss: {type: mse}\noptimizer:\n", True),
        ('{"name": "p", "version": "1.0", "dependencies": {"specdl": "1"}}', False),
        ("services:\n  web:\n    image: nginx\n", False),
        ("model: gpt\ndata: x\n", False),
        ("", False),
    ],
)
def test_what_is_a_spec_at_all(text, spec):
    assert source(text).is_spec is spec


def test_a_short_text_may_become_a_spec():
    assert Source("{}", "a.json", Path()).may_be
    assert not Source("services:\n  web:\n    image: nginx\n    port: 80\n", "a.yaml", Path()).may_be


@pytest.mark.parametrize(
    ("name", "language", "wanted"),
    [
        ("a.yml", "json", "a.yml"),
        ("a.JSON", "yaml", "a.JSON"),
        ("a", "jsonc", "a.json"),
        ("a.txt", "yaml", "a.txt.yaml"),
    ],
)
def test_the_name_decides_then_the_language(name, language, wanted):
    assert suffixed(name, language) == wanted


def test_changes_are_taken_in_order():
    file = opened("file:///x/a%20b.yaml", "yaml", 1, "a: 😀1\r\nb: 2\n", "utf-16")
    assert file.name == str(Path("/x/a b.yaml"))
    file.change([Change("x", Spot(0, 5), Spot(0, 6)), Change("", Spot(0, 6), Spot(1, 0))], 2)
    assert (file.text, file.version) == ("a: 😀xb: 2\n", 2)
    file.change([Change("new")], 3)
    assert file.text == "new"


def test_changes_of_a_text_with_a_byte_order_mark():
    file = opened("file:///x/a.yaml", "yaml", 1, "\ufeffa: 1\n", "utf-16")
    file.change([Change("b", Spot(0, 1), Spot(0, 2))], 2)
    assert (file.text, file.positions.marked) == ("b: 1\n", True)


def test_addresses():
    assert path_of("untitled:Untitled-1") is None
    assert path_of("file:///tmp/a%00b.json") is None
    assert path_of("file://[") is None
    if sys.platform != "win32":
        assert path_of("file:///tmp/%C3%A4.json") == Path("/tmp/ä.json")


def test_a_plug_in_that_breaks_its_contract_is_a_finding(monkeypatch):
    def refuses(document, **options):
        raise UsageError("the plug-in's `twice` breaks its contract", code="E230")

    monkeypatch.setattr(module, "checked", refuses)
    (found,) = told(DISC)
    assert (found.finding.code, found.span) == ("E230", (0, 1))
    assert "breaks its contract" in found.message
