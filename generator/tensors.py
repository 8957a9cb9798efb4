"""Formula in matrices -> formulas entry by entry, and back; or with what stands for the entries put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from generator.errors import FormulaError
from generator.formula import (
    Add,
    Call,
    Dots,
    Formula,
    Hadamard,
    MatMul,
    Matrix,
    Mul,
    Neg,
    Pow,
    Ref,
    Transpose,
    children,
    num,
    rebuild,
    references,
    replace,
)
from generator.graph import Tensor
from generator.infix import infix

Entries = tuple[tuple[Formula, ...], ...]


def entrywise(tree: Formula, tensors: Mapping[str, Tensor]) -> Formula:
    """`tree` worked as far as its entries: a `Matrix` of formulas over quantities, or a formula where it is a scalar.

    A scalar beside a matrix goes with every entry. Raises `FormulaError` naming the shapes that do not fit.
    """
    if isinstance(tree, Ref):
        if tree.name not in tensors:
            return tree
        return Matrix(tuple(tuple(map(Ref, row)) for row in tensors[tree.name].entries))
    if isinstance(tree, Matrix):
        for part in children(tree):
            if isinstance(entrywise(part, tensors), Matrix):
                raise FormulaError(f"a matrix stands inside the matrix `{infix(tree)}`")
        return tree
    parts = [entrywise(part, tensors) for part in children(tree)]
    grids = [part for part in parts if isinstance(part, Matrix)]
    if not grids:
        return tree
    match tree:
        case Transpose():
            return Matrix(tuple(zip(*grids[0].rows, strict=True)))
        case MatMul() | Mul() if len(grids) > 1 or len(grids) == len(parts):
            scalars = [part for part in parts if not isinstance(part, Matrix)]
            product = _product(grids, tree)
            return _each(tree, [*scalars, product], Mul) if scalars else product
        case Pow():
            raise FormulaError(f"`{infix(tree)}` raises a matrix to a power")
    return _each(tree, parts, partial(_with, tree))


def _with(tree: Formula, parts: tuple[Formula, ...]) -> Formula:
    """`tree` with other parts; what is entry by entry for matrices is a plain product of entries."""
    if isinstance(tree, Hadamard | MatMul):
        return parts[0] if len(parts) == 1 else Mul(parts)
    left = iter(parts)
    return rebuild(tree, lambda _: next(left))


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
    return terms[0] if len(terms) == 1 else Add(terms)


def in_matrices(formulas: Entries, tensors: Iterable[Tensor]) -> Formula | None:
    """What the formulas of a tensor's entries say of whole tensors: a name stands for the tensor that has it there.

    `None` where they do not all say the same, or what cannot be written (by cases, with powers that are no products).
    """
    tensors = tuple(tensors)
    said = {
        replace(formula, partial(_tensor_at, tensors, row, column))
        for row, entries in enumerate(formulas)
        for column, formula in enumerate(entries)
    }
    return _hadamard(said.pop(), {tensor.name for tensor in tensors}) if len(said) == 1 else None


def _tensor_at(tensors: tuple[Tensor, ...], row: int, column: int, ref: Ref) -> Ref:
    for tensor in tensors:
        if len(tensor.entries) > row and tensor.entries[row][column : column + 1] == (ref.name,):
            return Ref(tensor.name)
    return ref


def _hadamard(tree: Formula, names: set[str]) -> Formula | None:
    """`tree` with products of matrices entry by entry, and whole powers as such products."""
    parts = [_hadamard(part, names) for part in children(tree)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or (children(tree) and not isinstance(tree, Add | Mul | Neg | Pow | Call)):
        return None
    left = iter(known)
    tree = rebuild(tree, lambda _: next(left))
    if not set(references(tree)) & names or isinstance(tree, Ref | Add | Neg):
        return tree
    if isinstance(tree, Call):
        return tree if len(tree.args) == 1 else None
    if isinstance(tree, Mul):
        grids = tuple(part for part in tree.factors if set(references(part)) & names)
        scalars = tuple(part for part in tree.factors if part not in grids)
        product = grids[0] if len(grids) == 1 else Hadamard(grids)
        return Mul((*scalars, product)) if scalars else product
    return Hadamard((tree.base, tree.base)) if isinstance(tree, Pow) and tree.exponent == num(2) else None


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
    """`tree` with `leaf` of each quantity in its place; a tensor, or one transposed, as the matrix of its entries."""
    match tree:
        case Ref(name):
            return leaf(name) if name not in tensors else filled_in(tensors[name].entries, leaf, room)
        case Transpose(Ref(name)) if name in tensors:
            return filled_in(tuple(zip(*tensors[name].entries, strict=True)), leaf, room)
    return rebuild(tree, lambda part: put_in(part, tensors, leaf, room))


def filled_in(entries: tuple[tuple[str, ...], ...], leaf: Callable[[str], Formula], room: Room) -> Matrix:
    """The matrix of `leaf` of each entry that is shown."""
    rows = shown_of(entries, room)
    return Matrix(tuple(tuple(name if isinstance(name, Dots) else leaf(name) for name in row) for row in rows))
