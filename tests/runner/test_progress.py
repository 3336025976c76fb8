import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from specdl.runner import progress as module
from specdl.runner.progress import Length, Plain, Silent, clock, number, progress, summary, told
from specdl.runner.train import train
from tests.runner.tools import job, spec

FIGURES = {
    "train": {"loss": 0.25, "accuracy": 0.91},
    "validation": {"loss": 1.5e-7, "wrong_predictions": 12.0},
}


class Clock:
    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(module.time, "perf_counter", lambda: self.now)


def lines(stream):
    return stream.getvalue().splitlines()


def test_plain_lines_come_once_a_second_and_at_the_end(monkeypatch):
    at, stream = Clock(monkeypatch), io.StringIO()
    shown = Plain(stream)
    shown.start(Length("lines", 100, 10, 0))
    for step in range(1, 101):
        at.now += 0.03
        shown.advance(step, 1.0)
        if step % 10 == 0:
            shown.evaluated(step, FIGURES)
    found = lines(stream)
    assert [line.split("  ")[0] for line in found] == [
        "epoch 1/10",
        "epoch 5/10",
        "epoch 9/10",
        "epoch 10/10",
    ]
    assert found[1] == (
        "epoch 5/10  train loss 0.25 accuracy 0.91, validation loss 1.5e-07 wrong_predictions 12"
        "  33 steps/s, 0:02 left"
    )


def test_a_long_epoch_shows_signs_of_life(monkeypatch):
    at, stream = Clock(monkeypatch), io.StringIO()
    shown = Plain(stream)
    shown.start(Length("lines", 1000, 1000, 0))
    for step in range(1, 61):
        at.now += 1
        shown.advance(step, 0.5)
    assert 3 <= len(lines(stream)) <= 6
    assert lines(stream)[0].startswith("epoch 0/1  loss 0.5  1 steps/s")


def test_a_resumed_run_counts_its_own_steps(monkeypatch):
    at, stream = Clock(monkeypatch), io.StringIO()
    shown = Plain(stream)
    shown.start(Length("lines", 100, 10, 90))
    at.now += 1
    shown.evaluated(100, FIGURES)
    assert "10 steps/s, 0:00 left" in stream.getvalue()


def test_lines_are_plain_where_there_is_no_terminal():
    stream = io.StringIO()
    assert isinstance(progress(stream), Plain)
    assert isinstance(progress(stream, quiet=True), Silent)
    assert "rich" not in {name.partition(".")[0] for name in imported_by_a_plain_run()}


def imported_by_a_plain_run():
    code = "import sys; from specdl.runner.progress import progress; progress(); print(*sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def drawn(tmp_path, monkeypatch, **environment):
    """What a run writes on a terminal."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"TERM": "xterm", "COLUMNS": "200"} | environment).items():
        monkeypatch.setenv(name, value)
    master, slave = pty.openpty()
    parts = []
    reader = threading.Thread(target=lambda: parts.extend(read_all(master)))
    reader.start()
    with os.fdopen(slave, "w") as stream:
        train(job(spec(epochs=2)), tmp_path, progress=progress(stream))
    reader.join()
    os.close(master)
    return b"".join(parts).decode()


def read_all(handle):
    """What comes from a terminal until nobody holds its other end, which Linux calls an error."""
    with contextlib.suppress(OSError):
        while part := os.read(handle, 4096):
            yield part


def test_a_terminal_gets_a_bar_and_last_lines(tmp_path, monkeypatch):
    text = drawn(tmp_path, monkeypatch)
    assert "epoch 2/2" in text
    assert "\x1b[" in text
    assert f"the run is in {tmp_path}" in text.splitlines()[-1]
    assert "test loss" in text.splitlines()[-2]


def test_no_color_has_no_colours(tmp_path, monkeypatch):
    colour = re.compile("\x1b\\[[0-9;]*[39][0-9][0-9;]*m")
    assert colour.search(drawn(tmp_path / "a", monkeypatch))
    assert not colour.search(drawn(tmp_path / "b", monkeypatch, NO_COLOR="1"))


def test_a_dumb_terminal_gets_plain_lines(tmp_path, monkeypatch):
    assert "\x1b" not in drawn(tmp_path, monkeypatch, TERM="dumb")


def test_the_bar_is_drawn_at_most_ten_times_a_second(monkeypatch):
    at, stream = Clock(monkeypatch), io.StringIO()
    shown = module.Bar(stream)
    draws = []
    monkeypatch.setattr(shown.bar, "refresh", lambda: draws.append(at.now))
    shown.start(Length("lines", 1000, 10, 0))
    draws.clear()
    for step in range(1, 1001):
        at.now += 0.001
        shown.advance(step, 1.0)
    shown.evaluated(1000, FIGURES)
    assert 9 <= len(draws) <= 12
    shown.close()


def test_last_lines():
    assert summary({"loss": 0.5}, Path("runs/a")) == ["test loss 0.5", "the run is in runs/a"]
    assert summary(None, Path("runs/a"), finished=False) == ["the run so far is in runs/a"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97712, "0.9771"),
        (12.0, "12"),
        (1.2345e-5, "1.234e-05"),
        (float("nan"), "nan"),
        (1e300, "1e+300"),
        (0.0, "0"),
    ],
)
def test_figures_are_short(value, text):
    assert number(value) == text
    assert told({"test": {"loss": value}}) == f"test loss {text}"


@pytest.mark.parametrize(("seconds", "text"), [(7.4, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_times_are_as_on_a_clock(seconds, text):
    assert clock(seconds) == text
