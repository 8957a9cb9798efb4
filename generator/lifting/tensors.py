"""Formula in matrices -> formulas entry by entry; or with what stands for the entries put in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from generator.errors import FormulaError
from generator.formula.functions import VECTORS
from generator.formula.infix import infix
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import (
    MINUS_INFINITY,
    Add,
    Blank,
    Call,
    Dots,
    Formula,
    Hadamard,
    MatMul,
    Matrix,
    Mul,
    Num,
    Pow,
    Ref,
    Transpose,
    children,
    num,
    rebuild,
    walk,
)
from generator.graph.quantities import FORBIDDEN, Tensor, is_constant
from generator.lifting import windowed
from generator.lifting.masked import settled

Rows = tuple[tuple[Formula, ...], ...]
_LINE = 100  # about how many characters stand side by side in the matrices of one line


def ones(size: int) -> str:
    """The name of the column of so many ones."""
    return f"1:{size}"


def entry(name: str) -> Formula:
    """What stands at a place of a tensor: a quantity, or a number that is always there."""
    return MINUS_INFINITY if name == FORBIDDEN else num(name) if name.isdecimal() else Ref(name)


def entrywise(tree: Formula, tensors: Mapping[str, Tensor], down: bool = True) -> Formula:
    """`tree` worked as far as its entries: a `Matrix` of formulas over quantities, or a formula where it is a scalar.

    A scalar beside a matrix goes with every entry. A vector function is of each column (`down`) or of each row. An
    entry can be −∞, but has none inside it. Raises `FormulaError` naming the shapes that do not fit.
    """
    if isinstance(tree, Ref):
        if tree.name not in tensors:
            return tree
        return Matrix(tuple(tuple(map(entry, row)) for row in tensors[tree.name].entries))
    if isinstance(tree, Matrix):
        for part in children(tree):
            if isinstance(entrywise(part, tensors, down), Matrix):
                raise FormulaError(f"a matrix stands inside the matrix `{infix(tree)}`")
        return tree
    parts = [entrywise(part, tensors, down) for part in children(tree)]
    if not any(isinstance(part, Matrix) for part in parts):
        return tree
    made = _worked(tree, parts, down)
    return Matrix(tuple(tuple(map(settled, row)) for row in made.rows))


def _worked(tree: Formula, parts: list[Formula], down: bool) -> Matrix:
    """A formula of matrices, by their entries."""
    grids = [part for part in parts if isinstance(part, Matrix)]
    match tree:
        case Transpose():
            return Matrix(tuple(zip(*grids[0].rows, strict=True)))
        case MatMul() | Mul() if len(grids) > 1 or len(grids) == len(parts):
            scalars = [part for part in parts if not isinstance(part, Matrix)]
            product = _product(grids, tree)
            return _each(tree, [*scalars, product], Mul) if scalars else product
        case Pow():
            raise FormulaError(f"`{infix(tree)}` raises a matrix to a power")
        case Call(name) if name in windowed.CALLS:
            return windowed.worked(Call(name, tuple(parts)))
        case Call(name) if name in VECTORS and len(parts) == 1:
            return _along(name, grids[0], down)
    return _each(tree, parts, partial(_with, tree))


def _with(tree: Formula, parts: tuple[Formula, ...]) -> Formula:
    """`tree` with other parts; what is entry by entry for matrices is a plain product of entries."""
    if isinstance(tree, Hadamard | MatMul):
        return product_of(parts)
    left = iter(parts)
    return rebuild(tree, lambda _: next(left))


def vector_call(tree: Formula | None) -> Call | None:
    """The vector function that a formula is, also of what is turned and turned back: of rows in place of columns."""
    call = tree.body if isinstance(tree, Transpose) else tree
    return call if isinstance(call, Call) and call.name in VECTORS else None


def _along(name: str, grid: Matrix, down: bool) -> Matrix:
    """A vector function of every column, or of every row."""
    lines = tuple(zip(*grid.rows, strict=True)) if down else grid.rows
    made = tuple(tuple(Call(name, (own, *line)) for own in line) for line in lines)
    return Matrix(tuple(zip(*made, strict=True)) if down else made)


def _each(tree: Formula, parts: list[Formula], make: Callable[[tuple[Formula, ...]], Formula]) -> Matrix:
    """`make` of the parts' entries at each place."""
    grids = [part for part in parts if isinstance(part, Matrix)]
    shapes = list(dict.fromkeys((len(grid.rows), len(grid.rows[0])) for grid in grids))
    if len(shapes) > 1:
        listed = " and ".join(f"{high} × {wide}" for high, wide in shapes)
        raise FormulaError(f"`{infix(tree)}` puts matrices of different shapes together: {listed}")
    ((high, wide),) = shapes

    def at(row: int, column: int) -> Formula:
        return make(tuple(part.rows[row][column] if isinstance(part, Matrix) else part for part in parts))

    return Matrix(tuple(tuple(at(row, column) for column in range(wide)) for row in range(high)))


def _product(grids: list[Matrix], tree: Formula) -> Matrix:
    made = grids[0]
    for grid in grids[1:]:
        wide, high = len(made.rows[0]), len(grid.rows)
        if wide != high:
            raise FormulaError(
                f"`{infix(tree)}` multiplies {len(made.rows)} × {wide} by {high} × {len(grid.rows[0])}: "
                f"expected {wide} rows"
            )
        columns = list(zip(*grid.rows, strict=True))
        made = Matrix(tuple(tuple(_inner(row, column) for column in columns) for row in made.rows))
    return made


def _inner(row: tuple[Formula, ...], column: tuple[Formula, ...]) -> Formula:
    terms = tuple(Mul(pair) for pair in zip(row, column, strict=True))
    return sum_of(terms)


# --- what is shown of a matrix ---


@dataclass(frozen=True, slots=True)
class Room:
    """How many rows and columns of a matrix are shown before dots stand for the inner ones."""

    high: int
    wide: int

    @classmethod
    def of(cls, digits: int) -> Room:
        """The room on a page for numbers with so many digits after the point (LaTeX allows for ten columns)."""
        return cls(8, min(10, max(4, 44 // (digits + 3))))

    @classmethod
    def everything(cls) -> Room:
        """Room for every entry."""
        return cls(sys.maxsize, sys.maxsize)


def shown_of(entries: tuple[tuple[str, ...], ...], room: Room) -> tuple[tuple[str | Dots, ...], ...]:
    """The entries that are shown: all, or the first ones and the last with dots for those between them."""
    down, across = _kept(len(entries), room.high, 3), _kept(len(entries[0]), room.wide, room.wide - 2)
    return tuple(tuple(_at(entries, row, column) for column in across) for row in down)


def _kept(size: int, room: int, first: int) -> tuple[int | None, ...]:
    return tuple(range(size)) if size <= room else (*range(first), None, size - 1)


def _at(entries: tuple[tuple[str, ...], ...], row: int | None, column: int | None) -> str | Dots:
    if row is None:
        return Dots("⋱" if column is None else "⋮")
    return Dots("⋯") if column is None else entries[row][column]


def put_in(tree: Formula, tensors: Mapping[str, Tensor], leaf: Callable[[str], Formula], room: Room) -> Formula:
    """`tree` with `leaf` of each quantity in its place; a tensor, or one transposed, as the matrix of its entries.

    Where a term has several wide matrices side by side, each is shown with fewer columns, so that they fit on a line.
    """
    made = _put_in(tree, tensors, leaf, room)
    for wide in range(room.wide - 1, 2, -1):
        terms = made.terms if isinstance(made, Add) else (made,)
        if max(map(_width, terms)) <= _LINE:
            break
        made = _put_in(tree, tensors, leaf, replace(room, wide=wide))
    return made


def _width(tree: Formula) -> int:
    """About how many characters wide the columns of all matrices in a formula are, side by side."""
    grids = (part.rows for part in walk(tree) if isinstance(part, Matrix))
    columns = (column for rows in grids for column in zip(*rows, strict=True))
    return sum(max(map(_length, column)) + 1 for column in columns)


def _length(entry: Formula) -> int:
    return len(entry.text) if isinstance(entry, Num) else entry.width if isinstance(entry, Blank) else 1


def _put_in(tree: Formula, tensors: Mapping[str, Tensor], leaf: Callable[[str], Formula], room: Room) -> Formula:
    match tree:
        case Ref(name):
            return leaf(name) if name not in tensors else filled_in(tensors[name].entries, leaf, room)
        case Transpose(Ref(name)) if name in tensors:
            return filled_in(tuple(zip(*tensors[name].entries, strict=True)), leaf, room)
        case Call(name) if name in windowed.SHOWN_LAID_OUT and (names := _names_in(tree, tensors)) is not None:
            return filled_in(names, leaf, room)
    return rebuild(tree, lambda part: _put_in(part, tensors, leaf, room))


def _names_in(tree: Formula, tensors: Mapping[str, Tensor]) -> tuple[tuple[str, ...], ...] | None:
    """The entries of a tensor, or of tensors that are laid out anew, by their names."""
    match tree:
        case Ref(name) if name in tensors:
            return tensors[name].entries
        case Transpose(body) if (names := _names_in(body, tensors)) is not None:
            return tuple(zip(*names, strict=True))
        case Call(name) if name in windowed.SHOWN_LAID_OUT:
            parts = [_names_in(part, tensors) for part in windowed.matrices_of(tree)]
            known = [part for part in parts if part is not None]
            if len(known) == len(parts):
                return windowed.laid_out(name, known, windowed.sizes_of(tree), "0")
    return None


def filled_in(entries: tuple[tuple[str, ...], ...], leaf: Callable[[str], Formula], room: Room) -> Matrix:
    """The matrix of `leaf` of each entry that is shown."""
    rows = shown_of(entries, room)

    def at(name: str | Dots) -> Formula:
        return name if isinstance(name, Dots) else entry(name) if is_constant(name) else leaf(name)

    return Matrix(tuple(tuple(map(at, row)) for row in rows))
