import pytest
import torch
from pydantic import ValidationError

from specdl.core.types import TensorType
from specdl.ops.optimizers.sgd import SGD
from specdl.program.instructions import calls
from specdl.testing import check_op
from tests.ops.optimizers.tools import LR, by_calls, by_formula, by_torch, program, same

OPTIONS = [
    {},
    {"weight_decay": 0.1},
    {"momentum": 0.9},
    {"momentum": 0.9, "weight_decay": 0.01},
    {"momentum": 0.9, "dampening": 0.5},
    {"momentum": 0.9, "dampening": 1.0},
    {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.2},
    {"momentum": 0.5, "nesterov": True},
    {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
    {"dampening": 0.5},
]


@pytest.mark.parametrize("shape", [(4, 7), (3,), (2, 3, 5), (1, 1)])
@pytest.mark.parametrize("options", OPTIONS)
def test_contract(shape, options):
    check_op(SGD(lr=LR, **options), TensorType(shape))


@pytest.mark.parametrize("options", OPTIONS)
def test_twenty_steps_are_torchs(options):
    wanted = by_torch(torch.optim.SGD, **options)
    op = SGD(lr=LR, **options)
    same(by_formula(op), wanted)
    same(by_calls(op, joined=False), wanted)
    same(by_calls(op, joined=True), wanted)


def test_two_calls_with_momentum_and_no_scratch():
    made = program(SGD(lr=LR, momentum=0.2))
    rendered = calls(made.instrs[0], made)
    assert str(rendered).splitlines() == [
        "new_momentum_buffer = add(g, momentum_buffer, alpha=0.2)",
        "new_p = addcmul(p, lr, new_momentum_buffer, value=-1.0)",
    ]
    assert rendered.scratch == {}


def test_state():
    assert SGD(lr=LR).state() == ()
    assert SGD(lr=LR, momentum=0.9).state() == ("momentum_buffer",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nesterov": True}, "`nesterov` needs a momentum above 0 and no dampening"),
        (
            {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
            "`nesterov` needs a momentum above 0 and no dampening",
        ),
        ({"momentum": 1.0}, "less than 1"),
        ({"momentum": -0.1}, "greater than or equal to 0"),
        ({"dampening": 1.1}, "less than or equal to 1"),
        ({"weight_decay": -1.0}, "greater than or equal to 0"),
        ({"lr": 0.0}, "greater than 0"),
        ({"lr": float("nan")}, "finite number"),
        ({"rho": 0.9}, "Extra inputs"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValidationError, match=message):
        SGD(**({"lr": 0.1} | options))
