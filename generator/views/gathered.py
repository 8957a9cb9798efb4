"""Section -> the same section, where a matrix whose entries have just been worked one by one is shown as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.derive.matrix_equations import is_in_matrices
from generator.derive.steps import Section, Step
from generator.graph.families import Family, computed_families
from generator.pipeline import Worked

_FEW = 4  # entries can be seen at once where they are worked


def gathered(worked: Worked, section: Section) -> Section:
    """`section` with a grid after the last entry of each matrix that is worked in it in one go."""
    if is_in_matrices(worked.graph, worked.writer):  # whole matrices are all that there is
        return section
    found = [family for family in computed_families(worked.graph) if len(family.names) > _FEW]
    return replace(section, steps=tuple(_with_grids(section.steps, found)))


def _with_grids(steps: tuple[Step, ...], found: list[Family]) -> Iterator[Step]:
    ends = {end: family for family in found if (end := _end(steps, family)) is not None}
    for number, step in enumerate(steps):
        yield step
        if number in ends:
            yield Step("whole", step.target, (), grid=ends[number])


def _end(steps: tuple[Step, ...], family: Family) -> int | None:
    """The number of the step that works the last entry of a matrix, where nothing else is worked between them."""
    places = [number for number, step in enumerate(steps) if step.target in family.names and not step.cell]
    in_one_go = places and places[-1] - places[0] + 1 == len(places) == len(family.names)
    return places[-1] if in_one_go else None
