"""A fully connected network -> the graph of its forward pass and loss, for one observation or several.

Longer than 250 lines because a kind is one file: its model, its checks, its graph and its starter definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from generator.batches import Numbers, Observed, at, cases_of, check_lengths, number_at, turns
from generator.formula import Add, Call, Formula, Mul, Neg, Ref
from generator.functions import ACTIVATIONS, LOSSES
from generator.graph import Convention, Diagram, Edge, Graph, Label, Node, Pass, Quantity, Role
from generator.losses import Losses, Output, losses
from generator.problem import Exact, Finding, Model, Name, Whole
from generator.problem import name as name_of_quantity
from generator.training import Learning, brought_names, check_learning, conventions_of, plan_of


class Layer(Model):
    """One layer: for each unit, the weight on each of its inputs."""

    name: Name
    units: dict[Name, dict[Name, Name]] = Field(description="unit: {input or unit of an earlier layer: its weight}")
    bias: Name | dict[Name, Name] | None = Field(None, description="one for the layer, or one per unit; none if absent")
    activation: str = "logistic"


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
    loss: str = "half_squared_error"
    batch: Literal["sum", "mean"] = Field("sum", description="how the losses of several observations are put together")
    order: Literal["batch", "online"] | tuple[Annotated[Whole, Field(ge=1)], ...] = Field(
        "batch", description="all observations at once; or one after the other, in the order given or in this order"
    )
    epochs: Whole | None = Field(None, description="how often all observations have their turn", ge=1, le=50)
    trained: Literal["weights", "all"] | tuple[Name, ...] = "all"
    bias_as: Literal["bias", "threshold"] = Field("bias", description="added, or subtracted as a threshold")
    update_order: Literal["at_once", "outputs_first"] = Field("at_once", description="when the parameters move")
    names: Names = Names()

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
        if layer.activation not in ACTIVATIONS:
            yield (*place, "activation"), f"`{layer.activation}`", f"one of {', '.join(ACTIVATIONS)}"
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
        sources.update(layer.units)
    yield from _check_values(problem, used)


def _check_values(problem: Definition, used: dict[str, tuple[str | int, ...]]) -> Iterator[Finding]:
    for group in ("weights", "biases"):
        for name in getattr(problem, group):
            if name not in used:
                yield (group, name), f"`{name}`, which no unit uses", "a name that a unit uses"
    if problem.loss not in LOSSES:
        yield ("loss",), f"`{problem.loss}`", f"one of {', '.join(LOSSES)}"
    outputs = problem.layers[-1].units
    if len(problem.targets) != len(outputs):
        yield ("targets",), f"{len(problem.targets)} targets", f"one for each output: {', '.join(outputs)}"
    yield from check_lengths({"inputs": problem.inputs, "targets": problem.targets})
    if not isinstance(problem.trained, str):
        parameters = {**problem.weights, **problem.biases}
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
    for group, key, name in givens:
        if name in taken:
            yield (group, key), f"`{name}`, which {taken[name]} has too", "a name of its own"
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
        if len(outputs) > 1:
            for index, unit in enumerate(outputs, 1):
                yield at(_fill(problem.names.term, unit, index), case), "term"
        if case:
            yield at(problem.names.loss, case), "loss"
    yield problem.names.loss, "loss"


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
    return Graph(
        quantities,
        {**givens, **work.values},
        loss,
        trained,
        next(iter(problem.learning_rate or {}), ""),
        _diagram(problem, passes[0].value_of),
        updates=work.updates,
        rounds=_rounds(problem, taking),
        passes=tuple(Pass(made.quantities, at(problem.names.loss, made.cases[0])) for made in passes[1:]),
        conventions=tuple(_conventions(problem)),
        cases="observation" if len(problem.cases) > 1 else "",
        in_turn=problem.update_order == "outputs_first" and bool(work.updates),
    )


def _rounds(problem: Definition, taking: tuple[str, ...]) -> tuple[int, ...]:
    """The pass of each update."""
    if problem.learning_rate is None:
        return (0,)
    passes = list(dict.fromkeys(taking))
    once = [passes.index(case) for case in taking] or [0]
    epochs = problem.epochs or (1 if problem.steps is None else problem.steps)
    return tuple((once * epochs)[: problem.steps])


def _conventions(problem: Definition) -> Iterator[Convention]:
    yield Convention("loss", {"function": f"functions.{problem.loss}"})
    count = len(problem.cases)
    if count > 1 and problem.order == "batch":
        yield Convention(f"batch_{problem.batch}", numbers={"count": str(count)})
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
    yield from observed("target", problem.targets, outputs)
    for name, number in (problem.learning_rate or {}).items():
        yield given(Label("rate", name, "1"), name, number)


class _Network:
    """The forward pass and the loss of some observations under construction.

    `value` holds the name of the value that an input or a unit passes on, for each observation.
    """

    def __init__(self, problem: Definition, cases: tuple[str, ...]) -> None:
        self.problem, self.cases = problem, cases
        self.value = {(name, case): at(name, case) for case in cases for name in problem.inputs}
        made = [quantity for layer in problem.layers for quantity in self._layer(layer)]
        self.quantities = (*made, *self._loss())

    @property
    def value_of(self) -> dict[str, str]:
        """The name of the value that each input or unit passes on, for the first observation."""
        return {name: value for (name, case), value in self.value.items() if case == self.cases[0]}

    def _layer(self, layer: Layer) -> Iterator[Quantity]:
        """The quantities of one layer."""
        for case in self.cases:
            for index, unit in enumerate(layer.units, 1):
                pre = self._pre(layer, unit, index, case)
                yield pre
                yield self._post(layer, unit, index, case, pre.name)

    def _pre(self, layer: Layer, unit: str, index: int, case: str) -> Quantity:
        """z = Σ w·x + b, or − b where it is a threshold."""
        weights, biases = layer.units[unit], _biases(layer)
        terms: list[Formula] = [Mul((Ref(weight), Ref(self.value[source, case]))) for source, weight in weights.items()]
        if unit in biases:
            bias = Ref(biases[unit])
            terms.append(Neg(bias) if self.problem.bias_as == "threshold" else bias)
        total = Add(tuple(terms)) if len(terms) > 1 else terms[0]
        name = at(_fill(self.problem.names.pre, unit, index), case)
        label = Label("pre", unit, str(index), case=case)
        return Quantity(name, Role.FORWARD, label, total, "weighted_sum", layer.name)

    def _post(self, layer: Layer, unit: str, index: int, case: str, pre: str) -> Quantity:
        """h = f(z)."""
        name = at(_fill(self.problem.names.post, unit, index), case)
        label = Label("post", unit, str(index), case=case)
        self.value[unit, case] = name
        return Quantity(name, Role.FORWARD, label, Call(layer.activation, (Ref(pre),)), "activation", layer.name)

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
        how = Losses(problem.loss, problem.names.loss, mean_batch=problem.batch == "mean")
        return losses(how, observations, single=problem.order == "batch")


def _trained(problem: Definition) -> tuple[str, ...]:
    if problem.trained == "weights":
        return tuple(problem.weights)
    if problem.trained == "all":
        return (*problem.weights, *problem.biases)
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

inputs: {x1: 0.5, x2: -1}
targets: {t1: 1} # one for each unit of the last layer, in its order

layers:
  - name: hidden
    units: # unit: {what it is fed by: the name of the weight}
      h1: {x1: w1, x2: w2}
      h2: {x1: w3, x2: w4}
    bias: b1 # one bias for the layer; or one per unit: {h1: b1, h2: b2}; or leave it out
    activation: tanh # logistic, tanh, relu or identity
  - name: output
    units:
      o1: {h1: w5, h2: w6}
    bias: b2
    activation: identity

weights: {w1: 0.1, w2: 0.2, w3: -0.3, w4: 0.4, w5: 0.5, w6: -0.6}
biases: {b1: 0.1, b2: 0.2}

loss: half_squared_error # or squared_error
learning_rate: {eta: 0.1} # its name is its symbol
trained: all # or weights, or a list of names

training: {iterations: 100, show: [1, 10, 100]}
notation: default # or net_out, sum_output, z_h; or a block: {extends: net_out, rounding: {decimals: 3}}
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
