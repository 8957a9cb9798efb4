"""An input and a list of layers (convolution, pooling, dense, ...) -> the graph of every entry of every map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from generator.definitions.problem import Finding
from generator.definitions.rows import check_name, row_name
from generator.formula.functions import ACTIVATIONS
from generator.graph.declared import whole
from generator.graph.quantities import Convention, Graph, Pass
from generator.kinds.convolution.images import MisfitError
from generator.kinds.convolution.model import Pipeline
from generator.kinds.convolution.pipelines import Layers
from generator.learning.batches import at, check_order, conventions_of_observations
from generator.learning.biases import bias_conventions
from generator.learning.chosen import Groups, check_listed
from generator.learning.losses import loss_conventions
from generator.learning.passes import followed, passes_of
from generator.learning.training import check_brought, check_learning, check_training, conventions_of, plan_of


class Definition(Pipeline):
    """A pipeline of layers over a signal or an image."""

    kind: Literal["convolution"]


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    try:
        made = Layers(problem)
    except MisfitError as error:
        yield error.finding
        return
    key, listed = problem.moved
    if not (problem.compares or problem.upstream) and (problem.differentiate or listed):
        place = (
            "differentiate" if problem.differentiate else key if key in problem.model_fields_set else "learning_rate"
        )
        yield (place,), "gradients", "`targets` or `upstream`, so that there is a loss to differentiate"
    if problem.update and "trained" in problem.model_fields_set:
        yield ("update",), "`update` beside `trained`", "one of them"
    if problem.update and problem.learning_rate is None:
        yield ("update",), "an update", "`learning_rate` beside it"
    groups = {name: own for name, own in made.groups.items() if name != "inputs"}
    yield from check_listed(key, listed, made.parameters, groups)
    yield from check_listed("differentiate", problem.differentiate, made.parameters, made.groups)
    moves = problem.learning_rate is not None and bool(made.chosen(listed))
    yield from check_training(problem, moves, "`learning_rate`, and filters or weights that are trained")
    yield from _check_functions(problem, {*made.chosen(listed), *made.chosen(problem.differentiate)}, made.groups)
    yield from _check_observations(problem)
    found = [*check_learning(problem)]
    yield from found or check_brought(problem, made.taken, made.chosen(listed))
    functions = {row_name(layer.activation.function) for layer in problem.layers if layer.activation}
    for name in sorted(made.taken):
        yield from check_name(name, made.places[name], functions)


def _check_observations(problem: Definition) -> Iterator[Finding]:
    """What is wrong with the order of observations, and what does not go with an order."""
    yield from check_order(problem)
    if "inputs" in problem.differentiate and problem.turns:
        yield ("differentiate",), "inputs of observations that have turns", "`order: batch`"
    for key in ("batch", "order"):
        if problem.upstream and getattr(problem, key) not in ("sum", "batch"):
            yield (key,), f"`{key}` beside `upstream`", "`targets` or `classes`"


def _check_functions(problem: Definition, asked: set[str], groups: Groups) -> Iterator[Finding]:
    """Functions that let no gradient through to what it is wanted for."""
    wanted = bool(asked & {*groups["inputs"]})
    for number, layer in enumerate(problem.layers):
        wanted = wanted or any(asked & {*groups.get(name, ())} for name in layer.parameters)
        function = row_name(layer.activation.function) if layer.activation else ""
        if wanted and function in ACTIVATIONS and not ACTIVATIONS[function].derivative:
            found = f"`{function}`, which lets no gradient through"
            yield ("layers", number, "activation", "function"), found, "a function with a derivative"


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: one quantity for each entry of each map, in reading order, then the loss."""
    made = Layers(problem)

    def forward(cases: tuple[str, ...], batch: str) -> Pass:
        loss = at(problem.loss_name, batch) if problem.compares or problem.upstream else ""
        return Pass(tuple(Layers(problem, cases, batch).quantities), loss)

    first, *others = passes_of(problem, forward)
    trained, wanted = made.chosen(problem.moved[1]) if first.loss else (), made.chosen(problem.differentiate)
    work = plan_of(problem, trained, first.loss)
    return Graph(
        (*made.given, *work.givens, *first.quantities), {**made.values, **work.values}, first.loss, trained,
        problem.rate, wanted=wanted, updates=work.updates, rounds=problem.rounds, passes=tuple(others),
        cases="observation" if len(problem.cases) > 1 else "",
        followed=followed(problem, forward, problem.loss_name if problem.compares else ""),
        conventions=tuple(_conventions(problem, made, trained)), slidings=tuple(made.slidings), ties=problem.ties,
        tensors=whole(made.tensors), vectors="signal" if made.is_signal else "column",
    )  # fmt: skip


def _conventions(problem: Definition, made: Layers, trained: Sequence[str]) -> Iterator[Convention]:
    yield from made.conventions
    if len(problem.cases) > 1 and not any(said.code == "channels_observed" for said in made.conventions):
        yield Convention("observations_raised")
    yield from bias_conventions(made.biases, trained)
    if any(
        made and made.biases for layer in problem.layers for made in (layer.convolution, layer.transposed_convolution)
    ):
        yield Convention("bias_of_filter")
    if problem.compares:
        yield from loss_conventions(problem.loss, len(made.maps.entries))
        yield from conventions_of_observations(problem)
    yield from conventions_of(problem)


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: convolution
title: A small convolution
introduction: >
  A few sentences that say what is worked here and why. Write [[z_1_1]] for a symbol and [[z_1_1=]] for a symbol and its
  value: numbers are computed, never typed.

input: # a signal (a list), an image (a list of rows), or a list of channels of these; or `inputs` with several
  x: [[1, 2, 0], [0, 1, 3], [2, 1, 0]]

layers: # one of: convolution, transposed_convolution, activation, normalization, add, max_pooling, flatten, dense, ...
  - convolution: {name: z, filters: {k: [[1, -1], [0, 1]]}, biases: {b: 0.5}, stride: 1, padding: 0}
  - activation: {name: h, function: relu}
  - max_pooling: {name: p, size: 2}
  - flatten: {}
  - dense: {name: y, weights: {w: [0.5]}, biases: {c: -1}}

targets: {t: 1} # one number for each output; or instead upstream: {g: 1}, the gradient that is given there
loss: half_squared_error
differentiate: [filters, biases] # and inputs, weights
learning_rate: {eta: 0.1}
update: [filters, biases] # what takes a step against its gradient

notation: default
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
