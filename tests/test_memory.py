"""Memory: what a run holds is what the plan says, and a step takes nothing more."""

import json
import os
import subprocess
import sys

import pytest

from specdl.analysis import analyse

MODELS = ["models/disc.json", "models/digits.json", "models/two_inputs.json", "models/autoencoder.json"]

RETURNED = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""Lets the C library give back what is freed, so that what is held can be told from what was held once."""

GROWTH = """
import json, sys
from pathlib import Path
import torch
import specdl
from specdl.data.deal import Deal
from specdl.data.order import Order

torch.set_num_threads(1)

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def batch(model):
    generator = torch.Generator().manual_seed(0)
    rows = model.plan.rows
    arrays = {}
    for name, type in {**model.graph.inputs, **model.graph.targets}.items():
        shape = type.bind(rows).shape
        whole = torch.randint(0, 2, shape, generator=generator)
        arrays[name] = whole if type.dtype == "int64" else torch.rand(shape, generator=generator)
    return arrays

def run(model, arrays, steps):
    rows = model.plan.rows
    deal = Deal(Order(0, rows, shuffle=False), rows, 1)
    model.executable.train(arrays, deal, 0, [1e-3] * steps)

path = sys.argv[1]
# the libraries' own buffers, which are not a model's, are taken by a first model of this size
warm = specdl.compile(path)
run(warm, batch(warm), 2)
other = specdl.compile(path)
arrays = batch(other)
run(other, arrays, 2)
del warm
before = resident()
third = specdl.compile(path)
run(third, arrays, 5)
print(json.dumps([resident() - before, third.plan.bytes.total, sum(third.executable.allocated().values())]))
"""


@pytest.mark.parametrize("path", MODELS)
def test_resident_memory_grows_by_no_more_than_the_plan(path):
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, path],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | RETURNED,
    )
    grown, planned, allocated = json.loads(done.stdout)
    assert allocated == planned
    # what Python needs to hold the graph and the closures of a small net, in pages
    assert grown <= planned + (1 << 20)


@pytest.mark.parametrize("path", MODELS)
def test_the_arena_is_close_to_its_bound(path):
    compilation, _ = analyse(path)
    assert compilation is not None
    figures = compilation.plan.bytes
    assert figures.lower_bound <= figures.total <= 1.05 * figures.lower_bound
