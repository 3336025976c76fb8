import numpy as np
import pytest
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.constant import Constant


@pytest.mark.parametrize("value", [0.25, -3, 1e-300])
def test_every_element_is_the_value(value):
    values = Constant(value=value).sample(Param((3, 5), 5, 3), Stream(0))
    assert values.dtype == np.float64
    assert values.tolist() == [[value] * 5] * 3


@pytest.mark.parametrize("options", [{}, {"value": "1"}, {"value": float("nan")}, {"value": None}])
def test_refuses_what_is_no_number(options):
    with pytest.raises(ValidationError, match="value"):
        Constant(**options)
