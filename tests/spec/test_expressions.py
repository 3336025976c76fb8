import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.spec.expressions import FAILED, ExpressionError, names_in, substitute

SCOPE = {"width": 8, "rate": 0.5, "act": "tanh", "on": True, "bad": FAILED}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${width}", 8),
        ("${ width }", 8),
        ("x${width}y${rate}", "x8y0.5"),
        ("${act}", "tanh"),
        ("${on}", True),
        ("a${on}", "atrue"),
        ("$${width}", "${width}"),
        ("a$${b}${width}", "a${b}8"),
        ("$", "$"),
        ("${1 + 2 * 3}", 7),
        ("${(1 + 2) * 3}", 9),
        ("${2 ** 3 ** 2}", 512),
        ("${-2 ** 2}", -4),
        ("${2 ** -1}", 0.5),
        ("${10 - 2 - 3}", 5),
        ("${7 // 2}", 3),
        ("${-7 // 2}", -4),
        ("${7 % 3}", 1),
        ("${8 / 4}", 2.0),
        ("${+3}", 3),
        ("${min(3, width)}", 3),
        ("${max(1, 2, width) * 2}", 16),
        ("${1e-3}", 0.001),
        ("${.5 + 1.}", 1.5),
        ("${bad}", FAILED),
        ("${bad + 1} x", FAILED),
        ("${(0 - 2) ** 3}", -8),
        ("${0 ** 0}", 1),
        ("${1 ** 9999999999}", 1),
    ],
)
def test_values(text, value):
    found = substitute(text, SCOPE)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${", "has no end"),
        ("${width", "has no end"),
        ("${}", "holds no expression"),
        ("${ }", "holds no expression"),
        ("${1 +}", "ends where a value should be"),
        ("${(1}", "`)` is missing"),
        ("${1 2}", "`2` is not expected"),
        ("${1)}", "`)` is not expected"),
        ("${*1}", "`*` is not expected"),
        ("${width.real}", "`.` cannot stand"),
        ("${open(1)}", "no function `open`"),
        ("${min()}", "`)` is not expected"),
        ("${act + 1}", "needs numbers"),
        ("${on + 1}", "needs numbers, not `true`"),
        ("${1 / 0}", "divides by zero"),
        ("${1 % 0}", "divides by zero"),
        ("${0 ** -1}", "divides by zero"),
        ("${(0 - 8) ** 0.5}", "not a real number"),
        ("${1e308 * 10}", "too large"),
        ("${9 ** 9 ** 9}", "too large"),
        ("${10.0 ** 400}", "too large"),
        ("${1e999}", "too large"),
        ("${widht}", "`widht`"),
        ("${" + "9" * 400 + "}", "too large"),
        ("${" + "(" * 100 + "1" + ")" * 100 + "}", "nested"),
        ("${[1]}", "`[`"),
        ("${" + "1+" * 600 + "1}", "at most 1,000 characters"),
        ("${" + "-" * 500 + "1}", "nested"),
        ("${min}", "`min`"),
        ("${2 ** 1e5}", "too large"),
        ("${'a'}", "`'`"),
        ("${10 ** 300 / 3 * 10 ** 300}", "too large"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(ExpressionError) as caught:
        substitute(text, SCOPE)
    assert message in caught.value.message


def test_a_slip_gets_a_suggestion():
    with pytest.raises(ExpressionError) as caught:
        substitute("${widht}", SCOPE)
    assert (caught.value.code, caught.value.help) == ("E121", "did you mean `width`?")


operators = st.sampled_from(["+", "-", "*", "//", "%"])
numbers = st.integers(1, 99).map(str)
expressions = st.recursive(
    numbers,
    lambda inner: (
        st.builds(lambda a, op, b: f"{a} {op} {b}", inner, operators, inner)
        | st.builds(lambda a: f"({a})", inner)
        | st.builds(lambda a: f"-{a}", inner)
        | st.builds(lambda a, b: f"max({a}, {b})", inner, inner)
    ),
    max_leaves=8,
)


@given(expressions)
def test_means_what_python_means(text):
    try:
        wanted = eval(text)
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="divides by zero"):
            substitute(f"${{{text}}}", {})
        return
    assert substitute(f"${{{text}}}", {}) == wanted


@given(st.text("0123456789+-*/%().,abe ${}", max_size=30))
def test_any_text_has_a_value_or_a_message(text):
    try:
        value = substitute(text, {"a": 3, "b": 0.5})
    except ExpressionError:
        return
    assert isinstance(value, (int, float, str))
    assert isinstance(value, str) or math.isfinite(float(value))


def test_names():
    assert names_in("${a + min(b, 2)} c ${d}") == {"a", "b", "d"}
    assert names_in("plain") == names_in("${") == set()
