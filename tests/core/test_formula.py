import math

import pytest
import torch
import torch.nn.functional as F

from specdl.core import formula as f
from specdl.core.errors import CompilerFault
from specdl.core.expr import const, load, samples
from specdl.core.types import BATCH, Batch, TensorType

VALUES = torch.tensor(
    [[-1e4, -40.0, -1.5, -1e-300, -0.0], [5e-324, 0.5, 1.0, 40.0, 1e4]], dtype=torch.float64
)
POSITIVE = VALUES.abs() + 1e-9


@pytest.mark.parametrize(
    ("function", "meant", "x"),
    [
        (f.exp, torch.exp, VALUES.clamp(max=700)),
        (f.log, torch.log, POSITIVE),
        (f.log1p, torch.log1p, POSITIVE),
        (f.sqrt, torch.sqrt, POSITIVE),
        (f.rsqrt, lambda x: 1 / x.sqrt(), POSITIVE),
        (f.erf, torch.erf, VALUES),
        (f.tanh, torch.tanh, VALUES),
        (f.sigmoid, torch.sigmoid, VALUES),
        (f.softplus, lambda x: F.softplus(x, threshold=50), VALUES),
        (f.absolute, torch.abs, VALUES),
        (f.sign, torch.sign, VALUES),
        (f.row_sum, lambda x: x.sum(-1, keepdim=True), VALUES),
        (f.row_max, lambda x: x.amax(-1, keepdim=True), VALUES),
        (f.row_mean, lambda x: x.mean(-1, keepdim=True), VALUES),
        (f.batch_sum, lambda x: x.sum(0), VALUES),
        (f.total, torch.sum, VALUES),
        (f.mean, torch.mean, VALUES),
        (f.rows, lambda x: x, VALUES),
        (f.rows, lambda x: x.reshape(-1, 5), VALUES.view(1, 2, 5)),
        (f.batch_sum, lambda x: x.sum((0, 1)), VALUES.view(1, 2, 5)),
    ],
)
def test_means_what_torch_means(function, meant, x):
    torch.testing.assert_close(function(x), meant(x), rtol=1e-14, atol=0)


def test_numbers_may_stand_for_tensors():
    assert float(f.exp(0.5)) == math.exp(0.5)
    assert f.maximum(VALUES, 0.0).min() == 0
    assert torch.equal(
        f.where(VALUES > 0, 1.0, VALUES), torch.where(VALUES > 0, torch.ones(()).double(), VALUES)
    )


@pytest.mark.parametrize("function", [f.maximum, f.minimum])
def test_nan_passes_through(function):
    nan = torch.tensor([math.nan, 1.0])
    assert torch.isnan(function(nan, 0.0)).tolist() == [True, False]
    assert torch.isnan(function(torch.zeros(2), nan)).tolist() == [True, False]


@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3), (3,), ()])
def test_counts(shape):
    plain, traced = torch.zeros(shape), load("x", TensorType(shape))
    assert f.size(plain) == f.size(traced) == math.prod(shape)
    assert f.row_count(plain) == f.row_count(traced) == math.prod(shape[:-1])


def test_counts_of_a_symbolic_batch():
    x = load("x", TensorType((BATCH, 4, 3)))
    assert f.size(x) is samples(12)
    assert f.row_count(x) is samples(4)
    assert x * 1.5 / x.shape[0] is x * 1.5 / samples(1)


def test_one_hot():
    index = torch.tensor([[2, 0]])
    assert f.one_hot(index, torch.zeros(1, 2, 3)).tolist() == [[[0, 0, 1], [1, 0, 0]]]
    assert f.one_hot(index, torch.zeros(1, 2, 3, dtype=torch.float64)).dtype == torch.float64


def test_is_index():
    assert f.is_index(torch.zeros(2, dtype=torch.int64))
    assert not f.is_index(torch.zeros(2))
    assert f.is_index(load("i", TensorType((BATCH,), "int64")))
    assert not f.is_index(load("x", TensorType((BATCH,))))


def sink():
    noted = {}
    return f.Sink("y", TensorType((BATCH, 3)), noted), noted


def test_a_sink_notes_formulas_and_numbers():
    for value in (load("x", TensorType((BATCH, 3))), 0.5):
        y, noted = sink()
        y[:] = value
        assert noted["y"] is (value if value != 0.5 else const(0.5))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (load("x", TensorType((BATCH, 1))), r"`y` is f32\[batch,3\], but what is written is f32\[batch,1\]"),
        (load("x", TensorType((3,))), r"`y` is f32\[batch,3\], but what is written is f32\[3\]"),
        (load("x", TensorType((Batch(2), 3))), r"but what is written is f32\[2\*batch,3\]"),
        (load("x", TensorType((BATCH, 3), "float64")), r"but what is written is f64\[batch,3\]"),
    ],
)
def test_a_sink_refuses_another_type(value, message):
    with pytest.raises(CompilerFault, match=message):
        sink()[0][:] = value


def test_a_sink_is_written_once_and_whole():
    y, _ = sink()
    with pytest.raises(CompilerFault, match=r"`y` is written as a whole: y\[:\] = \.\.\."):
        y[0:1] = 1.0
    y[:] = 1.0
    with pytest.raises(CompilerFault, match="`y` is written twice"):
        y[:] = 1.0
