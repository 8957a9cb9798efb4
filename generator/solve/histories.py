"""Graph -> `History`: what happens over the iterations of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from generator.errors import SolveError
from generator.graph.quantities import Graph
from generator.once import once
from generator.solve.compiled import Array, compile_graph
from generator.solve.exact import Exact, Undecided, Undefined, ball, evaluate, precision, settled
from generator.solve.rounding import Rounding

_TRAINING = (128, 256, 1024, 8192)  # bits: few precisions, for it takes thousands of steps; only ties need the last


@dataclass(frozen=True)
class History:
    """What training does: the loss after every number of updates, and all values after chosen ones.

    `losses[n]` is the loss after n updates (double precision, for drawing); `rows[n]` holds exact values. Where one
    observation is learned from after the other, an update is all of those that are worked, and the loss that of all
    observations.
    """

    losses: Array
    rows: Mapping[int, Mapping[str, Exact]]
    names: tuple[str, ...]


@once
def train(graph: Graph, iterations: int, chosen: tuple[int, ...], rounding: Rounding) -> History:
    """Repeat the update `iterations` times, in balls wide enough that the shown digits of `chosen` are certain."""
    wanted = tuple(dict.fromkeys(n for n in (*chosen, 0, iterations) if n <= iterations))
    names = _history_names(graph)
    for bits in _TRAINING:
        with precision(bits):
            try:
                return _trained(graph, iterations, wanted, names, rounding, last=bits == _TRAINING[-1])
            except Undecided:
                continue
            except Undefined as error:
                raise SolveError(f"training has no result: {error}") from None
    raise SolveError(f"after {iterations} iterations the digits of the values cannot be decided")


def _start(graph: Graph, names: tuple[str, ...]) -> dict[str, Exact]:
    """The values before the first update, exact where they are rational."""
    found: dict[str, Exact] = {**graph.givens}
    for quantity in graph:
        if quantity.formula is not None and quantity.name in names:
            found[quantity.name] = evaluate(quantity.formula, found.__getitem__)
    return {name: found[name] for name in names}


def _history_names(graph: Graph) -> tuple[str, ...]:
    watched = graph.watched
    forward = tuple(q.name for q in watched if q.name in watched.needed(watched.loss) and q.formula is not None)
    return (*forward, *(old for old, _ in graph.moves))


def _trained(
    graph: Graph, iterations: int, wanted: tuple[int, ...], names: tuple[str, ...], rounding: Rounding, last: bool
) -> History:
    inputs = tuple(q.name for q in graph if q.formula is None)
    moved, updated = zip(*graph.moves, strict=True)
    watched = graph.watched
    alone = watched is graph  # then the update computes the loss on its way
    run = compile_graph(graph, inputs, (graph.loss, *updated)).balls(last)
    measure = compile_graph(watched, inputs, (watched.loss,)).balls(last)
    look = compile_graph(watched, inputs, names).balls(last)
    now = {name: ball(graph.givens[name]) for name in inputs}
    losses = np.empty(iterations + 1)
    rows: dict[int, Mapping[str, Exact]] = {0: _start(watched, names)}
    for iteration in range(iterations + 1):
        if iteration in wanted and iteration:
            made = zip(names, look(*now.values()), strict=True)
            found: dict[str, Exact] = {name: settled(value) for name, value in made}
            # Rational values can be ties, which no ball decides: see `Rounding.tied`.
            rows[iteration] = {name: rounding.tied(value) for name, value in found.items()} if last else found
            for value in rows[iteration].values():
                rounding.text(value)  # raises Undecided where a digit is still open
        loss, *after = run(*now.values())
        if not alone:
            (loss,) = measure(*now.values())
        if not loss.is_finite():
            raise Undecided("the error bound has grown beyond all size")
        losses[iteration] = float(loss)
        if not np.isfinite(losses[iteration]):
            raise SolveError(f"training diverges: the loss is beyond double precision after {iteration} updates")
        now.update(zip(moved, after, strict=True))
    losses.setflags(write=False)  # it is shared
    return History(losses, {number: rows[number] for number in sorted(rows)}, names)
