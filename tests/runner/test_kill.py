"""Runs that are ended from outside, in processes of their own."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")


def forks(mode, folder):
    """What a mode of `tests.runner.forks` tells."""
    command = [sys.executable, "-m", "tests.runner.forks", mode, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_at_any_point_and_resumed_a_run_ends_the_same(tmp_path):
    told = forks("every_point", tmp_path)
    assert told["differing"] == []
    assert told["events"] > 80


def test_killed_again_and_again_a_run_ends_the_same(tmp_path):
    told = forks("twice", tmp_path)
    assert told["differing"] == []
    assert told["kills"] > 12


def test_killed_at_random_moments_after_the_first_figures(tmp_path):
    assert forks("random_moments", tmp_path) == {"kills": 20, "differing": []}


def test_signals_leave_a_good_checkpoint_and_the_run_goes_on_from_it(tmp_path):
    for told in forks("signals", tmp_path):
        assert told["code"] == 128 + told["signal"], told
        assert told["seconds"] < 5, told
        assert told["steps"], told
        assert told["good"], told
        assert told["same"], told


def test_a_second_signal_does_not_wait(tmp_path):
    told = forks("second", tmp_path)
    assert told["code"] == 115
    assert told["seconds"] < 5
    assert told["steps"] == []
