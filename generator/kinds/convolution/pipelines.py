"""A typed pipeline -> the entries of every map that its layers make, and of the loss, as quantities.

Longer than 250 lines because every layer has its function here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from generator.definitions.nested import flat, shape_of
from generator.definitions.rows import FUNCTIONS, arguments, check_row, row_name
from generator.errors import nearest
from generator.formula.functions import VECTORS
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Formula, Mul, Ref
from generator.graph.declared import matrix
from generator.graph.quantities import Convention, Label, Sliding
from generator.graph.windows import Maps, Place, named
from generator.kinds.convolution import laying, saying
from generator.kinds.convolution.comparing import by_observation, compare
from generator.kinds.convolution.images import (
    Images,
    MisfitError,
    filter_labels,
    labels_of,
    matrices,
    matrices_of_filter,
)
from generator.kinds.convolution.laying import products
from generator.kinds.convolution.model import (
    KINDS,
    TRAINED,
    Activation,
    Addition,
    AveragePooling,
    Convolution,
    Dense,
    Flatten,
    Normalizing,
    Pipeline,
    Pooling,
    Stage,
    TransposedConvolution,
)
from generator.kinds.convolution.norming import Norm
from generator.learning.chosen import chosen


class Layers(Images):
    """The pipeline worked layer by layer: `maps` are what the layer before made. Raises `MisfitError`.

    Without `cases`, all observations are worked; those that have turns of their own have a `batch` that is called so.
    """

    def __init__(self, problem: Pipeline, cases: Sequence[str] = (), batch: str = "") -> None:
        super().__init__(cases or problem.cases)
        self.problem = problem
        self.conventions: list[Convention] = []
        self.slidings: list[Sliding] = []
        self.biases: list[Sequence[str]] = []  # of units side by side; a filter's stands alone
        self.named: dict[str, Maps] = {}  # the input and what each layer made, by their names
        self.maps = self._input()
        self.is_signal = self.maps.dimensions == 1
        for number, layer in enumerate(self.problem.layers, 1):
            self.place = ("layers", number - 1)
            if len(layer.kinds()) != 1:
                found = ", ".join(layer.kinds()) or "nothing"
                raise MisfitError(self.place, found, f"exactly one of {', '.join(Stage.model_fields)}")
            (kind,) = layer.kinds()
            self.place, self.group = (*self.place, kind), f"{kind}:{number}"
            self._layer(getattr(layer, kind), number)
        self.place, self.group = (), "loss"
        compare(problem, self, self.maps, batch)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The given entries that can be trained."""
        return self.groups["all"]

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The given entries of each part, and what can be trained of them; by the names of whole filters, too."""
        parts = {part: tuple(q.name for q in self.given if q.label.kind in kinds) for part, kinds in KINDS.items()}
        trained = tuple(q.name for q in self.given if any(q.name in parts[part] for part in TRAINED))
        of = {q.name: q.label.of for q in self.given}
        wholes = {
            whole: tuple(name for name in trained if of[name] == whole) for whole in map(of.get, trained) if whole
        }
        return {"all": trained, **parts, **wholes}

    def chosen(self, listed: str | Sequence[str]) -> tuple[str, ...]:
        """The given entries that a list of parts and of names means, in the order of the layers."""
        found = chosen(listed, self.parameters, self.groups)
        return tuple(q.name for q in self.given if q.name in found)

    def _layer(self, layer: Any, number: int) -> None:
        match layer:
            case Convolution():
                self._convolution(layer, number)
            case TransposedConvolution():
                self._transposed(layer, number)
            case Activation():
                self._activation(layer)
            case Addition():
                self._addition(layer)
            case Normalizing():
                norm = Norm(self, layer, self.maps, bool(self.problem.turns))
                self.maps = self.named[layer.name] = norm.work()
                self._say(*norm.conventions(number))
            case Pooling():
                self._pooling(layer, number)
            case Flatten():
                self._flatten(layer, number)
            case Dense():
                self._dense(layer)

    def _made(self, name: str, maps: Maps, formulas: Sequence[Formula], rule: str) -> None:
        self.make(name, maps, formulas, rule)
        self.maps = self.named[name] = maps

    # --- layers ---

    def _input(self) -> Maps:
        one, several = self.problem.input, self.problem.inputs
        if one is not None and several is not None:
            raise MisfitError(("inputs",), "`inputs` beside `input`", "one of them")
        key, given = ("input", one) if several is None else ("inputs", several)
        if given is None:
            raise MisfitError(("input",), "nothing", "`input`, or `inputs` with one for each observation")
        ((name, value),) = given.items()
        values = by_observation(self.problem, key, name, value)
        maps = laying.maps_of_input((key, name), shape_of(values[self.problem.cases[0]]), self.problem.dimensions)
        self.place = (key,)
        self.each.update(maps.entries)
        self.give_each(name, {case: labels_of("input", name, maps, case) for case in values}, values)
        for case in values:
            self.tensors += matrices(name, maps, case)
        self.named[name] = maps
        return maps

    def _convolution(self, layer: Convolution, number: int) -> None:
        ((name, value),) = layer.filters.items()
        filters, size = self._filters(name, value, layer.groups)
        windows = laying.windows_of_filters(layer, self.maps, size, self.place)
        self.slidings.append(windows.sliding(layer.name, self.maps.dimensions))
        biases = self._biases(layer.biases, len(filters), "filter")
        made = named(layer.name, len(filters), windows.count, self.maps.dimensions)
        depth, together = len(self.maps.channels) // layer.groups, len(filters) // layer.groups
        formulas = [
            sum_of([*products(weights, read, windows, (row, column), layer.flip), *biases[place : place + 1]])
            for place, weights in enumerate(filters)
            for read in [self.maps.channels[place // together * depth :][:depth]]
            for row in range(windows.count[0])
            for column in range(windows.count[1])
        ]
        self._say(
            Convention("flipped" if layer.flip else "cross_correlation"),
            *saying.said_of(number, windows, made.dimensions),
        )
        if layer.groups > 1:
            self._say(Convention("groups", {}, {"number": str(number), "groups": str(layer.groups)}))
        self._say(*saying.said_of_channels(filters, self.cases))
        self._made(layer.name, made, formulas, "window_sum")

    def _transposed(self, layer: TransposedConvolution, number: int) -> None:
        ((name, value),) = layer.filters.items()
        filters, size = self._filters(name, value, 1)
        windows = laying.windows_back(layer, self.maps, size, self.place)
        self.slidings.append(windows.sliding(layer.name, self.maps.dimensions, back=True))
        biases = self._biases(layer.biases, len(filters), "filter")
        made = named(layer.name, len(filters), windows.shape, self.maps.dimensions)
        formulas = [
            sum_of([*terms, *biases[place : place + 1]])
            for place, weights in enumerate(filters)
            for terms in laying.laid(weights, self.maps, windows)
        ]
        self._say(saying.said_back(number, windows, made.dimensions))
        self._say(*saying.said_of_channels(filters, self.cases))
        self._made(layer.name, made, formulas, "laid_sum")

    def _filters(self, name: str, value: object, groups: int) -> tuple[tuple[Maps, ...], Place]:
        """The filters, each with a channel for every channel of the input that it reads, as givens; their size."""
        dimensions, channels, shape = self.maps.dimensions, len(self.maps.channels) // groups, shape_of(value)
        if dimensions and len(self.maps.channels) % groups:
            found = f"{groups} groups of {len(self.maps.channels)} channels"
            raise MisfitError((*self.place, "groups"), found, "a number that divides the channels")
        around = shape[: len(shape) - dimensions] if dimensions else ()
        count = around[0] if len(around) == 2 or (len(around) == 1 and channels == 1) else 1
        depth = around[-1] if len(around) == 2 or (len(around) == 1 and channels > 1) else 1
        if not dimensions or len(shape) not in range(dimensions, dimensions + 3) or depth != channels:
            expected = f"filters of {dimensions} dimensions with {channels} channels" if dimensions else "no filter"
            raise MisfitError((*self.place, "filters", name), f"lists {len(shape)} deep of shape {shape}", expected)
        if count % groups:
            raise MisfitError((*self.place, "groups"), f"{groups} groups of {count} filters", "as many in each group")
        size = shape[-2:] if dimensions == 2 else (1, shape[-1])
        made: list[Maps] = []
        labels: list[tuple[str, Label]] = []
        for number in range(1, count + 1):
            own = f"{name}_{number}" if count > 1 else name
            weights = named(own, channels, size, dimensions)
            made.append(weights)
            case = str(number) if count > 1 else ""
            where = ("", case) if self.cases[0] else (case, "")  # observations share the filters
            labels += filter_labels(name, where, weights)
            self.tensors += matrices_of_filter(name, where, weights)
        self.give("filters", labels, value)
        return tuple(made), (size[0], size[1])

    def _biases(self, given: Mapping[str, Any] | None, count: int, of: str) -> list[Formula]:
        if given is None:
            return []
        ((name, value),) = given.items()
        if shape_of(value) not in ((count,), () if count == 1 else (count,)):
            found = f"{len(flat(value))} numbers"
            raise MisfitError((*self.place, "biases", name), found, f"one for each {of}: {count}")
        biases = named(name, 1, (1, count), 0)
        self.give("biases", labels_of("bias", name, biases), value)
        self.biases += [biases.entries] if of == "unit" else [(own,) for own in biases.entries]
        self.tensors += matrices(name, biases) if of == "unit" else ()
        return [Ref(entry) for entry in biases.entries]

    def _activation(self, layer: Activation) -> None:
        for place, found, expected in check_row(layer.function, FUNCTIONS, (*self.place, "function")):
            raise MisfitError(place, found, expected)
        function, entries = row_name(layer.function), tuple(map(Ref, self.maps.entries))
        if function in VECTORS and self.maps.dimensions:
            raise MisfitError((*self.place, "function"), f"`{function}` after {self.maps}", "`flatten: {}` before it")
        made = named(layer.name, len(self.maps.channels), self.maps.shape, self.maps.dimensions)
        others = entries if function in VECTORS else arguments(layer.function, FUNCTIONS)
        formulas = [Call(function, (entry, *others)) for entry in entries]
        self._made(layer.name, made, formulas, "shares" if function in VECTORS else "each_entry")

    def _addition(self, layer: Addition) -> None:
        """A skip connection: what an earlier layer made is added entry by entry."""
        known = [name for name, maps in self.named.items() if maps is not self.maps]
        if layer.of not in known:
            expected = f"the input or an earlier layer: {', '.join(known)}{nearest(layer.of, known)}"
            raise MisfitError((*self.place, "of"), f"`{layer.of}`", expected if known else "no `add` here")
        other = self.named[layer.of]
        if (len(other.channels), other.shape) != (len(self.maps.channels), self.maps.shape):
            raise MisfitError((*self.place, "of"), f"`{layer.of}` of {other}", f"{self.maps}, which it is added to")
        made = named(layer.name, len(self.maps.channels), self.maps.shape, self.maps.dimensions)
        pairs = zip(self.maps.entries, other.entries, strict=True)
        self._made(layer.name, made, [Add((Ref(one), Ref(skipped))) for one, skipped in pairs], "skip_sum")

    def _pooling(self, layer: Pooling, number: int) -> None:
        windows = laying.windows_of_pooling(layer, self.maps, self.place)
        self.slidings.append(windows.sliding(layer.name, self.maps.dimensions))
        made = named(layer.name, len(self.maps.channels), windows.count, self.maps.dimensions)
        covered = [
            tuple(Ref(channel[down][across]) for _, (down, across) in windows.at((row, column)))
            for channel in self.maps.channels
            for row in range(windows.count[0])
            for column in range(windows.count[1])
        ]
        if isinstance(layer, AveragePooling):
            count = prod(windows.size) if layer.count_padding else 0  # else as many as are there
            formulas = [laying.mean(entries, count or len(entries)) for entries in covered]
        else:
            formulas = list(map(laying.largest, covered))
        self._say(*saying.said_of_pooling(number, layer, windows, self.maps.dimensions))
        self._made(layer.name, made, formulas, "window_mean" if isinstance(layer, AveragePooling) else "window_max")

    def _flatten(self, layer: Flatten, number: int) -> None:
        self.maps = self.maps.flattened(layer.order == "columns")
        code = "flatten_columns" if layer.order == "columns" else "flatten_rows"
        self._say(Convention(code, {}, {"number": str(number)}))

    def _dense(self, layer: Dense) -> None:
        entries = self.maps.entries
        if self.maps.dimensions:
            raise MisfitError(self.place, f"a dense layer after {self.maps}", "`flatten: {}` before it")
        ((name, value),) = layer.weights.items()
        shape = shape_of(value)
        if shape[-1:] != (len(entries),) or len(shape) > 2:
            expected = f"rows of {len(entries)} weights, one for each entry"
            raise MisfitError((*self.place, "weights", name), f"numbers of shape {shape}", expected)
        units = shape[0] if len(shape) == 2 else 1
        weights = named(name, 1, (units, len(entries)), 2 if len(shape) == 2 else 1)
        self.give("weights", labels_of("weight", name, weights), value)
        self.tensors.append(matrix(name, weights.channels[0]))
        biases = self._biases(layer.biases, units, "unit")
        formulas = [
            sum_of([*(Mul((Ref(w), Ref(h))) for w, h in zip(row, entries, strict=True)), *biases[unit : unit + 1]])
            for unit, row in enumerate(weights.channels[0])
        ]
        self._made(layer.name, named(layer.name, 1, (1, units), 0), formulas, "weighted_sum")

    def _say(self, *said: Convention) -> None:
        self.conventions += (each for each in said if each not in self.conventions)
