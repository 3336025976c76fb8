import pytest

from specdl.core.types import TensorType
from specdl.ops.optimizers.adam import Adam
from specdl.ops.optimizers.sgd import SGD
from specdl.program.lower import lower
from specdl.program.passes import JoinUpdates, join_updates, optimize
from tests.program.graphs import lines, two_layers


def test_one_update_over_packs():
    before = lower(two_layers(), SGD(lr=0.1, momentum=0.5), "train")
    program = JoinUpdates()(before).verify()
    assert lines(program)[-1] == (
        "new_p[0], new_momentum_buffer[0] = sgd.update(p[0], g[0], momentum_buffer[0], lr, t) if finite"
    )
    assert len(program.instrs) == len(before.instrs) - 3
    assert program.packs["p[0]"] == ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")
    assert program.packs["g[0]"] == tuple(before.gradients.values())
    # 12, 4, 8 and 2 numbers, each in whole lines of 64 bytes
    assert program.types["p[0]"] == TensorType((64,))
    assert (program.results, program.carries) == (before.results, before.carries)
    assert JoinUpdates()(program) == program


@pytest.mark.parametrize(("largest", "groups"), [(26, [4]), (25, [3, 1]), (16, [2, 2]), (1, [1, 1, 1, 1])])
def test_no_run_is_longer_than_a_cache(monkeypatch, largest, groups):
    monkeypatch.setattr(join_updates, "LARGEST", largest)
    runs = join_updates.runs(lower(two_layers(), Adam(), "train"))
    assert [len(run) for run in runs] == groups


def test_the_pipeline_verifies_what_each_pass_makes():
    program = optimize(lower(two_layers(), Adam(), "train"))
    assert program.verify() is program
    assert optimize(program) == program


def test_nothing_to_join():
    program = lower(two_layers(), None, "train")
    assert JoinUpdates()(program) == program
