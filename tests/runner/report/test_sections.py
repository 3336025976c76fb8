import re
from dataclasses import replace

from specdl.runner.report import sections
from specdl.runner.report.history import curves
from tests.runner.report.runs import digits, disc


def rows(element):
    return [re.findall(r">([^<>]+)<", row) for row in re.findall(r"<tr.*?</tr>", str(element))]


def test_final_figures_by_part_and_metric():
    run = replace(disc(), final={"train": {"loss": 0.5}, "test": {"loss": 0.25, "accuracy": 0.9}})
    assert rows(sections.final(run)) == [
        ["part", "loss", "accuracy"],
        ["train", "0.5000", "\u2013"],
        ["test", "0.2500", "0.9000"],
    ]
    assert sections.final(replace(run, final={})) is None


def test_the_first_figures_are_those_of_the_last_part():
    text = str(sections.tiles(disc()))
    assert text.index("test accuracy") < text.index("test loss") < text.index("parameters")
    assert "<dd>1,427</dd>" in text


def test_bytes_by_section_add_up():
    run = disc()
    table = {row[0]: row[1:] for row in rows(sections.memory(run)[1])[1:]}
    sections_ = ("parameters", "gradients", "optimizer state", "model state", "activations", "scratch")
    sizes = [int(table[name][0].replace(",", "")) for name in sections_]
    assert sum(sizes) == run.bytes.total
    assert table["total"] == [f"{run.bytes.total:,}", "100%"]
    assert table["parameters"][0] == f"{run.bytes.params:,}"


def test_layers_with_their_parameters():
    table = rows(sections.layers(disc()))
    assert ["fc1", "linear, tanh", "f32[batch,25]", "75"] in table
    assert table[-1] == ["all", "1,427"]


def test_frozen_parameters_are_told():
    run = digits()
    names = list(run.graph.parameters)
    frozen = {**run.graph.parameters, names[0]: replace(run.graph.parameters[names[0]], trainable=False)}
    text = str(sections.layers(replace(run, graph=replace(run.graph, parameters=frozen))))
    assert f"all, {41_050 - 64 * 48:,} of them trained" in text


def test_the_table_of_evaluations_is_thinned():
    history = [{"epoch": i, "train": {"loss": 1.0 + i}} for i in range(1, 1001)]
    element = sections.evaluations(curves(history, {}))
    found = rows(element)
    assert 100 < len(found) < 125
    assert found[1] == ["1", "2"]
    assert found[-1] == ["1000", "1,001"]
    assert "of 1000 evaluations" in str(element)


def test_nested_pairs_get_dotted_names():
    text = str(sections.pairs({"a": {"b": 1, "c": [2, 3]}, "none": None}))
    assert re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text) == [("a.b", "1"), ("a.c", "2, 3")]
