"""Whole messages, character for character: each case is a paragraph of Markdown in `cases/`.

A paragraph says what the case shows; then comes the spec, perhaps the `--set` that are given with
it, and what is printed. `SPECDL_UPDATE=1 pytest tests/spec/test_cases.py` writes what is printed
now into the files, for reading with `git diff`.
"""

import os
import re
from pathlib import Path

import pytest

from specdl.core.errors import SpecError
from specdl.core.render import human
from specdl.spec.document import read
from specdl.spec.validate import validate

CASES = Path(__file__).parent / "cases"
FENCE = re.compile(r"^````?(yaml|json|set|error)\n(.*?)^````?$\n?", re.DOTALL | re.MULTILINE)


def cases():
    found = []
    for file in sorted(CASES.glob("*.md")):
        for number, text in enumerate(re.split(r"(?m)^(?=## )", file.read_text("utf-8"))[1:]):
            title = text.split("\n", 1)[0].removeprefix("## ").strip()
            found.append(pytest.param(file, number, id=f"{file.stem}: {title}"))
    return found


def parts(text):
    found = dict(FENCE.findall(text))
    kind = "json" if "json" in found else "yaml"
    return kind, found[kind], found.get("set", "").splitlines(), found.get("error", "")


def printed(kind, spec, settings):
    Path(f"spec.{kind}").write_text(spec, "utf-8", newline="")
    try:
        document = read(f"spec.{kind}", settings)
    except SpecError as error:
        return human(error.diagnostics) + "\n"
    model, findings = validate(document)
    assert (model is None) == any(each.severity == "error" for each in findings)
    return human(document.diagnose(findings)) + "\n"


@pytest.mark.parametrize(("file", "number"), cases())
def test_case(file, number, tmp_path, monkeypatch):
    sections = re.split(r"(?m)^(?=## )", file.read_text("utf-8"))
    section = sections[number + 1]
    monkeypatch.chdir(tmp_path)
    kind, spec, settings, wanted = parts(section)
    got = printed(kind, spec, settings)
    if os.environ.get("SPECDL_UPDATE"):
        kept = FENCE.sub(lambda match: "" if match[1] == "error" else match[0], section).rstrip()
        sections[number + 1] = f"{kept}\n\n```error\n{got}```\n\n"
        file.write_text("".join(sections).rstrip() + "\n", "utf-8")
    else:
        assert got == wanted


def test_every_code_has_a_case():
    shown = set(
        re.findall(r"error\[(E\d+)\]", "".join(file.read_text("utf-8") for file in CASES.glob("*.md")))
    )
    source = "".join(file.read_text("utf-8") for file in Path("specdl/spec").glob("*.py"))
    emitted = set(re.findall(r'"(E\d{3})"', source)) - {"E001", "E002", "E410"}  # tested where files are read
    assert emitted <= shown
