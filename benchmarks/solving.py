"""Graph and givens -> values: many variants in NumPy, one variant with every digit certain, and training."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from measure import Effort, Row, race, ratio

from generator.graph.quantities import Graph, updated_name
from generator.pipeline import Worked
from generator.solve.compiled import compile_graph
from generator.solve.histories import train
from generator.solve.traces import solve, trace

VARIANTS = (1, 100, 10_000, 100_000)


def solving(worked: Worked, effort: Effort) -> list[Row]:
    """Rows for one worked problem."""
    graph = worked.graph
    rows = [row for count in VARIANTS for row in _variants(graph, count, effort)]
    return rows + _exact(worked, effort) + _training(worked, effort)


def _variants(graph: Graph, count: int, effort: Effort) -> list[Row]:
    """`solve` as it is called (compiles, checks that all is finite), and the straight-line function alone."""
    rng = np.random.default_rng(1)
    givens = {name: float(value) + rng.uniform(-0.1, 0.1, count) for name, value in graph.givens.items()}
    names = tuple(graph.givens)
    run = compile_graph(graph, names, tuple(q.name for q in graph)).arrays()
    found = race({"solve": lambda: solve(graph, givens), "run": lambda: run(*givens.values())}, effort)
    noun = "variant" if count == 1 else "variants"
    note = f"{len(graph)} quantities"
    straight = ratio(found["solve"], found["run"])
    return [
        Row(f"solve {count:,} {noun}", found["solve"], count, "variant", straight, "compiled", note),
        Row("  already compiled", found["run"], count, "variant"),
    ]


def _exact(worked: Worked, effort: Effort) -> list[Row]:
    graph, rounding = worked.graph, worked.notation.rounding
    found = race({"trace": lambda: trace(graph, rounding), "solve": lambda: solve(graph)}, effort)
    factor = ratio(found["trace"], found["solve"])
    return [Row("exact trace, rounded", found["trace"], len(graph), "quantity", factor, "solve 1 variant")]


def _training(worked: Worked, effort: Effort) -> list[Row]:
    """The same iterations in Arb balls (as the documents print them) and in double precision."""
    graph, plan = worked.graph, worked.problem.training
    assert plan is not None, worked.id
    balls = partial(train, graph, plan.iterations, plan.show, worked.notation.rounding)
    found = race({"balls": balls, "floats": partial(_train_floats, graph, plan.iterations)}, effort)
    last, exact = _train_floats(graph, plan.iterations), float(balls().losses[-1])
    assert abs(last - exact) <= 1e-9, (last, exact)  # else they would not have done the same work
    factor = ratio(found["balls"], found["floats"])
    return [
        Row(
            f"train {plan.iterations:,} iterations, balls",
            found["balls"],
            plan.iterations,
            "iteration",
            factor,
            "NumPy",
        ),
        Row("  the same in NumPy floats", found["floats"], plan.iterations, "iteration"),
    ]


def _train_floats(graph: Graph, iterations: int) -> float:
    """The loss after `iterations` updates in double precision, by the same compiled source."""
    names = tuple(graph.givens)
    run = compile_graph(graph, names, (graph.loss, *map(updated_name, graph.trained))).arrays()
    now: dict[str, Any] = {name: np.float64(value) for name, value in graph.givens.items()}
    for _ in range(iterations):
        _, *after = run(*now.values())
        now.update(zip(graph.trained, after, strict=True))
    return float(run(*now.values())[0])
