import pytest

from specdl.backends import choice
from specdl.backends.torch.executable import TorchExecutable
from tests.cli.conftest import spec

KEYS = [
    "us_per_step",
    "first_step_s",
    "compile_s",
    "backend",
    "threads",
    "instructions",
    "native_instructions",
    "limit_us",
]


def test_figures(specdl, small):
    figures = specdl("bench", small, "--seconds", "0.05", "--backend", "torch", "--format", "json").json
    assert [key for key in figures if key in KEYS] == KEYS
    assert all(figures[key] > 0 for key in KEYS if key not in ("backend", "native_instructions"))
    assert figures["backend"] == "torch"
    assert figures["native_instructions"] == 0
    assert figures["instructions"] == specdl("plan", small, "--format", "json").json["instructions"]


def test_text(specdl, small):
    done = specdl("bench", small, "--seconds", "0.05", "--threads", "1", "--backend", "torch")
    assert done.out.startswith("small, batches of 8, torch, 1 thread, 12 instructions, 0 native\n")
    assert [line.split()[0] for line in done.out.splitlines()[2:]] == ["step", "limit", "first", "compile"]


def test_figures_are_of_the_backend_that_runs(specdl, small, monkeypatch):
    monkeypatch.setattr(TorchExecutable, "name", "c")
    monkeypatch.setattr(TorchExecutable, "native_instructions", 11)
    monkeypatch.setattr(TorchExecutable, "threads", 7)
    done = specdl("bench", small, "--seconds", "0.05", "--backend", "torch")
    assert done.out.startswith("small, batches of 8, c, 7 threads, 12 instructions, 11 native\n")


@pytest.mark.parametrize("command", ["bench", "train"])
def test_a_machine_without_a_compiler_is_told_of_once(specdl, small, tmp_path, monkeypatch, command):
    monkeypatch.setattr(choice, "find", lambda tell: None)
    options = ["--seconds", "0.05"] if command == "bench" else ["--out", tmp_path / "run", "--quiet"]
    done = specdl(command, small, *options)
    assert (done.code, done.err) == (0, f"{choice.NO_COMPILER}: running on torch\n")
    assert specdl(command, small, *options, "--backend", "c").code == 2


def test_a_spec_without_data(specdl, write):
    figures = specdl(
        "bench", write(spec(data={"batch_size": 8})), "--seconds", "0.05", "--format", "json"
    ).json
    assert figures["batch_size"] == 8


def test_data_that_cannot_be_used_is_replaced(specdl, write):
    data = {"source": {"type": "random", "train": 5}, "batch_size": 8, "drop_last": True}
    done = specdl("bench", write(spec(data=data)), "--seconds", "0.05", "--format", "json")
    assert done.json["batch_size"] == 8
    assert "random samples stand in for it" in done.err


def test_fewer_samples_than_a_batch(specdl, write):
    data = {"source": {"type": "random", "train": 5}, "batch_size": 8}
    figures = specdl("bench", write(spec(data=data)), "--seconds", "0.05", "--format", "json").json
    assert figures["batch_size"] == 5
