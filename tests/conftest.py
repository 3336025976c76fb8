"""What every test runs under: one torch thread, quiet profilers, examples that do not change."""

import os

# read when torch is loaded: its profiler tells of every start and stop at lower levels
os.environ["KINETO_LOG_LEVEL"] = "99"
os.environ.setdefault("OMP_NUM_THREADS", "2")

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "specdl",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
)
settings.load_profile("specdl")


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Torch on one thread, so that sums have one order and a busy machine is shared."""
    import torch

    torch.set_num_threads(1)
