import pytest
import torch

from specdl.runner.denormals import flushed, flushes, on_team

TINY = 1e-30


def survivors(x):
    """How many elements stay when they are made too small for a normal exponent."""
    return int((x * 1e-10 != 0).sum())


@pytest.fixture(params=[1, 2])
def threads(request):
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(1)


def test_flushes_inside_and_restores(threads):
    x = torch.full((1 << 20,), TINY)
    assert survivors(x) == len(x)
    with flushed():
        assert flushes()
        assert survivors(x) == 0
        with flushed():
            assert survivors(x) == 0
        assert survivors(x) == 0
    assert not flushes()
    assert survivors(x) == len(x)


def test_restores_after_an_error():
    with pytest.raises(ZeroDivisionError), flushed():
        raise ZeroDivisionError
    assert not flushes()


def test_without_a_team_to_reach_it_goes_on(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    assert not on_team(lambda: None)
