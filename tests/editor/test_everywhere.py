"""Every question at every place of sound and broken texts: nothing fails, and answers lie in the text."""

from pathlib import Path

import pytest

from specdl.editor import navigate
from specdl.editor.analysis import analyse
from specdl.editor.complete import complete
from specdl.editor.hover import hover
from specdl.editor.symbols import symbols
from specdl.editor.view import View, tolerant

from .tools import DISC, analysed, source

ROOT = Path(__file__).parent.parent.parent
BROKEN = {
    "whole": DISC,
    "cut": DISC[: len(DISC) * 2 // 3],
    "cut in a list": DISC[: DISC.index("name: up")],
    "no colons": DISC.replace(":", ""),
    "wrong kinds": DISC.replace("[fc1, up]", "{a: b}").replace("with: {units: 4}", "with: [1]"),
    "lists for mappings": "specdl: 1\nmodel: []\nvars: [1]\nblocks: [a]\nlosses: {a: 1}\ndata: 3\nlint: 3\n",
    "texts for mappings": "specdl: 1\nmodel: {layers: a}\nvars: {a: [1]}\n"
    "blocks: {a: b, c: {layers: [1, {type: block}]}}\n",
    "odd values": "specdl: 1\nmodel: {layers: [null, 3, {type: 3}, {type: [a]}, "
    "{type: block, block: [1], with: 3}], output: 3}\n",
    "circles": "specdl: 1\nvars: {a: '${b}', b: '${a}'}\nblocks: {a: {layers: [{type: block, block: a}]}}\n"
    "model: {layers: [{type: block, block: a, name: x}, {type: add, inputs: [x.x.x.x, previous, input]}]}\n",
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in BROKEN.items()])
def test_every_question_everywhere(text, suffix):
    before = analysed(DISC)
    known = analyse(source(text, suffix), before)
    views = [
        known.view,
        View(tolerant(text, f"spec{suffix}", Path(), before.document).document, before.numbers),
    ]
    size = len(text)
    for view in views:
        for each in symbols(view):
            assert 0 <= each.span[0] <= each.span[1] <= size
        for offset in range(size + 1):
            said = hover(view, offset)
            assert said is None or said.span[0] <= offset <= said.span[1]
            places = [*navigate.definition(view, offset), *navigate.references(view, offset)]
            assert all(goal.span[0] <= goal.span[1] for goal in places)
            navigate.renamed(view, offset)
            navigate.rename(view, offset, "other")
    for offset in range(0, size + 1, 3):
        typed = tolerant(text, f"spec{suffix}", Path(), before.document, offset)
        for each in complete(View(typed.document, before.numbers, typed.cursor), offset):
            assert 0 <= each.span[0] <= offset <= each.span[1] <= size
            assert each.label
