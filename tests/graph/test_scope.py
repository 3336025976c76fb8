"""References: what cannot be read, and what to do about it."""

import pytest

from specdl.core import suggest
from specdl.core.diagnostics import Finding, Note
from specdl.ops.activations.tanh import Tanh
from specdl.spec.model import InputSpec
from tests.graph.models import Pair, Row, Sealed, add, findings, layer, linear, made, place, tanh


def test_a_dangling_input_with_a_slip():
    found = findings(linear(3, "conv1"), linear(3, "b", "cnov1"), linear(3, "c", "b"))
    message = "no layer or input is called `cnov1`"
    assert found == [Finding("E211", message, place(1, "inputs", 0), help="did you mean `conv1`?")]


def test_a_dangling_input_like_nothing_lists_what_can_be_read():
    (finding,) = findings(linear(3, "alpha"), linear(3, "beta", "encoder"))
    assert finding == Finding(
        "E211", "no layer or input is called `encoder`", place(1, "inputs", 0), help="read `input` or `alpha`"
    )


def test_every_dangling_input_is_told():
    found = findings(linear(3, "a"), add("x9999", "a", "y9999"))
    assert [each.path for each in found] == [place(1, "inputs", 0), place(1, "inputs", 2)]


def test_of_very_many_dangling_inputs_the_first_are_compared(monkeypatch):
    compared = []
    monkeypatch.setattr(suggest, "nearest", lambda word, words: compared.append(len(words)))
    named = [linear(3, f"layer{number}") for number in range(300)]
    found = findings(*named, *(linear(3, f"b{number}", f"lazor{number}") for number in range(300)))
    assert len(found) == 300
    assert 100 < len(compared) < 300
    assert sum(compared) <= suggest.COMPARED


def test_input_is_no_name_where_inputs_have_names():
    inputs = {"image": InputSpec(shape=(2,)), "age": InputSpec(shape=(2,))}
    (finding,) = findings(linear(3, "a", "input"), model={"input": None, "inputs": inputs})
    assert finding.message == "no layer or input is called `input`"
    assert finding.help == "read `image` or `age`"


@pytest.mark.parametrize(
    ("reference", "message", "help"),
    [
        ("p.g", "`p` has no result or layer called `g`", None),
        ("p.other", "`p` has no result or layer called `other`", None),
        ("p.h.q", "`p.h` has nothing inside it", None),
        ("r.linaer1", "`r` has no result or layer called `linaer1`", "did you mean `r.linear1`?"),
        ("r.linear1.z", "`r.linear1` has no result or layer called `z`", None),
    ],
)
def test_what_is_not_inside_a_layer(reference, message, help):
    found = findings(layer(Pair(), "p"), layer(Row(layers=(linear(3),)), "r"), tanh("t", reference))
    assert found == [Finding("E211", message, place(2, "inputs", 0), help=help)]


@pytest.mark.parametrize("reference", ["input.y", "input...", "input.input"])
def test_nothing_is_inside_an_input(reference):
    (finding,) = findings(linear(3, "a", reference))
    message = "`input` is an input, and has nothing inside it"
    assert finding == Finding("E211", message, place(0, "inputs", 0), help="read `input`")


def test_a_later_layer_that_can_be_put_before():
    found = findings(linear(3, "a"), add("a", "b"), linear(3, "b", "a"))
    assert found == [
        Finding(
            "E212",
            "`add1` reads `b`, which comes after it",
            place(1, "inputs", 1),
            help="put `b` before `add1`",
            notes=(Note("`b` is made", place(2), label=True),),
        )
    ]


def test_a_cycle():
    found = findings(linear(2, "a"), linear(2, "b", "c"), tanh("t"), linear(2, "c"))
    assert found == [
        Finding(
            "E212",
            "`b` reads `c`, which depends on `b`: a cycle",
            place(1, "inputs", 0),
            help="read `input` or `a`",
            notes=(Note("`c` is made", place(3), label=True),),
        )
    ]


def test_a_long_ring_is_told_as_a_cycle_only_as_long_as_that_is_quick():
    ring = [linear(2, f"a{i}", f"a{(i + 1) % 600}") for i in range(600)]
    messages = [each.message for each in findings(*ring) if each.code == "E212"]
    assert messages[0] == "`a0` reads `a1`, which depends on `a0`: a cycle"
    assert messages[-1] == "`a598` reads `a599`, which comes after it"


def test_a_later_layer_that_cannot_be_moved_as_it_is():
    (finding,) = findings(linear(2, "a"), linear(2, "b", "d"), linear(2, "c", "a"), linear(2, "d"))
    assert finding.message == "`b` reads `d`, which comes after it"
    assert finding.help == "read `input` or `a`"


def test_a_layer_that_reads_itself():
    found = findings(linear(2, "a", "a"))
    assert found == [Finding("E212", "`a` reads itself", place(0, "inputs", 0), help="read `input`")]


def test_a_layer_that_reads_what_it_is_in():
    found = findings(layer(Row(layers=(linear(2, "a", "r"),)), "r"))
    message = "`r.a` reads `r`, which it is a part of"
    assert [(each.code, each.message) for each in found] == [("E212", message)]


def test_a_block_does_not_see_out():
    found = findings(linear(2, "a"), layer(Sealed(layers=(linear(2, "b"), add("b", "a"))), "s"))
    assert found == [
        Finding(
            "E211",
            "`a` is outside the block: its layers read one another and `input` only",
            place(1, "inputs", 1),
            help="read `input` or `b`",
            notes=(made("a", "f32[128,2]", *place(0)),),
        )
    ]


def test_a_row_in_a_block_sees_the_block_and_no_further():
    inner = layer(Row(layers=(add("b", "input", "a"),)))
    (finding,) = findings(linear(2, "alpha"), layer(Sealed(layers=(linear(2, "b"), inner)), "s"), tanh())
    assert finding.message == "no layer or input is called `a`"


def test_who_depends_on_a_mistake_is_silent_but_tells_its_own():
    found = findings(
        linear(3, "a", "nobody", activation=Tanh()),
        layer(Pair(), "p", "a.h"),
        add("p", "p.h", "somebody"),
        layer(Row(layers=(linear(3),))),
        tanh("t", "row1.linear1"),
    )
    assert [each.path for each in found] == [place(0, "inputs", 0), place(2, "inputs", 2)]


def test_a_later_layer_that_waits_for_another_later_one_cannot_be_moved_alone():
    (finding,) = findings(linear(2, "a"), add("a", "b"), linear(2, "c", "a"), add("a", "c", name="b"))
    assert finding.help == "read `input` or `a`"


def test_of_very_many_mistakes_the_first_thousand_are_told():
    rows = [linear(3, f"a{i}", f"a{i + 1}") for i in range(1500)]
    found = findings(*rows)
    assert [each.code for each in found] == [*1000 * ["E212"], "E005"]
    assert found[-1].message == "there are more mistakes than 1,000; mend these first"
    assert [each.path for each in found[:2]] == [place(0, "inputs", 0), place(1, "inputs", 0)]
