import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import ROOT, spec

MODELS = sorted(path for path in (ROOT / "models").rglob("*") if path.suffix in (".json", ".yaml"))


def test_the_schema_is_one(specdl):
    Draft202012Validator.check_schema(json.loads(specdl("schema").out))


def test_the_generated_files_are_in_step(specdl):
    done = specdl("schema", "--check", ROOT)
    assert (done.code, done.err) == (0, "")


def test_write_and_check(specdl, tmp_path):
    assert specdl("schema", "--check", tmp_path).code == 1
    assert specdl("schema", "--write", tmp_path).code == 0
    assert specdl("schema", "--check", tmp_path).code == 0
    schema = tmp_path / "schemas" / "specdl.schema.json"
    assert schema.read_text(encoding="utf-8") == specdl("schema").out
    reference = tmp_path / "docs" / "reference.md"
    reference.write_text(reference.read_text(encoding="utf-8") + "x", encoding="utf-8")
    done = specdl("schema", "--check", tmp_path)
    assert done.code == 1
    assert "reference.md is out of step" in done.err
    assert "schema.json" not in done.err


@pytest.mark.parametrize("path", MODELS, ids=lambda path: str(Path(path).relative_to(ROOT)))
def test_specs_that_ship_fit(specdl, path):
    done = specdl("schema", "--validate", path)
    assert (done.code, done.out) == (0, "")


def test_where_a_spec_does_not_fit(specdl, write):
    path = write(json.dumps(spec(seed="zero"), indent=2))
    done = specdl("schema", "--validate", path)
    assert done.code == 1
    assert ": $.seed does not fit the schema\n" in done.out
    assert done.out.startswith(f"{path}:")
    assert f"`specdl check {path}` says what is wrong" in done.err
