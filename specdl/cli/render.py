"""Write a spec out with everything in its place: defaults, variables, blocks, what it extends, and --set.

The result has the same layers by the same names and the same program, and can be used in the spec's
place. A hash of its meaning is that of the spec: `specdl diff` finds no difference.
"""

from __future__ import annotations

import argparse

from specdl.cli import output
from specdl.cli.options import reading_options, spec_argument


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
    _, spec, findings = front(args.spec, args.overrides, args.allow)
    if spec is None:
        raise SpecError(findings)
    output.diagnostics_to_stderr(findings)
    if args.form == "json":
        output.data(output.as_json(render(spec)))
        return 0
    from specdl.spec.yaml_output import text

    output.data(text(render(spec)).rstrip("\n"))
    return 0
