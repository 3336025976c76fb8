"""A `solver`, which is Caffe's word for what a spec says under `optimizer`, `schedule` and `train`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Add, Edit, Fix, Rename, Replace
from specdl.spec.walker import Site, Walker

SOLVER = "solver"
RUN = (
    "max_iter", "test_interval", "test_iter", "test_initialization", "display", "average_loss", "snapshot",
    "snapshot_prefix", "snapshot_format", "solver_mode", "epochs", "steps",
    "evaluate_every", "checkpoint_every", "keep",
)  # fmt: skip
"""Keys of a solver that are about the run."""


def solved(walker: Walker, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document with what is under `solver` in its sections; that it stands there is told once."""
    said = root.get(SOLVER)
    if not isinstance(said, dict) or "optimizer" in root or not isinstance(root.get("train", {}), dict):
        return root
    run = {key: each for key, each in said.items() if key in RUN}
    optimizer = {"type": "sgd"} | {key: each for key, each in said.items() if key not in RUN}
    split: Mapping[str, Any] = {"optimizer": optimizer}
    edits: tuple[Edit, ...] = (Replace((SOLVER,), optimizer), Rename((SOLVER,), "optimizer"))
    if "train" not in root:
        split = {**split, "train": run}
        edits = (*edits, Add((), "train", run))
    walker.real.update({(key,): (SOLVER,) for key in split})
    walker.called[SOLVER,] = "`train`"
    whole = "train" in split or not run
    fix = Fix("write `optimizer` and `train`", edits, sure=True) if whole else None
    help = "write it as `optimizer`, `schedule` and `train`"
    walker.tell("E111", f"the spec has no key `{SOLVER}`", Site((SOLVER,)), True, help, fix=fix)
    return {**{key: value for key, value in root.items() if key != SOLVER}, **split}
