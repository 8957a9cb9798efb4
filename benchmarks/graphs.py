"""Definition -> graph with gradients, for growing networks; and SymPy differentiating the loss written out in full."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sympy
from caches import forget
from measure import Effort, Row, Sample, once, race, ratio
from networks import fully_connected

from generator.backward.passes import backward
from generator.definitions.problem import load
from generator.graph.quantities import Graph, derivative_name
from generator.kinds.network.kind import Definition, build, check
from generator.solve.traces import solve

SIZES = ((2, 2, 2), (3, 3, 2), (4, 8, 4), (8, 16, 8), (16, 32, 16))


def graph_of(data: dict[str, Any]) -> Graph:
    """Validate, build the forward pass, add the backward pass."""
    definition = Definition.model_validate(data)
    assert not list(check(definition))
    return backward(build(definition))


class WrittenOut:
    """The whole loss as one SymPy expression, and its derivative with respect to each parameter in turn."""

    def __init__(self, graph: Graph, limit: float) -> None:
        self.graph, self.limit = graph, limit
        self.gradients: list[sympy.Expr] = []

    def __call__(self) -> None:
        """Do all the work; give up when it takes longer than `limit` seconds."""
        end = time.perf_counter() + self.limit
        loss = self._loss()
        self.gradients = []
        for name in self.graph.trained:
            self.gradients.append(sympy.diff(loss, sympy.Symbol(name)))
            if time.perf_counter() > end:
                return

    @property
    def finished(self) -> bool:
        """Whether the last call got through all parameters."""
        return len(self.gradients) == len(self.graph.trained)

    def _loss(self) -> sympy.Expr:
        """Every quantity substituted into the next, by hand: a layer's outputs are expressions."""
        graph = self.graph
        made: dict[str, sympy.Expr] = {name: sympy.Symbol(name) for name in graph.givens}
        for quantity in graph:
            if quantity.name in graph.needed(graph.loss) and quantity.formula is not None:
                made[quantity.name] = _expression(quantity.rule, [made[name] for name in graph.operands[quantity.name]])
        return made[graph.loss]

    def check(self) -> None:
        """Raise `AssertionError` where SymPy's gradients are not the graph's: then the race would prove nothing."""
        values, places = solve(self.graph), {sympy.Symbol(name): value for name, value in self.graph.givens.items()}
        for name, gradient in zip(self.graph.trained, self.gradients, strict=False):
            ours = float(values[derivative_name(self.graph.loss, name)][0])
            theirs = float(gradient.subs({symbol: sympy.Float(float(value)) for symbol, value in places.items()}))
            assert abs(ours - theirs) <= 1e-12 + 1e-9 * abs(theirs), (name, ours, theirs)


def _expression(rule: str, operands: Sequence[sympy.Expr]) -> sympy.Expr:
    """The formula of a logistic network's quantity over SymPy expressions, straight from its rule."""
    match rule:
        case "weighted_sum":
            *pairs, bias = operands
            return sympy.Add(*(w * x for w, x in zip(pairs[::2], pairs[1::2], strict=True)), bias)
        case "activation":
            return 1 / (1 + sympy.exp(-operands[0]))
        case "error":
            return (operands[0] - operands[1]) ** 2 / 2
        case "total":
            return sympy.Add(*operands)
    raise AssertionError(rule)


def graphs(effort: Effort) -> list[Row]:
    """Rows for every size; SymPy goes on growing until a case exceeds its limit."""
    limit = 20.0 if effort.full else 0.5
    rows: list[Row] = []
    sympy_runs = True
    for sizes in SIZES:
        data, name = fully_connected(sizes), "-".join(map(str, sizes))
        graph = graph_of(data)
        operands = sum(map(len, graph.operands.values()))
        ours = race({"": partial(graph_of, data)}, effort, before=forget)[""]
        note = f"{len(graph)} quantities with {operands} operands"
        rows.append(Row(f"{name}: graph", ours, len(graph), "quantity", note=note))
        if sympy_runs:
            rival = WrittenOut(graph, limit)
            found = race({"graph": partial(graph_of, data), "SymPy": rival}, effort, before=forget)
            if len(graph) < 200:  # putting numbers into the larger ones would take longer than the race
                rival.check()
            sympy_runs = rival.finished and max(found["SymPy"].times) < limit
            rows.append(_rival_row(name, rival, found["SymPy"], ratio(found["SymPy"], found["graph"])))
    return [*rows, _reading(data, name, effort)]


def _rival_row(name: str, rival: WrittenOut, sample: Sample, factor: float) -> Row:
    done, wanted = len(rival.gradients), len(rival.graph.trained)
    note = f"at least: {done} of {wanted} gradients, stopped after {rival.limit:g} s, larger ones not tried"
    note = "" if rival.finished else note
    return Row(f"{name}: SymPy only", sample, done, "gradient", factor, "graph", note)


def _reading(data: dict[str, Any], name: str, effort: Effort) -> Row:
    """How long the largest network's file takes to read and check."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.yml"
        path.write_text("".join(f"{key}: {_flow(value)}\n" for key, value in data.items()), encoding="utf-8")
        count = len(data["weights"])
        return Row(f"{name}: its file read", once(lambda: load(path), effort), count, "weight", note="YAML, validated")


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(_flow, value)) + "]" if isinstance(value, list) else str(value)
