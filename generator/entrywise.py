"""Values -> values: what works entry by entry, from plain operations to derivatives and rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from generator.errors import FormulaError
from generator.formula import Add, Call, Div, Formula, Mul, Neg, Num, Ref
from generator.grids import Function, Grid, Value


def elementwise(make: Callable[[tuple[Formula, ...]], Formula], parts: tuple[Value, ...]) -> Value:
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


def _softmax(args: tuple[Value, ...]) -> Value:
    grid = args[0] if len(args) == 1 else None
    if not isinstance(grid, Grid) or not all(isinstance(entry, Ref) for entry in grid.entries):
        raise FormulaError("`softmax` is of a vector that has a name: give it one in a line before")
    components = grid.entries
    return Grid(tuple(tuple(Call("softmax", (entry, *components)) for entry in row) for row in grid.rows), grid.vector)


def _derivative(args: tuple[Value, ...]) -> Value:
    if len(args) != 2 or not all(isinstance(entry, Ref) for arg in args for entry in entries_of(arg)):
        raise FormulaError("a derivative is written `d(f, x)`, with the names of two quantities")
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
    return Grid(made, whole.vector)


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
    if len(args) != 2:
        raise FormulaError(f"`mod` is of two numbers, not of {len(args)} arguments")
    return elementwise(lambda p: Add((p[0], Neg(Mul((p[1], Call("floor", (Div(p[0], p[1]),))))))), args)


# By its name in a formula.
ENTRYWISE: Mapping[str, Function] = {
    "softmax": _softmax, "d": _derivative, "round": _round, "ceil": _ceil, "mod": _mod,
}  # fmt: skip
