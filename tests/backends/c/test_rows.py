from pathlib import Path

import numpy as np
import pytest
import torch

from specdl.backends.c.body import Extent
from specdl.backends.c.target import Target
from tests.backends.c import nests
from tests.backends.c.one_nest import TARGETS, Case, build, check_nest, emitted, expected, inputs, run_nest

SAMPLES = (1, 2, 15, 16, 17, 33, 70)


def each_width(cols: int) -> list[Case]:
    """Every kind of nest at a width, dense and padded."""
    return [
        *nests.reduced_rows(cols),
        nests.softmax(cols, rows=5),
        nests.mse(cols),
        nests.mse(cols, "x dx"),
        nests.mixed(cols),
        nests.mixed(cols, "x r o q u w"),
        nests.adam(cols),
        nests.adam(cols, cols),
        nests.regular(cols, cols),
        nests.regular(cols),
    ]


@pytest.mark.parametrize(
    ("target", "widths"),
    [
        (TARGETS[0], (1, 2, 10, 16, 25, 70)),
        (TARGETS[1], (7, 17)),
        (TARGETS[2], (1, 20)),
        (TARGETS[3], (2, 5)),
    ],
    ids=str,
)
def test_every_nest_means_what_its_statements_mean(target: Target, widths: tuple[int, ...], tmp_path: Path):
    cases = [case for cols in widths for case in each_width(cols)] + [nests.total(), nests.total(3)]
    for built in build(cases, target, tmp_path):
        for samples in SAMPLES:
            check_nest(built, samples)


def test_rows_too_long_for_the_stack_are_kept_in_scratch(tmp_path: Path):
    (built,) = build([nests.softmax(5001)], TARGETS[0], tmp_path)
    assert built.body.scratch == 5008
    check_nest(built, 3)
    (short,) = build([nests.softmax(4000)], TARGETS[0], tmp_path)
    assert short.body.scratch == 0


@pytest.mark.parametrize("cols", [10, 16, 25])
def test_nan_and_infinities_stay_in_their_rows(cols: int, tmp_path: Path):
    (built,) = build([nests.softmax(cols)], TARGETS[0], tmp_path)
    given = inputs(built.case, 6)
    given["x"][1, 3], given["x"][2, 0], given["x"][3] = torch.nan, torch.inf, -torch.inf
    given["x"][4, 9] = -torch.inf
    found = run_nest(built, 6, 0, given).view("y")
    wanted = expected(built.case, 6, given)["y"].numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert [bool(np.isnan(row).all()) for row in found] == [False, True, True, True, False, False]


def test_units_are_elements_only_where_rows_do_not_matter():
    units = {name: emitted(case, TARGETS[0]).body for name, case in SHARED.items()}
    assert (units["matrix"].units, units["matrix"].grain) == (Extent(0, 625), 16)
    assert (units["padded"].units, units["padded"].grain) == (Extent(0, 25), 1)
    assert (units["vector"].units, units["vector"].grain) == (Extent(0, 40), 16)
    assert (units["batch"].units, units["batch"].grain) == (Extent(1), 16)
    assert (units["rows"].units, units["rows"].grain) == (Extent(1), 1)
    assert (units["lanes"].units, units["lanes"].grain) == (Extent(1), 16)
    assert (units["sequence"].units, units["sequence"].grain) == (Extent(3), 16)
    assert (units["scalar"].units, units["scalar"].grain) == (Extent(0, 1), 1)


def padded_adam() -> Case:
    case = nests.adam(25, 25)
    case.padded = frozenset({"g"})
    return case


SHARED = {
    "matrix": nests.adam(25, 25),
    "padded": padded_adam(),
    "vector": nests.adam(40),
    "batch": nests.mse(2),
    "rows": nests.softmax(70),
    "lanes": nests.softmax(25),
    "sequence": nests.tokens(5),
    "scalar": nests.total(),
}
