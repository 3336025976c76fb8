import re
from pathlib import Path

import pytest

import specdl as package
from specdl.analysis import check
from specdl.core import codes
from specdl.core.codes import Example, examples, page, pages, parse

ROOT = Path(package.__file__).parent
CODE = re.compile(r'"([EW]\d{3})"')
NEEDS_MORE = re.compile(r"E002|E230|[EW]52\d|E530|E611|E7\d\d")
"""Codes that a spec and its data alone do not show: bytes that are no text, the machine, runs."""
SPECS = ("yaml", "json")


def parts():
    for each in pages():
        for name in ("fails", "passes"):
            yield pytest.param(each, name, id=f"{each.code}-{name}")


def found(markdown, folder):
    """What `check` says of the spec in a part of a page, with its files beside it."""
    shown = [each for each in examples(markdown) if isinstance(each, Example)]
    for each in shown:
        if each.name:
            (folder / each.name).write_text(each.text, encoding="utf-8")
    spec = shown[0]
    path = folder / f"spec.{spec.language}"
    path.write_text(spec.text, encoding="utf-8")
    return check(path, data="data" in spec.options, max_memory=spec.max_memory)


def is_spec(markdown):
    first = next(each for each in examples(markdown) if isinstance(each, Example))
    return first.language in SPECS and not first.name


@pytest.mark.parametrize(("page", "part"), list(parts()))
def test_what_a_page_shows_is_so(page, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    markdown = getattr(page, part)
    if not is_spec(markdown):
        assert NEEDS_MORE.fullmatch(page.code)
        return
    told = found(markdown, tmp_path)
    assert [str(each) for each in told if part == "passes" or each.code != page.code] == []
    assert part == "passes" or {each.severity[0].upper() for each in told} == {page.code[0]}


def test_pages_that_show_something_else_are_noticed(tmp_path):
    right = page("E114")
    assert {each.code for each in found(right.fails, tmp_path)} == {"E114"}
    assert {each.code for each in found(right.fails.replace("cross_entropy", "sdg"), tmp_path)} > {"E110"}
    assert found(right.passes, tmp_path) == []


def test_every_code_has_a_page_and_every_page_a_code():
    used = set()
    for path in ROOT.rglob("*.py"):
        used |= set(CODE.findall(path.read_text(encoding="utf-8")))
    assert used - {"E000"} == set(codes.codes())


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.code)
def test_pages_read_well(page):
    assert page.stage
    assert len(page.title) <= 60
    assert page.title[0].islower() or not page.title[0].isalpha() or page.title.split()[0] in ("YAML", "JSON")
    assert not page.title.endswith(".")
    assert page.text.endswith((".", "`", ":", ")"))
    assert len(page.text) > 80
    assert "validation error" not in page.text
    for part in (page.fails, page.passes):
        assert any(isinstance(each, Example) for each in examples(part))


def test_titles_differ():
    titles = [each.title for each in pages()]
    assert len(set(titles)) == len(titles)


def test_a_page_in_either_case_and_none():
    assert page("e110") == page("E110")
    assert page("E110").title == codes.title("E110") == "no type has this name"
    assert page("E999") is None
    assert page("../E110") is None
    assert codes.title("E999") == "E999"


PAGE = "# W399: a title\n\nText.\n\n## Fails\n\n```yaml data\nname: x\n```\n\nand\n\n"
PAGE += "```csv name=a.csv\n1\n```\n\n"
PAGE += "## Passes\n\n```yaml\nname: y\n```\n"


def test_the_form_of_a_page():
    made = parse(PAGE)
    assert (made.code, made.title, made.text, made.stage) == ("W399", "a title", "Text.", "Training")
    first, words, second = examples(made.fails)
    assert first == Example("yaml", ("data",), "name: x\n")
    assert (words, second.name, second.text) == ("and", "a.csv", "1\n")
    assert (first.name, first.caption, second.caption) == (None, "By `specdl check --data`:", "`a.csv`:")
    assert Example("yaml", ("max_memory=9", "data"), "").caption == "By `specdl check --max-memory 9 --data`:"
    assert list(examples(made.passes)) == [Example("yaml", (), "name: y\n")]


@pytest.mark.parametrize(
    "change", [("# W399", "# 999"), ("## Fails", "## Fail"), ("## Passes", ""), ("Text.\n\n", "")]
)
def test_a_text_of_another_form_is_no_page(change):
    with pytest.raises(ValueError, match="no page of a code"):
        parse(PAGE.replace(*change))


def test_the_wheel_holds_pages_and_schemas(tmp_path):
    import tomllib

    wanted = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = wanted["tool"]["setuptools"]["package-data"]["specdl"]
    packed = {path for pattern in patterns for path in ROOT.glob(pattern)}
    code = set(ROOT.rglob("*.py"))
    left = {path for path in ROOT.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert left - packed - code == set()
    assert len([path for path in packed if path.suffix == ".md"]) == len(codes.codes())
