"""When texts are checked: after a pause, once, and told only if they are still the same."""

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from specdl.editor import server as module
from specdl.editor.analysis import analyse
from specdl.editor.files import Change, opened

from .tools import DISC

# pygls asks asyncio what Python 3.14 would have it ask inspect
pytestmark = pytest.mark.filterwarnings(
    "ignore:'asyncio.iscoroutinefunction' is deprecated:DeprecationWarning"
)


class Told(module.Server):
    """A server that keeps what it would tell."""

    def __init__(self):
        super().__init__()
        self.told = []

    def publish(self, file, found):
        self.told.append((file.version, len(found)))


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that are asked for; each lasts until `gate` is set."""
    asked, gate = [], asyncio.Event()

    async def sleep(seconds):
        asked.append(seconds)
        await gate.wait()

    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    return asked, gate


async def turns():
    """Let everything that is ready run."""
    loop = asyncio.get_running_loop()
    for _ in range(10):
        ready = loop.create_future()
        loop.call_soon(ready.set_result, None)
        await ready


def file_in(server):
    file = opened(Path("spec.yaml").resolve().as_uri(), "yaml", 1, DISC, "utf-16")
    server.files[file.uri] = file
    return file


def test_a_text_is_checked_once_after_the_last_change(pauses, monkeypatch):
    asked, gate = pauses
    checked = []
    monkeypatch.setattr(
        module, "analyse", lambda source, *rest: checked.append(source) or analyse(source, *rest)
    )

    async def work():
        server = Told()
        file = file_in(server)
        for version in (2, 3, 4):
            file.change([Change(f"{DISC}extra{version}: 1\n")], version)
            server.check_soon(file, module.DELAY)
            await turns()
        gate.set()
        await file.soon
        return server.told

    told = asyncio.run(work())
    assert asked == [module.DELAY] * 3
    assert [source.text for source in checked] == [f"{DISC}extra4: 1\n"]
    assert told == [(4, 1)]


def test_what_was_found_in_an_older_text_is_not_told(pauses, monkeypatch):
    _, gate = pauses

    async def work():
        server = Told()
        file = file_in(server)

        def while_typing(source, *rest):
            found = analyse(source, *rest)
            file.change([Change(DISC)], 2)
            return found

        monkeypatch.setattr(module, "analyse", while_typing)
        gate.set()
        server.check_soon(file, 0)
        await file.soon
        return server.told, file.analysis

    assert asyncio.run(work()) == ([], None)


def test_a_fault_of_a_check_is_told_to_standard_error_only(pauses, monkeypatch, capsys):
    _, gate = pauses

    def fails(*given):
        raise RuntimeError("planted")

    monkeypatch.setattr(module, "analyse", fails)

    async def work():
        server = Told()
        file = file_in(server)
        gate.set()
        server.check_soon(file, 0)
        await file.soon
        return server.told

    assert asyncio.run(work()) == []
    out, err = capsys.readouterr()
    assert out == ""
    assert "specdl lsp: a check failed" in err
    assert "planted" in err
