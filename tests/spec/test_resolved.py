import json
import random
from pathlib import Path

import pytest

from specdl.analysis import analyse
from specdl.spec import yaml_text
from specdl.spec.document import read
from specdl.spec.resolved import render
from specdl.spec.validate import validate
from specdl.spec.yaml_output import text
from tests.spec.specs import disc, rich

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    file
    for folder in ("models", "tests/check/good")
    for file in (ROOT / folder).rglob("*.*")
    if file.suffix in (".json", ".yaml", ".yml")
)


def spec_of(value):
    spec, findings = validate(read(value))
    assert [each for each in findings if each.severity == "error"] == []
    return spec


def programs(value):
    compilation, findings = analyse(value)
    assert compilation is not None, findings
    return {name: str(each.program) for name, each in compilation.plan.schedules.items()}


def same(source):
    """What is written out, once it is seen to mean the same and to be written out so again."""
    document = read(source)
    spec = spec_of(document)
    written = json.loads(json.dumps(render(spec)))
    again = spec_of(written)
    assert render(again) == written
    assert yaml_text.parse(text(written)).value == written
    assert programs(written) == programs(document)
    return written


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.relative_to(ROOT)))
def test_shipped_specs_are_written_out_with_the_same_program(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    same(file)


def test_there_are_shipped_specs():
    assert len(SHIPPED) >= 10


def layer(dice, depth):
    kinds = ["linear", "tanh", "residual", "inline", "block", "repeat"]
    kind = dice.choice(kinds if depth else kinds[:2])
    size = dice.choice(["${width}", "${width * 1}", 8])
    if kind == "linear":
        more = {"activation": dice.choice(["tanh", {"type": "relu"}])} if dice.random() < 0.5 else {}
        return {"type": "linear", "out_features": size, **more}
    if kind == "residual":
        return {"type": "residual", "layers": [layer(dice, depth - 1), {"type": "linear", "out_features": 8}]}
    if kind == "inline":
        return {"type": "block", "layers": [layer(dice, depth - 1) for _ in range(dice.randint(1, 3))]}
    if kind == "block":
        return {"type": "block", "block": dice.choice("ab"), "with": {"w": size}}
    if kind == "repeat":
        return {
            "type": "block",
            "block": dice.choice("ab"),
            "with": {"w": size},
            "repeat": dice.randint(1, 4),
        }
    return {"type": "tanh"}


def some_spec(seed):
    dice = random.Random(seed)
    param = {"w": "int"}
    counted = {"type": "linear", "out_features": "${w}", "name": "fc${index}"}
    nested = {"type": "block", "block": "a", "with": {"w": "${w}"}, "repeat": 2}
    value = disc() | {
        "vars": {"width": 8},
        "blocks": {
            "a": {"params": param, "layers": [counted, layer(dice, 0)]},
            "b": {"params": param, "layers": [layer(dice, 0), nested]},
        },
    }
    value["model"]["layers"] = [
        {"type": "linear", "out_features": 8, "name": "first"},
        *(layer(dice, 3) for _ in range(dice.randint(1, 6))),
        {"type": "linear", "out_features": 2, "bias": True},
    ]
    value["model"]["defaults"] = dice.choice([{}, {"linear": {"bias": False}}])
    value["model"]["init"] = {"weight": "xavier_normal"}
    return value


@pytest.mark.parametrize("seed", range(40))
def test_any_spec_is_written_out_with_the_same_program(seed):
    written = same(some_spec(seed))
    assert not {"vars", "blocks", "extends"} & set(written)
    assert "defaults" not in written["model"]
    assert "${" not in json.dumps(written)


def test_specs_of_every_section():
    same(disc())
    same(rich())


def test_defaults_are_written_out():
    written = render(spec_of(disc()))
    assert written["model"]["layers"][0] == {
        "type": "linear",
        "out_features": 25,
        "bias": True,
        "name": "fc1",
        "activation": {"type": "tanh"},
        "init": {},
        "trainable": True,
        "tie": {},
    }
    assert written["optimizer"] == {
        "type": "sgd",
        "lr": 0.1,
        "momentum": 0.2,
        "dampening": 0.0,
        "nesterov": False,
        "weight_decay": 0.0,
    }
    assert written["model"]["init"]["weight"] == {"type": "xavier_normal", "gain": 1.0}
    assert (written["seed"], written["train"]["evaluate_every"]) == (0, 1)
    assert "losses" not in written


def test_blocks_are_written_where_they_are_used_by_the_same_names():
    written = render(spec_of(rich()))
    stack = written["model"]["layers"][1]
    assert (stack["type"], stack["name"], [each["name"] for each in stack["layers"]]) == (
        "block", "stack", ["0", "1", "2"],
    )  # fmt: skip
    assert [each["layers"][0]["out_features"] for each in stack["layers"]] == [8, 9, 10]
    pair = written["model"]["layers"][2]
    assert "name" not in pair
    assert pair["layers"][0]["layers"][0]["out_features"] == 16
    assert written["losses"][1] == {"type": "l1", "output": "two", "target": "z", "weight": 0.5}


def test_text_that_is_no_expression_stays_so():
    value = disc() | {"description": "costs $${price}, $$${x}"}
    written = same(value)
    assert written["description"] == "costs $${price}, $$${x}"
    assert spec_of(written).description == "costs ${price}, $${x}"


def test_deep_blocks_are_written_so_that_they_can_be_read():
    value = disc() | {
        "blocks": {"b0": {"layers": [{"type": "linear", "out_features": 2, "init": {"weight": "zeros"}}]}}
    }
    for number in range(1, 14):
        value["blocks"][f"b{number}"] = {
            "layers": [{"type": "block", "block": f"b{number - 1}", "repeat": 1}]
        }
    value["model"]["layers"] = [{"type": "block", "block": "b13", "repeat": 1}]
    same(value)
