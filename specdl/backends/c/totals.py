"""What native plans of the same programs take at other batch sizes: nests are the same, no code is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from specdl.backends.c.blas import Stored, emit_blas
from specdl.backends.c.body import View
from specdl.backends.c.functions import Goal, extent, factors
from specdl.backends.c.plan import NativePlan, left_to_blas
from specdl.backends.c.products import emit
from specdl.core.types import BYTES, aligned
from specdl.loops.statements import Product
from specdl.plan.arena import pack
from specdl.plan.nest_schedule import NestSchedule, sharing
from specdl.plan.plan import ONES, fixed_places, growth, types_of


def total_for(plan: NativePlan, threads_for: Callable[[int], int]) -> Callable[[int], int]:
    """The bytes that the plan of the same programs takes at other batch sizes, as a function of the rows.

    `threads_for` says for how many threads such a plan is made.
    """
    programs = {name: schedule.program for name, schedule in plan.schedules.items()}
    fixed, _ = fixed_places(programs, plan.rows)
    types = types_of(programs)
    placed = [growth(types[value]) for value in fixed]
    shared = [
        sharing(each.nests, fixed, each.lds, {number: left.calls for number, left in each.torch.items()})
        for each in plan.schedules.values()
    ]
    made = set(products(plan))
    others = most_beside_products(plan)
    constant = plan.sizes["scalars"] + plan.sizes["guard"] + plan.sizes["slack"]

    def total(rows: int) -> int:
        goal = replace(plan.goal, rows=rows, threads=threads_for(rows))
        nbytes = constant + sum(aligned(base + each * rows) for base, each in placed)
        largest = 0
        for values in reversed(shared):
            largest = max(largest, pack([each.block(rows) for each in values], largest).nbytes)
        numbers = max((each.scratch(goal) for each in made), default=0)
        scratch = goal.threads * aligned(max(numbers, others) * BYTES[goal.target.dtype])
        ones = aligned(min(rows, ONES) * BYTES["float64"]) if plan.torch_slots else 0
        return nbytes + largest + scratch + ones

    return total


@dataclass(frozen=True)
class Geometry:
    """What decides how much scratch memory a product needs: its sizes and strides, whatever it is called."""

    product: Product
    a: View
    b: View
    update: bool
    ld: int | None
    """From one row of the result to the next, where it is stored."""

    def scratch(self, goal: Goal) -> int:
        """How many real numbers each thread needs."""
        product, target = self.product, goal.target
        sizes = extent(product.m), product.n, extent(product.k)
        if left_to_blas(goal, product, self.update):
            stored = None if self.ld is None else Stored("c", self.ld)
            return emit_blas(self.a, self.b, *sizes, stored, nothing, target, goal.rows).scratch
        return emit(self.a, self.b, *sizes, nothing, target, goal.rows, goal.threads).scratch


def nothing(row: str, column: str, accumulator: str, tail: str) -> list[str]:
    """What follows on a product where its code is not wanted."""
    return []


def products(plan: NativePlan) -> Iterator[Geometry]:
    """The products of a plan; those of equal sizes and strides are equal."""
    for schedule in plan.schedules.values():
        for nest in schedule.nests.nests:
            if nest.kind == "product":
                update = any(s.target in schedule.program.carries for s in nest.statements)
                stored = nest.product.target in nest.stored
                yield geometry(nest.product, schedule, update, stored)


def geometry(product: Product, schedule: NestSchedule, update: bool, stored: bool) -> Geometry:
    """A product without the names of its values."""
    a, b = factors(product, schedule, lambda value: "")
    ld = schedule.ld(product.target, product.n) if stored else None
    plain = replace(product, target="", a=replace(product.a, value=""), b=replace(product.b, value=""))
    return Geometry(plain, a, b, update, ld)


def most_beside_products(plan: NativePlan) -> int:
    """The numbers of scratch memory that a thread needs for what is no product: no batch changes them."""
    calls = (call for code in plan.code.values() for call in code.calls)
    return max((call.scratch for call in calls if call.nest.kind != "product"), default=0)
