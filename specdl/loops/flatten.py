"""Program to statements: every product, reduction and copy becomes a statement of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from specdl.core.expr import MAPS, Expr, load, node
from specdl.core.types import Batch, Dim, TensorType, product
from specdl.loops.statements import (
    Copy,
    Map,
    NotNativeError,
    Operand,
    Product,
    Reduce,
    Statement,
    Total,
    form,
    grid_of,
)
from specdl.ops.base import Kernel
from specdl.program.formulas import formulas
from specdl.program.program import SCALARS, Instr, Program

TEMPORARY = "%"
"""What the names of temporaries begin with; no name in a spec does."""
HEAVY = frozenset("exp log log1p tanh erf sigmoid softplus div sqrt rsqrt pow".split())
"""Functions worth keeping rather than computing again."""

ELEMENTWISE = MAPS | {"one_hot", "truth"}
"""What maps are made of."""


Numbered = tuple[int, Statement]
"""A statement and the number of the instruction that it comes from."""


@dataclass(frozen=True)
class Flat:
    """The statements of a program.

    An instruction that statements cannot say is in `torch` and has none. `types` are those of the
    program's values and of the temporaries. `dense` are the values read in more than one shape, or
    by torch: their rows lie side by side without gaps.
    """

    statements: tuple[Numbered, ...]
    types: Mapping[str, TensorType]
    dense: frozenset[str]
    torch: frozenset[int]


def flatten(program: Program, alone: bool = False) -> Flat:
    """The statements of a program in order; each instruction's own if they are to run `alone`.

    Every value is called by the name of the one whose elements it is.
    """
    flattener = Flattener(program)
    for number, instr in enumerate(program.instrs):
        if alone:
            flattener.forget()
        flattener.instruction(number, instr)
    return Flat(
        tuple(flattener.statements),
        flattener.types,
        frozenset(flattener.dense),
        frozenset(flattener.torch),
    )


class Flattener:
    """The statements so far, and what each subexpression has become."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.types: dict[str, TensorType] = dict(program.types)
        self.statements: list[Numbered] = []
        self.dense: set[str] = set()
        self.torch: set[int] = set()
        self.flat: dict[Expr, Expr] = {}
        self.number = 0
        self.temporaries = 0

    def forget(self) -> None:
        """Share nothing with the instructions before."""
        self.flat = {}

    def instruction(self, number: int, instr: Instr) -> None:
        """The statements of one instruction; none, and a note, if it has no formula that can be said."""
        self.number = number
        before = len(self.statements), len(self.flat)
        try:
            if isinstance(instr.op, Kernel):
                raise NotNativeError(f"{instr.kernel} is no formula")
            wanted = instr.wanted
            for arg, expr in self.own_formulas(instr).items():
                if wanted[arg] not in self.program.aliases:
                    self.assign(wanted[arg], expr)
        except NotNativeError:
            del self.statements[before[0] :]
            while len(self.flat) > before[1]:
                self.flat.popitem()
            self.torch.add(number)
            values = (*instr.reads.values(), *instr.wanted.values())
            self.dense.update(self.program.root(value) for value in values if value not in SCALARS)

    def own_formulas(self, instr: Instr) -> dict[str, Expr]:
        """The formulas of an instruction over the program's values instead of its arguments."""
        named: dict[Expr, Expr] = {}
        traced = formulas(instr, self.program)
        for expr in post_order(traced.values(), named):
            if expr.op == "load":
                named[expr] = self.loaded(self.program.root(instr.reads[expr.attr]), expr.type)
            elif expr.number:
                named[expr] = expr
            else:
                named[expr] = rebuilt(expr, named)
        return {arg: named[expr] for arg, expr in traced.items()}

    def loaded(self, value: str, type: TensorType) -> Expr:
        """A value read in a shape, which may be another than its own."""
        if grid_of(type.shape) != grid_of(self.types[value].shape):
            self.dense.add(value)
        return load(value, type)

    def assign(self, target: str, expr: Expr) -> None:
        """Statements that make `target` what an expression says."""
        while expr.op in ("reshape", "copy"):
            (expr,) = expr.args
        self.produce(target, expr)

    def produce(self, target: str, expr: Expr) -> None:
        """As `assign`, for an expression that is no reshape."""
        known = self.flat.get(expr)
        if known is not None:
            self.emit_map(target, expr, known)
        elif expr.op == "matmul":
            self.emit(product_of(target, self.operand(expr.args[0]), self.operand(expr.args[1]), expr))
        elif expr.op in ("sum", "max"):
            self.reduce(target, expr)
        elif expr.op == "concat":
            self.concat(target, expr)
        elif expr.op == "slice":
            self.slice(target, expr)
        else:
            self.emit_map(target, expr, self.elementwise(expr))
        worth = expr.op in HEAVY or expr.op in ("matmul", "sum", "max", "concat", "slice")
        if worth and known is None and target not in self.program.carries:
            self.flat[expr] = self.loaded(target, expr.type)

    def emit(self, statement: Statement) -> None:
        self.statements.append((self.number, statement))

    def emit_map(self, target: str, expr: Expr, flat: Expr) -> None:
        """`target = flat`, over the shape of `expr`."""
        shape = self.types[target].shape if expr.number else expr.shape
        if grid_of(shape) != grid_of(self.types[target].shape):
            self.dense.add(target)
        check_forms(flat, shape)
        self.emit(Map(target, shape, flat))

    def temporary(self, type: TensorType) -> str:
        """A new name for a value of a type."""
        self.temporaries += 1
        name = f"{TEMPORARY}{self.temporaries}"
        self.types[name] = type
        return name

    def elementwise(self, root: Expr) -> Expr:
        """An expression over loads, numbers and elementwise functions only."""
        for expr in post_order([root], self.flat):
            self.flat[expr] = self.flattened(expr)
        return self.flat[root]

    def flattened(self, expr: Expr) -> Expr:
        """An expression whose arguments are flat already."""
        if expr.number or expr.op == "load":
            return expr
        if expr.op == "reshape":
            return self.reshaped(expr)
        if expr.op == "one_hot":
            return self.one_hot(expr)
        if expr.op == "transpose":
            # only products read it, as an operand
            return rebuilt(expr, self.flat)
        if expr.op == "copy":
            return self.flat[expr.args[0]]
        if expr.op in ("matmul", "sum", "max", "concat", "slice"):
            name = self.temporary(expr.type)
            self.produce(name, expr)
            return load(name, expr.type)
        return rebuilt(expr, self.flat)

    def reshaped(self, expr: Expr) -> Expr:
        """The same elements, read in another shape."""
        inner = self.stored(self.flat[expr.args[0]])
        return self.loaded(str(inner.attr), expr.type)

    def one_hot(self, expr: Expr) -> Expr:
        """Ones at places that a stored value names."""
        index = self.flat[expr.args[0]]
        if index.op != "load" or index.type.shape != expr.shape[:-1]:
            raise NotNativeError("one_hot of what is computed")
        self.dense.add(str(index.attr))
        return rebuilt(expr, self.flat)

    def stored(self, flat: Expr) -> Expr:
        """A load of a flat expression, which is stored for it if need be."""
        if flat.op == "load":
            return flat
        if flat.op == "transpose":
            raise NotNativeError("a transpose that no product reads")
        name = self.temporary(flat.type)
        check_forms(flat, flat.shape)
        self.emit(Map(name, flat.shape, flat))
        return load(name, flat.type)

    def operand(self, expr: Expr) -> Operand:
        """A factor of a product as a stored matrix."""
        while expr.op == "copy":
            (expr,) = expr.args
        flat = self.elementwise(expr)
        transposed = flat.op == "transpose"
        if transposed:
            (flat,) = flat.args
        inner = self.stored(flat)
        cols = inner.shape[-1]
        if not isinstance(cols, int) or not inner.type.is_float:
            raise NotNativeError(f"{inner.type} as a factor of a product")
        return Operand(str(inner.attr), cols, transposed)

    def reduce(self, target: str, expr: Expr) -> None:
        """A sum or maximum over the row, over all rows, or over everything."""
        (inner,) = expr.args
        axes, _ = expr.attr
        flat, shape = self.elementwise(inner), inner.shape
        lead, trail = product(shape[: len(shape) - len(axes)]), product(shape[len(axes) :])
        if set(axes) == set(range(len(shape))):
            self.reduce_all(target, expr, flat, shape)
        elif axes == tuple(range(len(shape) - len(axes), len(shape))):
            if len(axes) > 1:
                shape = (lead, product(shape[-len(axes) :]))
                flat = self.loaded(str(self.stored(flat).attr), inner.type.with_shape(*shape))
            self.emit_reduce(Reduce(target, expr.op, "row", shape, flat))  # type: ignore[arg-type]
        elif axes == tuple(range(len(axes))) and expr.op == "sum":
            if len(axes) < len(shape) - 1:
                shape = (product(shape[: len(axes)]), trail)
                flat = self.loaded(str(self.stored(flat).attr), inner.type.with_shape(*shape))
            self.emit_reduce(Reduce(target, "sum", "batch", shape, flat))
        else:
            raise NotNativeError(f"{expr.op} over axes {axes} of {len(shape)}")

    def reduce_all(self, target: str, expr: Expr, flat: Expr, shape: tuple[Dim, ...]) -> None:
        """A sum over everything, by parts."""
        if expr.op != "sum":
            raise NotNativeError("a maximum over everything")
        rows = grid_of(shape).rows
        parts = self.temporary(TensorType((rows,), expr.type.dtype))
        self.dense.add(parts)
        self.emit_reduce(Reduce(parts, "sum", "all", shape, flat))
        self.emit(Total(target, parts, rows))

    def emit_reduce(self, statement: Reduce) -> None:
        if not isinstance(statement.shape[-1], int) and statement.over != "all":
            raise NotNativeError(f"a {statement.over} of {statement.shape}")
        check_forms(statement.expr, statement.shape)
        self.emit(statement)

    def concat(self, target: str, expr: Expr) -> None:
        """One copy for each part."""
        axis = int(expr.attr)
        rows, beyond = product(expr.shape[:axis]), fixed(expr.shape[axis + 1 :])
        width = fixed(expr.shape[axis:])
        self.dense.add(target)
        at = 0
        for part in expr.args:
            cols = fixed(part.shape[axis : axis + 1]) * beyond
            source = str(self.stored(self.elementwise(part)).attr)
            self.dense.add(source)
            self.emit(Copy(target, source, rows, cols, 0, cols, at, width))
            at += cols

    def slice(self, target: str, expr: Expr) -> None:
        """A copy of some columns, where all axes from the sliced one on count as columns."""
        axis, start, stop = expr.attr
        (inner,) = expr.args
        source = str(self.stored(self.elementwise(inner)).attr)
        beyond = fixed(expr.shape[axis + 1 :])
        cols, width = (stop - start) * beyond, fixed(inner.shape[axis:])
        self.dense.update((target, source))
        self.emit(Copy(target, source, product(expr.shape[:axis]), cols, start * beyond, width, 0, cols))


def post_order(roots: object, known: Mapping[Expr, Expr]) -> Iterator[Expr]:
    """Nodes that are not known yet, each once, arguments first; numbers as a whole."""
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(list(roots))]  # type: ignore[call-overload]
    while stack:
        expr, ready = stack.pop()
        if expr in known:
            continue
        if ready or expr.number or not expr.args:
            yield expr
        else:
            stack.append((expr, True))
            stack.extend((arg, False) for arg in reversed(expr.args))


def rebuilt(expr: Expr, become: Mapping[Expr, Expr]) -> Expr:
    """The same node over what its arguments have become."""
    return node(expr.op, tuple(become[arg] for arg in expr.args), expr.attr, expr.type)


def product_of(target: str, a: Operand, b: Operand, expr: Expr) -> Product:
    """The statement of a product."""
    left, right = expr.args
    columns = right.shape[1]
    if isinstance(columns, Batch):
        raise NotNativeError("a product with a column for each sample")
    return Product(target, a, b, product(left.shape[:-1]), columns, left.shape[-1])


def fixed(shape: tuple[Dim, ...]) -> int:
    """The number of elements of a shape without the batch."""
    size = product(shape)
    if isinstance(size, Batch):
        raise NotNativeError(f"the batch is among the columns of {shape}")
    return size


def check_forms(expr: Expr, shape: tuple[Dim, ...]) -> None:
    """Raise `NotNativeError` unless a flat expression has what loops over a grid can compute.

    That is elementwise functions, of leaves that lie on the grid in one of the four forms.
    """
    for each in post_order([expr], {}):
        if each.op == "load":
            if not (each.type.dtype == "int64" and each.shape == shape[:-1]):
                form(each.shape, grid_of(shape), shape)
        elif not each.number and each.op not in ELEMENTWISE:
            raise NotNativeError(f"{each.op} among elementwise functions")


__all__ = ["HEAVY", "TEMPORARY", "Flat", "Numbered", "flatten"]
