import math

import pytest
import torch

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.activations.relu import ReLU
from specdl.program.instructions import calls
from specdl.program.program import Instr, Program
from specdl.testing import OpFault, check_op
from tests.ops.tools import SHAPES, agrees, both, close, rendered


@pytest.mark.parametrize("shape", [*SHAPES, (3,)])
@pytest.mark.parametrize("seed", [0, 1])
def test_contract_and_torch(shape, seed):
    agrees(check_op(ReLU(), TensorType(shape), seed=seed), torch.relu, input="x")


def test_close_to_the_kink_and_far_from_it():
    x = torch.tensor([[-1e4, -1e-8, -5e-324, -0.0, 0.0, 5e-324, 1e-8, 1e4]], dtype=torch.float64)
    y = both(ReLU(), "forward", x=x)["y"]
    assert y.tolist() == [[0.0, 0.0, 0.0, 0.0, 0.0, 5e-324, 1e-8, 1e4]]
    dy = torch.arange(1.0, 9.0, dtype=torch.float64).view(1, 8)
    dx = both(ReLU(), "backward", x=x, y=y, dy=dy)["dx"]
    assert dx.tolist() == [[0.0, 0.0, 0.0, 0.0, 0.0, 6.0, 7.0, 8.0]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_passes_through(dtype):
    x = torch.tensor([[1.0, math.nan, -1.0]], dtype=torch.float64)
    y = rendered(ReLU(), "forward", {"x": x}, dtype)["y"]
    assert torch.isnan(y).tolist() == [[False, True, False]]
    assert ReLU().forward(x, y=(kept := torch.empty_like(x))) is None
    assert torch.isnan(kept).tolist() == [[False, True, False]]
    with pytest.raises(OpFault, match="forward: `y` has cells that are NaN"):
        check_op(ReLU(), TensorType((1, 3)), given={"x": x})


def test_inputs_are_drawn_away_from_the_kink():
    for seed in range(50):
        x = check_op(ReLU(), TensorType((7, 9)), seed=seed)["x"]
        assert float(x.abs().min()) >= 0.01


def test_two_calls_without_scratch_forward():
    type = TensorType((BATCH, 3))
    instr = Instr("forward", "relu1", ReLU(), {"x": "x"}, {"y": "y"})
    program = Program({"x": type, "y": type}, ("x",), (), (instr,), ("y",), {})
    assert str(calls(instr, program)) == "y = maximum(x, 0.0)"


def test_refuses_indices():
    with pytest.raises(ShapeError) as refusal:
        ReLU().signature(TensorType((BATCH, 2), "int64"))
    assert refusal.value.message == "`relu` needs real numbers, got i64[batch,2]"


def test_slope_at_zero_is_torchs():
    x = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
    torch.relu(x).sum().backward()
    y = both(ReLU(), "forward", x=x.detach())["y"]
    close(both(ReLU(), "backward", x=x.detach(), y=y, dy=torch.ones_like(y))["dx"], x.grad, 0.0)
