"""Graph -> grids of quantities: the entries of one matrix, image or filter as rows and columns of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.graph.quantities import Graph, Label, Quantity, Role
from generator.once import once


@dataclass(frozen=True, slots=True)
class Family:
    """Quantities whose last two indices are a row and a column; `label` is that of the whole, as `W` or `k`."""

    label: Label
    rows: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All entries, row by row."""
        return tuple(name for row in self.rows for name in row)


@once
def families(graph: Graph) -> tuple[Family, ...]:
    """The given matrices of a graph, in its order; those of one row or one column are lists, and no grids."""
    return tuple(_families(_entries(quantity for quantity in graph if quantity.formula is None)))


@once
def computed_families(graph: Graph) -> tuple[Family, ...]:
    """The matrices that are computed on the way forward, before any update."""
    return tuple(_families(_entries(quantity for quantity in graph.of_role(Role.FORWARD) if not quantity.round)))


def _entries(quantities: Iterable[Quantity]) -> dict[Label, dict[tuple[int, int], str]]:
    """What are entries of one thing, by their rows and columns."""
    found: dict[Label, dict[tuple[int, int], str]] = {}
    for quantity in quantities:
        label, (*before, row, column) = quantity.label, ("", "", *re.split("[,_]", quantity.label.index))
        if label.of and row.isdecimal() and column.isdecimal():
            name = "_".join((label.of, *filter(None, before)))
            whole = Label(label.kind, name, of=label.of, case=label.case, part=label.part)
            found.setdefault(whole, {})[int(row), int(column)] = quantity.name
    return found


def _families(found: dict[Label, dict[tuple[int, int], str]]) -> Iterator[Family]:
    for label, entries in found.items():
        down, across = (max(place[side] for place in entries) for side in (0, 1))
        places = [[(row, column) for column in range(1, across + 1)] for row in range(1, down + 1)]
        if min(down, across) > 1 and len(entries) == down * across and all(p in entries for row in places for p in row):
            yield Family(label, tuple(tuple(entries[place] for place in row) for row in places))
