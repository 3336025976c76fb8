from specdl.core.diagnostics import Finding, Note
from specdl.spec.expressions import FAILED
from specdl.spec.variables import evaluate, resolve


def test_variables_may_use_one_another_in_any_order():
    assert evaluate({"b": "${a * 2}", "a": 3, "c": "x${b}"}) == ({"b": 6, "a": 3, "c": "x6"}, [])
    assert evaluate(None) == ({}, [])


def test_a_long_chain_costs_no_recursion():
    chain = {f"v{i}": f"${{v{i + 1} + 1}}" for i in range(20_000)} | {"v20000": 0}
    assert evaluate(chain)[0]["v0"] == 20_000


def test_a_ring_is_shown_from_its_first_in_the_way_of_use():
    values, findings = evaluate({"z": 1, "a": "${b}", "b": "${c}", "c": "${a + z}"})
    notes = (
        Note("`b` is declared", ("vars", "b"), label=True),
        Note("`c` is declared", ("vars", "c"), label=True),
    )
    message = "variables that use one another: `a` -> `b` -> `c` -> `a`"
    assert findings == [Finding("E122", message, ("vars", "a"), notes=notes)]
    assert values["a"] is FAILED


def test_what_uses_a_faulty_variable_is_silent():
    values, findings = evaluate({"a": "${1 / 0}", "b": "${a + 1}"})
    assert [each.path for each in findings] == [("vars", "a")]
    assert values == {"a": FAILED, "b": FAILED}


def test_resolve_copies_and_goes_on_after_a_fault():
    findings = []
    raw = {"a": ["${x}", "${y}", 1], "b": "${x + 1}"}
    assert resolve(raw, ("m",), {"x": 2}, findings) == {"a": [2, FAILED, 1], "b": 3}
    assert [each.path for each in findings] == [("m", "a", 1)]
    assert raw["a"][0] == "${x}"
