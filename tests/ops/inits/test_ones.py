import numpy as np

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.ones import Ones


def test_every_element_is_1():
    values = Ones().sample(Param((3, 5), 5, 3), Stream(0))
    assert values.dtype == np.float64
    assert values.tolist() == [[1.0] * 5] * 3


def test_samples_are_new_arrays():
    param = Param((2,), 5, 2)
    values = Ones().sample(param, Stream(0))
    values[0] = 7
    assert Ones().sample(param, Stream(0)).tolist() == [1.0, 1.0]
