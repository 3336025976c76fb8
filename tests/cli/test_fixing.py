"""`specdl check --fix`: what is mended is right, and the rest of a file is left alone."""

import copy
import io
import json
import os
import random
import re
import stat
from pathlib import Path

import pytest
import yaml

from specdl.analysis import check
from specdl.cli.fixing import mend, save
from specdl.cli.main import main
from specdl.core.diagnostics import Finding
from specdl.core.errors import UsageError
from tests.check.cases import Case, cases, sections
from tests.spec.specs import DISC, RICH

HERE = Path(__file__).parent.parent
CASES = [*cases(HERE / "spec" / "cases"), *cases(HERE / "check" / "bad")]
SPEC = """\
# a note
specdl: 1
name: case
seed: 0
data: {batch_size: 50}
model:
  input: {shape: [2]}
  layers:
    - {type: Dense, units: 2}  # Keras
loss: {type: mse}
optimizer: {type: sgd, lr: 0.1}
train: {epochs: 10}
"""
MENDED = SPEC.replace("Dense", "linear").replace("units", "out_features")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def unhashed(text):
    """A summary without the hash of a spec that is right."""
    return re.sub(r"; the spec's hash is [0-9a-f]{12}", "", text)


def run(*words):
    return main(["check", *words])


def errors(found):
    return sum(each.count for each in found if each.severity == "error")


@pytest.mark.parametrize("unsafe", [False, True], ids=["sure", "unsafe"])
@pytest.mark.parametrize(("file", "number"), CASES)
def test_every_case_gets_better_or_stays(file, number, unsafe, monkeypatch):
    case = Case(sections(file)[number])
    words, _ = case.words()
    given = [word for word in words[1:2] if Path(word).is_file()]
    if not given or not given[0].endswith((".json", ".yaml", ".yml")):
        return
    before = check_of(given[0])
    mended = mend(given[0], check, unsafe=unsafe)
    after = check_of(given[0], mended.after)
    assert [str(each) for each in after] == [str(each) for each in mended.found]
    if not mended.fixed:
        assert mended.after == mended.before
    elif not unsafe:
        assert comments(mended.after) >= comments(mended.before)
    offered = [each.fix for each in before]
    if not unsafe and all(fix and fix.sure for fix in offered) and stage(before) >= stage(after) > 0:
        assert errors(after) == 0, (mended.after.decode(), after)


def check_of(name, data=None):
    """What a check of a file finds, or of other bytes in its place."""
    file = Path(name)
    kept = file.read_bytes()
    try:
        file.write_bytes(kept if data is None else data)
        return check(name)
    finally:
        file.write_bytes(kept)


def stage(found):
    """How far a check came: errors of reading hide those of the spec, and these those of its graph."""
    codes = [each.code for each in found if each.severity == "error"]
    return 0 if any(code[1] == "0" for code in codes) else 1 if any(code[1] == "1" for code in codes) else 2


def comments(data):
    return len(re.findall(rb"(?m)(^|\s)#", data))


def test_a_file_is_mended_in_place(capsys):
    Path("a.yaml").write_text(SPEC)
    assert run("a.yaml", "--fix") == 0
    assert Path("a.yaml").read_text() == MENDED
    out, err = capsys.readouterr()
    assert (out, unhashed(err)) == ("", "fixed 2 findings in a.yaml\nno findings\n")
    assert run("a.yaml", "--fix") == 0
    assert unhashed(capsys.readouterr().err) == "no findings\n"


def test_what_remains_is_told_with_its_exit_code(capsys):
    Path("a.yaml").write_text(SPEC.replace("type: mse", "type: msse").replace("lr: 0.1", "lr: -1"))
    assert run("a.yaml", "--fix") == 1
    out, err = capsys.readouterr()
    assert re.findall(r"error\[\w+\]", out) == ["error[E110]", "error[E114]"]
    assert err == "fixed 2 findings in a.yaml\n2 errors; 1 fixable with --unsafe-fixes\n"
    assert run("a.yaml", "--unsafe-fixes") == 1
    assert capsys.readouterr().err == "fixed 1 finding in a.yaml\n1 error\n"


def test_a_line_that_stays_wrong_is_left(capsys):
    text = SPEC.replace("seed: 0", "seed:0: 1: 2")
    Path("a.yaml").write_text(text)
    assert run("a.yaml", "--fix") == 1
    assert Path("a.yaml").read_text() == text
    assert "fixed" not in capsys.readouterr().err


def test_a_line_with_two_faults_is_mended():
    Path("a.yaml").write_text(SPEC.replace("name: case", "name:case").replace("seed: 0", "seed:0"))
    assert run("a.yaml", "--fix") == 0
    assert Path("a.yaml").read_text() == MENDED


def test_a_fix_that_is_taken_back_is_told(capsys):
    Path("a.yaml").write_text(MENDED.replace("out_features: 2", "out_features: 2, lr_mult: 2, decay_mult: 0"))
    assert run("a.yaml", "--unsafe-fixes") == 1
    told = capsys.readouterr().err
    assert told == "the fix of E111 was tried and taken back: it leads to E111\n1 error\n"


def test_a_diff_writes_nothing(capsys):
    Path("a.yaml").write_text(SPEC)
    assert run("a.yaml", "--diff") == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == ["--- a.yaml", "+++ a.yaml"]
    assert [line for line in out.splitlines()[2:] if line[0] in "+-"] == [
        "-    - {type: Dense, units: 2}  # Keras",
        "+    - {type: linear, out_features: 2}  # Keras",
    ]
    assert unhashed(err) == "would fix 2 findings in a.yaml\nno findings\n"
    assert Path("a.yaml").read_text() == SPEC
    Path("a.yaml").write_text(MENDED)
    assert run("a.yaml", "--diff") == 0
    assert capsys.readouterr().out == ""


def test_standard_input_is_printed_mended(capsys, monkeypatch):
    text = SPEC.replace("lr: 0.1", "lr: -1")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))
    assert run("-", "--fix") == 1
    out, err = capsys.readouterr()
    assert out == MENDED.replace("lr: 0.1", "lr: -1")
    assert err.startswith("error[E114]: `lr` is `-1`, but must be more than 0\n")


def test_standard_input_is_printed_to_the_byte(capfdbinary, monkeypatch):
    for data in (b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode(), b"name: \xff\n"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        run("-", "--fix")
        assert capfdbinary.readouterr().out == data


def test_marks_line_ends_modes_and_links_stay():
    data = b"\xef\xbb\xbf" + SPEC.replace("\n", "\r\n").encode()
    Path("folder").mkdir()
    real = Path("folder/real.yaml")
    real.write_bytes(data)
    real.chmod(0o640)
    Path("a.yaml").symlink_to(real)
    assert run("a.yaml", "--fix") == 0
    assert Path("a.yaml").is_symlink()
    assert real.read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [path.name for path in Path("folder").iterdir()] == ["real.yaml"]


def test_a_file_that_changed_meanwhile_is_left_alone():
    Path("a.yaml").write_text(SPEC)
    mended = mend("a.yaml", check)
    Path("a.yaml").write_text("name: other\n")
    with pytest.raises(UsageError, match="was changed while it was mended"):
        save(mended)
    assert Path("a.yaml").read_text() == "name: other\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_is_told(capsys):
    Path("a.yaml").write_text(SPEC)
    Path().chmod(0o500)
    assert run("a.yaml", "--fix") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_that_may_not_be_written_is_left(capsys, monkeypatch):
    Path("a.yaml").write_text(SPEC)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert run("a.yaml", "--fix") == 2
    assert capsys.readouterr().err.startswith("error: `a.yaml` cannot be written: Permission denied\n")
    assert [each.name for each in Path().iterdir()] == ["a.yaml"]
    assert Path("a.yaml").read_text() == SPEC


def test_several_specs_are_each_mended(capsys):
    Path("a.yaml").write_text(SPEC)
    Path("b.yaml").write_text(MENDED)
    Path("c.yaml").write_text("name: [")
    assert run("a.yaml", "b.yaml", "c.yaml", "--fix") == 1
    assert capsys.readouterr().err.startswith("fixed 2 findings in a.yaml\n1 error in 3 specs")
    assert Path("a.yaml").read_text() == MENDED


FAULTY = SPEC.replace("lr: 0.1", "lr: -1")
"""What `--fix` cannot mend as a whole, so that a check never comes to what else there is."""


def pedant(document):
    """A check with a rule more: no layer may be called `linear`."""
    more = Finding("E110", "no layer may be linear")
    return check(document) + document.diagnose([more] if "type: linear" in document.lines.text else [])


def test_a_fix_that_brings_an_error_is_taken_back():
    Path("a.yaml").write_text(FAULTY)
    mended = mend("a.yaml", pedant)
    assert mended.after.decode() == FAULTY.replace("units", "out_features")
    assert mended.fixed == 1
    assert [each.fix for each in mended.found] == [None, None]


def test_a_fix_after_which_its_finding_stays_is_taken_back():
    Path("a.yaml").write_text(FAULTY)
    found = check("a.yaml")
    mended = mend("a.yaml", lambda document: found)
    assert (mended.fixed, mended.look.text) == (0, FAULTY)
    assert len(mended.refused) == 2


def test_a_fix_that_is_taken_back_takes_no_other_with_it():
    text = FAULTY.replace("loss", "metrics: accuracy\nloss").replace("50", '"50"')
    Path("a.yaml").write_text(text)
    mended = mend("a.yaml", pedant)
    wanted = text.replace("units", "out_features").replace("accuracy", "[accuracy]").replace('"50"', "50")
    assert mended.after.decode() == wanted
    assert mended.fixed == 3


def test_a_thousand_equal_mistakes_are_mended_at_once(capsys):
    layer = "    - {type: Dense, units: 2}  # Keras\n"
    Path("a.yaml").write_text(SPEC.replace(layer, layer * 1000))
    assert run("a.yaml", "--fix") == 0
    assert Path("a.yaml").read_text().count("{type: linear, out_features: 2}  # Keras") == 1000
    assert unhashed(capsys.readouterr().err) == "fixed 2,000 findings in a.yaml\nno findings\n"


WORDS = [
    "Dense", "units", "learning_rate", "epochs", "betas", "momentum", "Linear", "relu", "type", "kind",
    "config", "args", "beta_1", "beta_2", "frozen", "bottom", "name", "2", "true", "${double}", "0.1",
    "block",
    "conv2d", "train", "layers", "input", 1.0, 0, True, "none", {"units": 3}, {"Linear": {"units": "3"}},
    ["relu"], "Linear(2, 3)", {"linear": 4}, "mse", "SGD",
]  # fmt: skip


def test_many_layers_of_one_name_get_names_at_once():
    layers = "\n".join("    - {type: linear, out_features: 2, name: fc}" for _ in range(1500))
    Path("a.yaml").write_text(re.sub("    - .*", layers, SPEC), encoding="utf-8")
    asked = []

    def counting(document):
        asked.append(document)
        return check(document)

    mended = mend("a.yaml", counting, unsafe=True)
    assert (mended.look.found, mended.fixed) == ([], 1499)
    assert len(asked) == 2  # equal mistakes are told at once


def mixed_up(rng):
    """A spec with words in the wrong places, as text of some kind."""
    value = copy.deepcopy(rng.choice([DISC, RICH]))
    for _ in range(rng.randrange(1, 6)):
        holders = [each for each in walk(value) if each]
        holder, word = rng.choice(holders), copy.deepcopy(rng.choice(WORDS))
        if isinstance(holder, list):
            holder[rng.randrange(len(holder))] = word
        elif isinstance(word, str) and rng.random() < 0.5:
            holder[word] = holder.pop(rng.choice(list(holder)))
        else:
            holder[rng.choice(list(holder))] = word
    if rng.random() < 0.5:
        return "json", json.dumps(value, indent=rng.choice([None, 2]))
    return "yaml", yaml.safe_dump(value, sort_keys=False, default_flow_style=rng.choice([False, None]))


def walk(value):
    """Every mapping and list in a value."""
    if isinstance(value, (dict, list)):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from walk(each)


@pytest.mark.parametrize("seed", range(60))
def test_specs_that_are_mixed_up_get_better_or_stay(seed):
    kind, text = mixed_up(random.Random(seed))
    name = f"a.{kind}"
    Path(name).write_text(text)
    before = check(name)
    mended = mend(name, check)
    assert not mended.refused
    assert not [each for each in mended.found if each.fix and each.fix.sure]
    if stage(before) == stage(mended.found):
        assert errors(mended.found) == errors(before) - mended.fixed
