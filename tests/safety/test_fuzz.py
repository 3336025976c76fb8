"""A few thousand of the spoilt specs, and that what would be wrong with specdl is seen."""

import subprocess
import sys

import pytest

from tests.safety.corpus import ROOT

PLANTED = """
import os, tempfile, time
from tests.safety import fuzz

fuzz.HANG_SECONDS = 4

def judge(data, suffix):
    start = time.process_time()
    if data == b"1": raise KeyError(data)
    if data == b"2": os.kill(os.getpid(), 11)
    if data == b"3": time.sleep(60)
    while data == b"4" and time.process_time() - start < 1.1: pass
    if data == b"5": b"x" * (400 * 2**20)
    if data == b"6": bytearray(2**40)
    assert data != b"7", "bad words"
    return []

def cases(number):
    return b"%d" % number, "json", "bytes"

with tempfile.TemporaryDirectory() as folder:
    total = fuzz.Pool(cases, judge, folder).run(range(10), 2)
print(total.cases, *sorted((each.number, each.what) for each in total.problems))
"""
FOUND = """10 (1, 'traceback') (2, 'signal') (3, 'hang') (4, 'slow') (5, 'big') (6, 'traceback') (7, 'words')
"""


def run(*words):
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, timeout=300, check=False,
        encoding="utf-8", errors="backslashreplace",
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_spoilt_specs_are_judged(seed, tmp_path):
    done = run("-m", "tests.safety.fuzz", "--count", "1500", "--seed", str(seed), "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("1,500 cases")


def test_what_goes_wrong_is_seen():
    done = run("-c", PLANTED)
    assert done.stdout == FOUND, done.stderr


def test_a_case_is_the_same_wherever_it_runs():
    first, again = (run("-m", "tests.safety.fuzz", "--only", "77", "--seed", "3") for _ in range(2))
    assert first.stdout == again.stdout != ""
