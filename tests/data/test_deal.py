import numpy as np
import pytest

from specdl.data.deal import Deal
from specdl.data.order import SHORT, Order, batches


def deal(rows, size, drop_last=False, shuffle=True):
    return Deal(Order(7, rows, shuffle), size, batches(rows, size, drop_last).steps)


def test_an_epoch_is_cut_into_batches():
    made = deal(22, 8)
    order = made.order.indices(1, 0, 22)
    assert [made.indices(step).tolist() for step in (3, 4, 5)] == [
        part.tolist() for part in np.split(order, [8, 16])
    ]


@pytest.mark.parametrize(
    ("rows", "size", "drop"),
    [(22, 8, False), (22, 8, True), (24, 8, False), (5, 9, False), (1, 1, False), (SHORT + 5, 3000, False)],
)
def test_batches_are_those_of_each_step(rows, size, drop):
    made = deal(rows, size, drop)
    for first, count in ((0, 1), (1, 7), (3, 2), (0, 3 * made.steps_per_epoch)):
        found = made.batches(first, count)
        assert len(found) == count
        for step, each in enumerate(found, first):
            assert each.dtype == np.int64
            assert each.flags.c_contiguous
            assert np.array_equal(each, made.indices(step))
            assert len(each) == made.rows_of(step)


def test_each_epoch_has_its_own_order():
    made = deal(30, 10)
    epochs = [np.concatenate(made.batches(3 * epoch, 3)) for epoch in range(3)]
    assert all(sorted(each) == list(range(30)) for each in epochs)
    assert len({tuple(each) for each in epochs}) == 3


def test_an_epoch_is_asked_for_its_order_once(monkeypatch):
    asked = []
    indices = Order.indices
    monkeypatch.setattr(Order, "indices", lambda self, *of: (asked.append(of), indices(self, *of))[1])
    deal(22, 8).batches(2, 5)
    assert asked == [(0, 16, 22), (1, 0, 22), (2, 0, 8)]


def test_no_steps_are_no_batches():
    assert deal(22, 8).batches(5, 0) == []
