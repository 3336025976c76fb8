import numpy as np
import pytest
import torch

from specdl.data.base import Part
from specdl.graph.build import build
from specdl.ops.losses.sum_squared_error import SumSquaredError
from specdl.ops.metrics.accuracy import Accuracy
from specdl.ops.metrics.loss import LossFigure
from specdl.ops.metrics.mae import MeanAbsoluteError
from specdl.runner import evaluate as module
from specdl.runner.evaluate import Evaluator, predictions, resident, scored
from specdl.spec.model import LossEntry
from tests.graph import models
from tests.runner.tools import BATCH, ROWS, compiled, data, spec


def evaluator(of):
    made = compiled(of)
    return Evaluator(made.executable, of, made.graph, BATCH), made.executable


def errors(part, executable):
    weights = executable.parameters
    output = part.inputs["input"] @ weights["fc.weight"].numpy().T + weights["fc.bias"].numpy()
    return output - part.targets["target"]


@pytest.mark.parametrize("chunk", [1, 200, 1 << 20])
def test_a_mean_is_over_all_samples_whatever_the_batches(monkeypatch, chunk):
    monkeypatch.setattr(module, "CHUNK_BYTES", chunk)
    evaluate, executable = evaluator(spec())
    part = data().parts["train"]
    figures = evaluate(resident(part))
    difference = errors(part, executable)
    assert list(figures) == ["loss", "mae"]
    assert figures["loss"] == pytest.approx((difference**2).mean(), rel=1e-13)
    assert figures["mae"] == pytest.approx(abs(difference).mean(), rel=1e-13)


def test_a_sum_adds_up():
    of = spec().model_copy(update={"loss": SumSquaredError()})
    evaluate, executable = evaluator(of)
    executable.loss = lambda: float(torch.square(executable.infer()["fc"] - executable.held["target"]).sum())
    part = data().parts["train"]
    assert evaluate(resident(part))["loss"] == pytest.approx((errors(part, executable) ** 2).sum(), rel=1e-13)


def test_metrics_see_samples_in_order(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_BYTES", 1)
    evaluate, _ = evaluator(spec())
    seen = []
    monkeypatch.setattr(
        MeanAbsoluteError, "sums", lambda self, o, t: (seen.append((o.clone(), t.clone())), (0.0, 1.0))[1]
    )
    part = data().parts["train"]
    evaluate(resident(part))
    assert [len(output) for output, _ in seen] == [8, 8, 6]
    np.testing.assert_array_equal(torch.cat([target for _, target in seen]).numpy(), part.targets["target"])


@pytest.mark.parametrize(
    ("group", "chunk", "together"), [(0.0, 1, 8), (0.0, 1 << 20, 8), (1e9, 1, 8), (1e9, 1 << 20, ROWS)]
)
def test_how_batches_are_grouped_changes_nothing(monkeypatch, group, chunk, together):
    monkeypatch.setattr(module, "CHUNK_BYTES", chunk)
    parts = {name: resident(part) for name, part in data().parts.items()}
    expected = {name: evaluator(spec())[0](part) for name, part in parts.items()}
    monkeypatch.setattr(module, "GROUP", group)
    made, executable = evaluator(spec())
    calls = []
    one = executable.evaluate_rows
    executable.evaluate_rows = lambda *of: (calls.append(len(of[1])), one(*of))[1]
    for _ in range(3):
        assert {name: made(part) for name, part in parts.items()} == expected
    assert max(calls) == together


def test_asked_to_stop_it_has_no_figures():
    evaluate, executable = evaluator(spec())
    seen = []
    executable.notes = seen.append
    assert evaluate(resident(data().parts["train"]), lambda: len(seen) > 0) is None
    assert seen == ["evaluate"]


def test_arrays_are_not_copied_and_may_be_read_only():
    part = data().parts["train"]
    part.inputs["input"].flags.writeable = False
    found = resident(part)
    assert found.tensors["input"].data_ptr() == part.inputs["input"].ctypes.data
    assert found.rows == len(part.inputs["input"])


def two_outputs(*metrics):
    of = models.spec(
        models.linear(4, "a"),
        models.linear(1, "b"),
        losses=(
            LossEntry(op=models.MSE(), output="a", target="one"),
            LossEntry(op=models.MSE(), output="b", target="two"),
        ),
        metrics=metrics,
    )
    graph, findings = build(of)
    assert findings == []
    return scored(of, graph)


def test_figures_of_several_outputs_have_their_names():
    found = two_outputs(MeanAbsoluteError(), LossFigure())
    assert [(each.name, each.output, each.target) for each in found] == [
        ("mae.a", "a", "one"),
        ("mae.b", "b", "two"),
    ]


def test_a_metric_is_computed_where_it_applies():
    of = models.spec(models.linear(4, "a"), metrics=(Accuracy(), Accuracy(threshold=0.3), models.Classes()))
    graph, _ = build(of.model_copy(update={"metrics": ()}))
    assert [each.name for each in scored(of, graph)] == ["accuracy", "accuracy_2"]


def test_predicts_in_batches_of_the_planned_size():
    made = compiled(spec())
    sizes = []
    put = made.executable.put
    made.executable.put = lambda arrays: (sizes.append(len(arrays["input"])), put(arrays))
    x = np.random.default_rng(1).normal(size=(19, 3))
    found = predictions(made.executable, {"input": x}, 8)
    assert sizes == [8, 8, 3]
    part = Part({"input": x}, {"target": np.zeros((19, 1))})
    np.testing.assert_allclose(found["fc"], errors(part, made.executable), rtol=1e-14)
