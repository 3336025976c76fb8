"""Which statements share a nest: the disc net's in full, and what must never happen."""

import inspect
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from specdl.analysis import analyse
from specdl.backends.c.assemble import Assembler
from specdl.backends.c.functions import Goal
from specdl.backends.c.target import Target
from specdl.core.errors import CompilerFault
from specdl.loops.fuse import STATEMENTS, fuse
from specdl.loops.nests import Nest
from specdl.loops.statements import Product
from specdl.ops.activations.tanh import Tanh
from specdl.ops.base import Optimizer
from specdl.ops.optimizers.adam import Adam
from specdl.ops.optimizers.sgd import SGD
from specdl.plan.nest_schedule import schedule
from specdl.plan.plan import fixed_places
from specdl.program.lower import lower
from specdl.program.passes import optimize
from tests.program.graphs import Drawn, two_layers
from tests.test_testing import Centre

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "disc_nests.txt"
SGDM = SGD(lr=0.1, momentum=0.5)


def training(graph, optimizer=SGDM):
    return optimize(lower(graph, optimizer, "train"))


def tower(layers, width=8):
    drawn = Drawn(width)
    last = "x"
    for n in range(layers):
        last = drawn.add(f"tanh{n}", Tanh(), drawn.linear(f"fc{n}", last, width))
    drawn.loss(last)
    return drawn.graph(out=last)


def told():
    """The nests of the disc net's programs, as `tests/golden/disc_nests.txt` has them."""
    compilation, _ = analyse(ROOT / "models" / "disc.json")
    assert compilation is not None
    parts = []
    for name, whole in (("infer", True), ("evaluate", True), ("train", True), ("train", False)):
        nests = fuse(compilation.plan.schedules[name].program, whole=whole)
        parts.append(f"{name}, {'as a whole' if whole else 'one by one'}:\n\n{nests}\n")
    return "\n".join(parts)


def test_the_nests_of_the_disc_net():
    assert told() == GOLDEN.read_text(encoding="utf-8")


def nest_that_makes(nests, value) -> Nest:
    return next(nest for nest in nests.nests if any(s.target == value for s in nest.statements))


def test_a_step_has_no_more_nests_than_products_and_sums():
    nests = fuse(training(tower(5)), whole=True)
    products = sum(isinstance(s, Product) for nest in nests.nests for s in nest.statements)
    kinds = [nest.kind for nest in nests.nests]
    assert kinds.count("product") == products == 5 + 5 + 4
    # the sums of biases by four; the loss by parts, and its total
    assert (kinds.count("columns"), kinds.count("rows")) == (2, 2)


def test_updates_are_taken_where_gradients_are_made():
    nests = fuse(training(two_layers(), Adam()), whole=True)
    made = {s.target for s in nest_that_makes(nests, "dfc1.weight").statements}
    assert made >= {"fc1.weight'", "fc1.weight.m'", "fc1.weight.v'"}
    assert not any(f"d{name}" in nest.stored for nest in nests.nests for name in ("fc1.weight", "fc2.bias"))


def test_what_commits_comes_last():
    nests = fuse(training(two_layers()), whole=True)
    commits = [nest.commits for nest in nests.nests]
    assert commits == sorted(commits)
    assert True in commits
    assert False in commits
    for nest in nests.nests:
        assert nest.commits or not any(s.target in nests.program.carries for s in nest.statements)


def test_one_by_one_all_is_stored_and_no_nest_is_shared():
    program = training(two_layers(), Adam())
    nests = fuse(program, whole=False)
    assert all(len(nest.instrs) == 1 for nest in nests.nests)
    stored = {value for nest in nests.nests for value in nests.made(nest)}
    assert {value for instr in program.instrs for value in instr.wanted.values()} <= stored


def test_a_library_is_asked_about_every_product():
    asked = []

    def large(product, update):
        asked.append((product.target, update))
        return product.target == "dfc1.weight"

    nests = fuse(training(two_layers()), whole=True, large=large)
    assert dict(asked)["dfc1.weight"]
    assert [nest.product.target for nest in nests.nests if nest.blas] == ["dfc1.weight"]


def test_what_only_torch_can_run_is_a_nest_of_its_own():
    drawn = Drawn(3)
    drawn.loss(drawn.linear("fc", drawn.add("k", Centre(), "x"), 2))
    program = training(drawn.graph(fc="fc.y"))
    for whole in (True, False):
        nests = fuse(program, whole=whole)
        left = [nest for nest in nests.nests if nest.kind == "torch"]
        assert {program.instrs[nest.instrs[0]].kernel for nest in left} == {
            "centre.forward",
            "centre.backward",
        }
        assert all(nest.statements == () for nest in left)
        # what torch reads is stored without gaps
        assert all(
            value in nests.dense for nest in left for value in (*nests.outside(nest), *nests.made(nest))
        )


# ---- what is handed on ----


class Lagging(Optimizer):
    """Keeps what the parameter was, many times over: its state is made of p alone, after p is replaced."""

    type: Literal["lagging"] = "lagging"
    lr: float = 0.1

    def state(self) -> tuple[str, ...]:
        return tuple("abcdefgh")

    def update(
        self, p, g, a, b, c, d, e, f, h, lr, t, *, new_p, new_a, new_b, new_c, new_d, new_e, new_f, new_h
    ):
        new_p[:] = p - lr * (g + a)
        new_a[:], new_b[:], new_c[:] = 0.5 * a + p, 0.5 * b + p, 0.5 * c + p
        new_d[:], new_e[:], new_f[:], new_h[:] = 0.5 * d + p, 0.5 * e + p, 0.5 * f + p, 0.5 * h + p


class Kept(Lagging):
    def state(self):
        return tuple("abcdefh")


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_replaced_is_read_in_the_same_nest(whole):
    nests = fuse(training(tower(6), Kept()), whole=whole)
    for name in nests.program.gradients:
        first = nest_that_makes(nests, f"{name}'")
        assert {f"{name}.{state}'" for state in Kept().state()} <= {s.target for s in first.statements}
    if whole:
        assert max(len(nest.statements) for nest in nests.nests) > STATEMENTS


def broken(nests, change):
    return replace(nests, nests=tuple(change(list(nests.nests))))


def test_a_read_of_what_was_replaced_is_found():
    nests = fuse(training(two_layers()), whole=True)
    update = nest_that_makes(nests, "fc2.weight'")
    rest = [nest for nest in nests.nests if nest is not update]
    # before the gradient of the layer below reads the weight
    below = next(n for n, nest in enumerate(rest) if any(s.target == "dtanh1.y" for s in nest.statements))
    with pytest.raises(CompilerFault, match=r"`fc2.weight` is read after its place was taken"):
        broken(nests, lambda _: [*rest[:below], update, *rest[below:]]).verify()


def test_a_read_too_early_is_found():
    nests = fuse(training(two_layers()), whole=True)
    with pytest.raises(CompilerFault, match=r"`fc1.activation.y|tanh1.y` is read before it is stored"):
        broken(nests, lambda nests: [nests[1], nests[0], *nests[2:]]).verify()


def test_a_value_stored_twice_or_never_is_found():
    nests = fuse(training(two_layers()), whole=True)
    with pytest.raises(CompilerFault, match=r"is stored twice"):
        broken(nests, lambda nests: [nests[0], *nests]).verify()
    with pytest.raises(CompilerFault, match=r"never stored: \["):
        broken(nests, lambda nests: nests[:-1]).verify()


# ---- depth ----


def functions(graph, whole=True):
    """The distinct functions of a graph's nests, and how many nests there are."""
    program = training(graph, Adam())
    nests = fuse(program, whole=whole)
    planned, _ = schedule(nests, *fixed_places({"train": program}, 8)[:1], 8, 16)
    assembler = Assembler(Goal(Target("float32", 64), 8, 1))
    code = assembler.add(planned)
    return {call.function for call in code.calls}, len(nests.nests)


@pytest.mark.parametrize("whole", [True, False])
def test_depth_adds_nests_and_no_functions(whole):
    (few, short), (many, long) = functions(tower(20), whole), functions(tower(60), whole)
    assert (long - 60 * (long - short) / 40) == (short - 20 * (long - short) / 40)
    assert len(many) <= len(few) + 2 <= 20


def test_a_thousand_layers_without_recursion():
    graph = tower(1000)
    program = training(graph, Adam())
    depth = len(inspect.stack(0))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 60)
    try:
        nests = fuse(program, whole=True)
        planned, _ = schedule(nests, fixed_places({"train": program}, 8)[0], 8, 16)
        assembler = Assembler(Goal(Target("float32", 64), 8, 1))
        code = assembler.add(planned)
    finally:
        sys.setrecursionlimit(limit)
    assert len({call.function for call in code.calls}) <= 20
    assert len(nests.nests) <= 4000
