"""Every float32 tried on the functions of vmath.h, and the page that says what came out.

python -m tests.backends.c.vmath_table [--write] takes minutes; --write replaces docs/elementary-functions.md.
"""

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tests.backends.c.vmath_harness import Build, Harness, compiler, exact

PAGE = Path(__file__).parents[3] / "docs" / "elementary-functions.md"
CHUNK = 2**16
BUILDS = {"AVX-512, 16 lanes": Build(16), "AVX2, 8 lanes": Build(8, march="-march=x86-64-v3")}
METHODS = {
    "exp": ("x = n ln 2 + r; degree 6; n added to the exponent", "Cody and Waite, N. Juffa's expf"),
    "log": ("mantissa in [2/3, 4/3), degree 10", "N. Juffa's logf"),
    "log1p": ("1 + x scaled to [3/4, 3/2), x not rounded, degree 10", "N. Juffa's log1pf"),
    "tanh": ("E / (E + 1), E = (e^2x - 1) / 2 with exp's coefficients", "own"),
    "sigmoid": ("1 / (1 + e^-x)", "own"),
    "erf": ("x p(x^2) up to 0.93, then 1 - e^q(x)", "N. Juffa's erff"),
    "softplus": ("max(x, 0) + log1p(e^-abs(x))", "own"),
    "sqrt": ("the processor's", ""),
    "rsqrt": ("1 / sqrt(x)", ""),
}
TIMED = {"log": (0.01, 8), "log1p": (-0.9, 8), "sqrt": (0, 8), "rsqrt": (0.01, 8)}
"""Where arguments lie that are timed, if not from -8 to 8."""

HEAD = """# Elementary functions

The c backend's float32 functions (`specdl/backends/c/include/vmath.h`), tried on every one of the 2^32
arguments against float64, with denormals flushed and kept, on AVX-512 and AVX2 with FMA. An error of
0.5 ulp is that of exact rounding; the limit is 3. Signs of zero, infinities and NaN were right everywhere.
A result below 2^-126 may be given as 0; where the processor reads denormal arguments as zeros, the result
is that of zero.

{where}; ns per element on one core, in the first cache, the best of many runs. In float64 the
functions are libm's, lane by lane, and so is `pow`.

| function | largest error, ulp | at | {times} | method | source |
|---|---|---|{rules}---|---|
"""
FOOT = "\n`python -m tests.backends.c.vmath_table --write` tries them all again and writes this page.\n"


@dataclass(frozen=True)
class Worst:
    """The largest error in ulp, and the argument it is at."""

    ulp: float
    at: float


def results(
    harnesses: list[Harness], name: str, x: np.ndarray
) -> Iterator[tuple[Harness, np.ndarray, np.ndarray]]:
    """Results with the exact ones, but not what came out before bit by bit."""
    denormal = bool((np.abs(x) < np.float32(2**-126)).any())
    truth = exact(name, x)
    seen: np.ndarray | None = None
    for flush in (False, True):
        if flush and denormal:
            truth, seen = exact(name, x, flush), None
        for harness in harnesses:
            y = harness(name, x, flush=flush)
            if seen is None or not np.array_equal(y.view(np.int32), seen.view(np.int32)):
                seen = y
                yield harness, y, truth


def chunk_worst(harnesses: list[Harness], name: str, first: int) -> Worst:
    """Over the floats whose bits are first, first + 1, ... (CHUNK of them)."""
    x = np.arange(first, first + CHUNK, dtype=np.int64).astype(np.uint32).view(np.float32)
    most = Worst(0, 0)
    for harness, y, truth in results(harnesses, name, x):
        error, at = harness.worst(y, truth)
        if error > most.ulp:
            most = Worst(error, float(x[at]))
    return most


def worst(harnesses: list[Harness], name: str) -> Worst:
    """Over every float32."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        chunks = pool.map(lambda first: chunk_worst(harnesses, name, first), range(0, 2**32, CHUNK))
        return max(chunks, key=lambda chunk: chunk.ulp)


def nanoseconds(harness: Harness, name: str) -> float:
    """Per element."""
    low, high = TIMED.get(name, (-8, 8))
    x = np.random.default_rng(0).uniform(low, high, 2**12).astype(np.float32)
    return min(harness.seconds(name, x, 50) for _ in range(400)) / (50 * x.size) * 1e9


def where() -> str:
    """The machine and the compiler."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )
    version = subprocess.run(
        [str(compiler()), "--version"], check=True, capture_output=True, text=True
    ).stdout
    return f"{model}, {version.splitlines()[0]}"


def page(folder: Path) -> str:
    harnesses = [Harness(build, folder) for build in BUILDS.values()]
    rows = []
    for name, (method, source) in METHODS.items():
        most = worst(harnesses, name)
        if not math.isfinite(most.ulp):
            raise SystemExit(f"{name}({most.at!r}) is of a wrong kind")
        times = [f"{nanoseconds(harness, name):.2f}" for harness in harnesses]
        rows.append(
            f"| {name} | {most.ulp:.2f} | {most.at:.9g} | {' | '.join(times)} | {method} | {source} |"
        )
        print(rows[-1], flush=True)
    head = HEAD.format(
        where=where(), times=" | ".join(f"ns, {build}" for build in BUILDS), rules="---|" * len(BUILDS)
    )
    return head + "\n".join(rows) + "\n" + FOOT


def main(args: list[str]) -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        text = page(Path(folder))
    if "--write" in args:
        PAGE.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
