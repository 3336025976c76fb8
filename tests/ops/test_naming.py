from specdl.ops.activations.tanh import Tanh
from specdl.ops.base import LayerEntry
from specdl.ops.layers.linear import Linear
from specdl.ops.naming import local_names


def test_the_nth_layer_of_its_type_is_counted_whether_the_others_have_names_or_not():
    wide = Linear(out_features=2)
    entries = [
        LayerEntry(op=wide, activation=Tanh()),
        LayerEntry(op=Tanh()),
        LayerEntry(op=wide, name="head"),
        LayerEntry(op=Tanh()),
        LayerEntry(op=wide),
    ]
    assert local_names(entries) == ("linear1", "tanh1", "head", "tanh2", "linear3")


def test_no_layers_have_no_names():
    assert local_names([]) == ()
