"""Records: whatever a frozen dataclass does, a record does too."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace
from functools import cached_property

import pytest

from specdl.core.record import record


@record()
class Point:
    """A record with each kind of field."""

    x: int
    y: int = 2
    names: Mapping[str, int] = field(default_factory=dict, compare=False)
    hidden: str = field(default="", compare=False, repr=False)

    @cached_property
    def total(self) -> int:
        return self.x + self.y


@dataclass(frozen=True)
class Standard:
    """The same as a dataclass."""

    x: int
    y: int = 2
    names: Mapping[str, int] = field(default_factory=dict, compare=False)
    hidden: str = field(default="", compare=False, repr=False)


@record(kw_only=True)
class Base:
    """A record that others extend."""

    path: str
    depth: int = 0


@record(kw_only=True)
class Further(Base):
    """A field without a default after one that has one."""

    name: str


@record()
class Alone:
    """A record of one field, which a key of one field is not a tuple of."""

    x: int


@record()
class Nothing:
    """A record without fields."""


def test_it_is_made_by_place_and_by_name():
    assert Point(1) == Point(x=1) == Point(1, 2) == Point(1, y=2)
    assert (Point(1).names, Point(1).total) == ({}, 3)
    assert Point(1).names is not Point(1).names


def test_it_says_what_a_dataclass_says():
    assert repr(Point(1, 3)) == repr(Standard(1, 3)).replace("Standard", "Point")
    assert asdict(Point(1, 3)) == asdict(Standard(1, 3))
    assert Point.__match_args__ == Standard.__match_args__


@pytest.mark.parametrize("made", [Point, Standard])
@pytest.mark.parametrize(
    ("given", "named"),
    [((), {}), ((1, 2, {}, "", 5), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1})],
)
def test_what_does_not_fit_is_refused(made, given, named):
    with pytest.raises(TypeError):
        made(*given, **named)


def test_it_is_compared_by_its_fields():
    assert Point(1, hidden="a") == Point(1, hidden="b") != Point(2)
    assert Point(1) != Standard(1)
    assert len({Point(1), Point(1, names={"a": 1}), Point(2)}) == 2
    assert {Alone(1): "one"}[Alone(1)] == "one"
    assert Alone(1) != Alone(2)
    assert {Nothing(): 1}[Nothing()] == 1


def test_it_does_not_change():
    point = Point(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    assert replace(point, x=5) == Point(5)
    assert copy.deepcopy(point) == copy.copy(point) == point


def test_it_extends_another():
    assert Further(path="a", name="b") == Further(name="b", depth=0, path="a")
    assert repr(Further(path="a", name="b")) == "Further(path='a', depth=0, name='b')"
    with pytest.raises(TypeError, match="name"):
        Further(path="a")
    with pytest.raises(TypeError):
        Further("a", "b")
