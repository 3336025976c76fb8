import numpy as np

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.zeros import Zeros


def test_every_element_is_0():
    values = Zeros().sample(Param((3, 5), 5, 3), Stream(0))
    assert values.dtype == np.float64
    assert values.tolist() == [[0.0] * 5] * 3


def test_samples_are_new_arrays():
    param = Param((2,), 5, 2)
    values = Zeros().sample(param, Stream(0))
    values[0] = 7
    assert Zeros().sample(param, Stream(0)).tolist() == [0.0, 0.0]
