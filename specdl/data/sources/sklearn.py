"""The data sets that come inside scikit-learn."""

from __future__ import annotations

import importlib
from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.diagnostics import Finding
from specdl.core.errors import FindingsError
from specdl.core.lazy import numpy as np
from specdl.data.base import SOURCE, Outline, Part, Raw, Reading, Source

SETS = {
    "breast_cancer": Outline({"train": 569}, single=True, shape=(30,), target="classes", classes=2),
    "diabetes": Outline({"train": 442}, single=True, shape=(10,), target="values", values=(25, 346)),
    "digits": Outline({"train": 1797}, single=True, shape=(64,), target="classes", classes=10),
    "iris": Outline({"train": 150}, single=True, shape=(4,), target="classes", classes=3),
    "wine": Outline({"train": 178}, single=True, shape=(13,), target="classes", classes=3),
}


class Sklearn(Source):
    """Real data that needs no network: it lies inside the package scikit-learn.

    ============= ======= ======== =========================================
    dataset       samples features target
    ============= ======= ======== =========================================
    breast_cancer     569       30 2 classes
    diabetes          442       10 a value (progression of the disease)
    digits           1797       64 10 classes (images of 8 x 8, from 0 to 16)
    iris              150        4 3 classes
    wine              178       13 3 classes
    ============= ======= ======== =========================================

    The sets have no parts of their own, and some are sorted by class: cut them with `split`.
    """

    type: Literal["sklearn"] = "sklearn"
    dataset: Annotated[
        Literal["breast_cancer", "diabetes", "digits", "iris", "wine"],
        Field(description="Which set.", examples=["digits"]),
    ]

    def outline(self) -> Outline:
        return SETS[self.dataset]

    def read(self, reading: Reading) -> Raw:
        bunch = self.load()
        need = reading.need
        targets = {name: np.asarray(bunch.target) for name in need.targets}
        part = Part({name: np.asarray(bunch.data) for name in need.inputs}, targets)
        names = tuple(str(name) for name in getattr(bunch, "target_names", ()))
        return Raw({"train": part}, {name: names for name in need.targets if names})

    def load(self) -> Any:
        """The set, as scikit-learn gives it."""
        try:
            datasets = importlib.import_module("sklearn.datasets")
        except ImportError:
            message = "this source needs the package scikit-learn, which is not installed"
            found = Finding("E415", message, (*SOURCE, "type"), help='pip install "specdl[sklearn]"')
            raise FindingsError([found]) from None
        return getattr(datasets, f"load_{self.dataset}")()
