"""The language server: open files, their findings as they are typed, and answers about them.

Findings are computed a moment after the last change, in a thread of their own, and told only if
the text is still the same; answers are computed in another, from the text as it is. A fault of
any answer is written to standard error, and the answer is empty.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import wraps
from os import PathLike
from pathlib import Path as FilePath
from typing import Any, TypeVar, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from specdl import __version__
from specdl.editor import convert
from specdl.editor.analysis import Analysis, Settings, analyse, bases
from specdl.editor.files import Change, OpenFile, opened
from specdl.editor.positions import Encoding, Spot
from specdl.editor.report import reports
from specdl.spec.extends import UNSAVED
from specdl.spec.plugins import load_plugins
from specdl.spec.text import Lines

DELAY = 0.1
"""Seconds without a change before a text is checked."""
Result = TypeVar("Result")
Params = TypeVar("Params")


class Server(LanguageServer):
    """What answers an editor, over pipes."""

    def __init__(self, allow: Iterable[str | PathLike[str]] = ()) -> None:
        super().__init__("specdl", __version__)
        self.settings = Settings(tuple(allow))
        self.files: dict[str, OpenFile] = {}
        self.checks = ThreadPoolExecutor(1, "check")
        self.answers = ThreadPoolExecutor(1, "answer")
        self.left_well = False

    @property
    def encoding(self) -> Encoding:
        """What the editor counts columns in."""
        return cast(
            Encoding,
            str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding)),
        )

    async def answer(self, work: Callable[[], Result]) -> Result:
        """The result of some work, done in the thread for answers."""
        return await asyncio.get_running_loop().run_in_executor(self.answers, work)

    # what changes

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Take a file that was opened, and check it at once."""
        given = params.text_document
        file = opened(given.uri, given.language_id, given.version, given.text, self.encoding)
        self.files[given.uri] = file
        self.check_soon(file, 0)

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Take new text, and check it once nothing more is typed; with it what extends it."""
        file = self.files[params.text_document.uri]
        file.change(map(change, params.content_changes), params.text_document.version)
        for each in (file, *self.extending(file)):
            self.check_soon(each, DELAY)

    def did_save(self, params: Any) -> None:
        """Check everything that is open anew: a file on disk may be what another one names."""
        for file in self.files.values():
            self.check_soon(file, DELAY)

    def did_configure(self, params: types.DidChangeConfigurationParams) -> None:
        """Pass over the editor's settings: there are none for specdl."""

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a file and its findings."""
        file = self.files.pop(params.text_document.uri, None)
        if file is None:
            return
        if file.soon is not None:
            file.soon.cancel()
        self.publish(file, [])
        for each in self.extending(file):
            self.check_soon(each, DELAY)

    def extending(self, file: OpenFile) -> list[OpenFile]:
        """The open files that extend another."""
        return [
            each
            for each in self.files.values()
            if each.analysis and each is not file and file.path in bases(each.analysis.document)
        ]

    # findings

    def check_soon(self, file: OpenFile, delay: float) -> None:
        """Check a file after a delay, unless it changes again before."""
        if file.soon is not None:
            file.soon.cancel()
        file.soon = asyncio.get_running_loop().create_task(logged(self.check(file, delay)))

    async def check(self, file: OpenFile, delay: float) -> None:
        """Check a file and tell what was found, if it is still the same then."""
        await asyncio.sleep(delay)
        version, source, before = file.version, file.source, file.analysis
        if not source.is_spec:
            file.analysis, file.reports = None, []
            self.publish(file, [])
            return
        unsaved = {each.path: each.text for each in self.files.values() if each.path and each is not file}

        def work() -> Analysis:
            UNSAVED.set(unsaved)
            return analyse(source, before, self.settings)

        done = await asyncio.get_running_loop().run_in_executor(self.checks, work)
        if file.version != version or self.files.get(file.uri) is not file:
            return
        file.analysis, file.analysed = done, version
        file.reports = await self.answer(lambda: reports(done.document, done.findings, file.positions))
        if file.version == version and self.files.get(file.uri) is file:
            self.publish(file, file.reports)

    def publish(self, file: OpenFile, found: list[Any]) -> None:
        """Tell the editor all findings of a file."""
        lines = texts(file.analysis) if file.analysis else {}
        told = [convert.diagnostic(each, file.uri, file.name, file.positions, lines) for each in found]
        params = types.PublishDiagnosticsParams(uri=file.uri, diagnostics=told, version=file.version)
        self.text_document_publish_diagnostics(params)


def texts(analysis: Analysis) -> dict[str, Lines]:
    """The texts of the files that a document extends, by name."""
    found: dict[str, Lines] = {}
    document = analysis.document.base
    while document is not None:
        if document.file is not None and document.lines is not None:
            found[document.file] = document.lines
        document = document.base
    return found


def change(given: Any) -> Change:
    """A change of a text as the editor says it."""
    where = getattr(given, "range", None)
    if where is None:
        return Change(given.text)
    start, end = (Spot(each.line, each.character) for each in (where.start, where.end))
    return Change(given.text, start, end)


def complain(what: str) -> None:
    """Write the fault at hand to standard error: standard output is the editor's."""
    print(f"specdl lsp: {what} failed", file=sys.stderr)  # noqa: T201
    traceback.print_exc(file=sys.stderr)


async def logged(work: Awaitable[None]) -> None:
    """Some work whose faults end nothing."""
    try:
        await work
    except Exception:
        complain("a check")


def guarded(handler: Callable[[Params], Awaitable[Result]]) -> Callable[[Params], Awaitable[Result | None]]:
    """A handler whose faults are empty answers."""

    @wraps(handler)
    async def safe(params: Params) -> Result | None:
        try:
            return await handler(params)
        except Exception:
            complain(getattr(handler, "__name__", "an answer"))
            return None

    return safe


def watched(handler: Callable[[Params], None]) -> Callable[[Params], None]:
    """A handler of news whose faults end nothing."""

    @wraps(handler)
    def safe(params: Params) -> None:
        try:
            handler(params)
        except Exception:
            complain(getattr(handler, "__name__", "news"))

    return safe


def server(plugins: Iterable[str] = (), allow: Iterable[str | PathLike[str]] = ()) -> Server:
    """A server with all that it can do. Plug-ins run here, once, and nothing of a spec does."""
    from specdl.editor.features import Features

    load_plugins(plugins)
    made = Server(tuple(map(FilePath, allow)))
    news = {
        types.TEXT_DOCUMENT_DID_OPEN: made.did_open,
        types.TEXT_DOCUMENT_DID_CHANGE: made.did_change,
        types.TEXT_DOCUMENT_DID_SAVE: made.did_save,
        types.TEXT_DOCUMENT_DID_CLOSE: made.did_close,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES: made.did_save,
        types.WORKSPACE_DID_CHANGE_CONFIGURATION: made.did_configure,
    }
    for name, handler in news.items():
        made.feature(name)(watched(cast(Callable[[Any], None], handler)))
    for name, (answer, options) in Features(made).table().items():
        made.feature(name, options)(guarded(answer))
    return made


def run(plugins: Iterable[str] = (), allow: Iterable[str | PathLike[str]] = ()) -> int:
    """Serve an editor over standard input and output until it leaves; 0 if it said so before."""
    # what a plug-in prints must not come between the messages
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as messages, redirect_stdout(sys.stderr):
        made = server(plugins, allow)

        async def leave(params: Any) -> None:
            made.left_well = True

        made.feature(types.SHUTDOWN)(leave)
        made.start_io(sys.stdin.buffer, messages)
    for pool in (made.checks, made.answers):
        pool.shutdown(wait=False, cancel_futures=True)
    return 0 if made.left_well else 1
