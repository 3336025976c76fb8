"""Say what a type does and which options it has, or what the code of a finding means.

NAME is a type as specs name it (linear, adam, disc), one with its category where several share the
name (inits.constant), a section of a spec (train, data.target), or a code (E210). Without a name, all
types are listed.
"""

from __future__ import annotations

import argparse
from textwrap import fill
from typing import TYPE_CHECKING

from specdl.cli import output
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.cli.pages import Page

WIDTH = 100


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="a type, a section or a code; default: list all types"
    )
    parser.add_argument(
        "--plugin",
        metavar="MODULE",
        dest="plugins",
        action="append",
        default=[],
        help="a Python module with ops of your own, or a .py file; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Print pages; the exit code."""
    from specdl.core.codes import page
    from specdl.spec.plugins import load_plugins

    load_plugins(args.plugins)
    if args.name is None:
        output.data(listing())
        return 0
    paragraph = page(args.name)
    output.data(fill(f"{args.name.upper()}: {paragraph}", WIDTH) if paragraph else described(args.name))
    return 0


def described(name: str) -> str:
    """The pages of a type or section; raises `UsageError` if there is none."""
    from specdl.cli.pages import pages_of

    found = pages_of(name)
    if not found:
        raise UsageError(f"there is no type, section or code `{name}`", help=suggestion(name))
    return "\n\n".join(as_text(each) for each in found)


def suggestion(name: str) -> str:
    """What was probably meant, in words that can be pasted."""
    from specdl.cli.pages import HEADINGS, SECTIONS, tags
    from specdl.core.codes import PAGES
    from specdl.core.suggest import nearest
    from specdl.spec.suggestions import tag_meant

    known = {tag for category in HEADINGS for tag in tags(category)}
    meant = tag_meant(name, known) or nearest(name, SECTIONS) or nearest(name.upper(), PAGES)
    return f"did you mean `specdl explain {meant}`?" if meant else "`specdl explain` lists all types"


def listing() -> str:
    """All types by category, each with the first line of its page."""
    from specdl.cli.pages import HEADINGS, SECTIONS, page, section_page, tags

    parts = []
    for category, heading in HEADINGS.items():
        rows = [[f"  {tag}", page(category, tag).summary] for tag in tags(category)]
        parts.append(f"{heading}\n{output.table(rows)}")
    rows = [[f"  {name}", section_page(name).summary] for name in SECTIONS]
    return "\n\n".join([*parts, f"Sections of a spec\n{output.table(rows)}"])


def as_text(page: Page) -> str:
    """A page for a terminal."""
    from specdl.cli.pages import facts

    parts = [f"{page.name}: {page.noun}", page.text.replace("::\n", ":\n")]
    if page.options:
        rows = [
            [f"  {each.name}", each.takes, "required" if each.default is None else f"default {each.default}"]
            for each in page.options
        ]
        lines = output.table(rows).splitlines()
        shown = [
            f"{line}\n      {each.description}" if each.description else line
            for each, line in zip(page.options, lines, strict=True)
        ]
        parts.append("options\n" + "\n".join(shown))
    return "\n\n".join([*parts, *filter(None, facts(page))])
