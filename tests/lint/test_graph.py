"""What is in a spec and not in its model, what is not trained, and how parameters start."""

import pytest

from tests.lint.tools import HEAD, HIDDEN, codes, found, messages, model

WIDE = {"type": "linear", "out_features": 16}


def linear(name, *inputs, out=16, **more):
    reads = {"inputs": list(inputs)} if inputs else {}
    return {"type": "linear", "out_features": out, "name": name, **reads, **more}


def test_a_layer_that_is_skipped():
    (one,) = found(model=model(HIDDEN, linear("lost"), linear("head", "fc1", out=3)))
    assert (one.code, one.path, one.severity) == ("W201", ("model", "layers", 1), "warning")
    assert one.message == "nobody reads `lost`: it is left out of the model"


def test_of_a_path_that_leads_nowhere_the_end_is_told():
    layers = (HIDDEN, linear("a"), linear("b", activation="tanh"), linear("head", "fc1", out=3))
    (one,) = found(model=model(*layers))
    assert one.path == ("model", "layers", 2)
    assert "`b`" in one.message


def test_a_layer_that_lends_its_weights_is_read():
    layers = (HIDDEN, linear("owner"), linear("user", "fc1", tie={"weight": "owner.weight"}), HEAD)
    assert codes(model=model(*layers)) == []


def test_a_block_that_is_skipped_is_told_where_it_is_used():
    step = {"layers": [linear("one", activation="tanh"), linear("two")]}
    use = {"type": "block", "block": "step", "name": "body"}
    for more in ({}, {"repeat": 3}):
        (one,) = found(model=model(HIDDEN, use | more, linear("head", "fc1", out=3)), blocks={"step": step})
        assert one.path == ("model", "layers", 1)
        assert one.message == "nobody reads `body`: it is left out of the model"
        assert one.notes == ()


def test_a_layer_that_is_skipped_in_a_block_is_told_in_the_template_once():
    step = {"layers": [linear("one"), linear("lost"), linear("two", "one", activation="tanh")]}
    uses = [{"type": "block", "block": "step", "name": name} for name in ("a", "b")]
    (one,) = found(model=model(*uses, HEAD), blocks={"step": step})
    assert one.path == ("blocks", "step", "layers", 1)
    assert one.message == "nobody reads `a.lost`: it is left out of the model"
    assert [(note.message, note.path) for note in one.notes] == [
        ("the block is used", ("model", "layers", 0))
    ]


def test_what_is_true_of_some_uses_of_a_block_only_is_not_told():
    step = {"layers": [{"type": "relu", "name": "first"}, linear("one", activation="relu")]}
    use = {"type": "block", "block": "step", "name": "body", "repeat": 3}
    assert codes(model=model(WIDE, use, HEAD), blocks={"step": step}) == []
    (one,) = found(model=model(WIDE | {"activation": "relu"}, use, HEAD), blocks={"step": step})
    assert (one.code, one.path) == ("W212", ("blocks", "step", "layers", 0))
    sides = {"layers": [linear("side"), linear("main", "input", activation="tanh")]}
    uses = [{"type": "block", "block": "step", "name": name} for name in ("a", "b")]
    both = [*uses, {"type": "add", "inputs": ["a.side", "b"]}]
    assert codes(model=model(*both, HEAD), blocks={"step": sides}) == []


def test_a_residual_that_is_skipped():
    way = {"type": "residual", "name": "around", "layers": [linear("inner")]}
    (one,) = found(model=model(HIDDEN, way, linear("head", "fc1", out=3)))
    assert one.path == ("model", "layers", 1)


INPUTS = {"a": {"shape": [4]}, "b": {"shape": [2]}}


def test_inputs_that_nothing_reads():
    layers = [linear("fc1", "a", activation="tanh"), HEAD]
    (one,) = found(model={"inputs": INPUTS, "layers": layers})
    assert (one.code, one.path, one.at_key) == ("W202", ("model", "inputs", "b"), True)
    lost = [*layers[:1], linear("lost", "b"), {**HEAD, "inputs": ["fc1"]}]
    assert codes(model={"inputs": INPUTS, "layers": lost}) == ["W201"]


def test_an_input_that_is_only_predicted_is_read():
    layers = [linear("fc1", "a", activation="tanh"), {**HEAD, "out_features": 2}]
    data = {"batch_size": 50, "target": {"from": "b"}}
    assert codes(model={"inputs": INPUTS, "layers": layers}, data=data, loss={"type": "mse"}) == []


def two_outputs(**amount):
    return model(HIDDEN, HEAD, linear("amount", "fc1", out=1, **amount), output=["head", "amount"])


ONE_LOSS = {"loss": None, "losses": [{"type": "cross_entropy", "output": "head", "target": "k"}]}


def test_an_output_without_a_loss():
    (one,) = found(model=two_outputs(), **ONE_LOSS)
    assert (one.code, one.path) == ("W203", ("model", "layers", 2))
    assert codes(model=two_outputs(trainable=False), **ONE_LOSS) == []
    both = [*ONE_LOSS["losses"], {"type": "mse", "output": "amount", "target": "a"}]
    assert codes(model=two_outputs(), loss=None, losses=both) == []


def test_an_output_without_parameters_needs_no_loss():
    layers = model(HIDDEN, HEAD, {"type": "softmax", "name": "shares"}, output=["head", "shares"])
    assert codes(model=layers, **ONE_LOSS) == []


def test_weights_that_another_layer_trains():
    layers = model(
        HIDDEN, HEAD, linear("copy", "fc1", out=3, tie={"weight": "head.weight"}, bias=False),
        output=["head", "copy"],
    )  # fmt: skip
    assert codes(model=layers, **ONE_LOSS) == []


def test_nothing_to_train():
    frozen = {"trainable": False}
    assert messages(model=model(HIDDEN | frozen, HEAD | frozen)) == [
        "every layer is frozen, with 131 parameters: 10 epochs change nothing"
    ]
    assert codes(model=model(HIDDEN | frozen, HEAD)) == []
    assert messages(model=model({"type": "tanh"}), loss={"type": "mse"}) == [
        "the model has no parameters: 10 epochs of training change nothing"
    ]


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ({"weight": "zeros", "bias": "zeros"}, {"weight": "zeros", "bias": "zeros"}, ["W211"]),
        (
            {"weight": "ones", "bias": "zeros"},
            {"weight": {"type": "constant", "value": 2}, "bias": "ones"},
            ["W211"],
        ),
        (
            {"weight": {"type": "normal", "std": 0}, "bias": "zeros"},
            {"weight": "zeros", "bias": "zeros"},
            ["W211"],
        ),
        ({"weight": "ones"}, {"weight": "ones", "bias": "zeros"}, []),  # the biases differ
        ({"weight": "zeros", "bias": "zeros"}, {}, []),  # what comes back differs
        ({}, {"weight": "zeros", "bias": "zeros"}, []),
        ({"bias": "zeros"}, {"bias": "zeros"}, []),
    ],
)
def test_units_that_never_differ(first, second, wanted):
    assert codes(model=model(HIDDEN | {"init": first}, HEAD | {"init": second})) == wanted


EVEN = {"weight": "ones", "bias": "zeros"}


def test_units_that_differ_by_what_is_around_them():
    narrow = linear("fc1", out=1, activation="tanh")
    assert codes(model=model(narrow, HEAD, init=EVEN)) == []
    beside = [linear("other", "input"), {"type": "add", "inputs": ["fc1", "other"]}]
    assert codes(model=model(HIDDEN | {"init": EVEN}, *beside, HEAD | {"init": EVEN})) == []
    twice = [linear("side", "fc1", out=3), HEAD | {"init": EVEN, "inputs": ["fc1"]}]
    ends = {"type": "add", "inputs": ["side", "head"]}
    assert codes(model=model(HIDDEN | {"init": EVEN}, *twice, ends)) == []
    frozen = HIDDEN | {"init": EVEN, "trainable": False}
    assert codes(model=model(frozen, HEAD | {"init": EVEN})) == []


def test_weights_of_zero_before_a_relu():
    dead = HIDDEN | {"activation": "relu", "init": {"weight": "zeros", "bias": "zeros"}}
    (one,) = found(model=model(dead, HEAD))
    assert (one.code, one.path) == ("W211", ("model", "layers", 0))
    assert codes(model=model(dead | {"init": {"weight": "zeros"}}, HEAD)) == []
    assert codes(model=model(dead | {"activation": "tanh"}, HEAD)) == []


def test_a_relu_of_what_is_never_below_zero():
    for before in ("relu", "sigmoid", "softmax"):
        assert codes(model=model(HIDDEN | {"activation": before}, {"type": "relu"}, HEAD)) == ["W212"]
    for layer in (HIDDEN, WIDE, {"type": "scale", "factor": -1}):
        assert codes(model=model(layer, {"type": "relu"}, HEAD)) == []
    both = [HIDDEN | {"activation": "relu"}, {"type": "concat", "inputs": ["fc1", "input"]}, {"type": "relu"}]
    assert codes(model=model(*both, HEAD)) == []


@pytest.mark.parametrize(
    ("weight", "activations", "wanted"),
    [
        ("kaiming_normal", ["relu"], []),
        ("kaiming_uniform", ["relu", None], []),
        ("kaiming_normal", ["tanh"], ["W213"]),
        ("kaiming_normal", ["tanh", "relu"], []),
        ("kaiming_normal", ["tanh", "softmax"], []),
        ("kaiming_normal", [None], []),
        ({"type": "kaiming_normal", "nonlinearity": "tanh"}, ["tanh"], []),
        ({"type": "kaiming_normal", "nonlinearity": "tanh"}, ["relu"], ["W213"]),
        ({"type": "kaiming_normal", "nonlinearity": "leaky_relu"}, ["relu"], []),
        ({"type": "kaiming_normal", "nonlinearity": "linear"}, ["sigmoid"], []),
        ({"type": "kaiming_normal", "a": 0.2}, ["relu"], []),
        ("xavier_normal", ["relu"], []),
        ({"type": "xavier_normal", "gain": 3.0}, ["tanh"], []),
        ({"type": "xavier_normal", "gain": "relu"}, ["sigmoid"], ["W213"]),
        ({"type": "xavier_uniform", "gain": "tanh"}, ["tanh", "sigmoid"], []),
    ],
)
def test_gains(weight, activations, wanted):
    layers = [WIDE if each is None else WIDE | {"activation": each} for each in activations]
    assert codes(model=model(*layers, HEAD, init={"weight": weight})) == wanted


def test_a_gain_that_is_said_is_mended_where_it_is_said():
    init = {"weight": {"type": "kaiming_normal", "nonlinearity": "relu"}}
    (one,) = found(model=model(HIDDEN | {"init": init}, HEAD))
    assert one.path == ("model", "layers", 0, "init", "weight")
    assert one.message == (
        "`kaiming_normal` scales for relu (gain 1.414), and `fc1` is followed by tanh (gain 1.667)"
    )
    (edit,) = one.fix.edits
    assert (edit.path, edit.value) == ((*one.path, "nonlinearity"), "tanh")
    (short,) = found(model=model(HIDDEN | {"init": {"weight": "kaiming_normal"}}, HEAD))
    assert (short.fix, short.help) == (None, '{"type": "kaiming_normal", "nonlinearity": "tanh"}')
