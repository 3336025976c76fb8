"""What is not finite: caught before it is committed, at the step where it comes, on every backend."""

import numpy as np
import pytest
import torch

from specdl.backends import guard
from specdl.backends.base import StepScalars
from specdl.core.errors import DivergedError
from tests.backends.c.compilers import NEEDS_COMPILER
from tests.backends.c.models import NETS, deal, eager, linear, native, rates, samples, spec, state


@pytest.fixture(params=[pytest.param(native, marks=NEEDS_COMPILER), eager], ids=["c", "torch"])
def lowered(request):
    """What makes the executable of a spec."""
    return request.param


ONE_BY_ONE = spec(
    [1],
    [linear(3, name="a", activation="tanh"), linear(1, name="b")],
    1,
    optimizer={"type": "adam", "lr": 0.01, "betas": [0.9, 0.3]},
)
COUNTS = [1, 2, 3, 10, 40]


def in_order(made, rows):
    """Each batch is what comes next in the data."""
    return deal(made, rows, shuffle=False)


def ends_before(made, data, dealt, lr, bad, fresh):
    """Whether what is there is what the steps before the bad one left, bit for bit."""
    if bad:
        fresh.train(data, dealt, 0, lr[:bad])
    return state(fresh) == state(made)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("after", [0, 1, 5])
@pytest.mark.parametrize("bad", [0, 1, 7])
def test_what_is_not_finite_in_the_data(lowered, bad, after, poison):
    net = NETS["disc"]
    made = lowered(net)
    data = samples(made, 20 * 50)
    data["input"][bad * 50 + 3, 1] = poison
    dealt, lr = in_order(made, 1000), rates(20)
    with pytest.raises(DivergedError, match=rf"^step {bad + 1}: `input` holds a value that is not") as told:
        made.train(data, dealt, 0, lr[: bad + 1 + after])
    assert told.value.step == bad + 1
    assert ends_before(made, data, dealt, lr, bad, lowered(net))


def test_a_poisoned_target_and_a_batch_put_by_hand(lowered):
    made = lowered(NETS["odd"])
    before = state(made)
    data = samples(made, 37)
    data["target"][36, 2] = np.nan
    made.put(data)
    with pytest.raises(DivergedError, match=r"^step 9: `target` holds"):
        made.step(StepScalars(0.1, 9))
    assert state(made) == before
    made.put(samples(made, 37))
    assert np.isfinite(made.step(StepScalars(0.1, 9)))


@pytest.mark.parametrize("count", COUNTS)
def test_a_gradient_that_overflows_under_a_finite_loss(lowered, count):
    """The loss of the bad step, and of those after it, is finite: adam's v is not, and divides all away."""
    made = lowered(ONE_BY_ONE)
    data = samples(made, 60)
    data["target"][10] = 1.5e19
    dealt, lr = in_order(made, 60), rates(60, 0.001)
    with pytest.raises(
        DivergedError, match=r"^step 11: `[ab].\w+.v'` is not finite: first made by adam.update"
    ):
        made.train(data, dealt, 0, lr[: 10 + count])
    assert ends_before(made, data, dealt, lr, 10, lowered(ONE_BY_ONE))


@pytest.mark.parametrize("share", [100, 1e12])
@pytest.mark.parametrize("calls", [1, 3, 20])
def test_after_many_calls(lowered, calls, share, monkeypatch):
    """The copy that steps are taken again from may be several calls old."""
    monkeypatch.setattr(guard, "SHARE", share)
    made = lowered(ONE_BY_ONE)
    data = samples(made, 200)
    data["target"][150] = 1.5e19
    dealt, lr = in_order(made, 200), rates(200, 0.001)
    each = 140 // calls
    for call in range(calls):
        made.train(data, dealt, call * each, lr[call * each : (call + 1) * each])
    with pytest.raises(DivergedError, match=r"^step 151: "):
        made.train(data, dealt, calls * each, lr[calls * each : 190])
    assert ends_before(made, data, dealt, lr, 150, lowered(ONE_BY_ONE))


@pytest.mark.parametrize("share", [100, 1e12])
def test_what_was_written_between_calls_is_what_is_gone_back_to(lowered, share, monkeypatch):
    """Also where the copy before is still recent enough."""
    monkeypatch.setattr(guard, "SHARE", share)
    made = lowered(ONE_BY_ONE)
    data = samples(made, 60)
    dealt, lr = in_order(made, 60), rates(60, 0.001)
    made.train(data, dealt, 0, lr[:10])
    made.parameters["a.weight"].fill_(0.25)
    before = state(made)
    data["target"][10] = np.inf
    with pytest.raises(DivergedError, match=r"^step 11: "):
        made.train(data, dealt, 10, lr[10:30])
    assert state(made) == before


def test_a_saturated_activation_hides_a_weight(lowered):
    """An infinite bias under tanh gives a finite loss ever after."""
    made = lowered(ONE_BY_ONE)
    made.parameters["a.bias"][1] = np.inf
    before = state(made)
    data = samples(made, 60)
    for count in (1, 2, 30):
        with pytest.raises(DivergedError, match=r"^step 1: `a.bias` holds a value that is not finite before"):
            made.train(data, in_order(made, 60), 0, rates(count))
        assert state(made) == before


@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_an_update_that_overflows_with_finite_gradients(lowered, optimizer, count):
    """The loss before the update knows nothing of it, and each gradient is an ordinary number."""
    net = ONE_BY_ONE | {"optimizer": {"type": optimizer, "lr": 0.01}}
    made = lowered(net)
    data = samples(made, 60)
    dealt, lr = in_order(made, 60), rates(60, 0.001)
    lr[4] = 1e300
    told = rf"^step 5: `a.weight'` is not finite: first made by {optimizer}.update of `a.weight`$"
    with pytest.raises(DivergedError, match=told) as error:
        made.train(data, dealt, 0, lr[: 4 + count])
    assert error.value.step == 5
    assert ends_before(made, data, dealt, lr, 4, lowered(net))


def test_an_update_that_overflows_in_a_single_step(lowered):
    made = lowered(NETS["moments"])
    data = samples(made, 50)
    made.put(data)
    made.step(StepScalars(0.01, 1))
    before = state(made)
    with pytest.raises(
        DivergedError, match=r"^step 2: `\w+.weight'` is not finite: first made by adam.update"
    ):
        made.step(StepScalars(1e300, 2))
    assert state(made) == before
    assert np.isfinite(made.step(StepScalars(0.01, 2)))


def test_squares_that_overflow_are_no_divergence(lowered):
    """Of parameters and gradients that are finite the guard's sums of squares are not."""
    net = spec([1], [linear(1, name="a")], 1, loss={"type": "sum_squared_error"})
    made = lowered(net)
    made.parameters["a.bias"].fill_(9e18)
    data = {"input": np.zeros((1, 1)), "target": np.full((1, 1), 1e17)}
    data = {name: torch.from_numpy(value).float() for name, value in data.items()}
    made.put(data)
    made.step(StepScalars(0.25, 1))
    assert 1e18 < made.parameters["a.bias"].item() < 9e18
    made.train(data, in_order(made, 1), 1, np.full(3, 1e-3))


@pytest.mark.parametrize("net", ["disc", "odd", "one"])
@NEEDS_COMPILER
def test_a_rate_that_is_too_large(net):
    """The step is torch's, and so is what is left, within rounding; training goes on from there."""
    made, twin = native(NETS[net], dtype="float64"), eager(NETS[net], dtype="float64")
    rows = made.plan.rows
    data, dealt = samples(made, 3 * rows), in_order(made, 3 * rows)
    lr = np.full(2000, 1e3)
    steps = []
    for each in (made, twin):
        with pytest.raises(DivergedError) as told:
            each.train(data, dealt, 0, lr)
        steps.append(told.value.step)
    assert abs(steps[0] - steps[1]) <= 1
    assert all(bool(torch.isfinite(value).all()) for value in made.parameters.values())


@pytest.mark.parametrize("threads", [1, 2])
@NEEDS_COMPILER
def test_threads_leave_together(threads):
    made = native(NETS["odd"], threads=threads)
    data = samples(made, 37 * 4)
    data["target"][37 * 2] = np.nan
    for _ in range(5):
        with pytest.raises(DivergedError, match=r"^step 3: `target` holds"):
            made.train(data, in_order(made, 37 * 4), 0, rates(40))
