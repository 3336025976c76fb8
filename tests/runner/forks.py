"""Runs that are killed, each in a process of its own: forks of this one, since torch takes long to import.

`python -m tests.runner.forks MODE FOLDER` prints JSON for a test to judge.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from specdl.runner import checkpoint, loop
from specdl.runner.train import train
from tests.runner.tools import final, job, spec, steps_of

SHORT: dict[str, Any] = {"epochs": 4, "checkpoint_every": 2, "keep": 1}
WAIT = 30.0


def fork(work: Callable[[], Any]) -> int:
    """The process that does some work and ends with its exit code."""
    child = os.fork()
    if child:
        return child
    code = 0
    try:
        work()
    except BaseException as error:
        code = getattr(error, "exit_code", 99)
        if code == 99:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
    os._exit(code)


def end_of(child: int) -> int:
    """A process's exit code, or the negative number of the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def is_module(path: str) -> bool:
    """Whether a file is read, or written, because a module is imported: that is no part of a run."""
    return path.endswith(".py") or "__pycache__" in path


class Countdown:
    """Ends the process, as SIGKILL would, at the n-th thing that is done to a file or computed."""

    def __init__(self, events: int) -> None:
        self.left = events
        sys.addaudithook(self.audit)

    def audit(self, event: str, args: Any) -> None:
        of_files = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
        if event in of_files and not is_module(str(args[0])):
            self.count()

    def count(self, *ignored: Any) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(9)


def run(path: Path, events: int | None = None, resume: bool = True) -> None:
    """The run that is killed over and over."""
    work = job(spec(**SHORT))
    if events is not None:
        countdown = Countdown(events)
        work.model.executable.notes = countdown.count
        os.fsync = countdown.count
    train(work, path, resume=resume)


def every_point(folder: Path) -> dict[str, Any]:
    """Kill a run at every second of its events, and resume it: what differs from the whole run."""
    os.fsync = lambda handle: None
    run(folder / "whole", resume=False)
    wanted = final(folder / "whole")
    differing, events = [], -1
    while True:
        events += 2
        path = folder / f"killed-{events}"
        code = end_of(fork(lambda at=events, path=path: run(path, at)))
        if code not in {0, 9}:
            differing.append({"at": events, "code": code})
            break
        run(path)
        if final(path) != wanted:
            differing.append({"at": events, "final": final(path)})
        if any(each.name.startswith(".") for each in (path / "checkpoints").iterdir()):
            differing.append({"at": events, "left": sorted(os.listdir(path / "checkpoints"))})
        if code == 0:
            break
    return {"events": events, "differing": differing}


def twice(folder: Path) -> dict[str, Any]:
    """Kill runs at random events again and again, resuming each time."""
    os.fsync = lambda handle: None
    run(folder / "whole", resume=False)
    wanted, differing, kills = final(folder / "whole"), [], 0
    for number in range(4):
        random.seed(number)
        path = folder / f"again-{number}"
        while end_of(fork(lambda path=path: run(path, random.randint(10, 80)))) == 9:
            random.random()
            kills += 1
        if final(path) != wanted:
            differing.append(number)
    return {"kills": kills, "differing": differing}


def random_moments(folder: Path) -> dict[str, Any]:
    """SIGKILL from outside, at twenty moments after the first figures."""
    run(folder / "whole", resume=False)
    wanted, differing, kills = final(folder / "whole"), [], 0

    def slowly(path: Path) -> None:
        work = job(spec(**SHORT))
        work.model.executable.pause = 0.002
        train(work, path, resume=True)
        time.sleep(WAIT)  # the shot always finds it, however late this machine fires it

    random.seed(1)
    for number in range(20):
        path = folder / f"shot-{number}"
        child = fork(lambda path=path: slowly(path))
        until(lambda path=path: (path / "metrics.jsonl").exists() and (path / "metrics.jsonl").stat().st_size)
        time.sleep(random.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        kills += end_of(child) == -signal.SIGKILL
        end_of(fork(lambda path=path: run(path)))
        if final(path) != wanted:
            differing.append(number)
    return {"kills": kills, "differing": differing}


def until(holds: Callable[[], Any]) -> None:
    """Wait for something."""
    begun = time.perf_counter()
    while not holds():
        if time.perf_counter() - begun > WAIT:
            raise TimeoutError
        time.sleep(0.0005)


def signals(folder: Path) -> list[dict[str, Any]]:
    """A signal in each thing that a run does: how it ended, after how long, and what is there."""
    told = []
    for what in ("step", "evaluate", "checkpoint"):
        for number in (signal.SIGTERM, signal.SIGINT):
            path = folder / f"{what}-{number}"
            read, write = os.pipe()
            child = fork(lambda what=what, path=path, write=write: waiting(what, path, write))
            os.close(write)
            os.read(read, 1)
            begun = time.perf_counter()
            os.kill(child, number)
            code = end_of(child)
            os.close(read)
            found = {
                "what": what,
                "signal": int(number),
                "code": code,
                "seconds": time.perf_counter() - begun,
            }
            steps = steps_of(path)
            good = [
                isinstance(checkpoint.Checkpoints(path / "checkpoints").read(at), checkpoint.Checkpoint)
                for at in steps
            ]
            run_to_end(path)
            told.append(found | {"steps": steps, "good": all(good), "final": final(path)})
    run_to_end(folder / "whole")
    return [each | {"same": each.pop("final") == final(folder / "whole")} for each in told]


def run_to_end(path: Path) -> None:
    """The run of `waiting`, without its waits."""
    train(job(spec(**SHORT)), path, resume=True)


def waiting(what: str, path: Path, tell: int) -> None:
    """A run that tells when it has come to a thing for the second time, and is slow from there on."""
    seen = 0

    def note(now: str) -> None:
        nonlocal seen
        if now == what:
            seen += 1
            if seen == 4:
                os.write(tell, b".")
            if seen >= 4:
                time.sleep(0.05)

    work = job(spec(**SHORT))
    work.model.executable.notes = note
    if what == "checkpoint":
        real = checkpoint.write_synced

        def slow(*args: Any) -> None:
            note("checkpoint")
            real(*args)

        checkpoint.write_synced = slow
    train(work, path)


def second(folder: Path) -> dict[str, Any]:
    """A second signal, while the first one's checkpoint takes its time."""
    read, write = os.pipe()

    def stuck() -> None:
        checkpoint.write_synced = lambda *args: (os.write(write, b"2"), time.sleep(WAIT))
        work = job(spec(**SHORT))
        work.model.executable.notes = lambda what: (os.write(write, b"1"), time.sleep(0.02))
        train(work, folder / "stuck", at_once=lambda number: os._exit(100 + number))

    child = fork(stuck)
    os.close(write)
    os.read(read, 1)
    os.kill(child, signal.SIGTERM)
    while os.read(read, 1) != b"2":
        pass
    begun = time.perf_counter()
    os.kill(child, signal.SIGTERM)
    return {
        "code": end_of(child),
        "seconds": time.perf_counter() - begun,
        "steps": steps_of(folder / "stuck"),
    }


MODES = {each.__name__: each for each in (every_point, twice, random_moments, signals, second)}

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a fork of a process with idle threads
    torch.set_num_threads(1)
    loop.CLOCK = 1e9
    print(json.dumps(MODES[sys.argv[1]](Path(sys.argv[2]))))
