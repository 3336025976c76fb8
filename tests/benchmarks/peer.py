"""One peer in a process of its own, pinned to so many cores.

    python -m tests.benchmarks.peer --workload disc_mlp --peer jax_scan --threads 1 --seconds 2

prints one line of JSON. With `--serve` it reads requests instead, one line of JSON each, and answers
each with one: {"load": workload} makes a workload ready in place of the one before, {"turn": seconds}
measures it. Between requests it sleeps, so that several can be measured in turns.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import traceback
from typing import IO, Any

from tests.benchmarks.timing import Clock, Work
from tests.benchmarks.workloads import Workload, named

PEERS: dict[str, tuple[str, dict[str, Any]]] = {
    "specdl": ("specdl_peer", {}),
    "torch_eager": ("torch_peer", {}),
    "torch_compile": ("torch_peer", {"compiled": True}),
    "jax_jit": ("jax_peer", {}),
    "jax_scan": ("jax_peer", {"scan": True}),
    "products": ("products_peer", {}),
}
"""The module of each, which has a `work`, and what that is called with."""


def pin(threads: int) -> None:
    """Keep this process, and all threads it will start, on so many cores; does nothing where that cannot be.

    Libraries size their teams when they are imported: call this before.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    os.environ["OMP_NUM_THREADS"] = str(threads)


def made(peer: str, workload: Workload, threads: int, backend: str) -> Work:
    """A peer's work on a workload, on `threads` threads, or what specdl makes of them.

    Numbers below the normal range are flushed, as JAX does by itself, so that they slow nobody.
    """
    module, options = PEERS[peer]
    make = importlib.import_module(f"tests.benchmarks.{module}").work
    if module.startswith("jax"):
        alone: Work = make(workload, **options)
        return alone
    import torch

    from specdl.runner.denormals import set_flushing

    torch.set_num_threads(threads)
    work: Work = make(workload, **options, **({"backend": backend} if peer == "specdl" else {}))
    torch.set_num_threads(work.facts.get("team", threads))
    set_flushing(True)
    return work


class Server:
    """Answers requests."""

    def __init__(self, peer: str, threads: int, backend: str) -> None:
        self.peer, self.threads, self.backend = peer, threads, backend
        self.clock: Clock | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a request asks for; `error` where it failed."""
        try:
            return self.load(request["load"]) if "load" in request else self.turn(request["turn"])
        except Exception as fault:  # a peer may raise anything, and the others go on
            traceback.print_exc()
            return {"error": f"{type(fault).__name__}: {fault}".splitlines()[0][:200]}

    def load(self, name: str) -> dict[str, Any]:
        self.clock = None
        self.clock = Clock(made(self.peer, named(name), self.threads, self.backend))
        return {"first_s": self.clock.first_s, **self.clock.work.facts}

    def turn(self, seconds: float) -> dict[str, Any]:
        assert self.clock is not None, "nothing is loaded"
        us, groups = self.clock.turn(seconds)
        return {"us_per_step": us, "groups": groups}


def serve(server: Server, replies: IO[str]) -> None:
    """Answer each line of standard input, until it ends."""
    for line in sys.stdin:
        print(json.dumps(server.answer(json.loads(line))), file=replies, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peer")
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--workload", help="disc_mlp, odd_mlp, mnist_mlp, width_W_batch_B or depth_D")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--backend", default="auto", help="specdl's")
    parser.add_argument("--serve", action="store_true", help="answer requests on standard input")
    args = parser.parse_args()
    if not args.serve and not args.workload:
        parser.error("name a --workload, or --serve")
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    pin(args.threads)
    server = Server(args.peer, args.threads, args.backend)
    if args.serve:
        serve(server, replies)
        return
    loaded = server.answer({"load": args.workload})
    measured = {} if "error" in loaded else server.answer({"turn": args.seconds})
    print(json.dumps({"workload": args.workload, "peer": args.peer, **loaded, **measured}), file=replies)


if __name__ == "__main__":
    main()
