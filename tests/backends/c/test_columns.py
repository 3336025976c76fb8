from pathlib import Path

import pytest
import torch

from specdl.backends.c.target import Target
from tests.backends.c import nests
from tests.backends.c.one_nest import TARGETS, build, check_nest, expected, inputs, run_nest


@pytest.mark.parametrize(
    ("target", "widths"),
    [(TARGETS[0], (1, 5, 16, 25, 70)), (TARGETS[1], (17,)), (TARGETS[2], (20,)), (TARGETS[3], (5,))],
    ids=str,
)
def test_sums_over_the_batch_then_updates(target: Target, widths: tuple[int, ...], tmp_path: Path):
    cases = [nests.bias(cols, padded) for cols in widths for padded in ("", "dy")]
    for built in build(cases, target, tmp_path):
        for samples in (1, 3, 4, 5, 50, 70, 257, 600):
            check_nest(built, samples)


def test_long_sums_stay_exact(tmp_path: Path):
    """Chains of additions over so many rows would be wrong in the fourth digit: they round the same way."""
    (built,) = build([nests.bias(3)], TARGETS[0], tmp_path)
    samples = 200_000
    given = inputs(built.case, samples)
    given["dy"] = torch.full((samples, 3), 0.1).double()
    found = torch.from_numpy(run_nest(built, samples, 0, given).view("g")[0].copy()).double()
    torch.testing.assert_close(found, expected(built.case, samples, given)["g"], rtol=2e-5, atol=0)
