"""A fork after steps on several threads: the child goes on, on one thread, to the same bits."""

import json
import os
import subprocess
import sys

import pytest

from tests.backends.c.compilers import NEEDS_COMPILER

pytestmark = [
    NEEDS_COMPILER,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks"),
]

SECONDS = 120
"""Far more than any of it takes."""

SCRIPT = """
import json, os, signal, sys, warnings
from specdl.runner.train import train
from specdl.training import job
from specdl.analysis import analyse
from tests.backends.c.models import NETS, deal, native, rates, samples, state

warnings.simplefilter("ignore")  # a fork of a process with threads

def forked(work):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # what hangs is not left behind
        try:
            work()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(child, 0)

def digest(executable):
    return sorted((name, value.hex()) for name, value in state(executable).items())

def tell(*what):
    print(json.dumps(what))

def steps():
    made = native(NETS["odd"], threads=2)
    data = samples(made, 37 * 4)
    dealt, lr = deal(made, 37 * 4), rates(40)
    made.prepare([37])
    made.train(data, dealt, 0, lr[:20])

    def go_on():
        made.train(data, dealt, 20, lr[20:])
        made.put({name: value[:37] for name, value in data.items()})
        tell(made.threads, made.evaluate()[1], digest(made))

    def begin():
        fresh = native(NETS["odd"], threads=2)
        fresh.train(data, dealt, 0, lr)
        fresh.put({name: value[:37] for name, value in data.items()})
        tell(fresh.threads, fresh.evaluate()[1], digest(fresh))

    forked(go_on)
    forked(begin)
    forked(lambda: forked(go_on))
    go_on()

def runs(backend, folder):
    spec = NETS["disc"] | {"train": {"epochs": 2}}
    spec["data"] = {"batch_size": 50, "source": {"type": "disc", "train": 1000}}
    spec["data"]["target"] = {"encode": "one_hot"}
    compilation, _ = analyse(spec)
    made = job(compilation, backend=backend, threads=2)
    def run(name):
        trained = train(made, os.path.join(folder, name))
        tell(trained.metrics["train"]["loss"])
    run("first")
    made = job(compilation, backend=backend, threads=2)
    forked(lambda: run("child"))

if sys.argv[1] == "steps":
    steps()
else:
    runs(*sys.argv[2:])
"""


def told(*arguments):
    """What the script tells, a value for each of its lines."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_child_goes_on_with_the_same_bits():
    *children, parent = told("steps")
    assert parent[0] == 2
    assert [child[0] for child in children] == [1, 1, 1]
    assert all(child[1:] == parent[1:] for child in children)


@pytest.mark.parametrize("backend", ["c", "torch"])
def test_a_child_trains_a_run(backend, tmp_path):
    """The threads of the job, and those that flush what is denormal, are the parent's."""
    parent, child = told("runs", backend, str(tmp_path))
    assert child == parent


def test_a_fork_without_a_team_leaves_threads_as_they_are():
    code = """
import os, torch
torch.set_num_threads(2)
import specdl.backends.forks as forks
child = os.fork()
if child == 0:
    os._exit(10 * torch.get_num_threads() + forks.allowed(2))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert done.stdout.strip() == "22"
