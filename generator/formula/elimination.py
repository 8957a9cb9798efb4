"""A matrix and right sides -> the steps of Gaussian elimination: in which order its rows stand, and all new rows.

Every multiplier says how often the row of a pivot is subtracted from a row below, so that what stands under the pivot
becomes zero. After that, the unknowns follow from the last one to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from generator.errors import FormulaError
from generator.formula.grids import Grid, Rows, Value
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import Add, Div, Formula, Mul, Neg, num

_ZERO, _ONE = num(0), num(1)

Exactly = Callable[[Formula], Fraction | None]
Name = Callable[[str, tuple[int, ...], Value], Value]  # a role, its indices, a value: what its entries are called


def order_of(rows: Rows, exactly: Exactly) -> tuple[int, ...]:
    """The rows in an order in which no pivot is zero for the given numbers: their own, where that is one.

    Where a pivot would be zero, the next row below with something else in that column takes its place; what is not
    known exactly is taken to be something else. Raises `FormulaError` where there is no such row.
    """
    places = [*range(len(rows))]
    left = [[exactly(entry) for entry in row] for row in rows]
    for column in range(len(rows)):
        below = [row for row in range(column, len(rows)) if left[row][column] != 0]
        if not below:
            raise FormulaError(
                f"the matrix is singular: its rows depend on one another, so that column {column + 1} has no pivot"
            )
        best = below[0]
        places[column], places[best] = places[best], places[column]
        left[column], left[best] = left[best], left[column]
        pivot = left[column]
        for row in range(column + 1, len(rows)):
            times = _quotient(left[row][column], pivot[column])
            left[row] = [_less(entry, times, above) for entry, above in zip(left[row], pivot, strict=True)]
    return tuple(places)


def _quotient(top: Fraction | None, bottom: Fraction | None) -> Fraction | None:
    return top if top == 0 else None if top is None or not bottom else top / bottom


def _less(entry: Fraction | None, times: Fraction | None, above: Fraction | None) -> Fraction | None:
    taken = Fraction(0) if 0 in (times, above) else None if times is None or above is None else times * above
    return None if entry is None or taken is None else entry - taken


def is_odd(order: Sequence[int]) -> bool:
    """Whether an order takes an odd number of exchanges, each of which changes the sign of a determinant."""
    return sum(one > other for place, one in enumerate(order) for other in order[place:]) % 2 == 1


def solved(matrix: Grid, right: Grid, own: Grid, exactly: Exactly, name: Name) -> Grid:
    """The formulas of what solves a system for one right side or several; `own` has what its entries are called.

    `name` gives the steps their names: each multiplier (`m`), each new entry (`A1`, `b1` after the first column, ...),
    and the rows in another order (`A`, `b`), where they have to be exchanged. Each unknown names those behind it.
    """
    order = order_of(matrix.rows, exactly)
    rows, sides = _eliminated(_in(order, "A", matrix, name), _in(order, "b", right, name), name)
    lines = zip(rows, sides, strict=True)
    made = tuple(
        tuple(_unknown(row, place, side, [line[at] for line in own.rows]) for at, side in enumerate(given))
        for place, (row, given) in enumerate(lines)
    )
    return replace(right, rows=made)


def determinant(matrix: Grid, exactly: Exactly, name: Name) -> Formula:
    """The product of the pivots, with the sign of the order that the rows had to stand in."""
    order = order_of(matrix.rows, exactly)
    rows, _ = _eliminated(_in(order, "A", matrix, name), [[] for _ in order], name)
    made = product_of([row[place] for place, row in enumerate(rows)])
    return Neg(made) if is_odd(order) else made


def _in(order: tuple[int, ...], role: str, grid: Grid, name: Name) -> list[list[Formula]]:
    """Rows in an order; where that is another one, they get names of their own."""
    rows = tuple(grid.rows[place] for place in order)
    if order == tuple(range(len(order))):
        return [[*row] for row in rows]
    value = name(role, (), replace(grid, rows=rows))
    assert isinstance(value, Grid)
    return [[*row] for row in value.rows]


def _eliminated(
    rows: list[list[Formula]], sides: list[list[Formula]], name: Name
) -> tuple[list[list[Formula]], list[list[Formula]]]:
    """Rows and right sides column by column without what stands under its pivot.

    What is zero by its formula, whatever is given, is left as it is.
    """
    for column, row in combinations(range(len(rows)), 2):
        if rows[row][column] == _ZERO:
            continue
        times = _single(name("m", (row + 1, column + 1), Div(rows[row][column], rows[column][column])))
        rows[row][column] = _ZERO
        for place in range(column + 1, len(rows)):
            if rows[column][place] != _ZERO:
                made = _less_of(rows[row][place], times, rows[column][place])
                rows[row][place] = _single(name(f"A{column + 1}", (row + 1, place + 1), made))
        for place, above in enumerate(sides[column]):
            if above != _ZERO:
                indices = (row + 1,) if len(sides[column]) == 1 else (row + 1, place + 1)
                sides[row][place] = _single(name(f"b{column + 1}", indices, _less_of(sides[row][place], times, above)))
    return rows, sides


def _single(value: Value) -> Formula:
    assert not isinstance(value, Grid)
    return value


def _less_of(entry: Formula, times: Formula, above: Formula) -> Formula:
    """An entry less so many times the one above it."""
    taken = Neg(times if above == _ONE else Mul((times, above)))
    return taken if entry == _ZERO else Add((entry, taken))


def _unknown(row: Sequence[Formula], place: int, side: Formula, found: Sequence[Formula]) -> Formula:
    """What is left of a right side without the unknowns that are found, over the pivot."""
    later = range(place + 1, len(row))
    taken = [Neg(Mul((row[other], found[other]))) for other in later if row[other] != _ZERO]
    return Div(sum_of([side, *taken]), row[place])
