"""Graph -> what is worked between two of its updates."""

from __future__ import annotations

from dataclasses import dataclass

from generator.graph.quantities import Graph, Label, Quantity, Role, derivative_name

UPDATED = ("updated", "after", "later")  # labels of values after updates


@dataclass(frozen=True)
class Round:
    """What is worked between two updates: its number, its loss and what that is differentiated by, and its groups.

    `gradients` are the derivatives of the loss that the targets need, `reaching` is what the loss is computed from;
    `shared` are groups of targets alone, whose gradients gather what comes from all the others.
    """

    number: int
    loss: str
    targets: tuple[str, ...]
    groups: list[str]
    gradients: tuple[Quantity, ...]
    reaching: frozenset[str]
    shared: list[str]

    @classmethod
    def all(cls, graph: Graph) -> list[Round]:
        """The rounds of a graph, from 0; where several things are differentiated in one, there is one for each."""
        made: list[Round] = []
        taken: set[str] = set()
        for done in graph.differentiated:
            here = [q for q in graph if q.round == done.round]
            groups = list(dict.fromkeys(q.group for q in here if q.role is Role.FORWARD))
            needed = graph.needed(*(derivative_name(done.loss, name) for name in done.targets)) - taken
            gradients = _whole_by_whole(graph, [q for q in here if q.name in needed and q.role is Role.GRADIENT])
            taken.update(q.name for q in gradients)
            reaching = graph.computing(done.loss) if done.loss else frozenset()
            shared = dict.fromkeys(graph[name].group for name in done.targets)
            own = [group for group in shared if group and group not in groups]
            made.append(cls(done.round, done.loss, done.targets, groups, gradients, reaching, own))
        return made

    def section(self, group: str) -> str:
        """The group whose section of the backward pass has what belongs to `group`: the last one, if not another."""
        return group if group in (*self.groups, *self.shared) else self.groups[-1]

    def place(self, group: str) -> int:
        """How far from the first group `group` stands; what all of them share stands before them."""
        return self.groups.index(group) if group in self.groups else -1


def before_updates(graph: Graph, label: Label) -> Label:
    """The label of what a value after updates is one of: what comes first of its like there, always does."""
    while label.kind in UPDATED:
        label = (graph if label.of in graph else graph.watched)[label.of].label  # another batch has others
    return label


def _whole_by_whole(graph: Graph, gradients: list[Quantity]) -> tuple[Quantity, ...]:
    """Gradients from the end of the computation to its beginning: all entries of one vector or matrix, then those of
    what it was made of. Where entries of one follow from each other, the order stays as it is.
    """
    places: dict[tuple[str, ...], int] = {}  # a whole stands where its first entry does
    order = {}
    for place, quantity in enumerate(graph):
        label = before_updates(graph, quantity.label)
        case = label.part if graph.cases else label.case  # of observations, the first of them comes first
        case = "" if graph.slidings else case  # all channels of a map are one whole
        own = label.of or (label.name if label.case and graph.cases else quantity.name)
        whole = (label.kind, own, case, quantity.group, str(quantity.round))
        order[quantity.name] = (-places.setdefault(whole, place), place)
    ordered = sorted(gradients, key=lambda gradient: order[gradient.label.wrt])
    waiting = {gradient.name for gradient in gradients}
    for gradient in ordered:
        if not waiting.isdisjoint(graph.operands[gradient.name]):
            return tuple(gradients)
        waiting.remove(gradient.name)
    return tuple(ordered)
