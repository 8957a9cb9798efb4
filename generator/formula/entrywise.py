"""Values -> values: what works entry by entry, from plain operations to derivatives and rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from generator.errors import FormulaError
from generator.formula.grids import Function, Grid, Value
from generator.formula.tree import Add, Call, Div, Formula, Mul, Neg, Num, Ref


def elementwise(make: Callable[[tuple[Formula, ...]], Formula], parts: tuple[Value, ...]) -> Value:
    """`make` applied to the entries in the same place of all grids.

    A number goes with every entry, a matrix of one row with every row, one of one column with every column.
    """
    grids = [part for part in parts if isinstance(part, Grid)]
    if not grids:
        return make(tuple(part for part in parts if not isinstance(part, Grid)))
    shape = rows, columns = tuple(max(sides) for sides in zip(*(grid.shape for grid in grids), strict=True))
    if len({grid.sizes for grid in grids}) > 1 and any(grid.depth for grid in grids):
        raise FormulaError(
            f"{' and '.join(map(str, grids))} do not go together entry by entry: take one matrix, `P[1]`"
        )
    for grid in grids:
        spread = not grid.vector and all(side in (1, whole) for side, whole in zip(grid.shape, shape, strict=True))
        if grid.shape != shape and not spread:
            other = next(other for other in grids if other.shape != grid.shape)
            hint = ": of a vector `v`, what goes with every row is a row, `v.T`" if grid.vector != other.vector else ""
            raise FormulaError(f"{other} and {grid} do not go together entry by entry{hint}")

    def of(grid: Grid, row: int, column: int) -> Formula:
        return grid.rows[row if grid.shape[0] > 1 else 0][column if grid.shape[1] > 1 else 0]

    def at(row: int, column: int) -> Formula:
        return make(tuple(of(part, row, column) if isinstance(part, Grid) else part for part in parts))

    made = tuple(tuple(at(row, column) for column in range(columns)) for row in range(rows))
    return Grid(made, all(grid.vector for grid in grids), grids[0].depth)


def _softmax(args: tuple[Value, ...]) -> Value:
    """Of a vector, or of each row of a matrix."""
    grid = args[0] if len(args) == 1 else None
    if not isinstance(grid, Grid) or not all(isinstance(entry, Ref) for entry in grid.entries):
        raise FormulaError("`softmax` is of a vector that has a name: give it one in a line before")
    shares = [grid.entries] * grid.shape[0] if grid.shape[1] == 1 else grid.rows
    rows = tuple(
        tuple(Call("softmax", (entry, *of)) for entry in row) for row, of in zip(grid.rows, shares, strict=True)
    )
    return Grid(rows, grid.vector, grid.depth)


def _derivative(args: tuple[Value, ...]) -> Value:
    if len(args) != 2 or not all(isinstance(entry, Ref) for arg in args for entry in entries_of(arg)):
        raise FormulaError(
            "a derivative is written `d(f, x)`, with the names of two quantities: give a formula one in a line before"
        )
    of, wrt = args
    rows = tuple(tuple(Call("d", (one, other)) for other in entries_of(wrt)) for one in entries_of(of))
    if isinstance(of, Grid) and isinstance(wrt, Grid):
        if of.vector and wrt.vector:
            return Grid(rows)
        raise FormulaError(f"`d(f, x)` has no derivatives of {of} with respect to {wrt}: name their entries")
    whole = of if isinstance(of, Grid) else wrt
    if not isinstance(whole, Grid):
        return rows[0][0]
    flat = [entry for row in rows for entry in row]
    columns = whole.shape[1]
    made = tuple(tuple(flat[start : start + columns]) for start in range(0, len(flat), columns))
    return Grid(made, whole.vector, whole.depth)


def entries_of(value: Value) -> tuple[Formula, ...]:
    """The entries of a vector or matrix, or the one number that a value is."""
    return value.entries if isinstance(value, Grid) else (value,)


def _round(args: tuple[Value, ...]) -> Value:
    """To the nearest whole number, a half upwards."""
    half = Num(Fraction(1, 2))
    return elementwise(lambda parts: Call("floor", (Add((_single("round", parts), half)),)), args)


def _ceil(args: tuple[Value, ...]) -> Value:
    return elementwise(lambda parts: Neg(Call("floor", (Neg(_single("ceil", parts)),))), args)


def _single(name: str, parts: tuple[Formula, ...]) -> Formula:
    if len(parts) != 1:
        raise FormulaError(f"`{name}` is not of {len(parts)} arguments")
    return parts[0]


def _mod(args: tuple[Value, ...]) -> Value:
    """What is left of a number when it is divided by another."""
    return elementwise(modulo, args)


def modulo(parts: tuple[Formula, ...]) -> Formula:
    """What is left of one number when it is divided by another, by what goes into it as a whole."""
    if len(parts) != 2:
        raise FormulaError(f"`mod` is of two numbers, not of {len(parts)} arguments")
    return Add((parts[0], Neg(Mul((parts[1], Call("floor", (Div(parts[0], parts[1]),)))))))


# By its name in a formula.
ENTRYWISE: Mapping[str, Function] = {
    "softmax": _softmax, "d": _derivative, "round": _round, "ceil": _ceil, "mod": _mod,
}  # fmt: skip
