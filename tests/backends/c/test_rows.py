from pathlib import Path

import pytest

from specdl.backends.c.target import Target
from tests.backends.c import nests
from tests.backends.c.one_nest import (
    TARGETS,
    Case,
    build,
    check_nest,
)

SAMPLES = (1, 2, 15, 16, 17, 33, 70)


def each_width(cols: int) -> list[Case]:
    """Every kind of nest at a width, dense and padded."""
    return [
        nests.softmax(cols),
        nests.softmax(cols, rows=5),
        nests.softmax(cols, padded="x y"),
        nests.softmax_backward(cols),
        nests.softmax_backward(cols, "dy y dx"),
        nests.cross_entropy(cols),
        nests.cross_entropy(cols, "x dx"),
        nests.dense_cross_entropy(cols, "x"),
        nests.mse(cols),
        nests.mse(cols, "x dx"),
        nests.mixed(cols),
        nests.mixed(cols, "x r o q u w"),
        nests.overlaid(cols),
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
