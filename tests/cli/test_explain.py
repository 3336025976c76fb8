import re
import subprocess
import sys

import pytest

from specdl.core.codes import STAGES, codes


def test_a_layer(specdl):
    done = specdl("explain", "linear")
    assert done.code == 0
    assert done.out.startswith("linear: layer\n\nA matrix product with the last axis")
    assert "  out_features  a whole number, at least 1  required\n" in done.out
    assert "  bias          true or false               default true\n" in done.out
    assert '      Size of the result\'s last axis.\n      "out_features": 128\n' in done.out
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


E412 = """\
E412: a label outside of the classes

The last axis of the model's output has one score for each class, and class numbers count from 0. So
with two outputs the labels are 0 and 1. Either the model tells too few classes apart, or the labels
count from 1, or a row of the data is wrong; a note says in which row the first such label stands.

This fails:

By `specdl check --data`:

    specdl: 1
    name: demo
    seed: 0
"""


def test_a_code_in_either_case(specdl):
    done = specdl("explain", "e412")
    assert done.out.startswith(E412)
    assert "\n\n`points.csv`:\n\n    x1,x2,label\n" in done.out
    assert "\n\nThis passes:\n\nBy `specdl check --data`:\n\n    specdl: 1\n" in done.out
    assert "```" not in done.out


@pytest.mark.parametrize("columns", [40, 72, 200])
def test_a_code_in_a_terminal_of_some_width(specdl, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    for code in codes():
        lines = specdl("explain", code).out.splitlines()
        said = [line for line in lines[1:] if not line.startswith("    ")]
        assert max(map(len, said)) <= min(columns, 100), code


def test_a_page_as_json(specdl):
    (page,) = specdl("explain", "E110", "--format", "json").json["pages"]
    assert page["code"] == "E110"
    assert page["title"] == "no type has this name"
    assert page["fails"].startswith("```yaml\nspecdl: 1\n")
    (page,) = specdl("explain", "sgd", "--format", "json").json["pages"]
    assert page["options"][0]["name"] == "lr"
    assert page["options"][0]["example"] == "0.1"


def test_all_pages_as_json(specdl):
    names = {each.get("code") or each["name"] for each in specdl("explain", "--format", "json").json["pages"]}
    assert {"linear", "train", "E110", *codes()} <= names


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("lienar", "did you mean `specdl explain linear`?"),
        ("Dense", "did you mean `specdl explain linear`?"),
        ("E999", "`specdl explain` lists all there are"),
        ("E41", "did you mean `specdl explain E310`?"),
        ("quux", "`specdl explain` lists all there are"),
        ("optimizer", "choose `adam` or `sgd`, as in `specdl explain adam`"),
        ("optimizers", "choose `adam` or `sgd`, as in `specdl explain adam`"),
        ("inv", "specdl has no `inverse_time` yet"),
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


def test_the_list_of_codes_by_stage(specdl):
    out = specdl("explain").out
    listed = re.findall(r"^  ([EW]\d{3})  \S", out, re.MULTILINE)
    assert sorted(listed) == sorted(codes())
    assert [each[1] for each in listed] == sorted(each[1] for each in listed)
    for stage in STAGES.values():
        assert f"\n\nCodes of findings: {stage.lower()}\n  E" in out


def test_a_check_reads_no_page(small):
    code = "import sys; from specdl.cli.main import main; main(['check', sys.argv[1]]); "
    code += "assert 'specdl.core.codes' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code, str(small)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_none(specdl):
    assert specdl("explain", "").code == 2
    assert len(specdl("explain", "x" * 5000).err) < 300
