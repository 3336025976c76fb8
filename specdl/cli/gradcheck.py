"""Compare the gradients of a spec's own graph with central differences of its loss, in float64.

Every trained parameter is compared along a random direction, or with --full along each of its
elements. The batch is from the training data, or random where that cannot be read. Exit code: 0 if all
agree to --tolerance, 1 else.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from specdl.cli import output
from specdl.cli.options import analysed, built, compile_options, format_option, positive, spec_argument
from specdl.cli.samples import training_part
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.runner.gradcheck import Check

ROWS = 16
"""Enough for every branch of a model to be met; differences cost four losses for each direction."""


def number(text: str) -> float:
    """A number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"`{text}` is no number above 0")
    return value


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    spec_argument(parser)
    parser.add_argument("--full", action="store_true", help="check every element, not one direction each")
    parser.add_argument(
        "--tolerance",
        type=number,
        default=1e-6,
        metavar="X",
        help="largest relative error (default: %(default)s)",
    )
    parser.add_argument(
        "--rows",
        type=positive,
        metavar="N",
        help=f"samples in the batch (default: {ROWS}, or data.batch_size if less)",
    )
    format_option(parser, "human", "json")
    compile_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compare, and print a table; the exit code."""
    compilation = analysed(args, dtype="float64")
    size = compilation.spec.data.batch_size
    if args.rows is not None and args.rows > size:
        raise UsageError(
            f"--rows {args.rows} is more than data.batch_size, {size}: that is what memory is planned for"
        )
    rows = args.rows or min(ROWS, size)
    part = training_part(args, compilation, rows)
    model = built(args, compilation)

    from specdl.runner.gradcheck import gradcheck

    x, y = ({name: array[:rows] for name, array in arrays.items()} for arrays in (part.inputs, part.targets))
    found = gradcheck(model, x, y, full=args.full, tolerance=args.tolerance)
    largest = max((each.rel_error for each in found), default=0.0)
    wrong = [each for each in found if each.status == "wrong"]
    if args.format == "json":
        output.data_json(figures(found, largest, args.tolerance, not wrong))
    else:
        output.data(table(found))
        output.message(verdict(found, largest, args.tolerance))
    return 1 if wrong else 0


def figures(found: list[Check], largest: float, tolerance: float, ok: bool) -> dict[str, Any]:
    """The outcome as JSON."""
    parameters = [asdict(each) for each in found]
    return {"ok": ok, "max_rel_error": largest, "tolerance": tolerance, "parameters": parameters}


def table(found: list[Check]) -> str:
    """One line for each parameter."""
    rows = [["parameter", "directions", "relative error", "gradient", "difference", "step", ""]]
    for each in found:
        numbers = [
            f"{each.rel_error:.1e}",
            f"{each.gradient:.6g}",
            f"{each.difference:.6g}",
            f"{each.step:.1e}",
        ]
        rows.append([each.name, str(each.directions), *numbers, remark(each)])
    return output.table(rows, right=(1, 2, 3, 4, 5))


def remark(check: Check) -> str:
    """What there is to say of a parameter."""
    if check.status == "wrong":
        return "WRONG"
    if check.status == "kink":
        return "on a corner: within the slopes of its two sides"
    if check.kinks:
        along = "" if check.directions == 1 else f" along {check.kinks} of {check.directions}"
        return f"a kink within reach{along}: checked at shorter steps"
    return ""


def verdict(found: list[Check], largest: float, tolerance: float) -> str:
    """All of it in a sentence."""
    wrong = [each.name for each in found if each.status == "wrong"]
    if wrong:
        return (
            f"{len(wrong)} of {len(found)} gradients are off by more than {tolerance:g}: {', '.join(wrong)}"
        )
    return f"all {len(found)} gradients agree: the largest relative error is {largest:.1e}"
