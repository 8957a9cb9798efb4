"""A vector or matrix in the formulas that it is worked by -> its entries and rows, where an index stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.errors import FormulaError
from generator.formula.grids import Grid, Value
from generator.formula.tree import Call, Formula, Num, Ref, children, num, rebuild

_OWN = "own"  # the entry of something unfinished: its name and its indices


@dataclass(frozen=True, slots=True)
class Unfinished(Grid):
    """What is still being made: `name`, and what makes what stands at one index, an entry, a row or a matrix.

    `ready` has what stands there where it has been made already.
    """

    name: str = ""
    at: Callable[[int], Value] = num
    ready: Callable[[int], Value | None] = lambda place: None

    def entry(self, places: tuple[int, ...]) -> Value:
        """What stands behind the name with one index, or with several: a row of a matrix that has been made already."""
        if len(places) == 1:
            return self.at(places[0])
        part = self.ready(places[0])
        if isinstance(part, Grid) and len(part.sizes) == len(places) and 1 <= places[1] <= len(part.parts):
            return part.parts[places[1] - 1]
        return Call(_OWN, (Ref(self.name), *map(num, places)))


def unfinished(name: str, at: Callable[[int], Value], ready: Callable[[int], Value | None]) -> Unfinished:
    """What is called `name` before it has been made."""
    return Unfinished(((Ref(name),),), True, name=name, at=at, ready=ready)


def check_indexed(name: str, tree: Formula) -> None:
    """Raise `FormulaError` where a name stands in a formula that it is worked by without an index behind it."""
    if _is_bare(name, tree):
        raise FormulaError(f"`{name}` stands in its own formula: it may with an index, in a loop: `{name}[t - 1]`")


def _is_bare(name: str, tree: Formula) -> bool:
    indexed = isinstance(tree, Call) and tree.name == "entry" and tree.args[0] == Ref(name)
    return tree == Ref(name) or any(_is_bare(name, part) for part in children(tree)[indexed:])


def finished(tree: Formula, entries: Callable[[str, tuple[int, ...]], Formula]) -> Formula:
    """`tree` with what `entries` has in the places of entries by several indices of what was unfinished."""
    match tree:
        case Call(name, (Ref(own), *indices)) if name == _OWN:
            return entries(own, tuple(int(index.value) for index in indices if isinstance(index, Num)))
    return rebuild(tree, lambda part: finished(part, entries))
