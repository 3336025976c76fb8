"""The questions that an editor asks, and their answers in its words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from specdl.core.diagnostics import TextEdit
from specdl.editor import convert, navigate
from specdl.editor.actions import Action, actions, everything_sure
from specdl.editor.analysis import LARGE
from specdl.editor.complete import complete
from specdl.editor.files import OpenFile
from specdl.editor.hover import hover
from specdl.editor.positions import Spot
from specdl.editor.symbols import symbols
from specdl.spec.text import Span

if TYPE_CHECKING:
    from specdl.editor.server import Server

Handler = Callable[[Any], Awaitable[Any]]
FIX_ALL = "source.fixAll.specdl"


class Features:
    """Answers about the files that a server has open."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def table(self) -> dict[str, tuple[Handler, Any]]:
        """The handler of each question, and what the editor is told about it."""
        triggers = types.CompletionOptions(trigger_characters=['"', "'", ":", " ", "{", ",", "[", "-", "."])
        kinds: list[types.CodeActionKind | str] = [types.CodeActionKind.QuickFix, FIX_ALL]
        return {
            types.TEXT_DOCUMENT_HOVER: (self.hover, None),
            types.TEXT_DOCUMENT_COMPLETION: (self.completion, triggers),
            types.TEXT_DOCUMENT_DEFINITION: (self.definition, None),
            types.TEXT_DOCUMENT_REFERENCES: (self.references, None),
            types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (self.symbols, None),
            types.TEXT_DOCUMENT_CODE_ACTION: (self.actions, types.CodeActionOptions(code_action_kinds=kinds)),
            types.TEXT_DOCUMENT_RENAME: (self.rename, types.RenameOptions(prepare_provider=True)),
            types.TEXT_DOCUMENT_PREPARE_RENAME: (self.prepare_rename, None),
        }

    def file(self, params: Any) -> OpenFile | None:
        """The file that a question is about; None where there is nothing to say of it."""
        file = self.server.files.get(params.text_document.uri)
        return file if file and len(file.text) <= LARGE and file.source.may_be else None

    def offset(self, file: OpenFile, position: types.Position) -> int:
        """The offset of a place in a file."""
        return file.positions.offset(Spot(position.line, position.character))

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """What there is to say of the thing under the cursor."""
        file = self.file(params)
        if file is None:
            return None
        positions, offset = file.positions, self.offset(file, params.position)
        found = await self.server.answer(lambda: hover(file.view(), offset))
        if found is None:
            return None
        text = types.MarkupContent(types.MarkupKind.Markdown, found.text)
        return types.Hover(text, convert.range_of(positions, found.span))

    async def completion(self, params: types.CompletionParams) -> types.CompletionList | None:
        """What may be written at the cursor."""
        file = self.file(params)
        if file is None:
            return None
        positions, offset = file.positions, self.offset(file, params.position)
        found = await self.server.answer(lambda: complete(file.at(offset), offset))
        snippets = self.knows("text_document", "completion", "completion_item", "snippet_support")
        items = [convert.item(each, number, positions, snippets) for number, each in enumerate(found)]
        return types.CompletionList(is_incomplete=False, items=items)

    async def definition(self, params: types.DefinitionParams) -> list[types.Location] | None:
        """Where the thing under the cursor is declared."""
        file = self.file(params)
        if file is None:
            return None
        offset = self.offset(file, params.position)
        return self.locations(
            file, await self.server.answer(lambda: navigate.definition(file.view(), offset))
        )

    async def references(self, params: types.ReferenceParams) -> list[types.Location] | None:
        """All who name or read the thing under the cursor."""
        file = self.file(params)
        if file is None:
            return None
        offset, declared = self.offset(file, params.position), params.context.include_declaration
        found = await self.server.answer(lambda: navigate.references(file.view(), offset, declared))
        return self.locations(file, found)

    def locations(self, file: OpenFile, goals: list[navigate.Goal]) -> list[types.Location]:
        """Places in this file and others."""
        return [convert.location(goal, file.uri, file.positions, file.name) for goal in goals]

    async def symbols(self, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        """The outline of a file."""
        file = self.file(params)
        if file is None:
            return None
        positions = file.positions
        return await self.server.answer(
            lambda: [convert.symbol(each, positions) for each in symbols(file.view())]
        )

    async def prepare_rename(
        self, params: types.PrepareRenameParams
    ) -> types.PrepareRenamePlaceholder | None:
        """The name under the cursor that can be changed."""
        file = self.file(params)
        if file is None:
            return None
        positions, offset = file.positions, self.offset(file, params.position)
        found = await self.server.answer(lambda: navigate.renamed(file.view(), offset))
        return found and types.PrepareRenamePlaceholder(convert.range_of(positions, found[0]), found[1])

    async def rename(self, params: types.RenameParams) -> types.WorkspaceEdit | None:
        """Another name for the thing under the cursor, wherever it is named."""
        file = self.file(params)
        if file is None:
            return None
        offset = self.offset(file, params.position)
        found = await self.server.answer(lambda: navigate.rename(file.view(), offset, params.new_name))
        if found.refused:
            self.server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, found.refused))
            return None
        return self.edit(file, found.edits)

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction] | None:
        """What can be done about the findings of a range; only of the text that was checked."""
        file = self.file(params)
        if file is None or file.analysis is None or file.analysed != file.version:
            return None
        start, end = (self.offset(file, each) for each in (params.range.start, params.range.end))
        analysis = file.analysis
        only = [str(getattr(each, "value", each)) for each in params.context.only or ()]
        if only and not any("quickfix".startswith(each) for each in only):
            wanted = any(FIX_ALL.startswith(each) for each in only)
            every = await self.server.answer(lambda: everything_sure(analysis.findings)) if wanted else None
            return [self.action(file, every, FIX_ALL, params)] if every else []
        told = [(report.finding, report.span) for report in file.reports]
        span: Span = (start, end)
        found = await self.server.answer(lambda: list(actions(analysis.document, told, span)))
        return [self.action(file, each, types.CodeActionKind.QuickFix, params) for each in found]

    def action(
        self, file: OpenFile, each: Action, kind: types.CodeActionKind | str, params: types.CodeActionParams
    ) -> types.CodeAction:
        """Something to do, with the findings that it mends."""
        codes = {finding.code for finding in each.findings}
        mended = [told for told in params.context.diagnostics if told.code in codes]
        edit = self.edit(file, each.edits)
        return types.CodeAction(each.title, kind=kind, diagnostics=mended, is_preferred=each.sure, edit=edit)

    def edit(self, file: OpenFile, changes: tuple[TextEdit, ...]) -> types.WorkspaceEdit:
        """Edits of a file, of the version at hand where the editor can tell."""
        edits = convert.edits(file.positions, changes)
        if not self.knows("workspace", "workspace_edit", "document_changes"):
            return types.WorkspaceEdit(changes={file.uri: edits})
        version = types.OptionalVersionedTextDocumentIdentifier(uri=file.uri, version=file.version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(version, list(edits))])

    def knows(self, *steps: str) -> bool:
        """Whether the editor says that it can do something."""
        value: Any = self.server.client_capabilities
        for step in steps:
            value = getattr(value, step, None)
        return bool(value)
