import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.data.base import SplitSpec
from specdl.data.split import counts, cut, faults
from tests.data.helpers import lines

FRACTIONS = st.integers(0, 49).map(lambda n: n / 100)


@given(rows=st.integers(1, 500), validation=FRACTIONS, test=FRACTIONS, seed=st.integers(0, 2**63 - 1))
def test_parts_are_disjoint_sorted_and_together_everything(rows, validation, test, seed):
    split = SplitSpec(validation=validation, test=test, seed=seed)
    parts = cut(split, rows)
    assert {part: len(chosen) for part, chosen in parts.items()} == counts(split, rows)
    assert np.array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(rows))
    assert all((np.diff(chosen) > 0).all() for chosen in parts.values())
    assert next(iter(parts)) == "train"


def test_fractions_count_as_they_are_written():
    # 0.29 * 100 is 28.999999999999996 in binary
    assert counts(SplitSpec(validation=0.29), 100) == {"train": 71, "validation": 29}
    assert counts(SplitSpec(test=0.1), 1797) == {"train": 1618, "test": 179}
    assert counts(SplitSpec(), 7) == {"train": 7}


def test_the_test_part_stays_when_validation_changes():
    one = cut(SplitSpec(validation=0.1, test=0.2, seed=3), 200)
    other = cut(SplitSpec(validation=0.4, test=0.2, seed=3), 200)
    assert np.array_equal(one["test"], other["test"])


def test_the_seed_chooses():
    one, other = (cut(SplitSpec(test=0.5, seed=seed), 100)["test"] for seed in (0, 1))
    assert not np.array_equal(one, other)
    assert np.array_equal(one, cut(SplitSpec(test=0.5, seed=0), 100)["test"])
    assert not np.array_equal(one, np.arange(50))


@pytest.mark.parametrize(
    ("split", "own", "rows", "told"),
    [
        (
            SplitSpec(test=0.1),
            ("train", "validation", "test"),
            100,
            [
                "E416 $.data.split: `split` cannot cut a source that has its own validation and test samples",
                "  help: leave `split` out",
            ],
        ),
        (
            SplitSpec(validation=0.5, test=0.5),
            ("train",),
            None,
            [
                "E416 $.data.split: no samples are left to train on: `validation` takes 0.5 and `test` 0.5",
            ],
        ),
        (
            SplitSpec(validation=0.1, test=0.05),
            ("train",),
            9,
            [
                (
                    "E416 $.data.split.validation: 0.1 of 9 samples is less than one, "
                    "so that there is no validation part"
                ),
                "E416 $.data.split.test: 0.05 of 9 samples is less than one, so that there is no test part",
            ],
        ),
        (SplitSpec(validation=0.1), ("train",), 10, []),
        (SplitSpec(validation=0.1), ("train",), None, []),
    ],
)
def test_faults(split, own, rows, told):
    assert lines(faults(split, own, rows)) == told
