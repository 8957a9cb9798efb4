"""A vector, a matrix or a list of them, and the indices behind it -> the entry, or all from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from generator.errors import FormulaError
from generator.formula.entrywise import entries_of
from generator.formula.grids import Function, Grid, Value, shaped
from generator.formula.indices import whole
from generator.formula.infix import SLICE
from generator.formula.tree import Call, Formula, references
from generator.formula.unfinished import Unfinished
from generator.formula.whole import VECTOR

Place = int | tuple[int, int | None] | None  # an index, from one to another or to the end, or neither of these


def _slice(args: tuple[Value, ...]) -> Value:
    """The ends of a slice, which stands in the place of an index."""
    return Call(SLICE, tuple(end for arg in args for end in entries_of(arg)))


def _entry(args: tuple[Value, ...]) -> Value:
    """One entry; with fewer indices, a row of a matrix as a vector, a matrix of a list or one of its rows.

    A slice has all from its first to its last index, both of which belong to it; along one index, they are a vector.
    """
    grid, *indices = args
    places = [_place(index) for index in indices]
    if isinstance(grid, Unfinished) and None not in places:
        return _of_unfinished(grid, places)
    if not isinstance(grid, Grid):
        raise FormulaError("an index stands behind a number")
    runs = [_run(place, size) for place, size in zip(places, grid.sizes, strict=False)]
    if len(places) > len(grid.sizes) or not all(runs):
        if None in places and any(references(end) for index in indices for end in _ends(index)):
            raise FormulaError("an index is no computed number: take `onehot(k, n) @ v`, which is the entry k of n")
        given = "an index" if None in places else f"the index {', '.join(map(_written, places))}"
        raise FormulaError(f"{given} does not fit {grid} (the first entry is 1)")
    runs += [range(1, size + 1) for size in grid.sizes[len(places) :]]
    return shaped(tuple(_at(grid, place) for place in product(*runs)), _kept(runs, places))


def _at(grid: Grid, place: tuple[int, ...]) -> Formula:
    """The entry at indices that are there."""
    *before, last = place if len(place) > 1 else (*place, 1)
    row = 0
    for index, size in zip(before, grid.sizes, strict=False):
        row = row * size + index - 1
    return grid.rows[row][last - 1]


def _of_unfinished(grid: Unfinished, places: Sequence[Place]) -> Value:
    """Entries of what is being made, of which nobody knows yet how many there are."""
    if all(isinstance(place, int) for place in places):
        return grid.entry(tuple(place for place in places if isinstance(place, int)))
    runs = [
        _run(place, place[1] or 0) if isinstance(place, tuple) else range(place or 0, (place or 0) + 1)
        for place in places
    ]
    if not all(runs):
        raise FormulaError(f"`{grid.name}[{', '.join(map(_written, places))}]` has no end, or nothing in it")
    values = tuple(map(grid.entry, product(*runs)))
    if any(isinstance(value, Grid) for value in values):
        return VECTOR["vector"](values)
    return shaped(tuple(value for value in values if not isinstance(value, Grid)), _kept(runs, places))


def _kept(runs: Sequence[range], places: Sequence[Place]) -> tuple[int, ...]:
    """How many there are along each index that is none by itself."""
    return tuple(len(run) for at, run in enumerate(runs) if at >= len(places) or not isinstance(places[at], int))


def _place(index: Value) -> Place:
    if isinstance(index, Call) and index.name == SLICE:
        first, *last = map(whole, index.args)
        return None if first is None or None in last else (first, last[0] if last else None)
    return whole(index)


def _run(place: Place, size: int) -> range:
    """The indices that a place stands for: none, where one of them is not there."""
    if place is None:
        return range(0)
    first, last = place if isinstance(place, tuple) else (place, place)
    last = size if last is None else last
    return range(first, last + 1) if 1 <= first <= last <= size else range(0)


def _ends(index: Value) -> tuple[Formula, ...]:
    return index.args if isinstance(index, Call) and index.name == SLICE else entries_of(index)


def _written(place: Place) -> str:
    return f"{place[0]}:{'' if place[1] is None else place[1]}" if isinstance(place, tuple) else str(place)


ENTRIES: Mapping[str, Function] = {"entry": _entry, SLICE: _slice}
