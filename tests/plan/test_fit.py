import pytest

from specdl.analysis import analyse, programs
from specdl.plan.fit import largest_batch
from specdl.plan.plan import make
from tests.cli.conftest import spec


@pytest.fixture(scope="module")
def small():
    compilation, _ = analyse(spec())
    return programs(compilation.graph, compilation.spec.optimizer)


def total(small):
    """The bytes of the plan for batches of some rows."""
    return lambda rows: make(small, rows).bytes.total


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 63, 64, 65, 1000, 123_457])
def test_the_batch_that_a_limit_was_made_for(small, rows):
    limit = make(small, rows).bytes.total
    found = largest_batch(total(small), limit)
    assert found >= rows
    assert make(small, found).bytes.total <= limit
    assert make(small, found + 1).bytes.total > limit
    if rows > 1:
        assert largest_batch(total(small), make(small, rows - 1).bytes.total) <= found


def test_nothing_fits(small):
    assert largest_batch(total(small), make(small, 1).bytes.total - 1) == 0


def test_the_most_that_a_spec_can_say(small):
    assert largest_batch(total(small), 10**18) == 2**31 - 1
