import json
from pathlib import Path

import numpy as np
import pytest

import specdl
from specdl.data.base import Reading
from specdl.data.load import load
from specdl.graph.need import need
from specdl.runner.report import Classes, Values, gather, report


def trained(out, *, layers, loss, source, split=None, target=None, metrics=(), transforms=(), **more):
    data = {"source": source, "batch_size": 16, "transforms": list(transforms)}
    spec = {
        "specdl": 1,
        "name": "small",
        "data": data | ({"split": split} if split else {}) | ({"target": target} if target else {}),
        "model": {"input": {"shape": [2]}, "layers": layers, **more.pop("model", {})},
        "loss": {"type": loss},
        "optimizer": {"type": "adam", "lr": 0.02},
        "schedule": {"type": "piecewise_constant", "unit": "epochs", "boundaries": [1], "factors": [1, 0.5]},
        "train": {"epochs": 2, "checkpoint_every": 1},
        "metrics": list(metrics),
    }
    run = specdl.train(spec, out=out)
    return run, data_of(run)


def data_of(run, folder=Path()):
    model = run.model
    return load(model.spec.data, Reading(need(model.graph, model.spec), model.spec.seed, folder))


DISC = {"type": "disc", "train": 64, "validation": 16, "test": 48}


@pytest.fixture(scope="module")
def disc(tmp_path_factory):
    return trained(
        tmp_path_factory.mktemp("disc") / "run",
        layers=[
            {"type": "linear", "out_features": 8, "activation": "tanh"},
            {"type": "linear", "out_features": 2},
        ],
        loss="cross_entropy",
        source=DISC,
        metrics=["accuracy"],
    )


def test_a_run_is_told_as_it_was(disc):
    run, data = disc
    facts = gather(run, data)
    assert (facts.name, facts.rows, facts.spec_file, facts.notice) == ("small", 16, "spec.json", "")
    assert json.loads(facts.spec_text)["name"] == "small"
    assert facts.history == run.history
    assert facts.final["test"] == pytest.approx(run.metrics["test"])
    assert facts.final_of == "the last weights, of step 8"
    assert facts.better == {"loss": False, "accuracy": True}
    assert facts.seconds > 0
    assert facts.bytes == run.model.plan.bytes
    assert facts.settings == {
        "loss": "cross_entropy",
        "optimizer": "adam: lr 0.02",
        "schedule": "piecewise_constant: unit epochs, boundaries 1, factors 1 0.5",
        "length": "2 epochs",
        "batch size": "16",
        "samples": "64 train, 16 validation, 48 test",
        "seed": "0",
    }
    assert "<h3>Decision regions" in report(facts)


def test_predictions_are_those_of_the_test_part(disc):
    run, data = disc
    (facts,) = gather(run, data).predictions
    part = data.parts["test"]
    assert isinstance(facts, Classes)
    assert facts.part == "test"
    assert facts.labels == ("outside", "inside")
    np.testing.assert_array_equal(facts.truth, part.targets["target"])
    np.testing.assert_array_equal(facts.predicted, run.predict(part.inputs["input"]).argmax(1))
    assert (facts.truth == facts.predicted).mean() == pytest.approx(run.metrics["test"]["accuracy"])


def test_figures_and_predictions_are_of_the_same_weights(disc):
    trained_run, data = disc
    run = specdl.load(trained_run.path, checkpoint="step-00000004")
    facts = gather(run, data, "step-00000004")
    (classes,) = facts.predictions
    assert facts.final_of == "step-00000004"
    assert facts.final["test"]["accuracy"] == pytest.approx((classes.truth == classes.predicted).mean())
    assert facts.final["test"]["loss"] != trained_run.metrics["test"]["loss"]


def test_another_part_can_be_asked_for(disc):
    run, data = disc
    (facts,) = gather(run, data, part="train").predictions
    assert (facts.part, len(facts.truth)) == ("train", 64)


def test_regions_are_what_the_model_says_there(disc):
    run, data = disc
    (regions,) = gather(run, data).regions
    rows, columns = regions.cells.shape
    left, right, bottom, top = regions.extent
    i, j = 3, columns - 5
    point = [[left + (j + 0.5) * (right - left) / columns, bottom + (i + 0.5) * (top - bottom) / rows]]
    assert regions.cells[i, j] == run.predict(np.array(point, dtype=np.float32)).argmax(1)[0]
    assert left < regions.points[:, 0].min() < regions.points[:, 0].max() < right
    assert regions.axes == ("x1", "x2")


def test_without_data_there_are_no_predictions(disc):
    facts = gather(disc[0])
    assert (facts.final, facts.final_of) == (disc[0].metrics, "the last evaluation")
    assert (facts.predictions, facts.regions) == ((), ())
    assert 'id="predictions"' not in report(facts)


def test_one_output_is_two_classes_where_a_metric_counts_them(tmp_path):
    run, data = trained(
        tmp_path / "run",
        layers=[{"type": "linear", "out_features": 1}],
        loss="mse",
        target={"encode": "value"},
        source=DISC,
        metrics=[{"type": "accuracy", "threshold": 0.4}],
        transforms=["normalize"],
    )
    facts = gather(run, data)
    (classes,) = facts.predictions
    scores = run.model.forward(data.parts["test"].inputs["input"][:16]).numpy()[:, 0]
    assert classes.labels == ("0", "1")
    np.testing.assert_array_equal(classes.predicted[:16], scores > 0.4)
    np.testing.assert_array_equal(classes.truth, data.parts["test"].targets["target"][:, 0])
    assert facts.regions[0].axes == ("x1, normalize", "x2, normalize")
    assert "2 wrong" not in report(facts)


def test_values_stay_values(tmp_path):
    source = {"type": "random", "train": 32}
    layers = [{"type": "linear", "out_features": 3}]
    run, data = trained(tmp_path / "run", layers=layers, loss="mse", source=source)
    facts = gather(run, data)
    (values,) = facts.predictions
    assert isinstance(values, Values)
    assert (values.part, values.truth.shape, values.predicted.shape) == ("train", (32, 3), (32, 3))
    assert facts.regions == ()
    assert report(facts).count("<h3>Predicted against true") == 3


def test_a_run_that_has_not_ended_says_so(disc, tmp_path):
    run, _ = disc
    kept = (run.path / "result.json").read_bytes()
    try:
        (run.path / "result.json").unlink()
        facts = gather(run)
        assert facts.notice == "The run has not gone to its end."
        (run.path / "diverged.json").write_text(
            '{"epoch": 2, "message": "step 9: no number"}', encoding="utf-8"
        )
        assert gather(run).notice == "Training diverged in epoch 2: step 9: no number."
    finally:
        (run.path / "result.json").write_bytes(kept)
        (run.path / "diverged.json").unlink(missing_ok=True)


def test_the_axes_are_called_by_the_columns_of_a_file(tmp_path):
    rows = ["height,width,kind", *(f"{i},{i % 3},{'ab'[i % 2]}" for i in range(20))]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    spec = {
        "specdl": 1,
        "name": "columns",
        "data": {
            "source": {"type": "csv", "path": "a.csv", "features": ["height", "width"], "target": "kind"},
            "batch_size": 5,
        },
        "model": {"input": {"shape": [2]}, "layers": [{"type": "linear", "out_features": 2}]},
        "loss": {"type": "cross_entropy"},
        "optimizer": {"type": "sgd", "lr": 0.01},
        "train": {"epochs": 1},
    }
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    run = specdl.train(path, out=tmp_path / "run")
    (regions,) = gather(run, data_of(run, tmp_path)).regions
    assert (regions.axes, regions.labels) == (("height", "width"), ("a", "b"))
