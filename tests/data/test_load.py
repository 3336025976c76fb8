import json

import numpy as np
import pytest

from specdl.data import fit
from specdl.data.base import DataSpec, Need, Part, Raw, Source, SplitSpec, TargetSpec
from specdl.data.load import load, prepare_inputs
from specdl.data.sources.disc import Disc
from specdl.data.sources.npy import ArrayFiles, Npy
from specdl.data.sources.sklearn import Sklearn
from specdl.data.transforms.normalize import Normalize
from specdl.data.transforms.one_hot import OneHot
from tests.data.helpers import classes, complaints, f32, f64, i64, loaded, reading, values

ZERO = "  note: rows and columns count from 0"
RNG = np.random.default_rng(1)
AUTO = TargetSpec.model_validate({"from": "input"})


def passed(need, x, y=None, **options):
    return loaded(None, need, arrays={"train": (x, y)}, **options)


def faults(need, x, y=None, **options):
    return complaints(loaded, None, need, arrays={"train": (x, y)}, **options)


def test_disc_with_every_encoding():
    index = loaded(Disc(train=20, test=5), classes(2)).parts
    one_hot = loaded(Disc(train=20, test=5), classes(2, encode="one_hot")).parts
    value = loaded(Disc(train=20, test=5), values(1)).parts
    for part, rows in (("train", 20), ("test", 5)):
        x, y = index[part].inputs["input"], index[part].targets["target"]
        assert (x.shape, x.dtype, x.flags.c_contiguous) == ((rows, 2), np.float32, True)
        assert (y.shape, y.dtype) == ((rows,), np.int64)
        assert np.array_equal(one_hot[part].targets["target"], np.eye(2, dtype=np.float32)[y])
        assert np.array_equal(value[part].targets["target"], y[:, None].astype(np.float32))


def test_a_split_deals_rows_out_together():
    x = np.arange(40.0).reshape(20, 2)
    data = passed(classes(20), x, np.arange(20), split=SplitSpec(validation=0.2, test=0.1, seed=3))
    assert {part: each.rows for part, each in data.parts.items()} == {"train": 14, "validation": 4, "test": 2}
    labels = np.concatenate([each.targets["target"] for each in data.parts.values()])
    assert sorted(labels) == list(range(20))
    for each in data.parts.values():
        assert np.array_equal(each.inputs["input"][:, 0], each.targets["target"] * 2)


def test_statistics_are_of_the_training_part_only():
    x, y = RNG.normal(5, 3, (60, 2)), RNG.integers(0, 2, 60)
    options = {"transforms": (Normalize(),), "split": SplitSpec(test=0.5)}
    data = passed(classes(2, f64(2)), x, y, **options)
    train, test = data.parts["train"].inputs["input"], data.parts["test"].inputs["input"]
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(train.std(0), 1, rtol=1e-12)
    assert abs(test.mean(0)).min() > 1e-3
    (state,) = data.fitted["transforms"]
    back = np.concatenate([train, test]) * state["input"]["std"] + state["input"]["mean"]
    np.testing.assert_allclose(np.sort(back, axis=0), np.sort(x, axis=0), rtol=1e-12)


def test_what_was_fitted_prepares_raw_inputs_in_the_same_way():
    x, y = RNG.normal(5, 3, (30, 2)), RNG.integers(0, 2, 30)
    need = classes(2)
    spec = DataSpec(batch_size=1, transforms=(Normalize(), Normalize(per="all")))
    data = load(spec, reading(need), {"train": (x, y)})
    fitted = json.loads(json.dumps(data.fitted))
    assert np.array_equal(prepare_inputs(spec, fitted, x, need)["input"], data.parts["train"].inputs["input"])
    one = prepare_inputs(spec, fitted, {"input": x[3:4].tolist()}, need)["input"]
    assert np.array_equal(one, data.parts["train"].inputs["input"][3:4])


def test_transforms_apply_to_the_inputs_they_fit_or_name():
    need = Need(
        {"a": f32(2), "k": f32(3), "n": i64()},
        {"target": i64()},
        {"target": "index"},
        {"target": 2},
        {"n": 9},
    )
    x = {"a": [[0, 10], [2, 30]], "k": [[2], [0]], "n": [8, 1]}
    data = passed(need, x, [0, 1], transforms=(Normalize(), OneHot()))
    part = data.parts["train"]
    assert part.inputs["a"].tolist() == [[-1, -1], [1, 1]]
    assert part.inputs["k"].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert part.inputs["n"].tolist() == [8, 1]
    assert [list(state) for state in data.fitted["transforms"]] == [["a"], ["k"]]
    named = passed(need, x, [0, 1], transforms=(OneHot(inputs=("k",)), Normalize(inputs=("k",))))
    assert named.parts["train"].inputs["a"].tolist() == [[0, 10], [2, 30]]
    assert named.parts["train"].inputs["k"].tolist() == [[-1, 0, 1], [1, 0, -1]]


def test_transforms_that_do_not_apply():
    x, y = [[0.0, 1.0]], [0]
    assert faults(classes(2), x, y, transforms=(Normalize(inputs=("image",)),)) == [
        "E414 $.data.transforms[0].inputs[0]: the model has no input `image`: it has `input`"
    ]
    assert faults(classes(2), x, y, transforms=(Normalize(), OneHot(classes=7))) == [
        "E414 $.data.transforms[1]: `one_hot` fits none of the inputs"
    ]
    assert faults(classes(2), x, y, transforms=(Normalize(per="channel"),)) == [
        (
            "E414 $.data.transforms[0]: `normalize` per channel needs samples of channels and positions, "
            "and these are [2]"
        ),
    ]


def test_a_transform_that_fails_names_the_row():
    x = np.array([[0], [1], [5], [7]])
    assert faults(classes(2, f32(3)), x, [0, 0, 0, 0], transforms=(OneHot(),)) == [
        (
            "E412 $.data.transforms[0]: row 2 of the training part of `input`: "
            "`one_hot` of 3 classes takes whole numbers from 0 to 2, and not 5"
        ),
    ]


def test_the_row_at_fault_is_found_in_later_blocks(monkeypatch):
    monkeypatch.setattr(fit, "BLOCK", 6)
    x = np.zeros((20, 1), int)
    x[13] = 9
    told = faults(classes(2, f32(3)), x, np.zeros(20), transforms=(OneHot(),))
    assert told[0].startswith("E412 $.data.transforms[0]: row 13 of the training part of `input`: ")


def test_a_row_of_a_split_is_told_as_it_was_read():
    x = np.zeros((10, 2))
    x[7, 1] = 1e300
    for seed in range(4):
        told = faults(classes(2), x, np.zeros(10), split=SplitSpec(test=0.5, seed=seed))
        assert told[0] == "E413 $.data: row 7, column 1 of `input` in the data is too large for float32"


def test_an_autoencoder_predicts_the_transformed_input():
    x = np.array([[0.0, 10.0], [2.0, 30.0]])
    part = passed(values(2), x, transforms=(Normalize(),), target=AUTO).parts["train"]
    assert part.targets["target"].tolist() == [[-1, -1], [1, 1]]
    assert part.targets["target"] is part.inputs["input"]
    image = passed(values(4, input=f32(1, 2, 2)), np.arange(8).reshape(2, 2, 2), target=AUTO).parts["train"]
    assert image.inputs["input"].shape == (2, 1, 2, 2)
    assert image.targets["target"].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert faults(values(3), x, target=AUTO) == [
        "E414 $.data.target.from: the input to predict is [2] per sample, and the output is [3]"
    ]


def test_one_of_several_inputs_may_be_predicted():
    need = Need({"a": f32(2), "b": f32(3)}, {"t": f32(3)}, {"t": "value"})
    x = {"a": np.zeros((2, 2)), "b": np.ones((2, 3))}
    part = passed(need, x, target=TargetSpec.model_validate({"from": "b"})).parts["train"]
    assert part.targets["t"].tolist() == [[1, 1, 1]] * 2


def test_nan_in_the_data():
    x = np.zeros((5, 2))
    x[3, 1], x[4, 0] = np.nan, np.inf
    assert faults(classes(2), x, np.zeros(5)) == [
        "E413 $.data: row 3, column 1 of `input` in the training part is nan: a finite number was expected",
        ZERO,
        "  note: so is 1 more",
    ]
    images = np.zeros((3, 1, 2, 2))
    images[1, 0, 1, 0] = -np.inf
    assert faults(classes(2, f32(1, 2, 2)), images, np.zeros(3), split=SplitSpec(test=0.4)) == [
        "E413 $.data: row 1, element [0, 1, 0] of `input` in the data is -inf: a finite number was expected",
        ZERO,
    ]


def test_numbers_too_large_for_the_models_dtype():
    x = np.array([[0.0, 0.0], [0.0, 1e300]])
    assert faults(classes(2), x, [0, 1]) == [
        "E413 $.data: row 1, column 1 of `input` in the training part is too large for float32",
        ZERO,
    ]
    assert faults(classes(2), x, [0, 1], transforms=(Normalize(std=1.0),))[0] == (
        "E413 $.data: row 0, column 1 of `input` in the training part "
        "is too large for float32 after the transforms"
    )
    assert passed(classes(2, f64(2)), x, [0, 1]).parts["train"].inputs["input"][1, 1] == 1e300


def test_inputs_of_indices():
    need = classes(2, i64(3), index_classes={"input": 65})
    part = passed(need, np.array([[0.0, 64.0, 1.0]]), [0]).parts["train"]
    assert part.inputs["input"].tolist() == [[0, 64, 1]]
    assert part.inputs["input"].dtype == np.int64
    assert faults(need, [[0, 1, 2], [3, 65, 70]], [0, 0]) == [
        (
            "E412 $.data: row 1, column 1 of `input` in the training part is 65: "
            "a whole number from 0 to 64 was expected"
        ),
        ZERO,
        "  note: so is 1 more",
    ]
    assert faults(classes(2, i64(1)), [[-1]], [0])[0].endswith("is -1: a whole number from 0 on was expected")


def test_shapes_that_do_not_fit():
    assert faults(classes(2), np.zeros((4, 3)), np.zeros(4)) == [
        "E414 $.data: `input` is [3] per sample, and the model takes [2]"
    ]
    assert faults(classes(2, f32(3, 8, 8)), np.zeros((4, 8, 8, 3)), np.zeros(4)) == [
        "E414 $.data: `input` is [8,8,3] per sample, and the model takes [3,8,8]",
        "  help: channels come first: `x.transpose(0, 3, 1, 2)`",
    ]
    assert faults(
        classes(2, f32(4)), np.zeros((4, 3), int), np.zeros(4), transforms=(OneHot(inputs=("input",)),)
    ) == ["E414 $.data: `input` is [3,4] per sample after the transforms, and the model takes [4]"]


def test_every_part_is_checked():
    need = classes(2)
    arrays = {"train": (np.zeros((2, 2)), [0, 1]), "test": (np.zeros((2, 3)), [0, 1])}
    assert complaints(loaded, None, need, arrays=arrays) == [
        "E414 $.data: `input` is [3] per sample, and the model takes [2]"
    ]
    arrays["test"] = (np.full((2, 2), np.nan), [0, 9])
    told = complaints(loaded, None, need, arrays=arrays)
    assert [line[:4] for line in told if line.startswith("E")] == ["E413", "E412"]
    assert "the test part" in told[0]


def test_names_and_lengths():
    need = Need({"a": f32(2), "b": f32(2)}, {"target": i64()}, {"target": "index"}, {"target": 2})
    x = np.zeros((3, 2))
    assert faults(need, {"a": x, "c": x}, [0, 1, 0]) == [
        "E414 $.data: the training part has `a` and `c`, and the inputs `a` and `b` are needed"
    ]
    assert faults(need, {"a": x, "b": x, "c": x}, [0, 1, 0]) == [
        "E414 $.data: the training part has `a`, `b` and `c`, and the inputs `a` and `b` are needed"
    ]
    assert faults(need, {"a": x, "b": x[:2]}, [0, 1, 0]) == [
        (
            "E414 $.data: the training part has 3 of `a` and 2 of `b` and 3 of `target`: "
            "each sample needs one of each"
        ),
    ]
    assert faults(classes(2), x) == [
        "E414 $.data: the training part has no target, and the target `target` is needed"
    ]
    assert faults(classes(2), np.zeros((0, 2)), []) == ["E416 $.data: the training part has no samples"]


def test_text_is_no_input():
    assert faults(classes(2), [["a", "b"]], [0]) == [
        "E414 $.data: `input` is text, and numbers were expected"
    ]


def test_a_part_without_samples_is_none():
    arrays = {"train": (np.zeros((2, 2)), [0, 1]), "test": (np.zeros((0, 2)), [])}
    assert list(loaded(None, classes(2), arrays=arrays).parts) == ["train"]


def test_class_names_come_back():
    data = passed(classes(3), np.zeros((3, 2)), ["dog", "ant", "dog"])
    assert data.labels == {"target": ("ant", "dog")}
    assert data.parts["train"].targets["target"].tolist() == [1, 0, 1]


def test_arrays_stand_in_the_place_of_the_source():
    data = loaded(Disc(train=5), classes(2), arrays={"train": (np.zeros((2, 2)), [1, 1])})
    assert data.parts["train"].rows == 2


def test_neither_source_nor_arrays():
    assert complaints(loaded, None, classes(2)) == [
        "E112 $.data: `data` has no `source`, and no arrays were passed",
        '  help: "source": {"type": "csv", "path": "data.csv", "target": "y"}',
    ]


def test_arrays_have_no_columns():
    target = TargetSpec.model_validate({"from": "y"})
    assert faults(classes(2), [[0, 1]], [0], target=target) == [
        "E411 $.data.target.from: arrays have no column `y`",
        '  help: "from": "input"',
    ]


def test_batches_and_splits_of_arrays():
    x, y = np.zeros((9, 2)), np.zeros(9)
    assert faults(classes(2), x, y, batch_size=10, drop_last=True) == [
        (
            "E313 $.data.batch_size: an epoch has no batch: the training part has 9 samples, "
            "and `drop_last` leaves out a batch of fewer than 10"
        ),
        '  help: "batch_size": 9',
    ]
    arrays = {"train": (x, y), "test": (x, y)}
    assert complaints(loaded, None, classes(2), arrays=arrays, split=SplitSpec(test=0.5))[0] == (
        "E416 $.data.split: `split` cannot cut a source that has its own test samples"
    )
    assert faults(classes(2), x, y, split=SplitSpec(test=0.1))[0] == (
        "E416 $.data.split.test: 0.1 of 9 samples is less than one, so that there is no test part"
    )


def test_a_missing_file_and_whatever_else_can_be_seen_before_reading(tmp_path):
    source = Npy(train=ArrayFiles(x="x.npy", y="y.npy"), test=ArrayFiles(x="x.npy"))
    told = complaints(loaded, source, classes(2), tmp_path, split=SplitSpec(test=0.1))
    assert [line for line in told if line.startswith("E")] == [
        "E410 $.data.source.train.x: there is no file `x.npy`",
        "E410 $.data.source.train.y: there is no file `y.npy`",
        "E410 $.data.source.test.x: there is no file `x.npy`",
        "E416 $.data.split: `split` cannot cut a source that has its own test samples",
    ]


def test_labels_that_the_target_section_chose_are_told_there():
    class Own(Source):
        type: str = "own"

        def read(self, reading):
            return Raw({"train": Part({"input": np.zeros((1, 2))}, {"target": np.array([7])})})

    (first, *_) = complaints(loaded, Own(), classes(2), target=TargetSpec(encode="index"))
    assert first.startswith("E412 $.data.target: row 0 of the training part has the label 7")
    (first, *_) = complaints(loaded, Own(), classes(2))
    assert first.startswith("E412 $.data.source: ")


def test_equal_runs_have_equal_data():
    options = {"split": SplitSpec(test=0.2), "transforms": (Normalize(),)}
    one, other = (loaded(Sklearn(dataset="wine"), classes(3, f32(13)), **options) for _ in range(2))
    assert one.fitted == other.fitted
    for part in one.parts:
        assert one.parts[part].inputs["input"].tobytes() == other.parts[part].inputs["input"].tobytes()


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (
            np.zeros((2, 3)),
            ["E414 $: `input` is [3] per sample, and the model takes [2]"],
        ),
        (
            [[0, np.nan]],
            [
                "E413 $: row 0, column 1 of `input` in the rows given is nan: a finite number was expected",
                ZERO,
            ],
        ),
        ({"x": [[0, 1]]}, ["E414 $: what is given has `x`, and the input `input` is needed"]),
        ([["a", "b"]], ["E414 $: `input` is text, and numbers were expected"]),
    ],
)
def test_raw_inputs_that_cannot_be_taken(x, told):
    assert complaints(prepare_inputs, DataSpec(batch_size=1), {}, x, classes(2)) == told
