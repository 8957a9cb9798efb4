"""Section -> the same section, where the many entries of one image, matrix or vector that are worked alike are a table.

What is worked in full stays. Of the others only the values are left, at their places, and the derivatives that came in
between are left out, unless a formula that is printed has them: they are made as those of the entry that is worked in
full. A table stands where the last of its entries had its turn, so that all that it comes from stands before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from generator.derive.equations import Equations
from generator.derive.steps import Section, Step
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Cases, Formula, Ref, rebuild, references
from generator.graph.quantities import Role
from generator.graph.wholes import grids, wholes
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
            for grid in grids(whole):
                rows = grid.rows() if len(grid.dims) > 1 else (grid.entries,)
                for row, names in enumerate(rows):
                    home |= {name: Place(grid.name, (row,), column) for column, name in enumerate(names)}
    alike = _Alike(worked, Equations(worked.graph, worked.trace, worked.writer), home)
    made = alike.steps(section.steps)
    while missing := alike.missing(section, made):
        alike = replace(alike, kept=alike.kept | missing)
        made = alike.steps(section.steps)
    return replace(section, steps=made)


@dataclass(frozen=True)
class _Alike:
    """`home` is the place of every entry of what is large enough; `kept` are derivatives that are not left out."""

    worked: Worked
    equations: Equations
    home: dict[str, Place]
    kept: frozenset[str] = frozenset()

    def missing(self, section: Section, made: Sequence[Step]) -> frozenset[str]:
        """What the formulas in `made` speak of and the section works, though it is nowhere in `made`."""
        steps = [inner for step in made for inner in step.walk()]
        equations = (equation for step in steps if not step.cell for equation in (*step.opening, *step.equations))
        formulas = (part.formula for equation in equations for part in equation.parts if part.kind == "formula")
        used = {name for formula in formulas for name in references(formula)}
        worked = {step.target for step in section.walk()}
        return frozenset(used & worked - {step.target for step in steps} - self.kept)

    def steps(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """`steps`, and those inside them, with those that are worked alike as cells of tables."""
        places = [self._place(step) for step in steps]
        listed: dict[str, list[int]] = {}
        for number, (step, place) in enumerate(zip(steps, places, strict=True)):
            if place is not None and not step.full:
                listed.setdefault(place.table, []).append(number)
        chosen = {
            table: run
            for table, run in listed.items()
            if len(run) >= _RUN
            and self._is_plain(places, table)
            and self._are_alike(steps, places, table)
            and not self._is_handed_on(steps, places, table)
        }
        moved = {number: table for table, run in chosen.items() for number in run}
        turns: dict[int, list[str]] = {}
        for table, run in chosen.items():
            turns.setdefault(self._turn(steps, places, table, run), []).append(table)
        made: list[Step] = []
        for number, step in enumerate(steps):
            if number not in moved:
                made.append(replace(step, before=self.steps(step.before)))
            elif moved.get(number - 1) != moved[number]:
                made += self._before(steps, chosen[moved[number]], number)
            for table in turns.get(number, []):
                made += self._table(steps, places, table)
        return tuple(made)

    def _turn(self, steps: Sequence[Step], places: Sequence[Place | None], table: str, run: list[int]) -> int:
        """After which step a table stands: the last of its entries, unless something before that needs one of them."""
        operands, listed = self.worked.graph.operands, {steps[number].target for number in run}
        own = [number for number, place in enumerate(places) if place is not None and place.table == table]
        for number in range(run[0] + 1, own[-1]):
            used = {name for inner in steps[number].walk() for name in operands.get(inner.target, ())}
            if number not in own and not listed.isdisjoint(used):
                return number - 1
        return own[-1]

    def _before(self, steps: Sequence[Step], run: list[int], start: int) -> tuple[Step, ...]:
        """What the values of a table are made of, as far as they follow one another from `start` on."""
        graph, found = self.worked.graph, list[Step]()
        for number in range(start, run[-1] + 1):
            if number not in run:
                break
            found += (s for s in steps[number].before if graph[s.target].role is Role.GRADIENT or s.target in self.kept)
        return self.steps(found)

    def _is_plain(self, places: Sequence[Place | None], table: str) -> bool:
        """Whether no two values have the same place, as where an entry acts on several others."""
        own = [place for place in places if place is not None and place.table == table]
        return len(set(own)) == len(own)

    def _is_handed_on(self, steps: Sequence[Step], places: Sequence[Place | None], table: str) -> bool:
        """Whether values come from others by way of something else, as weights do by way of the scores with them."""
        graph, pairs = self.worked.graph, zip(places, steps, strict=True)
        own = {step.target for place, step in pairs if place is not None and place.table == table}
        ways = {name for target in own for name in graph.operands[target]} - own
        return not own.isdisjoint(graph.needed(*ways))

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

    def _table(self, steps: Sequence[Step], places: Sequence[Place | None], table: str) -> Iterator[Step]:
        """The values of a table, also of what is worked in full."""
        pairs = zip(places, steps, strict=True)
        cells = {place: step for place, step in pairs if place is not None and place.table == table}
        return (self._cell(cells[place], place) for place in sorted(cells))

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
    return sum_of(terms)


def _outcomes(formula: Formula) -> Iterator[Formula]:
    if isinstance(formula, Cases):
        yield from _outcomes(formula.then)
        yield from _outcomes(formula.otherwise)
    else:
        yield formula


def _terms(formula: Formula) -> Iterator[Formula]:
    yield from formula.terms if isinstance(formula, Add) else (formula,)
