import pytest
from pydantic import ValidationError
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from specdl.ops.base import Schedule
from specdl.ops.schedules.cosine import Cosine
from specdl.ops.schedules.piecewise_constant import PiecewiseConstant
from specdl.ops.schedules.warmup import Warmup
from tests.ops.schedules.curves import curve, torch_curve


def test_agrees_with_torch():
    ours = curve(Warmup(unit="steps", length=5, start=0.25), 12)
    theirs = torch_curve(lambda o: LinearLR(o, start_factor=0.25, total_iters=5), 12)
    assert ours == pytest.approx(theirs, abs=1e-14)


@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
def test_agrees_with_torch_before_a_cosine():
    def sequence(optimizer):
        rise = LinearLR(optimizer, start_factor=0.1, total_iters=5)
        return SequentialLR(optimizer, [rise, CosineAnnealingLR(optimizer, T_max=15)], milestones=[5])

    ours = curve(Warmup(unit="steps", length=5, start=0.1, then=Cosine(unit="steps")), 20)
    assert ours == pytest.approx(torch_curve(sequence, 20), abs=1e-14)


def test_begins_at_0():
    assert curve(Warmup(unit="steps", length=4), 6) == [0, 0.25, 0.5, 0.75, 1, 1]


def test_the_next_schedule_measures_its_own_time():
    then = PiecewiseConstant(unit="epochs", boundaries=(2,), factors=(1, 0.5))
    factors = curve(Warmup(unit="epochs", length=1, then=then), 16, steps_per_epoch=4)
    assert factors == [0, 0.25, 0.5, 0.75] + [1] * 8 + [0.5] * 4


def test_the_next_schedule_fills_the_rest_of_the_run():
    factors = curve(Warmup(unit="epochs", length=2, then=Cosine(unit="epochs")), 50, steps_per_epoch=5)
    assert factors[10:] == pytest.approx(curve(Cosine(unit="steps"), 40), abs=1e-15)


def test_rises_to_the_first_factor_of_the_next_schedule():
    then = PiecewiseConstant(unit="steps", boundaries=(2,), factors=(0.5, 2))
    assert curve(Warmup(unit="steps", length=4, then=then), 7) == [0, 0.125, 0.25, 0.375, 0.5, 0.5, 2]


def test_the_length_is_the_run_where_it_is_left_out():
    assert curve(Warmup(unit="epochs"), 5, steps_per_epoch=2) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    then = Cosine(unit="epochs")
    assert curve(Warmup(unit="steps", then=then), 5) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


@pytest.mark.parametrize("length", [8, 1e300])
def test_a_rise_longer_than_the_run_stays_below_its_end(length):
    then = Cosine(unit="steps")
    expected = pytest.approx([step / length for step in range(4)], abs=0)
    assert curve(Warmup(unit="steps", length=length, then=then), 4) == expected


@pytest.mark.parametrize(
    ("length", "first"), [(0.1, 1), (0.7, 7), (1.1, 11), (1.15, 12), (0.01, 1), (2.3, 23), (4.6, 46)]
)
def test_ends_with_the_first_step_that_is_not_before_its_length(length, first):
    then = PiecewiseConstant(unit="steps", boundaries=(1,), factors=(3, 5))
    factors = curve(Warmup(unit="epochs", length=length, start=1.0, then=then), 60, steps_per_epoch=10)
    assert factors.index(5) == first + 1


def test_warmups_nest():
    inner = Warmup(unit="steps", length=2, start=0.5, then=Cosine(unit="steps", length=4))
    assert curve(Warmup(unit="steps", length=2, then=inner), 9) == pytest.approx(
        [0, 0.25, 0.5, 0.75, *curve(Cosine(unit="steps", length=4), 5)], abs=1e-15
    )


class Halving(Schedule):
    """Halves at every step: a schedule with a state."""

    type: str = "halving"

    def initial_state(self):
        return {"next": 1.0}

    def factor(self, step, horizon, state):
        return state["next"], {"next": state["next"] / 2}


def test_hands_the_state_of_the_next_schedule_on():
    assert curve(Warmup(unit="steps", length=2, then=Halving()), 5) == [0, 0.5, 1, 0.5, 0.25]


@pytest.mark.parametrize("options", [{"length": 0}, {"start": -0.1}, {"start": 1.1}])
def test_refuses_values_out_of_range(options):
    with pytest.raises(ValidationError, match=next(iter(options))):
        Warmup(unit="steps", **options)


def test_the_unit_is_always_written():
    with pytest.raises(ValidationError, match="unit"):
        Warmup(length=3)
