import ctypes
import json
import os
import shlex
import sys
from importlib.util import find_spec

import pytest

from specdl.backends.c import compiler
from specdl.backends.c.compiler import NativeError, Toolchain
from tests.backends.c.compilers import NEEDS_COMPILER, SOURCE, counting, fake_ziglang, isolate, saying, script
from tests.backends.c.compilers import toolchain as named

GCC = Toolchain(("/usr/bin/gcc",), "gcc version 12.2.0, x86_64-linux-gnu", "gcc")
CLANG = Toolchain(("/usr/bin/clang",), "clang version 19.1.0, x86_64-linux-gnu", "clang")
ZIG = Toolchain((sys.executable, "-m", "ziglang", "cc"), "zig 0.13.0, x86_64", "zig")


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    return isolate(monkeypatch, tmp_path)


@pytest.fixture
def nothing(monkeypatch):
    """A machine without any compiler."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(compiler, "find_spec", lambda _: None)


@NEEDS_COMPILER
def test_the_compiler_of_this_machine():
    found = compiler.find()
    assert found is not None
    assert found.kind in {"gcc", "clang", "zig"}
    assert compiler.find() is found
    assert str(found) == f"{shlex.join(found.command)} ({found.version})"


def test_no_compiler(nothing):
    told = []
    assert not compiler.available()
    assert compiler.find(told.append) is None
    assert told == []


def test_cc_that_is_not_there_and_nothing_else(nothing, monkeypatch):
    monkeypatch.setenv("CC", "/none/cc -m64")
    told = []
    assert not compiler.available()
    assert compiler.find(told.append) is None
    assert told == ["the compiler that CC names is not there: /none/cc -m64; there is no other C compiler"]


def test_looking_whether_there_is_one_starts_no_process(nothing, monkeypatch, tmp_path):
    monkeypatch.setenv("CC", str(script(tmp_path / "cc", f"touch {tmp_path}/ran")))
    assert compiler.available()
    assert not (tmp_path / "ran").exists()


BROKEN = {
    "exit 1": "is no gcc, clang or zig: it says nothing",
    "echo tcc version 0.9; exit 0": "is no gcc, clang or zig: tcc version 0.9",
    "kill -9 $$": "is no gcc, clang or zig: it says nothing",
    r"printf '\377\033[31mred\n'": "is no gcc, clang or zig: \N{REPLACEMENT CHARACTER}[31mred",
    "sleep 60 & sleep 60": "-v does not end within 0.2 s",
}


@pytest.mark.parametrize(("body", "fault"), BROKEN.items())
def test_cc_that_does_not_work_is_told_and_the_next_taken(nothing, monkeypatch, tmp_path, body, fault):
    broken, other = script(tmp_path / "broken", body), saying(tmp_path / "bin" / "gcc", "exit 1")
    monkeypatch.setenv("PATH", str(other.parent))
    monkeypatch.setenv("CC", str(broken))
    if "sleep" in body:
        monkeypatch.setenv("PATH", f"{other.parent}:/bin:/usr/bin")
        monkeypatch.setattr(compiler, "NAMES", ("gcc",))
        monkeypatch.setattr(compiler, "ANSWER_SECONDS", 0.2)
    told = []
    found = compiler.find(told.append)
    assert found == Toolchain((str(other),), "gcc version 12.2.0 (fake), x86_64-linux-gnu", "gcc")
    (line,) = told
    assert line.startswith(f"{broken} ")
    assert fault in line
    assert line.endswith(f"; {found} is used instead")


def test_a_fault_is_told_once_to_the_first_who_listens(nothing, monkeypatch):
    monkeypatch.setenv("CC", "none")
    told = []
    for tell in (compiler.silent, told.append, told.append):
        compiler.find(tell)
    assert len(told) == 1


def test_a_program_that_the_system_cannot_start(nothing, monkeypatch, tmp_path):
    broken = tmp_path / "cc"
    broken.write_bytes(b"\0garbage")
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    told = []
    assert compiler.find(told.append) is None
    assert told == [f"{broken} does not start: Exec format error; there is no other C compiler"]


@pytest.mark.parametrize("cc", ['gcc "', "#", "''"])
def test_cc_that_cannot_be_read(nothing, monkeypatch, cc):
    monkeypatch.setenv("CC", cc)
    assert compiler.find() is None


@pytest.mark.parametrize("cc", ["", "   "])
def test_an_empty_cc_is_none(nothing, monkeypatch, cc):
    monkeypatch.setenv("CC", cc)
    told = []
    assert compiler.find(told.append) is None
    assert told == []


def test_cc_with_arguments(monkeypatch, tmp_path):
    fake = saying(tmp_path / "cc", "exit 1")
    wrapper = script(tmp_path / "a wrapper", 'exec "$@"')
    found = named(monkeypatch, f"'{wrapper}' {fake}")
    assert found.command == (str(wrapper), str(fake))


def test_cc_whose_path_has_blanks(monkeypatch, tmp_path):
    fake = saying(tmp_path / "my tools" / "cc", "exit 1")
    assert named(monkeypatch, fake).command == (str(fake),)


def test_names_are_tried_in_order(nothing, monkeypatch, tmp_path):
    for name in ("clang", "gcc", "cc"):
        fake = saying(tmp_path / name, "exit 1")
        monkeypatch.setenv("PATH", str(tmp_path))
        compiler._find.cache_clear()
        found = compiler.find()
        assert found is not None
        assert found.command == (str(fake),)


def test_clang_is_known_by_what_it_says(monkeypatch, tmp_path):
    said = "echo 'Debian clang version 19.1.7'; echo 'Target: x86_64-pc-linux-gnu'"
    found = named(monkeypatch, script(tmp_path / "cc", said))
    assert (found.kind, found.version) == ("clang", "Debian clang version 19.1.7, x86_64-pc-linux-gnu")


def test_zig_that_cc_names(monkeypatch, tmp_path):
    said = "[ \"$*\" = 'cc --version' ] && echo 'clang version 18.1.6' && echo 'Target: x86_64-linux-gnu'"
    found = named(monkeypatch, f"{script(tmp_path / 'zig', said)} cc")
    assert (found.kind, found.command[1:]) == ("zig", ("cc",))


def test_options_of_each_compiler(monkeypatch):
    monkeypatch.setattr(compiler, "ARCHITECTURE", "x86_64")
    for toolchain in (GCC, CLANG, ZIG):
        given = compiler.flags(toolchain, 32)
        assert given[: len(compiler.COMMON)] == compiler.COMMON
        only = (compiler.FUSED_ALWAYS,) if toolchain is GCC else ()
        assert given[len(compiler.COMMON) :] == (*only, "-march=native")
        assert compiler.flags(toolchain, 64)[-1] == "-mprefer-vector-width=512"
        assert "-ffast-math" not in given


def test_options_on_arm(monkeypatch):
    monkeypatch.setattr(compiler, "ARCHITECTURE", "aarch64")
    assert compiler.flags(GCC, 16)[-1] == "-mcpu=native"
    assert compiler.flags(ZIG, 16)[-1] == "-march=native"
    monkeypatch.setenv("SPECDL_MARCH", "armv8.2-a")
    assert compiler.flags(GCC, 16)[-1] == "-march=armv8.2-a"


def test_a_processor_by_name(monkeypatch):
    monkeypatch.setattr(compiler, "processor_vector_bytes", lambda: 32)
    monkeypatch.setenv("SPECDL_MARCH", "x86-64-v3")
    assert compiler.flags(GCC, 32)[-1] == "-march=x86-64-v3"
    assert compiler.flags(ZIG, 32)[-1] == "-march=x86_64_v3"
    monkeypatch.setenv("SPECDL_MARCH", "x86-64-v4")
    with pytest.raises(NativeError, match="cannot run code for SPECDL_MARCH=x86-64-v4"):
        compiler.flags(GCC, 32)


@NEEDS_COMPILER
@pytest.mark.parametrize("march", [None, "x86-64"])
def test_this_compiler_takes_the_options(monkeypatch, tmp_path, march):
    toolchain = compiler.find()
    assert toolchain is not None
    if march and compiler.ARCHITECTURE in compiler.X86:
        monkeypatch.setenv("SPECDL_MARCH", march)
    (made,) = compiler.compile_sources([SOURCE], toolchain, compiler.flags(toolchain, 64), [tmp_path])
    assert ctypes.CDLL(str(made)).answer() == 42


@NEEDS_COMPILER
def test_the_same_source_gives_the_same_file_in_every_folder(monkeypatch, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b c \N{SNOWMAN}"]
    for folder in folders:
        folder.mkdir()
    toolchain = compiler.find()
    assert toolchain is not None
    a, b = compiler.compile_sources([SOURCE] * 2, toolchain, compiler.flags(toolchain, 16), folders)
    assert a.read_bytes() == b.read_bytes()


FAILURES = {
    "echo 'specdl.c:1: no room' >&2; exit 3": "ended with status 3: .*\nspecdl.c:1: no room",
    "kill -11 $$": "was killed by signal 11: ",
    "exit 0": "wrote no library: ",
    "sleep 60 & sleep 60": r"does not end within 0.3 s: ",
    "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; exit 1": "line 1\nline 2\n.*\n.*\n.*\nline 6$",
}


@pytest.mark.parametrize(("body", "message"), FAILURES.items())
def test_compilers_that_fail(monkeypatch, tmp_path, body, message):
    toolchain = named(monkeypatch, saying(tmp_path / "cc", body))
    (tmp_path / "work").mkdir()
    seconds = 0.3 if "sleep" in body else 60.0
    with pytest.raises(NativeError, match=message) as caught:
        compiler.compile_sources([SOURCE], toolchain, ["-O2"], [tmp_path / "work"], seconds=seconds)
    assert str(tmp_path / "cc") in caught.value.message
    assert (caught.value.code, caught.value.help) == ("E530", compiler.INSTEAD)


def test_nothing_runs_on_after_the_time_is_out(monkeypatch, tmp_path):
    body = "exec 3> alive; echo started >&3; sleep 60 & sleep 60"
    toolchain = named(monkeypatch, saying(tmp_path / "cc", body))
    os.mkfifo(tmp_path / "alive")
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(NativeError):
            compiler.compile_sources([SOURCE], toolchain, [], [tmp_path], seconds=1.0)
        os.set_blocking(alive, True)
        # the end comes when no process has the other side open
        assert os.read(alive, 100) == b"started\n"
        assert os.read(alive, 100) == b""
    finally:
        os.close(alive)


def test_a_compiler_that_is_gone(tmp_path):
    with pytest.raises(NativeError, match=r"/none/cc .* does not start: No such file"):
        compiler.compile_sources([SOURCE], Toolchain(("/none/cc",), "", "gcc"), [], [tmp_path])


def test_a_full_disk_is_no_fault_of_the_compiler(monkeypatch, tmp_path):
    said = "echo 'fatal error: error writing to specdl.s: No space left on device' >&2; exit 1"
    toolchain = named(monkeypatch, saying(tmp_path / "cc", said))
    with pytest.raises(OSError, match="No space left"):
        compiler.compile_sources([SOURCE], toolchain, [], [tmp_path])


def test_another_file_is_another_compiler(monkeypatch, tmp_path):
    fake = saying(tmp_path / "cc", "exit 1")
    toolchain = named(monkeypatch, f"{fake} -m64")
    before = compiler.fingerprint(toolchain)
    assert before == compiler.fingerprint(toolchain)
    saying(fake, "exit 2 # longer")
    assert before != compiler.fingerprint(toolchain)


@NEEDS_COMPILER
def test_a_compiler_behind_another_program_counts(monkeypatch, tmp_path):
    wrapper, log = counting(tmp_path / "counted")
    front = script(tmp_path / "front", 'exec "$@"')
    toolchain = named(monkeypatch, f"{front} {wrapper}")
    assert len(compiler.fingerprint(toolchain)) == 2
    compiler.compile_sources([SOURCE], toolchain, ["-shared", "-fPIC"], [tmp_path])
    assert log.read_text(encoding="utf-8") == "compiled\n"


FAKE_ZIG = """
import json, os, pathlib
if sys.argv[1:] == ["cc", "--version"]:
    print("clang version 19.0.0\\nTarget: x86_64-linux-gnu.2.36")
else:
    caches = [os.environ[f"ZIG_{name}_CACHE_DIR"] for name in ("GLOBAL", "LOCAL")]
    pathlib.Path("specdl.so").write_text(json.dumps([sys.argv[1:], caches]))
"""


def test_the_command_line_of_the_package(nothing, monkeypatch, tmp_path):
    place = fake_ziglang(tmp_path / "site", FAKE_ZIG)
    monkeypatch.setattr(compiler, "find_spec", find_spec)
    monkeypatch.setattr(compiler, "package_release", lambda: None)
    monkeypatch.syspath_prepend(place)
    monkeypatch.setenv("PYTHONPATH", str(place))
    monkeypatch.setattr(compiler, "ARCHITECTURE", "x86_64")
    toolchain = compiler.find()
    assert toolchain == Toolchain(ZIG.command, "clang version 19.0.0, x86_64-linux-gnu.2.36", "zig")
    assert any(str(place) in file for file in compiler.fingerprint(toolchain))
    (tmp_path / "work").mkdir()
    options = compiler.flags(toolchain, 64)
    (made,) = compiler.compile_sources(
        [SOURCE], toolchain, options, [tmp_path / "work"], zig_cache=tmp_path / "zig"
    )
    words, caches = json.loads(made.read_text(encoding="utf-8"))
    assert words == ["cc", *options, "-o", "specdl.so", "specdl.c", "-lm"]
    assert "-target" not in words
    assert caches == [str(tmp_path / "zig"), str(tmp_path / "work" / "zig")]


@pytest.mark.skipif(find_spec("ziglang") is None, reason="the package ziglang is not installed")
@pytest.mark.parametrize("march", [None, "x86-64"])
def test_zig_from_end_to_end(monkeypatch, tmp_path, march):
    monkeypatch.setenv("PATH", "")
    if march and compiler.ARCHITECTURE in compiler.X86:
        monkeypatch.setenv("SPECDL_MARCH", march)
    toolchain = compiler.find()
    assert toolchain is not None
    assert toolchain.kind == "zig"
    (made,) = compiler.compile_sources([SOURCE], toolchain, compiler.flags(toolchain, 64), [tmp_path])
    assert ctypes.CDLL(str(made)).answer() == 42
