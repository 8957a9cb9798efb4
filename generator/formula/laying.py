"""Lines of the turns of a loop -> lines of vectors and matrices: `a_in_1`, `a_in_2`, ... are the rows of one `a_in`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from generator.formula.entrywise import entries_of
from generator.formula.grids import Grid, Line, Value, shaped
from generator.formula.tree import references


def laid(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Lines with those that are parts of one thing together, where none is missing and all have the same shape.

    They stay as they are where one would then stand before something that it is worked from.
    """
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.whole, []).append(line)
    made: list[Line] = []
    for name, group in groups.items():
        value = _together(group) if group[0].places else None
        made += group if value is None else [Line(name, value)]
    return tuple(made) if _is_ordered(made) else tuple(lines)


def _together(group: Sequence[Line]) -> Value | None:
    """The vector, matrix or list of matrices whose parts these are (`None`: some are missing, or of other shapes)."""
    parts = {line.places: line.value for line in group}
    sizes = tuple(max(sides) for sides in zip(*parts, strict=True))
    shapes = {part.sizes if isinstance(part, Grid) else () for part in parts.values()}
    places = [*product(*(range(1, size + 1) for size in sizes))]
    if len(shapes) > 1 or len(parts) < len(places):
        return None
    whole = sizes + shapes.pop()
    return (
        shaped(tuple(entry for place in places for entry in entries_of(parts[place])), whole)
        if len(whole) < 4
        else None
    )


def _is_ordered(lines: Sequence[Line]) -> bool:
    """Whether each line is worked from nothing that stands behind it."""
    left = {entry for line in lines for entry, _, _ in line.entries()}
    for line in lines:
        entries = [*line.entries()]
        if any(name in left for _, _, formula in entries for name in references(formula)):
            return False
        left -= {entry for entry, _, _ in entries}
    return True
