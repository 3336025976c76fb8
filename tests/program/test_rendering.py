"""Random formulas, rendered and run, against their meaning: the property that every op rests on."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from specdl.backends.torch.bind import DTYPES, Binding
from specdl.core import formula as f
from specdl.core.errors import CompilerFault
from specdl.core.expr import Expr, is_number, load, scalar
from specdl.core.types import BATCH, Dim, TensorType, bind
from specdl.program.calls import CallList, render
from specdl.program.numbers import compiled

ROWS, LR, T = 4, 0.3, 3
TYPES: dict[str, tuple[Dim, ...]] = {
    "x": (BATCH, 3),
    "y": (BATCH, 3),
    "v": (3,),
    "w": (3, 5),
    "q": (3, 3),
    "c": (BATCH, 2, 3),
    "d": (BATCH, 3, 2),
    "k": (BATCH, 1),
    "s": (),
    "o": (1, 3),
}
Pair = tuple[Any, Any]
"""A value twice: traced, and as a plain tensor."""


def given_values() -> dict[str, Pair]:
    generator = torch.Generator().manual_seed(5)
    pairs: dict[str, Pair] = {}
    for name, shape in TYPES.items():
        size = [bind(dim, ROWS) for dim in shape]
        value = torch.rand(size, generator=generator, dtype=torch.float64) * 3 - 1.5
        pairs[name] = (load(name, TensorType(shape, "float64")), value)
    for name, number in (("lr", LR), ("t", T)):
        pairs[name] = (scalar(name), torch.tensor(float(number), dtype=torch.float64))
    return pairs


def positive(a: Any) -> Any:
    return a * a + 0.5


UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": lambda a: f.exp(f.tanh(a)),
    "tanh": f.tanh,
    "sigmoid": f.sigmoid,
    "softplus": f.softplus,
    "erf": f.erf,
    "abs": f.absolute,
    "neg": lambda a: -a,
    "log": lambda a: f.log(positive(a)),
    "log1p": lambda a: f.log1p(a * a),
    "sqrt": lambda a: f.sqrt(positive(a)),
    "rsqrt": lambda a: f.rsqrt(positive(a)),
    "square": lambda a: a**2,
    "cube": lambda a: a**3,
    "half": lambda a: 0.5 * a,
    "double": lambda a: a * 2 * -1.0,
    "one": lambda a: 1 * a / 1.0,
    "from_one": lambda a: 1 - a,
    "inverse": lambda a: 2 / positive(a),
    "power": lambda a: 0.9**a,
    "plus": lambda a: a + 0.25,
    "row_sum": f.row_sum,
    "row_max": f.row_max,
    "row_mean": f.row_mean,
    "batch_sum": f.batch_sum,
    "total": f.total,
    "mean": f.mean,
    "mean_square": lambda a: f.mean(a * a),
    "over_size": lambda a: a * (2 / f.size(a)),
    "over_rows": lambda a: a / f.row_count(a),
    "transpose": lambda a: a.T,
    "rows": f.rows,
    "first": lambda a: f.slice_axis(a, len(a.shape) - 1, 0, 1),
    "last": lambda a: f.slice_axis(a, 1, 1, 2),
    "relu": lambda a: f.maximum(a, 0.0),
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / positive(b),
    "maximum": f.maximum,
    "minimum": f.minimum,
    "matmul": lambda a, b: a @ b,
    "product": lambda a, b: a @ b.T,
    "outer": lambda a, b: f.rows(a).T @ f.rows(b),
    "affine": lambda a, b: a @ b + 0.5,
    "scaled": lambda a, b: a + 0.1 * b,
    "less": lambda a, b: a - 0.3 * b,
    "dot": lambda a, b: f.total(a * b),
    "concat": lambda a, b: f.concat((a, b), len(a.shape) - 1),
    "like": f.reshape_like,
    "where": lambda a, b: f.where(a > 0.25, a, b),
    "at_least": lambda a, b: f.where(b <= 0.25, b, 0.0),
}
TERNARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "addmm": lambda a, b, c: a @ b + c,
    "addcmul": lambda a, b, c: a + b * c,
    "subcmul": lambda a, b, c: a - 0.5 * (b * c),
    "step": lambda a, b, c: a - 0.1 * b * (1 / positive(c)),
}
STEPS: dict[str, Callable[..., Any]] = {**UNARY, **BINARY, **TERNARY}
Steps = list[tuple[str, int, int, int]]


def run(steps: Steps) -> tuple[list[Pair], float]:
    """Every value that the steps make, traced and plain, and the largest number met on the way."""
    pool = list(given_values().values())
    largest = 1.0
    for name, *places in steps:
        operands = [pool[-1 - place % len(pool)] for place in places]
        operands = operands[: 1 if name in UNARY else 2 if name in BINARY else 3]
        try:
            traced = STEPS[name](*(operand[0] for operand in operands))
        except (CompilerFault, IndexError, AttributeError):
            continue  # what the language refuses: a transpose of a vector, a product that does not fit
        if isinstance(traced, Expr) and traced.type.numel(ROWS) <= 200:
            plain = STEPS[name](*(operand[1] for operand in operands))
            pool.append((traced, plain))
            largest = max(largest, float(plain.abs().max()))
    return pool, largest


def execute(
    calls: CallList, results: dict[str, Expr], inplace: dict[str, str], dtype: str = "float64"
) -> dict[str, torch.Tensor]:
    """Results by name, from buffers that begin as NaN; what is replaced lies where it replaces."""
    buffers = {
        name: pair[1].to(DTYPES[dtype]).clone() for name, pair in given_values().items() if name in TYPES
    }
    given = {name: value.clone() for name, value in buffers.items()}

    def fresh(type: TensorType) -> torch.Tensor:
        return torch.full([bind(d, ROWS) for d in type.shape], torch.nan).to(
            DTYPES[dtype if type.is_float else type.dtype]
        )

    for name, formula in results.items():
        buffers[name] = buffers[inplace[name]] if name in inplace else fresh(formula.type)
    for name, type in calls.scratch.items():
        assert name not in buffers
        buffers[name] = fresh(type)
    binding: Any = Binding.__new__(Binding)
    numbers = {arg for call in calls.calls for arg in call.args if isinstance(arg, Expr)}
    binding.rows, binding.arenas = ROWS, SimpleNamespace(ones=torch.ones(8, dtype=DTYPES[dtype]))
    binding.slots = {n: torch.tensor(compiled(n)(LR, T, ROWS), dtype=DTYPES[dtype]) for n in numbers}
    for call in calls.calls:
        for closure in binding.bind_call(call, buffers):
            closure()
    for name, value in given.items():
        if name not in inplace.values():
            assert torch.equal(buffers[name], value), f"`{name}` is read, and was changed"
    return {name: buffers[name] for name in results}


def check(steps: Steps, wanted: list[int], replaced: list[int]) -> None:
    pool, largest = run(steps)
    assume(largest < 1e8)
    results: dict[str, Expr] = {}
    meant: dict[str, torch.Tensor] = {}
    inplace: dict[str, str] = {}
    for number, place in enumerate(wanted):
        traced, plain = pool[-1 - place % len(pool)]
        if traced.type.dtype != "float64" or (is_number(traced) and number in replaced):
            continue
        name = f"r{number}"
        results[name], meant[name] = traced, plain
        if number in replaced:
            free = [n for n, shape in TYPES.items() if shape == traced.shape and n not in inplace.values()]
            if free:
                inplace[name] = free[place % len(free)]
    calls = render(results, inplace)
    written = {call.out.name for call in calls.calls}
    assert set(results) <= written
    assert written <= {*results, *calls.scratch}
    got = execute(calls, results, inplace)
    for name, value in got.items():
        error = float((value - meant[name]).abs().max())
        assert error <= 1e-12 * largest, f"{name} = {results[name]} is off by {error}\n{calls}\n{inplace}"


places = st.integers(0, 40)
steps = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), places, places, places), min_size=1, max_size=14)


@settings(max_examples=1500)
@given(steps, st.lists(st.integers(0, 24), min_size=1, max_size=5), st.lists(st.integers(0, 4), max_size=4))
def test_rendered_is_meant(steps, wanted, replaced):
    check(steps, wanted, replaced)


VIEWS: dict[str, Callable[[Any], Any]] = {
    "transpose": lambda a: a.T,
    "rows": f.rows,
    "turned_rows": lambda a: f.rows(a).T,
    "columns": lambda a: f.slice_axis(a, -1, 0, 2),
    "middle": lambda a: f.slice_axis(a, 1, 1, 2),
    "turned_columns": lambda a: f.slice_axis(a, -1, 0, 2).T,
}


@pytest.mark.parametrize("view", ["transpose", "rows", "turned_rows", "columns", "middle", "turned_columns"])
@pytest.mark.parametrize("stored", [True, False])
def test_every_function_reads_through_views(view, stored):
    """A view of what is stored, or of what is computed, given to everything and combined with everything."""
    seen = 0
    values = given_values()
    for traced, plain in values.values():
        base = (traced, plain) if stored else (f.tanh(traced), f.tanh(plain))
        try:
            seen_through = VIEWS[view](base[0]), VIEWS[view](base[1])
        except (CompilerFault, IndexError):
            continue
        others = [seen_through, base, *(values[n] for n in "xvwqcs")]
        for name, function in STEPS.items():
            count = 1 if name in UNARY else 2 if name in BINARY else 3
            for other in others[: 1 if count == 1 else None]:
                for operands in ((seen_through, other, other), (other, seen_through, other)):
                    seen += case(function, operands[:count])
    assert seen > 200


def case(function: Callable[..., Any], operands: tuple[Pair, ...]) -> int:
    """1 if the language takes these operands and the calls compute what is meant, 0 if it refuses."""
    try:
        traced = function(*(operand[0] for operand in operands))
    except (CompilerFault, IndexError):
        return 0
    calls = render({"r": traced, "again": traced})
    plain = function(*(operand[1] for operand in operands))
    for value in execute(calls, {"r": traced, "again": traced}, {}).values():
        torch.testing.assert_close(value, plain.expand_as(value), rtol=1e-12, atol=1e-12)
    return 1


REPLACING: tuple[Callable[[Any, Any, Any], Any], ...] = (
    lambda x, y, lr: x,
    lambda x, y, lr: y,
    lambda x, y, lr: f.tanh(x),
    lambda x, y, lr: x + y,
    lambda x, y, lr: y - lr * x,
    lambda x, y, lr: f.exp(f.tanh(x + y)) * (x + y),
    lambda x, y, lr: x * f.row_sum(y),
    lambda x, y, lr: f.row_max(x) + f.tanh(y) * f.tanh(x),
    lambda x, y, lr: 1 - f.tanh(f.tanh(x) * lr) * y,
    lambda x, y, lr: f.maximum(x, y) / (1 + f.maximum(x, y) * f.maximum(x, y)),
)


@pytest.mark.parametrize("third", [None, *range(0, len(REPLACING), 3)])
def test_results_may_replace_what_is_read(third):
    """Every pair of formulas of `x` and `y` written to where they lie, either way round, beside a third."""
    values = given_values()
    for first in REPLACING:
        for second in REPLACING:
            for places_ in (("x", "y"), ("y", "x")):
                functions = {"new_a": first, "new_b": second} | (
                    {} if third is None else {"also": REPLACING[third]}
                )
                results = {n: g(*(values[v][0] for v in ("x", "y", "lr"))) for n, g in functions.items()}
                calls = render(results, inplace := dict(zip(("new_a", "new_b"), places_, strict=True)))
                for n, value in execute(calls, results, inplace).items():
                    meant = functions[n](*(values[v][1] for v in ("x", "y", "lr")))
                    torch.testing.assert_close(
                        value, meant, rtol=1e-12, atol=1e-12, msg=f"{calls}\n{inplace}"
                    )


def test_transposed_in_place():
    q, meant = given_values()["q"]
    for formula, wanted in ((q.T, meant.T), (q.T + q, meant.T + meant), (f.tanh(q).T, f.tanh(meant).T)):
        got = execute(render({"n": formula}, {"n": "q"}), {"n": formula}, {"n": "q"})["n"]
        torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-12)


def test_three_change_places():
    values = given_values()
    a, b, c = (load(n, TensorType((BATCH, 3), "float64")) for n in ("x", "y", "z"))
    calls = render({"p": a, "q": b, "r": c}, {"p": "y", "q": "z", "r": "x"})
    buffers = {"x": values["x"][1].clone(), "y": values["y"][1].clone(), "z": values["x"][1] * 7}
    before = {n: v.clone() for n, v in buffers.items()}
    buffers |= {"p": buffers["y"], "q": buffers["z"], "r": buffers["x"]}
    buffers |= {n: torch.zeros(ROWS, 3, dtype=torch.float64) for n in calls.scratch}
    for call in calls.calls:
        assert call.function == "copy"
        buffers[call.out.name].copy_(buffers[call.args[0].name])  # type: ignore[union-attr]
    for n, source in (("p", "x"), ("q", "y"), ("r", "z")):
        assert torch.equal(buffers[n], before[source])


def test_temporaries_avoid_the_names_of_arguments():
    s0, s1 = (load(n, TensorType((BATCH, 3), "float64")) for n in ("s0", "s1"))
    calls = render({"y": f.row_sum(f.tanh(s0) * s1) * f.row_max(s0)})
    assert {"s0", "s1"}.isdisjoint(calls.scratch)
    assert {call.out.name for call in calls.calls}.isdisjoint({"s0", "s1"})


@pytest.mark.parametrize(
    ("choose", "wanted"),
    [
        (lambda x, t: f.where(t > 1, x, -x), 1.0),
        (lambda x, t: f.where(t > 5, x, -x), -1.0),
        (lambda x, t: f.where(t > 5, 0.0, x), 1.0),
        (lambda x, t: f.where(t > 1, 0.0, x), 0.0),
        (lambda x, t: f.where(t > 1, 2.0, 0.5) * x, 2.0),
    ],
)
def test_a_number_chooses_between_values(choose, wanted):
    formula = choose(load("x", TensorType((BATCH, 3), "float64")), scalar("t"))
    got = execute(render({"r": formula}), {"r": formula}, {})["r"]
    assert torch.equal(got, wanted * given_values()["x"][1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_numbers_chosen_by_a_value_are_of_its_type(dtype):
    x = load("x", TensorType((BATCH, 3), dtype))
    formula = f.where(x > 0.0, 1.0, 0.25) * x
    assert formula.type == x.type
    got = execute(render({"r": formula}), {"r": formula}, {}, dtype)["r"]
    plain = given_values()["x"][1].to(DTYPES[dtype])
    assert torch.equal(got, torch.where(plain > 0, plain, 0.25 * plain))
