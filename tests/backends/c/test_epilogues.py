from pathlib import Path

import pytest

from specdl.backends.c.body import Body, Extent
from specdl.backends.c.epilogues import epilogue
from specdl.backends.c.names import Layout, Names, block
from specdl.backends.c.target import Target
from specdl.core.expr import load, one_hot, samples
from specdl.core.formula import tanh, where
from specdl.core.types import BATCH
from specdl.loops.nests import Nest
from specdl.loops.statements import Map, Operand, Product
from tests.backends.c.nests import INDEX, x_of
from tests.backends.c.one_nest import TARGETS, Case, build, check_nest


def plain_product(nest: Nest, layout: Layout, target: Target, names: Names) -> Body:
    """The simplest product there is: one vector of results after another."""
    product = nest.product
    a, b = names.param(product.a.value), names.param(product.b.value)
    lda, ldb = layout.ld(product.a.value, product.a.cols), layout.ld(product.b.value, product.b.cols)
    tail = f"J + LANES > {product.n}"
    lines = [
        "v x = {0};",
        f"for (i64 k = 0; k < {product.k}; k++) x += {a}[i * {lda} + k] * LD({b} + k * {ldb} + J);",
        *epilogue(nest, layout, target, names, "i", "J", "x", tail),
    ]
    loop = block(f"for (i64 J = 0; J < {product.n}; J += LANES)", lines)
    return Body(tuple(block("for (i64 i = lo; i < hi; i++)", loop)), Extent(1), 1, 0)


def linear(n: int, padded: str) -> Case:
    """A layer with all forms of leaves, which also stores the product, in place over another value."""
    a, b, z = x_of("a", BATCH, 6), x_of("b", 6, n), x_of("z", BATCH, n)
    bias, gate, old = x_of("bias", n), x_of("gate", BATCH, 1), x_of("old", BATCH, n)
    hot = one_hot(load("t", INDEX), z)
    product = Product("z", Operand("a", 6), Operand("b", n), BATCH, n, 6)
    maps = [
        Map("y", z.shape, tanh(z + bias)),
        Map("r", z.shape, where(hot > 0.5, x_of("y", BATCH, n), z * gate) / x_of("k")),
        Map("new", z.shape, old - x_of("r", BATCH, n) * (1 / samples())),
    ]
    nest = Nest("product", (product, *maps), frozenset("z r new".split()), ())
    types = {each.attr: each.type for each in (a, b, z, bias, gate, old, x_of("k"))}
    types |= {"t": INDEX, "r": z.type, "new": z.type}
    return Case(nest, plain_product, types, frozenset(padded.split()), {"new": "old"})


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_the_maps_after_a_product(target: Target, tmp_path: Path):
    cases = [linear(n, padded) for n in (1, 8, 10, 16, 25) for padded in ("", "z r new old", "r")]
    for built in build(cases, target, tmp_path):
        for samples_ in (1, 5, 33):
            check_nest(built, samples_)
