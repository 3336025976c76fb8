"""Whole messages about what is read and validated: each case is a paragraph of Markdown in `cases/`.

See `tests/check/cases.py` for their form, and for how to write what is printed now into the files.
"""

import re
from pathlib import Path

import pytest

from tests.check.cases import Runner, cases, verify

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize(("file", "number"), cases(CASES))
def test_case(file, number, tmp_path, monkeypatch, capsys):
    verify(file, number, Runner(tmp_path, monkeypatch, capsys))


def test_every_code_has_a_case():
    shown = set(
        re.findall(r"error\[(E\d+)\]", "".join(file.read_text("utf-8") for file in CASES.glob("*.md")))
    )
    source = "".join(file.read_text("utf-8") for file in Path("specdl/spec").glob("*.py"))
    emitted = set(re.findall(r'"(E\d{3})"', source)) - {"E001", "E002", "E410"}  # tested where files are read
    assert emitted <= shown
