"""An input and a list of layers (convolution, pooling, dense, ...) -> the graph of every entry of every map.

Longer than 250 lines because a kind is one file: its model, its checks, its graph and its starter definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.biases import bias_conventions
from generator.formula import Add, Call, Div, Formula, Mul, Ref, num
from generator.functions import ACTIVATIONS, LOSSES
from generator.graph import Convention, Graph, Label, Quantity, Role, Sliding
from generator.losses import loss_conventions
from generator.problem import NUMBER_SCHEMA, Finding, Model, Name, Texts, Whole, exact
from generator.source import Location
from generator.training import Learning, check_brought, check_learning, check_training, conventions_of, plan_of
from generator.windows import Maps, Place, Windows, named


def _nested(value: object) -> object:
    """A number, or lists of numbers in lists, those side by side of the same shape."""
    if not isinstance(value, list):
        return exact(value)
    made = tuple(_nested(part) for part in value)
    if len({_shape(part) for part in made}) != 1:
        raise ValueError("a list of numbers, or of lists that all have the same shape")
    return made


def _shape(value: Any) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, tuple) else ()


def _flat(value: Any) -> tuple[Fraction, ...]:
    return tuple(number for part in value for number in _flat(part)) if isinstance(value, tuple) else (value,)


_SCHEMA: dict[str, Any] = {"anyOf": [NUMBER_SCHEMA, {"type": "array", "minItems": 1}]}
Nested = Annotated[Any, BeforeValidator(_nested), WithJsonSchema(_SCHEMA)]
Given = Annotated[dict[Name, Nested], Field(min_length=1, max_length=1)]
Count = Annotated[Whole, Field(ge=1)]
Part = Literal["inputs", "filters", "weights", "biases"]
_KINDS: Mapping[str, str] = {"inputs": "input", "filters": "filter", "weights": "weight", "biases": "bias"}


class Titled(Model):
    """A layer: what its heading says (by default its number and its kind)."""

    title: Texts = Field(default_factory=dict)


class Convolution(Titled):
    """Filters laid over the input: one map for each filter."""

    name: Name = Field(description="what the maps it makes are called")
    filters: Given = Field(description="name: one filter, or a list of them; several channels: a list in each filter")
    biases: Given | None = Field(None, description="name: one number for each filter")
    stride: Count = 1
    padding: Whole = Field(0, description="how many zeros are put around the input")
    flip: bool = Field(False, description="turn the filter round, as convolution is defined outside of deep learning")


class Activation(Titled):
    """A function of each entry."""

    name: Name
    function: str


class Pooling(Titled):
    """One entry for each window of each map."""

    name: Name
    size: Count
    stride: Count | None = Field(None, description="by default the size, so that windows lie side by side")


class Flatten(Titled):
    """All entries one after the other, channel by channel."""

    order: Literal["rows", "columns"] = "rows"


class Dense(Titled):
    """Units that are fed by every entry."""

    name: Name
    weights: Given = Field(description="name: a list for one unit, or a list of rows, one for each unit")
    biases: Given | None = Field(None, description="name: one number for each unit")


class Stage(Model):
    """One layer: exactly one of these keys."""

    convolution: Convolution | None = None
    activation: Activation | None = None
    max_pooling: Pooling | None = None
    average_pooling: Pooling | None = None
    flatten: Flatten | None = None
    dense: Dense | None = None

    def kinds(self) -> list[str]:
        """The keys that are there."""
        return [name for name in Stage.model_fields if getattr(self, name) is not None]


class Definition(Learning):
    """A pipeline of layers over a signal or an image."""

    kind: Literal["convolution"]
    input: Given = Field(description="name: a signal (a list), an image (rows), or a list of channels of these")
    dimensions: Annotated[Whole, Field(ge=1, le=2)] | None = Field(
        None, description="1 where a list of lists means the channels of a signal"
    )
    layers: tuple[Stage, ...] = Field(min_length=1)
    targets: Given | None = Field(None, description="name: one number for each entry of the last layer")
    loss: str = "half_squared_error"
    loss_name: Name = "E"
    differentiate: tuple[Part, ...] = Field((), description="what the loss is differentiated by")
    update: tuple[Literal["filters", "weights", "biases"], ...] = Field(
        (), description="what takes a step against its gradient"
    )

    def heading(self, group: str, language: str) -> str:
        """What the author calls a layer."""
        kind, _, number = group.partition(":")
        layer = getattr(self.layers[int(number) - 1], kind, None) if number else None
        return self.text(layer.title, language) if layer else ""


class _MisfitError(Exception):
    """Something in the definition does not fit: where, what was found, what was expected."""

    def __init__(self, place: Location, found: str, expected: str) -> None:
        super().__init__(found)
        self.finding: Finding = (place, found, expected)


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    try:
        made = _Layers(problem).run()
    except _MisfitError as error:
        yield error.finding
        return
    if problem.targets is None and (problem.differentiate or problem.update):
        place = "differentiate" if problem.differentiate else "update"
        yield (place,), "gradients", "`targets`, so that there is a loss to differentiate"
    if problem.update and problem.learning_rate is None:
        yield ("update",), "an update", "`learning_rate` beside it"
    moves = bool(problem.update and problem.learning_rate)
    yield from check_training(problem, moves, "`update` and `learning_rate` beside it")
    yield from _check_functions(problem)
    found = [*check_learning(problem)]
    yield from found or check_brought(problem, made.taken, made.names_of(problem.update))


def _check_functions(problem: Definition) -> Iterator[Finding]:
    """Functions that let no gradient through to what it is wanted for."""
    asked = {*problem.differentiate, *problem.update}
    wanted = "inputs" in asked
    for number, layer in enumerate(problem.layers):
        made = layer.convolution or layer.dense
        if made is not None:
            own = "filters" if layer.convolution else "weights"
            wanted = wanted or own in asked or ("biases" in asked and made.biases is not None)
        if layer.activation and wanted and not ACTIVATIONS[layer.activation.function].derivative:
            found = f"`{layer.activation.function}`, which lets no gradient through"
            yield ("layers", number, "activation", "function"), found, "a function with a derivative"


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: one quantity for each entry of each map, in reading order, then the loss."""
    made = _Layers(problem).run()
    loss = problem.loss_name if problem.targets else ""
    trained, wanted = made.names_of(problem.update), made.names_of(problem.differentiate)
    work = plan_of(problem, trained, loss)
    return Graph(
        (*made.given, *work.givens, *made.quantities), {**made.values, **work.values}, loss, trained, problem.rate,
        wanted=wanted, updates=work.updates, rounds=(0,) * (problem.steps or 1),
        conventions=tuple(_conventions(problem, made, trained)), slidings=tuple(made.slidings),
    )  # fmt: skip


def _conventions(problem: Definition, made: _Layers, trained: Sequence[str]) -> Iterator[Convention]:
    yield from made.conventions
    yield from bias_conventions(made.biases, trained)
    if any(layer.convolution and layer.convolution.biases for layer in problem.layers):
        yield Convention("bias_of_filter")
    if problem.targets is not None:
        yield from loss_conventions(problem.loss, len(made.maps.entries))
    yield from conventions_of(problem)


class _Layers:
    """The pipeline under construction: `maps` are what the layer before made. Raises `_MisfitError`."""

    def __init__(self, problem: Definition) -> None:
        self.problem = problem
        self.given: list[Quantity] = []
        self.values: dict[str, Fraction] = {}
        self.quantities: list[Quantity] = []
        self.conventions: list[Convention] = []
        self.slidings: list[Sliding] = []
        self.biases: list[Sequence[str]] = []  # of units side by side; a filter's stands alone
        self.taken: set[str] = set()
        self.place: Location = ()
        self.group = ""

    def run(self) -> _Layers:
        """Itself, with every layer and the loss done."""
        self.maps = self._input()
        for number, layer in enumerate(self.problem.layers, 1):
            self.place = ("layers", number - 1)
            if len(layer.kinds()) != 1:
                found = ", ".join(layer.kinds()) or "nothing"
                raise _MisfitError(self.place, found, f"exactly one of {', '.join(Stage.model_fields)}")
            (kind,) = layer.kinds()
            self.place, self.group = (*self.place, kind), f"{kind}:{number}"
            self._layer(kind, getattr(layer, kind), number)
        self._loss()
        return self

    def names_of(self, parts: Sequence[str]) -> tuple[str, ...]:
        """The names of the given entries of some parts."""
        return tuple(q.name for q in self.given if any(q.label.kind == _KINDS[part] for part in parts))

    def _layer(self, kind: str, layer: Any, number: int) -> None:
        match layer:
            case Convolution():
                self._convolution(layer, number)
            case Activation():
                self._activation(layer)
            case Pooling():
                self._pooling(kind, layer, number)
            case Flatten():
                self._flatten(layer)
            case Dense():
                self._dense(layer)

    # --- names ---

    def _take(self, labels: Sequence[tuple[str, Label]], *place: str) -> None:
        """The names of entries, and of the whole that they are entries of, are taken from here on."""
        for name in dict.fromkeys((*(name for name, _ in labels), *(label.of for _, label in labels if label.of))):
            if name in self.taken:
                raise _MisfitError((*self.place, *place), f"`{name}`, which is taken", "a name of its own")
            self.taken.add(name)

    def _give(self, kind: str, key: str, names: Sequence[tuple[str, Label]], value: object) -> None:
        """Given quantities with the numbers in `value`, in reading order."""
        self._take(names, key)
        for (name, label), number in zip(names, _flat(value), strict=True):
            self.given.append(Quantity(name, Role.GIVEN, label))
            self.values[name] = number

    def _make(self, name: str, maps: Maps, formulas: Sequence[Formula], rule: str) -> None:
        """The entries of `maps`, which are called `name`: one formula for each, in reading order."""
        labels = _labels("value", name, maps)
        self._take(labels, "name")
        for (entry, label), formula in zip(labels, formulas, strict=True):
            self.quantities.append(Quantity(entry, Role.FORWARD, label, formula, rule, self.group))
        self.maps = maps

    # --- layers ---

    def _input(self) -> Maps:
        ((name, value),) = self.problem.input.items()
        shape = _shape(value)
        dimensions = self.problem.dimensions or min(len(shape), 2)
        if not dimensions or len(shape) not in (dimensions, dimensions + 1):
            found = f"lists {len(shape)} deep" if shape else "one number"
            raise _MisfitError(("input", name), found, "a signal, an image, or a list of channels of these")
        channels = shape[0] if len(shape) > dimensions else 1
        maps = named(name, channels, shape[-2:] if dimensions == 2 else (1, shape[-1]), dimensions)
        self.place = ("input",)
        self._give("input", name, _labels("input", name, maps), value)
        return maps

    def _windows(self, size: Place, stride: int, padding: int = 0) -> Windows:
        if not self.maps.dimensions:
            raise _MisfitError(self.place, "a layer of windows after `flatten`", "`dense` or `activation`")
        steps, around = (1, stride), (0, padding)
        if self.maps.dimensions == 2:
            steps, around = (stride, stride), (padding, padding)
        windows = Windows(self.maps.shape, size, steps, around)
        if min(windows.count) < 1:
            raise _MisfitError(self.place, f"a window larger than the {self.maps}", "a smaller one, or more padding")
        return windows

    def _convolution(self, layer: Convolution, number: int) -> None:
        ((name, value),) = layer.filters.items()
        filters, size = self._filters(name, value)
        if layer.padding >= min(size if self.maps.dimensions == 2 else size[1:]):
            raise _MisfitError((*self.place, "padding"), f"{layer.padding}", "less than the size of the filter")
        windows = self._windows(size, layer.stride, layer.padding)
        self.slidings.append(windows.sliding(layer.name, self.maps.dimensions))
        biases = self._biases(layer.biases, len(filters), "filter")
        made = named(layer.name, len(filters), windows.count, self.maps.dimensions)
        formulas = [
            _sum([*self._products(weights, windows, (row, column), layer.flip), *biases[place : place + 1]])
            for place, weights in enumerate(filters)
            for row in range(windows.count[0])
            for column in range(windows.count[1])
        ]
        self._make(layer.name, made, formulas, "window_sum")
        self._say("flipped" if layer.flip else "cross_correlation")
        self._say("windows_padded" if layer.padding else "windows", number, layer.stride, layer.padding)
        if len(filters) > 1 or any(len(weights.channels) > 1 for weights in filters):
            self._say("channels")

    def _filters(self, name: str, value: object) -> tuple[tuple[Maps, ...], Place]:
        """The filters, each with a channel for every channel of the input, as givens; their size."""
        dimensions, channels, shape = self.maps.dimensions, len(self.maps.channels), _shape(value)
        around = shape[: len(shape) - dimensions] if dimensions else ()
        count = around[0] if len(around) == 2 or (len(around) == 1 and channels == 1) else 1
        depth = around[-1] if len(around) == 2 or (len(around) == 1 and channels > 1) else 1
        if not dimensions or len(shape) not in range(dimensions, dimensions + 3) or depth != channels:
            expected = f"filters of {dimensions} dimensions with {channels} channels" if dimensions else "no filter"
            raise _MisfitError((*self.place, "filters", name), f"lists {len(shape)} deep of shape {shape}", expected)
        size = shape[-2:] if dimensions == 2 else (1, shape[-1])
        found: list[Maps] = []
        labels: list[tuple[str, Label]] = []
        for number in range(1, count + 1):
            own = f"{name}_{number}" if count > 1 else name
            weights = named(own, channels, size, dimensions)
            found.append(weights)
            labels += _filter_labels(name, str(number) if count > 1 else "", weights)
        self._give("filter", "filters", labels, value)
        return tuple(found), (size[0], size[1])

    def _products(self, weights: Maps, windows: Windows, at: Place, flip: bool) -> Iterator[Formula]:
        """The products of one window in the order of reading the input, channel by channel."""
        rows, columns = windows.size
        for own, channel in zip(weights.channels, self.maps.channels, strict=True):
            for (row, column), (down, across) in windows.at(at):
                over = own[rows - 1 - row][columns - 1 - column] if flip else own[row][column]
                yield Mul((Ref(over), Ref(channel[down][across])))

    def _biases(self, given: Mapping[str, Any] | None, count: int, of: str) -> list[Formula]:
        if given is None:
            return []
        ((name, value),) = given.items()
        if _shape(value) not in ((count,), () if count == 1 else (count,)):
            found = f"{len(_flat(value))} numbers"
            raise _MisfitError((*self.place, "biases", name), found, f"one for each {of}: {count}")
        biases = named(name, 1, (1, count), 0)
        self._give("bias", "biases", _labels("bias", name, biases), value)
        self.biases += [biases.entries] if of == "unit" else [(own,) for own in biases.entries]
        return [Ref(entry) for entry in biases.entries]

    def _activation(self, layer: Activation) -> None:
        if layer.function not in ACTIVATIONS:
            raise _MisfitError((*self.place, "function"), f"`{layer.function}`", f"one of {', '.join(ACTIVATIONS)}")
        made = named(layer.name, len(self.maps.channels), self.maps.shape, self.maps.dimensions)
        formulas = [Call(layer.function, (Ref(entry),)) for entry in self.maps.entries]
        self._make(layer.name, made, formulas, "each_entry")

    def _pooling(self, kind: str, layer: Pooling, number: int) -> None:
        size = (layer.size, layer.size) if self.maps.dimensions == 2 else (1, layer.size)
        windows = self._windows(size, layer.stride or layer.size)
        self.slidings.append(windows.sliding(layer.name, self.maps.dimensions))
        made = named(layer.name, len(self.maps.channels), windows.count, self.maps.dimensions)
        covered = [
            tuple(Ref(channel[down][across]) for _, (down, across) in windows.at((row, column)))
            for channel in self.maps.channels
            for row in range(windows.count[0])
            for column in range(windows.count[1])
        ]
        largest = kind == "max_pooling"
        formulas = [_largest(entries) if largest else _mean(entries) for entries in covered]
        self._make(layer.name, made, formulas, "window_max" if largest else "window_mean")
        self._say("windows", number, layer.stride or layer.size, 0)

    def _flatten(self, layer: Flatten) -> None:
        self.maps = self.maps.flattened(layer.order == "columns")
        self._say("flatten_columns" if layer.order == "columns" else "flatten_rows")

    def _dense(self, layer: Dense) -> None:
        entries = self.maps.entries
        if self.maps.dimensions:
            raise _MisfitError(self.place, f"a dense layer after {self.maps}", "`flatten: {}` before it")
        ((name, value),) = layer.weights.items()
        shape = _shape(value)
        if shape[-1:] != (len(entries),) or len(shape) > 2:
            expected = f"rows of {len(entries)} weights, one for each entry"
            raise _MisfitError((*self.place, "weights", name), f"numbers of shape {shape}", expected)
        units = shape[0] if len(shape) == 2 else 1
        weights = named(name, 1, (units, len(entries)), 2 if len(shape) == 2 else 1)
        self._give("weight", "weights", _labels("weight", name, weights), value)
        biases = self._biases(layer.biases, units, "unit")
        formulas = [
            _sum([*(Mul((Ref(w), Ref(h))) for w, h in zip(row, entries, strict=True)), *biases[unit : unit + 1]])
            for unit, row in enumerate(weights.channels[0])
        ]
        self._make(layer.name, named(layer.name, 1, (1, units), 0), formulas, "weighted_sum")

    def _say(self, code: str, number: int = 0, stride: int = 1, padding: int = 0) -> None:
        numbers = {"number": str(number), "stride": str(stride), "padding": str(padding)} if number else {}
        said = Convention(code, {}, numbers)
        if said not in self.conventions:
            self.conventions.append(said)

    # --- the loss ---

    def _loss(self) -> None:
        """Each entry's error and their sum (for a single entry the error is the loss itself)."""
        self.place, self.group = (), "loss"
        if self.problem.targets is None:
            return
        if self.problem.loss not in LOSSES:
            raise _MisfitError(("loss",), f"`{self.problem.loss}`", f"one of {', '.join(LOSSES)}")
        ((name, value),) = self.problem.targets.items()
        outputs, count = self.maps.entries, len(_flat(value))
        if count != len(outputs):
            raise _MisfitError(("targets", name), f"{count} targets", f"one for each of {len(outputs)} outputs")
        targets = named(name, 1, (1, count), 0).entries
        labels = [(t, Label("target", str(place), str(place), of=t)) for place, t in enumerate(targets, 1)]
        self._give("target", "targets", labels, value)
        loss = self.problem.loss_name
        terms = [f"{loss}_{place}" for place in range(1, count + 1)] if count > 1 else [loss]
        for place, (term, target, output) in enumerate(zip(terms, targets, outputs, strict=True), 1):
            label = Label("term", str(place), str(place)) if count > 1 else Label("loss", loss)
            self._take([(term, label)], "loss_name")
            error = Call(self.problem.loss, (Ref(target), Ref(output)))
            self.quantities.append(Quantity(term, Role.LOSS, label, error, "error", "loss"))
        if count > 1:
            label, total = Label("loss", loss), Add(tuple(map(Ref, terms)))
            self._take([(loss, label)], "loss_name")
            self.quantities.append(Quantity(loss, Role.LOSS, label, total, "total", "loss"))


def _labels(kind: str, name: str, maps: Maps) -> list[tuple[str, Label]]:
    """The entries of `maps`, which are called `name`, with their labels: the channel stands as the case."""
    found: list[tuple[str, Label]] = []
    several = len(maps.channels) > 1
    for number, channel in enumerate(maps.channels, 1):
        alone = named(name, 1, maps.shape, maps.dimensions).channels[0]
        for entry, own in zip(_entries(channel), _entries(alone), strict=True):
            found.append((entry, _entry_label(kind, name, own, str(number) if several else "")))
    return found


def _filter_labels(name: str, case: str, weights: Maps) -> Iterator[tuple[str, Label]]:
    """The entries of a filter: its number stands as the case, its channel is an index."""
    alone = named(name, len(weights.channels), weights.shape, weights.dimensions)
    for entry, own in zip(weights.entries, alone.entries, strict=True):
        yield entry, _entry_label("filter", name, own, case)


def _entry_label(kind: str, name: str, own: str, case: str) -> Label:
    return Label(kind, own, own.removeprefix(name).strip("_").replace("_", ","), of=name, case=case)


def _entries(channel: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in channel:
        yield from row


def _sum(terms: Sequence[Formula]) -> Formula:
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def _largest(entries: tuple[Ref, ...]) -> Formula:
    return entries[0] if len(entries) == 1 else Call("max", entries)


def _mean(entries: tuple[Ref, ...]) -> Formula:
    return entries[0] if len(entries) == 1 else Div(Add(entries), num(len(entries)))


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: convolution
title: A small convolution
introduction: >
  A few sentences that say what is worked here and why. Write [[z_1_1]] for a symbol and [[z_1_1=]] for a symbol and its
  value: numbers are computed, never typed.

input: # a signal (a list), an image (a list of rows), or a list of channels of these
  x: [[1, 2, 0], [0, 1, 3], [2, 1, 0]]

layers: # each one of: convolution, activation, max_pooling, average_pooling, flatten, dense
  - convolution: {name: z, filters: {k: [[1, -1], [0, 1]]}, biases: {b: 0.5}, stride: 1, padding: 0}
  - activation: {name: h, function: relu}
  - max_pooling: {name: p, size: 2}
  - flatten: {}
  - dense: {name: y, weights: {w: [0.5]}, biases: {c: -1}}

targets: {t: 1} # one number for each output
loss: half_squared_error
differentiate: [filters, biases] # and inputs, weights
learning_rate: {eta: 0.1}
update: [filters, biases] # what takes a step against its gradient

notation: default
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
