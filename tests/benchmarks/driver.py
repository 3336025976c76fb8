"""Peers' processes, asked in turns, and the medians of what they answer."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.workloads import ROOT

LIBRARIES = ("torch_eager", "torch_compile", "jax_jit", "jax_scan")
"""What a user would take instead of specdl."""
PATIENCE_S = 600.0
"""The longest that a peer may take for one answer beyond what it was asked to measure."""


@dataclass(frozen=True)
class Options:
    """What every command is told.

    `seconds` are a peer's on one workload, over all rounds; `backend` and `march` are specdl's.
    """

    threads: int = 1
    seconds: float = 3.0
    rounds: int = 3
    peers: tuple[str, ...] = LIBRARIES
    backend: str = "auto"
    march: str | None = None
    quick: bool = False


@dataclass(frozen=True)
class Figure:
    """Microseconds per step of a peer, the median over rounds, and what it told of itself."""

    us: float
    rounds: tuple[float, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


class PeerError(Exception):
    """A peer could not do its work; says why."""


class Peer:
    """A process that answers requests, see `tests.benchmarks.peer`."""

    def __init__(self, peer: str, options: Options, folder: Path) -> None:
        self.peer = peer
        self.log = folder / f"{peer}.log"
        words = [sys.executable, "-m", "tests.benchmarks.peer", "--serve", "--peer", peer]
        words += ["--threads", str(options.threads), "--backend", options.backend]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=environment(options, folder),
            )

    def ask(self, patience: float = PATIENCE_S, **request: Any) -> dict[str, Any]:
        """The answer to a request; raises `PeerError` where there is none."""
        process = self.process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise PeerError(f"ended: {self.last_words()}") from None
        if not select.select([process.stdout], [], [], patience)[0]:
            self.close()
            raise PeerError(f"took more than {patience:.0f} s")
        line = process.stdout.readline()
        if not line:
            raise PeerError(f"ended: {self.last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def last_words(self) -> str:
        """The last line of the process's messages."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "no message"

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def environment(options: Options, folder: Path) -> dict[str, str]:
    """The environment of a peer: caches of its own below `folder`, and specdl's CPU if it is chosen."""
    chosen = {"SPECDL_MARCH": options.march} if options.march else {}
    own = {"SPECDL_CACHE": str(folder / "specdl"), "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor")}
    return installed() | own | chosen


def installed() -> dict[str, str]:
    """This environment as whoever installed specdl has it: with bytecode, which the first process writes."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Contest:
    """specdl and its peers, each in a process that stays for one workload after another."""

    def __init__(self, peers: Iterable[str], options: Options, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.peers = tuple(peers)
        self.processes: dict[str, Peer] = {}

    def measure(self, workload: str, without: Iterable[str] = ()) -> dict[str, Figure | str]:
        """The figure of each peer on a workload, in rounds of a turn each; where it has none, why."""
        facts: dict[str, dict[str, Any]] = {}
        outcome: dict[str, Figure | str] = dict.fromkeys(without, "not tried")
        for peer in self.peers:
            if peer not in outcome:
                self.attempt(peer, outcome, facts, load=workload)
        turns: dict[str, list[float]] = {peer: [] for peer in facts}
        seconds = self.options.seconds / self.options.rounds
        for _ in range(self.options.rounds):
            for peer, taken in turns.items():
                answers: dict[str, dict[str, Any]] = {}
                if peer not in outcome:
                    self.attempt(peer, outcome, answers, turn=seconds)
                taken += [answer["us_per_step"] for answer in answers.values()]
        for peer, taken in turns.items():
            if peer not in outcome:
                outcome[peer] = Figure(statistics.median(taken), tuple(taken), facts[peer])
        return outcome

    def attempt(
        self, peer: str, outcome: dict[str, Figure | str], answers: dict[str, dict[str, Any]], **request: Any
    ) -> None:
        """Ask a peer; its answer, or why there is none, into its place."""
        if peer not in self.processes:
            self.processes[peer] = Peer(peer, self.options, self.folder)
        try:
            answers[peer] = self.processes[peer].ask(**request)
        except PeerError as error:
            outcome[peer] = str(error)
            self.processes.pop(peer).close()
            print(f"{peer}, {request}: {error}", file=sys.stderr, flush=True)

    def close(self) -> None:
        for process in self.processes.values():
            process.close()


@contextmanager
def contest(peers: Iterable[str], options: Options) -> Iterator[Contest]:
    """A contest whose processes and caches end with it."""
    with tempfile.TemporaryDirectory(prefix="specdl-bench-") as folder:
        made = Contest(peers, options, Path(folder))
        try:
            yield made
        finally:
            made.close()


def present(peers: Iterable[str]) -> tuple[str, ...]:
    """Those of the peers that can run here; a message on standard error for each that cannot."""
    here = []
    for peer in peers:
        reason = missing(peer)
        if reason is None:
            here.append(peer)
        else:
            print(f"{peer} is left out: {reason}", file=sys.stderr, flush=True)
    return tuple(here)


def missing(peer: str) -> str | None:
    """Why a peer cannot run here, if it cannot."""
    if peer.startswith("jax"):
        absent = [name for name in ("jax", "optax") if importlib.util.find_spec(name) is None]
        return f"{' and '.join(absent)} not installed; the extra is `specdl[bench]`" if absent else None
    if peer == "torch_compile" and not any(
        map(shutil.which, (os.environ.get("CXX", "g++"), "g++", "clang++"))
    ):
        return "there is no C++ compiler"
    return None
