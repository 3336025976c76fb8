import re
from pathlib import Path

import pytest

import specdl as package
from specdl.core.codes import PAGES

CODE = re.compile(r'"([EW]\d{3})"')


def test_a_layer(specdl):
    done = specdl("explain", "linear")
    assert done.code == 0
    assert done.out.startswith("linear: layer\n\nA matrix product with the last axis")
    assert "  out_features  a whole number, at least 1  required\n" in done.out
    assert "  bias          true or false               default true\n" in done.out
    assert done.out.endswith("Parameters: weight, bias.\n")


def test_the_state_of_an_optimiser(specdl):
    assert "State for each parameter: m, v, vmax.\n" in specdl("explain", "adam").out


def test_a_name_that_several_types_have(specdl):
    both = specdl("explain", "constant").out
    assert "constant: initialiser" in both
    assert "constant: schedule" in both
    assert "constant: schedule" not in specdl("explain", "inits.constant").out


def test_an_activation_is_told_once(specdl):
    assert specdl("explain", "relu").out.count("relu: ") == 1


@pytest.mark.parametrize("section", ["spec", "data", "data.split", "model", "model.layers", "train"])
def test_sections(specdl, section):
    assert specdl("explain", section).out.startswith(f"{section}: section of a spec\n")


def test_a_code_in_either_case(specdl):
    done = specdl("explain", "e412")
    assert done.out.startswith("E412: A label is outside of the classes")
    assert max(map(len, done.out.splitlines())) <= 100


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("lienar", "did you mean `specdl explain linear`?"),
        ("Dense", "did you mean `specdl explain linear`?"),
        ("E999", "`specdl explain` lists all types"),
        ("E41", "did you mean `specdl explain E310`?"),
        ("quux", "`specdl explain` lists all types"),
    ],
)
def test_an_unknown_name(specdl, name, help):
    done = specdl("explain", name)
    assert done.code == 2
    assert f"there is no type, section or code `{name}`" in done.err
    assert "= help: " in done.err
    if name != "E41":
        assert help in done.err


def test_the_list_of_all(specdl):
    out = specdl("explain").out
    for name in (
        "linear",
        "relu",
        "cross_entropy",
        "adam",
        "zeros",
        "cosine",
        "accuracy",
        "csv",
        "normalize",
    ):
        assert re.search(rf"^  {name} +\w", out, re.MULTILINE), name


def test_every_code_has_a_paragraph_and_every_paragraph_a_code():
    used = set()
    for path in Path(package.__file__).parent.rglob("*.py"):
        if path.name != "codes.py":
            used |= set(CODE.findall(path.read_text(encoding="utf-8")))
    assert used - {"E000"} == set(PAGES)


@pytest.mark.parametrize("code", PAGES)
def test_paragraphs_are_sentences(code):
    assert re.fullmatch(r"[EW]\d{3}", code)
    assert PAGES[code].endswith(".")
    assert len(PAGES[code]) > 40
