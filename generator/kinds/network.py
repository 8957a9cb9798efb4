"""A fully connected network -> the graph of its forward pass and loss.

Longer than 250 lines because a kind is one file: its model, its checks, its graph and its starter definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from pydantic import Field

from generator.formula import Add, Call, Formula, Mul, Ref
from generator.functions import ACTIVATIONS, LOSSES
from generator.graph import Convention, Diagram, Edge, Graph, Label, Node, Quantity, Role
from generator.layers import with_layers
from generator.optimizers import OPTIMIZERS, SCHEDULES, plan
from generator.problem import Exact, Finding, Model, Name, Problem, Rate
from generator.problem import name as name_of_quantity


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


class Definition(Problem):
    """A fully connected network with one observation."""

    kind: Literal["network"]
    inputs: dict[Name, Exact] = Field(min_length=1)
    layers: tuple[Layer, ...] = Field(min_length=1)
    weights: dict[Name, Exact] = Field(min_length=1)
    biases: dict[Name, Exact] = Field(default_factory=dict)
    targets: dict[Name, Exact] = Field(description="one for each unit of the last layer, in its order")
    loss: str = "half_squared_error"
    learning_rate: Rate | None = None
    trained: Literal["weights", "all"] | tuple[Name, ...] = "all"
    names: Names = Names()
    vectors: Literal["column", "row"] = Field("column", description="in matrices: columns, W x + b, or rows, x W + b")


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
    if not isinstance(problem.trained, str):
        parameters = {**problem.weights, **problem.biases}
        for number, name in enumerate(problem.trained):
            if name not in parameters:
                yield ("trained", number), f"`{name}`", f"a weight or bias: {', '.join(parameters)}"
        if len(set(problem.trained)) < len(problem.trained):
            yield ("trained",), "a name twice", "each parameter once"
    if problem.training is not None and (problem.learning_rate is None or problem.trained == ()):
        yield ("training",), "a training without a learning rate or trained parameters", "both"
    for number, iteration in enumerate(problem.training.show if problem.training else ()):
        if problem.training and iteration > problem.training.iterations:
            found = f"iteration {iteration}"
            yield ("training", "show", number), found, f"at most {problem.training.iterations}"
    yield from _check_names(problem)


def _check_names(problem: Definition) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    givens = [(group, name) for group in ("inputs", "weights", "biases", "targets") for name in getattr(problem, group)]
    givens += [("learning_rate", name) for name in problem.learning_rate or {}]
    for group, name in givens:
        if name in taken:
            yield (group, name), f"`{name}`, which {taken[name]} has too", "a name of its own"
        taken[name] = f"`{group}`"
    for name, pattern in _computed_names(problem):
        try:
            name_of_quantity(name)
        except ValueError as error:
            yield ("names", pattern), f"a pattern that gives `{name}`", str(error)
        if name in taken:
            yield ("names", pattern), f"`{name}`, which {taken[name]} has too", "a pattern that gives new names"
        taken[name] = f"`names.{pattern}`"


def _computed_names(problem: Definition) -> Iterator[tuple[str, str]]:
    for layer in problem.layers:
        for index, unit in enumerate(layer.units, 1):
            yield _fill(problem.names.pre, unit, index), "pre"
            yield _fill(problem.names.post, unit, index), "post"
    outputs = problem.layers[-1].units
    if len(outputs) > 1:
        for index, unit in enumerate(outputs, 1):
            yield _fill(problem.names.term, unit, index), "term"
    yield problem.names.loss, "loss"


def _fill(pattern: str, unit: str, index: int) -> str:
    return pattern.replace("<unit>", unit).replace("<index>", str(index))


def _biases(layer: Layer) -> dict[str, str]:
    """The bias of each unit that has one."""
    if isinstance(layer.bias, str):
        return dict.fromkeys(layer.units, layer.bias)
    return dict(layer.bias or {})


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: givens, then layer by layer z = Σ w·x + b and h = f(z), then the loss."""
    givens: dict[str, Fraction] = {}
    quantities: list[Quantity] = []
    rate = next(iter(problem.learning_rate or {}), "")
    outputs = list(problem.layers[-1].units)

    def given(kind: str, values: dict[str, Fraction], units: list[str] | None = None) -> None:
        for index, (name, value) in enumerate(values.items(), 1):
            label = Label(kind, units[index - 1] if units else name, str(index), of=name if units else "")
            quantities.append(Quantity(name, Role.GIVEN, label))
            givens[name] = value

    given("input", problem.inputs)
    given("weight", problem.weights)
    given("bias", problem.biases)
    given("target", problem.targets, outputs)
    given("rate", problem.learning_rate or {})

    value_of = {name: name for name in problem.inputs}
    for layer in problem.layers:
        quantities += _layer(problem, layer, value_of)
    quantities += _loss(problem, [value_of[unit] for unit in outputs], outputs)
    trained = _trained(problem)
    loss = problem.names.loss
    work = plan(OPTIMIZERS["sgd"], SCHEDULES["constant"], {}, trained if rate else (), loss, rate)
    diagram = _diagram(problem, value_of)
    said = (Convention("loss", {"function": f"functions.{problem.loss}"}),)
    graph = Graph(tuple(quantities), givens, loss, trained, rate, diagram, updates=work.updates, conventions=said)
    return with_layers(graph, problem.vectors)


def _layer(problem: Definition, layer: Layer, value_of: dict[str, str]) -> Iterator[Quantity]:
    """The quantities of one layer; `value_of` learns the name of each unit's output."""
    biases = _biases(layer)
    pres: list[Quantity] = []
    posts: list[Quantity] = []
    for index, (unit, weights) in enumerate(layer.units.items(), 1):
        pre = _fill(problem.names.pre, unit, index)
        post = _fill(problem.names.post, unit, index)
        terms: list[Formula] = [Mul((Ref(weight), Ref(value_of[source]))) for source, weight in weights.items()]
        if unit in biases:
            terms.append(Ref(biases[unit]))
        total = Add(tuple(terms)) if len(terms) > 1 else terms[0]
        pres.append(Quantity(pre, Role.FORWARD, Label("pre", unit, str(index)), total, "weighted_sum", layer.name))
        call = Call(layer.activation, (Ref(pre),))
        posts.append(Quantity(post, Role.FORWARD, Label("post", unit, str(index)), call, "activation", layer.name))
    for pre_quantity, post_quantity in zip(pres, posts, strict=True):
        yield pre_quantity
        yield post_quantity
    for unit, quantity in zip(layer.units, posts, strict=True):
        value_of[unit] = quantity.name


def _loss(problem: Definition, values: list[str], outputs: list[str]) -> Iterator[Quantity]:
    """Each output's error and their sum (for a single output the error is the loss itself)."""
    names = [_fill(problem.names.term, unit, index) for index, unit in enumerate(outputs, 1)]
    if len(outputs) == 1:
        names = [problem.names.loss]
    for index, (name, value, target, unit) in enumerate(zip(names, values, problem.targets, outputs, strict=True), 1):
        label = Label("term" if len(outputs) > 1 else "loss", unit, str(index))
        yield Quantity(name, Role.LOSS, label, Call(problem.loss, (Ref(target), Ref(value))), "error", "loss")
    if len(outputs) > 1:
        total = Add(tuple(map(Ref, names)))
        yield Quantity(problem.names.loss, Role.LOSS, Label("loss", problem.names.loss), total, "total", "loss")


def _trained(problem: Definition) -> tuple[str, ...]:
    if problem.trained == "weights":
        return tuple(problem.weights)
    if problem.trained == "all":
        return (*problem.weights, *problem.biases)
    return tuple(problem.trained)


def _diagram(problem: Definition, value_of: dict[str, str]) -> Diagram:
    nodes = [Node(name, 0, "input") for name in problem.inputs]
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
