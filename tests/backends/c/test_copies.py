from pathlib import Path

import pytest

from specdl.backends.c.copies import emit_copy
from specdl.backends.c.names import Names
from specdl.core.errors import CompilerFault
from specdl.core.types import BATCH, TensorType
from tests.backends.c import nests
from tests.backends.c.one_nest import TARGETS, build, check_nest


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_moves_only_its_columns(target, tmp_path: Path):
    cases = [nests.copied(cols, padded) for cols in (1, 8, 33) for padded in ("", "to of", "to")]
    for built in build(cases, target, tmp_path):
        for samples in (1, 2, 17):
            check_nest(built, samples)


def test_refuses_to_change_the_dtype():
    case = nests.copied(4)
    case.types["of"] = TensorType((BATCH, 9), "int64")
    with pytest.raises(CompilerFault, match="changes the dtype"):
        emit_copy(case.nest, case, TARGETS[0], Names(TARGETS[0], case.dtype))
