"""The samples that a command works on: those of the spec, or random ones where there are none to be had."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from specdl.cli import output
from specdl.core.errors import FindingsError

if TYPE_CHECKING:
    from specdl.analysis import Compilation
    from specdl.data.base import Data, DataSpec, Part


def loaded(args: argparse.Namespace, compilation: Compilation, data: DataSpec) -> Data:
    """Data for the graph of a compilation, beside its model on the machine that the options name.

    Raises `FindingsError` where it cannot be had, and `ResourceError` where it does not fit into memory.
    """
    from specdl.analysis import ahead, reading
    from specdl.backends.choice import planned
    from specdl.compiler import require_memory
    from specdl.data.load import load

    told = reading(compilation, args.allow)
    plan = planned(compilation.plan, args.backend, args.threads)
    require_memory(compilation, plan, ahead(compilation, told, data), args.threads)
    return load(data, told)


def training_part(args: argparse.Namespace, compilation: Compilation, rows: int) -> Part:
    """The training part, or `rows` random samples, and a message why, where it cannot be had."""
    if compilation.spec.data.source is not None:
        try:
            return loaded(args, compilation, compilation.spec.data).parts["train"]
        except FindingsError as error:
            output.message(
                f"the data cannot be read ({error.findings[0].message}): random samples stand in for it"
            )
    return random_part(args, compilation, rows)


def random_part(args: argparse.Namespace, compilation: Compilation, rows: int) -> Part:
    """`rows` samples without meaning, of the shapes that the model takes."""
    return loaded(args, compilation, random_data(compilation, rows)).parts["train"]


def random_data(compilation: Compilation, rows: int) -> DataSpec:
    """A `data` section that draws `rows` samples without meaning, of the shapes that the model takes."""
    from specdl.data.base import DataSpec, TargetSpec
    from specdl.data.sources.random import Random

    data = compilation.spec.data
    column = data.target.source  # a column is one of the data that random samples stand in for
    own = column == "input" or column in (compilation.spec.model.inputs or ())
    target = data.target if own else TargetSpec(encode=data.target.encode)
    return DataSpec(source=Random(train=rows), target=target, batch_size=data.batch_size)
