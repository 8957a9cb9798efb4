"""Vectors of formulas -> their ranks, and their entries in the order of their size: sorted, the median, a quantile.

The rank of an entry is one more than the number of those that stand before it in that order. So each entry in order is
a sum in which only the one of that rank counts, which any other formula can be worked from and differentiated by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor

from generator.errors import FormulaError
from generator.formula.entrywise import entries_of
from generator.formula.grids import Function, Grid, Value, named, vector
from generator.formula.indices import constant
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Cases, Div, Formula, Mul, Num, num

_ONE, _ZERO = num(1), num(0)


def _entries(name: str, args: tuple[Value, ...]) -> tuple[Formula, ...]:
    (grid, *_) = args or (None,)
    if not isinstance(grid, Grid) or not grid.vector:
        raise FormulaError(f"`{name}` is of a vector, not of {', '.join(map(named, args)) or 'nothing'}")
    return grid.entries


def _rank(args: tuple[Value, ...]) -> Value:
    """How many entries are smaller, or as large and stand before it, and one more."""
    entries = _entries("rank", args)
    if len(args) != 1:
        raise FormulaError(f"`rank` is of one vector, not of {len(args)} arguments")
    return vector(tuple(_rank_of(entries, place) for place in range(len(entries))))


def _rank_of(entries: tuple[Formula, ...], place: int) -> Formula:
    others = [(number, other) for number, other in enumerate(entries) if number != place]
    before = [Cases(other, "<=" if number < place else "<", entries[place], _ONE, _ZERO) for number, other in others]
    return Add((_ONE, *before)) if before else _ONE


def places_of(name: str, args: tuple[Value, ...]) -> tuple[Fraction, ...]:
    """The ranks that a function wants the entries of, which are between two where a rank is no whole number.

    That is how a quantile is usually read: the smallest entry is that of 0, the largest that of 1, and in between it
    grows evenly from each to the next.
    """
    size = len(_entries(name, args))
    if name == "quantile":
        share = constant(args[1]) if len(args) == 2 and not isinstance(args[1], Grid) else None
        if share is None or not 0 <= share <= 1:
            raise FormulaError("`quantile(v, q)` is of a vector and a number from 0 to 1, as in `quantile(v, 1/4)`")
        return (1 + share * (size - 1),)
    if len(args) != 1:
        raise FormulaError(f"`{name}` is of one vector, not of {len(args)} arguments")
    return (Fraction(1 + size, 2),) if name == "median" else tuple(map(Fraction, range(1, size + 1)))


def in_order(name: str, args: tuple[Value, ...], at: Callable[[int, str], Formula]) -> Value:
    """The entries of a vector that `sort`, `median` or `quantile` wants.

    `at` has the entry of a rank; of two that something is between, it is told their roles, `low` and `high`.
    """
    made = tuple(_between(place, at) for place in places_of(name, args))
    return vector(made) if name == "sort" else made[0]


def _between(place: Fraction, at: Callable[[int, str], Formula]) -> Formula:
    """The entry at a place in the order, or between two of them."""
    low = floor(place)
    share = place - low
    if not share:
        return at(low, "")
    one, other = at(low, "low"), at(low + 1, "high")
    if share == Fraction(1, 2):
        return Div(Add((one, other)), num(2))
    return Add((Mul((Num(1 - share), one)), Mul((Num(share), other))))


def at_rank(values: Value, ranks: Value, wanted: int) -> Formula:
    """The sum of all entries in which only the one of a rank counts."""
    pairs = zip(entries_of(values), entries_of(ranks), strict=True)
    return sum_of([Mul((value, Cases(rank, "==", num(wanted), _ONE, _ZERO))) for value, rank in pairs])


def _ordered(name: str) -> Function:
    def made(args: tuple[Value, ...]) -> Value:
        places_of(name, args)  # raises where they do not fit
        ranks = _rank(args[:1])
        return in_order(name, args, lambda wanted, _: at_rank(args[0], ranks, wanted))

    return made


ORDERED = ("sort", "median", "quantile")  # what is worked by way of ranks
ORDERING: Mapping[str, Function] = {"rank": _rank, **{name: _ordered(name) for name in ORDERED}}
