import copy
import json
import random
from pathlib import Path

import jsonschema
import pytest

from specdl.core.errors import SpecError
from specdl.ops.base import LayerEntry
from specdl.spec.document import read
from specdl.spec.fields import CATALOGS, keys, wiring
from specdl.spec.model import LossEntry
from specdl.spec.schema import json_schema, text
from specdl.spec.validate import validate
from tests.spec.agreement import DRAFTS, generated, judged
from tests.spec.specs import disc, rich
from tests.spec.test_fuzz import mutate

ROOT = Path(__file__).parents[2]
VALIDATORS = {
    "2020-12": jsonschema.Draft202012Validator(json_schema("2020-12")),
    "07": jsonschema.Draft7Validator(json_schema("07")),
}
VALIDATOR = VALIDATORS["2020-12"]


@pytest.mark.parametrize("folder", ["schemas", "specdl/schemas"])
@pytest.mark.parametrize(
    ("draft", "name"), [("2020-12", "specdl.schema.json"), ("07", "specdl.draft-07.schema.json")]
)
def test_the_files_are_in_step(folder, draft, name):
    assert (ROOT / folder / name).read_text("utf-8") == text(draft), "run `specdl schema --write`"


@pytest.mark.parametrize("draft", VALIDATORS)
def test_it_is_a_schema(draft):
    schema = json_schema(draft)
    VALIDATORS[draft].check_schema(schema)
    assert jsonschema.validators.validator_for(schema) is type(VALIDATORS[draft])
    assert schema["$id"].startswith("urn:specdl:schema:1")
    definitions = "$defs" if draft == "2020-12" else "definitions"
    references = set()

    def walk(value):
        if isinstance(value, dict):
            references.update([value["$ref"]] if "$ref" in value else [])
            value = list(value.values())
        for each in value if isinstance(value, list) else []:
            walk(each)

    walk(schema)
    assert len(references) > 50
    for each in references:
        place = schema
        for step in each.removeprefix("#/").split("/"):
            place = place[step]
        assert each.startswith(f"#/{definitions}/")


@pytest.mark.parametrize("draft", VALIDATORS)
def test_its_file_can_be_read_by_people(draft):
    written = text(draft)
    assert json.loads(written) == json_schema(draft)
    long = [line for line in written.splitlines() if len(line) > 110]
    assert all('"pattern"' in line or '"description"' in line for line in long)
    assert len(written.splitlines()) < 40 * len(json_schema()["$defs"])


EXTENDING = {"extends": "base.yaml", "optimizer": {"type": "sgd", "lr": 0.1}}


@pytest.mark.parametrize("draft", VALIDATORS)
def test_a_spec_that_extends_another_leaves_out_what_that_one_has(draft):
    right = VALIDATORS[draft].is_valid
    assert right(EXTENDING)
    assert right(EXTENDING | {"losses": [{"type": "mse"}]})
    assert not right(EXTENDING | {"losses": [{"type": "mse"}], "loss": {"type": "mse"}})
    assert not right(EXTENDING | {"optimizer": {"type": "sgd"}})
    assert not right(EXTENDING | {"extends": 1})
    assert not right(EXTENDING | {"extends": None})


FC = {"type": "linear", "out_features": 2}


@pytest.mark.parametrize("draft", VALIDATORS)
@pytest.mark.parametrize(
    "inside",
    [
        lambda layer: {"model": {"layers": [layer]}},
        lambda layer: {"model": {"layers": [{"type": "residual", "layers": [layer]}]}},
        lambda layer: {"model": {"layers": [{"type": "residual", "layers": [FC], "shortcut": [layer]}]}},
        lambda layer: {"blocks": {"a": {"layers": [{"type": "block", "layers": [layer]}]}}},
    ],
)
def test_a_layer_may_leave_out_what_defaults_of_its_type_may_supply(draft, inside):
    right = VALIDATORS[draft].is_valid
    for layer in (FC, {"type": "linear"}, {"type": "linear", "out_features": 2, "bias": None}):
        spec = disc() | inside(layer)
        spec["model"] = disc()["model"] | spec["model"]
        assert right(spec) == (layer == FC)
        spec["model"]["defaults"] = {}
        assert right(spec) == (layer == FC)
        spec["model"]["defaults"] = {"linear": {"out_features": 2, "bias": False}}
        assert right(spec)


@pytest.mark.parametrize("draft", VALIDATORS)
def test_what_a_base_has_by_default_may_fill_a_template_but_not_a_model(draft):
    right = VALIDATORS[draft].is_valid
    bare = [{"type": "linear"}]
    assert right({"extends": "a.yaml", "blocks": {"a": {"layers": bare}}})
    model = {"input": {"shape": [2]}, "layers": bare}
    assert not right({"extends": "a.yaml", "model": model})
    assert right({"extends": "a.yaml", "model": model | {"defaults": {"linear": {"out_features": 2}}}})
    assert not right({"extends": "a.yaml", "model": model | {"defaults": {"linear": {"bias": None}}}})


@pytest.mark.parametrize("draft", VALIDATORS)
@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests/check/good").glob("*.yaml")), ids=lambda path: path.stem
)
def test_it_takes_what_is_good(draft, path):
    value = read(path).value
    value = {key: each for key, each in value.items() if key != "extends"}
    assert [each.message for each in VALIDATORS[draft].iter_errors(value)] == []


def test_draft_07_has_nothing_beside_a_reference():
    def walk(value):
        if isinstance(value, dict):
            assert "$ref" not in value or len(value) == 1
            assert not {"$defs", "prefixItems"} & set(value)
            value = list(value.values())
        for each in value if isinstance(value, list) else []:
            walk(each)

    walk(json_schema("07"))


@pytest.mark.parametrize("seed", range(400))
def test_reader_and_schema_agree(seed):
    verdict = judged(generated(seed)[1])
    assert verdict.agree, verdict


def test_what_is_generated_is_right_and_wrong():
    verdicts = [judged(generated(seed)[1]) for seed in range(100)]
    assert 25 < sum(not each.findings for each in verdicts) < 75


def test_a_schema_that_is_wrong_is_noticed(monkeypatch):
    schema = json_schema()
    schema["properties"]["seed"] = {"type": "integer"}
    monkeypatch.setitem(DRAFTS, "2020-12", jsonschema.Draft202012Validator(schema))
    assert not judged(disc() | {"seed": -1}).agree
    assert judged(disc() | {"seed": 1}).agree


NUMBERS = [("seed",), ("optimizer", "lr"), ("data", "batch_size"), ("model", "layers", 0, "out_features")]
NUMBERS += [("train", "epochs"), ("schedule", "factors", 1), ("model", "input", "shape", 0), ("specdl",)]
CHOICES = [
    ("data", "target", "encode"),
    ("metrics", 0),
    ("model", "layers", 0, "activation"),
    ("loss", "type"),
]


@pytest.mark.parametrize("draft", VALIDATORS)
@pytest.mark.parametrize("path", [*NUMBERS, *CHOICES], ids=str)
def test_an_expression_may_stand_for_a_value(draft, path):
    value = change(disc(), path, "${width * 4}")
    assert VALIDATORS[draft].is_valid(value)
    assert not VALIDATORS[draft].is_valid(change(disc(), path, "width * 4"))


def test_every_tag_has_its_options():
    for category, catalog in CATALOGS.items():
        for tag in catalog.tags():
            name = {"layers": f"LayerEntry.{tag}"}.get(category, f"{category}.{tag}")
            if name in json_schema()["$defs"]:
                found = json_schema()["$defs"][name]["properties"]
                assert set(keys(catalog.get(tag))) | {"type"} <= set(found)


@pytest.mark.parametrize("around", [LayerEntry, LossEntry])
def test_no_op_has_an_option_that_its_entry_has(around):
    slot = wiring(around)
    for tag in CATALOGS[slot.category].tags():
        assert set(keys(CATALOGS[slot.category].get(tag))).isdisjoint(keys(around)), tag


def change(value, path, new):
    holder = value = copy.deepcopy(value)
    for step in path[:-1]:
        holder = holder[step]
    if new is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return value


LAYER = ("model", "layers", 0)
CHANGES = [
    (("seed",), 3),
    (("seed",), -1),
    (("seed",), "x"),
    (("sede",), 1),
    (("name",), "a b"),
    (("name",), "größe.1"),
    (("specdl",), 2),
    (("loss",), None),
    (("losses",), []),
    (("train",), {}),
    (("train", "steps"), 5),
    (("train", "checkpoint_every"), 3),
    (("train", "checkpoint_every"), {"steps": 0}),
    (("metrics",), ["nope"]),
    (("metrics",), [{"type": "loss"}]),
    (("optimizer",), {"type": "adam"}),
    (("optimizer",), "sgd"),
    (("optimizer", "lr"), None),
    (("optimizer", "lr"), 0),
    (("optimizer",), {"type": "adam", "betas": [0.9]}),
    (("optimizer",), {"type": "adam", "betas": [0.9, 0.99, 1]}),
    ((*LAYER, "out_features"), None),
    ((*LAYER, "type"), "tanh"),
    ((*LAYER, "type"), "dense"),
    ((*LAYER, "activation"), {"type": "relu"}),
    ((*LAYER, "activation"), {"type": "relu", "x": 1}),
    ((*LAYER, "activation"), "linear"),
    ((*LAYER, "name"), "a.b"),
    ((*LAYER, "init"), {"weight": {"type": "normal", "std": -1}}),
    ((*LAYER, "tie"), {"weight": 1}),
    ((*LAYER, "out_features"), "ten"),
    ((*LAYER, "bias"), 1),
    (("model", "output"), ["fc1", "head"]),
    (("model", "output"), 5),
    (("model", "layers"), []),
    (("model", "inputs"), {"a": {"shape": [1]}}),
    (("model", "input"), None),
    (("model", "input", "shape"), [0]),
    (("blocks",), {"a": {"layers": []}}),
    (("blocks",), {"a": {"layers": [{"type": "tanh"}], "params": {"n": "int"}}}),
    (("vars",), {"a": [1]}),
    (("vars",), {"index": 1}),
    (("vars",), {"a-b": 1}),
    (("data", "split"), {"test": 0.5}),
    (("data", "source"), {"type": "disc", "train": 10, "inside": 0}),
    (("data", "source"), {"type": "disc", "train": 10, "inside": True}),
    (("data", "source"), {"type": "disc", "train": 10, "inside": 2}),
]


@pytest.mark.parametrize(("path", "new"), CHANGES)
def test_its_verdict_is_the_reader_s(path, new):
    value = change(disc(), path, new)
    right = validate(read(value))[0] is not None
    assert {draft: each.is_valid(value) for draft, each in VALIDATORS.items()} == dict.fromkeys(
        VALIDATORS, right
    )


@pytest.mark.parametrize("make", [disc, rich])
def test_it_takes_specs(make):
    assert [each.message for each in VALIDATOR.iter_errors(make())] == []


@pytest.mark.parametrize("seed", range(60))
def test_it_refuses_no_spec_that_the_reader_takes(seed):
    value = copy.deepcopy(random.Random(seed).choice([disc(), rich()]))
    mutate(value, random.Random(seed))
    try:
        right = validate(read(json.loads(json.dumps(value))))[0] is not None
    except SpecError:  # a key that no text may have
        right = False
    assert VALIDATOR.is_valid(value) or not right
