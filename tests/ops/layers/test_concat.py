import pytest
import torch

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.layers.concat import Concat
from specdl.testing import check_op
from tests.ops.tools import agrees

CASES = [
    (1, (4, 7), (4, 2), (4, 5)),
    (-1, (4, 1), (4, 3), (4, 1)),
    (1, (1, 1), (1, 2), (1, 3)),
    (1, (2, 3, 5), (2, 1, 5), (2, 4, 5)),
    (2, (2, 3, 5), (2, 3, 1), (2, 3, 2)),
    (-2, (2, 3, 1), (2, 2, 1), (2, 1, 1)),
    (-1, (2, 3, 2, 5), (2, 3, 2, 1), (2, 3, 2, 2)),
]


@pytest.mark.parametrize(("dim", "a", "b", "c"), CASES)
def test_contract(dim, a, b, c):
    check_op(Concat(dim=dim), TensorType(a), TensorType(b))
    check_op(Concat(dim=dim), TensorType(c), TensorType(a), TensorType(b))


@pytest.mark.parametrize(("dim", "a", "b", "c"), CASES)
def test_agrees_with_torch(dim, a, b, c):
    env = check_op(Concat(dim=dim), TensorType(a), TensorType(b), TensorType(c))
    agrees(env, lambda x, y, z: torch.cat((x, y, z), dim), x="x0", y="x1", z="x2")


def test_sizes_add_up_along_the_axis():
    x = [TensorType((BATCH, 3, 5)), TensorType((BATCH, 4, 5))]
    assert Concat().signature(*x).out == {"y": TensorType((BATCH, 7, 5))}
    assert Concat(dim=-2).signature(*x).out == {"y": TensorType((BATCH, 7, 5))}


@pytest.mark.parametrize(
    ("dim", "shapes", "message"),
    [
        (1, [(8, 2)], "`concat` needs two values or more, got f32[8,2]"),
        (0, [(8, 2), (8, 2)], "`concat` cannot join along axis 0, got f32[8,2] and f32[8,2]"),
        (-2, [(8, 2), (8, 3)], "`concat` cannot join along axis -2, got f32[8,2] and f32[8,3]"),
        (2, [(8, 2), (8, 2)], "`concat` cannot join along axis 2, got f32[8,2] and f32[8,2]"),
        (-4, [(8, 2), (8, 2)], "`concat` cannot join along axis -4, got f32[8,2] and f32[8,2]"),
        (
            1,
            [(8, 2, 3), (8, 2, 4)],
            "`concat` needs types that agree but for axis 1: f32[8,2,3] and f32[8,2,4]",
        ),
        (
            -1,
            [(8, 2, 3), (8, 3)],
            "`concat` needs types that agree but for axis -1: f32[8,2,3] and f32[8,3]",
        ),
    ],
)
def test_refuses(dim, shapes, message):
    with pytest.raises(ShapeError) as refusal:
        Concat(dim=dim).signature(*map(TensorType, shapes))
    assert refusal.value.message == message


def test_refuses_indices_beside_numbers():
    with pytest.raises(ShapeError) as refusal:
        Concat().signature(TensorType((8, 2)), TensorType((8, 2), "int64"))
    message = "`concat` needs types that agree but for axis 1: f32[8,2] and i64[8,2]"
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("shape", "help"),
    [
        ((8,), None),
        ((8, 2), "`dim` can be 1; 0 is the batch"),
        ((8, 2, 3), "`dim` can be from 1 to 2; 0 is the batch"),
    ],
)
def test_says_which_axes_there_are(shape, help):
    with pytest.raises(ShapeError) as refusal:
        Concat(dim=5).signature(TensorType(shape), TensorType(shape))
    assert refusal.value.help == help
