"""Which backend runs; what a native one would be is stood in for by torch under another name."""

import pytest

import specdl
from specdl.backends import choice
from specdl.backends.c.compiler import NativeError
from specdl.backends.choice import NO_COMPILER, choose, lower, marks, suited
from specdl.backends.torch.executable import TorchExecutable
from specdl.core.errors import UsageError
from tests.backends.torch.models import spec


class Native(TorchExecutable):
    """Torch that calls itself native."""

    name = "c"
    native_instructions = 12

    def __init__(self, plan, threads):
        super().__init__(plan)
        self.made_for = threads

    @property
    def threads(self):
        return 3 if self.made_for is None else self.made_for


@pytest.fixture
def lines():
    return []


@pytest.fixture
def plan():
    return specdl.compile(spec(), backend="torch").plan


@pytest.fixture
def compiler(monkeypatch):
    """A machine with a native backend and a compiler."""
    monkeypatch.setattr(choice, "NATIVE", True)
    monkeypatch.setattr(choice, "find", lambda tell: "cc")
    monkeypatch.setattr(choice, "native", lambda plan, threads, tell: Native(plan, threads))


@pytest.fixture
def no_compiler(compiler, monkeypatch):
    monkeypatch.setattr(choice, "find", lambda tell: None)


def test_torch_is_there_without_a_look_for_a_compiler(plan, monkeypatch):
    monkeypatch.setattr(choice, "find", None)
    assert choose("torch") == "torch"
    assert lower(plan, "torch").name == "torch"


def test_native_where_there_is_a_compiler(compiler, plan, lines):
    assert choose("auto", "float64", lines.append) == choose("c") == "c"
    made = lower(plan, "auto", 2, lines.append)
    assert (made.name, made.threads, lines) == ("c", 2, [])


def test_torch_and_one_line_where_there_is_none(no_compiler, plan, lines):
    assert lower(plan, "auto", tell=lines.append).name == "torch"
    assert lines == [f"{NO_COMPILER}: running on torch"]
    assert NO_COMPILER == (
        "no C compiler found (set CC, install gcc or clang, or pip install 'specdl[native]')"
    )


def test_asked_for_without_a_compiler(no_compiler, plan):
    with pytest.raises(UsageError, match="no C compiler found") as caught:
        lower(plan, "c")
    assert (caught.value.code, caught.value.exit_code) == ("E530", 2)


def test_dtypes_that_it_does_not_have(compiler):
    assert choose("auto", "bfloat16") == "torch"
    with pytest.raises(UsageError, match="the native backend has no bfloat16"):
        choose("c", "bfloat16")


def test_torch_takes_over_where_the_compiler_fails(compiler, plan, lines, monkeypatch):
    def fails(*_):
        raise NativeError("the C compiler ended with status 1")

    monkeypatch.setattr(choice, "native", fails)
    assert lower(plan, "auto", tell=lines.append).name == "torch"
    assert lines == ["the C compiler ended with status 1: running on torch"]
    with pytest.raises(NativeError):
        lower(plan, "c")


def test_words_that_are_no_backend():
    with pytest.raises(UsageError, match="there is no backend `tpu`: use auto, torch or c"):
        choose("tpu")


def test_threads_are_those_that_suit_the_backend(compiler, plan, monkeypatch):
    monkeypatch.setattr("specdl.backends.torch.threads.suited", lambda plan: 1)
    assert suited(plan, lower(plan, "torch")) == 1
    assert suited(plan, lower(plan, "c")) == 3
    assert suited(plan, lower(plan, "c", 2)) == 2


def test_marks_are_of_native_code(compiler, plan, monkeypatch):
    monkeypatch.setattr(choice, "native_marks", lambda plan: ["native"])
    assert marks(plan, "torch") is None
    assert marks(plan, "auto") == marks(plan, "c") == ["native"]


def test_a_run_is_of_the_backend_that_it_found(compiler, tmp_path):
    of = spec() | {"train": {"epochs": 1}}
    run = specdl.train(of, data={"train": ([[1.0, 2.0, 3.0]] * 9, [[0.5, 0.5]] * 9)}, out=tmp_path, threads=1)
    assert run.folder.read("environment.json")["backend"] == "c"
    assert run.model.executable.made_for == 1
