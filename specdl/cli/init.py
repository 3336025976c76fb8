"""Write a spec to start from: a small classifier that checks and trains at once, without any data file.

PATH is the file to write (its name ends in .json), a folder, in which model.json is written, or `-`
for standard output. A file that is there is never overwritten.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from specdl.cli import output
from specdl.core.errors import UsageError

FILE = "model.json"
STARTER = """{
  "specdl": 1,
  "name": "disc",
  "description": "Is a point of the unit square inside of a disc? A small net learns it in seconds.",
  "seed": 0,
  "data": {
    "source": {"type": "disc", "train": 1000, "validation": 200, "test": 1000},
    "batch_size": 50
  },
  "model": {
    "input": {"shape": [2]},
    "layers": [
      {"type": "linear", "out_features": 25, "activation": "tanh", "name": "fc1"},
      {"type": "linear", "out_features": 25, "activation": "tanh", "name": "fc2"},
      {"type": "linear", "out_features": 2, "name": "head"}
    ]
  },
  "loss": {"type": "cross_entropy"},
  "optimizer": {"type": "adam", "lr": 0.01},
  "train": {"epochs": 20},
  "metrics": ["accuracy"]
}
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "path", metavar="PATH", nargs="?", default=".", help="a .json file, a folder, or - (default: .)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the spec; the exit code."""
    if args.path == "-":
        output.data(STARTER.rstrip())
        return 0
    path = target(Path(args.path))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER)
    except FileExistsError:
        raise UsageError(f"`{path}` is there already, and is left as it is") from None
    output.message(f"wrote {path}: try `specdl check {path}` and `specdl train {path}`")
    return 0


def target(path: Path) -> Path:
    """The file to write."""
    if path.is_dir() or not path.suffix:
        return path / FILE
    if path.suffix.lower() != ".json":
        raise UsageError(f"`{path}` does not end in .json: `init` writes JSON")
    return path
