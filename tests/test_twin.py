"""Random specs through the whole pipeline beside torch.nn with the same weights, in float64.

On torch 200 of them, always the same. On the native backend each has to be compiled, so there are
only 25; `SPECDL_TWINS=300` makes that 300, and others each time.
"""

import math
import os
from typing import Any

import torch
import torch.nn.functional as F
from hypothesis import given, note, settings
from hypothesis import strategies as st
from torch import nn

import specdl
from tests.backends.c.compilers import NEEDS_COMPILER

Spec = dict[str, Any]
Shape = tuple[int, ...]
TOLERANCE = 1e-9
STEPS = 20
EXPLODED = 1e4
ACTIVATIONS = ["tanh", "relu", "sigmoid", "softmax"]
BLOCK = {
    "params": {"width": "int", "to": {"type": "int", "default": 3}},
    "layers": [
        {"type": "linear", "out_features": "${width}", "activation": "tanh", "name": "up"},
        {"type": "linear", "out_features": "${to}"},
    ],
}


# ---- the strategy: specs that are valid by construction ----

WIDTHS = st.integers(1, 5) | st.sampled_from([31, 66])
"""Mostly narrow; also some that fill vectors and leave a rest."""


class Drawing:
    """The layers so far, and what every name in reach holds."""

    def __init__(self, draw: Any, shapes: dict[str, Shape]) -> None:
        self.draw, self.shapes = draw, dict(shapes)
        self.last = next(reversed(shapes))
        self.layers: list[Spec] = []
        self.counts: dict[str, int] = {}
        self.linears: dict[str, tuple[int, int]] = {}
        """Layers with a weight of their own that others may tie to."""

    def put(self, layer: Spec, shape: Shape) -> str:
        kind = layer["type"]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        name = layer.get("name", f"{kind}{self.counts[kind]}")
        self.layers.append(layer)
        self.shapes[name] = shape
        self.last = name
        return name

    def source(self, layer: Spec, among: list[str] | None = None) -> Shape:
        """Let a layer read the one before it, or any earlier one."""
        names = list(self.shapes) if among is None else among
        if not self.layers or among is not None or self.draw(st.integers(0, 3)) == 0:
            name = self.draw(st.sampled_from(names))
            layer["inputs"] = [name]
            return self.shapes[name]
        return self.shapes[self.last]

    def options(self, layer: Spec) -> Spec:
        if self.draw(st.integers(0, 2)) == 0:
            layer["name"] = f"n{len(self.layers)}"
        if self.draw(st.integers(0, 2)) == 0:
            layer["activation"] = self.draw(st.sampled_from(ACTIVATIONS))
        return layer

    def step(self) -> None:
        kinds = ["linear"] * 4 + ["map", "add", "concat", "shape", "residual", "block"]
        getattr(self, self.draw(st.sampled_from(kinds)))()

    def linear(self, width: int | None = None) -> None:
        layer = self.options({"type": "linear"})
        shape = self.source(layer)
        width = width or self.draw(WIDTHS)
        layer["out_features"] = width
        if self.draw(st.integers(0, 3)) == 0:
            layer["bias"] = False
        tied = [n for n, sizes in self.linears.items() if sizes == (shape[-1], width)]
        if tied and self.draw(st.booleans()):
            layer["tie"] = {"weight": f"{self.draw(st.sampled_from(tied))}.weight"}
            self.put(layer, (*shape[:-1], width))
            return
        if self.draw(st.integers(0, 5)) == 0:
            layer["trainable"] = False
        self.linears[self.put(layer, (*shape[:-1], width))] = (shape[-1], width)

    def map(self) -> None:
        layer = self.options({"type": self.draw(st.sampled_from([*ACTIVATIONS, "scale", "identity"]))})
        shape = self.source(layer)
        if layer["type"] == "scale":
            layer["factor"] = self.draw(st.sampled_from([0.5, -1.0, 1.0, 1.25]))
        self.put(layer, shape)

    def add(self) -> None:
        names = self.joined(lambda a, b: a == b)
        layer = self.options({"type": "add", "inputs": names})
        self.put(layer, self.shapes[names[0]])

    def joined(self, fits: Any) -> list[str]:
        """Two or three earlier values that go together, perhaps one of them twice."""
        first = self.draw(st.sampled_from(list(self.shapes)))
        others = [n for n, shape in self.shapes.items() if fits(shape, self.shapes[first])]
        return [first, *self.draw(st.lists(st.sampled_from(others), min_size=1, max_size=2))]

    def concat(self) -> None:
        names = self.joined(lambda a, b: a[:-1] == b[:-1])
        shapes = [self.shapes[n] for n in names]
        layer = self.options({"type": "concat", "inputs": names, "dim": -1})
        self.put(layer, (*shapes[0][:-1], sum(shape[-1] for shape in shapes)))

    def shape(self) -> None:
        layer: Spec = {"type": self.draw(st.sampled_from(["flatten", "reshape"]))}
        size = math.prod(self.source(layer))
        if layer["type"] == "flatten":
            self.put(layer, (size,))
            return
        divisors = [d for d in range(1, size + 1) if size % d == 0]
        rows = self.draw(st.sampled_from(divisors))
        layer["shape"] = [rows, -1]
        self.put(layer, (rows, size // rows))

    def residual(self) -> None:
        layer = self.options({"type": "residual"})
        shape = self.source(layer)
        width = self.draw(st.sampled_from([shape[-1], 2]))
        inner = [
            {"type": "linear", "out_features": 4, "activation": "tanh"},
            {"type": "linear", "out_features": width},
        ]
        layer["layers"] = inner[self.draw(st.integers(0, 1)) :]
        if width != shape[-1] or self.draw(st.booleans()):
            layer["shortcut"] = [{"type": "linear", "out_features": width, "bias": False}]
        self.put(layer, (*shape[:-1], width))

    def block(self) -> None:
        layer: Spec = {"type": "block", "block": "pair", "with": {"width": self.draw(st.integers(1, 4))}}
        shape = self.source(layer)
        if self.draw(st.booleans()):
            layer["repeat"] = self.draw(st.integers(1, 3))
        self.put(layer, (*shape[:-1], 3))


@st.composite
def specs(draw: Any) -> Spec:
    shapes: dict[str, Shape] = {}
    for name in ["input"] if draw(st.integers(0, 3)) else ["left", "right"]:
        shapes[name] = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=2)))
    drawing = Drawing(draw, shapes)
    drawing.linear()
    for _ in range(draw(st.integers(0, 7))):
        drawing.step()
    inputs = {name: {"shape": list(shape)} for name, shape in shapes.items()}
    model: Spec = {"layers": drawing.layers, "dtype": "float64"}
    model |= {"inputs": inputs} if len(inputs) > 1 else {"input": inputs["input"]}
    spec: Spec = {
        "specdl": 1,
        "name": "drawn",
        "data": {"batch_size": draw(st.integers(1, 6))},
        "blocks": {"pair": BLOCK},
        "model": model,
        "optimizer": draw(optimizers()),
        "train": {"epochs": 1},
    }
    kinds = st.sampled_from(["mse", "l1", "sum_squared_error", "cross_entropy"])
    if draw(st.booleans()):
        spec["loss"] = {"type": draw(kinds)}
    else:
        made = [name for name in drawing.shapes if name not in shapes]
        outputs = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3))
        spec["losses"] = [
            {"type": draw(kinds), "output": output, "target": f"t{i}"} | draw(weights)
            for i, output in enumerate(outputs)
        ]
    if draw(st.integers(0, 3)) == 0:
        spec["data"]["target"] = {"encode": "one_hot"}
    return spec


weights = st.sampled_from([{}, {"weight": 0.5}, {"weight": 2.5}])


@st.composite
def optimizers(draw: Any) -> Spec:
    made: Spec = {"type": draw(st.sampled_from(["sgd", "adam"])), "lr": draw(st.sampled_from([0.003, 0.02]))}
    if draw(st.booleans()):
        made["weight_decay"] = 0.05
    if made["type"] == "adam":
        made |= draw(st.sampled_from([{}, {"amsgrad": True}, {"betas": [0.5, 0.75]}, {"eps": 0.001}]))
    else:
        options = [
            {},
            {"momentum": 0.9},
            {"momentum": 0.5, "nesterov": True},
            {"momentum": 0.8, "dampening": 0.25},
        ]
        made |= draw(st.sampled_from(options))
    return made


# ---- the twin: the same spec read by torch.nn alone ----


class Twin(nn.Module):
    """A spec's layers as torch.nn modules, under the names that the spec gives them."""

    def __init__(self, spec: Spec, weights: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.spec = spec
        self.weights = {name: nn.Parameter(value.clone()) for name, value in weights.items()}

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        last = next(iter(inputs.values())) if len(inputs) == 1 else None
        return self.run(self.spec["model"]["layers"], dict(inputs), last, "")

    def run(self, layers: list[Spec], env: dict[str, torch.Tensor], last: Any, prefix: str) -> Any:
        counts: dict[str, int] = {}
        for layer in layers:
            kind = layer["type"]
            counts[kind] = counts.get(kind, 0) + 1
            name = layer.get("name", f"{kind}{counts[kind]}")
            given_ = [env[n] for n in layer["inputs"]] if "inputs" in layer else [last]
            last = self.layer(layer, given_, prefix + name)
            if "activation" in layer:
                last = activation(layer["activation"])(last)
            env[name] = last
        env["previous"] = last
        return env

    def layer(self, layer: Spec, x: list[torch.Tensor], name: str) -> torch.Tensor:  # noqa: C901 - a case each
        kind = layer["type"]
        if kind == "linear":
            return self.linear(layer, x[0], name)
        if kind in ACTIVATIONS:
            return activation(kind)(x[0])
        if kind == "add":
            return sum(x[1:], start=x[0])
        if kind == "concat":
            return torch.cat(x, layer["dim"])
        if kind == "flatten":
            return nn.Flatten()(x[0])
        if kind == "reshape":
            return nn.Unflatten(1, layer["shape"])(nn.Flatten()(x[0]))
        if kind == "scale":
            return x[0] * layer["factor"]
        if kind == "residual":
            body = self.run(layer["layers"], {"input": x[0]}, x[0], f"{name}.")["previous"]
            way = x[0]
            if "shortcut" in layer:
                way = self.run(layer["shortcut"], {"input": x[0]}, x[0], f"{name}.shortcut.")["previous"]
            return body + way
        if kind == "block":
            return self.block(layer, x[0], name)
        assert kind == "identity"
        return nn.Identity()(x[0])

    def block(self, layer: Spec, x: torch.Tensor, name: str) -> torch.Tensor:
        width = layer["with"]["width"]
        body = [
            {"type": "linear", "out_features": width, "activation": "tanh", "name": "up"},
            {"type": "linear", "out_features": 3},
        ]
        for index in range(layer.get("repeat", 1)):
            inner = f"{name}.{index}." if "repeat" in layer else f"{name}."
            x = self.run(body, {"input": x}, x, inner)["previous"]
        return x

    def linear(self, layer: Spec, x: torch.Tensor, name: str) -> torch.Tensor:
        owner = layer.get("tie", {}).get("weight", f"{name}.weight")
        sizes = (layer["out_features"], x.shape[-1])
        # what no result needs is in no model: torch computes it, and nobody looks
        weight = self.weights.get(owner, torch.zeros(sizes, dtype=torch.float64))
        assert weight.shape == sizes
        bias = None
        if layer.get("bias", True):
            bias = self.weights.get(f"{name}.bias", torch.zeros(sizes[0], dtype=torch.float64))
        if not layer.get("trainable", True):
            for parameter in (weight, bias):
                if isinstance(parameter, nn.Parameter):
                    parameter.requires_grad_(False)
        return F.linear(x, weight, bias)


def activation(kind: str) -> nn.Module:
    return {"tanh": nn.Tanh(), "relu": nn.ReLU(), "sigmoid": nn.Sigmoid(), "softmax": nn.Softmax(-1)}[kind]


LOSSES = {"mse": nn.MSELoss(), "l1": nn.L1Loss(), "sum_squared_error": nn.MSELoss(reduction="sum")}


def loss_of(kind: str, y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    if kind != "cross_entropy":
        return LOSSES[kind](y, target)
    first = y.movedim(-1, 1)
    return nn.CrossEntropyLoss()(first, target if target.dtype == torch.int64 else target.movedim(-1, 1))


def losses(spec: Spec, last: str) -> list[tuple[str, str, str, float]]:
    """Kind, output, target and weight of each loss."""
    if "loss" in spec:
        return [(spec["loss"]["type"], last, "target", 1.0)]
    return [(e["type"], e["output"], e["target"], e.get("weight", 1.0)) for e in spec["losses"]]


def twin_loss(spec: Spec, results: dict[str, torch.Tensor], targets: dict[str, torch.Tensor]) -> torch.Tensor:
    terms = losses(spec, "previous")
    return sum(
        (weight * loss_of(kind, results[output], targets[target]) for kind, output, target, weight in terms),
        start=torch.zeros((), dtype=torch.float64),
    )


def torch_optimizer(spec: Spec, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    options = {name: value for name, value in spec["optimizer"].items() if name != "type"}
    return {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[spec["optimizer"]["type"]](
        parameters, **options
    )


# ---- the comparison ----


def batch(
    spec: Spec, results: dict[str, torch.Tensor], rows: int, generator: torch.Generator
) -> dict[str, torch.Tensor]:
    """Targets by name for results of these shapes, as the spec's losses take them."""
    dense = "target" in spec["data"]
    targets = {}
    for kind, output, target, _ in losses(spec, "previous"):
        shape = (rows, *results[output].shape[1:])
        index = torch.randint(0, shape[-1], shape[:-1], generator=generator)
        if dense:
            targets[target] = F.one_hot(index, shape[-1]).double()
        elif kind == "cross_entropy":
            targets[target] = index
        else:
            targets[target] = torch.randn(shape, generator=generator, dtype=torch.float64)
    return targets


def inputs(spec: Spec, rows: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    model = spec["model"]
    shapes = model["inputs"] if "inputs" in model else {"input": model["input"]}
    return {
        name: torch.randn((rows, *each["shape"]), generator=generator, dtype=torch.float64)
        for name, each in shapes.items()
    }


def same(what: str, got: Any, wanted: Any) -> None:
    got, wanted = (torch.as_tensor(each, dtype=torch.float64).detach() for each in (got, wanted))
    torch.testing.assert_close(
        got, wanted, rtol=TOLERANCE, atol=TOLERANCE, check_dtype=False, msg=lambda m: f"{what}: {m}"
    )


@settings(max_examples=200)
@given(specs(), st.integers(0, 2**16))
def test_twins(spec, seed):
    """Forward, loss, every gradient and 20 steps on batches of any size."""
    note(str(spec))
    check_twins(spec, seed, "torch")


MORE = int(os.environ.get("SPECDL_TWINS", "0"))


@NEEDS_COMPILER
@settings(max_examples=MORE or 25, derandomize=not MORE)
@given(specs(), st.integers(0, 2**16))
def test_native_twins(spec, seed):
    note(str(spec))
    check_twins(spec, seed, "c")
    assert ends(spec, seed, 1) == ends(spec, seed, 2)


def ends(spec: Spec, seed: int, threads: int) -> dict[str, bytes]:
    """Every bit of the weights after a few steps on so many threads."""
    generator = torch.Generator().manual_seed(seed)
    model = specdl.compile(spec, backend="c", threads=threads)
    names = list(model.graph.outputs)
    for _ in range(3):
        x = inputs(spec, spec["data"]["batch_size"], generator)
        got = model.forward(x)
        results = {name: got[name] if len(names) > 1 else got for name in names}
        results["previous"] = results[names[-1]]
        model.train_step(x, batch(spec, results, spec["data"]["batch_size"], generator))
    return {name: value.numpy().tobytes() for name, value in model.parameters.items()}


def check_twins(spec: Spec, seed: int, backend: str) -> None:
    generator = torch.Generator().manual_seed(seed)
    model = specdl.compile(spec, backend=backend)
    assert model.executable.name == backend
    twin = Twin(spec, dict(model.parameters))
    rows = spec["data"]["batch_size"]
    x = inputs(spec, rows, generator)
    results = twin(x)
    y = batch(spec, results, rows, generator)
    check_forward(model, x, results)
    for _ in range(2):
        same("loss", model.loss(x, y), twin_loss(spec, twin(x), y))
    model.backward()
    loss = twin_loss(spec, twin(x), y)
    trained = [name for name, p in twin.weights.items() if p.requires_grad]
    if loss.requires_grad:
        loss.backward()
    assert set(model.gradients) == {name for name in trained if twin.weights[name].grad is not None}
    for name, gradient in model.gradients.items():
        same(f"gradient of {name}", gradient, twin.weights[name].grad)
    train(spec, model, twin, generator)


def check_forward(model: Any, x: dict[str, torch.Tensor], results: dict[str, torch.Tensor]) -> None:
    got = model.forward(x)
    names = list(model.graph.outputs)
    for name, value in (got if len(names) > 1 else {names[0]: got}).items():
        same(f"output {name}", value, results[name])


def train(spec: Spec, model: Any, twin: Twin, generator: torch.Generator) -> None:
    parameters = [twin.weights[name] for name in model.gradients]
    optimizer = torch_optimizer(spec, parameters) if parameters else None
    for step in range(STEPS):
        rows = spec["data"]["batch_size"] if step % 3 else 1 + step % spec["data"]["batch_size"]
        x = inputs(spec, rows, generator)
        for parameter in twin.weights.values():
            parameter.grad = None
        results = twin(x)
        y = batch(spec, results, rows, generator)
        loss = twin_loss(spec, results, y)
        if not float(loss.detach()) < EXPLODED:
            return  # two trained layers in a row may run away, and their rounding with them
        same(f"loss of step {step}", model.train_step(x, y), loss)
        if optimizer is not None:
            loss.backward()
            optimizer.step()
        if step % 7 == 3:
            check_forward(model, x, twin(x))
    for name, value in model.parameters.items():
        same(f"{name} after {STEPS} steps", value, twin.weights[name])
