"""What is told of each instruction; and that of the specs that come with the package, all is native."""

from pathlib import Path

import pytest

from specdl.backends.c.marks import marks, native_count
from specdl.loops.fuse import fuse
from specdl.program.lower import lower
from specdl.program.passes import optimize
from tests.backends.c.models import compiled
from tests.loops.test_fuse import SGDM, training
from tests.program.graphs import Drawn, two_layers
from tests.test_testing import Centre

MODELS = Path(__file__).parents[3] / "models"
SPECS = sorted(path for pattern in ("**/*.json", "**/*.yaml") for path in MODELS.glob(pattern))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(MODELS)))
def test_every_instruction_of_every_spec_is_native(path):
    plan = compiled(str(path)).plan
    for name, each in plan.schedules.items():
        if name != "step":
            for whole in (True, False):
                told = marks(fuse(each.program, whole=whole))
                assert len(told) == len(each.program.instrs)
                assert native_count(told) == len(told)
                assert "torch" not in told, f"{name}: {told}"


def test_words():
    nests = fuse(training(two_layers(), SGDM), whole=True)
    kernels = [f"{instr.node}.{instr.kernel}" for instr in nests.program.instrs]
    told = dict(zip(kernels, marks(nests), strict=True))
    assert told["fc1.linear.forward"] == "native"
    assert told["tanh1.tanh.forward"] == "native, fused with fc1.linear.forward"
    assert told["fc1.weight.sgd.update"] == "native, fused with fc1.linear.backward"


def test_what_torch_runs():
    drawn = Drawn(3)
    out = drawn.linear("fc", drawn.add("k", Centre(), "x"), 2)
    nests = fuse(optimize(lower(drawn.graph(fc=out), None, "infer")), whole=True)
    assert marks(nests) == ["torch", "native"]
    assert native_count(marks(nests)) == 1
