"""A formula inside loops, and in which of their turns -> what it is there."""

from __future__ import annotations

from collections.abc import Mapping

from generator.formula.indices import decided, placed
from generator.formula.tree import Cases, Formula, references

Turns = Mapping[str, tuple[int, int]]  # the indices of the loops around, outermost first: their values, which turns


def places_of(tree: Formula, turns: Turns) -> tuple[int, ...]:
    """The turns of the loops around a formula that it depends on."""
    used = references(tree)
    return tuple(place for index, (_, place) in turns.items() if index in used)


def taken_of(tree: Cases, turns: Turns) -> Formula | None:
    """What is so where the condition is on numbers alone: the rest need not be there (`None`: it is not)."""
    now = put(tree, turns)
    holds = decided(now) if isinstance(now, Cases) else None
    return None if holds is None else tree.then if holds else tree.otherwise


def put(tree: Formula, turns: Turns) -> Formula:
    """`tree` with the numbers that the indices of the loops around it are."""
    for index, (number, _) in turns.items():
        tree = placed(tree, index, number)
    return tree
