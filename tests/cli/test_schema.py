import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from specdl.core.codes import codes
from tests.cli.conftest import ROOT, spec

MODELS = sorted(path for path in (ROOT / "models").rglob("*") if path.suffix in (".json", ".yaml"))


def test_the_schema_is_one(specdl):
    Draft202012Validator.check_schema(json.loads(specdl("schema").out))
    Draft7Validator.check_schema(json.loads(specdl("schema", "--draft", "07").out))


def test_the_generated_files_are_in_step(specdl):
    done = specdl("schema", "--check", ROOT)
    assert (done.code, done.err) == (0, "")


def test_write_and_check(specdl, tmp_path):
    assert specdl("schema", "--check", tmp_path).code == 1
    assert specdl("schema", "--write", tmp_path).code == 0
    assert specdl("schema", "--check", tmp_path).code == 0
    schema = tmp_path / "schemas" / "specdl.schema.json"
    assert schema.read_text(encoding="utf-8") == specdl("schema").out
    draft_07 = tmp_path / "specdl" / "schemas" / "specdl.draft-07.schema.json"
    assert draft_07.read_text(encoding="utf-8") == specdl("schema", "--draft", "07").out
    assert "# Codes of findings" in (tmp_path / "docs" / "codes.md").read_text(encoding="utf-8")
    reference = tmp_path / "docs" / "reference.md"
    reference.write_text(reference.read_text(encoding="utf-8") + "x", encoding="utf-8")
    done = specdl("schema", "--check", tmp_path)
    assert done.code == 1
    assert "reference.md is out of step" in done.err
    assert "schema.json" not in done.err


@pytest.mark.parametrize("path", MODELS, ids=lambda path: str(Path(path).relative_to(ROOT)))
@pytest.mark.parametrize("draft", ["2020-12", "07"])
def test_specs_that_ship_fit(specdl, path, draft):
    done = specdl("schema", "--validate", path, "--draft", draft)
    assert (done.code, done.out) == (0, "")


def test_where_a_spec_does_not_fit(specdl, write):
    path = write(json.dumps(spec(seed="zero"), indent=2))
    done = specdl("schema", "--validate", path)
    assert done.code == 1
    assert ": $.seed does not fit the schema\n" in done.out
    assert done.out.startswith(f"{path}:")
    assert f"`specdl check {path}` says what is wrong" in done.err


def test_the_page_of_codes(specdl, tmp_path):
    specdl("schema", "--write", tmp_path)
    text = (tmp_path / "docs" / "codes.md").read_text(encoding="utf-8")
    linked = re.findall(r"^- \[([EW]\d{3})\]\(#\1\): \S", text, re.MULTILINE)
    assert linked == re.findall(r'^### <a id="([EW]\d{3})"></a>\1: \S', text, re.MULTILINE)
    assert sorted(linked) == sorted(codes())
