"""Quantities, one after the other -> which are worked in full: the first of each kind, and of what is worked alike."""

from __future__ import annotations

from generator.graph.quantities import Graph, Label, Quantity, Role

_DERIVED = ("derivative", "updated", "after", "later")  # labels of what belongs to another quantity


class Firsts:
    """Remembers what has been worked. `detail` is `all`, or `first`: then only what is new is worked in full."""

    def __init__(self, graph: Graph, detail: str) -> None:
        self.graph, self.detail = graph, detail
        self.kinds: set[tuple[str, ...]] = set()
        self.cases: dict[str, str] = {}  # of what is worked alike in every case: the case it came up in first

    def cell(self, quantity: Quantity) -> tuple[str, str] | None:
        """The row and the column of a quantity that has been worked for another case already (`None`: it has not)."""
        labels = [self.base(quantity.label)]
        if quantity.label.kind == "derivative":
            labels = [self.base(self.graph[name].label) for name in (quantity.label.of, quantity.label.wrt)]
        case = next((label.case for label in labels if label.case), "")
        if not self.graph.cases or not case or self.detail == "all":
            return None
        row = " ".join([quantity.role, str(quantity.round), *(f"{label.kind}:{label.name}" for label in labels)])
        return None if self.cases.setdefault(row, case) == case else (row, case)

    def base(self, label: Label) -> Label:
        """The label of a quantity before all updates."""
        while label.kind in _DERIVED and label.kind != "derivative":
            label = self.graph[label.of].label
        return label

    def is_full(self, quantity: Quantity) -> bool:
        """Whether a quantity is worked in full: every one, or the first of its kind (its rule, its layer)."""
        kind = self.kind(quantity)
        if quantity.role is Role.AFTER and (quantity.label.of != self.graph.loss or quantity.rule == "after_error"):
            return self.detail == "all"
        first = kind not in self.kinds
        self.kinds.add(kind)
        return first or self.detail == "all"

    def kind(self, quantity: Quantity) -> tuple[str, ...]:
        """What is the same for quantities that are worked alike."""
        label = quantity.label
        own = self.base(self.graph[label.of].label if label.kind in _DERIVED else label)
        if quantity.role is Role.UPDATE and own.kind == "value" and own.of in self.graph:  # on the way to a parameter
            own = self.graph[own.of].label
        of = self._family(own)
        if quantity.role is Role.UPDATE:
            return quantity.rule, "", "", "", of[1]
        wrt = self._family(self.graph[label.wrt].label) if label.wrt else ("", "")
        return quantity.rule, quantity.group.partition(":")[0], *wrt, of[1]  # every time step is worked alike

    def _family(self, label: Label) -> tuple[str, str]:
        """The kind of a quantity, and what it is an entry of, whatever updates it has seen."""
        label = self.base(label)
        return label.kind, label.of if label.kind in ("value", "given") else ""
