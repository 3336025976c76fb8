"""What callers give to a model: turned into tensors, or refused with a reason."""

import numpy as np
import pytest
import torch

import specdl
from specdl.runner.given import as_tensor, learning_rate, require_classes


@pytest.fixture(scope="module")
def model():
    return specdl.compile(
        {
            "specdl": 1,
            "name": "given",
            "data": {"batch_size": 3},
            "model": {
                "input": {"shape": [4]},
                "layers": [{"type": "linear", "out_features": 3, "name": "fc"}],
            },
            "loss": {"type": "cross_entropy"},
            "optimizer": {"type": "sgd", "lr": 0.1},
            "train": {"steps": 5},
        },
        backend="torch",
    )


@pytest.mark.parametrize(
    "value",
    [
        np.arange(12.0).reshape(3, 4)[::-1],
        np.arange(12.0).reshape(3, 4).astype(">f4"),
        np.broadcast_to(np.float32(2), (3, 4)),
        [[1, 2, 3, 4]],
        torch.ones(2, 4, requires_grad=True),
    ],
)
def test_numbers_in_any_order(model, value):
    got = as_tensor("x", value)
    np.testing.assert_array_equal(
        got.numpy(), np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)
    )
    assert model.forward(value).shape == (len(value), 3)


@pytest.mark.parametrize(
    "value",
    ["abc", None, [[1.0], [1.0, 2.0]], np.array(["a"]), np.array([object()]), np.ones((3, 4), complex)],
)
def test_what_is_no_array_of_numbers(model, value):
    with pytest.raises(specdl.UsageError, match=r"`x.*is no array"):
        model.forward(value)


@pytest.mark.parametrize("value", [torch.ones(3, 4).to_sparse(), torch.ones(3, 4, device="meta")])
def test_tensors_without_their_numbers_at_hand(model, value):
    with pytest.raises(specdl.UsageError, match="is no dense tensor"):
        model.forward(value)


def test_classes_that_there_are_not(model):
    x = torch.ones(3, 4)
    before = model.parameters["fc.weight"].clone()
    with pytest.raises(
        specdl.UsageError, match=r"`y\['target'\]` has class 3 in row 1; the classes are 0 to 2"
    ):
        model.train_step(x, torch.tensor([0, 3, 1]))
    with pytest.raises(specdl.UsageError, match="has class -1 in row 2"):
        model.loss(x, torch.tensor([0, 2, -1]))
    torch.testing.assert_close(model.parameters["fc.weight"], before, rtol=0, atol=0)
    require_classes("y", torch.tensor([0, 2]), 3)


@pytest.mark.parametrize("lr", ["a", None, float("nan"), 10**400, [1, 2]])
def test_no_learning_rates(model, lr):
    if lr is None:
        assert learning_rate(0.5) == 0.5
        return
    with pytest.raises(specdl.UsageError, match=r"`lr` is .*finite"):
        model.train_step(torch.ones(3, 4), torch.tensor([0, 1, 2]), lr=lr)


@pytest.mark.parametrize("weights", [None, [1, 2], {"fc.weight": "abc", "fc.bias": [0, 0, 0]}])
def test_no_weights(model, weights):
    with pytest.raises(specdl.UsageError):
        model.load(weights)


def test_weights_as_lists(model):
    model.load({name: value.tolist() for name, value in model.parameters.items()})


@pytest.mark.parametrize("threads", [0, -3, "a", 1.5, True, 100_000])
def test_no_number_of_threads(threads):
    with pytest.raises(specdl.UsageError, match="`threads` is"):
        specdl.compile("models/bench/disc_mlp.json", threads=threads)
