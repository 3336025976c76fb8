"""The page of a type or section, made from its class: what it is, its options, what it keeps."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from specdl.cli import output
from specdl.core.entry import Entry
from specdl.data.base import DataSpec, SplitSpec, TargetSpec
from specdl.ops.base import Layer, LayerEntry, Optimizer
from specdl.spec.blocks import ParamSpec, Template
from specdl.spec.fields import CATALOGS, NOUNS, Key, expected, keys
from specdl.spec.model import (
    CheckpointEvery,
    InputSpec,
    LintSpec,
    LossEntry,
    ModelSection,
    ModelSpec,
    TrainSpec,
)
from specdl.spec.resolved import default_text

SECTIONS: Mapping[str, type[Entry]] = {
    "spec": ModelSpec,
    "blocks": Template,
    "blocks.params": ParamSpec,
    "data": DataSpec,
    "data.target": TargetSpec,
    "data.split": SplitSpec,
    "model": ModelSection,
    "model.input": InputSpec,
    "model.layers": LayerEntry,
    "losses": LossEntry,
    "train": TrainSpec,
    "train.checkpoint_every": CheckpointEvery,
    "lint": LintSpec,
}
"""The mappings of a spec that have no `type`; `spec` is all of it."""
HEADINGS = {
    "layers": "Layers",
    "activations": "Activations",
    "losses": "Losses",
    "optimizers": "Optimisers",
    "inits": "Initialisers",
    "schedules": "Schedules",
    "metrics": "Metrics",
    "sources": "Data sources",
    "transforms": "Transforms",
}


@dataclass(frozen=True)
class Option:
    """One key of a mapping: what it takes and does, an example, and its default, None where it must be given.

    Example and default are JSON.
    """

    name: str
    takes: str
    default: str | None
    description: str
    example: str

    @property
    def shown_default(self) -> str:
        """The default in a table: nothing where it is that there is none."""
        if self.default is None:
            return "required"
        return "" if self.default == "none" else f"`{self.default}`"


@dataclass(frozen=True)
class Page:
    """All there is to say of a type or a section."""

    name: str
    noun: str
    text: str
    options: tuple[Option, ...]
    parameters: tuple[str, ...] = ()
    state: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first line of the text."""
        return self.text.partition("\n")[0]


def tags(category: str) -> tuple[str, ...]:
    """The tags of a category; an activation can stand as a layer, and is told of as an activation."""
    found = CATALOGS[category].tags()
    if category != "layers":
        return found
    return tuple(tag for tag in found if tag not in CATALOGS["activations"].index)


def pages_of(name: str) -> list[Page]:
    """The pages of a name: a tag (`linear`), one with its category (`inits.constant`), or a section."""
    found = [section_page(name)] if name in SECTIONS else []
    category, _, tag = name.rpartition(".")
    homes = (each for each in CATALOGS if category in ("", each) and tag in tags(each))
    return [*found, *(page(each, tag) for each in homes)]


def section_page(name: str) -> Page:
    """The page of a part of a spec."""
    cls = SECTIONS[name]
    return Page(name, "section of a spec", documentation(cls), options(cls))


def page(category: str, tag: str) -> Page:
    """The page of a type."""
    cls = CATALOGS[category].get(tag)
    assert cls is not None
    state: tuple[str, ...] = ()
    if issubclass(cls, Optimizer):
        state = tuple(name.removeprefix("new_") for name in written(cls) if name != "new_p")
    return Page(tag, NOUNS[category], documentation(cls), options(cls), parameters(cls), state)


def documentation(cls: type[Entry]) -> str:
    """A class's docstring, at the margin."""
    return inspect.getdoc(cls) or ""


def options(cls: type[Entry]) -> tuple[Option, ...]:
    """The keys of a class's mapping, `type` left out."""
    return tuple(
        Option(key.name, takes(key), default(key.info), key.info.description or "", example(key.info))
        for key in keys(cls).values()
    )


def takes(key: Key) -> str:
    """What a value must be, in words."""
    return expected(key.type)


def default(info: FieldInfo) -> str | None:
    """A default as a spec would say it, or None if the key must be there."""
    return None if info.is_required() else default_text(info) or "none"


def example(info: FieldInfo) -> str:
    """The first of a field's examples, as JSON on one line."""
    return json.dumps(info.examples[0], ensure_ascii=False) if info.examples else ""


def parameters(cls: type[Entry]) -> tuple[str, ...]:
    """What a layer's `forward` reads beside its inputs: parameters, also those that an option takes away."""
    op: Any = cls
    if not issubclass(cls, Layer) or not hasattr(op, "forward"):
        return ()
    inputs = {*inspect.signature(op.signature).parameters}
    read = inspect.signature(op.forward).parameters.values()
    return tuple(each.name for each in read if each.kind is not each.KEYWORD_ONLY and each.name not in inputs)


def written(cls: type[Any]) -> Iterator[str]:
    """What an optimiser's `update` writes."""
    for each in inspect.signature(cls.update).parameters.values():
        if each.kind is each.KEYWORD_ONLY:
            yield each.name


def reference() -> str:
    """Every page as one Markdown document: `docs/reference.md`."""
    lines = [
        "# Reference",
        "",
        "Generated from the classes by `specdl schema --write`. `specdl explain NAME` prints one page of it.",
    ]
    lines += ["", "## Sections of a spec"]
    for name in SECTIONS:
        lines += markdown(section_page(name))
    for category, heading in HEADINGS.items():
        lines += ["", f"## {heading}"]
        for tag in tags(category):
            lines += markdown(page(category, tag))
    lines += ["", "What the codes of findings mean is in [codes.md](codes.md)."]
    return "\n".join(lines) + "\n"


def markdown(page: Page) -> list[str]:
    """A page as Markdown, below a heading of its category."""
    text = (line.removesuffix(":") if line.endswith("::") else line for line in page.text.splitlines())
    lines = ["", f"### `{page.name}`", "", *text]
    if page.options:
        lines += ["", "| option | takes | default | example | |", "|---|---|---|---|---|"]
        for each in page.options:
            cells = (f"`{each.name}`", each.takes, each.shown_default, f"`{each.example}`", each.description)
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return [*lines, *facts(page, "`")]


def as_text(page: Page) -> str:
    """A page for a terminal."""
    parts = [f"{page.name}: {page.noun}", page.text.replace("::\n", ":\n")]
    if page.options:
        rows = [
            [f"  {each.name}", each.takes, "required" if each.default is None else f"default {each.default}"]
            for each in page.options
        ]
        lines = zip(page.options, output.table(rows).splitlines(), strict=True)
        parts.append("options\n" + "\n".join(f"{line}{explained(each)}" for each, line in lines))
    return "\n\n".join([*parts, *filter(None, facts(page))])


def explained(option: Option) -> str:
    """What an option does, and an example, below its line."""
    example = f"{json.dumps(option.name)}: {option.example}" if option.example else ""
    return "".join(f"\n      {each}" for each in (option.description, example) if each)


def facts(page: Page, quote: str = "") -> list[str]:
    """The parameters of a layer and the state of an optimiser, each as a paragraph."""
    lines: list[str] = []
    for title, names in (("Parameters", page.parameters), ("State for each parameter", page.state)):
        if names:
            lines += ["", f"{title}: {', '.join(f'{quote}{name}{quote}' for name in names)}."]
    return lines
