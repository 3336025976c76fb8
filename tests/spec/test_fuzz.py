"""Whatever a spec holds, it is judged: no traceback, no long wait, and every finding has its place."""

import copy
import json
import random

import pytest

from specdl.core.errors import SpecError, UsageError
from specdl.core.formats.human import human
from specdl.core.formats.json import as_json
from specdl.spec.document import read
from specdl.spec.resolved import render
from specdl.spec.validate import validate
from tests.spec.specs import DISC, RICH

ODD = [
    None,
    True,
    -1,
    0,
    1.5,
    10**40,
    "",
    "x",
    "${width}",
    "${",
    "tanh",
    [],
    {},
    [1, "a"],
    {"type": "linear"},
    [[]],
]
ODD += [{"type": None}, {"type": "block", "block": "dense"}, "${index}", "\a", "名", {"x": {"y": 1}}, 1e300]


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*path, key))
    elif isinstance(value, list):
        for i, each in enumerate(value):
            yield from places(each, (*path, i))


def mutate(value, rng):
    """One place changed: replaced, dropped, renamed, doubled."""
    path = rng.choice([each for each in places(value) if each])
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    last, how = path[-1], rng.randrange(5)
    if how == 0 and isinstance(holder, dict):
        holder[rng.choice([f"{last}x", last[:-1], "type", "name", "units", "\t"])] = holder.pop(last)
    elif how == 1:
        del holder[last]
    elif how == 2 and isinstance(holder, list):
        holder.insert(last, copy.deepcopy(holder[last]))
    else:
        holder[last] = copy.deepcopy(rng.choice(ODD))


def judged(source, overrides=()):
    try:
        document = read(source, overrides)
    except SpecError as error:
        return None, list(error.diagnostics)
    spec, findings = validate(document)
    return spec, document.diagnose(findings)


def check(spec, diagnostics, of_text):
    assert (spec is None) == bool(diagnostics)
    assert json.dumps(as_json(diagnostics))
    told = human(diagnostics)
    for word in ("Traceback", "pydantic", "validation error", "FAILED", "Input should", "NoneType", "<class"):
        assert word not in told
    if of_text:
        assert all(each.position for each in diagnostics)


@pytest.mark.parametrize("seed", range(400))
def test_mutated_specs(seed, tmp_path):
    rng = random.Random(seed)
    value = copy.deepcopy(rng.choice([DISC, RICH]))
    for _ in range(rng.randrange(1, 5)):
        mutate(value, rng)
    spec, diagnostics = judged(value)
    check(spec, diagnostics, of_text=False)
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(value, indent=1), "utf-8")
    again, found = judged(file)
    check(again, found, of_text=True)
    assert [each.message for each in found] == [each.message for each in diagnostics]
    (tmp_path / "spec.yaml").write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    assert [each.path for each in judged(tmp_path / "spec.yaml")[1]] == [each.path for each in found]
    if spec is not None:
        again, findings = validate(read(render(spec)))
        assert (render(again), findings) == (render(spec), [])


@pytest.mark.parametrize("suffix", ["json", "yaml"])
@pytest.mark.parametrize("seed", range(150))
def test_mutated_texts(seed, suffix, tmp_path):
    rng = random.Random(seed)
    text = list(json.dumps(RICH, indent=rng.choice([None, 2])))
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text))
        text[at : at + rng.randrange(3)] = rng.choice(
            ["", "{", "]", ",", '"', "\\", "\n", "\t", "&a ", "*a", "#", "1", ":"]
        )
    file = tmp_path / f"spec.{suffix}"
    file.write_text("".join(text), "utf-8")
    spec, diagnostics = judged(file)
    check(spec, diagnostics, of_text=True)


@pytest.mark.parametrize("seed", range(60))
def test_settings(seed):
    rng = random.Random(seed)
    paths = [each for each in places(RICH) if each]
    path = ".".join(str(step) for step in rng.choice(paths))
    try:
        spec, diagnostics = judged(
            RICH, [f"{path}{rng.choice(['', '.x', '[7]'])}={json.dumps(rng.choice(ODD))}"]
        )
    except UsageError:
        return
    check(spec, diagnostics, of_text=False)
