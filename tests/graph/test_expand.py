"""Names of layers, composites, and the findings about them."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.core.diagnostics import Finding, Note
from specdl.ops.activations.relu import ReLU
from specdl.ops.activations.tanh import Tanh
from specdl.ops.base import LayerEntry
from specdl.spec.model import InputSpec
from tests.graph.models import (
    Endless,
    Pair,
    Row,
    Sealed,
    add,
    at,
    findings,
    graph,
    layer,
    linear,
    made,
    names,
    place,
    tanh,
)

TRAIL = (("model", "layers", 4),)


def test_activations_are_nodes_of_their_own_and_not_counted():
    built = graph(linear(3, activation=Tanh()), tanh(), linear(3, activation=ReLU()), tanh())
    assert names(built) == [
        "linear1",
        "linear1.activation",
        "tanh1",
        "linear2",
        "linear2.activation",
        "tanh2",
    ]


def test_a_layer_means_its_value_after_the_activation():
    built = graph(linear(3, "a", activation=Tanh()), linear(3, "b"), add("a", "b", name="c"))
    assert built.nodes[-1].inputs == {"x0": "a.activation.y", "x1": "b.y"}


def test_dots_reach_into_layers():
    built = graph(
        linear(4, "a", activation=Tanh()),
        layer(Pair(), "p"),
        layer(Row(layers=(linear(4, "in"), layer(Row(layers=(linear(4),)), "deep"))), "r", "p.h"),
        add("a.y", "p.y", "a.activation", "r.in", "r.deep", "r.deep.linear1", "r"),
    )
    values = ["a.y", "p.y", "a.activation.y", "r.in.y", *["r.deep.linear1.y"] * 3]
    assert list(built.nodes[-1].inputs.values()) == values


def test_a_composite_may_have_an_activation_and_be_read_by_its_name():
    built = graph(layer(Row(layers=(linear(3),)), "r", activation=Tanh()), linear(2, "h", "r"))
    assert names(built) == ["r.linear1", "r.activation", "h"]
    assert built.nodes[-1].inputs == {"x": "r.activation.y"}


def test_names_outside_a_composite_are_seen_inside_and_the_nearest_is_meant():
    inner = layer(Row(layers=(linear(3, "b"), add("a", "b", "input"))), "r", "a")
    built = graph(linear(3, "a"), linear(5, "b"), inner)
    assert list(built.nodes[-1].inputs.values()) == ["a.y", "r.b.y", "a.y"]


def test_previous_is_the_layer_before_and_input_what_the_composite_reads():
    built = graph(linear(3, "a"), layer(Row(layers=(tanh(), add("previous", "input")))))
    assert list(built.nodes[-1].inputs.values()) == ["row1.tanh1.y", "a.y"]


def test_an_empty_composite_is_what_it_reads():
    built = graph(linear(3, "a"), layer(Row(layers=()), "r"), linear(3, "b", "r"))
    assert built.nodes[-1].inputs == {"x": "a.y"}


def test_the_same_name_twice():
    found = findings(
        linear(3, "a"), tanh(), at(linear(4, "a"), "blocks", "b", "layers", 0, trail=TRAIL), tanh("a_2")
    )
    assert found == [
        Finding(
            "E213",
            "two layers are called `a`",
            ("blocks", "b", "layers", 0, "name"),
            help='"name": "a_3"',
            notes=(
                Note("the first is made", place(0), label=True),
                Note("the block is used", TRAIL[0], label=True),
            ),
        )
    ]


def test_each_layer_of_a_name_is_offered_one_of_its_own():
    found = findings(*(linear(3, name) for name in ("a", "a", "a_3", "a", "b", "b", "a")))
    assert [each.help for each in found] == [f'"name": "{free}"' for free in ("a_2", "a_4", "b_2", "a_5")]


def test_the_same_name_with_its_accent_written_apart():
    apart = Note("they are the same letters, with accents joined in one and apart in the other")
    (finding,) = findings(linear(3, "\xe9"), linear(3, "e\u0301"))
    first = Note("the first is made", place(0), label=True)
    assert (finding.code, finding.path, finding.notes) == ("E213", place(1, "name"), (first, apart))
    inputs = {"\xe9": InputSpec(shape=(2,))}
    (finding,) = findings(linear(3, "e\u0301"), model={"input": None, "inputs": inputs})
    assert finding.notes == (
        Note("the input is declared", ("model", "inputs", "\xe9"), at_key=True, label=True),
        apart,
    )


def test_a_name_that_a_later_layer_gets_by_itself():
    found = findings(linear(3, "linear2"), linear(3))
    assert found == [
        Finding(
            "E213",
            "two layers are called `linear2`",
            place(1),
            help='"name": "linear2_2"',
            notes=(Note("the first is made", place(0), label=True),),
        )
    ]


def test_an_inputs_name():
    inputs = {"image": InputSpec(shape=(2,))}
    (finding,) = findings(linear(3, "image"), model={"input": None, "inputs": inputs})
    assert finding == Finding(
        "E213",
        "`image` is an input's name already",
        place(0, "name"),
        help='"name": "image_2"',
        notes=(Note("the input is declared", ("model", "inputs", "image"), at_key=True, label=True),),
    )


def test_the_name_of_a_composites_activation():
    found = findings(layer(Row(layers=(linear(3, "activation"),)), "r", activation=Tanh()))
    message = "two layers are called `r.activation`"
    notes = (Note("the first is made", place(0), label=True),)
    assert found == [Finding("E213", message, place(0, "activation"), notes=notes)]


@pytest.mark.parametrize("name", ["a.b", "a b", "a\n", "ä/b"])
def test_a_name_is_a_word(name):
    message = f"`{name}` cannot be a layer's name: a name is a word without dots"
    assert findings(linear(3, name)) == [Finding("E116", message, place(0, "name"))]


@pytest.mark.parametrize("name", ["input", "previous"])
def test_what_is_read_is_no_layers_name(name):
    message = f"no layer can be called `{name}`: it names what is read"
    assert findings(linear(3, name)) == [Finding("E116", message, place(0, "name"))]


def test_who_reads_a_layer_with_a_bad_name_is_silent():
    inputs = {"image": InputSpec(shape=(2,))}
    found = findings(
        linear(3, "input", "image"), linear(3, "b", "input"), model={"input": None, "inputs": inputs}
    )
    assert [each.code for each in found] == ["E116"]


def test_a_composite_reads_one_value():
    found = findings(
        linear(3, "a"), linear(4, "b"), layer(Row(layers=(tanh(),)), "r", "a", "b"), linear(2, "c")
    )
    notes = (made("a", "f32[128,3]", *place(0)), made("b", "f32[128,4]", *place(1)))
    assert found == [Finding("E210", "`row` reads one value, not 2", place(2, "inputs"), notes=notes)]


def test_a_composite_that_expands_for_ever_is_stopped():
    (finding,) = findings(layer(Endless()))
    assert finding.code == "E005"


def test_the_first_layer_says_which_of_several_inputs_it_reads():
    inputs = {"image": InputSpec(shape=(2,)), "age": InputSpec(shape=(1,))}
    found = findings(linear(3), linear(3, "b", "previous"), model={"input": None, "inputs": inputs})
    message = "`linear1` does not say which of the inputs it reads: `image` or `age`"
    assert found == [Finding("E211", message, place(0), help='"inputs": ["image"]')]


def test_a_faulty_template_is_told_once_however_often_it_is_used():
    def use(i):
        entry = at(linear(3, None, "nobody"), "blocks", "b", "layers", 0, trail=(place(i),))
        return layer(Sealed(layers=(entry,)))

    found = findings(use(0), use(1))
    assert [each.path for each in found] == [("blocks", "b", "layers", 0, "inputs", 0)]
    assert found[0].notes[-1] == Note("the block is used", place(0), label=True)


ENTRIES = st.lists(
    st.tuples(st.sampled_from(["linear", "tanh", "row"]), st.none() | st.integers(0, 9).map("n{}".format)),
    min_size=1,
    max_size=12,
    unique_by=lambda pair: pair[1] or object(),
)


def entry_of(kind: str, name: str | None) -> LayerEntry:
    if kind == "row":
        return layer(Row(layers=(linear(2), tanh())), name)
    return linear(2, name) if kind == "linear" else tanh(name)


@given(ENTRIES)
def test_names_are_unique_and_follow_from_type_and_place(kinds):
    built = graph(*(entry_of(kind, name) for kind, name in kinds))
    assert len(set(names(built))) == len(built.nodes)
    counts: Counter[str] = Counter()
    expected: list[str] = []
    for kind, name in kinds:
        counts[kind] += 1
        whole = name or f"{kind}{counts[kind]}"
        expected += [f"{whole}.linear1", f"{whole}.tanh1"] if kind == "row" else [whole]
    assert names(built) == expected
    assert all(re.fullmatch(r"[\w.]+\.(weight|bias)", name) for name in built.parameters)


@given(ENTRIES, st.data())
def test_naming_a_layer_renames_no_other(kinds, data):
    chosen = data.draw(st.integers(0, len(kinds) - 1))
    renamed = [(kind, "other" if i == chosen else name) for i, (kind, name) in enumerate(kinds)]
    before = names(graph(*(entry_of(*each) for each in kinds)))
    after = names(graph(*(entry_of(*each) for each in renamed)))
    changed = {a.split(".")[0] for a, b in zip(before, after, strict=True) if a != b}
    assert len(changed) == 1
