"""Formula with vectors and matrices -> scalar formulas, entry by entry: products, sums, functions of every entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

from generator.errors import FormulaError
from generator.formula import ELEMENTARY, Add, Call, Formula, Mul, Num, Ref, children, num, rebuild
from generator.formula import Div as Quotient
from generator.functions import ACTIVATIONS, LOSSES

Rows = tuple[tuple[Formula, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A vector (one column, `vector` true) or a matrix of formulas."""

    rows: Rows
    vector: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return len(self.rows), len(self.rows[0])

    @property
    def entries(self) -> tuple[Formula, ...]:
        """All entries, row by row."""
        return tuple(chain.from_iterable(self.rows))

    def __str__(self) -> str:
        rows, columns = self.shape
        return f"a vector of {rows}" if self.vector else f"a matrix of {rows} by {columns}"


Value = Formula | Grid


def vector(entries: tuple[Formula, ...]) -> Grid:
    """A vector of `entries`."""
    return Grid(tuple((entry,) for entry in entries), vector=True)


def names_of(name: str, value: Value) -> tuple[tuple[str, str], ...]:
    """The name of each entry of what is called `name` (`h_2`, `W_1_2`), and its index as it is written (`1,2`)."""
    if not isinstance(value, Grid):
        return ((name, ""),)
    rows, columns = value.shape
    if value.vector:
        return tuple((f"{name}_{row}", f"{row}") for row in range(1, rows + 1))
    places = [(row, column) for row in range(1, rows + 1) for column in range(1, columns + 1)]
    return tuple((f"{name}_{row}_{column}", f"{row},{column}") for row, column in places)


def referring(name: str, value: Value) -> Value:
    """`value` with a reference to each entry of what is called `name` in the entry's place."""
    refs = [Ref(entry) for entry, _ in names_of(name, value)]
    if not isinstance(value, Grid):
        return refs[0]
    _, columns = value.shape
    rows = tuple(tuple(refs[start : start + columns]) for start in range(0, len(refs), columns))
    return Grid(rows, value.vector)


def expand(tree: Formula, known: Mapping[str, Value]) -> Value:
    """`tree` with the values of its names put in: one formula, or one for each entry.

    Raises `FormulaError` for an unknown name or function, shapes that do not fit and an index that is not there.
    """
    if isinstance(tree, Ref):
        if tree.name not in known:
            raise FormulaError(f"`{tree.name}` is not known here: expected one of {', '.join(known)}")
        return known[tree.name]
    if isinstance(tree, Call):
        return _call(tree.name, tuple(expand(arg, known) for arg in tree.args))
    return _elementwise(lambda parts: _rebuilt(tree, parts), tuple(expand(part, known) for part in children(tree)))


def _rebuilt(tree: Formula, parts: tuple[Formula, ...]) -> Formula:
    left = iter(parts)
    return rebuild(tree, lambda _: next(left))


def _elementwise(make: Callable[[tuple[Formula, ...]], Formula], parts: tuple[Value, ...]) -> Value:
    """`make` applied to the entries in the same place of all grids; a number goes with every entry."""
    grids = [part for part in parts if isinstance(part, Grid)]
    if not grids:
        return make(tuple(part for part in parts if not isinstance(part, Grid)))
    first = grids[0]
    for grid in grids[1:]:
        if grid.shape != first.shape:
            raise FormulaError(f"{first} and {grid} do not go together entry by entry")
    rows, columns = first.shape

    def at(row: int, column: int) -> Formula:
        return make(tuple(part.rows[row][column] if isinstance(part, Grid) else part for part in parts))

    made = tuple(tuple(at(row, column) for column in range(columns)) for row in range(rows))
    return Grid(made, all(grid.vector for grid in grids))


def _call(name: str, args: tuple[Value, ...]) -> Value:
    if name in _WHOLE:
        return _WHOLE[name](args)
    if name in ("max", "min") and len(args) == 1 and isinstance(args[0], Grid):
        return Call(name, args[0].entries)
    if name in ELEMENTARY or name in ACTIVATIONS or name in LOSSES:
        return _elementwise(lambda parts: Call(name, parts), args)
    known = ", ".join((*_WHOLE, *ELEMENTARY, *ACTIVATIONS, *LOSSES))
    raise FormulaError(f"there is no function `{name}`: expected one of {known}")


def _one_grid(name: str, args: tuple[Value, ...]) -> Grid:
    if len(args) != 1 or not isinstance(args[0], Grid):
        raise FormulaError(f"`{name}` is of one vector or matrix")
    return args[0]


def _sum(args: tuple[Value, ...]) -> Value:
    return _total(_one_grid("sum", args).entries)


def _mean(args: tuple[Value, ...]) -> Value:
    entries = _one_grid("mean", args).entries
    return Quotient(_total(entries), num(len(entries)))


def _transpose(args: tuple[Value, ...]) -> Value:
    return Grid(tuple(zip(*_one_grid("transpose", args).rows, strict=True)))


def _dot(args: tuple[Value, ...]) -> Value:
    if len(args) != 2 or not all(isinstance(arg, Grid) and arg.vector for arg in args):
        raise FormulaError("`dot` is of two vectors")
    a, b = (arg.entries for arg in args if isinstance(arg, Grid))
    if len(a) != len(b):
        raise FormulaError(f"`dot` is of two vectors of the same length, not of {len(a)} and {len(b)} entries")
    return _total(tuple(Mul(pair) for pair in zip(a, b, strict=True)))


def _matmul(args: tuple[Value, ...]) -> Value:
    a, b = args
    if not isinstance(a, Grid) or not isinstance(b, Grid) or a.shape[1] != b.shape[0]:
        raise FormulaError("`@` is a product of matrices: the left one has as many columns as the right one has rows")
    columns = tuple(zip(*b.rows, strict=True))
    rows = tuple(
        tuple(_total(tuple(Mul(pair) for pair in zip(row, column, strict=True))) for column in columns)
        for row in a.rows
    )
    is_number = len(a.rows) == 1 and b.vector  # a row times a column
    return rows[0][0] if is_number else Grid(rows, b.vector)


def _entry(args: tuple[Value, ...]) -> Value:
    grid, *places = args
    if not isinstance(grid, Grid):
        raise FormulaError("an index stands behind a number")
    wanted = [int(place.value) for place in places if isinstance(place, Num) and place.value.denominator == 1]
    wanted = [*wanted, 1] if grid.vector else wanted
    if len(wanted) != 2 or not all(1 <= place <= size for place, size in zip(wanted, grid.shape, strict=True)):
        raise FormulaError(f"an index does not fit {grid} (the first entry is 1)")
    return grid.rows[wanted[0] - 1][wanted[1] - 1]


def _softmax(args: tuple[Value, ...]) -> Value:
    grid = _one_grid("softmax", args)
    if not all(isinstance(entry, Ref) for entry in grid.entries):
        raise FormulaError("`softmax` is of a vector that has a name: give it one in a line before")
    return Grid(
        tuple(tuple(Call("softmax", (entry, *grid.entries)) for entry in row) for row in grid.rows), grid.vector
    )


_WHOLE: Mapping[str, Callable[[tuple[Value, ...]], Value]] = {
    "sum": _sum, "mean": _mean, "dot": _dot, "transpose": _transpose, "matmul": _matmul, "entry": _entry,
    "softmax": _softmax,
}  # fmt: skip


def _total(terms: tuple[Formula, ...]) -> Formula:
    return terms[0] if len(terms) == 1 else Add(terms)
