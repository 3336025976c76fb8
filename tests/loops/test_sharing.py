"""What is dear is computed once; what is handed on is never read in its place."""

from specdl.core.expr import load
from specdl.core.formula import exp, sqrt, tanh
from specdl.core.types import BATCH, TensorType
from specdl.loops.sharing import share
from specdl.loops.statements import Map, Reduce

X = load("x", TensorType((BATCH, 3)))
Z = load("z", TensorType((BATCH, 3)))


def told(*statements, keep=frozenset()):
    out, types = share([(n, s) for n, s in enumerate(statements)], keep)
    return [(number, str(statement)) for number, statement in out], types


def test_a_dear_value_that_two_use_gets_a_name():
    out, types = told(Map("a", X.shape, tanh(X) + 1.0), Map("b", X.shape, tanh(X) * 2.0))
    assert out == [
        (0, "%shared0 = tanh(x)"),
        (0, "a = add(%shared0, 1.0)"),
        (1, "b = mul(%shared0, 2.0)"),
    ]
    assert types == {"%shared0": X.type}


def test_one_that_is_a_statement_of_its_own_needs_none():
    out, types = told(Map("a", X.shape, tanh(X)), Map("b", X.shape, tanh(X) * 2.0))
    assert out == [(0, "a = tanh(x)"), (1, "b = mul(a, 2.0)")]
    assert not types


def test_what_is_cheap_or_used_once_stays():
    statements = Map("a", X.shape, (X + Z) * 2.0), Map("b", X.shape, exp(X + Z))
    out, types = told(*statements)
    assert [text for _, text in out] == [str(s) for s in statements]
    assert not types


def test_one_inside_of_another():
    inner = exp(X)
    out, _ = told(Map("a", X.shape, tanh(inner) * 2.0), Map("b", X.shape, tanh(inner)))
    assert [text for _, text in out] == [
        "%shared0 = tanh(exp(x))",
        "a = mul(%shared0, 2.0)",
        "b = %shared0",
    ]


def test_reductions_share_too():
    out, _ = told(Reduce("s", "sum", "row", X.shape, exp(X)), Map("y", X.shape, exp(X) * 2.0))
    assert sum("exp(" in text for _, text in out) == 1


def test_what_is_handed_on_is_not_read_for_what_it_is():
    out, _ = told(Map("p'", X.shape, sqrt(X)), Map("y", X.shape, sqrt(X) + 1.0), keep=frozenset({"p'"}))
    assert [text for _, text in out] == ["%shared0 = sqrt(x)", "p' = %shared0", "y = add(%shared0, 1.0)"]


def test_names_go_on_from_a_number():
    _, types = share([(0, Map("a", X.shape, exp(X) + 1.0)), (1, Map("b", X.shape, exp(X)))], first=7)
    assert list(types) == ["%shared7"]
