"""Warnings that a spec, or a caller, does not want to hear of."""

import json

import pytest

import specdl
from specdl.cli.main import main
from specdl.core.errors import UsageError
from tests.lint.tools import HEAD, HIDDEN, data, model, spec

FAST = {"optimizer": {"type": "sgd", "lr": 20}}


def codes(value, **options):
    return [each.code for each in specdl.check(value, **options)]


@pytest.mark.parametrize("ignore", [["W310"], {"W310": "measured"}])
def test_a_spec_silences_a_warning(ignore):
    assert codes(spec(**FAST)) == ["W310"]
    assert codes(spec(**FAST, lint={"ignore": ignore})) == []


def test_a_caller_silences_a_warning():
    assert codes(spec(**FAST), ignore=["W310"]) == []
    assert codes(spec(**FAST), ignore=["W330"]) == ["W310"]


def test_warnings_of_other_stages_are_silenced_too(tmp_path):
    csv = data() | {"source": {"type": "csv", "path": "gone.csv", "target": "y"}}
    assert codes(spec(data=csv)) == ["W410"]
    assert codes(spec(data=csv, lint={"ignore": ["W410"]})) == []
    assert codes(spec(data=csv), ignore=["W410"]) == []


@pytest.mark.parametrize("ignore", [["W310", "W330"], {"W310": "measured", "W330": "small"}])
def test_a_silence_that_silences_nothing(ignore):
    (one,) = specdl.check(spec(**FAST, lint={"ignore": ignore}))
    place = "[1]" if isinstance(ignore, list) else ".W330"
    assert (one.code, one.path) == ("W110", f"$.lint.ignore{place}")
    assert one.message == "nothing here is silenced by `W330`: there is no such finding"


def test_a_silence_is_not_in_vain_where_the_spec_alone_does_not_decide():
    assert codes(spec(lint={"ignore": ["W410"]})) == []
    unknown = {"batch_size": 50}
    assert codes(spec(data=unknown, lint={"ignore": ["W331"]})) == []
    assert codes(spec(lint={"ignore": ["W331"]})) == ["W110"]
    assert codes(spec(data=unknown, lint={"ignore": ["W301"]})) == ["W110"]


def test_a_silence_in_vain_can_be_silenced():
    assert codes(spec(lint={"ignore": ["W330", "W110"]})) == []
    assert codes(spec(lint={"ignore": ["W330"]}), ignore=["W110"]) == []


def test_a_silence_is_not_judged_where_errors_stop_the_way():
    wrong = spec(model=model(HIDDEN, {"type": "add"}), lint={"ignore": ["W330"]})
    assert codes(wrong) == ["E210"]


def test_what_opened_data_says_again_is_told_once():
    diabetes = {"source": {"type": "sklearn", "dataset": "diabetes"}, "batch_size": 13}
    squashed = model(HIDDEN, HEAD | {"out_features": 1, "activation": "sigmoid"}, shape=(10,))
    value = spec(data=diabetes, model=squashed, loss={"type": "mse"})
    assert "W426" not in codes(value, data=True)
    assert "W306" in codes(value, data=True)


def test_no_advice_where_there_are_errors():
    assert codes(spec(**FAST), max_memory=10) == ["E510"]


@pytest.mark.parametrize(
    ("code", "message", "help"),
    [
        ("E210", "`E210` is an error, and only warnings can be silenced", None),
        ("W999", "no warning has the code `W999`", "`specdl explain` lists the codes"),
        ("w310", "no warning has the code `w310`", "did you mean `W310`?"),
        ("W31O", "no warning has the code `W31O`", "did you mean `W310`?"),
    ],
)
def test_codes_that_cannot_be_silenced(code, message, help):
    for ignore, place in (([code], "[0]"), ({code: "so"}, f".{code}")):
        (one,) = specdl.check(spec(lint={"ignore": ignore}))
        assert (one.code, one.path, one.message, one.help) == ("E115", f"$.lint.ignore{place}", message, help)
    with pytest.raises(UsageError) as caught:
        specdl.check(spec(), ignore=[code])
    assert (caught.value.message, caught.value.help) == (message, help)


@pytest.fixture
def run(tmp_path, capsys):
    def command(*words, **changes):
        path = tmp_path / "spec.json"
        path.write_text(json.dumps(spec(**changes)), encoding="utf-8")
        code = main([words[0], str(path), *words[1:]])
        return (code, *capsys.readouterr())

    return command


def test_the_command_line_silences(run):
    code, out, _ = run("check", "--strict", "--format", "concise", **FAST)
    assert code == 1
    assert "warning[W310]" in out
    assert run("check", "--strict", "--ignore", "W310", **FAST)[:2] == (0, "")
    code, out, err = run("check", "--ignore", "W3100", **FAST)
    assert (code, out) == (2, "")
    assert "no warning has the code `W3100`" in err
    assert "did you mean `W310`?" in err


def test_commands_that_compile_tell_warnings_on_standard_error(run):
    code, out, err = run("plan", **FAST)
    assert code == 0
    assert "W310" not in out
    assert err.count("warning[W310]") == 1
    assert run("plan", **FAST, lint={"ignore": ["W310"]})[2] == ""


def test_training_tells_warnings_once(run, tmp_path):
    small = {"data": data(40, 8), "model": model(HIDDEN, HEAD), "train": {"steps": 2, "evaluate_every": 0}}
    code, _, err = run("train", "--out", str(tmp_path / "run"), "--quiet", **small, **FAST)
    assert code == 0
    assert err.count("warning[W310]") == 1


def test_compiling_prints_nothing(capsys):
    specdl.compile(spec(**FAST), backend="torch")
    assert capsys.readouterr() == ("", "")
