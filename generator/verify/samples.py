"""Graph -> givens near its own, and the values of everything for them: what identities are held against."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from generator.derive.pairs import adding_up
from generator.graph.quantities import Graph
from generator.solve.exact import Exact, Undecided, Undefined, evaluate, precision

BITS = 256  # of the working precision at which it is tried whether everything has a value


def others(graph: Graph) -> tuple[Mapping[str, Fraction], Mapping[str, Exact] | None]:
    """Givens near the graph's own, in no simple relation to each other, for which every quantity has a value.

    With these values at `BITS` of working precision; the graph's own givens and no values where none are found.
    """
    for size in (16, 256, 4096):
        shifts = (Fraction(7919 * k * k + 1299 * k + 577, 9973) % 1 - Fraction(1, 2) for k in range(len(graph)))
        givens = {name: value + next(shifts) / size for name, value in graph.givens.items()}
        for *rest, last in adding_up(graph):  # of which documents say that they add up to one
            givens[last] = 1 - sum((givens[name] for name in rest), Fraction(0))
        try:
            with precision(BITS):
                return givens, solved(graph, givens)
        except (Undecided, Undefined):
            continue
    return graph.givens, None


def solved(graph: Graph, givens: Mapping[str, Fraction]) -> Mapping[str, Exact]:
    """Every quantity from exact operands, at the working precision. Raises as `evaluate` does."""
    values: dict[str, Exact] = {}
    for quantity in graph:
        if quantity.formula is None:
            values[quantity.name] = givens[quantity.name]
        else:
            values[quantity.name] = evaluate(quantity.formula, values.__getitem__)
    return values
