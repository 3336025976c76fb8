"""What a workload's step cannot do without: its matrix products by torch's BLAS, and nothing else.

Facts are the time that the optimiser's bytes take at the measured copy rate.
"""

from __future__ import annotations

import torch

from specdl.runner.bench import copy_rate
from tests.benchmarks.timing import Work
from tests.benchmarks.workloads import Workload

STATE = {"sgd": 0, "momentum": 1, "adam": 2}
RATE_S = 0.5


def work(workload: Workload) -> Work:
    """As many batches' products as an epoch has: forward, dw, and dx but for the input's."""
    calls = []
    rows = workload.batch
    for index, (inputs, outputs) in enumerate(workload.shapes):
        x, weight, dy = torch.randn(rows, inputs), torch.randn(outputs, inputs), torch.randn(rows, outputs)
        calls.append((x, weight.t(), torch.empty(rows, outputs)))
        calls.append((dy.t(), x, torch.empty(outputs, inputs)))
        if index:
            calls.append((dy, weight, torch.empty(rows, inputs)))

    def epoch() -> None:
        for _ in range(workload.steps):
            for a, b, out in calls:
                torch.mm(a, b, out=out)

    return Work(epoch, workload.steps, update(workload))


def update(workload: Workload) -> dict[str, float]:
    """Microseconds of the optimiser's bytes: parameters and state read and written, and gradients read."""
    state = STATE["momentum" if workload.momentum else workload.optimizer]
    each = 4 * workload.params
    rate = copy_rate((2 + state) * each, RATE_S)
    return {
        "copy_bytes_per_s": rate,
        "update_us": 2 * (1 + state) * each / rate * 1e6,
        "gradients_us": each / rate * 1e6,
    }
