"""The batches of a run by the number of their step: which samples each of them has."""

from __future__ import annotations

from dataclasses import dataclass

from specdl.data.order import Indices, Order


@dataclass(frozen=True)
class Deal:
    """The samples of an order, dealt out in batches: steps count from 0 over all epochs.

    A batch has `batch_size` samples, or what is left of its epoch; an epoch has `steps_per_epoch`
    batches, and what they do not take is left out of it.

    >>> deal = Deal(Order(seed=0, rows=5, shuffle=False), batch_size=2, steps_per_epoch=3)
    >>> [batch.tolist() for batch in deal.batches(1, 3)]
    [[2, 3], [4], [0, 1]]
    """

    order: Order
    batch_size: int
    steps_per_epoch: int

    def rows_of(self, step: int) -> int:
        """How many samples a step's batch has."""
        return min(self.batch_size, self.order.rows - step % self.steps_per_epoch * self.batch_size)

    def indices(self, step: int) -> Indices:
        """The samples of a step's batch."""
        epoch, batch = divmod(step, self.steps_per_epoch)
        return self.places(epoch, batch, batch + 1)

    def batches(self, first: int, count: int) -> list[Indices]:
        """The samples of `count` steps from `first` on; an epoch is asked for its order once."""
        found: list[Indices] = []
        while count:
            epoch, batch = divmod(first, self.steps_per_epoch)
            here = min(count, self.steps_per_epoch - batch)
            samples, size = self.places(epoch, batch, batch + here), self.batch_size
            found += [samples[at : at + size] for at in range(0, len(samples), size)]
            first, count = first + here, count - here
        return found

    def places(self, epoch: int, start: int, stop: int) -> Indices:
        """The samples of batches `start` to `stop - 1` of an epoch."""
        size = self.batch_size
        return self.order.indices(epoch, start * size, min(stop * size, self.order.rows))
