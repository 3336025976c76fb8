"""Specs with mistakes, and the whole of what `specdl check` says of them."""

from pathlib import Path

import pytest

from tests.check.cases import Runner, cases, verify

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize(("file", "number"), cases(BAD))
def test_case(file, number, tmp_path, monkeypatch, capsys):
    verify(file, number, Runner(tmp_path, monkeypatch, capsys))
