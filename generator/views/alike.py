"""Section -> the same section, where the many entries of one image, matrix or vector that are worked alike are a table.

What is worked in full stays. Of the others only the values are left, at their places, and the derivatives that came in
between are left out: they are made as those of the entry that is worked in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from generator.derive.equations import Equations
from generator.derive.steps import Section, Step
from generator.formula.tree import Add, Call, Cases, Formula, Ref, rebuild
from generator.graph.quantities import Role
from generator.graph.wholes import wholes
from generator.pipeline import Worked

_MANY = 6  # entries of a thing whose values stand in a table
_RUN = 4  # of them that are worked alike


class Place(NamedTuple):
    """Where the value of a step belongs: its table, its row and its column."""

    table: str
    row: tuple[int, ...]
    column: int


def tabled(worked: Worked, section: Section) -> Section:
    """`section` with tables in place of long lists."""
    home: dict[str, Place] = {}
    for whole in wholes(worked.graph):
        if len(whole.entries) >= _MANY:
            rows = whole.rows() if len(whole.dims) > 1 else (whole.entries,)
            for row, names in enumerate(rows):
                home |= {name: Place(whole.name, (row,), column) for column, name in enumerate(names)}
    alike = _Alike(worked, Equations(worked.graph, worked.trace, worked.writer), home)
    return replace(section, steps=alike.steps(section.steps))


@dataclass(frozen=True)
class _Alike:
    """`home` is the place of every entry of what is large enough."""

    worked: Worked
    equations: Equations
    home: dict[str, Place]

    def steps(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """`steps`, and those inside them, with those that are worked alike as cells of tables."""
        places = [self._place(step) for step in steps]
        listed: dict[str, list[int]] = {}
        for number, (step, place) in enumerate(zip(steps, places, strict=True)):
            if place is not None and not step.full and step.cell is None:
                listed.setdefault(place.table, []).append(number)
        chosen = {
            table: run
            for table, run in listed.items()
            if len(run) >= _RUN and self._is_plain(places, table) and self._are_alike(steps, places, table)
        }
        moved = {number for run in chosen.values() for number in run}
        made: list[Step] = []
        for number, (step, place) in enumerate(zip(steps, places, strict=True)):
            if number not in moved:
                made.append(replace(step, before=self.steps(step.before)))
            elif place is not None and number == chosen[place.table][0]:
                made += self._table(steps, places, place.table, chosen[place.table])
        return tuple(made)

    def _is_plain(self, places: Sequence[Place | None], table: str) -> bool:
        """Whether no two values have the same place, as where an entry acts on several others."""
        own = [place for place in places if place is not None and place.table == table]
        return len(set(own)) == len(own)

    def _are_alike(self, steps: Sequence[Step], places: Sequence[Place | None], table: str) -> bool:
        """Whether all values of a table come from formulas of the same sort, of which some may have fewer terms."""
        own = [step for step, place in zip(steps, places, strict=True) if place is not None and place.table == table]
        first, *others = (self._sorts(step.target) for step in sorted(own, key=lambda step: not step.full))
        return all(sorts <= first or sorts >= first for sorts in others)

    def _sorts(self, name: str) -> frozenset[Formula]:
        """The terms of a quantity, and of the derivatives in it, whatever quantities they are of."""
        graph = self.worked.graph
        formula = graph[name].formula
        found = set() if formula is None else set(_terms(sort_of(formula)))
        for other in graph.operands[name]:
            if graph[other].role is Role.LOCAL:
                found |= self._sorts(other)
        return frozenset(found)

    def _table(self, steps: Sequence[Step], places: Sequence[Place | None], table: str, run: list[int]) -> list[Step]:
        """The gradients that the values of a table are made of, and the table: also of what is worked in full."""
        graph = self.worked.graph
        inside = (inner for number in run for inner in steps[number].before)
        before = [inner for inner in inside if graph[inner.target].role is Role.GRADIENT]
        pairs = zip(places, steps, strict=True)
        cells = {place: step for place, step in pairs if place is not None and place.table == table}
        return [*self.steps(before), *(self._cell(cells[place], place) for place in sorted(cells))]

    def _cell(self, step: Step, place: Place) -> Step:
        equation = self.equations.value(step.target)
        cell = (".".join(map(str, place.row)), str(place.column + 1))
        return Step(step.rule, step.target, (equation,), full=False, cell=cell, table=place.table)

    def _place(self, step: Step) -> Place | None:
        """Where the value of a step belongs: that of its entry, or of the entry that it is a derivative by or of."""
        if step.target not in self.worked.graph:
            return None
        quantity = self.worked.graph[step.target]
        sort, label = f"{quantity.role}:{quantity.round}", quantity.label
        if label.kind != "derivative":
            found = self.home.get(self._base(step.target))
            return None if found is None else found._replace(table=f"{sort}:{found.table}")
        of, wrt = (self._base(name) for name in (label.of, label.wrt))
        if wrt in self.home:
            other = self.home[of].table if of in self.home else of
            return self.home[wrt]._replace(table=f"{sort}:{other}/{self.home[wrt].table}")
        return self.home[of]._replace(table=f"{sort}:{self.home[of].table}/{wrt}") if of in self.home else None

    def _base(self, name: str) -> str:
        """The quantity whose value after updates `name` is."""
        label = self.worked.graph[name].label
        while label.kind in ("updated", "after", "later"):
            name, label = label.of, self.worked.graph[label.of].label
        return name


def sort_of(formula: Formula) -> Formula:
    """A formula whatever quantities it is of, with each sort of term once; of cases, what can come out."""
    if isinstance(formula, Ref):
        return Ref("")
    if isinstance(formula, Cases):  # which is the largest in a window has more to ask where there are more windows
        return Call("cases", tuple(dict.fromkeys(map(sort_of, _outcomes(formula)))))
    made = rebuild(formula, sort_of)
    if not isinstance(made, Add):
        return made
    terms = tuple(dict.fromkeys(made.terms))
    return terms[0] if len(terms) == 1 else Add(terms)


def _outcomes(formula: Formula) -> Iterator[Formula]:
    if isinstance(formula, Cases):
        yield from _outcomes(formula.then)
        yield from _outcomes(formula.otherwise)
    else:
        yield formula


def _terms(formula: Formula) -> Iterator[Formula]:
    yield from formula.terms if isinstance(formula, Add) else (formula,)
