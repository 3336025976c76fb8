import re

from specdl.ops.layers.residual import Residual
from specdl.runner.report.drawing import cut, draw
from tests.graph.models import graph, layer, linear
from tests.runner.report.runs import deep


def test_boxes_say_name_op_type_and_parameters():
    text = str(draw(graph(linear(3, "fc"))))
    assert "<title>fc; linear; f32[batch,3]; 9 parameters; a result of the model</title>" in text
    for word in ("fc", "linear", "f32[batch,3]", "9"):
        assert f">{word}</text>" in text


def test_every_edge_ends_in_an_arrow():
    text = str(draw(graph(linear(3, "a"), linear(3, "b"))))
    assert text.count('class="head"') == 3


def test_a_composite_has_a_frame_with_its_name():
    block = layer(Residual(layers=(linear(2, "up"), linear(2, "down"))), "res")
    text = str(draw(graph(linear(2, "stem"), block, linear(1, "head"))))
    frames = text[text.index('class="frames"') : text.index('class="edges"')]
    assert frames.count("<rect") == 1
    assert ">res</text>" in frames
    assert ">up</text>" in text


def test_a_frame_holds_the_skip_inside_its_composite():
    block = layer(Residual(layers=(linear(2, "up"), linear(2, "down"))), "res")
    text = str(draw(graph(linear(2, "stem"), block)))
    x, width = map(float, re.search(r'"frames"><g><rect x="(-?[\d.]+)" .*?width="([\d.]+)"', text).groups())
    upright = [float(each) for each in re.findall(r"([\d.]+) [\d.]+V", text)]
    assert upright
    assert all(x < each < x + width for each in upright)


def test_a_deep_net_has_a_line_for_each_box_in_one_column():
    run = deep(100)
    text = str(draw(run.graph))
    columns = set(re.findall(r'class="box layer[^"]*" transform="translate\(([\d.]+) ', text))
    assert len(columns) == 1
    assert text.count('height="24"') == text.count('class="box ')
    assert len(text) < 120_000


def test_long_names_are_cut_and_whole_in_the_tooltip():
    name = "a" * 60 + "<b>"
    text = str(draw(graph(linear(3, name.replace("<b>", "z")))))
    assert f"<title>{'a' * 60}z;" in text
    assert ">" + "a" * 61 not in text


def test_cut():
    assert [cut("abcdefgh", room) for room in (8, 7, 3, 0)] == [
        "abcdefgh",
        "abc\u2026fgh",
        "a\u2026h",
        "a\u2026h",
    ]
