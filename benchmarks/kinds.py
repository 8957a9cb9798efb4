"""Definitions of every kind, in growing sizes -> time to the graph, to a rendered solution, and of SymPy alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sympy
import yaml
from caches import forget
from measure import Effort, Row, once, race, ratio
from networks import fully_connected

from generator.backward.passes import backward
from generator.backward.symbolic import to_sympy
from generator.definitions.problem import Definition, kind_module, load
from generator.formula.functions import expand
from generator.graph.quantities import Graph
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render


def _network(size: int) -> dict[str, Any]:
    return fully_connected((size, size, 2))


def _formulas(size: int) -> dict[str, Any]:
    steps = {f"z{n}": f"tanh(w{n} * {f'z{n - 1}' if n > 1 else 'x'})" for n in range(1, size + 1)}
    weights = {f"w{n}": f"0.{n % 9 + 1}" for n in range(1, size + 1)}
    wanted = {"of": f"z{size}", "wrt": list(weights)}
    return {"kind": "formulas", "givens": {"x": "0.5", **weights}, "formulas": steps, "differentiate": wanted}


def _recurrent(size: int) -> dict[str, Any]:
    weights = {"w": "1", "u": "0.5", "b": "0.1", "v": "1"}
    inputs = [n % 2 for n in range(size)]
    rate = {"eta": "0.5"}
    made = {"cell": "elman", "inputs": inputs, "targets": {size: 1}, "weights": weights, "learning_rate": rate}
    return {"kind": "recurrent", **made}


def _convolution(size: int) -> dict[str, Any]:
    image = [[(3 * row + 5 * column) % 7 for column in range(size)] for row in range(size)]
    layers = [
        {"convolution": {"name": "z", "filters": {"k": [["0.5", "-0.5"], ["0.25", "1"]]}, "biases": {"b": "0.5"}}},
        {"activation": {"name": "h", "function": "tanh"}},
        {"flatten": {}},
        {"dense": {"name": "y", "weights": {"v": [f"0.{n % 9 + 1}" for n in range((size - 1) ** 2)]}}},
    ]
    made = {"input": {"x": image}, "layers": layers, "targets": {"t": ["1"]}, "differentiate": ["filters"]}
    return {"kind": "convolution", **made}


def _attention(size: int) -> dict[str, Any]:
    tokens = [[(n * 3) % 5, (n * 2 + 1) % 5] for n in range(size)]
    weights = {"W_Q": [["0.5", "-0.5"], ["0.25", "0"]], "W_K": [["0.5", "0"], ["0", "0.5"]], "W_V": [[1, 2], [3, 0]]}
    made = {"inputs": tokens, "weights": weights, "targets": [[1, 1]] * size, "learning_rate": {"eta": "0.1"}}
    return {"kind": "attention", **made}


_MADE = {
    "network": (_network, (2, 4, 8)),
    "formulas": (_formulas, (5, 20, 80)),
    "recurrent": (_recurrent, (3, 10, 30)),
    "convolution": (_convolution, (3, 4, 6)),
    "attention": (_attention, (2, 3, 4)),
}


def kinds(effort: Effort) -> list[Row]:
    """For each kind and size: the graph, the rendered solution, and SymPy's gradient of the loss as one expression."""
    limit = 10.0 if effort.full else 0.5
    return [
        row
        for kind, (make, sizes) in _MADE.items()
        for size in (sizes if effort.full else sizes[:2])
        for row in _rows(f"{kind} {size}", {"title": "made", **make(size)}, effort, limit)
    ]


def _rows(name: str, data: dict[str, Any], effort: Effort, limit: float) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        definition, worked = load(path), load_worked(path)
    graph = _graph(definition)
    expanded = partial(_written_out, graph, limit)
    found = race({"graph": partial(_graph, definition), "SymPy": expanded}, effort, before=forget)
    count = len(worked.graph)
    yield Row(f"{name}: graph", found["graph"], len(graph), "quantity", note=f"{len(graph)} quantities")
    yield Row(f"{name}: solution", once(partial(_solution, definition), effort), count, "quantity", note="Markdown")
    done = expanded()
    stopped = f"at least: stopped after {limit:g} s" if done else "none: the expression is nested too deeply for SymPy"
    note = "" if done == len(graph.differentiated[0].targets) else stopped
    yield Row(
        f"{name}: SymPy only", found["SymPy"], done, "gradient", ratio(found["SymPy"], found["graph"]), "graph", note
    )


def _graph(definition: Definition) -> Graph:
    return backward(kind_module(definition.problem.kind).build(definition.problem))


def _solution(definition: Definition) -> str:
    worked: Worked = work(definition)
    return render(worked, "solution", "markdown")


def _written_out(graph: Graph, limit: float) -> int:
    """How many of the loss's derivatives SymPy finds in `limit` seconds when every quantity is put into the next."""
    end = time.perf_counter() + limit
    done = graph.differentiated[0]
    made: dict[str, sympy.Expr] = {}
    for quantity in graph:
        if quantity.name in graph.needed(done.loss):
            symbol = sympy.Symbol(quantity.name, real=True)
            places = {sympy.Symbol(name, real=True): made[name] for name in graph.operands[quantity.name]}
            own = symbol if quantity.formula is None else to_sympy(expand(quantity.formula)).xreplace(places)
            made[quantity.name] = own
    for count, target in enumerate(done.targets, 1):
        try:
            sympy.diff(made[done.loss], sympy.Symbol(target, real=True))
        except RecursionError:
            return count - 1
        if time.perf_counter() > end:
            return count
    return len(done.targets)
