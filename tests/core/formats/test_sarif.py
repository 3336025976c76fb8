"""Logs are held to what SARIF 2.1.0 requires of the parts that are used; keys beyond those are refused."""

import json

import pytest
from jsonschema import Draft202012Validator

from specdl.core.codes import codes
from specdl.core.diagnostics import Diagnostic, Place, Position, Remark, TextEdit, TextFix
from specdl.core.formats.sarif import as_sarif


def mapping(required="", **properties):
    """The schema of a mapping with these keys and no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def items(schema, **more):
    return {"type": "array", "items": schema, **more}


COUNT = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
TEXT = mapping("text", text={"type": "string", "minLength": 1})
REGION = mapping(
    "startLine startColumn endLine endColumn",
    **dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), COUNT),
)
ARTIFACT = mapping(
    "uri", uri={"type": "string", "pattern": r"^[^\s<>\\]+$"}, uriBaseId={"const": "%SRCROOT%"}
)
PLACE = {
    "physicalLocation": mapping("artifactLocation", artifactLocation=ARTIFACT, region=REGION),
    "logicalLocations": items(
        mapping("fullyQualifiedName", fullyQualifiedName={"type": "string"}), minItems=1
    ),
}
RULE = mapping(
    "id",
    id={"type": "string", "pattern": r"^[EW]\d{3}$"},
    shortDescription=TEXT,
    fullDescription=TEXT,
    help=TEXT,
    defaultConfiguration=mapping("level", level=LEVEL),
)
REPLACEMENT = mapping(
    "deletedRegion insertedContent",
    deletedRegion=REGION,
    insertedContent=mapping("text", text={"type": "string"}),
)
FIX = mapping(
    "artifactChanges",
    description=TEXT,
    artifactChanges=items(
        mapping(
            "artifactLocation replacements",
            artifactLocation=ARTIFACT,
            replacements=items(REPLACEMENT, minItems=1),
        ),
        minItems=1,
    ),
)
RESULT = mapping(
    "message ruleId ruleIndex level locations",
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=TEXT,
    locations=items(mapping("logicalLocations", **PLACE), minItems=1, maxItems=1),
    relatedLocations=items(
        mapping("id message logicalLocations", id=COUNT, message=TEXT, **PLACE), minItems=1, uniqueItems=True
    ),
    occurrenceCount=COUNT,
    fixes=items(FIX, minItems=1, maxItems=1),
)
NOTIFICATION = mapping("message", level=LEVEL, message=TEXT)
RUN = mapping(
    "tool results columnKind",
    tool=mapping(
        "driver",
        driver=mapping(
            "name rules", name={"const": "specdl"}, semanticVersion={"type": "string"}, rules=items(RULE)
        ),
    ),
    columnKind={"const": "unicodeCodePoints"},
    originalUriBaseIds=mapping("%SRCROOT%", **{"%SRCROOT%": mapping("description", description=TEXT)}),
    invocations=items(
        mapping(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            exitCode={"type": "integer"},
            toolExecutionNotifications=items(NOTIFICATION, minItems=1),
        ),
        minItems=1,
    ),
    results=items(RESULT),
)
LOG = Draft202012Validator(
    mapping(
        "version runs",
        **{"$schema": {"type": "string"}},
        version={"const": "2.1.0"},
        runs=items(RUN, minItems=1, maxItems=1),
    )
)

FIXED = TextFix("write `x`", (TextEdit(7, 9, "x", Position(3, 2, 3, 4)),), sure=True)


def made(code="E110", severity="error", file="spec.yaml", **more):
    return Diagnostic(code, severity, "m", "$.a", file, Position(3, 2, 3, 4), **more)


def log(*found, **more):
    """The only run of a log that is as it should be."""
    told = as_sarif(found, version="1.2.3", **({"exit_code": 0} | more))
    LOG.validate(told)
    json.dumps(told, allow_nan=False)
    (run,) = told["runs"]
    for each in run["results"]:
        assert run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
    return run


def test_a_log_of_nothing_declares_every_rule():
    run = log()
    rules = run["tool"]["driver"]["rules"]
    assert run["results"] == []
    assert [rule["id"] for rule in rules] == list(codes())
    assert all({"shortDescription", "fullDescription", "help"} <= set(rule) for rule in rules)
    levels = {rule["id"][0]: rule["defaultConfiguration"]["level"] for rule in rules}
    assert levels == {"E": "error", "W": "warning"}
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0}]


def test_a_result():
    notes = (Remark("n", "a:1:1", Place("$.c", "a b.yaml", Position(1, 1, 1, 5))), Remark("no place"))
    (result,) = log(made(help="h", notes=notes, mend=lambda: FIXED))["results"]
    file = {"uri": "spec.yaml", "uriBaseId": "%SRCROOT%"}
    region = {"startLine": 3, "startColumn": 2, "endLine": 3, "endColumn": 4}
    assert result.pop("ruleIndex") == codes().index("E110")
    assert result == {
        "ruleId": "E110",
        "level": "error",
        "message": {"text": "m\nnote: no place\nhelp: h"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": file, "region": region},
                "logicalLocations": [{"fullyQualifiedName": "$.a"}],
            }
        ],
        "relatedLocations": [
            {
                "id": 1,
                "physicalLocation": {
                    "artifactLocation": {"uri": "a%20b.yaml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 5},
                },
                "logicalLocations": [{"fullyQualifiedName": "$.c"}],
                "message": {"text": "n"},
            }
        ],
        "fixes": [
            {
                "description": {"text": "write `x`"},
                "artifactChanges": [
                    {
                        "artifactLocation": file,
                        "replacements": [{"deletedRegion": region, "insertedContent": {"text": "x"}}],
                    }
                ],
            }
        ],
    }


def test_every_place_of_equal_findings():
    places = tuple(Place(f"$[{n}]", "spec.yaml", Position(n, 1, n, 2)) for n in range(1, 1001))
    (result,) = log(made(places=places))["results"]
    assert result["occurrenceCount"] == 1000
    assert len(result["relatedLocations"]) == 999
    assert [each["id"] for each in result["relatedLocations"]] == list(range(1, 1000))


@pytest.mark.parametrize("file", [None, "<stdin>"])
def test_what_is_no_file_has_a_path_in_the_document_alone(file):
    (result,) = log(made(file=file, mend=lambda: FIXED))["results"]
    assert result["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "$.a"}]}]
    assert "fixes" not in result


def test_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def artifact(file):
        (result,) = log(made(file=file))["results"]
        return result["locations"][0]["physicalLocation"]["artifactLocation"]

    assert artifact("./sub/größe.yaml") == {"uri": "sub/gr%C3%B6%C3%9Fe.yaml", "uriBaseId": "%SRCROOT%"}
    assert artifact(str(tmp_path / "a.yaml")) == {"uri": "a.yaml", "uriBaseId": "%SRCROOT%"}
    assert artifact("/else where/a.yaml") == {"uri": "file:///else%20where/a.yaml"}


def test_a_spec_that_could_not_be_read():
    run = log(exit_code=2, failures=["error: there is no file `a.json`"])
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "exitCode": 2,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": "error: there is no file `a.json`"}}
            ],
        }
    ]


def test_a_code_without_a_page_is_declared_too():
    run = log(made(code="E999"), made(code="E999"))
    assert run["tool"]["driver"]["rules"][-1] == {"id": "E999"}
    assert [each["ruleIndex"] for each in run["results"]] == [len(codes())] * 2


@pytest.mark.parametrize("key", ["message", "ruleId", "locations"])
def test_the_schema_here_is_strict(key):
    told = as_sarif([made()], version="1", exit_code=0)
    del told["runs"][0]["results"][0][key]
    assert not LOG.is_valid(told)
