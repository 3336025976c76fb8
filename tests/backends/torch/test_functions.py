import math

import pytest
import torch

from specdl.backends.torch.functions import LONG, NAMED, SPECIAL, closures
from specdl.core import plain
from specdl.core.expr import MAPS


def run(function, args, out, **options):
    with torch.inference_mode():
        for closure in closures(function, args, out, options):
            closure()
    return out


@pytest.mark.parametrize("size", [1, 63, 64, 1000, LONG - 1, LONG, LONG + 1, LONG + 63, 4 * LONG + 17])
def test_the_sum_of_everything(size):
    x = torch.randn(size, generator=torch.Generator().manual_seed(size), dtype=torch.float64)
    out, parts = torch.full((), math.nan).double(), torch.full((64,), math.nan).double()
    assert float(run("total", [x, parts], out)) == pytest.approx(math.fsum(x.tolist()), rel=1e-11, abs=1e-11)
    out = torch.full((1, 1), math.nan).double()
    assert float(run("total", [x.view(size, 1), parts], out)) == pytest.approx(
        math.fsum(x.tolist()), rel=1e-11, abs=1e-11
    )


def test_every_function_of_the_language_is_bound():
    assert NAMED.keys() | SPECIAL.keys() >= MAPS


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", sorted(plain.MAP))
def test_bound_functions_are_the_plain_ones(name, dtype):
    x = torch.tensor([[0.5, 1.5, -2.0], [1e4, -1e4, 1e-30]], dtype=dtype)
    y = torch.tensor([[0.25, -1.5, 3.0], [2.0, 2.0, 0.0]], dtype=dtype)
    count = {"where": 3, "neg": 1, "eq": 2}.get(name) or (
        2 if name in "add sub mul div pow maximum minimum" else 1
    )
    args = [x > 0, x, y] if name == "where" else [x, y][:count]
    meant = plain.MAP[name](*args)
    out = torch.full(meant.shape, 1).to(meant.dtype)
    torch.testing.assert_close(run(name, args, out), meant, equal_nan=True)


def test_softplus_of_large_arguments():
    x = torch.tensor([-1e4, -800.0, -40.0, 0.0, 39.0, 41.0, 1e4], dtype=torch.float64)
    got = run("softplus", [x], torch.empty_like(x))
    torch.testing.assert_close(got, plain.softplus(x), rtol=1e-15, atol=0)


@pytest.mark.parametrize("rows", [1, 7, 8, 9])
def test_column_sums_by_ones_and_by_sum(rows):
    x, ones = torch.randn(rows, 3), torch.ones(8)
    torch.testing.assert_close(run("column_sum", [x], torch.empty(3), ones=ones), x.sum(0))
    x = torch.randn(rows, 2, 3)
    torch.testing.assert_close(run("column_sum", [x], torch.empty(3), ones=ones), x.sum((0, 1)))


def test_one_hot_and_concat():
    index = torch.tensor([[2, 0]])
    out = torch.full((1, 2, 3), math.nan)
    assert run("one_hot", [index], out).tolist() == [[[0, 0, 1], [1, 0, 0]]]
    parts = [torch.ones(2, 1), torch.zeros(2, 3)]
    assert torch.equal(run("concat", parts, torch.empty(2, 4), axis=1), torch.cat(parts, 1))
