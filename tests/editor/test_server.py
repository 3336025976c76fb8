"""`specdl lsp` as an editor meets it: a process that speaks the protocol over pipes."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient

from .tools import DISC

# pygls asks asyncio what Python 3.14 would have it ask inspect
pytestmark = pytest.mark.filterwarnings(
    "ignore:'asyncio.iscoroutinefunction' is deprecated:DeprecationWarning"
)
LIMIT = 60
"""Seconds that anything may take here, on a machine that does other things too."""
TREE = json.dumps(
    {
        "specdl": 1,
        "name": "tree",
        "description": "🌲",
        "seed": 0,
        "data": {"source": {"type": "disc", "train": 100}, "target": {"encode": "one_hot"}, "batch_size": 50},
        "model": {"input": {"shape": [2]}, "layers": [{"type": "linear", "out_features": 2}]},
        "loss": {"type": "mse"},
        "optimizer": {"type": "sgd", "lr": 0.1},
        "train": {"epochs": 10},
    },
    indent=1,
    ensure_ascii=False,
)


class Editor(BaseLanguageClient):
    """A client that keeps the findings it is told."""

    def __init__(self):
        super().__init__("test", "1")
        self.told = asyncio.Queue()
        self.shown = []

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def tell(params):
            self.told.put_nowait(params)

        self.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.shown.append(params.message))

    async def soon(self, awaitable, what):
        try:
            return await asyncio.wait_for(awaitable, LIMIT)
        except TimeoutError:
            pytest.fail(f"{what} took more than {LIMIT} s")

    async def findings(self, uri, version):
        """The findings of a version of a file; those of earlier ones are passed over."""
        while True:
            params = await self.soon(self.told.get(), f"the findings of version {version}")
            if params.uri == uri and params.version == version:
                return list(params.diagnostics)

    def open(self, file, text, language="yaml", version=1):
        uri = file if isinstance(file, str) else file.as_uri()
        item = types.TextDocumentItem(uri, language, version, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri, version, *changes):
        document = types.VersionedTextDocumentIdentifier(version, uri)
        made = [
            types.TextDocumentContentChangeWholeDocument(each) if isinstance(each, str) else each
            for each in changes
        ]
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, made))


@asynccontextmanager
async def editor(cwd, *options, encodings=None, says=""):
    """A client whose server has been started and initialised; it ends with code 0, and `says` no more."""
    client = Editor()
    await client.soon(client.start_io(sys.executable, "-m", "specdl", "lsp", *options, cwd=cwd), "starting")
    process = client._server
    try:
        general = types.GeneralClientCapabilities(position_encodings=encodings)
        item = types.ClientCompletionItemOptions(snippet_support=True)
        completion = types.CompletionClientCapabilities(completion_item=item)
        text = types.TextDocumentClientCapabilities(completion=completion)
        capabilities = types.ClientCapabilities(general=general, text_document=text)
        params = types.InitializeParams(capabilities=capabilities, root_uri=cwd.as_uri())
        client.answer = await client.soon(client.initialize_async(params), "initialize")
        client.initialized(types.InitializedParams())
        yield client
        await client.soon(client.shutdown_async(None), "shutdown")
        client.exit(None)
        code = await client.soon(process.wait(), "leaving")
        errors = (await process.stderr.read()).decode()
        assert (code, errors) == (0, says)
    finally:
        if process.returncode is None:
            process.kill()
        await client.soon(client.stop(), "stopping the client")


def at(text, needle, offset=1):
    start = text.index(needle) + offset
    line = text.count("\n", 0, start)
    return types.Position(line, start - (text.rfind("\n", 0, start) + 1))


def place(uri, text, needle, offset=1):
    return {"text_document": types.TextDocumentIdentifier(uri), "position": at(text, needle, offset)}


def run(work):
    asyncio.run(asyncio.wait_for(work, 4 * LIMIT))


def test_findings_come_and_go(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            uri = client.open(tmp_path / "spec.yaml", DISC)
            assert await client.findings(uri, 1) == []
            client.change(uri, 2, DISC.replace("lr: 0.1", "lrr: 0.1"))
            (found,) = await client.findings(uri, 2)
            assert (found.code, found.severity) == ("E111", types.DiagnosticSeverity.Error)
            assert found.range == types.Range(at(DISC, "lr: 0.1", 0), at(DISC, "lr: 0.1", 3))
            assert "did you mean `lr`" in found.message
            line = at(DISC, "lr: 0.1", 0).line
            start = types.Position(line, at(DISC, "lr: 0.1", 0).character)
            end = types.Position(line, start.character + 3)
            part = types.TextDocumentContentChangePartial(range=types.Range(start, end), text="lr")
            client.change(uri, 3, part)
            assert await client.findings(uri, 3) == []
            client.change(uri, 4, DISC + "]\n")
            (found,) = await client.findings(uri, 4)
            assert found.code == "E003"
            document = types.TextDocumentIdentifier(uri)
            client.text_document_did_close(types.DidCloseTextDocumentParams(document))
            assert await client.findings(uri, 4) == []

    run(work())


def test_only_the_last_of_quick_changes_is_told(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            uri = client.open(tmp_path / "spec.yaml", DISC)
            await client.findings(uri, 1)
            for version in range(2, 12):
                client.change(uri, version, f"{DISC}extra{version}: 1\n")
            (found,) = await client.findings(uri, 11)
            assert "`extra11`" in found.message
            assert client.told.empty()

    run(work())


def test_questions(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            uri = client.open(tmp_path / "spec.yaml", DISC)
            await client.findings(uri, 1)
            hover = types.HoverParams(**place(uri, DISC, "name: up", 6))
            found = await client.soon(client.text_document_hover_async(hover), "hover")
            assert "f32[50,8]" in found.contents.value
            assert found.range.start == at(DISC, "name: up", 6)
            where = types.DefinitionParams(**place(uri, DISC, "[fc1, up]"))
            (found,) = await client.soon(client.text_document_definition_async(where), "definition")
            assert found == types.Location(uri, types.Range(at(DISC, "fc1, act", 0), at(DISC, "fc1, act", 3)))
            context = types.ReferenceContext(include_declaration=False)
            who = types.ReferenceParams(context=context, **place(uri, DISC, "name: fc1", 7))
            found = await client.soon(client.text_document_references_async(who), "references")
            assert [each.range.start.line for each in found] == [21, 23]
            document = types.TextDocumentIdentifier(uri)
            symbols = await client.soon(
                client.text_document_document_symbol_async(types.DocumentSymbolParams(document)), "symbols"
            )
            model = next(each for each in symbols if each.name == "model")
            layers = next(each for each in model.children if each.name == "layers")
            assert [each.name for each in layers.children] == ["fc1", "body", "up", "sum", "head"]
            assert layers.children[0].detail == "linear f32[50,8]"
            new = types.RenameParams(new_name="first", **place(uri, DISC, "name: fc1", 7))
            edit = await client.soon(client.text_document_rename_async(new), "rename")
            assert [each.new_text for each in edit.changes[uri]] == ["first", "first"]

    run(work())


def test_completion_while_the_text_is_broken(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            uri = client.open(tmp_path / "spec.json", TREE, "json")
            await client.findings(uri, 1)
            text = TREE.replace('"type": "linear",', '"type": "')
            client.change(uri, 2, text)
            asked = types.CompletionParams(**place(uri, text, '"layers"', 0))
            asked.position = at(text, '"type": "\n', 9)
            found = await client.soon(client.text_document_completion_async(asked), "completion")
            linear = next(each for each in found.items if each.label == "linear")
            assert linear.text_edit.new_text == '"linear",'
            assert linear.text_edit.range.end == asked.position
            assert "**linear**: layer" in linear.documentation.value

    run(work())


def test_a_quick_fix_makes_the_check_clean(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            wrong = DISC.replace("optimizer: {type: sgd", "optimizer: {type: sdg")
            uri = client.open(tmp_path / "spec.yaml", wrong)
            (found,) = await client.findings(uri, 1)
            context = types.CodeActionContext(diagnostics=[found])
            document = types.TextDocumentIdentifier(uri)
            asked = types.CodeActionParams(document, found.range, context)
            (action,) = await client.soon(client.text_document_code_action_async(asked), "code actions")
            assert action.kind == types.CodeActionKind.QuickFix
            assert list(action.diagnostics) == [found]
            (edit,) = action.edit.changes[uri]
            client.change(
                uri, 2, types.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)
            )
            assert await client.findings(uri, 2) == []

    run(work())


@pytest.mark.parametrize(("encodings", "width"), [(None, 2), (["utf-32", "utf-16"], 1), (["utf-8"], 4)])
def test_columns_count_as_agreed(tmp_path, encodings, width):
    async def work():
        async with editor(tmp_path, encodings=encodings) as client:
            text = TREE.replace('"🌲",', '"🌲", "nam": 1,').replace("\n", " ")
            uri = client.open(tmp_path / "spec.json", text, "json")
            found = await client.findings(uri, 1)
            wrong = next(each for each in found if "`nam`" in each.message)
            before = text.index('"nam"')
            assert wrong.range.start.character == before - 1 + width
            assert wrong.range.end.character == before + 4 + width

    run(work())


def test_other_files_are_left_alone(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            uri = client.open(
                tmp_path / "package.json", '{"name": "p", "version": "1.0.0", "scripts": {"a": "b"}}', "json"
            )
            assert await client.findings(uri, 1) == []
            for each in (uri, "file:///never/opened.json"):
                asked = types.HoverParams(types.TextDocumentIdentifier(each), types.Position(0, 3))
                assert await client.soon(client.text_document_hover_async(asked), "hover") is None
            client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))

    run(work())


def test_a_file_without_a_name_is_what_its_language_says(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            uri = client.open("untitled:Untitled-1", TREE, "jsonc")
            assert await client.findings(uri, 1) == []
            client.change(uri, 2, TREE.replace('"seed": 0,', '"seed": 0'))
            (found,) = await client.findings(uri, 2)
            assert "a comma is missing" in found.message

    run(work())


def test_a_base_that_is_not_saved_is_what_the_editor_has(tmp_path):
    async def work():
        base = tmp_path / "base.yaml"
        base.write_text(DISC, "utf-8")
        async with editor(tmp_path) as client:
            uri = client.open(tmp_path / "spec.yaml", "specdl: 1\nextends: base.yaml\nname: other\n")
            assert await client.findings(uri, 1) == []
            other = client.open(base, DISC)
            assert await client.findings(other, 1) == []
            client.change(other, 2, DISC.replace("lr: 0.1", "lrr: 0.1"))
            (found,) = await client.findings(uri, 1)
            assert found.range.start.line == 1
            (where,) = [each for each in found.related_information if each.location.uri == other]
            assert where.location.range.start == at(DISC, "lr: 0.1", 0)

    run(work())


def test_a_fault_of_an_answer_is_an_empty_answer(tmp_path):
    """What handlers are wrapped in, tried without a process: nothing that a client sends may break it."""
    from specdl.editor.server import guarded, watched

    async def broken(params):
        raise RuntimeError("planted")

    def breaks(params):
        raise RuntimeError("planted")

    assert asyncio.run(guarded(broken)(None)) is None
    assert watched(breaks)(None) is None


def test_the_server_ends_when_the_editor_is_gone(tmp_path):
    async def work():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "specdl", "lsp", cwd=tmp_path,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, _ = await asyncio.wait_for(process.communicate(b""), LIMIT)
        finally:
            if process.returncode is None:
                process.kill()
        assert (process.returncode, out) == (1, b"")

    run(work())


PLUGIN = """
from typing import Literal

from specdl.ops.base import Formula, Signature

print("a plug-in may print")


class Twice(Formula):
    \"\"\"Twice the input.\"\"\"

    type: Literal["twice"] = "twice"

    def signature(self, x):
        return Signature(out={"y": x})

    def forward(self, x, *, y):
        y[:] = 2 * x

    def backward(self, dy, *, dx):
        dx[:] = 2 * dy
"""


def test_ops_of_your_own_are_known_by_plugin_only(tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN, "utf-8")
    text = DISC.replace("{type: add, inputs: [fc1, up], name: sum}", "{type: twice}")

    async def work(*options, says=""):
        async with editor(tmp_path, *options, says=says) as client:
            uri = client.open(tmp_path / "spec.yaml", text)
            codes = [each.code for each in await client.findings(uri, 1)]
            asked = types.HoverParams(**place(uri, text, "twice"))
            found = await client.soon(client.text_document_hover_async(asked), "hover")
            return codes, found and found.contents.value

    codes, said = asyncio.run(work())
    assert (codes[0], said) == ("E110", None)
    codes, said = asyncio.run(work("--plugin", "mine.py", says="a plug-in may print\n"))
    assert "E110" not in codes
    assert "Twice the input." in said
    assert not list(tmp_path.glob("*.json"))


def test_actions_beside_fixes(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            text = DISC.replace("seed: 0\n", "")
            uri = client.open(tmp_path / "spec.yaml", text)
            (found,) = await client.findings(uri, 1)
            assert found.severity == types.DiagnosticSeverity.Warning
            assert found.code_description.href.endswith(f"/{found.code}.md")
            document = types.TextDocumentIdentifier(uri)
            asked = types.CodeActionParams(document, found.range, types.CodeActionContext([found]))
            actions = await client.soon(client.text_document_code_action_async(asked), "code actions")
            action = next(each for each in actions if each.title.startswith("Silence"))
            (edit,) = action.edit.changes[uri]
            client.change(
                uri, 2, types.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)
            )
            assert await client.findings(uri, 2) == []
            taken = types.RenameParams(new_name="up", **place(uri, text, "name: fc1", 7))
            assert await client.soon(client.text_document_rename_async(taken), "rename") is None
            assert client.shown == ["there is a `up` already"]

    run(work())


def test_many_layers_are_looked_into_while_they_are_checked(tmp_path):
    async def work():
        async with editor(tmp_path) as client:
            layers = "".join(f"    - {{type: linear, out_features: 8, name: l{i}}}\n" for i in range(2000))
            text = DISC.replace("  output: head\n", "").replace("loss: {type", f"{layers}loss: {{type")
            uri = client.open(tmp_path / "spec.yaml", text)
            asked = types.HoverParams(**place(uri, text, "name: l1500}", 7))
            found = await client.soon(client.text_document_hover_async(asked), "hover")
            assert "**l1500**: `linear`" in found.contents.value
            told = await client.findings(uri, 1)
            assert types.DiagnosticSeverity.Error not in [each.severity for each in told]

    run(work())
