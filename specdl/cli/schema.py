"""Write the JSON Schema of specs to standard output, for editors and other tools.

The schema in both its drafts, the reference page and the page of codes are made from the classes of the
ops and the texts of the codes: --write puts them into a checkout of specdl, and --check says whether they
are in step there.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.cli import output

if TYPE_CHECKING:
    from specdl.spec.schema_drafts import Draft

SCHEMAS: Mapping[Draft, str] = {"2020-12": "specdl.schema.json", "07": "specdl.draft-07.schema.json"}
FOLDERS = (Path("schemas"), Path("specdl", "schemas"))
"""Where the schemas stand: for those who look into the repository, and in what is installed."""
REFERENCE, CODES = Path("docs", "reference.md"), Path("docs", "codes.md")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "--draft", choices=tuple(SCHEMAS), default="2020-12", help="of JSON Schema (default: %(default)s)"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--validate", metavar="FILE", help="validate a spec by the schema; `-` reads standard input"
    )
    way.add_argument(
        "--write",
        metavar="DIR",
        nargs="?",
        const=".",
        help=f"write the schemas, {REFERENCE} and {CODES} below DIR (default: .)",
    )
    way.add_argument(
        "--check",
        metavar="DIR",
        nargs="?",
        const=".",
        help="exit 1 if these files are out of step (default: .)",
    )


def run(args: argparse.Namespace) -> int:
    """Print, write, compare or apply the schema; the exit code."""
    if args.validate is not None:
        return validate(args.validate, args.draft)
    if args.write is not None:
        return write(Path(args.write))
    if args.check is not None:
        return check(Path(args.check))
    from specdl.spec.schema import text

    output.data(text(args.draft).rstrip())
    return 0


def generated() -> dict[Path, str]:
    """The text of every generated file."""
    from specdl.cli import code_pages, pages
    from specdl.spec.schema import text

    schemas = {name: text(draft) for draft, name in SCHEMAS.items()}
    placed = {folder / name: said for folder in FOLDERS for name, said in schemas.items()}
    return {**placed, REFERENCE: pages.reference(), CODES: code_pages.reference()}


def write(folder: Path) -> int:
    """Write the generated files."""
    for name, text in generated().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        output.message(f"wrote {folder / name}")
    return 0


def check(folder: Path) -> int:
    """1 if a generated file is not what would be written now."""
    stale = [name for name, text in generated().items() if read(folder / name) != text]
    for name in stale:
        output.message(f"{folder / name} is out of step: `specdl schema --write` makes it anew")
    return 1 if stale else 0


def read(path: Path) -> str | None:
    """The text of a file, or None if it is not there."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def validate(source: str, draft: Draft) -> int:
    """1 if a spec does not fit the schema; where it does not is printed, and `specdl check` says why."""
    from jsonschema.validators import validator_for

    from specdl.core.diagnostics import path_text
    from specdl.spec.document import read as read_spec
    from specdl.spec.schema import json_schema

    document = read_spec(source)
    schema = json_schema(draft)
    errors = validator_for(schema)(schema).iter_errors(document.value)
    places = sorted({tuple(deepest(error)) for error in errors}, key=str)
    for place in places:
        output.data(f"{document.place(place)}: {path_text(place)} does not fit the schema")
    output.message(f"`specdl check {source}` says what is wrong" if places else "the spec fits the schema")
    return 1 if places else 0


def deepest(error: Any) -> list[str | int]:
    """Where an error of alternatives really is: the deepest place that one of them got to."""
    found = list(error.absolute_path)
    for inner in error.context or ():
        found = max(found, deepest(inner), key=len)
    return found
