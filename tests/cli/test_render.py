import json
from pathlib import Path

import pytest

from tests.cli.conftest import spec


def test_defaults_are_written_out(specdl, small):
    done = specdl("render", small)
    value = json.loads(done.out)
    assert value["seed"] == 0
    assert value["optimizer"]["betas"] == [0.9, 0.999]
    assert value["data"]["shuffle"] is True


def test_what_is_rendered_means_the_same(specdl, small, write):
    once = specdl("render", small).out
    again = specdl("render", write(once, "again.json")).out
    assert once == again


def test_set_and_variables_are_resolved(specdl, write):
    path = write(spec(vars={"rate": 0.5}, optimizer={"type": "sgd", "lr": "${rate / 2}"}))
    assert json.loads(specdl("render", path).out)["optimizer"]["lr"] == 0.25
    assert json.loads(specdl("render", path, "--set", "vars.rate=1").out)["optimizer"]["lr"] == 0.5


def test_errors(specdl, write):
    done = specdl("render", write({"specdl": 1}))
    assert (done.code, done.out) == (1, "")
    assert "error[E112]" in done.err


def test_yaml_says_the_same(specdl, write):
    path = write(spec(vars={"rate": 0.5}, optimizer={"type": "sgd", "lr": "${rate / 2}"}))
    text = specdl("render", path, "--format", "yaml").out
    assert text.startswith("specdl: 1\nname: small\n")
    assert specdl("render", write(text, "again.yaml")).out == specdl("render", path).out


def test_what_a_spec_extends_is_taken_in(specdl, write, tmp_path):
    write(spec(), "base.json")
    path = write({"extends": "base.json", "seed": 3}, "child.json")
    value = json.loads(specdl("render", path).out)
    assert (value["seed"], value["name"], "extends" in value) == (3, "small", False)
    far = tmp_path / "far"
    far.mkdir()
    (far / "base.json").write_text(json.dumps(spec()), "utf-8")
    path = write({"extends": str(far / "base.json")}, "other.json")
    assert specdl("render", path).code == 0
    (tmp_path / "apart").mkdir()
    path = write({"extends": str(far / "base.json")}, "apart/spec.json")
    assert "error[E610]" in specdl("render", path).err
    assert specdl("render", path, "--allow-path", far).code == 0


@pytest.mark.parametrize("name", ["sub/base.json", "../apart/base.json"])
def test_data_that_a_base_names_is_found_from_the_spec(specdl, write, tmp_path, name):
    here = tmp_path / "here"
    base = here / name
    base.parent.mkdir(parents=True)
    source = {"type": "csv", "path": "a.csv", "test": str(tmp_path / "t.csv"), "target": "y"}
    base.write_text(json.dumps(spec(data={"source": source, "batch_size": 8})), "utf-8")
    (base.parent / "a.csv").write_text("a,y\n", "utf-8")
    path = write({"extends": name}, "here/spec.json")
    value = json.loads(specdl("render", path, "--allow-path", tmp_path).out)
    written = value["data"]["source"]
    assert (here / written["path"]).resolve() == (base.parent / "a.csv").resolve()
    assert written["path"] == str(Path(name).with_name("a.csv"))
    assert written["test"] == source["test"]
