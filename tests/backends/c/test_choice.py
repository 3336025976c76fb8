import pytest

from specdl.backends.c.choice import prefers_blas
from specdl.backends.c.target import Target

WIDE = Target("float32", 64)


@pytest.mark.parametrize("target", [WIDE, Target("float32", 32), Target("float64", 16)], ids=str)
def test_small_products_are_generated_and_huge_ones_left_to_a_blas(target):
    for transposed in [(False, False), (False, True), (True, False)]:
        assert not prefers_blas(50, 25, 25, *transposed, target, 1, False)
        assert prefers_blas(1 << 14, 1 << 13, 1 << 13, *transposed, target, 1, False)


def test_long_columns_that_lie_far_apart_are_left_to_a_blas():
    assert prefers_blas(1024, 1024, 4096, True, False, WIDE, 1, True)
    assert not prefers_blas(1024, 1024, 4096, False, False, WIDE, 1, True)
    assert not prefers_blas(1024, 1024, 128, True, False, WIDE, 1, True)
    assert not prefers_blas(1024, 8, 4096, True, False, WIDE, 1, True)


def test_threads_share_a_product_out():
    narrow = Target("float32", 16)
    assert prefers_blas(128, 128, 128, False, False, narrow, 1, True)
    assert not prefers_blas(128, 128, 128, False, False, narrow, 2, True)


def test_few_rows_do_not_pay_for_transposing():
    for rows in (1, 2, 8):
        assert not prefers_blas(rows, 4096, 4096, False, True, WIDE, 1, False)
