"""Sections of docs/measurements.md, and what is said of figures."""

import pytest

from tests.benchmarks import depth, grid, steps
from tests.benchmarks.driver import Figure
from tests.benchmarks.report import Report, write


def figures(specdl, limit=2.0, **peers):
    own = Figure(specdl, (specdl,), {"limit_us": limit})
    return {"specdl": own, **{peer: Figure(us, (us,)) for peer, us in peers.items()}}


def test_a_section_is_put_in_the_place_of_its_last(tmp_path):
    path = tmp_path / "measurements.md"
    path.write_text("# Measurements\n\nBefore.\n")
    write(Report("depth-1", "Depth", ["one"], {}), path)
    write(Report("table-1", "Table", ["two"], {}), path)
    write(Report("depth-1", "Depth", ["three"], {}), path)
    text = path.read_text()
    assert text.startswith("# Measurements\n\nBefore.\n\n<!-- bench depth-1 -->\n## Depth\n\nthree\n<!-- end")
    assert "one" not in text
    assert text.index("three") < text.index("two")


def test_ratios_are_to_the_peer_or_the_best():
    found = figures(10.0, torch_eager=200.0, jax_scan=40.0)
    assert steps.ratio(found, "torch_eager") == 20.0
    assert steps.ratio(found, "best") == 4.0
    assert steps.ratio(found, "jax_jit") is None
    assert steps.ratio(found | {"specdl": "failed"}, "best") is None


@pytest.mark.parametrize(
    ("limit", "times", "verdict"),
    [(4.0, 5.1, "met"), (4.0, 4.9, "missed"), (14.0, 2.6, "met"), (14.0, 2.4, "missed"), (99.0, 0.96, "met")],
)
def test_the_bar_of_a_cell_depends_on_its_limit(limit, times, verdict):
    assert grid.verdict(figures(10.0, limit, torch_eager=10.0 * times)) == verdict


def test_growth_is_judged_by_what_a_layer_more_costs():
    assert depth.growth({1: 11.0, 10: 20.0, 100: 110.0}).endswith(": linear")
    assert depth.growth({1: 1.0, 10: 100.0, 100: 10_000.0}).endswith("more than linear")
