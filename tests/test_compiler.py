"""The pipeline: what check says, what compile refuses, plug-ins, memory."""

import subprocess
import sys
from pathlib import Path

import pytest

import specdl
from specdl.analysis import analyse
from specdl.core.catalog import Catalog
from specdl.core.diagnostics import Diagnostic
from specdl.core.errors import CompilerFault
from specdl.spec.fields import CATALOGS

MODELS = sorted([*Path("models").rglob("*.json"), *Path("models").rglob("*.yaml")])

PLUGIN = '''
from typing import Literal
from specdl.core.formula import maximum, minimum, where
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Clip(Formula):
    """Between -1 and 1."""

    type: Literal["clip_one"] = "clip_one"
    avoid = {"x": (-1.0, 1.0)}

    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": x})

    def forward(self, x, *, y):
        y[:] = maximum(minimum(x, 1.0), -1.0)

    def backward(self, dy, x, *, dx):
        dx[:] = where(x * x < 1.0, dy, BACKWARD)
'''


def spec(**model):
    return {
        "specdl": 1,
        "name": "small",
        "data": {"batch_size": 8},
        "model": {
            "input": {"shape": [4]},
            "layers": [{"type": "linear", "out_features": 3, "name": "fc1"}],
        }
        | model,
        "loss": {"type": "mse"},
        "optimizer": {"type": "adam"},
        "train": {"epochs": 1},
    }


@pytest.fixture(autouse=True)
def fresh_catalogs(monkeypatch):
    """Plug-ins are forgotten after each test."""
    for catalog in CATALOGS.values():
        monkeypatch.setattr(catalog, "plugins", {})


@pytest.mark.parametrize("path", MODELS, ids=str)
def test_every_shipped_spec_checks_clean_and_fits_its_bound(path):
    compilation, findings = analyse(path)
    assert findings == []
    assert compilation is not None
    figures = compilation.plan.verify().bytes
    assert figures.total <= 1.05 * figures.lower_bound


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("models/ee559/a_tanh.json", 1427),
        ("models/bench/disc_mlp.json", 1427),
        ("models/mnist_mlp.json", 669_706),
        ("models/autoencoder.json", 2_837_314),
        ("models/digits.json", 64 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10),
    ],
)
def test_parameter_counts(path, parameters):
    compilation, _ = analyse(path)
    assert compilation is not None
    assert compilation.graph.parameter_count == parameters


def test_check_leaves_torch_and_numpy_unimported():
    code = (
        "import sys, specdl; assert specdl.check(sys.argv[1]) == []; "
        "print([name for name in ('torch', 'numpy', 'jsonschema', 'rich') if name in sys.modules])"
    )
    for path in ("models/disc.json", "models/two_inputs.json", "models/iris.yaml"):
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"


def test_check_reports_errors_of_a_stage_at_once():
    broken = spec(layers=[{"type": "lienar", "out_features": 3}, {"type": "linear", "out_featurs": 3}])
    assert [(each.code, each.path) for each in specdl.check(broken)] == [
        ("E110", "$.model.layers[0].type"),
        ("E111", "$.model.layers[1].out_featurs"),
    ]


def test_no_compilation_without_an_error_is_a_fault_of_specdl(monkeypatch):
    warning = Diagnostic("W110", "warning", "nothing is silenced", "$")
    monkeypatch.setattr("specdl.analysis.front", lambda *given: (None, None, [warning]))
    with pytest.raises(CompilerFault, match="no finding says why"):
        specdl.check("models/disc.json")


def test_memory_is_refused_before_anything_is_allocated():
    huge = spec(layers=[{"type": "linear", "out_features": 10**12}, {"type": "linear", "out_features": 1}])
    (finding,) = specdl.check(huge)
    assert finding.code == "E510"
    assert finding.message.startswith("a run would take ")
    with pytest.raises(specdl.ResourceError) as caught:
        specdl.compile(huge, backend="torch")
    assert caught.value.exit_code == 4
    with pytest.raises(specdl.ResourceError, match=r"a run would take [0-9,]+ bytes"):
        specdl.compile(huge)
    compilation, _ = analyse(huge)
    assert compilation is not None
    weights, activations = 6 * 10**12 + 1, 8 * 2 * 10**12
    kept = 3 * 2 + 1  # adam's: with its state twice, for the guard, and a gradient
    assert 0 < compilation.plan.bytes.total - 4 * (kept * weights + activations) < 2000
    assert str(caught.value).startswith(
        f"a run would take {compilation.plan.bytes.total:,} bytes (211.0 TiB), and "
    )


def test_max_memory_is_compared_with_the_plans_total():
    compilation, _ = analyse(spec())
    assert compilation is not None
    total = compilation.plan.bytes.total
    assert specdl.check(spec(), max_memory=total, backend="torch") == []
    (finding,) = specdl.check(spec(), max_memory=total - 1, backend="torch")
    assert (
        finding.message == f"a run would take {total:,} bytes, and `--max-memory` allows {total - 1:,} bytes"
    )
    assert finding.help == '"batch_size": 5'


def test_a_plug_in_is_named_by_the_caller_and_held_to_its_contract(tmp_path):
    good = tmp_path / "good_ops.py"
    good.write_text(PLUGIN.replace("BACKWARD", "0.0"))
    uses = spec(layers=[{"type": "linear", "out_features": 3, "activation": "clip_one", "name": "fc1"}])
    assert [each.code for each in specdl.check(uses)] == ["E110"]
    model = specdl.compile(uses, plugins=[str(good)])
    assert model.forward([[9.0, 9.0, 9.0, 9.0]]).abs().max() <= 1


def test_a_plug_in_with_a_wrong_backward_is_refused(tmp_path):
    bad = tmp_path / "bad_ops.py"
    bad.write_text(PLUGIN.replace("BACKWARD", "dy"))
    uses = spec(layers=[{"type": "linear", "out_features": 3, "name": "fc1"}, {"type": "clip_one"}])
    with pytest.raises(specdl.UsageError, match=r"the plug-in's `clip_one` breaks its contract: `dx` along"):
        specdl.compile(uses, plugins=[str(bad)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("dx[:] = where(x * x < 1.0, dy, BACKWARD)", "pass"), "`dx` is never written"),
        (("where(x * x < 1.0, dy, BACKWARD)", "dy.nonsense"), "AttributeError: "),
    ],
)
def test_a_plug_in_that_cannot_be_compiled_is_told_as_its_own_fault(tmp_path, change, message):
    bad = tmp_path / "worse_ops.py"
    bad.write_text(PLUGIN.replace(*change))
    uses = spec(layers=[{"type": "linear", "out_features": 3, "name": "fc1"}, {"type": "clip_one"}])
    with pytest.raises(specdl.UsageError) as caught:
        specdl.compile(uses, plugins=[str(bad)])
    assert str(caught.value).startswith(f"the plug-in's `clip_one` breaks its contract: {message}")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "import nowhere_to_be_found",
            "fails to import: ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        ),
        ("1 / 0", "fails to import: ZeroDivisionError: division by zero"),
        ("x = 1", "defines no op: a class with a `type` and a default"),
        (
            PLUGIN.replace("clip_one", "tanh").replace("BACKWARD", "0.0"),
            "the plug-in's `tanh` is taken already in layers",
        ),
    ],
)
def test_plug_ins_that_cannot_be_used(tmp_path, source, message):
    file = tmp_path / "some_ops.py"
    file.write_text(source)
    with pytest.raises(specdl.UsageError) as caught:
        specdl.check(spec(), plugins=[str(file)])
    assert message in str(caught.value)


def test_a_plug_in_that_is_not_there():
    with pytest.raises(specdl.UsageError, match="there is no module `no_such_ops` to plug in"):
        specdl.check(spec(), plugins=["no_such_ops"])
    with pytest.raises(specdl.UsageError, match=r"there is no file `no_such_ops.py` to plug in"):
        specdl.check(spec(), plugins=["no_such_ops.py"])


def test_catalogs_name_files():
    for name, catalog in CATALOGS.items():
        assert isinstance(catalog, Catalog)
        assert all(catalog.get(tag) is not None for tag in catalog.tags()), name
