import numpy as np
import pytest
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.data.base import Outline
from specdl.data.sources.disc import Disc
from tests.data.helpers import classes, reading


def test_points_are_labelled_by_their_distance():
    raw = Disc(train=500).read(reading(classes(2), seed=4))
    x, y = raw.parts["train"].inputs["input"], raw.parts["train"].targets["target"]
    assert x.shape == (500, 2)
    assert x.min() >= 0
    assert x.max() < 1
    expected = [int(((a - 0.5) ** 2 + (b - 0.5) ** 2) ** 0.5 <= (2 * np.pi) ** -0.5) for a, b in x]
    assert y.tolist() == expected
    assert 200 < sum(expected) < 300


def test_points_come_from_the_stream_of_seed_and_part():
    raw = Disc(train=3, test=2).read(reading(classes(2), seed=4))
    assert list(raw.parts) == ["train", "test"]
    expected = Stream(4, "data", "disc", "test").uniform((2, 2))
    assert np.array_equal(raw.parts["test"].inputs["input"], expected)


def test_more_samples_keep_the_first_ones():
    few, many = (Disc(train=n).read(reading(classes(2))).parts["train"].inputs["input"] for n in (10, 300))
    assert np.array_equal(many[:10], few)


def test_a_seed_of_its_own_leaves_the_runs_seed_out():
    one, other = (Disc(train=5, seed=9).read(reading(classes(2), seed=n)).parts["train"] for n in (1, 2))
    assert np.array_equal(one.inputs["input"], other.inputs["input"])


def test_labels_can_be_swapped_and_the_disc_moved():
    plain = Disc(train=100).read(reading(classes(2)))
    swapped = Disc(train=100, inside=0).read(reading(classes(2)))
    assert np.array_equal(
        swapped.parts["train"].targets["target"], 1 - plain.parts["train"].targets["target"]
    )
    assert plain.labels == {"target": ("outside", "inside")}
    assert swapped.labels == {"target": ("inside", "outside")}
    corner = Disc(train=1000, center=(0.0, 0.0)).read(reading(classes(2)))
    assert 80 < corner.parts["train"].targets["target"].sum() < 170  # an eighth
    small = Disc(train=1000, radius=0.1).read(reading(classes(2)))
    assert 10 < small.parts["train"].targets["target"].sum() < 60  # pi / 100


def test_outline_and_parts():
    source = Disc(train=3, validation=0, test=2)
    assert source.outline() == Outline({"train": 3, "test": 2}, True, (2,), "classes", 2)
    assert source.parts() == ("train", "test")


@pytest.mark.parametrize(
    "options",
    [
        {"train": 0},
        {"train": 2**31},
        {"train": 1, "radius": 0.0},
        {"train": 1, "inside": 2},
        {},
        {"train": 1.0},
    ],
)
def test_refuses(options):
    with pytest.raises(ValidationError):
        Disc(**options)
