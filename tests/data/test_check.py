import subprocess
import sys

import pytest

from specdl.data.base import DataSpec, Need, SplitSpec, TargetSpec
from specdl.data.check import bytes_ahead, check
from specdl.data.sources.csv import Csv
from specdl.data.sources.disc import Disc
from specdl.data.sources.random import Random
from specdl.data.sources.sklearn import Sklearn
from specdl.data.transforms.normalize import Normalize
from tests.data.helpers import classes, f32, i64, lines, reading, values


def told(source, need, folder=None, **options):
    options.setdefault("batch_size", 5)
    return lines(
        check(DataSpec(source=source, **options), reading(need, folder) if folder else reading(need))
    )


@pytest.mark.parametrize(
    ("source", "need", "options"),
    [
        (None, classes(2), {}),
        (Disc(train=10), classes(2), {"drop_last": True}),
        (Disc(train=10), classes(5), {}),
        (Disc(train=10), values(1), {}),
        (Disc(train=10), classes(2, encode="one_hot"), {}),
        (Random(train=4), classes(9, f32(3, 32, 32)), {}),
        (Sklearn(dataset="digits"), classes(10, f32(1, 8, 8)), {"split": SplitSpec(test=0.2)}),
        (
            Sklearn(dataset="iris"),
            values(4, input=f32(4)),
            {"target": TargetSpec.model_validate({"from": "input"})},
        ),
        (Sklearn(dataset="diabetes"), values(1, input=f32(10)), {}),
        (Disc(train=10), classes(2, f32(4)), {"transforms": (Normalize(),)}),
    ],
)
def test_specs_that_are_right(source, need, options):
    assert told(source, need, **options) == []


def test_class_labels_compared_with_a_vector():
    expected = "a class number per sample as its target, and the loss compares it with [2]"
    help = '  help: "target": {"encode": "one_hot"}'
    assert told(Disc(train=10), values(2)) == [f"E414 $.data.source: `disc` has {expected}", help]
    target = TargetSpec(encode="value")
    assert told(Disc(train=10), values(2), target=target) == [
        f"E414 $.data.target: `disc` has {expected}",
        help,
    ]


def test_more_classes_than_scores():
    assert told(Sklearn(dataset="digits"), classes(8, f32(64))) == [
        "E412 $.data.source: `sklearn` has 10 classes, and the model's output has 8",
        "  note: the last axis of the output has a number for each class",
        "  help: give the layer that makes it `out_features: 10`",
    ]


def test_values_where_classes_are_wanted_and_one_value_where_more_are():
    assert told(Sklearn(dataset="diabetes"), classes(3, f32(10))) == [
        "E414 $.data.source: `sklearn` has values as its target, and the loss takes classes"
    ]
    assert told(Sklearn(dataset="diabetes"), values(3, input=f32(10))) == [
        (
            "E414 $.data.source: `sklearn` has one value per sample as its target, "
            "and the loss compares it with [3]"
        ),
    ]


def test_inputs_of_another_shape():
    assert told(Sklearn(dataset="digits"), classes(10, f32(2))) == [
        "E414 $.data.source: `input` is [64] per sample in `sklearn`, and the model takes [2]",
        '  help: "input": {"shape": [64]}',
    ]


def test_several_inputs_or_targets():
    need = Need(
        {"a": f32(2), "b": f32(2)}, {"t": i64(), "u": i64()}, {"t": "index", "u": "index"}, {"t": 2, "u": 2}
    )
    assert told(Disc(train=5), need) == [
        "E414 $.data.source: `disc` gives one input, and the model has `a` and `b`",
        "E414 $.data.source: `disc` gives one target, and the losses take `t` and `u`",
    ]


def test_a_batch_larger_than_the_data():
    assert told(Disc(train=49), classes(2), batch_size=50, drop_last=True) == [
        (
            "E313 $.data.batch_size: an epoch has no batch: the training part has 49 samples, "
            "and `drop_last` leaves out a batch of fewer than 50"
        ),
        '  help: "batch_size": 49',
    ]
    assert told(Disc(train=49), classes(2), batch_size=50) == []
    assert told(Disc(train=50), classes(2), batch_size=50, drop_last=True) == []
    split = SplitSpec(validation=0.1)
    assert told(Disc(train=50), classes(2), batch_size=50, drop_last=True, split=split)[1] == (
        '  help: "batch_size": 45'
    )


def test_splits():
    split = SplitSpec(test=0.5)
    assert told(Disc(train=9, test=3), classes(2), split=split) == [
        "E416 $.data.split: `split` cannot cut a source that has its own test samples",
        "  help: leave `split` out",
    ]
    assert told(Disc(train=9), classes(2), split=split) == []


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("y", ["E411 $.data.target.from: `disc` has no columns, and so no `y`", '  help: "from": "input"']),
        ("next", ["E411 $.data.target.from: `next` is the token that follows, and `disc` has no text"]),
        ("input", []),
    ],
)
def test_what_from_names(chosen, expected):
    target = TargetSpec.model_validate({"from": chosen})
    assert told(Disc(train=9), values(2), target=target) == expected


def test_from_input_where_there_are_several():
    need = Need({"a": f32(2), "b": f32(2)}, {"t": f32(2)}, {"t": "value"})
    assert told(Random(train=9), need, target=TargetSpec.model_validate({"from": "input"})) == [
        "E411 $.data.target.from: `from` does not say which input is predicted: there are `a` and `b`",
        '  help: "from": "a"',
    ]
    assert told(Random(train=9), need, target=TargetSpec.model_validate({"from": "b"})) == []


def test_files_are_looked_for(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "data.csv").write_text("")
    source = Csv(path="date.csv", validation="../x.csv", test="sub", target="y")
    found = told(source, classes(2), tmp_path)
    assert found[:3] == [
        "W410 $.data.source.path: there is no file `date.csv`",
        f"  note: looked for in `{tmp_path}`",
        "  help: did you mean `data.csv`?",
    ]
    assert found[3].startswith("E610 $.data.source.validation: `../x.csv` lies outside")
    assert found[-1] == "E415 $.data.source.test: `sub` is a folder, and a file was expected"


def test_bytes_before_anything_is_made():
    spec = DataSpec(source=Disc(train=100, test=50), batch_size=5)
    assert bytes_ahead(spec, classes(2)) == 150 * (2 * 4 + 8)
    assert bytes_ahead(spec, classes(2, encode="one_hot")) == 150 * (2 * 4 + 2 * 4)
    assert bytes_ahead(DataSpec(source=Random(train=2**31 - 1), batch_size=5), values(1)) == (2**31 - 1) * 12
    assert bytes_ahead(DataSpec(source=Csv(path="a"), batch_size=5), classes(2)) is None
    assert bytes_ahead(DataSpec(batch_size=5), classes(2)) is None


def test_checking_imports_neither_numpy_nor_torch():
    code = """
import sys
from pathlib import Path
from specdl.core.types import BATCH, TensorType
from specdl.data.base import DataSpec, Need, Reading
from specdl.data.check import check
from specdl.data.registry import CATALOGS
for catalog in CATALOGS.values():
    for tag in catalog.tags():
        catalog.get(tag)
disc = CATALOGS["sources"].get("disc")(train=9)
i64 = TensorType((BATCH,), "int64")
need = Need({"input": TensorType((BATCH, 2))}, {"target": i64}, {"target": "index"}, {"target": 2})
assert check(DataSpec(source=disc, batch_size=5), Reading(need, 0, Path())) == []
print(*sorted({"numpy", "torch", "sklearn"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
