import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from specdl.backends.base import StepScalars
from specdl.core.errors import DivergedError, UsageError
from specdl.data.deal import Deal
from specdl.data.order import Order
from specdl.testing import allocations
from tests.backends.torch.models import Twin, batch, executable, spec


def same(a, b):
    torch.testing.assert_close(torch.as_tensor(a, dtype=torch.float64), b.detach(), rtol=1e-12, atol=1e-12)


def state(made):
    return {n: v.clone() for n, v in {**made.parameters, **made.optimizer_state}.items()}


def unchanged(made, before):
    for name, value in state(made).items():
        assert torch.equal(value.nan_to_num(1e300), before[name].nan_to_num(1e300)), name


@pytest.fixture
def made():
    return executable(spec())


def in_order(rows):
    """Batches of 8 as the samples lie."""
    return Deal(Order(0, rows, shuffle=False), 8, rows // 8)


def test_a_step_is_the_eager_twins(made):
    twin = Twin(made.parameters)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1, momentum=0.5)
    for t, rows in enumerate((8, 8, 3, 8, 1, 8), 1):
        data = batch(rows, t)
        made.put(data)
        optimizer.zero_grad()
        loss = F.mse_loss(twin(data["input"]), data["target"])
        loss.backward()
        same(made.step(StepScalars(0.1, t)), loss)
        for name, parameter in twin.named_parameters():
            same(made.gradients[name], parameter.grad)
        optimizer.step()
        for name, parameter in twin.named_parameters():
            same(made.parameters[name], parameter)


@pytest.mark.parametrize("rows", [8, 5, 1])
def test_loss_and_backward_are_the_eager_twins(made, rows):
    twin, data = Twin(made.parameters), batch(rows)
    made.put(data)
    wanted = F.mse_loss(twin(data["input"]), data["target"])
    wanted.backward()
    same(made.loss(), wanted)
    made.backward()
    for name, parameter in twin.named_parameters():
        same(made.gradients[name], parameter.grad)


@pytest.mark.parametrize("rows", [8, 5, 1])
def test_outputs_are_the_eager_twins(made, rows):
    twin, data = Twin(made.parameters), batch(rows)
    made.put(data)
    outputs, loss = made.evaluate()
    same(outputs["head"], twin(data["input"]))
    same(loss, F.mse_loss(twin(data["input"]), data["target"]))
    same(made.infer()["head"], twin(data["input"]))


def test_rows_are_evaluated_in_batches(made):
    data, wanted = batch(21), {"head": torch.empty(17, 2, dtype=torch.float64)}
    losses = made.evaluate_rows(data, range(2, 19), 8, wanted)
    assert made.evaluate_rows(data, range(2, 19), 8, {}) == losses
    for number, at in enumerate((2, 10, 18)):
        rows = torch.arange(at, min(at + 8, 19))
        made.gather(data, rows)
        outputs, loss = made.evaluate()
        assert losses[number] == loss
        assert torch.equal(wanted["head"][at - 2 : at + 6], outputs["head"])


def test_train_is_gather_and_step():
    one, other = executable(spec()), executable(spec())
    data = batch(50)
    deal = Deal(Order(3, 50), 8, 7)
    rates = [0.1, 0.1, 0.05, 0.02, 0.1, 0.3, 0.1, 0.2, 0.2]
    losses = []
    for step, rate in enumerate(rates, 4):
        one.gather(data, torch.from_numpy(deal.indices(step)))
        losses.append(one.step(StepScalars(rate, step + 1)))
    assert list(other.train(data, deal, 4, rates[:5])) == losses[:5]
    assert list(other.train(data, deal, 9, np.array(rates[5:]))) == losses[5:]
    for name, value in one.parameters.items():
        assert torch.equal(value, other.parameters[name])


def test_steps_end_when_their_time_is_over(made):
    data, deal = batch(50), Deal(Order(3, 50), 8, 7)
    assert len(made.train(data, deal, 0, [0.1] * 9, 0.0)) == 1
    assert len(made.train(data, deal, 1, [0.1] * 9, 1e9)) == 9


def test_numbers_of_a_step_follow_the_batch_size_and_the_rate():
    """The slots are shared by batch sizes: what one wrote, the next must not read."""
    for sizes in ((8, 3, 8, 3), (3, 8, 8, 3)):
        one = executable(spec(loss={"type": "l1"}))
        for t, rows in enumerate(sizes, 1):
            fresh = executable(spec(loss={"type": "l1"}))
            for name in one.parameters:
                fresh.parameters[name].copy_(one.parameters[name])
            for name in one.optimizer_state:
                fresh.optimizer_state[name].copy_(one.optimizer_state[name])
            for each in (one, fresh):
                each.put(batch(rows, t))
            one.prepare([rows])
            assert one.step(StepScalars(0.1 / t, t)) == fresh.step(StepScalars(0.1 / t, t))
            for name, value in one.parameters.items():
                assert torch.equal(value, fresh.parameters[name])


# ---- what must come before what ----

REFUSAL = r"`backward` needs the activations of `loss`: call `loss\(x, y\)` right before it"


@pytest.mark.parametrize(
    "between",
    [
        lambda m: m.infer(),
        lambda m: m.evaluate(),
        lambda m: m.put(batch(8, 2)),
        lambda m: m.gather(batch(8, 2), torch.arange(8)),
        lambda m: m.step(StepScalars(0.1, 1)),
        lambda m: m.train(batch(8), in_order(8), 0, [0.1]),
        lambda m: m.backward(),
        lambda m: m.prepare([3]),
    ],
    ids=["infer", "evaluate", "put", "gather", "step", "train", "backward", "prepare"],
)
def test_backward_right_after_loss_only(made, between):
    made.put(batch(8))
    made.loss()
    between(made)
    with pytest.raises(UsageError, match=REFUSAL):
        made.backward()


def test_backward_first_of_all(made):
    with pytest.raises(UsageError, match=REFUSAL):
        made.backward()


def test_batches_that_do_not_fit(made):
    with pytest.raises(
        UsageError, match="a batch has 1 to 8 rows, not 9: that is what memory was planned for"
    ):
        made.put(batch(9))
    with pytest.raises(UsageError, match="a batch has 1 to 8 rows, not 0"):
        made.gather(batch(3), torch.arange(0))
    with pytest.raises(UsageError, match=r"`target` is \[1, 2\], and the batch wants \[4, 2\]"):
        made.put(batch(4) | {"target": torch.zeros(1, 2)})
    with pytest.raises(UsageError, match=r"`input` is \[4\], and the batch wants \[4, 3\]"):
        made.put({"input": torch.zeros(4), "target": torch.zeros(4, 2)})


def test_a_model_without_a_loss_runs_forward_only():
    from specdl.analysis import analyse
    from specdl.backends.torch.executable import lower
    from specdl.plan.plan import make

    compilation, _ = analyse(spec())
    made = lower(make({"infer": compilation.plan.schedules["infer"].program}, 8))
    made.put({"input": torch.zeros(2, 3)})
    assert made.infer()["head"].shape == (2, 2)
    for call in (made.loss, made.evaluate, lambda: made.step(StepScalars(0.1, 1))):
        with pytest.raises(UsageError, match="the model has no loss: it can only run forward"):
            call()


# ---- the finite guard ----


def fault(made, data, t=7):
    before = state(made)
    made.put(data)
    with pytest.raises(DivergedError) as error:
        made.step(StepScalars(0.1, t))
    unchanged(made, before)
    return str(error.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["input", "target"])
def test_data_that_is_not_finite(made, name, value):
    data = batch(8)
    data[name][3, 1] = value
    assert fault(made, data) == f"step 7: `{name}` holds a value that is not finite before the step begins"


def test_parameters_that_are_not_finite(made):
    made.parameters["fc2.weight"][0, 0] = math.nan
    wanted = "step 7: `fc2.weight` holds a value that is not finite before the step begins"
    assert fault(made, batch(8)) == wanted


@pytest.mark.parametrize(
    ("parameter", "value", "first"),
    [
        ("head.weight", 1e160, "`loss` is not finite: first made by mse.forward of `loss`"),
        ("head.bias", 1e160, "`loss` is not finite: first made by mse.forward of `loss`"),
        ("fc2.bias", 1e308, "`head.y` is not finite: first made by linear.forward of `head`"),
    ],
)
def test_the_first_kernel_is_named(made, parameter, value, first):
    made.parameters[parameter].fill_(value)
    if parameter == "fc2.bias":
        made.parameters["head.weight"].fill_(9.0)
    assert fault(made, batch(8)) == f"step 7: {first}"


def test_a_loss_that_is_finite_with_gradients_that_are_not():
    made = executable(spec(model={"dtype": "float32"}, loss={"type": "l1"}))
    data = {name: value.float() for name, value in batch(8).items()}
    made.parameters["head.weight"].fill_(3e38)
    made.parameters["fc1.weight"].zero_()
    made.parameters["fc1.bias"].zero_()
    made.parameters["fc2.weight"].fill_(3e38)
    made.parameters["fc2.bias"].zero_()
    message = fault(made, data)
    assert "`dfc1" in message
    assert "is not finite: first made by linear.backward of `fc2`" in message


def test_training_goes_on_after_a_refused_step(made):
    bad = batch(8)
    bad["input"][0, 0] = math.nan
    fault(made, bad)
    other = executable(spec())
    for each in (made, other):
        each.put(batch(8))
    assert made.step(StepScalars(0.1, 1)) == other.step(StepScalars(0.1, 1))
    for name, value in made.parameters.items():
        assert torch.equal(value, other.parameters[name])


def test_steps_before_a_divergence_are_committed(made):
    data = batch(24)
    data["input"][20, 0] = math.nan
    other = executable(spec())
    with pytest.raises(DivergedError, match=r"^step 3: `input` holds") as error:
        made.train(data, in_order(24), 0, [0.1] * 3)
    assert error.value.step == 3
    other.train(data, in_order(24), 0, [0.1] * 2)
    unchanged(made, state(other))


# ---- memory ----

MODELS = {
    "sgd": spec(64),
    "adam": spec(64, optimizer={"type": "adam", "amsgrad": True, "weight_decay": 0.1}),
    "l1": spec(64, loss={"type": "l1"}),
    "sum": spec(64, loss={"type": "sum_squared_error"}),
    "softmax": spec(64, model={"layers": [{"type": "linear", "out_features": 2, "activation": "softmax"}]}),
    "sigmoid": spec(64, model={"layers": [{"type": "linear", "out_features": 2, "activation": "sigmoid"}]}),
    "relu": spec(64, model={"layers": [{"type": "linear", "out_features": 2, "activation": "relu"}]}),
    "dense": spec(
        loss={"type": "cross_entropy"}, data={"batch_size": 64, "target": {"encode": "one_hot"}}
    ),
    "concat": spec(
        64,
        model={
            "layers": [
                {"type": "linear", "out_features": 4, "name": "a"},
                {"type": "concat", "inputs": ["a", "input"]},
                {"type": "scale", "factor": 0.5},
                {"type": "reshape", "shape": [7, 1]},
                {"type": "linear", "out_features": 3},
                {"type": "flatten"},
                {"type": "linear", "out_features": 2},
            ]
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_allocated_is_what_the_plan_says(name):
    made = executable(MODELS[name])
    held = made.allocated()
    assert dict(held) == dict(made.plan.sizes)
    assert sum(held.values()) == made.plan.bytes.total


def step_allocations(made, data, threads):
    rows = len(data["input"])
    made.prepare([rows, max(1, rows // 2)])
    index = torch.arange(rows)
    scalars = [StepScalars(1e-9, t) for t in range(1, 5)]

    def run():
        for each in scalars:
            made.gather(data, index)
            made.step(each)

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        run()
        return allocations(run)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_no_memory_is_taken_in_a_step(name, threads):
    assert step_allocations(executable(MODELS[name]), batch(64), threads) == 0


LARGE = [
    ("mse", 4096, 512),
    ("l1", 4096, 512),
    ("sum_squared_error", 4096, 512),
    ("cross_entropy", 4096, 512),
    ("l1", 40_001, 3),
    ("l1", 40_001, 1),
    ("cross_entropy", 40_001, 3),
    ("mse", 40_001, 1),
]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("loss", "rows", "features"), LARGE)
def test_no_memory_is_taken_where_sums_go_parallel(loss, rows, features, threads):
    layers = [
        {"type": "linear", "out_features": 4, "activation": "relu"},
        {"type": "linear", "out_features": features, "name": "out"},
    ]
    model = {"input": {"shape": [3]}, "layers": layers, "dtype": "float32"}
    made = executable(spec(rows, model=model, loss={"type": loss}))
    generator = torch.Generator().manual_seed(2)
    target = torch.randn(rows, features, generator=generator)
    if loss == "cross_entropy":
        target = torch.randint(0, features, (rows,), generator=generator)
    data = {"input": torch.randn(rows, 3, generator=generator), "target": target}
    assert step_allocations(made, data, threads) == 0
    made.put(data)
    outputs, value = made.evaluate()
    y = outputs["out"].double()
    meant = {
        "mse": F.mse_loss,
        "l1": F.l1_loss,
        "cross_entropy": F.cross_entropy,
        "sum_squared_error": lambda a, b: F.mse_loss(a, b, reduction="sum"),
    }[loss]
    assert value == pytest.approx(
        float(meant(y, target if loss == "cross_entropy" else target.double())), rel=1e-4
    )


def test_the_harness_sees_memory_taken():
    x = torch.randn(100)
    assert allocations(lambda: x + 1) >= 400
    assert allocations(x.neg_) == 0


# ---- kernels ----


def test_kernels_by_hand_are_the_loss(made):
    """Called one by one on a model that ran nothing before, they compute what `loss` and `backward` do."""
    made.put(batch(5))
    kernels = made.kernels
    for kernel in kernels:
        if kernel.phase != "update":
            kernel()
    by_hand = {name: value.clone() for name, value in made.gradients.items()}
    made.loss()
    made.backward()
    for name, value in made.gradients.items():
        assert torch.equal(value, by_hand[name])
    assert [k.name for k in kernels][:3] == [
        "fc1.linear.forward",
        "fc1.activation.tanh.forward",
        "fc2.linear.forward",
    ]
    assert kernels[0].reads == ("input", "fc1.weight", "fc1.bias")
    assert kernels[0].writes == ("fc1.y",)
    assert kernels[0].flops == 2 * 5 * 3 * 5 + 5 * 5
    assert not any(kernel.native for kernel in kernels)
    assert repr(kernels[1]) == "<fc1.activation.y = tanh.forward(fc1.y)>"


def test_everything_frozen_still_tells_its_loss():
    layers = [{"type": "linear", "out_features": 2, "trainable": False, "name": "fc"}]
    made = executable(spec(model={"layers": layers}))
    data = batch(8)
    made.put(data)
    before = state(made)
    wanted = F.mse_loss(
        F.linear(data["input"], made.parameters["fc.weight"], made.parameters["fc.bias"]), data["target"]
    )
    same(made.step(StepScalars(0.1, 1)), wanted)
    unchanged(made, before)
    assert dict(made.gradients) == {}
