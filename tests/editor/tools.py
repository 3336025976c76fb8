"""Specs with the cursor written into them as `|`, and what the editor's features say there."""

from pathlib import Path
from textwrap import dedent

from specdl.editor.analysis import Analysis, Source, analyse
from specdl.editor.complete import complete
from specdl.editor.view import View, tolerant

DISC = """\
specdl: 1
name: disc
vars: {width: 8}
blocks:
  step:
    params: {units: int, act: {type: str, default: tanh}}
    layers:
      - {type: linear, out_features: "${units * 2}", name: fc, activation: "${act}"}
      - {type: linear, out_features: "${units}", inputs: [fc]}
data:
  source: {type: disc, train: 100, test: 20}
  target: {encode: one_hot}
  batch_size: 50
model:
  input: {shape: [2]}
  layers:
    - {type: linear, out_features: "${width}", name: fc1, activation: tanh}
    - type: block
      block: step
      with: {units: 4}
      repeat: 2
      name: body
    - {type: linear, out_features: 8, name: up}
    - {type: add, inputs: [fc1, up], name: sum}
    - {type: linear, out_features: 2, name: head}
  output: head
loss: {type: mse}
optimizer: {type: sgd, lr: 0.1}
train: {epochs: 10}
metrics: [accuracy]
seed: 0
"""


def cut(marked: str) -> tuple[str, int]:
    """A text without its `|`, and where that was."""
    text = dedent(marked)
    assert text.count("|") == 1, "mark the cursor once"
    return text.replace("|", ""), text.index("|")


def source(text: str, suffix: str = ".yaml") -> Source:
    return Source(text, f"spec{suffix}", Path.cwd())


def analysed(text: str, suffix: str = ".yaml", before: Analysis | None = None) -> Analysis:
    return analyse(source(text, suffix), before)


def view(text: str, suffix: str = ".yaml") -> View:
    return analysed(text, suffix).view


def offered(marked: str, suffix: str = ".yaml", before: Analysis | None = None) -> dict[str, str]:
    """What completion offers at `|`, and the text after taking it, where each stop is `$`."""
    text, at = cut(marked)
    typed = tolerant(text, f"spec{suffix}", Path.cwd(), before.document if before else None, at)
    typed = View(typed.document, before.numbers if before else None, typed.cursor)
    found = {}
    for each in sorted(complete(typed, at), key=lambda each: each.rank):
        edits = [(each.span, each.text), *(((extra.start, extra.end), extra.text) for extra in each.extra)]
        after = text
        for (start, end), new in sorted(edits, reverse=True):
            after = after[:start] + new + after[end:]
        found[each.label] = after
    return found
