"""A fully connected network -> the graph of its forward pass and loss, for one observation or several.

Longer than 250 lines because a kind is one file: its model, its checks, its graph and its starter definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from generator.batches import Numbers, Observed, at, cases_of, check_lengths, number_at, turns
from generator.formula import Add, Call, Formula, Mul, Neg, Ref, shortest
from generator.formula import Div as Quotient
from generator.functions import ACTIVATIONS, LOSSES, VECTORS
from generator.graph import Convention, Diagram, Edge, Graph, Label, Node, Pass, Quantity, Role
from generator.layers import with_layers
from generator.losses import DATA, Losses, Output, l1_penalty, l2_penalty, losses
from generator.normalization import (
    Entry,
    Normalization,
    normalize,
    normalized_name,
    per_unit,
    scale_of,
    shift_of,
    statistics_names,
)
from generator.problem import Exact, Finding, Model, Name, Whole
from generator.problem import name as name_of_quantity
from generator.rows import Chosen, Rows, arguments, check_row, row_name
from generator.source import Location
from generator.training import Learning, brought_names, check_learning, conventions_of, plan_of

_ACTIVATIONS: Rows = {**ACTIVATIONS, **VECTORS}
_MEAN = "mean_squared_error"  # no row: squared errors, averaged over the outputs


class Layer(Model):
    """One layer: for each unit, the weight on each of its inputs."""

    name: Name
    units: dict[Name, dict[Name, Name]] = Field(description="unit: {input or unit of an earlier layer: its weight}")
    bias: Name | dict[Name, Name] | None = Field(None, description="one for the layer, or one per unit; none if absent")
    activation: Chosen = "logistic"
    normalization: Normalization | None = None


class Dropout(Model):
    """Which units are dropped: what a unit passes on is multiplied by its mask and divided by the share kept."""

    keep: Exact = Field(gt=0, le=1, description="the share of units that are kept")
    mask: dict[Name, Observed] = Field(min_length=1, description="unit: 1 if it is kept, 0 if it is dropped")


class Regularization(Model):
    """Penalties on the trained weights, added to the error."""

    l1: Exact | None = Field(None, gt=0, description="times the sum of the weights' sizes")
    l2: Exact | None = Field(None, gt=0, description="times the sum of the weights' squares")
    half: bool = Field(True, description="whether the sum of squares is halved")


class Names(Model):
    """What the quantities of a unit and of the loss are called; `<unit>` and `<index>` stand for the unit's."""

    pre: str = "net_<unit>"
    post: str = "out_<unit>"
    term: str = "E_<unit>"
    loss: str = "E_total"


class Definition(Learning):
    """A fully connected network with one observation or several."""

    kind: Literal["network"]
    inputs: dict[Name, Observed] = Field(min_length=1, description="a number, or a list with one for each observation")
    layers: tuple[Layer, ...] = Field(min_length=1)
    weights: dict[Name, Exact] = Field(min_length=1)
    biases: dict[Name, Exact] = Field(default_factory=dict)
    targets: dict[Name, Observed] = Field(description="one for each unit of the last layer, in its order")
    loss: Chosen = Field("half_squared_error", description="a loss, or mean_squared_error: the mean over the outputs")
    regularization: Regularization | None = None
    skip: dict[Name, Name | tuple[Name, ...]] = Field(
        default_factory=dict, description="unit: what is added to what it passes on"
    )
    dropout: Dropout | None = None
    batch: Literal["sum", "mean"] = Field("sum", description="how the losses of several observations are put together")
    order: Literal["batch", "online"] | tuple[Annotated[Whole, Field(ge=1)], ...] = Field(
        "batch", description="all observations at once; or one after the other, in the order given or in this order"
    )
    epochs: Whole | None = Field(None, description="how often all observations have their turn", ge=1, le=50)
    trained: Literal["weights", "all"] | tuple[Name, ...] = "all"
    bias_as: Literal["bias", "threshold"] = Field("bias", description="added, or subtracted as a threshold")
    update_order: Literal["at_once", "outputs_first"] = Field("at_once", description="when the parameters move")
    names: Names = Names()
    vectors: Literal["column", "row"] = Field("column", description="in matrices: columns, W x + b, or rows, x W + b")

    @property
    def cases(self) -> tuple[str, ...]:
        """The numbers of the observations."""
        return cases_of([*self.inputs.values(), *self.targets.values()])


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    sources = set(problem.inputs)
    used: dict[str, tuple[str | int, ...]] = {}
    for number, layer in enumerate(problem.layers):
        place: tuple[str | int, ...] = ("layers", number)
        if layer.name in ("loss", *(other.name for other in problem.layers[:number])):
            yield (*place, "name"), f"`{layer.name}`, which is taken", "a name of its own"
        yield from check_row(layer.activation, _ACTIVATIONS, (*place, "activation"))
        if not layer.units:
            yield (*place, "units"), "no unit", "at least one unit"
        for unit, weights in layer.units.items():
            if unit in sources:
                yield (*place, "units", unit), f"`{unit}`, which is an input or an earlier unit", "a new name"
            if not weights:
                yield (*place, "units", unit), "no input", "a weight for at least one input"
            for source, weight in weights.items():
                here = (*place, "units", unit, source)
                if source not in sources:
                    known = ", ".join(sorted(sources))
                    yield here, f"`{source}`", f"an input or a unit of an earlier layer: {known}"
                if weight not in problem.weights:
                    yield here, f"the weight `{weight}`, which has no value", "a weight listed under `weights`"
                used[weight] = here
        for unit, bias in _biases(layer).items():
            here = (*place, "bias", unit) if isinstance(layer.bias, dict) else (*place, "bias")
            if unit not in layer.units:
                yield here, f"`{unit}`", f"a unit of this layer: {', '.join(layer.units)}"
            if bias not in problem.biases:
                yield here, f"the bias `{bias}`, which has no value", "a bias listed under `biases`"
            used[bias] = here
        yield from _check_normalization(problem, layer, place)
        yield from _check_skips(problem, layer, sources)
        sources.update(layer.units)
    yield from _check_extras(problem)
    yield from _check_values(problem, used)


def _check_normalization(problem: Definition, layer: Layer, place: Location) -> Iterator[Finding]:
    how = layer.normalization
    if how is None:
        return
    place = (*place, "normalization")
    running = how.running
    for key, numbers, where in (
        ("gamma", how.gamma, (*place, "gamma")),
        ("beta", how.beta, (*place, "beta")),
        ("mean", running.mean if running else None, (*place, "running", "mean")),
        ("variance", running.variance if running else None, (*place, "running", "variance")),
    ):
        if isinstance(numbers, dict) and set(numbers) != set(layer.units):
            yield where, f"`{key}` for {', '.join(numbers)}", f"one for each unit: {', '.join(layer.units)}"
    if running is not None and how.over == "layer":
        yield (*place, "running"), "running statistics over a layer", "none: each observation has its own"
    if running is not None and any(number < 0 for number in running.variance.values()):
        yield (*place, "running", "variance"), "a variance below zero", "zero or more"
    if running is None and how.over == "batch" and (len(problem.cases) < 2 or problem.order != "batch"):
        yield (*place, "over"), "a batch of one observation", "several observations at once, or `running` statistics"
    if how.over == "layer" and len(layer.units) < 2:
        yield (*place, "over"), "a layer of one unit", "several units"


def _check_skips(problem: Definition, layer: Layer, sources: set[str]) -> Iterator[Finding]:
    for unit in layer.units:
        for source in _skips(problem, unit):
            if source not in sources:
                known = ", ".join(sorted(sources))
                yield ("skip", unit), f"`{source}`", f"an input or a unit of an earlier layer: {known}"


def _check_extras(problem: Definition) -> Iterator[Finding]:
    units = [unit for layer in problem.layers for unit in layer.units]
    for unit in problem.skip:
        if unit not in units:
            yield ("skip", unit), f"`{unit}`", f"a unit: {', '.join(units)}"
    for unit, numbers in problem.dropout.mask.items() if problem.dropout else ():
        if unit not in units:
            yield ("dropout", "mask", unit), f"`{unit}`", f"a unit: {', '.join(units)}"
        listed = numbers if isinstance(numbers, tuple) else (numbers,)
        if any(number not in (0, 1) for number in listed):
            yield ("dropout", "mask", unit), "a number that is neither 0 nor 1", "1 for kept, 0 for dropped"
        if isinstance(numbers, tuple) and ("" in problem.cases or len(numbers) != len(problem.cases)):
            found = f"{len(numbers)} observations"
            yield ("dropout", "mask", unit), found, "one number, or one for each observation"
    penalty = problem.regularization
    if penalty is not None and penalty.l1 is None and penalty.l2 is None:
        yield ("regularization",), "no penalty", "`l1`, `l2` or both"
    if penalty is not None and not _penalized(problem):
        yield ("regularization",), "a penalty on trained weights", "at least one trained weight"


def _check_values(problem: Definition, used: dict[str, tuple[str | int, ...]]) -> Iterator[Finding]:
    for group in ("weights", "biases"):
        for name in getattr(problem, group):
            if name not in used:
                yield (group, name), f"`{name}`, which no unit uses", "a name that a unit uses"
    yield from check_row(problem.loss, {**LOSSES, _MEAN: LOSSES["squared_error"]}, ("loss",))
    outputs = problem.layers[-1].units
    if len(problem.targets) != len(outputs):
        yield ("targets",), f"{len(problem.targets)} targets", f"one for each output: {', '.join(outputs)}"
    yield from check_lengths({"inputs": problem.inputs, "targets": problem.targets})
    if not isinstance(problem.trained, str):
        parameters = _parameters(problem)
        for number, name in enumerate(problem.trained):
            if name not in parameters:
                yield ("trained", number), f"`{name}`", f"a weight or bias: {', '.join(parameters)}"
        if len(set(problem.trained)) < len(problem.trained):
            yield ("trained",), "a name twice", "each parameter once"
    yield from check_learning(problem)
    yield from _check_order(problem)
    yield from _check_names(problem)


def _check_order(problem: Definition) -> Iterator[Finding]:
    """What is wrong with how often, and in which order, there are updates."""
    for number, turn in enumerate(problem.order if isinstance(problem.order, tuple) else ()):
        if str(turn) not in problem.cases:
            count = len(problem.cases)
            expected = (
                f"the number of an observation, 1 to {count}" if count > 1 else "`batch`: there is one observation"
            )
            yield ("order", number), f"{turn}", expected
    if problem.order == () or (problem.order == "online" and problem.cases == ("",)):
        yield ("order",), "an order without observations", "lists under `inputs` and `targets`, or `batch`"
    if problem.epochs is not None and problem.steps is not None:
        yield ("epochs",), "`epochs` beside `steps`", "one of the two"
    if problem.epochs is not None and problem.learning_rate is None:
        yield ("epochs",), "`epochs` without a learning rate", "`learning_rate` beside it"
    if problem.update_order == "outputs_first" and problem.optimizer != "sgd":
        yield ("update_order",), "`outputs_first` with another optimizer than `sgd`", "`at_once`"
    if problem.training is not None and (problem.learning_rate is None or problem.trained == ()):
        yield ("training",), "a training without a learning rate or trained parameters", "both"
    for number, iteration in enumerate(problem.training.show if problem.training else ()):
        if problem.training and iteration > problem.training.iterations:
            found = f"iteration {iteration}"
            yield ("training", "show", number), found, f"at most {problem.training.iterations}"


def _check_names(problem: Definition) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    givens = [(group, name, name) for group in ("weights", "biases") for name in getattr(problem, group)]
    givens += [("learning_rate", name, name) for name in problem.learning_rate or {}]
    observed = [(group, name) for group in ("inputs", "targets") for name in getattr(problem, group)]
    givens += [(group, name, at(name, case)) for group, name in observed for case in problem.cases]
    givens += [("layers", name, name) for name in _normalization_givens(problem)]
    givens += [("dropout", name, name) for name in _mask_givens(problem)]
    givens += [("regularization", name, name) for name in _penalty_givens(problem)]
    for group, key, name in givens:
        if name in taken:
            yield _place(problem, group, key), f"`{name}`, which {taken[name]} has too", "a name of its own"
        taken[name] = f"`{group}`"
    for name in brought_names(problem, _trained(problem)):
        if name in taken:
            yield (
                ("optimizer",),
                f"`{name}`, which {taken[name]} has too",
                "other names than the optimizer brings along",
            )
        taken[name] = "`optimizer`"
    for name, pattern in _computed_names(problem):
        try:
            name_of_quantity(name)
        except ValueError as error:
            yield ("names", pattern), f"a pattern that gives `{name}`", str(error)
        if name in taken:
            yield ("names", pattern), f"`{name}`, which {taken[name]} has too", "a pattern that gives new names"
        taken[name] = f"`names.{pattern}`"


def _computed_names(problem: Definition) -> Iterator[tuple[str, str]]:
    outputs = problem.layers[-1].units
    for case in problem.cases:
        for layer in problem.layers:
            for index, unit in enumerate(layer.units, 1):
                yield at(_fill(problem.names.pre, unit, index), case), "pre"
                yield at(_fill(problem.names.post, unit, index), case), "post"
                yield from ((at(name, case), "post") for name in _further_names(problem, layer, unit))
        if len(outputs) > 1:
            for index, unit in enumerate(outputs, 1):
                yield at(_fill(problem.names.term, unit, index), case), "term"
        if case:
            yield at(problem.names.loss, case), "loss"
    yield problem.names.loss, "loss"
    if problem.regularization:
        yield DATA, "loss"
        yield from ((name, "loss") for name in _penalties(problem.regularization).values())


def _further_names(problem: Definition, layer: Layer, unit: str) -> Iterator[str]:
    """The names of what is made of a unit's output besides itself."""
    if layer.normalization:
        yield from (f"{kind}_{unit}" for kind in ("dev", "std", "norm"))
    if problem.dropout and unit in problem.dropout.mask:
        yield f"drop_{unit}"
    if unit in problem.skip:
        yield f"skip_{unit}"


def _place(problem: Definition, group: str, key: str) -> Location:
    """Where a given name stands in the file, as near as can be told."""
    listed = getattr(problem, group)
    return (group, key) if isinstance(listed, dict) and key in listed else (group,)


def _skips(problem: Definition, unit: str) -> tuple[str, ...]:
    """What is added to what a unit passes on."""
    sources = problem.skip.get(unit, ())
    return (sources,) if isinstance(sources, str) else sources


def _penalties(how: Regularization) -> dict[str, str]:
    """The name of each penalty, by its rate's name."""
    if how.l1 is None or how.l2 is None:
        return {"lambda": "R"}
    return {"lambda_1": "R_1", "lambda_2": "R_2"}


def _penalty_givens(problem: Definition) -> dict[str, Fraction]:
    """The rates of the penalties."""
    how = problem.regularization
    if how is None:
        return {}
    rates = [rate for rate in (how.l1, how.l2) if rate is not None]
    return dict(zip(_penalties(how), rates, strict=False))


def _mask_givens(problem: Definition) -> dict[str, tuple[str, str, Fraction]]:
    """The givens of the dropout: name of the quantity, and its own name, its observation and its number."""
    if problem.dropout is None:
        return {}
    made = {"keep": ("keep", "", problem.dropout.keep)}
    for case in problem.cases:
        for unit, numbers in problem.dropout.mask.items():
            made[at(f"mask_{unit}", case)] = (f"mask_{unit}", case, number_at(numbers, case))
    return made


def _normalization_givens(problem: Definition) -> dict[str, tuple[str, Fraction]]:
    """The givens of the normalizations: name, and its kind and number."""
    made: dict[str, tuple[str, Fraction]] = {}
    for layer in problem.layers:
        how = layer.normalization
        for unit in layer.units if how else ():
            assert how is not None
            made[scale_of(unit)] = ("weight", per_unit(how.gamma, unit))
            made[shift_of(unit)] = ("bias", per_unit(how.beta, unit))
            if how.running:
                mean, variance = statistics_names(unit)
                made[mean] = ("statistic", how.running.mean[unit])
                made[variance] = ("statistic", how.running.variance[unit])
    return made


def _fill(pattern: str, unit: str, index: int) -> str:
    return pattern.replace("<unit>", unit).replace("<index>", str(index))


def _biases(layer: Layer) -> dict[str, str]:
    """The bias of each unit that has one."""
    if isinstance(layer.bias, str):
        return dict.fromkeys(layer.units, layer.bias)
    return dict(layer.bias or {})


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: givens, then layer by layer z = Σ w·x + b and h = f(z), then the loss.

    In online learning each observation that has a turn is a pass of its own.
    """
    taking = turns(problem.order, problem.cases)
    passes = [_Network(problem, (case,)) for case in dict.fromkeys(taking)] or [_Network(problem, problem.cases)]
    trained = _trained(problem)
    loss = at(problem.names.loss, taking[0] if taking else "")
    work = plan_of(problem, trained, loss)
    givens = {quantity.name: number for quantity, number in _givens(problem)}
    quantities = (*(quantity for quantity, _ in _givens(problem)), *work.givens, *passes[0].quantities)
    graph = Graph(
        quantities,
        {**givens, **work.values},
        loss,
        trained,
        next(iter(problem.learning_rate or {}), ""),
        _diagram(problem, passes[0].nodes),
        updates=work.updates,
        rounds=_rounds(problem, taking),
        passes=tuple(Pass(made.quantities, at(problem.names.loss, made.cases[0])) for made in passes[1:]),
        conventions=tuple(_conventions(problem)),
        cases="observation" if len(problem.cases) > 1 else "",
        in_turn=problem.update_order == "outputs_first" and bool(work.updates),
    )
    return with_layers(graph, problem.vectors)


def _rounds(problem: Definition, taking: tuple[str, ...]) -> tuple[int, ...]:
    """The pass of each update."""
    if problem.learning_rate is None:
        return (0,)
    passes = list(dict.fromkeys(taking))
    once = [passes.index(case) for case in taking] or [0]
    epochs = problem.epochs or (1 if problem.steps is None else problem.steps)
    return tuple((once * epochs)[: problem.steps])


_SAID = {
    "sum": "batch_sum",
    "mean": "batch_mean",
    "batch": "normalized_batch",
    "layer": "normalized_layer",
    "running": "normalized_running",
    "population": "variance_population",
    "sample": "variance_sample",
}


def _conventions(problem: Definition) -> Iterator[Convention]:
    name = row_name(problem.loss)
    yield Convention("loss", {"function": f"functions.{'squared_error' if name == _MEAN else name}"})
    if name == _MEAN:
        yield Convention("outputs_mean")
    if problem.regularization and problem.regularization.l2 is not None:
        yield Convention("penalty_half" if problem.regularization.half else "penalty_whole")
    if problem.dropout:
        yield Convention("dropout")
    for how in (layer.normalization for layer in problem.layers):
        if how is not None:
            over = "running" if how.running else how.over
            yield Convention(_SAID[over], {"place": f"places.{how.place}"}, {"epsilon": shortest(how.epsilon)})
        if how is not None and not how.running:
            yield Convention(_SAID[how.variance])
    count = len(problem.cases)
    if count > 1 and problem.order == "batch":
        yield Convention(_SAID[problem.batch], numbers={"count": str(count)})
    elif count > 1:
        once = turns(problem.order, problem.cases)
        yield Convention("online", numbers={"order": ", ".join(once)})
    if problem.bias_as == "threshold":
        yield Convention("bias_as_threshold")
    yield from conventions_of(problem)


def _givens(problem: Definition) -> Iterator[tuple[Quantity, Fraction]]:
    outputs = list(problem.layers[-1].units)

    def given(label: Label, name: str, number: Fraction) -> tuple[Quantity, Fraction]:
        return Quantity(name, Role.GIVEN, label), number

    def observed(kind: str, values: Mapping[str, Numbers], units: list[str]) -> Iterator[tuple[Quantity, Fraction]]:
        for case in problem.cases:
            for index, (unit, (name, numbers)) in enumerate(zip(units, values.items(), strict=True), 1):
                label = Label(kind, unit, str(index), of=name if kind == "target" else "", case=case)
                yield given(label, at(name, case), number_at(numbers, case))

    yield from observed("input", problem.inputs, list(problem.inputs))
    for kind, values in (("weight", problem.weights), ("bias", problem.biases)):
        for index, (name, number) in enumerate(values.items(), 1):
            yield given(Label(kind, name, str(index)), name, number)
    for name, (kind, number) in _normalization_givens(problem).items():
        yield given(Label(kind, name), name, number)
    yield from observed("target", problem.targets, outputs)
    for name, (own, case, number) in _mask_givens(problem).items():
        yield given(Label("setting", own, case=case), name, number)
    for name, number in _penalty_givens(problem).items():
        yield given(Label("setting", name), name, number)
    for name, number in (problem.learning_rate or {}).items():
        yield given(Label("rate", name, "1"), name, number)


_Stage = Callable[[Layer, str, int, str], Iterator[Quantity]]


class _Network:
    """The forward pass and the loss of some observations under construction.

    `value` holds the name of the value that an input or a unit passes on, for each observation.
    """

    def __init__(self, problem: Definition, cases: tuple[str, ...]) -> None:
        self.problem, self.cases = problem, cases
        self.before: tuple[Formula, ...] = ()  # what a vector function is of
        self.value = {(name, case): at(name, case) for case in cases for name in problem.inputs}
        made = [quantity for layer in problem.layers for quantity in self._layer(layer)]
        self.quantities = (*made, *self._loss())

    @property
    def nodes(self) -> dict[str, str]:
        """The name of each input or unit's own output, for the first observation."""
        case = self.cases[0]
        found = {name: at(name, case) for name in self.problem.inputs}
        for layer in self.problem.layers:
            for index, unit in enumerate(layer.units, 1):
                found[unit] = at(_fill(self.problem.names.post, unit, index), case)
        return found

    def _layer(self, layer: Layer) -> Iterator[Quantity]:
        """The quantities of one layer, unit by unit; what needs several units or observations at once comes between."""
        how = layer.normalization
        stages: list[list[_Stage]] = [[self._pre]]
        if (how and how.place == "before") or row_name(layer.activation) in VECTORS:
            stages.append([])
        stages[-1].append(self._post)
        if how and how.place == "after":
            stages.append([])
        stages[-1] += [self._drop, self._skip]
        for number, together in enumerate(stages):
            if number and how and (self._post in together) == (how.place == "before"):
                yield from self._normalized(layer, how)
            for case in self.cases:
                for index, unit in enumerate(layer.units, 1):
                    for stage in together:
                        yield from stage(layer, unit, index, case)

    def _pre(self, layer: Layer, unit: str, index: int, case: str) -> Iterator[Quantity]:
        """z = Σ w·x + b, or − b where it is a threshold."""
        weights, biases = layer.units[unit], _biases(layer)
        terms: list[Formula] = [Mul((Ref(weight), Ref(self.value[source, case]))) for source, weight in weights.items()]
        if unit in biases:
            bias = Ref(biases[unit])
            terms.append(Neg(bias) if self.problem.bias_as == "threshold" else bias)
        total = Add(tuple(terms)) if len(terms) > 1 else terms[0]
        name = at(_fill(self.problem.names.pre, unit, index), case)
        label = Label("pre", unit, str(index), case=case)
        self.value[unit, case] = name
        yield Quantity(name, Role.FORWARD, label, total, "weighted_sum", layer.name)

    def _post(self, layer: Layer, unit: str, index: int, case: str) -> Iterator[Quantity]:
        """h = f(z), where a vector function is of the z of all units."""
        activation = row_name(layer.activation)
        name = at(_fill(self.problem.names.post, unit, index), case)
        before = Ref(self.value[unit, case])
        args: tuple[Formula, ...] = (before, *arguments(layer.activation, _ACTIVATIONS))
        if activation in VECTORS:
            self.before = self.before if index > 1 else tuple(Ref(self.value[other, case]) for other in layer.units)
            args = (before, *self.before)
        self.value[unit, case] = name
        label = Label("post", unit, str(index), case=case)
        between = layer.normalization is not None and layer.normalization.place == "before"
        rule = "activation_of" if between else "activation"  # the weighted sum comes normalized
        yield Quantity(name, Role.FORWARD, label, Call(activation, args), rule, layer.name)

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
        """Inverted dropout: m/p · h."""
        if self.problem.dropout is None or unit not in self.problem.dropout.mask:
            return
        factor = Quotient(Ref(at(f"mask_{unit}", case)), Ref("keep"))
        yield self._further("drop", layer, unit, case, Mul((factor, Ref(self.value[unit, case]))), "dropout")

    def _skip(self, layer: Layer, unit: str, index: int, case: str) -> Iterator[Quantity]:
        """What a unit passes on, and what skips past it."""
        sources = _skips(self.problem, unit)
        if sources:
            terms = (self.value[unit, case], *(self.value[source, case] for source in sources))
            yield self._further("skip", layer, unit, case, Add(tuple(map(Ref, terms))), "skip")

    def _further(self, kind: str, layer: Layer, unit: str, case: str, formula: Formula, rule: str) -> Quantity:
        name = f"{kind}_{unit}"
        self.value[unit, case] = at(name, case)
        return Quantity(
            at(name, case), Role.FORWARD, Label("value", name, of=kind, case=case), formula, rule, layer.name
        )

    def _loss(self) -> Iterator[Quantity]:
        problem = self.problem
        units = list(enumerate(zip(problem.layers[-1].units, problem.targets, strict=True), 1))
        observations = {
            case: [
                Output(
                    unit,
                    index,
                    self.value[unit, case],
                    at(target, case),
                    at(_fill(problem.names.term, unit, index), case),
                )
                for index, (unit, target) in units
            ]
            for case in self.cases
        }
        row = row_name(problem.loss)
        how = Losses(
            "squared_error" if row == _MEAN else row,
            problem.names.loss,
            arguments(problem.loss, {**LOSSES, _MEAN: LOSSES["squared_error"]}),
            mean_outputs=row == _MEAN,
            mean_batch=problem.batch == "mean",
        )
        return losses(how, observations, tuple(self._penalties()), single=problem.order == "batch")

    def _penalties(self) -> Iterator[Quantity]:
        how, weights = self.problem.regularization, _penalized(self.problem)
        if how is None:
            return
        names = iter(_penalties(how).items())
        if how.l1 is not None:
            rate, name = next(names)
            yield l1_penalty(name, rate, weights)
        if how.l2 is not None:
            rate, name = next(names)
            yield l2_penalty(name, rate, weights, how.half)


def _penalized(problem: Definition) -> tuple[str, ...]:
    """The weights that a penalty is on."""
    return tuple(name for name in _trained(problem) if name in problem.weights)


def _parameters(problem: Definition) -> tuple[str, ...]:
    """All that can be trained."""
    made = (name for name, (kind, _) in _normalization_givens(problem).items() if kind in ("weight", "bias"))
    return (*problem.weights, *problem.biases, *made)


def _trained(problem: Definition) -> tuple[str, ...]:
    if problem.trained == "weights":
        return tuple(problem.weights)
    if problem.trained == "all":
        return _parameters(problem)
    return tuple(problem.trained)


def _diagram(problem: Definition, value_of: dict[str, str]) -> Diagram:
    nodes = [Node(value_of[name], 0, "input") for name in problem.inputs]
    edges: list[Edge] = []
    last = len(problem.layers)
    seen: set[str] = set()
    for column, layer in enumerate(problem.layers, 1):
        kind = "output" if column == last else "hidden"
        nodes += [Node(value_of[unit], column, kind) for unit in layer.units]
        for unit, weights in layer.units.items():
            edges += [Edge(value_of[source], value_of[unit], weight) for source, weight in weights.items()]
            edges += [
                Edge(value_of[source], value_of[unit]) for source in _skips(problem, unit) if source not in weights
            ]
        for unit, bias in _biases(layer).items():
            if bias not in seen:
                nodes.append(Node(bias, column - 1, "bias"))
                seen.add(bias)
            edges.append(Edge(bias, value_of[unit]))
    return Diagram(tuple(nodes), tuple(edges))


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: network
title: My first network
introduction: >
  A few sentences that say what is worked here and why. Write [[w1]] for a symbol and [[w1=]] for a symbol and its
  value: numbers are computed, never typed.

inputs: {x1: 0.5, x2: -1} # or lists with a number for each observation, here and under targets
targets: {t1: 1} # one for each unit of the last layer, in its order

layers:
  - name: hidden
    units: # unit: {what it is fed by: the name of the weight}
      h1: {x1: w1, x2: w2}
      h2: {x1: w3, x2: w4}
    bias: b1 # one bias for the layer; or one per unit: {h1: b1, h2: b2}; or leave it out
    activation: tanh # logistic, relu, softmax, ...; or with a parameter: {leaky_relu: {slope: 0.1}}
  - name: output
    units:
      o1: {h1: w5, h2: w6}
    bias: b2
    activation: identity

weights: {w1: 0.1, w2: 0.2, w3: -0.3, w4: 0.4, w5: 0.5, w6: -0.6}
biases: {b1: 0.1, b2: 0.2}

loss: half_squared_error # or mean_squared_error, cross_entropy, {huber: {delta: 2}}, ...
learning_rate: {eta: 0.1} # its name is its symbol
optimizer: sgd # or momentum, nesterov, adagrad, rmsprop, adam, adamw, weight_decay
trained: all # or weights, or a list of names

training: {iterations: 100, show: [1, 10, 100]}
notation: default # or net_out, sum_output, z_h; or a block: {extends: net_out, rounding: {decimals: 3}}
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
