"""Which backend runs: where a compiler is only looked for, there need not be one."""

import shlex

import pytest

import specdl
from specdl.backends import choice
from specdl.backends.c.compiler import NativeError, available, find
from specdl.backends.choice import NO_COMPILER, choose, lower, marks, planned, suited
from specdl.core.errors import UsageError
from tests.backends.c.compilers import isolate, script
from tests.backends.torch.models import spec

COMPILER = pytest.mark.skipif(not available(), reason="there is no C compiler")


@pytest.fixture
def lines():
    return []


@pytest.fixture
def plan():
    return specdl.compile(spec(), backend="torch").plan


@pytest.fixture
def compiler(monkeypatch):
    monkeypatch.setattr(choice, "find", lambda tell: "cc")


@pytest.fixture
def no_compiler(monkeypatch):
    monkeypatch.setattr(choice, "find", lambda tell: None)


def test_torch_is_there_without_a_look_for_a_compiler(plan, monkeypatch):
    monkeypatch.setattr(choice, "find", None)
    assert choose("torch") == "torch"
    assert planned(plan, "torch") is plan
    assert lower(plan, plan, "torch").name == "torch"


def test_native_where_there_is_a_compiler(compiler, plan, lines):
    assert choose("auto", "float64", lines.append) == choose("c") == "c"
    made = planned(plan, "auto", 2, lines.append)
    assert made is not plan
    assert (made.rows, made.threads, lines) == (plan.rows, 2, [])


def test_torch_and_one_line_where_there_is_none(no_compiler, plan, lines):
    assert planned(plan, "auto", tell=lines.append) is plan
    assert lines == [f"{NO_COMPILER}: running on torch"]
    assert "(set CC, install gcc or clang, or pip install 'specdl[native]')" in NO_COMPILER


def test_asked_for_without_a_compiler(no_compiler, plan):
    with pytest.raises(UsageError) as caught:
        planned(plan, "c")
    error = caught.value
    assert (error.message, error.code, error.exit_code) == (NO_COMPILER, "E530", 2)


def test_dtypes_that_it_does_not_have(compiler):
    assert choose("auto", "bfloat16") == "torch"
    with pytest.raises(UsageError, match="the native backend has no bfloat16"):
        choose("c", "bfloat16")


def test_torch_takes_over_where_the_compiler_fails(compiler, plan, lines, monkeypatch):
    def fails(*_):
        raise NativeError("the C compiler ended with status 1")

    monkeypatch.setattr(choice, "native", fails)
    made = planned(plan, "auto")
    assert lower(plan, made, "auto", lines.append).name == "torch"
    assert lines == ["the C compiler ended with status 1: running on torch"]
    with pytest.raises(NativeError):
        lower(plan, made, "c")


@COMPILER
def test_a_compiler_that_leaves_out_what_the_source_defines(plan, lines, monkeypatch, tmp_path):
    """It costs a line, and nothing of it stays in the cache."""
    place, real = isolate(monkeypatch, tmp_path), find()
    command = shlex.join(real.command)
    empty = f'case "$*" in *-shared*) : > specdl.c;; esac\nexec {command} "$@"'
    monkeypatch.setenv("CC", str(script(tmp_path / "empty", empty)))
    made = planned(plan, "auto")
    assert lower(plan, made, "auto", lines.append).name == "torch"
    assert lines == ["what the C compiler made lacks specdl_sizes: running on torch"]
    assert not list(place.glob("*.so"))
    with pytest.raises(NativeError):
        lower(plan, made, "c")


def test_words_that_are_no_backend():
    with pytest.raises(UsageError, match="there is no backend `tpu`: use auto, torch or c"):
        choose("tpu")


def test_marks_are_of_native_code(compiler, plan):
    assert marks(plan) is None
    found = marks(planned(plan, "c"))
    assert len(found) == len(plan.schedules["train"].program.instrs)
    assert {mark.partition(" ")[0].rstrip(",") for mark in found} <= {"native", "torch", "a"}
    assert any(mark.startswith("native, fused with ") for mark in found)


def test_threads_are_those_that_suit_the_backend(plan, monkeypatch):
    monkeypatch.setattr("specdl.backends.torch.threads.suited", lambda plan: 5)
    made = lower(plan, plan, "torch")
    assert suited(made) == 5
    made.name, made.__class__ = "c", type("Native", (type(made),), {"threads": 3})
    assert suited(made) == 3


@COMPILER
def test_a_run_is_of_the_backend_that_it_found(tmp_path):
    data = {"train": ([[1.0, 2.0, 3.0]] * 9, [[0.5, 0.5]] * 9)}
    run = specdl.train(spec(), data=data, out=tmp_path, threads=1)
    assert run.folder.read("environment.json")["backend"] == "c"
    assert (run.model.executable.name, run.model.executable.threads) == ("c", 1)
