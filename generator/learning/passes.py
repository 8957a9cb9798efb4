"""Observations and what is worked of some of them -> the passes of a graph: of all at once, or of each turn."""

from __future__ import annotations

from collections.abc import Callable

from generator.graph.quantities import Pass
from generator.learning.batches import Batches, batch_name
from generator.learning.losses import over_observations

Forward = Callable[[tuple[str, ...], str], Pass]  # of some observations, and what that batch is called, if it is


def passes_of(problem: Batches, forward: Forward) -> tuple[Pass, ...]:
    """The pass of each turn, the first of which is the graph's own; or one of all observations."""
    return tuple(forward(cases, batch_name(cases) if problem.turns else "") for cases in problem.passes)


def followed(problem: Batches, forward: Forward, loss: str) -> Pass | None:
    """The passes of all observations and what their errors come to, where each is learned from by itself.

    `loss` is what the error of all of them is called (empty: there is none).
    """
    if not problem.turns or len(problem.cases) == 1 or not loss:
        return None
    if problem.in_batches:
        return forward(problem.cases, "")
    passes = [forward((case,), case) for case in problem.cases]
    total = over_observations(loss, [made.loss for made in passes], problem.batch == "mean")
    quantities = {quantity.name: quantity for made in passes for quantity in made.quantities}  # they share penalties
    return Pass((*quantities.values(), total), total.name)
