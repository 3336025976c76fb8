import math

import pytest

from tests.data.examine.helpers import of_csv
from tests.data.helpers import classes, values

ROWS = [(0.1, 0.2, 0.0), (0.3, 0.1, 3.0), (0.2, 0.4, -0.5), (0.9, 0.6, 1.0)]


def test_values_beyond_the_output(tmp_path):
    assert of_csv(tmp_path, values(1), ROWS, limits={"target": (0.0, 1.0)}) == [
        (
            "W426 $.data.source.target: `target` goes from -0.5 to 3, "
            "and the output that it is compared with lies between 0 and 1"
        ),
        "  note: 2 of the 4 values of the training part lie beyond",
    ]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ((0.0, math.inf), "is never below 0"),
        ((-math.inf, 2.0), "is never above 2"),
        ((-0.5, 3.0), None),
        ((-math.inf, math.inf), None),
    ],
)
def test_limits_of_one_side(tmp_path, limits, said):
    found = of_csv(tmp_path, values(1), ROWS, limits={"target": limits})
    assert (said is None and found == []) or said in found[0]


def test_classes_have_no_reach(tmp_path):
    rows = [(a, b, n % 2) for n, (a, b, _) in enumerate(ROWS)]
    assert of_csv(tmp_path, classes(2), rows, limits={"target": (0.0, 0.5)}) == []
