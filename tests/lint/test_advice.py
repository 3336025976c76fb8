"""Entries bring their own rules: a plug-in's op speaks up like those of the package."""

import pytest

import specdl
from specdl.analysis import analyse
from specdl.core.advice import Run
from specdl.core.types import TensorType
from specdl.lint.subject import Subject
from specdl.ops.activations.relu import ReLU
from specdl.ops.advice import LayerSite, OptimizerSite
from specdl.ops.optimizers.sgd import SGD
from specdl.spec.fields import CATALOGS
from tests.lint.tools import HEAD, HIDDEN, data, model, spec

PLUGIN = '''
from collections.abc import Iterable
from typing import Literal

from specdl.core.advice import likely
from specdl.core.diagnostics import Add, Finding, Note
from specdl.core.types import TensorType
from specdl.ops.advice import LayerSite
from specdl.ops.base import Formula, Param, Signature


class Centre(Formula):
    """A scale for each feature, in the place of a normalisation over the batch."""

    type: Literal["centre"] = "centre"

    def signature(self, x: TensorType) -> Signature:
        width = x.shape[-1]
        return Signature(out={"y": x}, params={"weight": Param((width,), width, width, init="ones")})

    def forward(self, x, weight, *, y):
        y[:] = x * weight

    def backward(self, dy, x, weight, *, dx, dweight):
        from specdl.core.formula import batch_sum
        dx[:] = dy * weight
        dweight[:] = batch_sum(dy * x)

    def advise(self, site: LayerSite) -> Iterable[Finding]:
        before = site.maker("x")
        if site.run.batches[-1:] == (1,):
            message = f"`{site.label}` meets a batch of 1 in each epoch, which has no variance"
            yield site.finding("W331", message, help='"drop_last": true')
        if before is not None and getattr(before.op, "bias", False) and len(before.readers()) == 1:
            message = f"the bias of `{before.label}` does nothing: `{site.label}` takes the mean away"
            fix = likely("take the bias away", Add(before.path, "bias", False))
            notes = [Note("after it", site.path)]
            yield before.finding("W212", message, help="bias: false", fix=fix, notes=notes)
'''

WIDE = {"type": "linear", "out_features": 16, "name": "fc1"}


@pytest.fixture(autouse=True)
def fresh_catalogs(monkeypatch):
    """Plug-ins are forgotten after each test."""
    for catalog in CATALOGS.values():
        monkeypatch.setattr(catalog, "plugins", {})


@pytest.fixture
def plugin(tmp_path):
    def write(text=PLUGIN):
        path = tmp_path / "centre_ops.py"
        path.write_text(text)
        return [str(path)]

    return write


def told(value, plugins):
    return [(each.code, each.path, each.message) for each in specdl.check(value, plugins=plugins)]


def test_a_plug_in_brings_its_own_rules(plugin):
    plain = WIDE | {"bias": False}
    centred = [{"type": "centre", "name": "norm"}, {"type": "tanh"}, HEAD]
    assert told(spec(model=model(plain, *centred)), plugin()) == []
    assert told(spec(model=model(WIDE, *centred)), plugin()) == [
        ("W212", "$.model.layers[0]", "the bias of `fc1` does nothing: `norm` takes the mean away")
    ]
    one = told(spec(model=model(plain, *centred), data=data(1001)), plugin())
    assert (
        "W331",
        "$.model.layers[1]",
        "`norm` meets a batch of 1 in each epoch, which has no variance",
    ) in one


def test_neighbours_are_seen_through_the_graph(plugin):
    both = [WIDE, {"type": "centre", "name": "norm"}, {"type": "add", "inputs": ["fc1", "norm"]}, HEAD]
    assert told(spec(model=model(*both)), plugin()) == []  # another layer reads the bias too


def test_what_a_plug_in_says_in_a_block_has_the_uses_as_notes(plugin):
    step = {"layers": [WIDE, {"type": "centre", "name": "norm"}, {"type": "tanh"}]}
    uses = [{"type": "block", "block": "step", "name": name} for name in ("a", "b")]
    (one,) = specdl.check(spec(model=model(*uses, HEAD), blocks={"step": step}), plugins=plugin())
    assert one.path == "$.blocks.step.layers[0]"
    assert [note.where for note in one.notes] == ["$.blocks.step.layers[1]", "$.model.layers[0]"]


def test_a_plug_in_that_cannot_be_asked_is_told_as_its_own_fault(plugin):
    broken = plugin(PLUGIN.replace('before = site.maker("x")', 'before = site.maker("nonsense")'))
    with pytest.raises(
        specdl.UsageError, match="the plug-in's `centre` cannot be asked for advice: KeyError"
    ):
        specdl.check(spec(model=model(WIDE, {"type": "centre"}, HEAD)), plugins=broken)


class Nothing:
    """A net of one layer that reads an input."""

    def maker(self, value):
        return None

    def readers(self, value):
        return ()

    def limits(self, value):
        return (0.0, 1.0)

    def type(self, value):
        return TensorType((5, 4))


def test_sites_are_values_that_a_test_can_make():
    site = LayerSite(
        path=("model", "layers", 0), name="relu1", op=ReLU(), net=Nothing(),
        inputs={"x": "input"}, outputs={"y": "relu1.y"}, params={},
    )  # fmt: skip
    (one,) = ReLU().advise(site)
    assert (one.code, one.path, one.notes) == ("W212", ("model", "layers", 0), ())
    (one,) = SGD(lr=100.0).advise(OptimizerSite(path=("optimizer",), run=Run()))
    assert (one.code, one.path, one.severity) == ("W310", ("optimizer", "lr"), "warning")


def net_of(*layers):
    compilation, _ = analyse(spec(model=model(*layers)))
    return Subject(compilation.document, compilation.spec, compilation.graph).net


def test_who_reads_a_value_twice_is_one_reader():
    net = net_of(HIDDEN, {"type": "add", "inputs": ["fc1", "fc1"], "name": "twice"}, HEAD)
    assert [each.name for each in net.readers("fc1.activation.y")] == ["twice"]
    (loss,) = net.readers("head.y")
    assert loss.op.type == "cross_entropy"


def test_limits_are_worked_out_from_op_to_op():
    shown = {"type": "scale", "factor": -2}
    layers = [
        HIDDEN,
        shown,
        {"type": "reshape", "shape": [4, 4]},
        {"type": "flatten"},
        {"type": "relu"},
        HEAD,
    ]
    net = net_of(*layers)
    ends = [
        net.limits(f"{name}.y") for name in ("fc1", "fc1.activation", "scale1", "flatten1", "relu1", "head")
    ]
    unknown = (-float("inf"), float("inf"))
    assert ends == [unknown, (-1.0, 1.0), (-2.0, 2.0), (-2.0, 2.0), (0.0, 2.0), unknown]
