"""From what is known of a text to the protocol's words for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as FilePath

from lsprotocol import types

from specdl.core.diagnostics import TextEdit
from specdl.editor.complete import Completion, Sort
from specdl.editor.navigate import Goal
from specdl.editor.positions import Positions, Region
from specdl.editor.report import Related, Report, page
from specdl.editor.symbols import Sort as SymbolSort
from specdl.editor.symbols import Symbol
from specdl.spec.text import Lines, Span

SOURCE = "specdl"
KINDS: dict[Sort, types.CompletionItemKind] = {
    "key": types.CompletionItemKind.Property,
    "type": types.CompletionItemKind.Class,
    "value": types.CompletionItemKind.Value,
    "name": types.CompletionItemKind.Reference,
    "variable": types.CompletionItemKind.Variable,
    "block": types.CompletionItemKind.Module,
}
SYMBOLS: dict[SymbolSort, types.SymbolKind] = {
    "section": types.SymbolKind.Module,
    "list": types.SymbolKind.Array,
    "layer": types.SymbolKind.Function,
    "block": types.SymbolKind.Class,
    "variable": types.SymbolKind.Variable,
    "value": types.SymbolKind.Constant,
}


def as_range(region: Region) -> types.Range:
    """A region in the protocol's form."""
    ends = (types.Position(each.line, each.column) for each in (region.start, region.end))
    return types.Range(*ends)


def range_of(positions: Positions, span: Span) -> types.Range:
    """A span of a text in the protocol's form."""
    return as_range(positions.region(span))


def edits(positions: Positions, changes: Iterable[TextEdit]) -> list[types.TextEdit]:
    """Edits of a text."""
    return [types.TextEdit(range_of(positions, (each.start, each.end)), each.text) for each in changes]


def uri(file: str) -> str:
    """The address of a file."""
    return FilePath(file).resolve().as_uri()


def location(goal: Goal, own: str, positions: Positions, own_file: str) -> types.Location:
    """A place in a file; `own` is the address of the file with these positions."""
    if goal.file == own_file:
        return types.Location(own, range_of(positions, goal.span))
    other = Positions(goal.lines.text if goal.lines else "", positions.encoding)
    return types.Location(uri(goal.file), range_of(other, goal.span))


def diagnostic(
    report: Report, own: str, own_file: str, positions: Positions, lines: dict[str, Lines]
) -> types.Diagnostic:
    """A finding; `lines` are the texts of further files that it may speak of, by their names."""
    finding = report.finding
    file = page(finding.code)
    warning = finding.severity == "warning"
    return types.Diagnostic(
        range=range_of(positions, report.span),
        message=report.message,
        severity=types.DiagnosticSeverity.Warning if warning else types.DiagnosticSeverity.Error,
        code=finding.code,
        code_description=types.CodeDescription(href=file.as_uri()) if file else None,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if report.useless else None,
        related_information=[related(each, own, own_file, positions, lines) for each in report.related]
        or None,
    )


def related(
    each: Related, own: str, own_file: str, positions: Positions, lines: dict[str, Lines]
) -> types.DiagnosticRelatedInformation:
    """A further place of a finding."""
    mine = each.file == own_file
    there = (
        positions
        if mine
        else Positions(lines[each.file].text if each.file in lines else "", positions.encoding)
    )
    where = types.Location(own if mine else uri(each.file), range_of(there, there.of(each.position)))
    return types.DiagnosticRelatedInformation(where, each.message)


def item(completion: Completion, number: int, positions: Positions, snippets: bool) -> types.CompletionItem:
    """A completion, in its order among all."""
    stops = types.InsertTextFormat.Snippet if snippets else types.InsertTextFormat.PlainText
    text = completion.snippet if snippets else completion.text
    page = types.MarkupContent(types.MarkupKind.Markdown, completion.docs) if completion.docs else None
    return types.CompletionItem(
        label=completion.label,
        kind=KINDS[completion.sort],
        detail=completion.detail or None,
        documentation=page,
        sort_text=f"{completion.rank:04d}{number:04d}",
        filter_text=completion.filter or completion.label,
        insert_text_format=stops,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range_of(positions, completion.span), text),
        additional_text_edits=edits(positions, completion.extra) or None,
    )


def symbol(each: Symbol, positions: Positions) -> types.DocumentSymbol:
    """A part of a spec with its parts."""
    return types.DocumentSymbol(
        name=each.name or "?",
        kind=SYMBOLS[each.sort],
        range=range_of(positions, each.span),
        selection_range=range_of(positions, each.head),
        detail=each.detail or None,
        children=[symbol(inner, positions) for inner in each.children],
    )
