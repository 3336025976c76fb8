import math

import pytest
from pydantic import ValidationError
from torch.optim.lr_scheduler import CosineAnnealingLR

from specdl.ops.schedules.cosine import Cosine
from tests.ops.schedules.curves import curve, torch_curve


@pytest.mark.parametrize("low", [0.0, 0.1, 1.0])
def test_agrees_with_torch(low):
    ours = curve(Cosine(unit="steps", length=40, min=low), 41)
    theirs = torch_curve(lambda o: CosineAnnealingLR(o, T_max=40, eta_min=low), 41)
    assert ours == pytest.approx(theirs, abs=1e-14)


def test_the_length_is_the_run_where_it_is_left_out():
    expected = [(1 + math.cos(math.pi * step / 30)) / 2 for step in range(30)]
    assert curve(Cosine(unit="steps"), 30, steps_per_epoch=7) == pytest.approx(expected, rel=1e-13)
    assert curve(Cosine(unit="epochs"), 30, steps_per_epoch=7) == pytest.approx(expected, rel=1e-13)


def test_epochs_move_at_every_step():
    by_epochs = curve(Cosine(unit="epochs", length=2.5), 30, steps_per_epoch=10)
    assert by_epochs == pytest.approx(curve(Cosine(unit="steps", length=25), 30), abs=1e-15)
    assert len(set(by_epochs[:26])) == 26


def test_stays_at_its_minimum():
    assert curve(Cosine(unit="steps", length=4, min=0.25), 9)[4:] == [0.25] * 5


@pytest.mark.parametrize("options", [{"length": 0}, {"min": -0.1}, {"min": 1.1}, {"length": math.inf}])
def test_refuses_values_out_of_range(options):
    with pytest.raises(ValidationError, match=next(iter(options))):
        Cosine(unit="steps", **options)


def test_the_unit_is_always_written():
    with pytest.raises(ValidationError, match="unit"):
        Cosine()
