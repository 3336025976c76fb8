"""A workload as a JAX user writes it with optax: one step compiled, or the whole epoch as a scan.

JAX comes with the extra `bench`, so it is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.timing import GENTLE, Work
from tests.benchmarks.workloads import Workload

Step = Callable[[Any, Any, Any, Any], tuple[Any, Any]]
"""(parameters and optimiser state, x, y, rows) to the same a step later, and the loss."""


def parameters(workload: Workload, random: np.random.Generator) -> list[tuple[Any, Any]]:
    """Weights (inputs, outputs) and biases (outputs,) by layer, uniform as torch's are."""
    import jax.numpy as jnp

    made = []
    for inputs, outputs in workload.shapes:
        draw = random.uniform(-1, 1, (inputs + 1, outputs)).astype("f") / np.sqrt(inputs, dtype="f")
        made.append((jnp.asarray(draw[:-1]), jnp.asarray(draw[-1])))
    return made


def objective(workload: Workload) -> Callable[[Any, Any, Any], Any]:
    """The loss of (parameters, inputs, targets)."""
    import jax
    import jax.numpy as jnp
    import optax

    activations = {"tanh": jnp.tanh, "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, None: lambda x: x}

    def loss(params: Any, x: Any, y: Any) -> Any:
        results: list[Any] = []
        for (weight, bias), layer in zip(params, workload.layers, strict=True):
            x = activations[layer.activation](x @ weight + bias)
            results.append(x)
            if layer.skip is not None:
                x = x + results[layer.skip]
        if workload.loss == "mse":
            return jnp.square(x - y).mean()
        return optax.softmax_cross_entropy_with_integer_labels(x, y).mean()

    return loss


def optimizer_of(workload: Workload) -> Any:
    import optax

    lr = workload.lr * GENTLE
    if workload.optimizer == "adam":
        return optax.adam(lr)
    return optax.sgd(lr, momentum=workload.momentum or None)


def samples(workload: Workload, random: np.random.Generator) -> tuple[Any, Any]:
    """Random data of the workload's shapes."""
    import jax.numpy as jnp

    classes = workload.layers[-1].width
    x = random.standard_normal((workload.points, workload.inputs), dtype="f")
    y = random.integers(0, classes, workload.points)
    return jnp.asarray(x), jnp.asarray(np.eye(classes, dtype="f")[y] if workload.loss == "mse" else y)


def work(workload: Workload, scan: bool = False) -> Work:
    """Epochs of the workload. Old parameters are donated, so that new ones may take their place."""
    import jax
    import optax

    jax.clear_caches()
    random = np.random.default_rng(0)
    params, optimizer = parameters(workload, random), optimizer_of(workload)
    x, y = samples(workload, random)
    loss = objective(workload)

    def step(carry: Any, x: Any, y: Any, rows: Any) -> tuple[Any, Any]:
        params, state = carry
        value, gradients = jax.value_and_grad(loss)(params, x[rows], y[rows])
        updates, state = optimizer.update(gradients, state, params)
        return (optax.apply_updates(params, updates), state), value

    carry = (params, optimizer.init(params))
    epoch = scanned(workload, step, carry, x, y) if scan else stepped(workload, step, carry, x, y, random)
    return Work(epoch, workload.steps)


def stepped(
    workload: Workload, step: Step, carry: Any, x: Any, y: Any, random: np.random.Generator
) -> Callable[[], None]:
    """One compiled step, called for each batch."""
    import jax

    compiled = jax.jit(step, donate_argnums=0)

    def epoch() -> None:
        nonlocal carry
        order = random.permutation(workload.points)
        loss = None
        for start in range(0, workload.points, workload.batch):
            carry, loss = compiled(carry, x, y, order[start : start + workload.batch])
        jax.block_until_ready((carry, loss))

    return epoch


def scanned(workload: Workload, step: Step, carry: Any, x: Any, y: Any) -> Callable[[], None]:
    """The epoch as one compiled scan over its full batches; a short last one is a step after it."""
    import jax

    full = workload.points // workload.batch * workload.batch
    key = jax.random.key(0)

    def whole(carry: Any, x: Any, y: Any, key: Any) -> tuple[Any, Any]:
        order = jax.random.permutation(key, workload.points)
        batches = order[:full].reshape(-1, workload.batch)
        carry, losses = jax.lax.scan(lambda now, rows: step(now, x, y, rows), carry, batches)
        if full < workload.points:
            carry, _ = step(carry, x, y, order[full:])
        return carry, losses

    compiled = jax.jit(whole, donate_argnums=0)

    def epoch() -> None:
        nonlocal carry, key
        key, own = jax.random.split(key)
        carry, losses = compiled(carry, x, y, own)
        jax.block_until_ready((carry, losses))

    return epoch
