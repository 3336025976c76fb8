"""The page of each diagnostic's code, from `specdl/codes/`: what `specdl explain CODE` prints.

Codes are stable and grouped by stage: E0 reading, E1 schema, E2 shapes and graph, E3 training,
E4 data, E5 resources, E6 safety, E7 checkpoints and runs; W are warnings, numbered alike. Pages are
opened only where they are asked for: a check needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

STAGES: Mapping[str, str] = {
    "0": "Reading",
    "1": "Schema",
    "2": "Shapes and graph",
    "3": "Training",
    "4": "Data",
    "5": "Resources",
    "6": "Safety",
    "7": "Checkpoints and runs",
}
"""The stages by the digit that follows a code's letter."""
PAGE = re.compile(
    r"# (?P<code>[EW]\d{3}): (?P<title>[^\n]+)\n\n(?P<text>.+?)\n\n"
    r"## Fails\n\n(?P<fails>.+?)\n\n## Passes\n\n(?P<passes>.+?)\n*",
    re.DOTALL,
)
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A fenced block of a page: its language, what else its first line says, and the text.

    `data` is for a spec that shows its point where the data is opened, `max_memory=1000` for one that
    shows it where there are so many bytes, and `name=a.csv` for a file that lies beside the spec.
    """

    language: str
    options: tuple[str, ...]
    text: str

    @property
    def name(self) -> str | None:
        """The name of the file that this is."""
        return self.said("name")

    @property
    def max_memory(self) -> int | None:
        """The bytes that a run of the spec may take."""
        said = self.said("max_memory")
        return int(said) if said else None

    @property
    def caption(self) -> str | None:
        """What to write above it: the name of a file, or how the spec is checked."""
        words = [f"--max-memory {self.max_memory}"] if self.max_memory else []
        words += ["--data"] if "data" in self.options else []
        return f"`{self.name}`:" if self.name else f"By `specdl check {' '.join(words)}`:" if words else None

    def said(self, word: str) -> str | None:
        """What follows `word=` on the first line."""
        found = (each.partition("=") for each in self.options)
        return next((value for key, _, value in found if key == word), None)


@dataclass(frozen=True)
class Page:
    """All there is to say of a code. `fails` and `passes` are Markdown: examples, and words between them."""

    code: str
    title: str
    text: str
    fails: str
    passes: str

    @property
    def stage(self) -> str:
        """The stage that finds it."""
        return STAGES[self.code[1]]


def parse(text: str) -> Page:
    r"""A page from its Markdown; raises `ValueError` for one of another form.

    >>> parse("# E001: empty\n\nSo.\n\n## Fails\n\nThis.\n\n## Passes\n\nThat.\n").title
    'empty'
    """
    match = PAGE.fullmatch(text)
    if match is None:
        raise ValueError(f"no page of a code: {text[:40]!r}")
    return Page(**match.groupdict())


def examples(markdown: str) -> Iterator[Example | str]:
    """The examples in a part of a page, and the paragraphs between them, in order."""
    at = 0
    for match in FENCE.finditer(markdown):
        yield from paragraphs(markdown[at : match.start()])
        language, *options = match["info"].split() or [""]
        yield Example(language, tuple(options), match["text"])
        at = match.end()
    yield from paragraphs(markdown[at:])


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a text, each as one line; lines of a list stay apart."""
    for each in re.split(r"\n\s*\n|\n(?=- )", text.strip()):
        if each.strip():
            yield " ".join(each.split())


@cache
def codes() -> tuple[str, ...]:
    """Every code that has a page: errors first, each kind by number."""
    names = (each.name for each in files("specdl").joinpath("codes").iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in names if name.endswith(".md")))


@cache
def page(code: str) -> Page | None:
    """The page of a code in either case, or None for one that is not known."""
    code = code.upper()
    if code not in codes():
        return None
    return parse(files("specdl").joinpath("codes", f"{code}.md").read_text(encoding="utf-8"))


def pages() -> tuple[Page, ...]:
    """Every page, in the order of codes."""
    return tuple(found for code in codes() if (found := page(code)))


def title(code: str) -> str:
    """What a code is about, in a few words; the code itself for one that has no page."""
    found = page(code)
    return found.title if found else code
