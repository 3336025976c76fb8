import pytest

from specdl import compiler
from specdl.backends.c.threads import pays, suited, usable
from tests.benchmarks.workloads import deep, document, wide


def program(workload):
    compilation, findings = compiler.analyse(document(workload))
    assert compilation is not None, findings
    return compilation.plan.schedules["train"].program


@pytest.mark.parametrize(
    ("width", "batch", "worth"),
    [(32, 16, False), (32, 128, True), (128, 1, False), (128, 64, True), (512, 1, False), (1024, 1, True)],
)
def test_a_second_thread_pays_for_enough_work_on_what_it_has_to_fetch(width, batch, worth):
    assert pays(program(wide(width, batch)), batch) is worth


def test_depth_does_not_make_a_narrow_net_worth_more_threads():
    assert not pays(program(deep(30)), 50)


def test_all_that_the_process_may_use_or_one(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert usable() == suited(program(wide(512, 64)), 64) == 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert usable() == suited(program(wide(512, 64)), 64) >= 1
    assert suited(program(wide(8, 1)), 1) == 1
