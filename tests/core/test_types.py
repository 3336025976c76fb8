import pytest

from specdl.core.types import BATCH, Batch, TensorType, aligned, bind, product


def test_prints():
    assert str(TensorType((BATCH, 256))) == "f32[batch,256]"
    assert str(TensorType((Batch(3), 2), "float64")) == "f64[3*batch,2]"
    assert str(TensorType((), "int64")) == "i64[]"
    assert str(TensorType((2,), "bfloat16")) == "bf16[2]"
    assert str(TensorType((2,), "bool")) == "bool[2]"


@pytest.mark.parametrize(("nbytes", "wanted"), [(0, 0), (1, 64), (64, 64), (65, 128)])
def test_aligned(nbytes, wanted):
    assert aligned(nbytes) == wanted


def test_products():
    assert product(()) == 1
    assert product((3, 4)) == 12
    assert product((BATCH, 3, 4)) == Batch(12)
    assert product((Batch(2), 3)) == BATCH * 6 == 6 * BATCH


def test_bound():
    type = TensorType((BATCH, 3), "float64")
    assert type.batched
    assert not type.bind(7).batched
    assert type.bind(7) == TensorType((7, 3), "float64")
    assert (type.numel(7), type.nbytes(7)) == (21, 168)
    assert bind(Batch(3), 5) == 15
    assert bind(4, 5) == 4


def test_two_axes_that_grow():
    """A matrix of all pairs of samples has rows times rows elements, no multiple of the batch."""
    pairs = TensorType((BATCH, BATCH))
    assert pairs.numel(7) == 49
    assert pairs.nbytes(7) == pairs.bind(7).nbytes()
    with pytest.raises(ValueError, match=r"two axes of \(batch, batch\) grow with the batch"):
        product(pairs.shape)


def test_kinds():
    assert TensorType((), "bfloat16").is_float
    assert not TensorType((), "int64").is_float
    assert TensorType((2,)).with_shape(3, 4) == TensorType((3, 4))
