import os
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from specdl.backends.c import cache, compiler, library
from specdl.backends.c.compiler import NativeError, Toolchain
from tests.backends.c.compilers import NEEDS_COMPILER, SOURCE, counting, isolate, saying
from tests.backends.c.compilers import toolchain as named

ROOT = Path(__file__).parents[3]
OPTIONS = ("-O1", "-shared", "-fPIC")
FAKE = Toolchain(("/none/cc",), "gcc version 12.2.0, x86_64-linux-gnu", "gcc")


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    return isolate(monkeypatch, tmp_path)


@pytest.fixture
def told():
    return []


class Counted:
    """This machine's compiler behind a script that counts what is compiled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.path, self.log = counting(folder / "counted")
        self.toolchain = named(monkeypatch, self.path)

    @property
    def compiled(self) -> int:
        return len(self.log.read_text(encoding="utf-8").splitlines())

    def answer(self, tell=compiler.silent, source: str = SOURCE) -> int:
        """What the library says, as a new process would have it."""
        library.loaded.clear()
        return library.library(source, self.toolchain, OPTIONS, tell=tell).answer()


@pytest.fixture
def cc(monkeypatch, tmp_path):
    return Counted(monkeypatch, tmp_path)


def entries(place: Path) -> list[Path]:
    return sorted(place.glob("*.so"))


@NEEDS_COMPILER
class TestCache:
    def test_the_second_time_nothing_is_compiled(self, cc, place, told):
        assert [cc.answer(told.append), cc.answer(told.append)] == [42, 42]
        assert cc.compiled == 1
        assert len(entries(place)) == 1
        assert told == []

    def test_the_same_source_gives_the_same_handle(self, cc):
        one, two = (library.library(SOURCE, cc.toolchain, OPTIONS) for _ in range(2))
        assert one is two
        assert cc.compiled == 1

    def test_another_source_is_compiled(self, cc, place):
        assert cc.answer(source=SOURCE.replace("42", "43")) == 43
        assert cc.answer() == 42
        assert (cc.compiled, len(entries(place))) == (2, 2)

    @pytest.mark.parametrize("content", [b"", b"half", None])
    def test_a_damaged_entry_is_compiled_again(self, cc, place, told, content):
        # by another process: a file that this one has loaded must not change below it
        self_made = "from tests.backends.c.test_library import make; make()"
        run_python(self_made, place, cc.path)
        (path,) = entries(place)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if content is None else content)
        assert cc.answer(told.append) == 42
        assert cc.compiled == 2
        (line,) = told
        assert "is compiled again: it is damaged" in line
        assert cc.answer(told.append) == 42
        assert (cc.compiled, len(told), len(entries(place))) == (2, 1, 1)

    def test_an_entry_that_does_not_load_is_compiled_again(self, cc, place, told):
        given = library.surroundings(cc.toolchain, OPTIONS)
        folder = cache.folder()
        with cache.work(folder, 1) as (work,):
            (work / "specdl.so").write_bytes(b"whole, and no library")
            cache.store(folder, library.key(SOURCE, given), work / "specdl.so")
        assert cc.answer(told.append) == 42
        assert cc.compiled == 1
        assert len(told) == 1

    def test_a_folder_that_others_may_write_to(self, cc, place, told):
        place.mkdir()
        place.chmod(0o777)
        assert [cc.answer(told.append), cc.answer(told.append)] == [42, 42]
        assert cc.compiled == 1
        assert len(told) == 1
        assert list(place.iterdir()) == []

    def test_a_folder_that_cannot_be_made(self, cc, place, told):
        place.write_text("", encoding="utf-8")
        assert cc.answer(told.append, SOURCE + "/* unmade */") == 42
        assert len(told) == 1

    def test_the_disk_is_full_for_the_compiler(self, monkeypatch, tmp_path, place, told):
        full = f"case $PWD in {place}/*) echo 'No space left on device' >&2; exit 1;; esac"
        real = compiler.find()
        assert real is not None
        fake = saying(tmp_path / "cc", f'{full}\nexec {real.command[0]} "$@"')
        toolchain = named(monkeypatch, fake)
        assert library.library(SOURCE, toolchain, OPTIONS, tell=told.append).answer() == 42
        (line,) = told
        assert line.startswith(f"the cache {place} is not used: no space left on device; ")
        assert list(place.iterdir()) == []

    def test_the_disk_is_full_for_the_entry(self, cc, monkeypatch, place, told):
        store = cache.store

        def full(folder, key, file):
            if not folder.private:
                raise OSError(28, "No space left on device")
            return store(folder, key, file)

        monkeypatch.setattr(cache, "store", full)
        assert cc.answer(told.append, SOURCE + "/* full */") == 42
        assert ["no space left on device" in line for line in told] == [True]

    def test_no_room_anywhere(self, cc, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(cache, "store", full)
        with pytest.raises(NativeError, match="there is no room for compiled code"):
            cc.answer()

    @pytest.mark.parametrize(
        "name", ["with blanks", "\N{SNOWMAN} \N{GREEK SMALL LETTER ALPHA}", "it's; $HOME `x` -o"]
    )
    def test_odd_paths(self, cc, monkeypatch, tmp_path, name, told):
        monkeypatch.setenv("SPECDL_CACHE", str(tmp_path / name))
        assert [cc.answer(told.append), cc.answer(told.append)] == [42, 42]
        assert cc.compiled == 1
        assert told == []

    def test_the_cache_is_taken_away(self, cc, place):
        assert cc.answer() == 42
        shutil.rmtree(place)
        assert cc.answer() == 42
        assert cc.compiled == 2

    def test_threads_compile_a_source_once(self, cc):
        found = []

        def load():
            found.append(library.library(SOURCE, cc.toolchain, OPTIONS))

        threads = [threading.Thread(target=load) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(found) == 4
        assert len(set(map(id, found))) == 1
        assert cc.compiled == 1

    def test_processes_at_once(self, cc, place, told):
        code = "from tests.backends.c.test_library import make; make()"
        running = [start_python(code, place, cc.path) for _ in range(4)]
        outputs = [process.communicate(timeout=300) for process in running]
        assert outputs == [("42\n", "")] * 4
        assert 1 <= cc.compiled <= 4
        assert [each.name for each in place.iterdir() if each.name.startswith(cache.WORK)] == []
        compiled = cc.compiled
        assert cc.answer(told.append) == 42
        assert (cc.compiled, told) == (compiled, [])

    def test_several_are_compiled_at_once_and_each_once(self, cc, place):
        sources = [SOURCE.replace("42", str(number)) for number in (1, 2, 1, 3)]
        found = library.libraries(sources, cc.toolchain, OPTIONS)
        assert [each.answer() for each in found] == [1, 2, 1, 3]
        assert found[0] is found[2]
        assert (cc.compiled, len(entries(place))) == (3, 3)
        assert library.libraries([], cc.toolchain, OPTIONS) == []

    def test_only_what_is_missing_is_compiled(self, cc):
        cc.answer()
        library.loaded.clear()
        found = library.libraries([SOURCE, SOURCE.replace("42", "7")], cc.toolchain, OPTIONS)
        assert [each.answer() for each in found] == [42, 7]
        assert cc.compiled == 2

    def test_one_of_several_fails(self, cc, place):
        with pytest.raises(NativeError, match=r"ended with status 1: .*counted.*\n.*error"):
            library.libraries([SOURCE, "int wrong("], cc.toolchain, OPTIONS)
        assert entries(place) == []
        assert [each.name for each in place.iterdir()] == []


def make() -> None:
    """What a process of the tests above does: compile, and say what the library answers."""
    toolchain = compiler.find()
    assert toolchain is not None
    print(library.library(SOURCE, toolchain, OPTIONS, tell=print).answer())


def start_python(code: str, place: Path, cc: Path) -> "subprocess.Popen[str]":
    env = {**os.environ, "SPECDL_CACHE": str(place), "CC": str(cc)}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_python(code: str, place: Path, cc: Path) -> None:
    assert start_python(code, place, cc).communicate(timeout=300) == ("42\n", "")


@pytest.mark.parametrize("body", ["echo garbage > specdl.so", ": > specdl.so"])
def test_what_is_compiled_does_not_load(monkeypatch, tmp_path, place, told, body):
    toolchain = named(monkeypatch, saying(tmp_path / "cc", body))
    with pytest.raises(NativeError, match="what the C compiler made cannot be loaded: ") as caught:
        library.library(SOURCE, toolchain, OPTIONS, tell=told.append)
    assert caught.value.help == compiler.INSTEAD
    assert entries(place) == []
    assert told == []


@NEEDS_COMPILER
def test_half_a_library_is_not_loaded(monkeypatch, tmp_path):
    # its header says where its parts are: loading it would end this process
    real = compiler.find()
    assert real is not None
    half = f'{shlex.join(real.command)} "$@"; head -c 4096 specdl.so > half; mv half specdl.so'
    toolchain = named(monkeypatch, saying(tmp_path / "cc", half))
    with pytest.raises(NativeError, match="wrote half a library"):
        library.library(SOURCE, toolchain, OPTIONS)


def test_a_compiler_that_hangs(monkeypatch, tmp_path, place):
    toolchain = named(monkeypatch, saying(tmp_path / "cc", "sleep 60"))
    with pytest.raises(NativeError, match=r"does not end within 0\.3 s"):
        library.library(SOURCE, toolchain, OPTIONS, seconds=0.3)
    assert list(place.iterdir()) == []


def the_key(toolchain=FAKE, options=OPTIONS, source=SOURCE):
    return library.key(source, library.surroundings(toolchain, options))


def test_keys_tell_apart_what_makes_a_library(monkeypatch):
    other = [Toolchain(("/none/gcc",), FAKE.version, "gcc"), Toolchain(FAKE.command, "gcc version 13", "gcc")]
    keys = [the_key(), *map(the_key, other), the_key(options=("-O2",)), the_key(source="int x;")]
    for module, name, value in [
        (library, "processor", lambda: ("another", "fpu")),
        (library, "processor", lambda: ("AMD", "fpu avx")),
        (library, "FORMAT", library.FORMAT + 1),
        (library, "ARCHITECTURE", "aarch64"),
        (library, "libc", lambda: "glibc 2.17"),
        (library, "fingerprint", lambda _: ("/none/cc 1 2",)),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            keys.append(the_key())
    assert len(set(keys)) == len(keys)
    assert the_key() == keys[0]
