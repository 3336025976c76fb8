"""The catalogs of what a spec can name in `data`."""

from __future__ import annotations

from specdl.core.catalog import Catalog
from specdl.data.base import Source, Transform

CATALOGS: dict[str, Catalog] = {
    catalog.category: catalog
    for catalog in (
        Catalog("sources", Source, ("specdl.data.sources",)),
        Catalog("transforms", Transform, ("specdl.data.transforms",)),
    )
}
