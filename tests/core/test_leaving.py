import pytest

from specdl.core import leaving
from specdl.core.leaving import Whole, tidy, undone


def test_what_was_begun_last_is_undone_first_and_once():
    done = []

    def fails():
        done.append("fails")
        raise OSError

    with pytest.raises(ValueError, match="ended"), undone(lambda: done.append("ended")):
        raise ValueError("ended")
    before = list(leaving.undoing)
    leaving.undoing[:] = [lambda: done.append("first"), fails, lambda: done.append("last")]
    tidy()
    tidy()
    leaving.undoing[:] = before
    assert done == ["last", "fails", "first"]


def test_what_is_asked_for_waits_for_the_end_of_a_stretch():
    whole, done = Whole(), []
    whole.between(lambda: done.append("at once"))
    with whole.stretch():
        with whole.stretch():
            whole.between(lambda: done.append("later"))
        assert done == ["at once"]
    assert done == ["at once", "later"]
    with whole.stretch():
        pass
    assert done == ["at once", "later"]
