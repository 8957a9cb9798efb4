"""Graph -> Graph with the vectors and matrices of its fully connected layers.

They are found in the graph itself: quantities of one group that are alike, with a place for each unit and, where there
are several observations, one for each of them. Tensors have names that no quantity can have (`W:hidden`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from generator.formula.tree import Add, Formula, Mul, Neg, Ref
from generator.graph.quantities import Graph, Label, Quantity, Role, Tensor

_Names = tuple[tuple[str, ...], ...]


def with_layers(graph: Graph, vectors: str) -> Graph:
    """`graph` with its tensors; `vectors` are `column`s (z = W x + b) or `row`s (z = x W + b).

    A matrix of weights is there where every unit is fed by one and the same vector. What stands in several places, or
    in some places only, is in no tensor: one bias for a whole layer stays a number.
    """
    made = tuple(_Layers(graph, vectors == "column").tensors())
    return replace(graph, tensors=made, vectors=vectors)


class _Layers:
    """The tensors of a graph and its further passes. `column`: a row for each unit, a column for each observation."""

    def __init__(self, graph: Graph, column: bool) -> None:
        self.column = column
        passes = [quantity for other in graph.passes for quantity in other.quantities]
        known = {quantity.name: quantity for quantity in (*graph, *passes)}
        self.quantities = tuple(known.values())
        self.groups = list(dict.fromkeys(q.group for q in self.quantities if q.role is Role.FORWARD))
        self.blocks = _blocks(graph)  # the observations of each pass, where not all are in one
        self.taken: set[str] = set()  # parameters that stand in a matrix already

    def tensors(self) -> Iterator[Tensor]:
        """Inputs and targets, then layer by layer, then the errors."""
        givens = [quantity for quantity in self.quantities if quantity.formula is None]
        yield from self._family("x:inputs", "inputs", "", [q for q in givens if q.label.kind == "input"])
        yield from self._family("t:targets", "targets", "", [q for q in givens if q.label.kind == "target"])
        for number, group in enumerate(self.groups, 1):
            yield from self._layer(group, str(number))
        yield from self._errors([quantity for quantity in self.quantities if quantity.role is Role.LOSS])

    def _errors(self, errors: list[Quantity]) -> Iterator[Tensor]:
        """The errors of several observations: output by output, and added up for each observation."""
        observed = {quantity.label.case: quantity.name for quantity in errors if quantity.label.kind == "observed"}
        terms = [quantity for quantity in errors if quantity.label.kind == "term"]
        for block in self.blocks or (tuple(observed),):
            if len(block) > 1:
                case = ", ".join(block) if self.blocks else ""
                yield from self._family("E:errors", "errors", "", [q for q in terms if q.label.case in block])
                names = (tuple(observed[case] for case in block),)
                yield Tensor(_of_block("E:observed", case), Label("losses", case=case), self._turned(names))

    def _layer(self, group: str, number: str) -> Iterator[Tensor]:
        inside = [quantity for quantity in self.quantities if quantity.group == group and quantity.role is Role.FORWARD]
        pres = [quantity for quantity in inside if quantity.label.kind == "pre"]
        case = pres[0].label.case if pres else ""
        yield from self._parameters([q for q in pres if q.label.case == case], group, number)
        yield from self._family(f"z:{group}", "pres", number, pres)
        yield from self._family(f"h:{group}", "posts", number, [q for q in inside if q.label.kind == "post"])
        further = [quantity for quantity in inside if quantity.label.kind == "value"]
        for kind in dict.fromkeys(quantity.label.of for quantity in further):
            same = [quantity for quantity in further if quantity.label.of == kind]
            yield from self._family(f"{kind}:{group}", "layer_values", number, same, kind)

    # --- values: a unit, an observation ---

    def _family(self, name: str, kind: str, number: str, of: list[Quantity], sign: str = "") -> Iterator[Tensor]:
        """Quantities by unit and observation, as one tensor, or as one for each observation that has its own pass."""
        cases = list(dict.fromkeys(quantity.label.case for quantity in of))
        units = list(dict.fromkeys(quantity.label.name for quantity in of))
        places = {(quantity.label.name, quantity.label.case): quantity.name for quantity in of}
        if not of or len(places) != len(of) or len(places) != len(units) * len(cases):
            return
        alone = [(case,) for case in cases if not any(case in block for block in self.blocks)]
        for block in (*self.blocks, *alone) if self.blocks else (tuple(cases),):
            if set(block) <= set(cases):
                whole, case = f"all_{kind}" if len(block) > 1 else kind, ", ".join(block) if self.blocks else ""
                rows = tuple(tuple(places[unit, case] for case in block) for unit in units)
                yield Tensor(_of_block(name, case), Label(whole, sign, number, case=case), self._turned(rows))

    def _turned(self, names: _Names) -> _Names:
        return names if self.column else tuple(zip(*names, strict=True))

    # --- parameters ---

    def _parameters(self, pres: list[Quantity], group: str, number: str) -> Iterator[Tensor]:
        """A matrix for each vector that the layer is fed by, and the vector of its biases."""
        sums = [_weighted(quantity.formula) for quantity in pres]
        sources = self._sources([source for found, _ in sums for source in found])
        for place, (origin, fed) in enumerate(sources.items()):
            rows = tuple(tuple(found.get(source, "") for source in fed) for found, _ in sums)
            index = f"{number},{origin}" if place else number
            yield from self._once(f"W:{group}:{origin}" if place else f"W:{group}", "weights", index, rows)
        biases = tuple((bias or "0",) for _, bias in sums)  # a unit without one
        yield from self._once(f"b:{group}", "biases", number, biases)

    def _sources(self, names: Iterable[str]) -> dict[str, list[str]]:
        """What the units are fed by: for each layer (0: inputs) names in the order of its units; the nearest first."""
        wanted = set(names)
        made: dict[str, list[str]] = {}
        for quantity in self.quantities:
            if quantity.name in wanted:
                origin = str(self.groups.index(quantity.group) + 1) if quantity.group in self.groups else "0"
                made.setdefault(origin, []).append(quantity.name)
        return dict(sorted(made.items(), reverse=True))

    def _once(self, name: str, kind: str, index: str, rows: _Names) -> Iterator[Tensor]:
        """A tensor of parameters, each of which stands in one place."""
        names = [own for row in rows for own in row if own != "0"]
        if names and all(names) and len(set(names)) == len(names) and self.taken.isdisjoint(names):
            self.taken |= set(names)
            yield Tensor(name, Label(kind, index=index), self._turned(rows))


def _blocks(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """The observations of each pass: one, or those of a mini-batch (none: all observations are in one pass)."""
    if not graph.passes:
        return ()
    passes = (graph.quantities, *(other.quantities for other in graph.passes))
    units = ([q.label.case for q in quantities if q.label.kind == "pre"] for quantities in passes)
    return tuple(tuple(dict.fromkeys(cases)) for cases in units)


def _of_block(name: str, case: str) -> str:
    return f"{name}:{case}" if case else name


def _weighted(formula: Formula | None) -> tuple[Mapping[str, str], str]:
    """A weighted sum as {what is fed: its weight} and a bias (empty: none)."""
    terms = list(formula.terms) if isinstance(formula, Add) else [formula]
    found: dict[str, str] = {}
    bias = ""
    for term in terms:
        match term:
            case Mul((Ref(weight), Ref(source))):
                found[source] = weight
            case Ref(name) | Neg(Ref(name)):
                bias = name
    return found, bias
