"""`python -m tests.backends.c.sanitize [address|valgrind|leak]`: native code under tools that see its memory.

- `address` (default): every net of `tests.backends.c.models` in both precisions, on one thread and on
  two, with batches of every kind, compiled with `-fsanitize=address,undefined`. It ends with status 0
  unless something is read or written outside of what was allocated, or is undefined.
- `valgrind`: one small net under memcheck, which takes minutes; what it says of Python and torch is
  left out. With AVX2, since valgrind knows no wider vectors.
- `leak`: 200,000 steps, during which the process must not grow.

Vectors are read up to 64 bytes past the end of a value by design; all values lie in one block of
memory that ends with as many, and nothing may be read past that.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from specdl.backends.c.compiler import SOURCE, find

ROOT = Path(__file__).parents[3]
PROBES = "-g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
STEPS, WARM = 200_000, 20_000
GROWTH = 1 << 20
"""Bytes by which a process may grow that does not leak: what else lives in it comes and goes."""
CACHE = "specdl-probed"
OURS = (CACHE, f"({SOURCE}:")
"""What our code is known by in what valgrind says: the cache's folder, or the name of the source."""


def main(mode: str = "address") -> int:
    """Run a mode in a process that is set up for it; its status."""
    toolchain = find()
    if toolchain is None or toolchain.kind != "gcc":
        print("this takes gcc")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / CACHE
        env = os.environ | {"SPECDL_CACHE": str(cache), "OMP_NUM_THREADS": "2"}
        work = [sys.executable, "-m", __spec__.name, f"--{mode}"]
        if mode == "address":
            env |= {"CC": f"{' '.join(toolchain.command)} {PROBES}", "LD_PRELOAD": probes(toolchain.command)}
            env |= {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
        elif mode == "valgrind":
            log = Path(folder) / "log"
            env |= {"CC": f"{' '.join(toolchain.command)} -g", "PYTHONMALLOC": "malloc"}
            env |= {"SPECDL_MARCH": "x86-64-v3", "OMP_NUM_THREADS": "1"}
            work = ["valgrind", f"--log-file={log}", "--error-limit=no", "--num-callers=30", *work]
        done = subprocess.run(work, cwd=ROOT, env=env, check=False)
        if mode == "valgrind" and not done.returncode:
            return report(log.read_text(errors="replace"))
        return done.returncode


def probes(compiler: tuple[str, ...]) -> str:
    """The libraries that sanitized code needs in a process that was not compiled for it."""
    asks = ([*compiler, f"-print-file-name=lib{name}.so"] for name in ("asan", "ubsan"))
    return " ".join(subprocess.check_output(ask, text=True).strip() for ask in asks)


def report(log: str) -> int:
    """What valgrind says of our code."""
    blocks = re.split(r"\n==\d+== \n", log)
    ours = [block for block in blocks if any(word in block.split(" Address ")[0] for word in OURS)]
    print("\n\n".join(ours) or f"nothing in native code ({len(blocks)} blocks in all)")
    return int(bool(ours))


def work_all() -> None:
    """Every net: all that can be called, with batches of every size."""
    from tests.backends.c.models import NETS

    for net in NETS:
        for dtype in ("float32", "float64"):
            for threads in (1, 2):
                work(net, dtype, threads)
                print(net, dtype, threads, flush=True)


def work(net: str, dtype: str, threads: int, blas: bool = False) -> None:
    """All that can be called of a net."""
    import torch

    from specdl.backends.base import StepScalars
    from tests.backends.c.models import NETS, deal, native, rates, samples

    made = native(NETS[net], threads=threads, dtype=dtype, blas=blas)
    size = made.plan.rows
    # arrays that end where their memory ends
    data = {name: value.clone() for name, value in samples(made, 2 * size + size // 2 + 1).items()}
    rows = len(next(iter(data.values())))
    for count in sorted({1, size // 2 + 1, size}):
        made.put(samples(made, count))
        made.infer(), made.evaluate(), made.loss(), made.backward()
        made.step(StepScalars(0.01, count))
    made.train(data, deal(made, rows), 0, rates(9, 0.01))
    made.gather(data, torch.arange(size - 1, -1, -1))
    for kernel in made.kernels:
        kernel()
    shapes = {name: (rows, *value.shape[1:]) for name, value in made.infer().items()}
    outputs = {name: torch.empty(shape, dtype=getattr(torch, dtype)) for name, shape in shapes.items()}
    made.evaluate_rows(data, range(rows), size, outputs)


def work_long() -> None:
    """Many steps, in calls of many lengths."""
    from tests.backends.c.models import NETS, deal, native, rates, samples

    made = native(NETS["disc"])
    data = samples(made, 330)
    dealt, step = deal(made, 330), 0
    before = 0
    while step < STEPS:
        count = min(1 + step % 997, STEPS - step)
        made.train(data, dealt, step, rates(count, 1e-4))
        step += count
        if not before and step >= WARM:
            before = resident()
    grown = resident() - before
    print(f"{grown:,} bytes more after {STEPS - WARM:,} steps")
    assert grown < GROWTH


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


INSIDE = {"--address": work_all, "--valgrind": lambda: work("one", "float32", 1), "--leak": work_long}

if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else "address"
    if given in INSIDE:
        INSIDE[given]()
    else:
        sys.exit(main(given))
