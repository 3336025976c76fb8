"""Every code that the package can give has a case that shows it, or a reason why none can."""

import re
from pathlib import Path

from specdl.core.codes import codes
from tests.cli.conftest import ROOT

PACKAGE = ROOT / "specdl"
CASES = (ROOT / "tests" / "check" / "bad", ROOT / "tests" / "spec" / "cases")
CODE = re.compile(r'"([EW]\d{3})"')
SHOWN = re.compile(r"^(?:error|warning)\[([EW]\d{3})\]", re.MULTILINE)

ELSEWHERE = {
    "E000": "stands for an error without a code",
    "E230": "needs a plug-in: tests/test_compiler.py",
    "E520": "is found where a run writes: tests/runner",
    "E530": "is found where C is compiled: tests/backends",
    "E701": "is found in a run's folder: tests/runner",
    "E702": "is found in a run's folder: tests/runner",
    "E703": "is found in a run's folder: tests/runner",
    "E704": "is found in a run's folder: tests/runner",
    "E705": "is found in a run's folder: tests/runner",
    "E706": "is found in a run's folder: tests/runner",
    "E707": "is found in a run's folder: tests/runner",
    "E708": "is found in a run's folder: tests/runner",
    "E720": "is found while training: tests/runner",
    "E730": "is found where weights are loaded: tests/runner",
}
"""Codes that `specdl check` cannot give for a spec."""


def emitted():
    """The codes that stand in the package's text."""
    return {code for file in PACKAGE.rglob("*.py") for code in CODE.findall(file.read_text("utf-8"))}


def shown():
    """The codes that the cases' outputs begin a finding with."""
    files = (file for folder in CASES for file in Path(folder).glob("*.md"))
    return {code for file in files for code in SHOWN.findall(file.read_text("utf-8"))}


def test_every_code_has_a_case():
    assert emitted() - shown() - set(ELSEWHERE) == set()


def test_what_has_a_reason_has_no_case():
    assert set(ELSEWHERE) & shown() == set()
    assert set(ELSEWHERE) <= emitted()


def test_every_code_has_a_page():
    assert emitted() - set(codes()) == {"E000"}


def test_every_page_is_of_a_code_that_is_given():
    assert set(codes()) <= emitted()
