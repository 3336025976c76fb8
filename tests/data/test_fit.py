import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.data import fit
from specdl.data.fit import Bad, convert, first, fits, not_class, not_finite
from tests.data.helpers import f32, f64, i64


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((64,), (1, 8, 8), True),
        ((28, 28), (784,), True),
        ((28, 28), (1, 28, 28), True),
        ((28, 28, 1), (1, 28, 28), True),
        ((), (1,), True),
        ((1,), (), True),
        ((32, 32, 3), (3, 32, 32), False),
        ((2, 6), (3, 4), False),
        ((5,), (6,), False),
        ((), (2,), False),
    ],
)
def test_which_shapes_fit(shape, wanted, expected):
    assert fits(shape, wanted) is expected


@given(rows=st.integers(1, 40), block=st.integers(1, 30), pick=st.booleans())
def test_converting_in_blocks_is_converting_whole(rows, block, pick):
    values = np.arange(rows * 6).reshape(rows, 6)
    chosen = np.arange(rows)[::-2] if pick else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "BLOCK", block)
        found = convert(values, f32(2, 3), chosen, lambda chunk: chunk * 2)
    expected = values if chosen is None else values[chosen]
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert np.array_equal(found, (expected * 2).reshape(-1, 2, 3))


def test_converting_makes_new_memory():
    values = np.zeros((2, 3), np.float32)
    assert not np.shares_memory(convert(values, f32(3)), values)


def test_numbers_too_large_become_infinite_without_a_warning():
    assert convert(np.array([[1e300]]), f32(1)).tolist() == [[np.inf]]
    assert convert(np.array([[1e300]]), f64(1)).tolist() == [[1e300]]
    assert convert(np.array([[3.0]]), i64(1)).dtype == np.int64


def test_the_first_bad_element_and_their_number(monkeypatch):
    monkeypatch.setattr(fit, "BLOCK", 2)
    values = np.zeros((6, 2))
    assert not_finite(values) is None
    values[4, 1], values[5, 0] = np.nan, np.inf
    found = not_finite(values)
    assert found is not None
    assert (found.index, found.count, str(found.value)) == ((4, 1), 2, "nan")
    assert first(values, lambda chunk: chunk < 0) is None


@pytest.mark.parametrize(
    ("values", "classes", "expected"),
    [
        ([0, 1, 2], 3, None),
        ([0, 3, 2], 3, Bad((1,), 3, 1)),
        ([0, -1, -2], None, Bad((1,), -1, 2)),
        ([0.0, 1.0], 2, None),
        ([0.5, 1.0], 2, Bad((0,), 0.5, 1)),
        ([True, False], 2, None),
        ([False, True], 1, Bad((1,), True, 1)),
        (np.array([2**63], np.uint64), 10, Bad((0,), 2**63, 1)),
    ],
)
def test_what_is_no_class_number(values, classes, expected):
    assert not_class(np.asarray(values), classes) == expected
