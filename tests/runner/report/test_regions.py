import re

import numpy as np

from specdl.runner.report.facts import Regions
from specdl.runner.report.regions import section

CELLS = np.array([[0, 0, 1, 1], [0, 0, 0, 1]])
POINTS = np.array([[0.5, 0.5], [3.5, 0.5], [3.5, 1.5], [9.0, 1.0]])


def drawn(truth=(0, 1, 0, 1), labels=("outside", "inside")):
    facts = Regions(
        "head", "test", ("x1", "x2"), (0.0, 4.0, 0.0, 2.0), CELLS, POINTS,
        np.array(truth), np.array([0, 1, 1, 1]), labels,
    )  # fmt: skip
    return str(section(facts, several=False))


def group(text, name):
    return re.search(rf'<g class="{name}">(.*?)</g><', text, re.DOTALL).group(1)


def test_the_cells_of_a_class_are_runs_with_the_first_row_at_the_foot():
    paths = dict(re.findall(r'<path d="([^"]*)" class="(class\d)"', group(drawn(), "regions")))
    runs = {name: re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", d) for d, name in paths.items()}
    (x0, y0, w0), (x1, y1, w1) = (tuple(map(float, run)) for run in runs["class0"])
    assert x0 == x1
    high = (440 - 38 - 10) / 2
    assert (y0, y1) == (10 + high, 10)
    assert round(w1 / w0, 3) == 1.5
    assert abs(float(runs["class1"][0][0]) - (x0 + w0)) < 0.02


def test_wrong_samples_are_crossed_and_counted():
    text = drawn()
    assert group(text, "mistakes").count("l7 7m0 -7l-7 7") == 2  # once under, once over
    assert "1 of 4 samples of the test part lie on the wrong side." in text
    assert "l7 7" not in drawn(truth=(0, 1, 1, 1))


def test_samples_outside_of_the_picture_are_not_drawn():
    assert group(drawn(), "samples").count("h0") == 2  # of four, one wrong and one outside


def test_labels_are_escaped_and_axes_named():
    text = drawn(labels=("<b>", "inside"))
    assert "<b>" not in text
    assert ">x1</text>" in text
    assert ">x2</text>" in text
