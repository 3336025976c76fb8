"""Write a spec out with everything in its place: defaults, variables, blocks, what it extends, and --set.

The result has the same layers by the same names and the same program, and can be used in the spec's
place: it has the same hash, and `specdl diff` finds no difference. Its files are named from the spec's
own folder. Where the layers do not fit together, defaults that follow from them are left out.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from specdl.cli import output
from specdl.cli.options import reading_options, spec_argument

if TYPE_CHECKING:
    from specdl.core.diagnostics import Diagnostic
    from specdl.spec.model import ModelSpec


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    spec_argument(parser)
    parser.add_argument(
        "--format", dest="form", choices=("json", "yaml"), default="json", help="(default: %(default)s)"
    )
    reading_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the resolved spec; the exit code."""
    from specdl.core.errors import SpecError
    from specdl.spec.resolved import render

    spec, findings = resolved(args)
    if spec is None:
        raise SpecError(findings)
    output.diagnostics_to_stderr(findings)
    value = render(spec)
    if args.form == "json":
        output.data(output.as_json(value))
        return 0
    from specdl.spec.yaml_output import text

    output.data(text(value).rstrip("\n"))
    return 0


def resolved(args: argparse.Namespace) -> tuple[ModelSpec | None, list[Diagnostic]]:
    """The spec with its defaults said, as far as its model can be built; and what is wrong with its keys."""
    from specdl.analysis import front
    from specdl.graph.build import build
    from specdl.graph.settled import settled
    from specdl.spec.plugins import load_plugins
    from specdl.spec.rooted import rooted

    load_plugins(args.plugins)
    document, spec, findings = front(args.spec, args.overrides, args.allow)
    if document is None or spec is None:
        return None, findings
    spec = rooted(document, spec)
    graph, _ = build(spec)
    return (spec if graph is None else settled(spec, graph)), findings
