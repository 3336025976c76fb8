"""A million spoilt specs: `python -m tests.safety.fuzz --count 1000000 --seed 1 --jobs 2`.

Each is checked as `specdl check` does it, in a worker that was forked once and has little memory. What
counts as a fault of specdl: an exception, a signal, more than a second of processor time, more than
300 MB of memory, a finding without a place or in words that are no user's, and a spec without errors that
has no compilation or no hash. Case `n` of a seed is the same wherever it runs: `--only n` runs it alone and
writes it to standard output.
"""

import argparse
import collections
import contextlib
import gc
import json
import mmap
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from specdl.analysis import checked
from specdl.core.errors import SpecError
from specdl.core.formats.human import human
from specdl.spec.document import of_text
from tests.safety import corpus, mutations

MAX_SECONDS, MAX_MEGABYTES = 1.0, 300
HANG_SECONDS = 20
CHUNK = 4000
"""Cases of a worker before a fresh one takes over."""
SAVED = 100
"""Every so many cases a worker writes down what it found."""
SPARE = 2**30
"""Bytes of address space that a worker may take beyond what it has."""
LARGEST_SEED = 20_000
WORDS = (
    "Traceback",
    "pydantic",
    "validation error",
    "FAILED",
    "Input should",
    "NoneType",
    "<class",
    "object at 0x",
)
LAST = struct.Struct("q")


class Timeout(BaseException):
    """A case runs for too long."""


@dataclass
class Problem:
    """What went wrong with a case."""

    number: int
    what: str
    detail: str = ""


@dataclass
class Tally:
    """What a number of cases came to."""

    cases: int = 0
    seconds: float = 0.0
    kinds: dict = field(default_factory=collections.Counter)
    codes: dict = field(default_factory=collections.Counter)
    slowest: list = field(default_factory=lambda: [0.0, -1])
    biggest: list = field(default_factory=lambda: [0.0, -1])
    problems: list = field(default_factory=list)

    def add(self, other):
        self.cases += other.cases
        self.seconds += other.seconds
        self.kinds.update(other.kinds)
        self.codes.update(other.codes)
        self.slowest = max(self.slowest, other.slowest)
        self.biggest = max(self.biggest, other.biggest)
        self.problems += other.problems


class Cases:
    """The cases of a seed by their numbers."""

    def __init__(self, seed, only=None):
        self.seed, self.only = seed, only
        self.texts, good, values = [], [], []
        for data, suffix, is_good in corpus.texts(LARGEST_SEED):
            self.texts.append((data, suffix))
            with contextlib.suppress(SpecError):
                value = json.dumps(of_text(data, f"spec.{suffix}", Path.cwd()).value)
                values.append(value)
                if is_good:
                    good.append(value)
        self.stock = mutations.Stock(good, values)

    def __call__(self, number):
        """The bytes of a case, its suffix, and the kind of its mutation."""
        rng = random.Random(self.seed * 1_000_003 + number)
        kind = self.only or ("bytes" if number % 2 else "structure")
        if kind == "bytes":
            return *mutations.by_bytes(rng, self.texts), kind
        try:
            return *mutations.by_structure(rng, self.stock), kind
        except (RecursionError, ValueError):  # no text says what became of it
            return *mutations.by_bytes(rng, self.texts), "bytes"


def judge(data, suffix):
    """The codes that a spec gets; raises what specdl raises, and `AssertionError` for bad words."""
    try:
        document = of_text(data, f"spec.{suffix}", Path.cwd())
    except SpecError as error:
        found = list(error.diagnostics)
    else:
        compilation, found = checked(document)
        if all(each.severity != "error" for each in found):
            assert compilation, "no error, and no compilation"
            assert compilation.hash, "no error, and no hash"
    if not found:
        return ["none"]
    told = human(found)
    bad = [word for word in WORDS if word in told and word.encode() not in data]
    assert not bad, f"it says {bad}: {told}"
    unsafe = {char for char in told if char not in "\n\u200d" and not char.isprintable()}
    assert not unsafe, f"it prints {unsafe!r}"
    placed = [each for each in found if each.position]
    assert all(each.file and each.line >= 1 and each.column >= 1 for each in placed)
    assert placed or found[0].code in ("E001", "E005"), f"no place: {told}"
    return [each.code for each in found]


def prepare(folder):
    """What specs may name, in the folder that they are checked in."""
    good = corpus.ROOT / "models" / "disc.json"
    os.chdir(folder)
    Path("base.json").write_bytes(good.read_bytes())
    Path("base.yaml").write_text('extends: "base.json"\nname: "based"\n')
    Path("a.csv").write_text("x1,x2,y\n" + "0.5,1,a\n1.5,2,b\n" * 10)


def one(number, cases, judge):
    """The tally of one case."""
    data, suffix, kind = cases(number)
    tally = Tally(1)
    tally.kinds[kind] = 1
    start = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
        codes = judge(data, suffix)
        signal.setitimer(signal.ITIMER_REAL, 0)
        tally.codes.update(set(codes))
    except Timeout:
        tally.problems.append(Problem(number, "hang", traceback.format_exc()))
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        said_badly = isinstance(error, AssertionError) and raiser(error) == "judge"
        what = "words" if said_badly else "traceback"
        tally.problems.append(Problem(number, what, traceback.format_exc(limit=-12)))
    tally.seconds = time.process_time() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tally.slowest, tally.biggest = [tally.seconds, number], [megabytes, number]
    if tally.seconds > MAX_SECONDS:
        tally.problems.append(Problem(number, "slow", f"{tally.seconds:.2f} s"))
    if megabytes > MAX_MEGABYTES:
        tally.problems.append(Problem(number, "big", f"{megabytes:.0f} MB"))
    return tally


def raiser(error):
    """The name of the function that raised an error."""
    return traceback.extract_tb(error.__traceback__)[-1].name


def out_of_time(number, frame):
    raise Timeout


def work(numbers, cases, judge, progress, out):
    """A worker: its cases one after the other; a problem of memory ends it, for the peak stays."""
    signal.signal(signal.SIGALRM, out_of_time)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE, used + SPARE))
    total = Tally()
    for number in numbers:
        progress[: LAST.size] = LAST.pack(number)
        total.add(one(number, cases, judge))
        if any(each.what == "big" for each in total.problems):
            break
        if total.problems or number % SAVED == 0:
            save(total, out)  # for the next case may end all
    save(total, out)


def save(total, out):
    """Write a tally where the pool looks for it."""
    told = vars(total) | {"problems": [vars(each) for each in total.problems]}
    Path(out).write_text(json.dumps(told), "utf-8")


@dataclass
class Worker:
    """A forked process, the cases it has, and where it tells which one it is at."""

    numbers: range
    progress: mmap.mmap
    out: str
    seen: int = -1
    since: float = 0.0

    @property
    def at(self):
        return LAST.unpack(self.progress[: LAST.size])[0]


class Pool:
    """Forks workers over ranges of cases, and takes up what a dead one left."""

    def __init__(self, cases, judge, folder, report=None):
        self.cases, self.judge, self.folder, self.report = cases, judge, folder, report
        self.total, self.workers, self.waiting = Tally(), {}, []

    def run(self, numbers, jobs):
        """The tally of all."""
        self.waiting = [numbers[i : i + CHUNK] for i in range(0, len(numbers), CHUNK)]
        gc.collect()
        gc.freeze()
        while self.waiting or self.workers:
            while self.waiting and len(self.workers) < jobs:
                self.start(self.waiting.pop(0))
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                self.ended(self.workers.pop(pid), status)
            else:
                self.watch()
                time.sleep(0.02)
        return self.total

    def start(self, numbers):
        worker = Worker(
            numbers, mmap.mmap(-1, mmap.PAGESIZE), f"{self.folder}/{numbers[0]}.json", since=time.monotonic()
        )
        worker.progress[: LAST.size] = LAST.pack(numbers[0])
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                work(numbers, self.cases, self.judge, worker.progress, worker.out)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        self.workers[pid] = worker

    def ended(self, worker, status):
        """Count what a worker did; the case that killed it is a problem, and the others go on without it."""
        after = worker.at + 1
        if Path(worker.out).exists():
            told = json.loads(Path(worker.out).read_text("utf-8"))
            problems = [Problem(**each) for each in told.pop("problems")]
            self.total.add(Tally(**told, problems=problems))
        if status:
            how = (
                f"signal {os.WTERMSIG(status)}"
                if os.WIFSIGNALED(status)
                else f"exit {os.WEXITSTATUS(status)}"
            )
            self.total.problems.append(Problem(worker.at, "signal", how))
            self.total.cases += 1
        if after < worker.numbers.stop:
            self.waiting.insert(0, range(after, worker.numbers.stop))
        if self.report:
            self.report(self.total)

    def watch(self):
        """Kill workers that have been at one case for far too long."""
        for pid, worker in self.workers.items():
            if worker.at != worker.seen:
                worker.seen, worker.since = worker.at, time.monotonic()
            elif time.monotonic() - worker.since > 2 * HANG_SECONDS:
                os.kill(pid, signal.SIGKILL)


def summary(total, wall):
    """What is printed at the end."""
    rate = total.cases / total.seconds if total.seconds else 0
    lines = [f"{total.cases:,} cases in {wall:.0f} s: {rate:,.0f} a second and core, within specdl"]
    lines.append("  " + ", ".join(f"{count:,} by {kind}" for kind, count in sorted(total.kinds.items())))
    told = ", ".join(
        f"{code} {count:,}" for code, count in sorted(total.codes.items(), key=lambda each: -each[1])
    )
    lines.append(f"  findings (of how many cases): {told}")
    lines.append(f"  slowest: {total.slowest[0]:.3f} s (case {total.slowest[1]:,})")
    lines.append(
        f"  biggest: {total.biggest[0]:.0f} MB at the peak of its worker (case {total.biggest[1]:,})"
    )
    found = collections.Counter(each.what for each in total.problems)
    lines.append("  problems: " + (", ".join(f"{count} {what}" for what, count in found.items()) or "none"))
    return "\n".join(lines)


def keep(problems, cases, folder):
    """Write each problem's spec beside what is said of it; the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in problems:
        data, suffix, kind = cases(each.number)
        (folder / f"{each.number}.{suffix}").write_bytes(data)
        (folder / f"{each.number}.txt").write_text(f"{each.what}, by {kind}\n{each.detail}", "utf-8")
        yield f"{each.what}: {folder / f'{each.number}.{suffix}'}"


def main(argv=None):
    """The exit code: 1 if there are problems."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--kind", choices=("bytes", "structure"), help="mutate in this way alone")
    parser.add_argument(
        "--only", type=int, metavar="N", help="judge case N here, and write it to standard output"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build/fuzz").resolve(),
        help="where specs are kept that are a problem",
    )
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        cases, began = Cases(args.seed, args.kind), time.monotonic()
        if args.only is not None:
            data, suffix, kind = cases(args.only)
            sys.stdout.buffer.write(data)
            print(f"\n{kind}, {suffix}: {judge(data, suffix)}", file=sys.stderr)
            return 0

        def report(total):
            if sys.stderr.isatty() or args.count > 20_000:
                print(
                    f"\r{total.cases:,} cases, {len(total.problems)} problems",
                    end="",
                    file=sys.stderr,
                    flush=True,
                )

        total = Pool(cases, judge, folder, report).run(range(args.first, args.first + args.count), args.jobs)
        for told in keep(total.problems[:100], cases, args.out):
            print(told)
    print(summary(total, time.monotonic() - began))
    return 1 if total.problems else 0


if __name__ == "__main__":
    sys.exit(main())
