"""Quantities, one after the other -> which are worked in full: the first of each kind, and of what is worked alike."""

from __future__ import annotations

from generator.formula.tree import Call
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
        labels = [self._base(quantity.label)]
        if quantity.label.kind == "derivative":
            labels = [self._base(self.graph[name].label) for name in (quantity.label.of, quantity.label.wrt)]
        case = next((label.case for label in labels if label.case), "")
        if not self.graph.cases or not case or self.detail == "all":
            return None
        row = " ".join([quantity.role, str(quantity.round), *(f"{label.kind}:{label.name}" for label in labels)])
        return None if self.cases.setdefault(row, case) == case else (row, case)

    def _base(self, label: Label) -> Label:
        """The label of a quantity before all updates."""
        while label.kind in _DERIVED and label.kind != "derivative":
            label = self.graph[label.of].label
        return label

    def is_full(self, quantity: Quantity) -> bool:
        """Whether a quantity is worked in full: every one, or the first of its kind (its rule, its layer)."""
        label = quantity.label
        own = self._base(self.graph[label.of].label if label.kind in _DERIVED else label)
        if quantity.role is Role.UPDATE and own.kind == "value" and own.of in self.graph:  # on the way to a parameter
            own = self.graph[own.of].label
        of = self._family(own)
        wrt = self._family(self.graph[label.wrt].label) if label.wrt else ("", "")
        kind = (quantity.rule, quantity.group.partition(":")[0], *wrt, of[1], self._function(quantity))
        if quantity.role is Role.UPDATE:
            kind = (quantity.rule, "", "", "", of[1], "")
        if quantity.role is Role.AFTER and (label.of != self.graph.loss or quantity.rule == "after_error"):
            return self.detail == "all"
        first = kind not in self.kinds
        self.kinds.add(kind)
        return first or self.detail == "all"

    def _function(self, quantity: Quantity) -> str:
        """The function that a unit or an error is one of, where the others of its group may be of another."""
        is_derived = quantity.label.kind == "derivative" and quantity.rule.startswith("local_")
        formula = self.graph[quantity.label.of].formula if is_derived else quantity.formula
        plain = quantity.rule.removeprefix("local_").removeprefix("after_")
        return formula.name if isinstance(formula, Call) and plain in ("activation", "error", "loss") else ""

    def _family(self, label: Label) -> tuple[str, str]:
        """The kind of a quantity, and what it is an entry of, whatever updates it has seen."""
        label = self._base(label)
        return label.kind, label.of if label.kind in ("value", "given") else ""
