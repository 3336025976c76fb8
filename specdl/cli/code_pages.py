"""The pages of the codes of findings: one for a terminal, all of them as `docs/codes.md`."""

from __future__ import annotations

from itertools import groupby
from textwrap import fill, indent

from specdl.cli import output
from specdl.core.codes import STAGES, Example, Page, examples, pages, paragraphs

INDENT = "    "


def as_text(page: Page, width: int) -> str:
    """A page for a terminal of some columns: paragraphs are wrapped, examples stay as they are."""
    parts = [f"{page.code}: {page.title}", *wrapped(page.text, width)]
    for heading, said in (("This fails:", page.fails), ("This passes:", page.passes)):
        parts.append(heading)
        for each in examples(said):
            parts += shown(each) if isinstance(each, Example) else wrapped(each, width)
    return "\n\n".join(parts)


def wrapped(text: str, width: int) -> list[str]:
    """The paragraphs of a text, each in lines of a width."""
    return [fill(each, width, break_long_words=False, break_on_hyphens=False) for each in paragraphs(text)]


def shown(example: Example) -> list[str]:
    """An example, indented, below its caption."""
    text = indent(example.text.rstrip(), INDENT)
    return [example.caption, text] if example.caption else [text]


def listing() -> str:
    """All codes by the stage that finds them, each with its title."""
    parts = []
    for stage, found in by_stage():
        rows = [[f"  {page.code}", page.title] for page in found]
        parts.append(f"Codes of findings: {stage.lower()}\n{output.table(rows)}")
    return "\n\n".join(parts)


def by_stage() -> list[tuple[str, list[Page]]]:
    """The pages by stage, errors before warnings."""
    order = list(STAGES.values())
    found = sorted(pages(), key=lambda page: order.index(page.stage))
    return [(stage, list(some)) for stage, some in groupby(found, key=lambda page: page.stage)]


def reference() -> str:
    """Every page as one Markdown document: `docs/codes.md`."""
    lines = [
        "# Codes of findings",
        "",
        "Generated from `specdl/codes/` by `specdl schema --write`. `specdl explain CODE` prints one page.",
        "E are errors, W warnings; the first digit is the stage that finds them.",
    ]
    for stage, found in by_stage():
        lines += ["", f"**{stage}**", ""]
        lines += [f"- [{page.code}](#{page.code}): {page.title}" for page in found]
    for stage, found in by_stage():
        lines += ["", f"## {stage}"]
        for page in found:
            lines += markdown(page)
    return "\n".join(lines) + "\n"


def markdown(page: Page) -> list[str]:
    """A page below the heading of its stage, with an anchor that does not change with its title."""
    lines = ["", f'### <a id="{page.code}"></a>{page.code}: {page.title}', "", page.text]
    for heading, said in (("This fails:", page.fails), ("This passes:", page.passes)):
        lines += ["", heading]
        for each in examples(said):
            lines += ["", *(fenced(each) if isinstance(each, Example) else [each])]
    return lines


def fenced(example: Example) -> list[str]:
    """An example as Markdown."""
    block = [f"```{example.language}", example.text.rstrip(), "```"]
    return [example.caption, "", *block] if example.caption else block
