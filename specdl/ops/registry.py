"""The catalogs of everything a spec can name in `ops`."""

from __future__ import annotations

from specdl.core.catalog import Catalog
from specdl.ops.base import Initializer, Layer, Loss, Metric, Optimizer, Schedule

CATALOGS: dict[str, Catalog] = {
    catalog.category: catalog
    for catalog in (
        Catalog("layers", Layer, ("specdl.ops.layers", "specdl.ops.activations")),
        Catalog("activations", Layer, ("specdl.ops.activations",)),
        Catalog("losses", Loss, ("specdl.ops.losses",)),
        Catalog("optimizers", Optimizer, ("specdl.ops.optimizers",)),
        Catalog("inits", Initializer, ("specdl.ops.inits",)),
        Catalog("schedules", Schedule, ("specdl.ops.schedules",)),
        Catalog("metrics", Metric, ("specdl.ops.metrics",)),
    )
}
