"""Short rows in lanes: the same meaning as one row after another, in whole blocks of a batch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from specdl.backends.c.lanes import fits_lanes
from specdl.backends.c.names import Names
from specdl.backends.c.rows import STACK, emit_rows
from specdl.backends.c.target import Target
from specdl.core.expr import load, one_hot
from specdl.core.types import BATCH
from specdl.loops.statements import BLOCK, Map, Reduce
from tests.backends.c import nests
from tests.backends.c.one_nest import TARGETS, Case, build, check_nest, emitted, expected, inputs, run_nest

WIDE, _, DOUBLE, NARROW_DOUBLE = TARGETS


@pytest.mark.parametrize(
    ("target", "widths"), [(WIDE, (3, 31, 64)), (DOUBLE, (2, 13, 32)), (NARROW_DOUBLE, (3, 8))], ids=str
)
def test_whole_blocks_and_the_rest_mean_what_the_statements_mean(target, widths, tmp_path: Path):
    built = build([case for cols in widths for case in nests.reduced_rows(cols)], target, tmp_path)
    for each in built:
        assert "transpose(" in each.text
        for samples in (BLOCK, 2 * BLOCK + 5, 6 * BLOCK):
            check_nest(each, samples)


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("cols", [3, 10, 16, 25, 64])
def test_a_row_has_the_same_bits_in_a_block_and_alone(cols: int, target: Target, tmp_path: Path):
    for built in build(nests.reduced_rows(cols), target, tmp_path):
        case = built.case
        given = inputs(case, BLOCK)
        whole = run_nest(built, BLOCK, 0, given)
        scale = BLOCK if "samples" in str(case.nest) else 1  # a power of two: it rounds nothing
        for row in (0, 5, BLOCK - 1):
            own = {
                value: x[row : row + 1] if case.types[value].shape[0] == BATCH else x
                for value, x in given.items()
            }
            alone = run_nest(built, 1, 0, own)
            for value in case.nest.stored - {"parts"}:
                wanted = expected(case, 1, own)[value].numel()
                single = alone.view(value).ravel()[:wanted]
                among = whole.view(value).ravel()[row * wanted : (row + 1) * wanted]
                rescaled = among * scale if value == "dx" else among
                assert rescaled.tobytes() == single.tobytes(), f"{case.nest} {value}"


def test_nan_and_infinities_stay_in_their_rows(tmp_path: Path):
    (built,) = build([nests.softmax(10)], WIDE, tmp_path)
    given = inputs(built.case, BLOCK)
    given["x"][1, 3], given["x"][2, 0], given["x"][3] = torch.nan, torch.inf, -torch.inf
    given["x"][4, 9] = -torch.inf
    found = run_nest(built, BLOCK, 0, given).view("y")
    np.testing.assert_allclose(found, expected(built.case, BLOCK, given)["y"].numpy(), rtol=1e-5, atol=1e-6)
    assert [bool(np.isnan(row).all()) for row in found] == [row in (1, 2, 3) for row in range(BLOCK)]


def test_a_maximum_is_nan_wherever_one_is(tmp_path: Path):
    x = nests.x_of("x", BATCH, 3)
    case = nests.case(
        "rows", [Reduce("m", "max", "row", x.shape, x)], "m", {"x": x.type, "m": nests.real(BATCH, 1)}
    )
    (built,) = build([case], WIDE, tmp_path)
    given = inputs(case, BLOCK)
    given["x"][2, 0] = given["x"][5, 1] = given["x"][7, 2] = torch.nan
    found = run_nest(built, BLOCK, 0, given).view("m")
    np.testing.assert_array_equal(found, expected(case, BLOCK, given)["m"].numpy())
    assert np.flatnonzero(np.isnan(found)).tolist() == [2, 5, 7]


def test_an_index_beyond_the_row_is_in_no_lane(tmp_path: Path):
    (built,) = build([nests.cross_entropy(10)], WIDE, tmp_path)
    given = inputs(built.case, BLOCK)
    given["t"][:] = torch.tensor([-1, 10, 2**32, -(2**40)] * 4)
    check_nest(built, BLOCK, given)


def test_an_index_beside_short_rows_may_be_of_one_column(tmp_path: Path):
    x, z, m = nests.x_of("x", BATCH, 10), nests.x_of("z", BATCH, 1), nests.x_of("m", BATCH, 1)
    statements = [
        Reduce("m", "max", "row", x.shape, x),
        Map("y", x.shape, x - m),
        Map("o", z.shape, z * one_hot(load("t", nests.INDEX), z)),
    ]
    types = {"x": x.type, "z": z.type, "t": nests.INDEX, "y": x.type, "o": z.type}
    (built,) = build([nests.case("rows", statements, "y o", types)], WIDE, tmp_path)
    assert "transpose(" in built.text
    check_nest(built, 2 * BLOCK + 1)


def test_tiles_that_do_not_fit_on_the_stack_leave_rows_by_themselves():
    def wide(count: int) -> Case:
        parts = [nests.x_of(f"x{number}", BATCH, 64) for number in range(count)]
        largest = [Reduce(f"m{number}", "max", "row", x.shape, x) for number, x in enumerate(parts)]
        types = {f"x{number}": x.type for number, x in enumerate(parts)}
        types |= {each.target: nests.real(BATCH, 1) for each in largest}
        return nests.case("rows", [*largest], " ".join(each.target for each in largest), types)

    tile = 64 * WIDE.vector_bytes
    assert "transpose(" in emitted(wide(STACK // tile), WIDE).text
    assert "transpose(" not in emitted(wide(STACK // tile + 1), WIDE).text


@pytest.mark.parametrize(
    "case",
    {
        "rows that do not grow with the batch": nests.softmax(10, rows=48),
        "more than four vectors": nests.softmax(65),
        "rows of two lengths": nests.mixed(10),
        "nothing reduced over the row": nests.mse(10, "x"),
        "a row of one": nests.softmax(1),
        "a total": nests.total(),
    }.items(),
    ids=lambda item: item[0],
)
def test_what_is_left_row_by_row(case):
    _, left = case
    left.target = WIDE
    assert not fits_lanes(left.nest, WIDE)
    assert "transpose(" not in emitted(left, WIDE).text


def test_batches_without_a_whole_block_have_no_code_for_one():
    case = replace(nests.softmax(10), target=WIDE)
    texts = {}
    for batch in (1, BLOCK - 1, BLOCK):
        body = emit_rows(case.nest, case, WIDE, Names(WIDE, case.dtype, case.place), batch)
        texts[batch] = "\n".join(body.lines)
    assert ["transpose(" in text for text in texts.values()] == [False, False, True]


def test_three_rows_a_sample_make_blocks_of_few_samples():
    case = replace(nests.softmax_backward(10), target=WIDE)
    body = emit_rows(case.nest, case, WIDE, Names(WIDE, case.dtype, case.place), 6)
    assert body.units.times == 3
    assert any("transpose(" in line for line in body.lines)
