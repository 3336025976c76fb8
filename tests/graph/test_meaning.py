import copy
import json
import random

import pytest

from specdl.analysis import analyse
from specdl.plan.compare import Side, compare
from specdl.spec import yaml_text
from specdl.spec.resolved import render
from specdl.spec.yaml_output import text
from tests.spec.specs import disc, rich


def compiled(value):
    compilation, findings = analyse(copy.deepcopy(value))
    assert compilation is not None, findings
    return compilation


def digest(value):
    return compiled(value).hash


def changed(**changes):
    value = disc()
    for path, each in changes.items():
        holder, *steps = value, *path.split("__")
        for step in steps[:-1]:
            holder = holder[int(step) if step.isdigit() else step]
        holder[steps[-1]] = each
    return value


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"description": "words"},
        {"$schema": "here"},
        {"train__keep": 7},
        {"train__checkpoint_every": 3},
        {"optimizer__momentum": 0.20},
        {"optimizer__weight_decay": 0},
        {"optimizer__weight_decay": -0.0},
        {"schedule__factors": [1.0, 0.1]},
        {"seed": 0},
        {"vars": {"unused": 3}},
        {"model__output": "head"},
        {"model__layers__1__inputs": ["fc1"]},
        {"model__layers__0__inputs": ["input"]},
        {"model__layers__1__inputs": ["previous"]},
        {"model__layers__0__bias": True},
        {"model__layers__0__activation": {"type": "tanh"}},
        {"model__defaults": {"linear": {"bias": True}}},
        {"metrics": [{"type": "accuracy"}]},
    ],
)
def test_what_computes_nothing_else_changes_no_hash(changes):
    assert digest(changed(**changes)) == digest(disc())


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"optimizer__lr": 0.2},
        {"train__epochs": 251},
        {"model__layers__0__name": "fc2"},
        {"model__layers__0__bias": False},
        {"model__layers__0__trainable": False},
        {"model__layers__1__inputs": ["input"]},
        {"model__defaults": {"linear": {"trainable": False}}},
        {"model__output": "fc1", "model__layers__0__out_features": 2},
        {"data__batch_size": 51},
        {"metrics": []},
    ],
)
def test_what_computes_something_else_changes_the_hash(changes):
    assert digest(changed(**changes)) != digest(disc())


def test_names_that_layers_have_anyway_and_the_order_of_keys_change_no_hash():
    value = disc()
    for each in value["model"]["layers"]:
        del each["name"]
    named = disc()
    for number, each in enumerate(named["model"]["layers"], 1):
        each["name"] = f"linear{number}"
    turned = dict(reversed(named.items())) | {"model": dict(reversed(named["model"].items()))}
    assert digest(value) == digest(turned) != digest(disc())


def test_the_hash_is_a_sha256_and_stays():
    found = digest(disc())
    assert len(found) == 64
    assert int(found, 16) > 0


def test_names_that_layers_inside_of_layers_have_anyway_change_no_hash():
    def around(**more):
        value, inner = disc(), {"type": "linear", "out_features": 25, **more}
        one = {"type": "residual", "layers": [inner], "shortcut": [inner]}
        value["model"]["layers"].insert(1, {"type": "block", "layers": [one]})
        return digest(value)

    assert around() == around(name="linear1") == around(inputs=["input"])
    assert around() != around(name="other")


def plain_spec(**more):
    """A spec in which everything that may be left out is."""
    value = disc() | {"metrics": [], "loss": {"type": "cross_entropy"}, **more}
    del value["data"]["target"], value["model"]["init"], value["schedule"], value["metrics"]
    return value


def one_input(value):
    value["model"]["inputs"] = {"input": value["model"].pop("input")}


def one_loss(value, **more):
    value["losses"] = [value.pop("loss") | more]


def starts(value, **inits):
    value["model"]["init"] = {"weight": "torch_default", "bias": {"type": "torch_default"}} | inits


def own_starts(value):
    for each in value["model"]["layers"]:
        each["init"] = {"bias": "torch_default"}


SAYING = {
    "the dtype of an input": lambda value: value["model"]["input"].update(dtype="float32"),
    "the dtype of the model": lambda value: value["model"].update(dtype="float32"),
    "the encoding": lambda value: value["data"].update(target={"encode": "index"}),
    "an empty target": lambda value: value["data"].update(target={}),
    "the schedule": lambda value: value.update(schedule={"type": "constant"}),
    "a list of losses": one_loss,
    "the output of a loss": lambda value: one_loss(value, output="head"),
    "the weight and target of a loss": lambda value: one_loss(value, weight=1, target="target"),
    "inputs by name": one_input,
    "starts": starts,
    "starts by layer": own_starts,
    "the output": lambda value: value["model"].update(output=["head"]),
    "what is not there": lambda value: value.update(metrics=[], losses=None, description=""),
    "a layer that nothing needs": lambda value: (
        value["model"]["layers"].insert(
            1, {"type": "linear", "out_features": 3, "name": "idle", "inputs": ["fc1"]}
        )
        or value["model"]["layers"][2].update(inputs=["fc1"])
    ),
}
CHANGING = {
    "the dtype": lambda value: value["model"].update(dtype="float64"),
    "the encoding": lambda value: value["data"].update(target={"encode": "one_hot"}),
    "the schedule": lambda value: value.update(schedule={"type": "cosine", "unit": "epochs"}),
    "the weight of a loss": lambda value: one_loss(value, weight=2),
    "the target of a loss": lambda value: one_loss(value, target="label"),
    "the output of a loss": lambda value: one_loss(value, output="fc1"),
    "an input's name": lambda value: value["model"].update(inputs={"x": value["model"].pop("input")}),
    "a start": lambda value: starts(value, bias="zeros"),
    "a layer's start": lambda value: value["model"]["layers"][0].update(init={"weight": "ones"}),
    "the shape of an input": lambda value: value["model"]["input"].update(shape=[3]),
    "the output": lambda value: value["model"].update(output="fc1"),
    "the order of outputs": lambda value: (
        value["model"].update(output=["fc1", "head"]) or one_loss(value, output="head")
    ),
    "a layer": lambda value: value["model"]["layers"].insert(1, {"type": "tanh"}),
    "an activation": lambda value: value["model"]["layers"][0].update(activation="relu"),
    "the seed": lambda value: value.update(seed=1),
    "the optimiser": lambda value: value.update(optimizer={"type": "adam", "lr": 0.1}),
    "the length": lambda value: value.update(train={"steps": 250}),
    "the split": lambda value: value["data"].update(split={"test": 0.1}),
    "the transforms": lambda value: value["data"].update(transforms=["normalize"]),
    "the metrics": lambda value: value.update(metrics=["loss"]),
}


@pytest.mark.parametrize("what", SAYING)
def test_defaults_that_are_said_change_no_hash(what):
    value = plain_spec()
    SAYING[what](value)
    assert digest(value) == digest(plain_spec())


@pytest.mark.parametrize("what", CHANGING)
def test_all_else_changes_the_hash(what):
    value = plain_spec()
    CHANGING[what](value)
    assert digest(value) != digest(plain_spec())


def turned(value, dice):
    """A value with its keys in another order, in mappings whose order says nothing."""
    if isinstance(value, list):
        return [turned(each, dice) for each in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    dice.shuffle(keys)
    return {key: turned(value[key], dice) for key in keys}


def tried(changes, value):
    """A changed value that is a spec; None where the change does not go with what was there."""
    made = copy.deepcopy(value)
    try:
        changes(made)
    except KeyError:
        return None
    return made if analyse(copy.deepcopy(made))[0] else None


def differs(before, after):
    """Whether two specs mean something else, as the hash and the comparison agree."""
    sides = [Side(each.settled, each.graph, each.plan) for each in map(compiled, (before, after))]
    found = compare(*sides)
    told = found.added or found.removed or found.changed or found.settings or found.parameters
    assert bool(told) != found.same
    assert found.same == (digest(before) == digest(after))
    return not found.same


WRITING = {
    "as it is": lambda value: value,
    "resolved": lambda value: render(compiled(value).spec),
    "with all defaults": lambda value: render(compiled(value).settled),
}


@pytest.mark.parametrize("seed", range(60))
def test_specs_said_otherwise_mean_the_same_and_others_do_not(seed):
    dice = random.Random(seed)
    start = dice.choice([plain_spec, disc, rich])
    value = start()
    for what in dice.sample(list(SAYING), 4) if start is plain_spec else ():
        value = tried(SAYING[what], value) or value
    value = turned(value, dice)
    value = WRITING[dice.choice(list(WRITING))](value)
    value = yaml_text.parse(text(value)).value if dice.random() < 0.5 else json.loads(json.dumps(value))
    assert not differs(start(), value)
    for what in dice.sample(list(CHANGING), 3):
        other = tried(CHANGING[what], value)
        # of a spec that has the value already nothing is changed
        if other is not None:
            differs(value, other)


@pytest.mark.parametrize("start", [plain_spec, disc, rich])
def test_what_is_written_out_is_written_out_so_again(start):
    written = json.loads(json.dumps(render(compiled(start()).settled)))
    assert render(compiled(written).settled) == written
