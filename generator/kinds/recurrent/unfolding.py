"""Quantities gathered into nodes on a grid -> their diagram: whose values go into whose, and by which weights."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.formula.tree import Mul, Ref, references, walk
from generator.graph.quantities import Diagram, Edge, Node, Quantity, Tensor


@dataclass(frozen=True, slots=True)
class _Way:
    """The ways from one value to another: the first weight on each, whether one has none, and whether one is cut."""

    weights: frozenset[str] = frozenset()
    bare: bool = False
    cut: bool = False

    def beside(self, other: _Way) -> _Way:
        """These and the others."""
        return _Way(self.weights | other.weights, self.bare or other.bare, self.cut or other.cut)

    def times(self, weights: frozenset[str], cut: bool) -> _Way:
        """These, multiplied with weights at their end, which a way that has one already does not need."""
        reached = weights if self.bare else frozenset()
        return _Way(self.weights | reached, self.bare and not weights, self.cut or cut)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one node stands for: `names` are quantities, `sets` those of them that are written as one vector each."""

    sets: tuple[tuple[str, ...], ...]
    column: int
    row: int
    kind: str

    @property
    def names(self) -> tuple[str, ...]:
        """All quantities in it."""
        return tuple(name for entries in self.sets for name in entries)


def unfolded(
    gathered: Sequence[Gathered],
    quantities: Iterable[Quantity],
    weights: Sequence[str],
    tensors: Iterable[Tensor],
    cut: Collection[str] = (),
) -> Diagram:
    """The diagram of nodes on a grid: an edge where something in one is computed from something in another.

    `weights` are all that a value can be multiplied with on an edge. A vector or matrix is written by the name of its
    tensor where it has several entries.
    """
    whole = {frozenset(tensor.names): tensor.name for tensor in tensors if len(tensor.names) > 1}
    called = {name: tensor for names, tensor in whole.items() for name in names}
    nodes = []
    for one in gathered:
        first, *others = (whole.get(frozenset(entries), entries[0]) for entries in one.sets)
        nodes.append(Node(first, one.column, one.kind, one.row, tuple(others)))
    home = {name: node.name for node, one in zip(nodes, gathered, strict=True) for name in one.names}
    ways = _Ways({quantity.name: quantity for quantity in quantities}, home, frozenset(weights), frozenset(cut))
    edges: list[Edge] = []
    for node, one in zip(nodes, gathered, strict=True):
        for start, way in ways.into(one.names).items():
            if start != node.name:
                labels = tuple(dict.fromkeys(called.get(name, name) for name in weights if name in way.weights))
                edges.append(Edge(start, node.name, labels[0] if labels else "", labels[1:], way.cut))
    return Diagram(tuple(nodes), tuple(edges))


class _Ways:
    """How values come from node to node, through whatever is computed between them."""

    def __init__(
        self, quantities: Mapping[str, Quantity], home: Mapping[str, str], weights: frozenset[str], cut: frozenset[str]
    ) -> None:
        self.quantities, self.home, self.weights, self.cut = quantities, home, weights, cut
        self._known: dict[str, dict[str, _Way]] = {}

    def into(self, names: Iterable[str]) -> dict[str, _Way]:
        """The nodes that the formulas of some quantities read from, and the ways from them, together."""
        return _together(item for name in names for item in self._into(name).items())

    def _into(self, name: str) -> dict[str, _Way]:
        if name not in self._known:
            self._known[name] = _together(self._steps(self.quantities[name]))
        return self._known[name]

    def _steps(self, quantity: Quantity) -> Iterator[tuple[str, _Way]]:
        formula = quantity.formula
        if formula is None:
            return
        products = [part.factors for part in walk(formula) if isinstance(part, Mul)]
        factors = [{factor.name for factor in found if isinstance(factor, Ref)} for found in products]
        for operand in references(formula):
            if operand in self.weights:
                continue
            beside = frozenset(name for names in factors if operand in names for name in names & self.weights)
            at_home = operand in self.home
            reached = {self.home[operand]: _Way(bare=True)} if at_home else self._into(operand)
            for start, way in reached.items():
                yield start, way.times(beside, quantity.name in self.cut)


def _together(ways: Iterable[tuple[str, _Way]]) -> dict[str, _Way]:
    found: dict[str, _Way] = {}
    for start, way in ways:
        found[start] = found[start].beside(way) if start in found else way
    return found
