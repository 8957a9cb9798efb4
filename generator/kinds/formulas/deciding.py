"""Formulas -> the names in them that are read when the formulas are, because they decide what these are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generator.formula.inlining import LOOPS
from generator.formula.tree import Call, Formula, references, walk


def in_indices(formulas: Iterable[Formula]) -> frozenset[str]:
    """The names in indices (`S[i, y[i]]`), in the ends of loops (`1..n`), and in what is counted (`comb(n, k)`)."""
    return _named(formulas, _places)


def in_conditions(formulas: Iterable[Formula]) -> frozenset[str]:
    """The names in the conditions of loops (`if y[i] == 1`)."""
    return _named(formulas, _condition)


def _named(formulas: Iterable[Formula], found: Callable[[Formula], tuple[Formula, ...]]) -> frozenset[str]:
    parts = (part for formula in formulas for part in walk(formula))
    return frozenset(name for part in parts for place in found(part) for name in references(place))


def _places(part: Formula) -> tuple[Formula, ...]:
    match part:
        case Call("entry", (_, *places)):
            return tuple(places)
        case Call(name, (_, _, first, last)) if name in LOOPS:
            return first, last
        case Call("factorial" | "comb", whole):
            return whole
    return ()


def _condition(part: Formula) -> tuple[Formula, ...]:
    return part.args[:1] if isinstance(part, Call) and part.name == "when" else ()
