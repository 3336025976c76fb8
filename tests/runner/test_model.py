"""The Python API's model: batches, phases, kernels, weights."""

import pytest
import torch
from torch import nn

import specdl


def spec(**changes):
    return {
        "specdl": 1,
        "name": "small",
        "seed": 3,
        "data": {"batch_size": 6},
        "model": {
            "input": {"shape": [3]},
            "dtype": "float64",
            "layers": [
                {"type": "linear", "out_features": 5, "activation": "tanh", "name": "fc1"},
                {"type": "linear", "out_features": 2, "name": "head"},
            ],
        },
        "loss": {"type": "mse"},
        "optimizer": {"type": "sgd", "lr": 0.1, "momentum": 0.9},
        "train": {"epochs": 1},
    } | changes


def batch(rows=6):
    generator = torch.Generator().manual_seed(rows)
    x = torch.randn(rows, 3, generator=generator, dtype=torch.float64)
    return x, torch.randn(rows, 2, generator=generator, dtype=torch.float64)


@pytest.fixture
def model():
    return specdl.compile(spec())


def twin(model):
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    values = [value.clone() for value in model.parameters.values()]
    for parameter, value in zip(net.parameters(), values, strict=True):
        parameter.data.copy_(value)
    return net


@pytest.mark.parametrize("rows", [1, 5, 6])
def test_forward_takes_any_number_of_rows_up_to_the_batch_size(model, rows):
    x, _ = batch(rows)
    torch.testing.assert_close(model.forward(x), twin(model)(x).detach(), rtol=1e-12, atol=1e-12)


def test_loss_and_backward_fill_the_gradients(model):
    x, y = batch()
    net = twin(model)
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    assert model.loss(x, y) == pytest.approx(loss.item(), rel=1e-12)
    model.backward()
    assert list(model.gradients) == ["fc1.weight", "fc1.bias", "head.weight", "head.bias"]
    for gradient, parameter in zip(model.gradients.values(), net.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-12, atol=1e-12)


def test_steps_follow_torchs(model):
    net = twin(model)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for rows in (6, 4, 6, 1):
        x, y = batch(rows)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        assert model.train_step(x, y) == pytest.approx(loss.item(), rel=1e-12)
    for mine, theirs in zip(model.parameters.values(), net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs.detach(), rtol=1e-12, atol=1e-12)


def test_the_kernels_one_by_one_are_the_passes(model):
    x, y = batch()
    other = specdl.compile(spec())
    model.loss(x, y)
    model.backward()
    other.loss(x, y)
    for kernel in (*other.forward_kernels, *other.backward_kernels):
        kernel()
    assert [kernel.name for kernel in other.forward_kernels] == [
        "fc1.linear.forward",
        "fc1.activation.tanh.forward",
        "head.linear.forward",
        "loss.mse.forward",
    ]
    head = other.backward_kernels[1]
    assert (head.phase, head.native) == ("backward", model.executable.name == "c")
    assert head.reads == ("dhead.y", "fc1.activation.y", "head.weight")
    assert head.writes == ("dfc1.activation.y", "dhead.weight", "dhead.bias")
    assert head.flops == 2 * (6 * 2 * 5) * 2 + 6 * 2
    for name, gradient in other.gradients.items():
        torch.testing.assert_close(gradient, model.gradients[name], rtol=1e-12, atol=1e-12)


def test_the_seed_decides_how_parameters_start(model):
    same, other = specdl.compile(spec()), specdl.compile(spec(seed=4))
    assert torch.equal(same.parameters["fc1.weight"], model.parameters["fc1.weight"])
    assert not torch.equal(other.parameters["fc1.weight"], model.parameters["fc1.weight"])


def test_parameters_are_views(model):
    model.parameters["head.weight"].zero_()
    model.parameters["head.bias"].fill_(2)
    assert model.forward(batch()[0]).eq(2).all()


def test_backward_needs_the_activations_of_loss(model):
    x, y = batch()
    model.loss(x, y)
    model.forward(x)
    with pytest.raises(specdl.UsageError, match="call `loss\\(x, y\\)` right before it"):
        model.backward()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(2, 4), r"`x\['input'\]` has the shape \[2, 4\], the model wants f64\[batch,3\]"),
        (torch.zeros(3), r"the shape \[3\], the model wants f64\[batch,3\]"),
        (torch.zeros(7, 3), r"has 7 rows; this model takes 1 to 6 \(data.batch_size\)"),
        (torch.zeros(0, 3), r"has 0 rows; this model takes 1 to 6"),
        ({"image": torch.zeros(2, 3)}, "`x` is a dict with input; got image"),
    ],
)
def test_refuses_inputs_that_do_not_fit(model, x, message):
    with pytest.raises(specdl.UsageError, match=message):
        model.forward(x)


def test_refuses_different_numbers_of_rows(model):
    with pytest.raises(specdl.UsageError, match=r"different numbers of rows: \[5, 6\]"):
        model.loss(batch(6)[0], batch(5)[1])


def test_load_changes_nothing_unless_everything_fits(model):
    before = {name: value.clone() for name, value in model.parameters.items()}
    wrong = dict(before) | {"head.weight": torch.zeros(3, 5), "haed.bias": torch.zeros(2)}
    del wrong["head.bias"]
    wrong["fc1.bias"] = torch.ones(5)
    with pytest.raises(specdl.UsageError) as caught:
        model.load(wrong)
    assert str(caught.value) == (
        "these weights do not fit: `head.bias` is missing; `head.weight` is [3, 5], the model's is [2, 5]; "
        "there is no `haed.bias` (did you mean `head.bias`?)"
    )
    assert all(torch.equal(model.parameters[name], value) for name, value in before.items())
    model.load({name: torch.ones_like(value) for name, value in before.items()})
    assert all(value.eq(1).all() for value in model.parameters.values())


def test_divergence_commits_nothing_and_names_the_first_kernel(model):
    x, y = batch()
    x[2, 1] = 1e308
    model.parameters["fc1.weight"].fill_(1e3)
    before = {name: value.clone() for name, value in model.parameters.items()}
    y[0, 0] = 1e308
    with pytest.raises(
        specdl.DivergedError, match=r"step 1: `loss` is not finite: first made by mse.forward of `loss`"
    ):
        model.train_step(torch.zeros_like(x), y)
    assert all(torch.equal(model.parameters[name], value) for name, value in before.items())


def test_a_model_without_its_loss_only_runs_forward():
    with pytest.raises(specdl.SpecError, match="E310"):
        specdl.compile({name: value for name, value in spec().items() if name != "loss"})


def test_several_inputs_and_outputs_are_dicts_by_name():
    several = spec(
        model={
            "inputs": {"a": {"shape": [2]}, "b": {"shape": [3]}},
            "layers": [
                {"type": "concat", "inputs": ["a", "b"], "name": "both"},
                {"type": "linear", "out_features": 4, "name": "kind"},
                {"type": "linear", "out_features": 1, "inputs": ["both"], "name": "amount"},
            ],
            "output": ["kind", "amount"],
        },
        losses=[
            {"type": "cross_entropy", "output": "kind", "target": "k"},
            {"type": "mse", "output": "amount", "target": "v", "weight": 0.5},
        ],
    )
    del several["loss"]
    model = specdl.compile(several)
    x = {"a": torch.ones(2, 2), "b": torch.ones(2, 3)}
    outputs = model.forward(x)
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {"kind": (2, 4), "amount": (2, 1)}
    kind, amount = outputs["kind"].clone(), outputs["amount"].clone()
    loss = model.loss(x, {"k": torch.tensor([0, 3]), "v": torch.zeros(2, 1)})
    expected = nn.functional.cross_entropy(kind, torch.tensor([0, 3])) + 0.5 * amount.square().mean()
    assert loss == pytest.approx(expected.item(), rel=1e-5)


def test_dtype_stands_in_place_of_the_specs():
    model = specdl.compile(spec(), dtype="float32")
    assert model.parameters["fc1.weight"].dtype == torch.float32
    with pytest.raises(specdl.UsageError, match="there is no dtype `int8`"):
        specdl.compile(spec(), dtype="int8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "tpu"}, "there is no backend `tpu`: use auto, torch or c"),
        ({"device": "cuda"}, "this version runs on the CPU"),
    ],
)
def test_refuses_what_is_not_there(options, message):
    with pytest.raises(specdl.UsageError, match=message):
        specdl.compile(spec(), **options)
