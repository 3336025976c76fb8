import torch

from specdl.backends.torch.bind import Arenas, Binding
from tests.backends.torch.models import executable, spec


def test_values_are_views_of_the_arenas():
    made = executable(spec())
    binding = Binding(made.plan.schedules["train"], made.arenas, 5, "float64")
    value = binding.value("fc1.y")
    assert (value.shape, value.dtype) == ((5, 5), torch.float64)
    assert value.untyped_storage().data_ptr() == made.arenas.bytes["activations"].data_ptr()
    assert value.data_ptr() % 64 == 0
    made.arenas.bytes["activations"].zero_()
    assert bool((value == 0).all())


def test_an_alias_is_the_same_memory_in_its_own_shape():
    layers = [
        {"type": "reshape", "shape": [3, 1], "name": "column"},
        {"type": "flatten", "name": "row"},
        {"type": "linear", "out_features": 2},
    ]
    made = executable(spec(model={"layers": layers}))
    binding = made.bound("train")
    assert binding.value("column.y").shape == (8, 3, 1)
    assert binding.value("row.y").shape == (8, 3)
    assert binding.value("row.y").data_ptr() == binding.value("input").data_ptr()


def test_what_is_handed_on_lies_where_it_lay():
    binding = executable(spec()).bound("step")
    assert binding.value("fc1.weight'").data_ptr() == binding.value("fc1.weight").data_ptr()
    assert binding.value("p[0]").data_ptr() == binding.value("fc1.weight").data_ptr()


def test_numbers_reach_their_slots():
    made = executable(spec(loss={"type": "l1"}))
    binding = made.bound("step")
    binding.write_scalars(0.25, 3)
    values = {str(expr): float(slot) for expr, slot in binding.slots.items()}
    assert values["lr"] == 0.25
    assert values["samples(2)"] == 16
    assert binding.depends == {"lr"}


def test_arenas_hold_what_the_plan_says():
    plan = executable(spec()).plan
    assert Arenas(plan, "float64").allocated() == dict(plan.sizes)
