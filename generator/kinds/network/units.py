"""A network and some of its observations -> the quantities of the forward pass and the loss, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from generator.definitions.own import Own, applied, each, name_of
from generator.definitions.rows import FUNCTIONS
from generator.formula.functions import VECTORS
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Formula, Mul, Neg, Ref
from generator.graph.quantities import Label, Quantity, Role
from generator.kinds.network.model import Layer, Network
from generator.learning.batches import at
from generator.learning.dropout import dropped
from generator.learning.losses import LOSS_ROWS, MEAN, Losses, Output, losses
from generator.learning.normalization import Entry, Normalization, normalize, normalized_name
from generator.learning.penalties import penalties

_Stage = Callable[[Layer, str, int, str], Iterator[Quantity]]


class Forward:
    """The forward pass of the observations `cases` and their loss: `quantities`, in the order of computing.

    `value` holds the name of what an input or a unit passes on, for each observation. `batch` is what these are called
    beside the others that have turns of their own (empty: they are all of them).
    """

    def __init__(self, problem: Network, cases: tuple[str, ...], batch: str = "") -> None:
        self.problem, self.cases, self.batch = problem, cases, batch
        self.before: dict[str, tuple[Formula, ...]] = {}  # what the vector functions of a layer are of
        self.value = {(name, case): at(name, case) for case in cases for name in problem.inputs}
        made = [quantity for layer in problem.layers for quantity in self._layer(layer)]
        self.quantities = (*made, *self._loss())

    @property
    def loss(self) -> str:
        """The name of the loss: that of all observations, or that of those that have their turn."""
        return at(self.problem.names.loss, self.batch) if self.problem.targets else ""

    @property
    def nodes(self) -> dict[str, str]:
        """The name of each input or unit's own output, for the first observation."""
        case, names = self.cases[0], self.problem.names
        found = {name: at(name, case) for name in self.problem.inputs}
        for layer in self.problem.layers:
            found |= {unit: names.of("post", unit, index, case) for index, unit in enumerate(layer.units, 1)}
        return found

    # --- layers ---

    def _layer(self, layer: Layer) -> Iterator[Quantity]:
        """The quantities of one layer, unit by unit; what needs several units or observations at once comes between."""
        stages: list[_Stage] = []
        for item in (*self._order(layer), None):
            if item is not None and not isinstance(item, Normalization):
                stages.append(item)
                continue
            for case in self.cases:
                for index, unit in enumerate(layer.units, 1):
                    for stage in stages:
                        yield from stage(layer, unit, index, case)
            stages = []
            if item is not None:
                yield from self._normalized(layer, item)

    def _order(self, layer: Layer) -> Iterator[_Stage | Normalization | None]:
        """What is done to a unit one after the other; `None`: from here on all units are needed."""
        how, place = layer.normalization, self.problem.skip_before
        over = how.place if how else ""
        yield self._pre
        if over == "before":
            yield from (self._skip,) if place == "normalization" else ()
            yield how
        if place == "activation":
            yield self._skip
        if any(name_of(own) in VECTORS for own in each(layer.activation, tuple(layer.units)).values()):
            yield None
        yield self._post
        if over == "after":
            yield from (self._skip,) if place == "normalization" else ()
            yield how
        yield self._drop
        if place is None:
            yield self._skip

    def _pre(self, layer: Layer, unit: str, index: int, case: str) -> Iterator[Quantity]:
        """z = Σ w·x + b, or − b where it is a threshold."""
        weights, biases = layer.units[unit], layer.biases
        terms: list[Formula] = [Mul((Ref(weight), Ref(self.value[source, case]))) for source, weight in weights.items()]
        if unit in biases:
            bias = Ref(biases[unit])
            terms.append(Neg(bias) if self.problem.bias_as == "threshold" else bias)
        total = sum_of(terms)
        name = self.value[unit, case] = self.problem.names.of("pre", unit, index, case)
        label = Label("pre", unit, str(index), case=case)
        yield Quantity(name, Role.FORWARD, label, total, "weighted_sum", layer.name)

    def _post(self, layer: Layer, unit: str, index: int, case: str) -> Iterator[Quantity]:
        """h = f(z), where a vector function is of the z of all units that have it."""
        chosen, before = each(layer.activation, tuple(layer.units)), Ref(self.value[unit, case])
        activation, function = chosen[unit], name_of(chosen[unit])
        others: tuple[Formula, ...] = ()
        if function in VECTORS:
            together = [other for other, own in chosen.items() if name_of(own) == function]
            if unit == together[0]:
                self.before[function] = tuple(Ref(self.value[other, case]) for other in together)
            others = self.before[function]
        formula = applied(activation, FUNCTIONS, {"x": before}, others)
        name = self.value[unit, case] = self.problem.names.of("post", unit, index, case)
        label = Label("post", unit, str(index), case=case)
        between = layer.normalization is not None and layer.normalization.place == "before"
        between |= self.problem.skip_before is not None and unit in self.problem.skip
        rule = "activation_of" if between else "activation"  # the weighted sum comes normalized
        rule = "activation_own" if isinstance(activation, Own) else rule
        yield Quantity(name, Role.FORWARD, label, formula, rule, layer.name)

    def _normalized(self, layer: Layer, how: Normalization) -> Iterator[Quantity]:
        """Each unit over the observations, or each observation's units."""
        entries = [[Entry(u, case, self.value[u, case]) for u in layer.units] for case in self.cases]
        if how.over == "batch":
            for unit, column in zip(layer.units, zip(*entries, strict=True), strict=True):
                yield from normalize(how, column, unit, "", layer.name)
        else:
            for case, row in zip(self.cases, entries, strict=True):
                yield from normalize(how, row, layer.name, case, layer.name)
        for entry in (entry for row in entries for entry in row):
            self.value[entry.unit, entry.case] = normalized_name(entry.unit, entry.case)

    def _drop(self, layer: Layer, unit: str, index: int, case: str) -> Iterator[Quantity]:
        """What is left of a unit's output under its mask."""
        if self.problem.dropout and unit in self.problem.dropout.mask:
            formula = dropped(unit, self.value[unit, case], case)
            yield self._further("drop", layer, unit, case, formula, "dropout")

    def _skip(self, layer: Layer, unit: str, index: int, case: str) -> Iterator[Quantity]:
        """What a unit passes on, and what skips past it."""
        sources = self.problem.skips(unit)
        if sources:
            terms = (self.value[unit, case], *(self.value[source, case] for source in sources))
            inside = self.value[unit, case] != self.problem.names.of("post", unit, index, case)
            inside &= self.problem.skip_before == "activation"
            rule = "skip_inside" if inside else "skip"
            yield self._further("skip", layer, unit, case, Add(tuple(map(Ref, terms))), rule)

    def _further(self, kind: str, layer: Layer, unit: str, case: str, formula: Formula, rule: str) -> Quantity:
        """What takes the place of a unit's output."""
        name = self.value[unit, case] = at(f"{kind}_{unit}", case)
        label = Label("value", f"{kind}_{unit}", of=kind, case=case)
        return Quantity(name, Role.FORWARD, label, formula, rule, layer.name)

    # --- the loss ---

    def _loss(self) -> Iterator[Quantity]:
        problem = self.problem
        if not problem.targets:
            return iter(())
        units = list(enumerate(zip(problem.outputs, problem.targets, strict=True), 1))
        chosen = each(problem.loss, problem.outputs)
        observations = {
            case: [self._output(chosen[unit], unit, index, at(target, case), case) for index, (unit, target) in units]
            for case in self.cases
        }
        how = Losses(problem.names.loss, name_of(problem.loss) == MEAN, problem.batch == "mean", problem.loss_weights)
        added = tuple(penalties(problem.regularization, problem.penalized))
        return losses(how, observations, added, self.batch)

    def _output(self, chosen: Any, unit: str, index: int, target: str, case: str) -> Output:
        """One output and its error."""
        value, error = self.value[unit, case], self.problem.names.of("term", unit, index, case)
        formula = applied(chosen, LOSS_ROWS, {"t": Ref(target), "y": Ref(value)})
        return Output(unit, index, formula, error, "error_own" if isinstance(chosen, Own) else "error")
