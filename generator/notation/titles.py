"""Graph in a notation -> the grids of its computed values that have a symbol as a whole: `z`, `∂E/∂k`, `k⁺`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from generator.errors import NotationError
from generator.graph.families import Family
from generator.graph.quantities import Graph, Label
from generator.graph.wholes import Whole, grids, wholes
from generator.notation.writer import Writer
from generator.typeset.boxes import Box

MADE = ("updated", "after", "later")  # labels of the values that an entry has after updates


def titled(graph: Graph, writer: Writer) -> dict[Box, Family]:
    """Every grid of which all values are computed, by its symbol; a vector is a row. What is written alike is left out.

    A grid holds the values of a whole, or its derivatives by one quantity, or those of one quantity by it; after an
    update also what no update can change, as the zeros beside a diagonal.
    """
    moved = frozenset(old for old, _ in graph.moves)
    parts = {part.name: part for whole in wholes(graph) for part in grids(whole)}
    home = {name: part for part in parts.values() for name in part.entries}
    found: dict[tuple[str, Label], dict[str, str]] = {}
    for quantity in graph:
        if quantity.formula is not None:
            for part, label, entry in _places(quantity.name, quantity.label, home):
                found.setdefault((part, label), {}).setdefault(entry, quantity.name)
    made: dict[Box, Family | None] = {}
    for (name, label), values in found.items():
        missing = [entry for entry in parts[name].entries if entry not in values] if label.kind in MADE else []
        if all(moved.isdisjoint(graph.needed(entry)) for entry in missing):
            values |= {entry: entry for entry in missing}
        if len(values) == len(parts[name].entries):
            try:
                box = writer.label_box(label)
            except NotationError:  # a pattern that wants an index
                continue
            made[box] = None if box in made else Family(label, _rows(parts[name], values))
    return {box: family for box, family in made.items() if family is not None}


def _places(name: str, label: Label, home: Mapping[str, Whole]) -> Iterator[tuple[str, Label, str]]:
    """The wholes that a quantity has a place in: the whole, the label of the grid, the entry whose place it has."""
    if name in home:
        yield home[name].name, home[name].label, name
    elif label.kind == "derivative":
        for side in ("of", "wrt"):
            entry = getattr(label, side)
            if entry in home:
                yield home[entry].name, replace(label, **{side: home[entry].name}), entry
    elif label.kind in MADE and label.of in home:
        whole = home[label.of]
        index = label.index if label.kind == "later" else ""
        yield whole.name, Label(label.kind, whole.label.name, index, of=whole.name), label.of


def _rows(part: Whole, values: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    rows = part.rows() if len(part.dims) > 1 else (part.entries,)
    return tuple(tuple(values[entry] for entry in row) for row in rows)
