"""A recurrent network over a few time steps -> the graph of its states, outputs and errors, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from generator.definitions.problem import Finding
from generator.definitions.tables import names
from generator.graph.declared import whole
from generator.graph.quantities import Convention, Graph, Pass
from generator.kinds.recurrent.checks import check_recurrent
from generator.kinds.recurrent.model import Recurrent, lengths, output_of
from generator.kinds.recurrent.totals import LOSS
from generator.kinds.recurrent.unrolled import Unrolled
from generator.learning.batches import at, conventions_of_observations
from generator.learning.biases import bias_conventions
from generator.learning.losses import averages, loss_conventions
from generator.learning.passes import followed, passes_of
from generator.learning.training import conventions_of, plan_of


class Definition(Recurrent):
    """A recurrent network over a few time steps."""

    kind: Literal["recurrent"]


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    return check_recurrent(problem)


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: givens, then each time step's states and outputs, then the errors."""
    made, loss = Unrolled(problem), LOSS if problem.held else ""

    def forward(cases: tuple[str, ...], batch: str) -> Pass:
        return Pass(tuple(Unrolled(problem, cases, batch).quantities), at(loss, batch) if loss else "")

    first, *others = passes_of(problem, forward)
    work = plan_of(problem, problem.learned, first.loss)
    wanted = tuple(own for name in problem.wanted for own in made.started[name])
    return Graph(
        (*made.given, *first.quantities, *work.givens), {**made.givens, **work.values}, first.loss, problem.learned,
        problem.rate, made.diagram(), wanted=wanted, updates=work.updates, rounds=problem.rounds, passes=tuple(others),
        cases="observation" if len(problem.cases) > 1 else "", followed=followed(problem, forward, loss),
        conventions=tuple(_conventions(problem)), tensors=whole(made.tensors),
        vectors=problem.vectors.removesuffix("s"), cut=tuple(made.cut),
    )  # fmt: skip


def _conventions(problem: Definition) -> Iterator[Convention]:
    sizes = lengths(problem)
    yield Convention("time_steps_observed" if len(problem.cases) > 1 else "time_steps")
    yield from _conventions_of_cells(problem)
    if max(sizes[state] for state in problem.states) > 1 or sizes["x"] > 1:
        yield Convention("vectors_columns" if problem.vectors == "columns" else "vectors_rows")
    biases = [names(name, rows) for name, rows in problem.weights.items() if name.startswith("b")]
    yield from bias_conventions(biases, problem.learned if problem.learning_rate else ())
    outputs = sizes[output_of(problem)]
    if problem.held:
        yield from loss_conventions(problem.loss, outputs)
    if any(len(held) > 1 for held in problem.held.values()):
        several = outputs > 1 and averages(problem.loss)
        mean = "over_time_means" if several else "over_time_mean"
        yield Convention("over_time_sum" if problem.over_time == "sum" else mean)
    if problem.held:
        yield from conventions_of_observations(problem)
    first = {own for state in problem.states for own in problem.groups[state]}
    if problem.learning_rate and first & set(problem.learned):
        yield Convention("first_state_trained")
    yield from conventions_of(problem)


def _conventions_of_cells(problem: Definition) -> Iterator[Convention]:
    """What is said of the cells, and of what goes from one to the next."""
    if problem.layers > 1:
        yield Convention("cell_layers_both" if problem.direction == "both" else "cell_layers")
    if problem.direction == "both":
        yield Convention("cell_directions_ends" if problem.readout == "ends" else "cell_directions")
    if problem.cell == "gru":
        yield Convention("reset_after" if problem.reset == "after" else "reset_before")
        yield Convention("update_keeps" if problem.update == "keeps" else "update_admits")
    if problem.peepholes:
        yield Convention("peepholes")
    if problem.times > problem.fed:
        yield Convention("fed_back", numbers={"step": str(problem.fed + 1)})
    if problem.truncate and problem.truncate < problem.times:
        every = problem.truncate
        yield Convention("truncated", numbers={"steps": str(every)}) if every > 1 else Convention("truncated_each")
        if problem.learned or problem.wanted:
            yield Convention("cut_gradients")


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: recurrent
title: A small recurrent network
introduction: >
  A few sentences that say what is worked here and why. Write [[h_t2]] for a symbol and [[h_t2=]] for a symbol and its
  value: numbers are computed, never typed.

cell: elman # or lstm (W_i, U_i, b_i, and f, g, o alike), gru (r, z, n)
inputs: [1, 0, 1] # one number, or one row of numbers, for each time step; or a list of sequences of such rows
targets: {3: 0.5} # {time step: target}, or a list with one for each; or classes: {3: 2}, the output that is right
weights: # matrices as lists of rows; single numbers in small letters
  w: 0.5 # from the input
  u: 0.8 # from the state before
  b: 0.1
  v: 1 # to the output; leave it out where the state itself is the output
initial: {h: 0} # the first state
activation: tanh
output_activation: identity

loss: half_squared_error
learning_rate: {eta: 0.1}
trained: all # or a list of matrices
wanted: [x] # also the gradients for the inputs (x) or for the first state (h)

notation: default
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
