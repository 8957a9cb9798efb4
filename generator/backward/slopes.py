"""Graph -> Graph in which every derivative `d(f, x)` inside a formula is written out, as a formula itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from generator.backward.derivative import derivative
from generator.errors import FormulaError, GraphError
from generator.formula.extremes import Ties
from generator.formula.sums import sum_of
from generator.formula.tree import Call, Formula, Mul, Num, Ref, num, rebuild, walk
from generator.graph.quantities import Graph, Pass, Quantity

_LONGEST = 400  # parts of a derivative's formula: what is longer belongs into a backward pass


def written_out(graph: Graph) -> Graph:
    """`graph` with `d(f, x)` replaced by the derivative of the quantity `f` with respect to `x`, by all ways to it.

    The chain rule is put in here, so it is for formulas that are near to each other: Newton's method needs the
    derivative as a number of its own, and a second one of that. Raises `GraphError` naming the quantity that uses a
    derivative that cannot be written.
    """
    known: dict[str, Quantity] = {}
    quantities = tuple(_known(quantity, known, graph.ties) for quantity in graph)
    passes = []
    for made in graph.passes:
        inside = dict(known)
        passes.append(Pass(tuple(_known(quantity, inside, graph.ties) for quantity in made.quantities), made.loss))
    lines = graph.updates
    updates = tuple(replace(line, formula=_replaced(line.old, line.formula, known, graph.ties)) for line in lines)
    return replace(graph, quantities=quantities, passes=tuple(passes), updates=updates)


def _known(quantity: Quantity, known: dict[str, Quantity], ties: Ties) -> Quantity:
    made = quantity
    if quantity.formula is not None:
        made = replace(quantity, formula=_replaced(quantity.name, quantity.formula, known, ties))
    known[quantity.name] = made
    return made


def _replaced(name: str, tree: Formula, known: Mapping[str, Quantity], ties: Ties) -> Formula:
    match tree:
        case Call("d", (Ref(of), Ref(wrt))):
            try:
                made = _Slopes(known, wrt, ties).of(of)
            except FormulaError as error:
                raise GraphError(f"`{name}` uses d({of}, {wrt}): {error}", name) from None
            if sum(1 for _ in walk(made)) > _LONGEST:
                found = f"`{name}` uses d({of}, {wrt}), which is too long: differentiate it step by step"
                raise GraphError(found, name)
            return made
    return rebuild(tree, lambda part: _replaced(name, part, known, ties))


class _Slopes:
    """The derivatives with respect to one quantity, each as one formula."""

    def __init__(self, known: Mapping[str, Quantity], wrt: str, ties: Ties) -> None:
        self.known, self.ties = known, ties
        self.found: dict[str, Formula] = {wrt: num(1)}

    def of(self, name: str) -> Formula:
        """The derivative of the quantity `name`: over its operands, the sum of its own by each times theirs."""
        if name not in self.found:
            quantity = self.known[name]
            operands = quantity.operands
            inner = ((operand, self.of(operand)) for operand in operands)
            terms = [
                _product(derivative(quantity, operand, self._find, self.ties), slope)
                for operand, slope in inner
                if not _is(slope, 0)
            ]
            kept = [term for term in terms if not _is(term, 0)]
            self.found[name] = sum_of(kept) if kept else num(0)
        return self.found[name]

    def _find(self, formula: Formula) -> str | None:
        """The quantity that has a formula."""
        return next((name for name, quantity in self.known.items() if quantity.formula == formula), None)


def _product(local: Formula, slope: Formula) -> Formula:
    if _is(local, 0) or _is(slope, 1):
        return local
    return slope if _is(local, 1) else Mul((local, slope))


def _is(tree: Formula, value: int) -> bool:
    return isinstance(tree, Num) and tree.value == value
