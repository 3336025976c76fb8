"""What a help says to add can be added as it stands."""

import json

import pytest

from specdl.analysis import check
from specdl.spec.rules import EXAMPLES

WHOLE = {key: json.loads(f"{{{help.removeprefix('add ')}}}") for key, (_, help) in EXAMPLES.items()}
SPEC = {
    "specdl": 1,
    "name": "case",
    "seed": 0,
    "data": {"source": {"type": "disc", "train": 1000}, "batch_size": 50},
    "model": {"input": {"shape": [2]}, "layers": [{"type": "linear", "out_features": 2}]},
    "loss": {"type": "cross_entropy"},
    "optimizer": {"type": "sgd", "lr": 0.1},
    "train": {"epochs": 5},
}


@pytest.mark.parametrize("key", EXAMPLES)
def test_what_a_missing_section_may_be_is_right(key):
    assert check({**SPEC, **WHOLE[key]}) == []
