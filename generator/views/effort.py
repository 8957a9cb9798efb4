"""Graph and what is asked, one after the other -> how many operations each result takes that none before it took."""

from __future__ import annotations

from collections.abc import Iterable

from generator.formula.functions import expand
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Pow, walk
from generator.graph.quantities import Graph


class Effort:
    """Remembers what has been worked: who goes on from a result does not work it again."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._worked: set[str] = set()

    def of(self, names: Iterable[str]) -> int:
        """The operations that are new on the way to `names`; at least one."""
        needed = self.graph.needed(*names) - self._worked
        self._worked |= needed
        formulas = (self.graph[name].formula for name in needed)
        return max(1, sum(operations(formula) for formula in formulas if formula is not None))


def operations(formula: Formula) -> int:
    """How many operations a formula has; a sum of three terms has two, and a function by name those of its formula."""
    return sum(map(_own, walk(expand(formula))))


def _own(part: Formula) -> int:
    match part:
        case Add(parts) | Mul(parts):
            return len(parts) - 1
        case Div() | Pow() | Call() | Cases():
            return 1
    return 0
