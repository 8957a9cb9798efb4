"""Named formulas and what is differentiated -> their circuit: a node for each quantity, from the givens to the end."""

from __future__ import annotations

from generator.errors import GraphError
from generator.formula.tree import Call, walk
from generator.graph.quantities import Diagram, Edge, Graph, Node

MOST, DEEPEST = 14, 10  # nodes and columns of a circuit that is drawn by itself
LARGEST = 30  # nodes of one that is asked for


def circuit(graph: Graph, wanted: str | None) -> Diagram | None:
    """The diagram of how `graph.loss` is computed, where it is small enough to read, or `wanted`.

    Every quantity is a node, each entry of a vector by itself, in the column behind the last of those that it is
    computed from. By itself no circuit is drawn that shows no more than the formula does: one without anything between
    the givens and the end. Raises `GraphError` where one that is wanted is too large, or has derivatives in it.
    """
    if wanted == "none" or not graph.loss or graph.also:
        return None
    needed = graph.needed(graph.loss)
    columns: dict[str, int] = {}
    for quantity in graph:
        if quantity.name in needed:
            columns[quantity.name] = 1 + max((columns[name] for name in quantity.operands), default=-1)
    deepest = columns[graph.loss]
    made = [quantity.formula for quantity in graph if quantity.name in needed and quantity.formula is not None]
    if any(isinstance(part, Call) and part.name == "d" for formula in made for part in walk(formula)):
        if wanted is None:
            return None  # a derivative in a formula is written out later, over other quantities
        raise GraphError(f"`{graph.loss}` has derivatives on the way, which no circuit shows", quantity=graph.loss)
    if wanted is None and (len(columns) > MOST or not 2 <= deepest < DEEPEST):
        return None
    if len(columns) > LARGEST:
        found = f"`{graph.loss}` has a circuit of {len(columns)} nodes, more than the {LARGEST} that can be read"
        raise GraphError(found, quantity=graph.loss)
    kinds = {name: "input" if graph[name].formula is None else "hidden" for name in columns} | {graph.loss: "output"}
    nodes = tuple(Node(name, column, kinds[name]) for name, column in columns.items())
    edges = tuple(Edge(operand, name) for name in columns for operand in graph.operands[name])
    return Diagram(nodes, edges, of=graph.loss)
