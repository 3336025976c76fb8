import json

import pytest

from specdl.analysis import analyse
from specdl.runner import resume
from specdl.runner.errors import RunError
from specdl.runner.folder import RunFolder
from specdl.runner.resume import checksum, differences, require_same_spec
from specdl.spec.resolved import render
from tests.runner.tools import data
from tests.spec.specs import disc


def told(tmp_path, before, now):
    (tmp_path / "resolved.json").write_text(json.dumps(before))
    with pytest.raises(RunError) as caught:
        require_same_spec(RunFolder(tmp_path), now)
    return caught.value.message.partition("another spec: ")[2]


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        ({"a": [{"b": 1}]}, {"a": ({"b": 2},)}, "`a[0].b` was 1 and is now 2"),
        ({"a": [1]}, {"a": [1, 2]}, "`a` was [1] and is now [1, 2]"),
        ({"a": 1}, {"b": 1}, "`a` was 1 and is now not there; `b` was not there and is now 1"),
        ({"a": None}, {}, "`a` was null and is now not there"),
        ({"a": 1}, {"a": True}, "`a` was 1 and is now true"),
        ({"a": "x" * 99}, {"a": 1}, f'`a` was "{"x" * 56}... and is now 1'),
    ],
)
def test_differences_are_told_by_path(tmp_path, before, now, message):
    assert told(tmp_path, before, now) == message


def test_many_differences_are_counted(tmp_path):
    before, now = ({str(i): i + more for i in range(8)} for more in (0, 1))
    assert told(tmp_path, before, now).endswith("`4` was 4 and is now 5; and 3 more")


def test_what_is_only_said_may_differ():
    before = {"$schema": "a", "description": "b", "train": {"keep": 1, "checkpoint_every": 1, "epochs": 3}}
    assert list(differences(before, {"train": {"epochs": 3}}, ())) == []
    assert list(differences(before, {"train": {"epochs": 4}}, ())) == [(("train", "epochs"), 3, 4)]


def test_a_checksum_is_of_names_types_and_elements():
    arrays = data().parts["train"].inputs
    same = {"input": arrays["input"].copy()}
    assert checksum(arrays) == checksum(same)
    others = [{"x": same["input"]}, {"input": same["input"].astype("f4")}, {"input": same["input"].T.copy()}]
    assert checksum(arrays) not in {checksum(other) for other in others}
    assert checksum({"input": same["input"][:0]}) != checksum(arrays)


def test_a_spec_that_stands_there_as_it_is_now_is_not_judged_again(tmp_path, monkeypatch):
    """Only what is written otherwise is read as a spec, as is what it is compared with."""
    judged = []
    monkeypatch.setattr(resume, "validate", lambda document: judged.append(document) or (None, []))
    now = {"train": {"epochs": 3}, "data": {"target": {}}, "layers": ({"type": "linear"},)}
    (tmp_path / "resolved.json").write_text(json.dumps(now))
    require_same_spec(RunFolder(tmp_path), now)
    assert not judged
    with pytest.raises(RunError):
        require_same_spec(RunFolder(tmp_path), now | {"seed": 1})
    assert len(judged) == 2


def test_a_spec_of_one_meaning_goes_on(tmp_path):
    def resolved(change):
        value = disc()
        change(value)
        return render(analyse(value)[0].settled)

    def named(value):
        value["name"] = "other"
        value["model"]["layers"][1] |= {"inputs": ["fc1"]}

    before = {key: each for key, each in resolved(lambda _: None).items() if key != "seed"}
    (tmp_path / "resolved.json").write_text(json.dumps(before))
    require_same_spec(RunFolder(tmp_path), resolved(named))
    with pytest.raises(RunError, match="`seed` was 0 and is now 3"):
        require_same_spec(RunFolder(tmp_path), resolved(lambda value: value.update(seed=3)))
