import json
import subprocess
import sys

import pytest

from tests.cli.conftest import spec


def test_specs_that_mean_the_same(specdl, write):
    first = write(spec(), "a.json")
    second = write(specdl("render", first, "--format", "yaml").out, "b.yaml")
    done = specdl("diff", first, second)
    assert (done.code, done.out, done.err) == (0, f"`{first}` and `{second}` mean the same\n", "")


def test_specs_that_differ(specdl, write):
    first = write(spec(), "a.json")
    done = specdl("diff", first, write(spec(seed=3, train={"epochs": 3}), "b.json"))
    assert done.code == 1
    assert done.out == "settings\n  seed: 0 -> 3\n  train.epochs: 2 -> 3\n\nweights\n  4 of 4 load\n"


def test_layers_weights_and_figures(specdl, write):
    first, second = spec(), spec()
    second["model"]["layers"][0] |= {"name": "stem"}
    second["model"]["layers"].insert(1, {"type": "linear", "out_features": 3, "bias": False})
    done = specdl("diff", write(first, "a.json"), write(second, "b.json"))
    assert done.code == 1
    assert "\n  + linear2: linear, f32[batch,3]\n" in done.out
    assert " (was " in done.out
    assert "\n  new: stem.weight, stem.bias, linear2.weight\n" in done.out
    assert "\nFLOPs, forward, one sample " in done.out


def test_json(specdl, write):
    first, second = write(spec(), "a.json"), write(spec(seed=3), "b.json")
    value = specdl("diff", first, second, "--format", "json").json
    assert value["same"] is False
    assert value["settings"] == [{"what": "seed", "before": 0, "after": 3}]
    assert value["hash"]["before"] != value["hash"]["after"]
    assert value["figures"]["parameters"]["before"] == value["figures"]["parameters"]["after"]
    assert len(value["weights"]["load"]) == 4
    assert specdl("diff", first, first, "--format", "json").json["same"] is True


def test_a_run_is_compared_by_the_spec_it_was_trained_with(specdl, write, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    path = write(spec(vars={"width": 3}), "a.json")
    (run / "resolved.json").write_text(specdl("render", path).out, "utf-8")
    assert specdl("diff", path, run).code == 0
    assert specdl("diff", run, write(spec(seed=2), "b.json")).code == 1


def test_settings_are_put_into_both(specdl, write):
    first, second = write(spec(seed=1), "a.json"), write(spec(seed=2), "b.json")
    assert specdl("diff", first, second, "--set", "seed=3").code == 0


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_spec_with_errors_cannot_be_compared(specdl, write, form):
    done = specdl("diff", write(spec(), "a.json"), write({"specdl": 1}, "b.json"), "--format", form)
    assert done.code == 2
    assert "error[E112]" in done.err
    assert (done.out == "") == (form == "human")
    assert form == "human" or json.loads(done.out)["ok"] is False


def test_wrong_usage(specdl, write, tmp_path):
    path = write(spec(), "a.json")
    for words in ((path,), (path, "gone.json"), ("-", "-"), (path, tmp_path)):
        done = specdl("diff", *words)
        assert (done.code, done.out) == (2, "")
        assert done.err


def test_torch_is_not_imported(write):
    path = write(spec(), "a.json")
    code = "import sys; from specdl.cli.main import main; main(sys.argv[1:]); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "diff", path, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("mean the same\nFalse\n")


def based(write, tmp_path, folder, **more):
    """A spec that takes its data, a table of its own, from a base in a folder."""
    (tmp_path / folder).mkdir()
    source = {"type": "csv", "path": "x.csv", "target": "y"}
    (tmp_path / folder / "base.json").write_text(json.dumps(spec(data={"source": source, "batch_size": 8})))
    (tmp_path / folder / "x.csv").write_text("a,b,y\n", "utf-8")
    return write({"extends": f"{folder}/base.json", **more}, f"{folder}.json")


def test_data_of_bases_in_two_folders_is_not_the_same(specdl, write, tmp_path):
    first, second = based(write, tmp_path, "one"), based(write, tmp_path, "two")
    done = specdl("diff", first, second)
    assert (done.code, done.out) == (1, "settings\n  data.source.path: one/x.csv -> two/x.csv\n\n" + LOADS)
    found = specdl("diff", first, second, "--format", "json").json
    assert found["hash"]["before"] != found["hash"]["after"]
    written = write(specdl("render", first).out, "written.json")
    assert specdl("diff", first, written).code == 0


LOADS = "weights\n  4 of 4 load\n"
