"""What went wrong, as a message on standard error and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from pathlib import Path

from specdl.cli import output
from specdl.core.errors import SpecdlError, SpecError

FULL = (errno.ENOSPC, errno.EDQUOT)
INTERRUPTED, USAGE, RESOURCES = 130, 2, 4


def explained(error: BaseException, as_json: bool = False) -> int:
    """Say what went wrong; the exit code.

    What a user can mend is told in their words. Anything else is a fault of specdl: one line
    says so, and the traceback goes to a file. Findings are printed as JSON too, on standard output,
    where the command was to print JSON.
    """
    if isinstance(error, BrokenPipeError):
        # whoever read our output has seen enough
        drop_output()
        return 0
    if isinstance(error, KeyboardInterrupt):
        output.message(f"specdl: {str(error) or 'interrupted'}")
        return INTERRUPTED
    if isinstance(error, SpecError):
        output.diagnostics_to_stderr(error.diagnostics)
        if as_json:
            output.data_json(output.findings_json(error.diagnostics))
        return output.exit_code(error.diagnostics)
    if isinstance(error, SpecdlError):
        output.message(output.told(error))
        return error.exit_code
    if isinstance(error, MemoryError):
        output.message("error[E510]: there is not enough memory")
        return RESOURCES
    if isinstance(error, OSError) and error.filename is None and error.errno in FULL:
        drop_output()
        output.message("error[E520]: the disk is full: the output could not be written")
        return RESOURCES
    if isinstance(error, OSError) and error.filename is not None:
        output.message(f"error: `{error.filename}`: {error.strerror}")
        return RESOURCES if error.errno in FULL else USAGE
    return fault(error)


def drop_output() -> None:
    """Let nothing more be written to standard output, also of what is still held back."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def left(leaving: SystemExit) -> int:
    """The code of what ends a process: argparse, which said why, or a run that a signal ended."""
    if hasattr(leaving, "message"):
        output.message(f"specdl: {leaving}")
    return leaving.code if isinstance(leaving.code, int) else USAGE


def fault(error: BaseException) -> int:
    """Say that specdl itself is wrong, and where the details are."""
    details = "".join(traceback.format_exception(error))
    text = str(error).strip()
    first = f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
    output.message(
        f"specdl: this is a fault of specdl, not of your spec: {first}\n"
        f"specdl: the details are in {write_details(details)}; please report it with that file"
    )
    return USAGE


def write_details(details: str) -> str:
    """The name of the file that holds the details."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="specdl-fault-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write(f"specdl {' '.join(sys.argv[1:])}\n{details}")
            return str(Path(file.name))
    except OSError:
        return f"no file, for none could be written:\n{details}"
