from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specdl.core.errors import CompilerFault
from specdl.core.types import aligned
from specdl.ops.activations.tanh import Tanh
from specdl.ops.layers.add import Add
from specdl.ops.layers.concat import Concat
from specdl.ops.optimizers.adam import Adam
from specdl.ops.optimizers.sgd import SGD
from specdl.plan.plan import Place, make, total_for
from specdl.program.lower import lower
from specdl.program.passes import JoinUpdates, optimize
from tests.program.graphs import Drawn, two_layers


def programs(graph, optimizer):
    train = optimize(lower(graph, optimizer, "train"))
    return {
        "infer": optimize(lower(graph, None, "infer")),
        "evaluate": optimize(lower(graph, None, "evaluate")),
        "train": train,
        "step": JoinUpdates()(train).verify(),
    }


def plan_of(graph, optimizer=None, rows=10):
    return make(programs(graph, optimizer or SGD(lr=0.1)), rows).verify()


@st.composite
def nets(draw):
    """A net of up to 40 layers with ways around and branches."""
    drawn = Drawn(draw(st.integers(1, 64)))
    seen = {"x": drawn.values["x"].shape[1]}
    last = "x"
    for n in range(draw(st.integers(1, 40))):
        kind = draw(st.integers(0, 5))
        others = [v for v, width in seen.items() if width == seen[last] and v != last]
        if kind == 0 and others:
            last = drawn.add(f"n{n}", Add(), draw(st.sampled_from(others)), last)
        elif kind == 1 and len(seen) > 1 and seen[last] < 200:
            last = drawn.add(f"n{n}", Concat(), draw(st.sampled_from(sorted(seen))), last)
        elif kind <= 3:
            read = last if draw(st.integers(0, 4)) else draw(st.sampled_from(sorted(seen)))
            last = drawn.linear(f"n{n}", read, draw(st.sampled_from([1, 8, 25, 64, 100])))
        else:
            last = drawn.add(f"n{n}", Tanh(), last)
        seen[last] = drawn.values[last].shape[1]
    drawn.loss(drawn.linear("out", last, 2))
    return drawn.graph(out="out.y")


@settings(max_examples=60)
@given(nets(), st.sampled_from([1, 7, 50, 256]))
def test_the_arena_is_close_to_the_bound(graph, rows):
    plan = plan_of(graph, rows=rows)
    assert plan.bytes.lower_bound <= plan.bytes.total <= 1.05 * plan.bytes.lower_bound


def test_sections():
    plan = plan_of(two_layers(), Adam())
    numbers = [12, 4, 8, 2]
    padded = sum(aligned(4 * n) for n in numbers)
    assert (plan.bytes.params, plan.bytes.gradients, plan.bytes.optimizer) == (padded, padded, 2 * padded)
    assert plan.bytes.total == sum(plan.sizes.values())
    sections = ("params", "gradients", "optimizer", "state", "activations", "scratch")
    assert sum(getattr(plan.bytes, name) for name in sections) == plan.bytes.total
    assert str(plan).splitlines()[0] == "plan(rows=10):"


def test_trained_values_run_in_parallel():
    """Frozen parameters come last, so that parameters, gradients and state lie alike."""
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 5, trainable=False)
    drawn.loss(drawn.linear("b", drawn.linear("c", a, 7), 2))
    schedule = plan_of(drawn.graph(out="b.y"), SGD(lr=0.1, momentum=0.5)).schedules["step"]
    for parameter, gradient in schedule.program.gradients.items():
        offset = schedule.place(parameter).offset
        assert schedule.place(gradient).offset == offset
        assert schedule.place(f"{parameter}.momentum_buffer").offset == offset
        assert schedule.place(f"{parameter}'") == schedule.place(parameter)
    assert schedule.place("a.weight").offset > schedule.place("b.bias").offset


def test_every_schedule_finds_parameters_and_batch_at_the_same_place():
    schedules = plan_of(two_layers()).schedules.values()
    for value in ("x", "fc1.weight", "fc2.bias"):
        assert len({schedule.place(value) for schedule in schedules}) == 1


def moved(plan, name, value, place):
    schedule = plan.schedules[name]
    places = {**schedule.places, value: place}
    return replace(plan, schedules={**plan.schedules, name: replace(schedule, places=places)})


def test_what_overlaps_is_refused():
    plan = plan_of(two_layers())
    train = plan.schedules["train"]
    broken = moved(plan, "train", "tanh1.y", train.place("fc1.y"))
    with pytest.raises(CompilerFault, match=r"^`fc1\.y` and `tanh1\.y` overlap at instruction 1$"):
        broken.verify()


def test_what_lies_outside_is_refused():
    plan = plan_of(two_layers())
    with pytest.raises(CompilerFault, match=r"^`tanh1\.y` lies outside of activations$"):
        moved(plan, "infer", "tanh1.y", Place("activations", plan.sizes["activations"])).verify()


def test_a_pack_that_is_torn_is_refused():
    plan = plan_of(two_layers())
    broken = moved(plan, "step", "fc1.bias", plan.schedules["step"].place("fc2.bias"))
    with pytest.raises(CompilerFault, match=r"`fc1.bias` does not lie in its place in `p\[0\]`"):
        broken.verify()


def test_a_thousand_layers():
    drawn = Drawn(4)
    last = "x"
    for n in range(1000):
        last = drawn.add(f"t{n}", Tanh(), drawn.linear(f"n{n}", last, 4))
    drawn.loss(last)
    plan = plan_of(drawn.graph(out=last), rows=3)
    assert plan.bytes.total <= 1.05 * plan.bytes.lower_bound
    assert len(plan.schedules["train"].program.instrs) == 2 * 2000 + 2 + 2000


@settings(max_examples=30)
@given(nets(), st.sampled_from([1, 7, 50, 256]), st.sampled_from([1, 3, 64, 1000, 2**31 - 1]))
def test_the_bytes_at_another_batch_size_are_those_of_its_plan(graph, rows, others):
    made = programs(graph, Adam(lr=0.1))
    assert total_for(make(made, rows))(others) == make(made, others).bytes.total
