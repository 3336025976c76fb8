"""Checks every spec there is under an audit hook, and tells of everything that a spec has no business with.

`python -m tests.safety.audit [--plant NAME]` prints one line for each thing that happened and must not:
code that is run and is not the package's or its dependencies', unpickling, processes, sockets, files that
are changed, and files that are opened outside the spec's folder, the installation and those few of the
system's that tell the machine's memory. `--plant` lets something bad happen, to show that it is seen.
"""

import argparse
import contextlib
import io
import os
import sys
import sysconfig
import tempfile
from itertools import islice
from pathlib import Path

from tests.check.cases import Case
from tests.safety import corpus

PACKAGE = corpus.ROOT / "specdl"
INSTALLED = sorted({os.path.realpath(each) for each in (
    sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values(), PACKAGE,
    *corpus.ROOT.glob("*.egg-info"),
)})  # fmt: skip
SYSTEM = ("/proc/meminfo", "/proc/cpuinfo", "/proc/self/cgroup", "/proc/self/mountinfo", "/sys/fs/cgroup/")
DENIED = (
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "os.putenv", "os.unsetenv"),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.utime"),
    *("os.chmod", "os.chown", "os.setxattr", "subprocess.", "pty.", "socket.", "urllib.", "http.", "ftplib."),
    *("smtplib.", "webbrowser.", "pickle.", "shutil.", "tempfile.", "code.__new__", "function.__new__"),
    *("builtins.input", "builtins.breakpoint", "sqlite3.", "signal.pthread_kill"),
)
OF_IMPORTS = ("os.putenv", "os.unsetenv", "code.__new__", "function.__new__")
"""What libraries do to themselves when they are imported."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """The audit hook: what it finds stands in `found`, while it is `on`; `folder` is the spec's own."""

    def __init__(self):
        self.on, self.folder, self.found, self.seen = False, "/nowhere", {}, set()

    def __call__(self, event, args):
        if not self.on:
            return
        self.on = False
        try:
            why = self.judge(event, args)
            if why:
                self.found.setdefault(why, self.name)
        finally:
            self.on = True

    def judge(self, event, args):
        """Why an event must not be; None if it may."""
        self.seen.add(event)
        if event == "exec":
            return self.code(args[0])
        if event == "open":
            return self.opened(*args)
        if event in OF_IMPORTS and theirs(sys._getframe(2)):
            return None
        return f"{event} {args!r}"[:200] if event.startswith(DENIED) else None

    def code(self, code):
        """Code may run that is of the installation; what dataclasses and their like make for it too."""
        name = code.co_filename
        if name.startswith("<frozen ") or inside(name, INSTALLED):
            return None
        frame = sys._getframe(3)
        return None if theirs(frame) else f"code of {name} is run by {frame.f_code.co_filename}"

    def opened(self, file, mode, flags):
        """Files may be read, and some alone; what imports are looked for in is the installation's."""
        if isinstance(file, int) or ((not flags or not flags & WRITES) and os.fsdecode(file) in sys.path):
            return None
        name = os.path.realpath(os.fsdecode(file)).replace(f"/proc/{os.getpid()}/", "/proc/self/")
        if (flags or 0) & WRITES:
            return f"{name} is opened for writing"
        if inside(name, (self.folder, *INSTALLED)) or name.startswith(SYSTEM):
            return None
        return f"{name} is opened"


def theirs(frame):
    """Whether code of the standard library or of a dependency does something."""
    name = frame.f_code.co_filename
    return name.startswith("<frozen ") or (inside(name, INSTALLED) and not inside(name, [str(PACKAGE)]))


def inside(name, folders):
    """Whether a file lies in one of some folders."""
    return any(name == each or name.startswith(each.rstrip("/") + "/") for each in folders)


def checked(watch, name, folder, words, stdin=b""):
    """One run of the command line under the hook."""
    from specdl.cli.main import main

    watch.name, watch.folder = name, os.path.realpath(folder)
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        watch.on = True
        try:
            main(words)
        finally:
            watch.on = False


def everything(watch, folder, most):
    """Check every spec, or the first few; how many there were."""
    count = 0
    for number, (file, title, text) in enumerate(islice(corpus.sections(), most)):
        home = Path(folder, str(number))
        home.mkdir()
        os.chdir(home)
        words, stdin = Case(text).words()
        checked(watch, f"{file.name}: {title}", home, words, stdin)
        count += 1
    os.chdir(folder)
    for file in islice(corpus.files(), most):
        for more in ([], ["--data"], ["--max-memory", "1kB"]):
            checked(watch, file.name, file.parent, ["check", str(file), *more])
        count += 1
    return count


def plant(name):
    """Let the reading of every spec do something that it must not."""
    from specdl.spec import validate

    right = validate.judge

    def wrong(value):
        BAD[name]()
        return right(value)

    validate.judge = wrong


def unpickled():
    import pickle

    pickle.loads(b"cos\ngetpid\n.")


def connected():
    import socket

    socket.socket().close()


BAD = {
    "eval": lambda: eval("1 + 1", {}),
    "shell": lambda: os.system("true"),
    "socket": connected,
    "pickle": unpickled,
    "passwords": lambda: Path("/etc/passwd").read_bytes(),
    "write": lambda: Path("left").write_text("x"),
    "remove": lambda: Path("left").unlink(missing_ok=True),
}


def main(argv=None):
    """The exit code: 1 if something happened that must not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plant", choices=BAD)
    args = parser.parse_args(argv)
    sys.dont_write_bytecode = True
    watch = Watch()
    if args.plant:
        plant(args.plant)
    with tempfile.TemporaryDirectory() as folder:
        sys.addaudithook(watch)
        count = everything(watch, folder, 3 if args.plant else None)
        os.chdir("/")
    for why, name in watch.found.items():
        print(f"{name}: {why}")
    torch = "is" if "torch" in sys.modules else "not"
    print(f"{count} specs, {len(watch.found)} things that must not be, torch {torch} imported")
    return 1 if watch.found else 0


if __name__ == "__main__":
    sys.exit(main())
