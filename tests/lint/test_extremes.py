"""Numbers of any size are told as numbers, and never end in a traceback."""

import pytest

from tests.lint.tools import HEAD, HIDDEN, codes, data, messages, model

VAST = 10**400


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"train": {"epochs": VAST}}, []),
        ({"train": {"steps": VAST}}, []),
        ({"train": {"epochs": 10, "evaluate_every": VAST}}, ["W333"]),
        ({"train": {"epochs": 10, "checkpoint_every": {"steps": VAST}}}, ["W334"]),
        ({"train": {"steps": VAST}, "data": {"batch_size": 5}}, []),
        ({"optimizer": {"type": "sgd", "lr": 1e308}}, ["W310"]),
        ({"optimizer": {"type": "adam", "lr": 5e-324}}, ["W310"]),
        ({"optimizer": {"type": "sgd", "lr": 0.1, "momentum": 1 - 2**-53}}, ["W311"]),
        ({"optimizer": {"type": "sgd", "lr": 0.1, "weight_decay": 1e308}}, ["W313"]),
        ({"model": model(HIDDEN, HEAD | {"out_features": 10**300, "activation": "tanh"})}, ["W302"]),
        ({"model": model(HIDDEN, HEAD | {"activation": "tanh"}, {"type": "scale", "factor": 1e308})}, []),
    ],
)
def test_vast_and_tiny_numbers(changes, wanted):
    assert codes(**changes) == wanted


VAST_TIMES = {
    "piecewise": {"type": "piecewise_constant", "boundaries": [1e300, 1e308], "factors": [1e308, 1, 0]},
    "cosine": {"type": "cosine", "length": 1e308},
    "tiny cosine": {"type": "cosine", "length": 5e-324},
    "warmup": {
        "type": "warmup",
        "length": 1e308,
        "then": {"type": "cosine", "unit": "steps", "length": 1e308},
    },
    "tiny warmup": {"type": "warmup", "length": 5e-324, "then": {"type": "cosine", "unit": "steps"}},
}


@pytest.mark.parametrize("unit", ["steps", "epochs"])
@pytest.mark.parametrize("name", VAST_TIMES)
@pytest.mark.parametrize("length", [1, 10, VAST])
@pytest.mark.parametrize("counts", ["steps", "epochs"])
def test_vast_and_tiny_times(name, unit, length, counts):
    told = messages(schedule=VAST_TIMES[name] | {"unit": unit}, train={counts: length}, data=data(1000))
    assert all("inf" not in each and "nan" not in each for each in told)
