"""Write a spec out as JSON with every default, variable and block resolved.

The result means the same as the spec and can be used in its place.
"""

from __future__ import annotations

import argparse
import json

from specdl.cli import output
from specdl.cli.options import reading_options, spec_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    spec_argument(parser)
    reading_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the resolved spec; the exit code."""
    from specdl.compiler import front
    from specdl.core.errors import SpecError
    from specdl.spec.plugins import load_plugins
    from specdl.spec.resolved import render

    load_plugins(args.plugins)
    _, spec, findings = front(args.spec, args.overrides)
    if spec is None:
        raise SpecError(findings)
    output.diagnostics_to_stderr(findings)
    output.data(json.dumps(render(spec), indent=2, ensure_ascii=False, allow_nan=False))
    return 0
