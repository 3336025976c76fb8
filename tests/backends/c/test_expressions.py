import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from specdl.backends.c.expressions import literal
from specdl.backends.c.names import Names
from specdl.backends.c.rows import emit_rows
from specdl.backends.c.target import Target
from specdl.core.errors import CompilerFault
from specdl.core.expr import COMPARISONS, FUNCTIONS, Expr, apply, const, load, scalar
from specdl.core.types import BATCH, TensorType
from specdl.loops.statements import Map, Reduce
from tests.backends.c import nests
from tests.backends.c.one_nest import TARGETS, Case, build, check_nest, emitted, expected, run_nest

SINGLE, DOUBLE = TARGETS[0], TARGETS[2]
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, 1e-6, -1e-6, 60.0, -60.0]
PAIRS = list(product(SPECIAL, SPECIAL))
BINARY = "add sub mul div pow maximum minimum".split()


def elementwise(expr: Expr) -> Case:
    shape = (len(PAIRS),)
    types = {name: TensorType(shape, "float64") for name in "abo"}
    return nests.case("rows", [Map("o", shape, expr)], "o", types)


@pytest.mark.parametrize("target", [SINGLE, DOUBLE, Target("float32", 16)], ids=str)
def test_every_function_on_every_special_number(target: Target, tmp_path: Path):
    a, b = (nests.x_of(name, len(PAIRS)) for name in "ab")
    exprs = [apply(name, a) for name in FUNCTIONS] + [apply(name, a, b) for name in BINARY]
    exprs += [apply("where", apply(name, a, b), a, 7.0) for name in sorted(COMPARISONS)]
    exprs += [apply("where", apply("gt", scalar("t"), limit), a, b) for limit in (1, 5)]
    given = {name: torch.tensor([pair[at] for pair in PAIRS]).double() for at, name in enumerate("ab")}
    for built in build([elementwise(expr) for expr in exprs], target, tmp_path):
        found = run_nest(built, 1, 0, given).view("o")[0].astype("float64")
        exact = expected(built.case, 1, given)["o"]
        wanted = exact.to(getattr(torch, target.dtype)).double().numpy()
        tolerance = 1e-6 if target.dtype == "float32" else 1e-14
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=1e-30, err_msg=built.text)


@pytest.mark.parametrize("limit", [-0.5, 0.0, 0.5, 1.0])
def test_where_an_index_is_above_a_limit(limit: float, tmp_path: Path):
    x = nests.x_of("x", BATCH, 5)
    chosen = apply("where", apply("gt", nests.one_hot(load("t", nests.INDEX), x), limit), 2.0, x)
    case = nests.case("rows", [Map("o", x.shape, chosen)], "o", {"x": x.type, "t": nests.INDEX, "o": x.type})
    (built,) = build([case], SINGLE, tmp_path)
    check_nest(built, 9)


def test_literals_are_exact():
    assert literal(0.1, SINGLE) == "0.10000000149011612f"
    assert literal(0.1, DOUBLE) == "0.1"
    assert literal(-0.0, SINGLE) == "-0.0f"
    assert literal(1e300, SINGLE) == "INFINITY"
    assert literal(-1e300, SINGLE) == "-INFINITY"
    assert literal(math.nan, DOUBLE) == "NAN"


@pytest.mark.parametrize("index", [-1, 0, 9, 17, 70, 2**24, 2**32 + 3, -(2**32) + 3, 2**62])
def test_an_index_is_compared_whole(index: int, tmp_path: Path):
    """Also one that is out of range, and that 32 bits, or a float, would bring back into it."""
    x = load("x", TensorType((BATCH, 20), "float64"))
    hot = apply("add", nests.one_hot(load("t", nests.INDEX), x), x)
    case = nests.case("rows", [Map("o", x.shape, hot)], "o", {"x": x.type, "t": nests.INDEX, "o": x.type})
    (built,) = build([case], SINGLE, tmp_path)
    given = {"x": torch.zeros(1, 20, dtype=torch.float64), "t": torch.tensor([index])}
    found = run_nest(built, 1, 0, given).view("o")[0]
    assert found.tolist() == [float(place == index) for place in range(20)]


def test_numbers_are_read_once_and_constants_are_no_numbers():
    x = nests.x_of("x", 5, 40)
    rate = scalar("lr") * 2.0
    statement = Map("y", x.shape, (x * rate + const(3.0)) / (x - rate))
    text = emitted(nests.case("rows", [statement], "y", {"x": x.type, "y": x.type}), SINGLE)
    assert text.names.params == (("value", "x"), ("number", rate), ("value", "y"))
    assert text.text.count("p[1]") == 1
    assert "3.0f" in text.text


def test_nests_that_differ_in_names_only_are_one_text():
    def text(source: str, between: str, result: str, cols: int = 25) -> str:
        x, m = nests.x_of(source, BATCH, cols), nests.x_of(between, BATCH, 1)
        types = {source: x.type, result: x.type}
        total = Reduce(between, "sum", "row", x.shape, x * scalar("lr"))
        case = nests.case("rows", [total, Map(result, x.shape, x / m)], result, types)
        return emitted(case, SINGLE).text

    assert text("x", "m", "y") == text("fc1.y", "7", "*/;oh")
    assert text("x", "m", "y") != text("x", "m", "y", cols=26)


@pytest.mark.parametrize(("cols", "alone"), [(40, True), (1, False)])
def test_a_product_that_is_made_once_for_a_row_is_rounded_before_it_is_added(cols: int, alone: bool):
    """Whether a compiler makes it outside of the loop over columns, or together with the sum."""
    x, a, b = nests.x_of("x", BATCH, cols), nests.x_of("a", BATCH, 1), nests.x_of("b", BATCH, 1)
    types = {"x": x.type, "a": a.type, "b": b.type, "y": x.type}
    for expr in (x + a * b, a * b - x):
        text = emitted(nests.case("rows", [Map("y", x.shape, expr)], "y", types), SINGLE).text
        assert ("ROUNDED(" in text) is alone


def test_what_lies_at_one_place_is_one_pointer():
    built = emitted(nests.adam(25, 25), SINGLE)
    assert [value for _, value in built.names.params if isinstance(value, str)] == ["m", "g", "v", "p"]
    assert "const float *restrict q1 = p[1]" in built.text
    assert built.text.count("restrict") == 4


def test_refuses_indices_with_gaps():
    x, t = nests.x_of("x", BATCH, 3, 20), load("t", TensorType((BATCH, 3), "int64"))
    types = {"x": x.type, "t": t.type, "o": x.type}
    case = nests.case("rows", [Map("o", x.shape, nests.one_hot(t, x) + x)], "o", types, padded="t")
    with pytest.raises(CompilerFault, match="side by side"):
        emitted(case, SINGLE)


def test_refuses_other_dtypes():
    case = nests.softmax(8)
    with pytest.raises(CompilerFault, match="bfloat16"):
        emit_rows(case.nest, case, SINGLE, Names(SINGLE, lambda value: "bfloat16"))
