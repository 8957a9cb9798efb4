"""A matrix of quantities -> a small table of its numbers, ready to set in one format."""

from __future__ import annotations

from typing import NamedTuple

from generator.graph.families import Family
from generator.pipeline import Worked
from generator.render.formats import Format
from generator.typeset.boxes import numeral


class Grid(NamedTuple):
    """In its header a symbol and the columns' numbers, in each row its number and values."""

    header: list[str]
    body: list[list[str]]


def grid(worked: Worked, fmt: Format, family: Family) -> Grid:
    """The grid of a matrix."""

    def number(value: object) -> str:
        return fmt.inline(numeral(str(value)))

    corner = fmt.inline(worked.writer.label_box(family.label))
    header = [corner, *(number(place) for place in range(1, len(family.rows[0]) + 1))]
    values = ([worked.trace.shown[name] for name in row] for row in family.rows)
    return Grid(header, [[number(cell) for cell in (place, *row)] for place, row in enumerate(values, 1)])
