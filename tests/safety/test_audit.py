"""Reading a spec runs nothing, opens nothing and changes nothing that is none of its business."""

import subprocess
import sys

import pytest

from tests.safety.audit import BAD
from tests.safety.corpus import ROOT


def audited(*words):
    return subprocess.run(
        [sys.executable, "-m", "tests.safety.audit", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_every_spec_is_checked_without_harm():
    done = audited()
    assert done.returncode == 0, done.stdout + done.stderr
    count, told = done.stdout.split(" ", 1)
    assert int(count) > 150
    assert told == "specs, 0 things that must not be, torch not imported\n"


@pytest.mark.parametrize("name", BAD)
def test_harm_is_seen(name):
    done = audited("--plant", name)
    assert done.returncode == 1, done.stdout + done.stderr
