"""A fully connected network -> the graph of its forward pass and loss, for one observation or several."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from generator.definitions.problem import Finding
from generator.graph.layers import with_layers
from generator.graph.quantities import Convention, Diagram, Edge, Graph, Label, Node, Pass, Quantity, Role
from generator.kinds.network.checks import check_network
from generator.kinds.network.model import Network
from generator.kinds.network.units import Forward
from generator.learning.batches import Numbers, at, conventions_of_observations, number_at
from generator.learning.biases import bias_conventions
from generator.learning.dropout import always_dropped, masks
from generator.learning.losses import losses_conventions
from generator.learning.normalization import normalization_conventions, normalization_givens
from generator.learning.passes import followed, passes_of
from generator.learning.penalties import penalty_conventions
from generator.learning.training import conventions_of, plan_of


class Definition(Network):
    """A fully connected network with one observation or several."""

    kind: Literal["network"]


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    return check_network(problem)


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: givens, then layer by layer z = Σ w·x + b and h = f(z), then the loss.

    In online learning each observation that has a turn is a pass of its own, and so is each mini-batch.
    """

    def forward(cases: tuple[str, ...], batch: str) -> Pass:
        made = Forward(problem, cases, batch)
        return Pass(made.quantities, made.loss)

    first, *others = passes_of(problem, forward)
    work = plan_of(problem, problem.learned, first.loss, problem.penalty_rates)
    givens = tuple(_givens(problem))
    graph = Graph(
        (*(quantity for quantity, _ in givens), *work.givens, *first.quantities),
        {**{quantity.name: number for quantity, number in givens}, **work.values},
        first.loss,
        problem.learned,
        problem.rate,
        _diagram(problem, Forward(problem, problem.passes[0]).nodes),
        updates=work.updates,
        rounds=problem.rounds,
        passes=tuple(others),
        conventions=tuple(_conventions(problem)),
        cases="observation" if len(problem.cases) > 1 else "",
        followed=followed(problem, forward, problem.names.loss if problem.targets else ""),
        wanted=tuple(at(name, case) for name in problem.wanted for case in problem.cases),
        in_turn=problem.update_order == "outputs_first" and bool(work.updates),
    )
    return with_layers(graph, problem.vectors)


def _conventions(problem: Definition) -> Iterator[Convention]:
    if problem.targets:
        yield from losses_conventions(problem.loss, problem.outputs, bool(problem.loss_weights))
    yield from penalty_conventions(problem.regularization)
    if problem.dropout:
        yield Convention("dropout")
    said: list[Convention] = []
    for how in (layer.normalization for layer in problem.layers):
        said += [convention for convention in (normalization_conventions(how) if how else ()) if convention not in said]
    yield from said
    if problem.targets:
        yield from conventions_of_observations(problem)
    layers = [[layer.biases.get(unit, "") for unit in layer.units] for layer in problem.layers]
    learned = problem.learned if problem.learning_rate else ()
    yield from bias_conventions(layers, learned, subtracted=problem.bias_as == "threshold")
    yield from conventions_of(problem)


# --- givens ---


def _givens(problem: Definition) -> Iterator[tuple[Quantity, Fraction]]:
    """Everything that is given, but for what comes with the optimizer."""
    yield from _observed(problem, "input", problem.inputs)
    for kind, values in (("weight", problem.weights), ("bias", problem.biases)):
        for index, (name, number) in enumerate(values.items(), 1):
            yield _given(name, Label(kind, name, str(index)), number)
    for layer in problem.layers:
        for kind, name, number in normalization_givens(layer.normalization, layer.units) if layer.normalization else ():
            yield _given(name, Label(kind, name), number)
    yield from _observed(problem, "target", problem.targets)
    for mask in masks(problem.dropout, problem.cases):
        yield _given(mask.name, Label("setting", mask.own, case=mask.case), mask.number)
    for name, number in problem.penalty_rates.items():
        yield _given(name, Label("setting", name), number)


def _observed(problem: Definition, kind: str, values: dict[str, Numbers]) -> Iterator[tuple[Quantity, Fraction]]:
    """Inputs, or targets: these are labelled with the units that they are for."""
    units = tuple(problem.inputs) if kind == "input" else problem.outputs if values else ()
    for case in problem.cases:
        for index, (unit, (name, numbers)) in enumerate(zip(units, values.items(), strict=True), 1):
            label = Label(kind, unit, str(index), of=name if kind == "target" else "", case=case)
            yield _given(at(name, case), label, number_at(numbers, case))


def _given(name: str, label: Label, number: Fraction) -> tuple[Quantity, Fraction]:
    return Quantity(name, Role.GIVEN, label), number


# --- the drawing ---


def _diagram(problem: Definition, value_of: dict[str, str]) -> Diagram:
    nodes = [Node(value_of[name], 0, "input") for name in problem.inputs]
    edges: list[Edge] = []
    last = len(problem.layers)
    dropped = always_dropped(problem.dropout, problem.cases)
    seen: set[str] = set()
    for column, layer in enumerate(problem.layers, 1):
        kind = "output" if column == last else "hidden"
        nodes += [Node(value_of[unit], column, kind, dropped=dropped.get(unit, ())) for unit in layer.units]
        for unit, weights in layer.units.items():
            edges += [Edge(value_of[source], value_of[unit], weight) for source, weight in weights.items()]
            edges += [Edge(value_of[source], value_of[unit]) for source in problem.skips(unit)]
        for unit, bias in layer.biases.items():
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
