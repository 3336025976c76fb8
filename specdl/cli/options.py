"""Options that mean the same in every command that has them."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specdl.analysis import Compilation
    from specdl.runner.model import Model

SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGTP]i?)?B?", re.IGNORECASE)
MAX_SIZE = 1000
"""Characters of a size; Python reads few more digits."""
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def size(text: str) -> int:
    """Bytes from `8GiB`, `500MB` or `1024`; iB counts in 1024s, B in 1000s."""
    match = SIZE.fullmatch(text.strip()) if len(text) <= MAX_SIZE else None
    if match is None:
        text = text if len(text) <= 40 else f"{text[:37]}..."
        raise argparse.ArgumentTypeError(f"`{text}` is no size: write 8GiB, 500MB or a number of bytes")
    prefix = (match[2] or "").lower()
    base = 1024 if prefix.endswith("i") else 1000
    whole, _, rest = match[1].partition(".")
    unit: int = base ** POWERS[prefix.removesuffix("i")]
    digits: int = 10 ** len(rest)
    return int(whole + rest) * unit // digits


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number from 1")
    return int(text)


def spec_argument(parser: argparse.ArgumentParser) -> None:
    """The spec a command works on."""
    parser.add_argument("spec", metavar="SPEC", help="a spec, JSON or YAML; `-` reads standard input")


def format_option(parser: argparse.ArgumentParser, *choices: str) -> None:
    """`--format`, of which the first choice is the default."""
    parser.add_argument(
        "--format", choices=choices, default=choices[0], help="what is printed (default: %(default)s)"
    )


def reading_options(parser: argparse.ArgumentParser) -> None:
    """What changes how a spec is read: `--set`, `--plugin`, `--allow-path`."""
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="overrides",
        action="append",
        default=[],
        help="put a value into the spec, as in optimizer.lr=0.01; may be repeated",
    )
    plugin_option(parser)
    path_option(parser)


def plugin_option(parser: argparse.ArgumentParser) -> None:
    """`--plugin`: ops from outside the package."""
    parser.add_argument(
        "--plugin",
        metavar="MODULE",
        dest="plugins",
        action="append",
        default=[],
        help="a Python module with ops of your own, or a .py file; may be repeated",
    )


def path_option(parser: argparse.ArgumentParser) -> None:
    """`--allow-path`: where files that a spec names may lie."""
    parser.add_argument(
        "--allow-path",
        metavar="DIR",
        dest="allow",
        action="append",
        default=[],
        help="a folder in which data may lie, beside the spec's and the working folder; may be repeated",
    )


def machine_options(parser: argparse.ArgumentParser) -> None:
    """What a spec runs on: `--backend`, `--device`, `--threads`."""
    parser.add_argument(
        "--backend",
        choices=("auto", "torch", "c"),
        default="auto",
        help="what runs the program (default: auto, which is C where there is a compiler, else torch)",
    )
    parser.add_argument("--device", default="cpu", help="where it runs (default: cpu)")
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="threads to use (default: one for small nets, else all)"
    )


def compile_options(parser: argparse.ArgumentParser) -> None:
    """All of the options of commands that compile a spec."""
    reading_options(parser)
    machine_options(parser)


def analysed(args: argparse.Namespace, dtype: str | None = None) -> Compilation:
    """The spec of a command with its plan; warnings go to standard error.

    Raises `SpecError` if there are errors. Does not import torch.
    """
    from specdl.analysis import analyse, linted
    from specdl.cli import output
    from specdl.core.errors import SpecError

    compilation, findings = analyse(args.spec, args.overrides, args.plugins, dtype, args.allow)
    if compilation is None:
        raise SpecError(findings)
    output.diagnostics_to_stderr(linted(compilation, findings))
    return compilation


def built(args: argparse.Namespace, compilation: Compilation) -> Model:
    """The model of a compilation on the machine that the options name, on as many threads as suit it."""
    from specdl.backends.choice import suited
    from specdl.cli.output import message
    from specdl.compiler import build_model

    wanted = {"backend": args.backend, "device": args.device, "threads": args.threads}
    model = build_model(compilation, **wanted, tell=message)
    if args.threads is None:
        import torch

        torch.set_num_threads(suited(model.executable))
    return model
