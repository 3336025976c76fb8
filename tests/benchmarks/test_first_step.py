"""What `start` and `depth` ask a process for, asked in this one: every kind of spec gets to its step."""

from pathlib import Path

import pytest

from tests.benchmarks.first_step import measure
from tests.benchmarks.workloads import named

SOURCES = {
    "labels": Path("models/iris.yaml"),
    "the input as target": Path("models/autoencoder.json"),
    "a workload": named("depth_3").spec,
}
STAGES = {"check_s", "build_s", "step_s"}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_stage_has_its_time_and_the_total_is_of_those_of_a_spec(source):
    told = measure(source, "torch")
    assert set(told) == STAGES | {"torch_s", "imports_s", "total_s"}
    assert min(told.values()) > 0
    assert told["total_s"] == pytest.approx(sum(told[stage] for stage in STAGES))
