import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from specdl.core.diagnostics import Finding, Note, Place, Position, Remark
from specdl.core.errors import SpecError, UsageError
from specdl.core.formats.human import human
from specdl.spec.document import read
from specdl.spec.validate import validate
from tests.spec.specs import disc


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(source):
    with pytest.raises(SpecError) as caught:
        read(source)
    return human(caught.value.diagnostics)


def test_the_suffix_says_the_language():
    for suffix in ("yaml", "yml", "YAML"):
        Path(f"a.{suffix}").write_text("a: no")
        assert read(f"a.{suffix}").value == {"a": "no"}
    Path("a.json").write_text("a: no")
    assert "E003" in refused("a.json")
    Path("a.toml").write_text("a = 1")
    with pytest.raises(UsageError, match="ends in neither"):
        read("a.toml")


@pytest.mark.parametrize("text", ['{"a": 1}', "a: 1", '\n {\n"a": 1}'])
def test_standard_input_is_json_if_it_looks_so(text, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    document = read("-")
    assert (document.value, document.file, document.folder) == ({"a": 1}, "<stdin>", Path.cwd())


@pytest.mark.parametrize("text", ["", " \n\t", "# nothing\n", "---\n", "null", "\ufeff"])
def test_an_empty_file(text):
    Path("a.yaml").write_text(text, "utf-8")
    assert refused("a.yaml").startswith("error[E001]: this spec is empty\n --> a.yaml")


def test_a_file_that_is_no_utf8():
    Path("a.json").write_bytes('{"name": "é"}'.encode() + b'\n{"b": "\xe9t\xe9"}\n"c"')
    assert (
        refused("a.json")
        == """\
error[E002]: this is no UTF-8: byte 0xe9 at offset 22
 --> a.json:2:8  $
2 | {"b": "\N{REPLACEMENT CHARACTER}t\N{REPLACEMENT CHARACTER}"}
  |        ^
  = note: in Windows-1252 it is `é`
  = help: save the file as UTF-8"""
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("a: é\n".encode("utf-16"), "this is UTF-16, as its first bytes say"),
        (b"\xfe\xff" + "a: é\n".encode("utf-16-be"), "this is UTF-16, as its first bytes say"),
        ("a: é\n".encode("utf-32"), "this is UTF-32, as its first bytes say"),
        ("a: 1\n".encode("utf-16-le"), "this is UTF-16, and"),
        ("a: 1\n".encode("utf-16-be"), "this is UTF-16, and"),
        (b"PK\x03\x04abc", "this is a zip archive"),
        (b"\x80\x04\x95abc", "this is a pickle"),
        (b"\xc3", "this is no UTF-8: byte 0xc3 at offset 0"),
        (b"\xef\xbb", "this is no UTF-8: byte 0xef at offset 0"),
    ],
)
def test_what_a_file_is_instead_is_told(data, says):
    Path("a.yaml").write_bytes(data)
    told = refused("a.yaml")
    assert told.startswith(f"error[E002]: {says}")
    assert " --> a.yaml:1:1 " in told


def test_a_byte_order_mark_is_not_counted():
    Path("a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read("a.json").position(("a",)).column == 7


def test_a_file_that_is_too_large():
    Path("a.json").write_bytes(b" " * (16 * 2**20 + 1))
    assert refused("a.json") == "error[E005]: a spec is at most 16 MiB; this is more\n --> a.json:1:1  $"


@pytest.mark.parametrize("name", ["no.json", ".", "a\0b.json"])
def test_a_file_that_cannot_be_opened(name):
    with pytest.raises(UsageError):
        read(name)


def test_what_is_no_file_is_not_waited_for():
    os.mkfifo("a.json")
    Path("b.json").mkdir()
    Path("c.json").symlink_to("/dev/zero")
    for name, kind in (("a.json", "a pipe"), ("b.json", "a folder"), ("c.json", "a device")):
        with pytest.raises(UsageError, match=f"`{name}` is {kind}, and a spec is a file"):
            read(name)


def test_a_dict_is_copied_and_its_numbers_are_python_s():
    source = {"a": (np.int64(3), np.float32(0.5), np.bool_(True).item()), "b": {"c": [1]}}
    document = read(source)
    assert document.value == {"a": [3, 0.5, True], "b": {"c": [1]}}
    assert [type(each) for each in document.value["a"]] == [int, float, bool]
    assert document.value["b"] is not source["b"]
    assert (document.file, document.position(("a",)), document.place(("a", 0))) == (None, None, "$.a[0]")


def test_what_a_dict_cannot_hold():
    cyclic = {}
    cyclic["a"] = cyclic
    assert "E005" in refused(cyclic)
    assert "E006" in refused({"a": float("nan")})
    told = refused({"a": object(), "b": {1: 2}})
    assert "error[E113]: a spec cannot hold a value of Python's type `object`\n --> $.a" in told
    assert "error[E113]: the key `1` is no text\n --> $.b" in told
    assert "E008" in refused({"l\u0430yers": 1})
    assert "E008" in refused({"a": [{"b\u200b": 1}]})


def test_a_validated_spec_is_taken_as_it_is():
    spec, _ = validate(read(disc()))
    document = read(spec)
    assert validate(document) == (spec, [])
    assert document.value["model"]["layers"][0]["type"] == "linear"
    changed, findings = validate(read(spec, ["optimizer.lr=0.5"]))
    assert findings == []
    assert changed == spec.model_copy(update={"optimizer": spec.optimizer.model_copy(update={"lr": 0.5})})


def test_locate():
    Path("a.yaml").write_text("a:\n  b: [10, x]\n")
    document = read("a.yaml")
    found = document.locate(Finding("E210", "m", ("a", "b", 1), notes=(Note("made", ("a",)), Note("so"))))
    assert (found.line, found.column, found.position.end_column) == (2, 11, 12)
    assert (found.path, found.excerpt, found.notes) == (
        "$.a.b[1]",
        "  b: [10, x]",
        (Remark("made", "a.yaml:2:3", Place("$.a", "a.yaml", Position(2, 3, 2, 4))), Remark("so")),
    )
    assert document.locate(Finding("E111", "m", ("a", "b"), at_key=True)).column == 3
    # what the text lacks is marked where it would stand
    assert document.locate(Finding("E112", "m", ("a", "b", 5, "c"))).column == 6
    assert document.locate(Finding("E112", "m", ("z",), at_key=True)).line == 1


def test_a_finding_behind_an_alias_tells_which():
    Path("a.yaml").write_text("a: &x {b: 1}\nc: [*x]\n")
    document = read("a.yaml")
    found = document.locate(Finding("E210", "m", ("c", 0, "b")))
    at = Place("$.c[0]", "a.yaml", Position(2, 5, 2, 7))
    assert (found.line, found.column) == (1, 11)
    assert found.notes == (Remark("`*x` repeats it", "a.yaml:2:5", at, "c: [*x]"),)
    assert document.locate(Finding("E210", "m", ("a", "b"))).notes == ()


def test_findings_keep_the_order_of_the_document(tmp_path):
    value = disc()
    value = {"zzz": 1, **value, "aaa": 1}
    value["train"]["epochs"] = 0
    value["data"]["batch_size"] = 0
    paths = [each.path for each in validate(read(value))[1]]
    assert paths == [("zzz",), ("data", "batch_size"), ("train", "epochs"), ("aaa",)]
