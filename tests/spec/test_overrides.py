import pytest

from specdl.core.errors import SpecError, UsageError
from specdl.spec.document import read
from specdl.spec.overrides import parse_setting
from specdl.spec.validate import validate
from tests.spec.specs import disc


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("optimizer.lr=0.01", ("optimizer", "lr"), 0.01),
        ("a=1e-3", ("a",), 1e-3),
        ("a=no", ("a",), "no"),
        ("a=", ("a",), None),
        ("a=b=c", ("a",), "b=c"),
        ("a.0.b=true", ("a", "0", "b"), True),
        ("a[0][12].b=[1, 2]", ("a", 0, 12, "b"), [1, 2]),
        ('a={"type": "mse"}', ("a",), {"type": "mse"}),
        ("a={type: mse}", ("a",), {"type": "mse"}),
        ("my-key.x y=1", ("my-key", "x y"), 1),
    ],
)
def test_settings(text, path, value):
    setting = parse_setting(text)
    assert (setting.path, setting.value) == (path, value)


@pytest.mark.parametrize(
    "text", ["", "a", "=1", ".a=1", "a.=1", "a..b=1", "a[=1", "a[x]=1", "a]=1", "a[0]b=1"]
)
def test_what_is_no_setting(text):
    with pytest.raises(UsageError, match="is not of the form"):
        parse_setting(text)


def test_a_value_that_cannot_be_read():
    with pytest.raises(SpecError) as caught:
        parse_setting("a.b=[1")
    assert [(each.code, each.path) for each in caught.value.diagnostics] == [("E003", "$.a.b")]


def test_values_are_replaced_added_and_counted():
    source = disc()
    spec, findings = validate(
        read(source, ["optimizer.lr=0.5", "optimizer.momentum=0", "model.layers.0.out_features=7",
                      "model.layers[1].activation=relu", "data.split.test=0.1", "loss={type: l1}"])
    )  # fmt: skip
    assert findings == []
    assert (spec.optimizer.lr, spec.optimizer.momentum, spec.loss.type) == (0.5, 0.0, "l1")
    assert spec.model.layers[0].op.out_features == 7
    assert spec.model.layers[1].activation.type == "relu"
    assert spec.data.split.test == 0.1
    assert source == disc()


def test_the_last_of_two_settings_holds():
    assert read(disc(), ["seed=1", "seed=2"]).value["seed"] == 2


def test_expressions_may_be_set():
    spec, _ = validate(read(disc(), ["vars.w=6", "model.layers.0.out_features=${w * 2}"]))
    assert spec.model.layers[0].op.out_features == 12


def test_a_finding_beside_a_setting_keeps_its_line(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("a: {b: 1, c: 2}")
    document = read(file, ["a.b=3"])
    assert document.position(("a", "b")) is None
    assert document.place(("a", "b")) == "`--set a.b=3`"
    assert document.position(("a", "c")).column == 14
