"""Say what a type does and which options it has, or what the code of a finding means.

NAME is a type as specs name it (linear, adam, disc), one with its category where several share the
name (inits.constant), a section of a spec (train, data.target), or a code (E210). Without a name, all
types and codes are listed.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from specdl.cli import output
from specdl.cli.options import plugin_option
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.cli.pages import Page
    from specdl.core.codes import Page as CodePage

WIDTH = 100
"""Columns of a text at most: longer lines are hard to read."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="a type, a section or a code; default: list all of them"
    )
    parser.add_argument(
        "--format", choices=("human", "json"), default="human", help="how to print (default: %(default)s)"
    )
    plugin_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print pages; the exit code."""
    from specdl.spec.plugins import load_plugins

    load_plugins(args.plugins)
    found = everything() if args.name is None else described(args.name)
    if args.format == "json":
        output.data_json({"pages": [asdict(each) for each in found]})
    elif args.name is None:
        output.data(listing())
    else:
        output.data("\n\n".join(as_text(each) for each in found))
    return 0


def described(name: str) -> list[Page | CodePage]:
    """The pages of a code, type or section; raises `UsageError` if there is none."""
    from specdl.cli.pages import pages_of
    from specdl.core.codes import page

    code = page(name)
    found = [code] if code else pages_of(name)
    if not found:
        raise UsageError(f"there is no type, section or code `{name[:80]}`", help=suggestion(name))
    return list(found)


def everything() -> list[Page | CodePage]:
    """Every page there is."""
    from specdl.cli.pages import HEADINGS, SECTIONS, page, section_page, tags
    from specdl.core.codes import pages

    types = [page(category, tag) for category in HEADINGS for tag in tags(category)]
    return [*types, *map(section_page, SECTIONS), *pages()]


def suggestion(name: str) -> str:
    """What was probably meant, in words that can be pasted."""
    from specdl.cli.pages import HEADINGS, SECTIONS, tags
    from specdl.core.codes import codes
    from specdl.core.suggest import nearest
    from specdl.core.wording import quoted
    from specdl.spec.suggestions import tag_meant

    known = {tag for category in HEADINGS for tag in tags(category)}
    category = next((each for each in HEADINGS if name in (each, each.removesuffix("s"))), None)
    if category:
        return f"choose {quoted(tags(category), 'or')}, as in `specdl explain {tags(category)[0]}`"
    meant = tag_meant(name, known) or nearest(name, SECTIONS) or nearest(name.upper(), codes())
    if meant:
        return f"did you mean `specdl explain {meant}`?"
    awaited = to_come(name)
    return f"specdl has no `{awaited}` yet" if awaited else "`specdl explain` lists all there are"


def to_come(name: str) -> str | None:
    """The type that a word of others means and that specdl does not have yet."""
    from specdl.spec.suggestions import compact, senses
    from specdl.spec.words import TYPES

    found = (senses(category).get(compact(name)) for category in TYPES)
    return next((meant[0].word for meant in found if meant), None)


def listing() -> str:
    """All types by category, sections and codes, each with the first line of its page."""
    from specdl.cli.code_pages import listing as codes
    from specdl.cli.pages import HEADINGS, SECTIONS, page, section_page, tags

    parts = []
    for category, heading in HEADINGS.items():
        rows = [[f"  {tag}", page(category, tag).summary] for tag in tags(category)]
        parts.append(f"{heading}\n{output.table(rows)}")
    rows = [[f"  {name}", section_page(name).summary] for name in SECTIONS]
    parts.append(f"Sections of a spec\n{output.table(rows)}")
    return "\n\n".join([*parts, codes()])


def as_text(page: Page | CodePage) -> str:
    """A page for a terminal."""
    from specdl.cli import code_pages, pages

    if isinstance(page, pages.Page):
        return pages.as_text(page)
    return code_pages.as_text(page, min(WIDTH, get_terminal_size((WIDTH, 24)).columns))
