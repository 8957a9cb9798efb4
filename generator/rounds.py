"""Graph -> what is worked between two of its updates."""

from __future__ import annotations

from dataclasses import dataclass

from generator.graph import Graph, Quantity, Role, derivative_name


@dataclass(frozen=True)
class Round:
    """What is worked between two updates: its number, its loss and what that is differentiated by, and its groups.

    `gradients` are the derivatives of the loss that the targets need, `reaching` is what the loss is computed from.
    """

    number: int
    loss: str
    targets: tuple[str, ...]
    groups: list[str]
    gradients: tuple[Quantity, ...]
    reaching: frozenset[str]

    @classmethod
    def of(cls, graph: Graph, number: int) -> Round:
        """The round of a graph with this number, from 0."""
        done = graph.differentiated[number]
        here = [q for q in graph if q.round == number]
        groups = list(dict.fromkeys(q.group for q in here if q.role is Role.FORWARD))
        needed = graph.needed(*(derivative_name(done.loss, name) for name in done.targets))
        gradients = tuple(q for q in here if q.name in needed and q.role is Role.GRADIENT)
        reaching = graph.needed(done.loss) if done.loss else frozenset()
        return cls(number, done.loss, done.targets, groups, gradients, reaching)
