"""Serve an editor: findings while a spec is typed, hover, completion, go to definition, quick fixes.

The editor starts this command itself and speaks the Language Server Protocol with it over standard
input and output; docs/editors.md says how to set up yours. Nothing is run and no file is written.
"""

from __future__ import annotations

import argparse

from specdl.cli.options import path_option, plugin_option
from specdl.core.errors import UsageError

EXTRA = ("pygls", "lsprotocol", "cattrs", "attrs", "attr")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    plugin_option(parser)
    path_option(parser)
    # editors add these by themselves
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--clientProcessId", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Serve until the editor leaves; the exit code."""
    try:
        from specdl.editor.server import run as serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in EXTRA:
            raise
        help = "pip install 'specdl[lsp]'"
        raise UsageError("`specdl lsp` needs the packages of its extra", help=help) from error
    return serve(args.plugins, args.allow)
