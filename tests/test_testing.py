"""The harness on faults planted on purpose: a check that lets one pass is worth nothing."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import Literal

import pytest
import torch
import torch.nn.functional as F

import specdl.program.calls
from specdl.backends.c import expressions, functions, numbers
from specdl.core.errors import CompilerFault
from specdl.core.formula import batch_sum, maximum, row_mean, row_sum, rsqrt, tanh, total
from specdl.core.types import TensorType
from specdl.ops.activations.tanh import Tanh
from specdl.ops.base import Formula, Kernel, Optimizer, Param, Signature
from specdl.ops.layers.linear import Linear
from specdl.ops.losses.mse import MSE
from specdl.ops.optimizers.adam import Adam
from specdl.program.calls import CallList, Renderer
from specdl.program.formulas import trace_op
from specdl.program.instructions import rendered
from specdl.testing import OpFault, allocations, check_op
from tests.backends.c.compilers import NEEDS_COMPILER

SHAPES = [(4, 7), (2, 3, 5), (3, 1)]


class LayerNorm(Formula):
    type: Literal["layer_norm"] = "layer_norm"
    eps: float = 1e-5

    def signature(self, x: TensorType) -> Signature:
        row, stat = x.shape[-1:], x.with_shape(*x.shape[:-1], 1)
        return Signature(
            out={"y": x},
            params={"weight": Param(row, 1, 1, init="ones"), "bias": Param(row, 1, 1, init="zeros")},
            saved={"mean": stat, "rstd": stat},
        )

    def forward(self, x, weight, bias, *, y, mean, rstd):
        m = row_mean(x)
        d = x - m
        r = rsqrt(row_mean(d * d) + self.eps)
        mean[:], rstd[:], y[:] = m, r, d * r * weight + bias

    def backward(self, dy, x, weight, mean, rstd, *, dx, dweight, dbias):
        xhat = (x - mean) * rstd
        g = dy * weight
        dx[:] = rstd * (g - row_mean(g) - xhat * row_mean(g * xhat))
        dweight[:] = batch_sum(dy * xhat)
        dbias[:] = batch_sum(dy)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_formula_passes(shape):
    env = check_op(LayerNorm(eps=0.1), TensorType(shape))
    wanted = F.layer_norm(env["x"], shape[-1:], env["weight"], env["bias"], 0.1)
    torch.testing.assert_close(env["y"], wanted, rtol=1e-12, atol=1e-12)
    assert set(env) == {"x", "weight", "bias", "y", "mean", "rstd", "dy", "dx", "dweight", "dbias"}


class ShiftedBias(LayerNorm):
    def backward(self, dy, x, weight, mean, rstd, *, dx, dweight, dbias):
        LayerNorm.backward(self, dy, x, weight, mean, rstd, dx=dx, dweight=dweight, dbias=Drop())
        dbias[:] = batch_sum(dy) + 0.001


class Drop:
    def __setitem__(self, where, value):
        pass


class NoMeans(LayerNorm):
    def backward(self, dy, x, weight, mean, rstd, *, dx, dweight, dbias):
        xhat = (x - mean) * rstd
        dx[:] = rstd * (dy * weight)
        dweight[:], dbias[:] = batch_sum(dy * xhat), batch_sum(dy)


class WrongTensor(LayerNorm):
    def backward(self, dy, x, y, weight, mean, rstd, *, dx, dweight, dbias):
        LayerNorm.backward(self, dy, y, weight, mean, rstd, dx=dx, dweight=dweight, dbias=dbias)


class Unwritten(LayerNorm):
    def backward(self, dy, x, weight, mean, rstd, *, dx, dweight, dbias):
        LayerNorm.backward(self, dy, x, weight, mean, rstd, dx=dx, dweight=Drop(), dbias=dbias)


class UnwrittenResult(LayerNorm):
    def forward(self, x, weight, bias, *, y, mean, rstd):
        LayerNorm.forward(self, x, weight, bias, y=y, mean=mean, rstd=Drop())


class Broadcast(LayerNorm):
    def backward(self, dy, x, weight, mean, rstd, *, dx, dweight, dbias):
        LayerNorm.backward(self, dy, x, weight, mean, rstd, dx=Drop(), dweight=dweight, dbias=dbias)
        dx[:] = row_mean(dy)


class NotMentioned(LayerNorm):
    def backward(self, dy, x, weight, mean, rstd, *, dx, dweight):
        LayerNorm.backward(self, dy, x, weight, mean, rstd, dx=dx, dweight=dweight, dbias=Drop())


class Kinked(Formula):
    type: Literal["kinked"] = "kinked"

    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": x})

    def forward(self, x, *, y):
        y[:] = maximum(x, 0.0)

    def backward(self, dy, *, dx):
        dx[:] = dy


class WrongDeclaration(Kinked):
    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": x.with_shape(*reversed(x.shape))})

    def backward(self, dy, *, dx):
        dx[:] = dy.T


FORMULAS = [
    (ShiftedBias, r"`dbias` along a direction is .*, central differences give"),
    (NoMeans, r"`dx` along a direction is .*, central differences give"),
    (WrongTensor, r"`d(x|weight)` along a direction is .*, central differences give"),
    (Unwritten, r"^backward: `dweight` has cells that are NaN or were never written$"),
    (UnwrittenResult, r"^forward: `rstd` has cells that are NaN or were never written$"),
    (Broadcast, r"^`dx` is \[4, 7\], but what is written is \[4, 1\]$"),
    (NotMentioned, r"^backward: `dbias` has cells that are NaN or were never written$"),
    (Kinked, r"`dx` along a direction is"),
    (WrongDeclaration, r"^`y` is \[7, 4\], but what is written is \[4, 7\]$"),
]


@pytest.mark.parametrize(("op", "message"), FORMULAS, ids=[op.__name__ for op, _ in FORMULAS])
@pytest.mark.parametrize("seed", range(5))
def test_faults_in_a_formula(op, message, seed):
    with pytest.raises(OpFault, match=message):
        check_op(op(), TensorType((4, 7)), seed=seed)


def test_a_loss_is_held_too():
    class Doubled(MSE):
        def backward(self, x, target, *, dx):
            dx[:] = 4 * (x - target)

    with pytest.raises(OpFault, match=r"`dx` along a direction is"):
        check_op(Doubled(), TensorType((4, 7)), TensorType((4, 7)))


def test_given_values_must_be_the_ops():
    with pytest.raises(
        OpFault, match=r"`given` has `X` of shape \[4, 7\]; the op takes x \[4, 7\], weight \[7\], bias \[7\]"
    ):
        check_op(LayerNorm(), TensorType((4, 7)), given={"X": torch.zeros(4, 7)})
    with pytest.raises(OpFault, match=r"`given` has `x` of shape \[7\]"):
        check_op(LayerNorm(), TensorType((4, 7)), given={"x": torch.zeros(7)})
    assert check_op(LayerNorm(), TensorType((4, 7)), given={"bias": torch.ones(7)})["bias"].sum() == 7


# ---- kernels ----


class Centre(Kernel):
    """Each row less its sum, times a number per feature: torch code on given buffers."""

    type: Literal["centre"] = "centre"

    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": x}, params={"weight": Param((*x.shape[-1:],), 1, 1)})

    def scratch(self, phase, types):
        x = types["x"]
        row = {"rows": x.with_shape(*x.shape[:-1], 1)}
        return row if phase == "forward" else row | {"full": x}

    def forward(self, x, weight, *, y, rows):
        torch.sum(x, dim=(-1,), keepdim=True, out=rows)
        torch.sub(x, rows, out=y)
        torch.mul(y, weight, out=y)

    def backward(self, dy, x, weight, *, dx, dweight, rows, full):
        if dweight is not None:
            torch.sum(x, dim=(-1,), keepdim=True, out=rows)
            torch.sub(x, rows, out=full)
            torch.mul(full, dy, out=full)
            torch.sum(full, dim=tuple(range(dy.dim() - 1)), out=dweight)
        if dx is not None:
            torch.mul(dy, weight, out=full)
            torch.sum(full, dim=(-1,), keepdim=True, out=rows)
            torch.sub(full, rows, out=dx)

    def reference_forward(self, x, weight):
        return {"y": (x - x.sum(-1, keepdim=True)) * weight}

    def reference_backward(self, dy, x, weight):
        g = dy * weight
        centred = x - x.sum(-1, keepdim=True)
        return {
            "dx": g - g.sum(-1, keepdim=True),
            "dweight": (dy * centred).reshape(-1, x.shape[-1]).sum(0),
        }


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_kernel_passes(shape):
    env = check_op(Centre(), TensorType(shape))
    torch.testing.assert_close(env["y"], (env["x"] - env["x"].sum(-1, keepdim=True)) * env["weight"])


class Adds(Centre):
    def backward(self, dy, x, weight, *, dx, dweight, rows, full):
        Centre.backward(self, dy, x, weight, dx=None, dweight=dweight, rows=rows, full=full)
        if dx is not None:
            torch.mul(dy, weight, out=full)
            torch.sum(full, dim=(-1,), keepdim=True, out=rows)
            dx += full
            dx -= rows


class SkipsARow(Centre):
    def forward(self, x, weight, *, y, rows):
        Centre.forward(self, x[1:], weight, y=y[1:], rows=rows[1:])


class Temporary(Centre):
    def forward(self, x, weight, *, y, rows):
        torch.sum(x, dim=(-1,), keepdim=True, out=rows)
        torch.mul(x - rows, weight, out=y)


class TemporaryForSome(Centre):
    def backward(self, dy, x, weight, *, dx, dweight, rows, full):
        if dx is None:
            torch.mul(dy, weight.clone(), out=full)
        Centre.backward(self, dy, x, weight, dx=dx, dweight=dweight, rows=rows, full=full)


class LastTimes(Centre):
    """Reads its scratch before it writes it: right from the second call on."""

    def forward(self, x, weight, *, y, rows):
        torch.sub(x, rows, out=y)
        torch.mul(y, weight, out=y)
        torch.sum(x, dim=(-1,), keepdim=True, out=rows)


class Meddles(Centre):
    def forward(self, x, weight, *, y, rows):
        Centre.forward(self, x, weight, y=y, rows=rows)
        x.neg_()


class NeedsBoth(Centre):
    def backward(self, dy, x, weight, *, dx, dweight, rows, full):
        if dx is not None and dweight is not None:
            Centre.backward(self, dy, x, weight, dx=dx, dweight=dweight, rows=rows, full=full)


class Differs(Centre):
    def forward(self, x, weight, *, y, rows):
        Centre.forward(self, x, weight, y=y, rows=rows)
        y.sigmoid_()


class WrongReference(Centre):
    def reference_backward(self, dy, x, weight):
        return Centre.reference_backward(self, dy, x, weight) | {"dx": dy * weight}


KERNELS = [
    (Adds, r"^backward: `dx` \(float64, wanted dx, dweight\) differs from the formula by nan"),
    (SkipsARow, r"^forward: `y` \(float64, wanted y\) differs from the formula by nan"),
    (Temporary, r"^centre.forward allocates \d+ bytes"),
    (TemporaryForSome, r"^centre.backward allocates \d+ bytes \(wanted: dweight\)"),
    (LastTimes, r"^forward: `y` .* differs from the formula by nan"),
    (Meddles, r"^centre.forward changes `x`, which it reads"),
    (NeedsBoth, r"^backward: `dx` \(float64, wanted dx\) differs from the formula by nan"),
    (Differs, r"^forward: `y` .* differs from the formula by .*, more than 1e-12"),
    (WrongReference, r"`dx` along a direction is"),
]


@pytest.mark.parametrize(("op", "message"), KERNELS, ids=[op.__name__ for op, _ in KERNELS])
def test_faults_in_a_kernel(op, message):
    with pytest.raises(OpFault, match=message):
        check_op(op(), TensorType((4, 7)))


class Spread(Kernel):
    """Two inputs added, and their gradients by a tuple: any of them may be unwanted."""

    type: Literal["spread"] = "spread"

    def signature(self, *x: TensorType) -> Signature:
        return Signature(out={"y": x[0]})

    def forward(self, *x, y):
        torch.add(x[0], x[1], out=y)

    def backward(self, dy, *, dx):
        for each in dx:
            if each is not None:
                each.copy_(dy)

    def reference_forward(self, *x):
        return {"y": x[0] + x[1]}

    def reference_backward(self, dy):
        return {"dx0": dy, "dx1": dy}


def test_a_kernel_of_any_number_of_inputs():
    check_op(Spread(), TensorType((4, 7)), TensorType((4, 7)))


# ---- the renderer ----


@pytest.fixture
def fresh():
    """Nothing that was traced or rendered before, nor after."""
    trace_op.cache_clear(), rendered.cache_clear()
    yield
    trace_op.cache_clear(), rendered.cache_clear()


def test_a_scratch_buffer_reused_too_early(monkeypatch, fresh):
    last = Renderer.last_uses

    def early(self):
        return {e: max(step - 2, 0) for e, step in last(self).items()}

    monkeypatch.setattr(Renderer, "last_uses", early)
    with pytest.raises(
        OpFault, match=r"differs from the formula by|layer_norm.\w+ computes what nobody reads"
    ):
        check_op(LayerNorm(), TensorType((4, 7)))


def swapped(calls: CallList, function: str) -> CallList:
    """Calls with the first two operands of a function changed over."""
    return replace(
        calls,
        calls=tuple(
            replace(call, args=(call.args[1], call.args[0], *call.args[2:]))
            if call.function == function
            else call
            for call in calls.calls
        ),
    )


def test_a_swapped_operand(monkeypatch, fresh):
    run = Renderer.run
    monkeypatch.setattr(Renderer, "run", lambda self: swapped(run(self), "sub"))
    with pytest.raises(OpFault, match=r"^forward: `y` \(float64, .*\) differs from the formula by"):
        check_op(LayerNorm(), TensorType((4, 7)))


def test_an_unwanted_write_carried_out(monkeypatch, fresh):
    render = specdl.program.calls.render

    def everything(formulas, inplace=None):
        calls = render(formulas, inplace)
        if "dx" not in formulas or "dbias" in formulas:
            return calls
        first = calls.calls[0]
        return replace(calls, calls=(*calls.calls, replace(first, out=replace(first.out, name="dbias"))))

    monkeypatch.setattr("specdl.program.instructions.render", everything)
    with pytest.raises(OpFault, match=r"^layer_norm.backward writes `dbias`, which nobody wants$"):
        check_op(LayerNorm(), TensorType((4, 7)), seed=1)


def test_work_for_nobody(monkeypatch, fresh):
    run = Renderer.run

    def more(self):
        calls = run(self)
        out = replace(calls.calls[0].out, name="s99")
        scratch = {**calls.scratch, "s99": TensorType((4, 7), "float64")}
        return CallList((*calls.calls, replace(calls.calls[0], out=out)), scratch)

    monkeypatch.setattr(Renderer, "run", more)
    with pytest.raises(OpFault, match=r"^layer_norm.forward computes what nobody reads: s99 = "):
        check_op(LayerNorm(), TensorType((4, 7)))


def test_a_call_that_takes_memory(monkeypatch, fresh):
    from specdl.backends.torch import functions

    def hidden(args, out, options):
        return [lambda: out.copy_(args[0] - args[1])]

    monkeypatch.setitem(functions.SPECIAL, "sub", hidden)
    with pytest.raises(OpFault, match=r"^layer_norm.forward allocates \d+ bytes"):
        check_op(LayerNorm(), TensorType((4, 7)))


# ---- native code ----


@NEEDS_COMPILER
def test_a_wrong_line_of_c(monkeypatch):
    monkeypatch.setitem(expressions.OPERATORS, "sub", "+")
    with pytest.raises(OpFault, match=r"^forward: wanted y, mean, rstd: `y` \(native float64\) differs"):
        check_op(LayerNorm(), TensorType((4, 7)))
    check_op(LayerNorm(), TensorType((4, 7)), natively=False)


@NEEDS_COMPILER
def test_c_that_writes_too_little(monkeypatch):
    made = functions.emit_rows

    def lazy(*args):
        body = made(*args)
        return replace(body, units=replace(body.units, fixed=-1))

    monkeypatch.setattr(functions, "emit_rows", lazy)
    with pytest.raises(OpFault, match=r"^forward: wanted y: `y` \(native float64\) differs .* by nan"):
        check_op(Tanh(), TensorType((4, 7)))


@NEEDS_COMPILER
def test_c_that_writes_what_it_reads(monkeypatch):
    made = functions.emit_rows

    def meddling(nest, layout, target, names, batch):
        body = made(nest, layout, target, names, batch)
        name = names.param(nest.reads[0], written=True)
        return replace(body, lines=(*body.lines, f"{name}[0] = 0;"))

    monkeypatch.setattr(functions, "emit_rows", meddling)
    with pytest.raises(OpFault, match=r"^forward: wanted y \(native\) changes what is only read$"):
        check_op(Tanh(), TensorType((4, 7)))


@NEEDS_COMPILER
def test_a_wrong_update_in_c(monkeypatch):
    monkeypatch.setitem(numbers.TEXT, "pow", "pow({0}, {1} + 1)")
    with pytest.raises(OpFault, match=r"^update: wanted new_p, .*, t=1: `new_p` \(native float64\) differs"):
        check_op(Adam(), TensorType((4, 7)))


def test_without_a_compiler_there_is_no_native_code(monkeypatch):
    monkeypatch.setattr("specdl.testing.native.find", lambda: None)
    monkeypatch.setattr(
        "specdl.testing.native.libraries", lambda *args: pytest.fail("there is nothing to compile with")
    )
    check_op(LayerNorm(), TensorType((4, 7)))


def test_what_only_torch_runs_has_no_native_code(monkeypatch):
    monkeypatch.setattr(
        "specdl.testing.native.libraries", lambda *args: pytest.fail("there is nothing to compile")
    )
    check_op(Centre(), TensorType((4, 7)))
    check_op(Linear(out_features=3), TensorType((4, 7)), natively=False)


# ---- optimisers ----


class Momentum(Optimizer):
    type: Literal["heavy_ball"] = "heavy_ball"
    lr: float = 0.1

    def state(self):
        return ("m",)

    def update(self, p, g, m, lr, t, *, new_p, new_m):
        new_m[:] = 0.5 * m + g
        new_p[:] = p - lr * (0.5 * m + g)


def test_a_right_optimiser_passes():
    env = check_op(Momentum(), TensorType((4, 7)))
    torch.testing.assert_close(env["new_m"], 0.5 * env["m"] + env["g"])


class Normalised(Momentum):
    def update(self, p, g, m, lr, t, *, new_p, new_m):
        new_m[:] = m
        new_p[:] = p - lr * g * rsqrt(total(g * g))


class Forgets(Momentum):
    def update(self, p, g, m, lr, t, *, new_p):
        new_p[:] = p - lr * g


class ByRow(Momentum):
    def update(self, p, g, m, lr, t, *, new_p, new_m):
        new_m[:] = m
        new_p[:] = p - lr * tanh(row_sum(g))


UPDATES = [
    (Normalised, "`new_p` depends on elements beside its own"),
    (Forgets, "`new_m` has cells that are NaN or were never written"),
    (ByRow, "`new_p` (is|depends on)"),
]


@pytest.mark.parametrize(("op", "message"), UPDATES, ids=[op.__name__ for op, _ in UPDATES])
def test_faults_in_an_optimiser(op, message):
    with pytest.raises(OpFault, match=message):
        check_op(op(), TensorType((4, 7)))


def test_faults_of_what_is_traced_are_loud():
    class Branches(Kinked):
        def forward(self, x, *, y):
            y[:] = x if isinstance(x, torch.Tensor) else maximum(x, "zero")

    with pytest.raises((CompilerFault, ValueError, TypeError, OpFault)):
        check_op(Branches(), TensorType((4, 7)))


def test_memory_is_seen():
    x = torch.zeros(1000)
    assert allocations(x.clone) >= 4000
    assert allocations(x.neg_) == 0


def test_looking_at_memory_prints_nothing():
    code = "import torch; from specdl.testing import allocations; allocations(lambda: torch.zeros(3))"
    environment = {name: value for name, value in os.environ.items() if name != "KINETO_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
