import json

import pytest
from jsonschema import Draft202012Validator

from specdl.core.diagnostics import Diagnostic, Place, Position, Remark, TextEdit, TextFix
from specdl.core.formats.json import as_json
from tests.cli.conftest import ROOT

SCHEMA = json.loads((ROOT / "schemas" / "findings.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
FIX = TextFix("write `x`", (TextEdit(7, 9, "x", Position(3, 2, 5, 4)),), sure=True)


def made(**more):
    return Diagnostic("E110", "error", "m", "$.a", "spec.yaml", Position(3, 2, 3, 4), **more)


def test_every_key():
    places = (Place("$.a", "spec.yaml", Position(3, 2, 3, 4)), Place("$.b"))
    notes = (
        Remark("n", "a:1:1", Place("$.c", "a", Position(1, 1, 1, 5)), "text"),
        Remark("set by `--set a=1`"),
    )
    found = as_json([made(help="h", notes=notes, places=places, mend=lambda: FIX)])
    place = {"file": "spec.yaml", "line": 3, "column": 2, "end_line": 3, "end_column": 4, "path": "$.a"}
    bare = dict.fromkeys(("file", "line", "column", "end_line", "end_column")) | {"path": "$.b"}
    assert found == {
        "ok": False,
        "diagnostics": [
            {
                "code": "E110",
                "severity": "error",
                "message": "m",
                **place,
                "help": "h",
                "notes": ["n at a:1:1", "set by `--set a=1`"],
                "labels": [
                    {
                        "message": "n",
                        "file": "a",
                        "line": 1,
                        "column": 1,
                        "end_line": 1,
                        "end_column": 5,
                        "path": "$.c",
                    }
                ],
                "fix": {
                    "message": "write `x`",
                    "sure": True,
                    "edits": [
                        {"start": {"line": 3, "column": 2}, "end": {"line": 5, "column": 4}, "text": "x"}
                    ],
                },
                "count": 2,
                "places": [place, bare],
            }
        ],
    }
    VALIDATOR.validate({"version": 1, **found})


def test_it_is_ok_with_warnings_only():
    found = as_json([Diagnostic("W410", "warning", "m", "$.a")])
    assert found["ok"]
    assert "count" not in found["diagnostics"][0]
    VALIDATOR.validate({"version": 1, **found})


@pytest.mark.parametrize(
    "change",
    [
        {"code": "E1"},
        {"severity": "note"},
        {"line": 0},
        {"help": 1},
        {"more": 1},
        {"count": 4},
        {"notes": [1]},
        {"fix": {"message": "m", "sure": True, "edits": []}},
        {"labels": [{"message": "m"}]},
    ],
)
def test_the_schema_refuses_what_is_not_so(change):
    found = as_json([made()])
    VALIDATOR.validate({"version": 1, **found})
    found["diagnostics"][0] |= change
    assert not VALIDATOR.is_valid({"version": 1, **found})


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
