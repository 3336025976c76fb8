"""The peers do specdl's work: the same parameters, and the same loss on the same weights and batch."""

import pytest
import torch

import specdl
from specdl.ops.registry import CATALOGS
from tests.benchmarks import checking, torch_peer
from tests.benchmarks.specdl_peer import work as specdl_work
from tests.benchmarks.timing import Clock
from tests.benchmarks.workloads import BATCHES, DEPTHS, SHIPPED, WIDTHS, document, named

NAMES = [*SHIPPED, "width_8_batch_8", "width_64_batch_1", "depth_3"]
TABLE = [f"width_{width}_batch_{batch}" for width in WIDTHS for batch in BATCHES]


@pytest.fixture(params=NAMES)
def workload(request):
    return named(request.param)


@pytest.mark.parametrize("name", [*SHIPPED, *TABLE, *(f"depth_{depth}" for depth in DEPTHS)])
def test_specs_check_clean_and_agree_with_their_workloads(name):
    workload = named(name)
    assert specdl.check(workload.spec, max_memory=1 << 40) == []
    spec = document(workload)
    assert spec["data"]["batch_size"] == workload.batch
    assert spec["data"]["source"]["train"] == workload.points
    assert spec["loss"]["type"] == workload.loss
    optimizer = spec["optimizer"]
    assert optimizer["type"] == workload.optimizer
    assert optimizer.get("momentum", 0.0) == workload.momentum
    assert optimizer.get("lr", 1e-3) == workload.lr


def test_the_peer_has_the_same_parameters(workload):
    ours = [tuple(each.shape) for each in specdl.compile(workload.spec).parameters.values()]
    theirs = [tuple(each.shape) for each in torch_peer.net(workload).parameters()]
    assert ours == theirs
    assert sum(map(torch.Size.numel, map(torch.Size, theirs))) == workload.params


def test_the_peer_has_the_same_loss(workload):
    model, net = specdl.compile(workload.spec), torch_peer.net(workload)
    with torch.no_grad():
        for ours, theirs in zip(model.parameters.values(), net.parameters(), strict=True):
            ours.copy_(theirs)
        x, y = (each[: workload.batch] for each in torch_peer.samples(workload))
        expected = torch_peer.LOSSES[workload.loss](net(x), y).item()
    assert model.loss(x, y) == pytest.approx(expected, rel=1e-5)


def test_jax_has_the_same_loss(workload):
    jax_peer = pytest.importorskip("tests.benchmarks.jax_peer")
    pytest.importorskip("optax", reason="jax and optax come with the extra `bench`")
    net = torch_peer.net(workload)
    weights = [each.detach().numpy() for each in net.parameters()]
    params = [(weight.T, bias) for weight, bias in zip(weights[::2], weights[1::2], strict=True)]
    x, y = (each[: workload.batch] for each in torch_peer.samples(workload))
    expected = torch_peer.LOSSES[workload.loss](net(x), y).item()
    found = jax_peer.objective(workload)(params, x.numpy(), y.numpy())
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_a_short_last_batch_is_a_step_of_its_own():
    odd = SHIPPED["odd_mlp"]
    assert odd.points % odd.batch
    assert odd.steps == odd.points // odd.batch + 1
    assert specdl_work(odd).steps % odd.steps == 0


def test_a_clock_counts_steps():
    clock = Clock(torch_peer.work(named("width_8_batch_8")))
    us, groups = clock.turn(0.0)
    assert groups == 1
    assert us > 0.0


@pytest.mark.parametrize("count", [30, 100])
def test_the_spec_of_every_layer_checks_clean(count):
    spec = checking.every_layer(count)
    assert specdl.check(spec) == []
    assert len(spec["model"]["layers"]) == pytest.approx(count, abs=2)
    assert {each["type"] for each in spec["model"]["layers"]} == {*CATALOGS["layers"].tags()}
