import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.data.order import BLOCK, SHORT, Batches, Networks, Order, batches, epochs_of, networks_of


@given(rows=st.integers(1, 3000), seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 10**6))
def test_an_epoch_deals_out_every_sample_once(rows, seed, epoch):
    found = Order(seed, rows).indices(epoch, 0, rows)
    assert found.dtype == np.int64
    assert np.array_equal(np.sort(found), np.arange(rows))


@given(rows=st.integers(1, 2000), cut=st.data())
def test_a_range_is_a_slice_of_the_epoch(rows, cut):
    start = cut.draw(st.integers(0, rows))
    stop = cut.draw(st.integers(start, rows))
    order = Order(11, rows)
    assert np.array_equal(order.indices(3, start, stop), order.indices(3, 0, rows)[start:stop])


def test_ranges_longer_than_a_block_are_whole():
    rows = 2 * BLOCK + 17
    order = Order(5, rows)
    found = order.indices(0, 0, rows)
    assert np.array_equal(np.sort(found), np.arange(rows))
    assert np.array_equal(found[BLOCK - 3 : BLOCK + 3], order.indices(0, BLOCK - 3, BLOCK + 3))


def test_an_order_is_a_function_of_seed_and_epoch():
    # pinned: a run is resumed on other machines
    assert Order(1, 6).indices(0, 0, 6).tolist() == [2, 5, 0, 4, 3, 1]
    epochs_of.cache_clear()
    networks_of.cache_clear()
    first = Order(1, 50).indices(2, 0, 50)
    epochs_of.cache_clear()
    networks_of.cache_clear()
    assert np.array_equal(first, Order(1, 50).indices(2, 0, 50))
    assert not np.array_equal(first, Order(1, 50).indices(3, 0, 50))
    assert not np.array_equal(first, Order(2, 50).indices(2, 0, 50))


def test_without_shuffling_samples_come_in_their_order():
    assert Order(1, 10, shuffle=False).indices(4, 2, 7).tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (3, 2), (0, 11)])
def test_refuses_places_that_an_epoch_lacks(start, stop):
    with pytest.raises(ValueError, match="an epoch has places 0 to 10, not"):
        Order(0, 10).indices(0, start, stop)


@pytest.mark.parametrize("rows", [3, 4, 5])
def test_all_orders_of_a_few_samples_are_equally_frequent(rows):
    epochs, orders = 2400, math.factorial(rows)
    seen = Counter(tuple(Order(7, rows).indices(epoch, 0, rows).tolist()) for epoch in range(epochs))
    expected = epochs / orders
    chi2 = sum((count - expected) ** 2 for count in seen.values()) / expected
    chi2 += (orders - len(seen)) * expected
    freedom = orders - 1
    assert chi2 < freedom + 4 * math.sqrt(2 * freedom)


def test_every_sample_is_as_likely_at_every_place():
    rows, epochs = 30, 1500
    seen = np.zeros((rows, rows))
    for epoch in range(epochs):
        seen[np.arange(rows), Order(3, rows).indices(epoch, 0, rows)] += 1
    chi2 = ((seen - epochs / rows) ** 2 / (epochs / rows)).sum()
    freedom = (rows - 1) ** 2
    assert abs(chi2 - freedom) < 5 * math.sqrt(2 * freedom)


@pytest.mark.parametrize("rows", [1000, 1024, 65537])
def test_an_order_is_like_random_numbers(rows):
    found = Order(9, rows).indices(0, 0, rows).astype(float)
    spread = 5 / math.sqrt(rows)
    assert abs(np.corrcoef(found, np.arange(rows))[0, 1]) < spread
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < spread
    assert abs(np.corrcoef(found, Order(9, rows).indices(1, 0, rows))[0, 1]) < spread
    assert abs(np.corrcoef(found, Order(10, rows).indices(0, 0, rows))[0, 1]) < spread
    followed = np.count_nonzero(np.diff(found) == 1)
    assert followed < 8  # one pair of neighbours is expected


def test_memory_grows_with_the_root_of_the_samples():
    network = networks_of(0, 0, 10**8, 1)
    assert sum(table.size for table in network.tables) < 13 * 10**4
    assert network.height * network.width - 10**8 < 10**4
    assert np.unique(Order(0, 10**8).indices(0, 10**7, 10**7 + 500)).size == 500


def test_a_network_permutes_its_grid_whatever_its_tables_hold():
    cells = np.arange(12)[None]
    zeros = tuple(np.zeros((1, 4), np.int64) for _ in range(12))
    assert Networks(10, 3, 4, zeros).mix(cells).tolist() == [list(range(12))]
    ones = tuple(np.ones((1, 4), np.int64) for _ in range(12))
    assert sorted(Networks(10, 3, 4, ones).mix(cells)[0].tolist()) == list(range(12))


@pytest.mark.parametrize("rows", [2, 3, 100, SHORT - 1])
def test_epochs_computed_together_are_different_permutations(rows):
    together = BLOCK // rows
    order = Order(4, rows)
    found = [order.indices(epoch, 0, rows).tolist() for epoch in range(together - 2, together + 2)]
    assert all(sorted(each) == list(range(rows)) for each in found)
    assert rows < 100 or len({tuple(each) for each in found}) == len(found)


def test_what_is_given_out_can_be_written_to():
    order = Order(4, 10)
    order.indices(0, 0, 10)[:] = 0
    assert sorted(order.indices(0, 0, 10).tolist()) == list(range(10))


@pytest.mark.parametrize("rows", [SHORT, SHORT + 1])
def test_short_and_long_epochs_meet(rows):
    assert np.array_equal(np.sort(Order(4, rows).indices(1, 0, rows)), np.arange(rows))


@pytest.mark.parametrize(
    ("rows", "size", "drop", "steps", "last"),
    [
        (100, 10, False, 10, 10),
        (101, 10, False, 11, 1),
        (101, 10, True, 10, 10),
        (5, 10, False, 1, 5),
        (5, 10, True, 0, 0),
        (10, 10, True, 1, 10),
        (1, 1, False, 1, 1),
    ],
)
def test_batches(rows, size, drop, steps, last):
    assert batches(rows, size, drop) == Batches(steps, last)
