"""Steps -> the same steps, with what is said of them before the first of those that it is said of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from generator.derive.rounds import before_updates
from generator.derive.steps import Section, Step
from generator.graph.quantities import Graph, Label, Role
from generator.graph.wholes import wholes

_ROLES = (Role.FORWARD, Role.LOSS, Role.UPDATE, Role.AFTER)  # the sentence of a derivative is a question of its own
_ENTRIES = ("value", "given")  # kinds whose quantities may be entries of something

Kind = tuple[object, ...]


def in_runs(graph: Graph, sections: Sequence[Section]) -> tuple[Section, ...]:
    """`sections` with `again` set in the steps whose sentence would be that of the step before, for another entry."""
    return tuple(replace(section, steps=tuple(_steps(graph, section.steps))) for section in sections)


def headed(graph: Graph, steps: Sequence[Step]) -> tuple[Step, ...]:
    """`steps`, where a sentence stands before the first entry of a thing, though a later one is worked in full."""
    first: dict[Kind, int] = {}
    made = list(steps)
    for number, step in enumerate(steps):
        kind = _kind(graph, replace(step, full=True, words={}))
        if kind is None:
            continue
        start = made[first.setdefault(kind, number)]
        if step.full and not start.full and not start.heads:
            names = {**step.names, "target": _whole(graph, steps, start.target)}
            made[first[kind]] = replace(start, names=names, heads=True)
            made[number] = replace(step, said=True)
    return tuple(made)


def kind_of(graph: Graph, step: Step) -> str:
    """What tells whether steps are worked alike: their rule, and what they are about or an entry of."""
    if step.target not in graph:
        return ""
    label = before_updates(graph, graph[step.target].label)
    if label.kind == "derivative":
        sides = (before_updates(graph, graph[name].label) for name in (label.of, label.wrt) if name in graph)
        return ":".join((step.rule, *(f"{side.kind} {side.of}" for side in sides)))
    return f"{step.rule}:{label.kind} {_family(graph, label)[1]}"


def _whole(graph: Graph, steps: Sequence[Step], name: str) -> str:
    """The vector or matrix that a quantity is an entry of (else itself): as one of `steps` shows it, if one does."""
    shown = (graph.tensor[step.target] for step in steps if step.target in graph.tensor)
    own = next((tensor.name for tensor in shown if name in tensor.names), "")
    return own or next((whole.name for whole in wholes(graph) if name in whole.entries), name)


def _steps(graph: Graph, steps: Sequence[Step]) -> Iterator[Step]:
    last: Kind | None = None
    for step in steps:
        kind = _kind(graph, step)
        again = kind is not None and kind == last
        yield replace(step, again=again, before=tuple(_steps(graph, step.before)))
        last = None if step.after else kind


def _kind(graph: Graph, step: Step) -> Kind | None:
    """What a step has in common with those that are worked alike (`None`: it stands by itself)."""
    if not step.full or step.cell or step.before or step.number or step.target not in graph:
        return None
    quantity = graph[step.target]
    if quantity.role not in _ROLES or quantity.rule != step.rule:
        return None
    words = tuple(step.words.items())
    return (step.rule, words, quantity.role, quantity.round, quantity.group, *_family(graph, quantity.label))


def _family(graph: Graph, label: Label) -> tuple[str, str]:
    """The kind of a quantity, whatever updates it has seen, and what it is an entry of; else it is its own."""
    label = before_updates(graph, label)
    return label.kind, (label.of or label.name) if label.kind in _ENTRIES else ""
