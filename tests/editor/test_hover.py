import pytest

from specdl.editor.hover import hover

from .tools import DISC, analysed, view


def said(needle, within=None, text=DISC, offset=1):
    """What is said of a piece of text, looked for after `within`."""
    start = text.index(within) if within else 0
    found = hover(view(text), text.index(needle, start) + offset)
    return found and found.text


def test_a_layer_with_its_figures():
    text = said("linear", "{type: linear, out_features: 8")
    assert "f32[50,4]` → `f32[50,8]" in text
    assert "parameters: 40 in 160 bytes" in text
    assert "`up.weight` `f32[8,4]`" in text
    assert "activations: 1,600 bytes" in text
    assert "A matrix product with the last axis" in text
    assert "`out_features`: a whole number, at least 1" in text


def test_flops_are_those_of_the_plan():
    text = said("up", "name: up")
    assert "FLOPs: 72 forward for one sample" in text


def test_the_bracket_of_a_layer_and_its_name_say_the_same():
    assert said("{type: linear, out_features: 8", offset=0) == said("up", "name: up")


def test_an_activation_is_part_of_its_layer():
    text = said("fc1", "name: fc1")
    assert "f32[50,2]` → `f32[50,8]" in text
    assert "activations: 3,200 bytes" in text


def test_a_block_with_what_it_stands_for():
    text = said("body", "name: body")
    assert "stands for 6 layers" in text
    assert "0.fc: linear f32[50,8]" in text
    assert "**step**: block; parameters: `units`, `act`; used 1 time" in said("step", "block: step")


def test_a_layer_of_a_template_for_each_use():
    text = said("fc", "name: fc, act")
    assert "`body.0.fc`" in text
    assert "`body.1.fc`" in text


@pytest.mark.parametrize(
    ("needle", "within", "wanted"),
    [
        ("out_features", "width}", "a whole number, at least 1; required"),
        ("batch_size", None, "**batch_size**: a whole number, at least 1"),
        ("lr", "{type: sgd", "Learning rate, before the schedule's factor."),
        ("type", "{type: sgd", "**type**: the optimizer"),
        ("sgd", None, "**sgd**: optimizer"),
        ("tanh", "name: fc1", "**tanh**: activation"),
        ("accuracy", None, "**accuracy**: metric"),
        ("0.1", None, "**lr**"),
        ("units", "with:", "**units**: `int`, required; a parameter of the block `step`"),
        ("act", "params:", "`tanh` by default"),
    ],
)
def test_keys_and_values(needle, within, wanted):
    assert wanted in said(needle, within)


def test_values_of_expressions():
    assert "`${width}` = `8`" in said("${width}")
    assert "`width` = `8`" in said("width", "${width}")
    assert "- `8` for `body`" in said("${units * 2}")
    assert "`width` = `8`" in said("width", "vars")


def test_a_name_tells_of_the_layer_it_means():
    assert "`up.weight`" in said("up", "inputs: [fc1, up")


def test_a_layer_that_nothing_reads():
    text = DISC.replace("inputs: [fc1, up]", "inputs: [fc1, fc1]")
    assert "no result of it is used" in said("up", "name: up", text)


def test_figures_stay_while_the_text_is_broken():
    before = analysed(DISC)
    broken = DISC.replace("train: {epochs: 10}", "train: {epochs: ")
    after = analysed(broken, before=before)
    found = hover(after.view, broken.index("name: up") + 7)
    assert found is not None
    assert "f32[50,8]" in found.text


def test_nothing_where_nothing_stands():
    assert hover(view(DISC), len(DISC)) is None
    assert said("disc", "name: disc") is not None
    assert hover(view("specdl: 1\nnothing: 3\n"), 12) is None


def test_a_tied_parameter_counts_where_it_was_made():
    text = DISC.replace(
        "name: head}",
        "name: h8}\n    - {type: linear, out_features: 2, name: head, tie: {weight: h8.weight}}",
    ).replace("out_features: 2, name: h8", "out_features: 8, name: h8")
    text = text.replace("out_features: 2, name: head", "out_features: 8, name: head, bias: false")
    text = text.replace("  output: head\n", "  output: last\n").replace(
        "loss: {", "    - {type: linear, out_features: 2, name: last}\nloss: {"
    )
    text = text.replace("  output: last\n", "")
    assert "parameters: 0 in 0 bytes: `h8.weight` `f32[8,8]` (tied)" in said("head", "name: head", text)
    assert "parameters: 72 in 288 bytes" in said("h8", "name: h8", text)
