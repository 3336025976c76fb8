"""Write a spec out with everything in its place: defaults, variables, blocks, what it extends, and --set.

The result has the same layers by the same names and the same program, and can be used in the spec's
place. A hash of its meaning is that of the spec: `specdl diff` finds no difference, unless the data is
named by a base in another folder: its files are then written from the spec's own folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from specdl.cli import output
from specdl.cli.options import reading_options, spec_argument

if TYPE_CHECKING:
    from specdl.core.diagnostics import Path
    from specdl.spec.document import Document


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    spec_argument(parser)
    parser.add_argument(
        "--format", dest="form", choices=("json", "yaml"), default="json", help="(default: %(default)s)"
    )
    reading_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the resolved spec; the exit code."""
    from specdl.analysis import front
    from specdl.core.errors import SpecError
    from specdl.spec.plugins import load_plugins
    from specdl.spec.resolved import render

    load_plugins(args.plugins)
    document, spec, findings = front(args.spec, args.overrides, args.allow)
    if document is None or spec is None:
        raise SpecError(findings)
    output.diagnostics_to_stderr(findings)
    value = render(spec)
    if spec.data.source is not None:
        rebase(value["data"]["source"], spec.data.source.files(), document)
    if args.form == "json":
        output.data(output.as_json(value))
        return 0
    from specdl.spec.yaml_output import text

    output.data(text(value).rstrip("\n"))
    return 0


def rebase(source: Any, files: Mapping[Path, str], document: Document) -> None:
    """Write the files of a source from the document's folder, where a base in another names them."""
    from specdl.spec.expressions import escaped

    home = document.home(("data",))
    if home is document or home.folder == document.folder:
        return
    folder = home.folder
    if folder.is_relative_to(document.folder):
        folder = folder.relative_to(document.folder)
    for place, file in files.items():
        holder: Any = reduce(lambda value, key: value[key], place[:-1], source)
        holder[place[-1]] = escaped((folder / file).as_posix())
