from dataclasses import replace

import pytest

from specdl.core.errors import CompilerFault
from specdl.ops.optimizers.sgd import SGD
from specdl.program.lower import lower
from specdl.program.program import Program
from tests.program.graphs import two_layers


@pytest.fixture
def program() -> Program:
    return lower(two_layers(), SGD(lr=0.1), "train")


def test_valid_programs_are_their_own_verification(program):
    assert program.verify() is program


def without(program, index):
    return replace(program, instrs=(*program.instrs[:index], *program.instrs[index + 1 :]))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda p: without(p, 1), "`tanh1.y` is read before it is written: fc2.y = linear.forward"),
        (lambda p: replace(p, instrs=p.instrs[:1] + p.instrs), "`fc1.y` is written twice: fc1.y = linear"),
        (lambda p: replace(p, instrs=p.instrs[::-1]), "is read before it is written"),
        (lambda p: without(p, 3), r"never written: \['loss'\]"),
        (lambda p: without(p, len(p.instrs) - 1), r"never written: \[\"fc2.bias'\"\]"),
        (
            lambda p: replace(p, types={n: t for n, t in p.types.items() if n != "dfc2.y"}),
            r"without a type: \['dfc2.y'\]",
        ),
        (
            lambda p: replace(p, instrs=(p.instrs[8], *p.instrs[:8], *p.instrs[9:])),
            "`dfc1.weight` is read before it is written",
        ),
        (
            lambda p: replace(p, instrs=(*p.instrs, replace(p.instrs[8], writes={"new_p": "again"}))),
            "`fc1.weight` is read after its place was taken: again = sgd.update",
        ),
    ],
)
def test_broken_programs(program, broken, message):
    with pytest.raises(CompilerFault, match=message):
        broken(program).verify()


def test_phases_and_members(program):
    assert [len(program.phase(p)) for p in ("forward", "backward", "update")] == [4, 4, 4]
    packed = replace(program, packs={"all": ("a", "b")}, aliases={"c": "b", "b": "a"})
    assert packed.members("all") == ("a", "b")
    assert packed.members("x") == ("x",)
    assert packed.root("c") == "a"
