import pytest
import torch
from pydantic import ValidationError

from specdl.core.types import TensorType
from specdl.ops.optimizers.adam import Adam
from specdl.program.instructions import calls
from specdl.testing import check_op
from tests.ops.optimizers.tools import LR, by_calls, by_formula, by_torch, program, same

OPTIONS = [
    {},
    {"weight_decay": 0.1},
    {"amsgrad": True},
    {"amsgrad": True, "weight_decay": 0.05},
    {"betas": (0.5, 0.6)},
    {"betas": (0.0, 0.9)},
    {"betas": (0.9, 0.0)},
    {"betas": (0.0, 0.0), "amsgrad": True},
    {"eps": 1e-2},
    {"betas": (0.95, 0.9999), "eps": 1e-6, "weight_decay": 0.01, "amsgrad": True},
]


@pytest.mark.parametrize("shape", [(4, 7), (3,), (2, 3, 5), (1, 1)])
@pytest.mark.parametrize("options", OPTIONS)
def test_contract(shape, options):
    check_op(Adam(lr=LR, **options), TensorType(shape))


@pytest.mark.parametrize("options", OPTIONS)
def test_twenty_steps_are_torchs(options):
    wanted = by_torch(torch.optim.Adam, **options)
    op = Adam(lr=LR, **options)
    same(by_formula(op), wanted)
    same(by_calls(op, joined=False), wanted)
    same(by_calls(op, joined=True), wanted)


def test_the_defaults_are_torchs():
    torchs = torch.optim.Adam([torch.zeros(1)]).defaults
    for name in ("lr", "betas", "eps", "weight_decay", "amsgrad"):
        assert getattr(Adam(), name) == torchs[name]


def test_scratch_is_one_buffer_at_most():
    for op in (Adam(), Adam(weight_decay=0.1), Adam(amsgrad=True)):
        made = program(op)
        assert len(calls(made.instrs[0], made).scratch) <= 1


def test_state():
    assert Adam().state() == ("m", "v")
    assert Adam(amsgrad=True).state() == ("m", "v", "vmax")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"betas": (1.0, 0.9)}, "less than 1"),
        ({"betas": (0.9, -0.1)}, "greater than or equal to 0"),
        ({"betas": (0.9,)}, "Field required"),
        ({"eps": 0.0}, "greater than 0"),
        ({"weight_decay": -1.0}, "greater than or equal to 0"),
        ({"amsgrad": 1}, "valid boolean"),
        ({"lr": -1.0}, "greater than 0"),
        ({"beta1": 0.9}, "Extra inputs"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValidationError, match=message):
        Adam(**options)
