from specdl.ops.activations.relu import ReLU
from specdl.ops.activations.tanh import Tanh
from specdl.ops.layers.add import Add
from specdl.ops.layers.concat import Concat
from specdl.ops.optimizers.adam import Adam
from specdl.ops.optimizers.sgd import SGD
from specdl.program.lower import lower
from tests.program.graphs import Drawn, lines, two_layers


def test_a_printed_program():
    assert str(lower(two_layers(), SGD(lr=0.1, momentum=0.5), "train")) == (
        "program(x: f32[batch,3], target: f32[batch,2], "
        "fc1.weight: f32[4,3], fc1.bias: f32[4], fc2.weight: f32[2,4], fc2.bias: f32[2], "
        "fc1.weight.momentum_buffer: f32[4,3], fc1.bias.momentum_buffer: f32[4], "
        "fc2.weight.momentum_buffer: f32[2,4], fc2.bias.momentum_buffer: f32[2]):\n"
        "  fc1.y = linear.forward(x, fc1.weight, fc1.bias)\n"
        "  tanh1.y = tanh.forward(fc1.y)\n"
        "  fc2.y = linear.forward(tanh1.y, fc2.weight, fc2.bias)\n"
        "  loss = mse.forward(fc2.y, target)\n"
        "  dfc2.y = mse.backward(fc2.y, target)\n"
        "  dtanh1.y, dfc2.weight, dfc2.bias = linear.backward(dfc2.y, tanh1.y, fc2.weight)\n"
        "  dfc1.y = tanh.backward(dtanh1.y, tanh1.y)\n"
        "  _, dfc1.weight, dfc1.bias = linear.backward(dfc1.y, x, fc1.weight)\n"
        "  finite = isfinite(loss, dfc1.weight, dfc1.bias, dfc2.weight, dfc2.bias)\n"
        "  fc1.weight', fc1.weight.momentum_buffer' = "
        "sgd.update(fc1.weight, dfc1.weight, fc1.weight.momentum_buffer, lr, t) if finite\n"
        "  fc1.bias', fc1.bias.momentum_buffer' = "
        "sgd.update(fc1.bias, dfc1.bias, fc1.bias.momentum_buffer, lr, t) if finite\n"
        "  fc2.weight', fc2.weight.momentum_buffer' = "
        "sgd.update(fc2.weight, dfc2.weight, fc2.weight.momentum_buffer, lr, t) if finite\n"
        "  fc2.bias', fc2.bias.momentum_buffer' = "
        "sgd.update(fc2.bias, dfc2.bias, fc2.bias.momentum_buffer, lr, t) if finite"
    )


def test_modes():
    graph = two_layers()
    assert [i.kernel for i in lower(graph, None, "infer").instrs] == [
        "linear.forward",
        "tanh.forward",
        "linear.forward",
    ]
    evaluate = lower(graph, None, "evaluate")
    assert (evaluate.results, evaluate.loss) == (("fc2.y", "loss"), "loss")
    assert lower(graph, None, "infer").inputs == ("x",)
    gradients = lower(graph, None, "train")
    assert {i.phase for i in gradients.instrs} == {"forward", "backward"}
    assert gradients.carries == {}
    assert gradients.gradients["fc1.bias"] == "dfc1.bias"


def test_gradients_of_a_value_that_several_read_are_joined_in_program_order():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 3)
    b = drawn.add("b", Tanh(), a)
    c = drawn.add("c", ReLU(), a)
    drawn.loss(drawn.add("sum", Add(), a, b, c, a))
    program = lower(drawn.graph(out="sum.y"), None, "train")
    assert lines(program)[5:] == [
        "dsum.y = mse.backward(sum.y, target)",
        "da.y@sum.x0, db.y, dc.y, da.y@sum.x3 = add.backward(dsum.y)",
        "da.y@sum.x3+ = add.forward(da.y@sum.x0, da.y@sum.x3)",
        "da.y@c.x = relu.backward(dc.y, c.y)",
        "da.y@c.x+ = add.forward(da.y@sum.x3+, da.y@c.x)",
        "da.y@b.x = tanh.backward(db.y, b.y)",
        "da.y = add.forward(da.y@c.x+, da.y@b.x)",
        "_, da.weight, da.bias = linear.backward(da.y, x, a.weight)",
    ]


def test_tied_parameters_have_one_gradient_and_one_update():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 3, bias=False)
    drawn.loss(drawn.linear("b", a, 3, bias=False, tie={"weight": "a.weight"}))
    program = lower(drawn.graph(out="b.y"), SGD(lr=0.1), "train")
    assert lines(program)[3:] == [
        "db.y = mse.backward(b.y, target)",
        "da.y, da.weight@b.weight = linear.backward(db.y, a.y, a.weight)",
        "_, da.weight@a.weight = linear.backward(da.y, x, a.weight)",
        "da.weight = add.forward(da.weight@b.weight, da.weight@a.weight)",
        "a.weight' = sgd.update(a.weight, da.weight, lr, t) if finite",
    ]


def test_losses_are_weighted_and_summed():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 2)
    b = drawn.linear("b", a, 2)
    drawn.loss(a, 0.5, "loss.a", "left")
    drawn.loss(b, 1.0, "loss.b", "right")
    program = lower(drawn.graph(out="b.y"), None, "train")
    assert lines(program)[2:] == [
        "loss.a.raw = mse.forward(a.y, left)",
        "loss.a = scale.forward(loss.a.raw)",
        "loss.b = mse.forward(b.y, right)",
        "loss = add.forward(loss.a, loss.b)",
        "da.y@loss.a.x.raw = mse.backward(a.y, left)",
        "da.y@loss.a.x = scale.forward(da.y@loss.a.x.raw)",
        "db.y = mse.backward(b.y, right)",
        "da.y@b.x, db.weight, db.bias = linear.backward(db.y, a.y, b.weight)",
        "da.y = add.forward(da.y@loss.a.x, da.y@b.x)",
        "_, da.weight, da.bias = linear.backward(da.y, x, a.weight)",
    ]


def test_what_is_frozen_has_no_gradient_and_what_is_before_it_has():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 4)
    drawn.loss(drawn.linear("b", a, 2, trainable=False))
    program = lower(drawn.graph(out="b.y"), Adam(), "train")
    assert "da.y, _, _ = linear.backward(db.y, a.y, b.weight)" in lines(program)
    assert set(program.gradients) == {"a.weight", "a.bias"}
    assert set(program.carries.values()) == {
        f"a.{p}{s}" for p in ("weight", "bias") for s in ("", ".m", ".v")
    }


def test_backward_stops_where_nothing_is_trained():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 4, trainable=False)
    drawn.loss(drawn.linear("b", drawn.add("t", Tanh(), a), 2))
    program = lower(drawn.graph(out="b.y"), None, "train")
    assert lines(program)[-1] == "_, db.weight, db.bias = linear.backward(db.y, t.y, b.weight)"


def test_all_frozen():
    drawn = Drawn(3)
    drawn.loss(drawn.linear("a", "x", 4, trainable=False))
    program = lower(drawn.graph(out="a.y"), SGD(lr=0.1), "train")
    assert [i.phase for i in program.instrs] == ["forward", "forward"]
    assert (program.gradients, program.carries) == ({}, {})


def test_branches_that_no_loss_needs_are_left_out_of_training():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 4)
    b = drawn.linear("b", a, 2)
    drawn.loss(a)
    graph = drawn.graph(a=a, b=b)
    assert [i.node for i in lower(graph, SGD(lr=0.1), "train").instrs] == [
        "a", "loss", "loss", "a", "a.weight", "a.bias",
    ]  # fmt: skip
    assert [i.node for i in lower(graph, None, "infer").instrs] == ["a", "b"]


def test_a_layer_may_be_called_like_another_layers_gradient():
    drawn = Drawn(3)
    a = drawn.linear("a", "x", 3)
    da = drawn.linear("da", a, 3)
    drawn.loss(drawn.add("cat", Concat(), da, drawn.linear("dda", da, 2)))
    program = lower(drawn.graph(out="cat.y"), SGD(lr=0.1), "train")
    assert len(set(program.gradients.values()) | set(program.parameters)) == 12
    assert program.gradients["a.weight"] not in program.parameters
