import numpy as np
import pytest

from specdl.core.errors import SpecdlError
from specdl.data.transforms.one_hot import OneHot
from tests.data.helpers import f32, i64


def test_indices_become_vectors():
    x = np.array([[0, 2], [1, 1]])
    transform = OneHot()
    fitted = transform.fit(x, f32(2, 3))
    assert fitted == {"classes": 3}
    assert transform.apply(x, fitted).tolist() == [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 1, 0]]]
    assert transform.apply(x.astype(float), fitted).shape == (2, 2, 3)


def test_the_number_of_classes_may_be_given():
    assert OneHot(classes=5).fit(np.zeros((2, 1), int), f32(5, 1)) == {"classes": 5}


def test_fits_where_the_vectors_make_the_models_input():
    x = np.zeros((4, 2), np.int64)
    assert OneHot().fits(x, f32(2, 3))
    assert OneHot(classes=3).fits(x, f32(6))
    assert not OneHot().fits(x, f32(2))
    assert not OneHot().fits(x, i64(2, 3))


@pytest.mark.parametrize(("bad", "shown"), [(3, "3"), (-1, "-1"), (0.5, "0.5"), (np.nan, "nan")])
def test_refuses_what_is_no_index(bad, shown):
    told = f"`one_hot` of 3 classes takes whole numbers from 0 to 2, and not {shown}"
    with pytest.raises(SpecdlError) as caught:
        OneHot().apply(np.array([0, bad]), {"classes": 3})
    assert (caught.value.code, caught.value.message) == ("E412", told)


def test_refuses_text():
    with pytest.raises(SpecdlError, match="takes indices, and these samples are <U1"):
        OneHot().apply(np.array(["a"]), {"classes": 3})
