"""Records: frozen dataclasses that cost a tenth to define.

The standard ones have each of their methods written as text and compiled, half a millisecond for a
class; of a check that ends in a fifth of a second a seventh goes there. Records share their methods.
One takes about twice as long to make as an instance of a standard one: what is made for every layer
of a model, or oftener, is a standard one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")
Method = Callable[..., Any]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """What makes a class a record: `@record()`, in the place of `@dataclass(frozen=True)`.

    `fields`, `replace` and `asdict` of `dataclasses` take its instances.
    """

    def made(cls: type[T]) -> type[T]:
        described: Any = dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        listed = fields(described)
        methods = {"__init__": initializer(cls.__name__, listed), "__repr__": writer(listed)}
        methods |= comparison(listed) | {"__setattr__": refuse_setting, "__delattr__": refuse_deleting}
        for name, method in methods.items():
            if name not in vars(cls):
                setattr(cls, name, method)
        return cls

    return made


def initializer(name: str, listed: Sequence[Field[Any]]) -> Method:
    """`__init__`: fields by their place, or by name."""
    places = [each.name for each in listed if not each.kw_only]
    wanted = {each.name for each in listed}
    defaults = {each.name: each.default for each in listed if each.default is not MISSING}
    factories = [(each.name, each.default_factory) for each in listed if each.default_factory is not MISSING]

    def initialize(self: Any, *given: Any, **named: Any) -> None:
        state = {**dict(zip(places, given, strict=False)), **named}
        if len(state) != len(given) + len(named):
            raise TypeError(f"{name} is given more than its fields {', '.join(places)}, or one of them twice")
        state = {**defaults, **state}
        for missing, make in factories:
            if missing not in state:
                state[missing] = make()
        if state.keys() != wanted:
            wrong = ", ".join(sorted(state.keys() ^ wanted))
            raise TypeError(f"{name} is not given, or does not have: {wrong}")
        vars(self).update(state)

    return initialize


def writer(listed: Sequence[Field[Any]]) -> Method:
    """`__repr__`: the class with its fields, as Python writes them."""
    names = [each.name for each in listed if each.repr]

    @recursive_repr()
    def written(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return written


def comparison(listed: Sequence[Field[Any]]) -> dict[str, Method]:
    """`__eq__` and `__hash__`: by the fields that are compared."""
    names = [each.name for each in listed if each.compare]
    key: Method = attrgetter(*names) if names else lambda _: ()

    def equal(self: Any, other: Any) -> Any:
        return key(self) == key(other) if type(self) is type(other) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(key(self))

    return {"__eq__": equal, "__hash__": hashed}


def refuse_setting(self: object, name: str, value: object) -> None:
    """`__setattr__`."""
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def refuse_deleting(self: object, name: str) -> None:
    """`__delattr__`."""
    raise FrozenInstanceError(f"cannot delete field {name!r}")
