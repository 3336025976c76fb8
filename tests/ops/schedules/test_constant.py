import pytest
from pydantic import ValidationError

from specdl.ops.schedules.constant import Constant
from tests.ops.schedules.curves import curve


def test_the_factor_is_1():
    assert curve(Constant(), 5, steps_per_epoch=2) == [1.0] * 5


def test_it_has_no_unit():
    with pytest.raises(ValidationError, match="unit"):
        Constant(unit="steps")
