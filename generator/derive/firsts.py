"""Quantities, one after the other -> which are worked in full: the first of each kind, and of what is worked alike."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import cached_property

from generator.derive.equations import is_choice
from generator.derive.rounds import UPDATED, before_updates
from generator.formula.tree import Add, Call, Formula, Neg, walk
from generator.graph.quantities import Graph, Label, Quantity, Role

_DERIVED = ("derivative", *UPDATED)  # labels of what belongs to another quantity


class Firsts:
    """Remembers what has been worked. `detail` is `all`, or `first`: then only what is new is worked in full.

    `is_zero` says it of a quantity's value: where something goes to one entry of several, an entry that receives it
    is worked, if there is one.
    """

    def __init__(self, graph: Graph, detail: str, is_zero: Callable[[str], bool]) -> None:
        self.graph, self.detail, self.is_zero = graph, detail, is_zero
        self.kinds: set[tuple[str, ...]] = set()
        self.cases: dict[str, str] = {}  # of what is worked alike in every case: the case it came up in first

    def cell(self, quantity: Quantity) -> tuple[str, str] | None:
        """The row and the column of a quantity that has been worked for another case already (`None`: it has not)."""
        labels = [self.base(quantity.label)]
        if quantity.label.kind == "derivative":
            labels = [self.base(self.graph[name].label) for name in (quantity.label.of, quantity.label.wrt)]
        case = next(
            (label.case for label in reversed(labels) if label.case), ""
        )  # a mini-batch's error has that of all
        if not self.graph.cases or not case or self.detail == "all":
            return None
        row = " ".join(
            [quantity.role, str(quantity.round), *(f"{label.kind}:{label.name}:{label.part}" for label in labels)]
        )
        return None if self.cases.setdefault(row, case) == case else (row, case)

    def base(self, label: Label) -> Label:
        """The label of a quantity before all updates."""
        return before_updates(self.graph, label)

    def telling(self, names: Sequence[str]) -> Quantity:
        """The first of the entries of one thing that shows how they are worked."""
        return self.graph[next((name for name in names if name not in self._exceptions), names[0])]

    def is_full(self, quantity: Quantity) -> bool:
        """Whether a quantity is worked in full: every one, or the first of its kind (its rule, its layer)."""
        if quantity.role is Role.AFTER and (quantity.label.of != self.graph.loss or quantity.rule == "after_error"):
            return self.detail == "all"
        kind = self.kind(quantity)
        first = kind not in self.kinds and not self._is_passed_over(quantity, kind)
        if first:
            self.kinds.add(kind)
        return first or self.detail == "all"

    def _is_passed_over(self, quantity: Quantity, kind: tuple[str, ...]) -> bool:
        """Whether nothing comes to a quantity by way of windows, and something to another of its kind."""
        if self.detail == "all":
            return False
        if is_choice(quantity):
            return self.is_zero(quantity.name)
        if quantity.name in self._exceptions:
            is_first = quantity.label.index in ("1", "1,1")  # a list that begins with it had better say so
            return bool(self.graph.operands[quantity.name]) or not is_first
        if not self._is_bare(quantity):
            return False
        here = (q for q in self.graph if q.role is quantity.role and q.round == quantity.round)
        others = (q for q in here if self._is_fed(q) and self.kind(q) == kind)
        return any(not self._is_bare(other) for other in others)

    def _is_fed(self, quantity: Quantity) -> bool:
        """Whether a gradient comes by way of the largest entries of windows."""
        return any(is_choice(self.graph[name]) for name in self.graph.operands[quantity.name])

    def _is_bare(self, quantity: Quantity) -> bool:
        """Whether a gradient that comes by way of windows gets nothing from any of them."""
        used = self.graph.operands[quantity.name] if quantity.role is Role.GRADIENT else ()
        choices = [name for name in used if is_choice(self.graph[name])]
        return bool(choices) and all(map(self.is_zero, choices))

    def kind(self, quantity: Quantity) -> tuple[str, ...]:
        """What makes quantities the same sort of step: rule, layer, and what they are of and by."""
        label = quantity.label
        own = self.base(self.graph[label.of].label if label.kind in _DERIVED else label)
        if quantity.role is Role.UPDATE and own.kind == "value" and own.of in self.graph:  # on the way to a parameter
            own = self.graph[own.of].label
        of = self._family(own)
        wrt = self._family(self.graph[label.wrt].label) if label.wrt else ("", "")
        if quantity.role is Role.UPDATE:
            return (quantity.rule, "", "", "", of[1], "")
        # Every time step is worked alike.
        return (quantity.rule, quantity.group.partition(":")[0], *wrt, of[1], self._function(quantity))

    @cached_property
    def _exceptions(self) -> frozenset[str]:
        """Entries that show least of how the others are worked: of formulas the zeros on a diagonal, x - x, and what
        comes of them; of windows those that reach beyond the edge.
        """
        entries: dict[tuple[str, bool], list[Quantity]] = {}
        for quantity in self.graph:
            if quantity.rule == "formula" and quantity.label.of and quantity.role is Role.FORWARD:
                entries.setdefault((quantity.label.of, self._goes_on(quantity)), []).append(quantity)
        found: set[str] = set()
        for family in entries.values():
            odd = {q.name for q in family if self._is_odd(q, found)}
            found |= odd if len(odd) < len(family) else set()
        return frozenset(found | self._at_the_edge())

    def _at_the_edge(self) -> set[str]:
        """Sums over windows of which a part lies outside the input, where others lie inside."""
        terms: dict[tuple[str, str, int], dict[str, int]] = {}
        for quantity in self.graph:
            if quantity.rule == "window_sum" and quantity.role is Role.FORWARD:
                own = (quantity.group, quantity.label.part, quantity.round)
                terms.setdefault(own, {})[quantity.name] = len(self.graph.operands[quantity.name])
        return {name for counts in terms.values() for name, count in counts.items() if count < max(counts.values())}

    def _is_odd(self, quantity: Quantity, found: Container[str]) -> bool:
        """Whether a formula has nothing in it, or something less itself, or what is odd by now at the same place."""
        operands = self.graph.operands[quantity.name]
        place = quantity.label.index
        return (
            not operands
            or any(name in found and self.graph[name].label.index == place for name in operands)
            or (quantity.formula is not None and any(map(_cancels, walk(quantity.formula))))
        )

    def _goes_on(self, quantity: Quantity) -> bool:
        """Whether an entry is worked from others of the same vector or matrix, as the first of them cannot be."""
        own = quantity.label.of
        return bool(own) and any(self.graph[name].label.of == own for name in self.graph.operands[quantity.name])

    def _function(self, quantity: Quantity) -> str:
        """The function that a unit or an error is one of, where the others of its group may be of another."""
        if quantity.rule == "formula":
            told = "goes on" if self._goes_on(quantity) else ""
            return (
                told if self.graph.operands[quantity.name] or quantity.name not in self._exceptions else "from nothing"
            )
        is_derived = quantity.label.kind == "derivative" and quantity.rule.startswith("local_")
        formula = self.graph[quantity.label.of].formula if is_derived else quantity.formula
        plain = quantity.rule.removeprefix("local_").removeprefix("after_")
        return formula.name if isinstance(formula, Call) and plain in ("activation", "error", "loss") else ""

    def _family(self, label: Label) -> tuple[str, str]:
        """The kind of a quantity, and what it is an entry of, whatever updates it has seen."""
        label = self.base(label)
        return label.kind, label.of if label.kind in ("value", "given") else ""


def _cancels(part: Formula) -> bool:
    """Whether a sum has a term and its negative in it."""
    return isinstance(part, Add) and any(isinstance(term, Neg) and term.body in part.terms for term in part.terms)
