import math

import pytest

from specdl.analysis import analyse
from specdl.graph.limits import limits, target_limits
from tests.cli.conftest import spec


def graph(*layers, loss="mse"):
    compilation, _ = analyse(
        spec(
            model={"input": {"shape": [6]}, "layers": [{"type": "linear", "out_features": 3}, *layers]},
            loss={"type": loss},
            metrics=[],
        )
    )
    return compilation.graph


@pytest.mark.parametrize(
    ("layer", "expected"),
    [("sigmoid", (0.0, 1.0)), ("tanh", (-1.0, 1.0)), ("relu", (0.0, math.inf)), ("softmax", (0.0, 1.0))],
)
def test_an_output_with_limits(layer, expected):
    assert target_limits(graph({"type": layer})) == {"target": expected}


def test_limits_end_where_a_layer_has_none():
    net = graph({"type": "sigmoid"}, {"type": "linear", "out_features": 2, "name": "head"})
    assert "sigmoid1.y" in limits(net)
    assert target_limits(net) == {}


def test_the_scores_of_a_loss_that_makes_probabilities_of_them_have_none():
    assert target_limits(graph({"type": "relu"}, loss="cross_entropy")) == {}
