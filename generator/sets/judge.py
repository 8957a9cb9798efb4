"""A task -> what every variant has to satisfy, judged for many variants at once and exactly for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import partial
from itertools import combinations

import numpy as np

from generator.errors import SolveError
from generator.formula import Call, Formula, Num, Ref, substitute
from generator.functions import ACTIVATIONS
from generator.graph import Role
from generator.infix import parse
from generator.rounding import Carry
from generator.sets.batch import Batch, Engine, Mask, Places
from generator.sets.checks import (
    CLOSE,
    Case,
    Check,
    equals,
    equals_exactly,
    flat,
    flat_exactly,
    kinked,
    same,
    same_exactly,
    violates,
    violates_exactly,
    zero,
    zero_exactly,
)
from generator.sets.difficulty import Difficulty, difficulty, score
from generator.sets.require import Comparison
from generator.sets.task import Task
from generator.worksheet import worksheet


class Judge:
    """All requirements of a task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.difficulty: Difficulty = difficulty(task)
        self._formulas: dict[str, Formula] = {}
        allowed = task.exercise.allow
        self.checks = tuple(check for check in self._all() if check.code not in allowed)
        self.engine = Engine(task, self._formulas)
        self._pairs = self._coincidences()

    def batch(self, places: Mapping[str, Places]) -> Batch:
        """The numbers of many variants."""
        return self.engine.batch(places)

    def failing(self, batch: Batch) -> Iterator[tuple[Check, Mask]]:
        """Each requirement with the variants that fail it, as far as double precision tells."""
        with np.errstate(all="ignore"):
            for check in self.checks:
                yield check, check.fails(batch)

    def accepted(self, batch: Batch) -> tuple[Mask, Mask]:
        """Which variants satisfy everything, and which have to be judged exactly."""
        failed = np.zeros(batch.size, dtype=np.bool_)
        for _, mask in self.failing(batch):
            failed |= mask
        batch.doubt |= self._other_layout(batch)
        return ~failed & ~batch.doubt, batch.doubt

    def exactly(self, drawn: Mapping[str, Fraction]) -> Check | None:
        """The first requirement that a variant fails, decided exactly (`None`: it satisfies all)."""
        try:
            variant = self.task.variant(drawn)
            student = self.task.student(variant)
        except SolveError:
            return self.checks[0]
        case = Case(variant, student)
        return next((check for check in self.checks if check.fails_exactly(case)), self._layout(case))

    # --- the requirements ---

    def _all(self) -> Iterator[Check]:
        task, graph = self.task, self.task.worked.graph
        yield Check("value", "", self._no_value, lambda case: False)
        for text, comparisons in task.requirements:
            for comparison in comparisons:
                yield self._required(text, comparison)
        for name in task.asked:
            yield Check("zero", name, partial(zero, name=name), partial(zero_exactly, name=name))
        for name in task.asked:
            quantity = graph[name]
            if quantity.role is Role.UPDATE:
                old = quantity.label.of
                unmoved, exactly = partial(same, name=name, old=old), partial(same_exactly, name=name, old=old)
                yield Check("unchanged", name, unmoved, exactly)
        yield from self._idle()
        yield from self._equal()
        if task.rounding.carry is Carry.EXACT:
            for name in task.asked:
                yield Check("tolerance", name, partial(self._far, name=name), partial(self._far_exactly, name=name))
        yield Check("difficulty", "", self._uneven, self._uneven_exactly)

    def _no_value(self, batch: Batch) -> Mask:
        wrong = np.zeros(batch.size, dtype=np.bool_)
        for quantity in self.task.worked.graph:
            wrong |= ~np.isfinite(batch.values[quantity.name])
        return wrong

    def _required(self, text: str, comparison: Comparison) -> Check:
        names = (f"left of {len(self._formulas)}", f"right of {len(self._formulas)}")
        self._formulas |= dict(zip(names, (comparison.left, comparison.right), strict=True))
        givens = self.task.worked.graph.givens
        sides = (comparison.left, comparison.right)
        plain = all(isinstance(side, Num) or (isinstance(side, Ref) and side.name in givens) for side in sides)
        fails = partial(violates, names=names, op=comparison.op, plain=plain)
        return Check("require", text, fails, partial(violates_exactly, comparison=comparison))

    def _idle(self) -> Iterator[Check]:
        """Units on the way to what is asked whose derivative vanishes at the digits shown."""
        for quantity in self.task.worked.graph:
            formula = quantity.formula
            if quantity.name in self.task.needed and isinstance(formula, Call) and formula.name in ACTIVATIONS:
                row = ACTIVATIONS[formula.name]
                slope = substitute(parse(row.derivative), {"x": formula.args[0], "y": Ref(quantity.name)})
                if not isinstance(slope, Num):
                    helper = f"slope of {quantity.name}"
                    self._formulas[helper] = slope
                    code = "dead" if row.kink else "saturated"
                    idle = partial(flat, name=helper, kinked=kinked(formula) if row.kink else "")
                    yield Check(code, quantity.name, idle, partial(flat_exactly, slope=slope))

    def _equal(self) -> Iterator[Check]:
        """Blanks that show the same as a later one; a step that hands its operand on (a rectifier) is none."""
        graph = self.task.worked.graph
        later: dict[str, list[str]] = {}
        for one, other in combinations(self.task.asked, 2):
            if other not in graph.operands[one] and one not in graph.operands[other]:
                later.setdefault(one, []).append(other)
        for name, others in later.items():
            listed = tuple(others)
            same = partial(equals, name=name, others=listed)
            yield Check("equal", name, same, partial(equals_exactly, name=name, others=listed))

    def _far(self, batch: Batch, name: str) -> Mask:
        off = np.abs(batch.student[name] - batch.shown(name))
        allowed = self.task.exercise.tolerance * batch.unit(name)
        batch.doubt |= batch.student_near & (off > allowed / 2)
        far: Mask = off > allowed * (1 + CLOSE)
        return far

    def _far_exactly(self, case: Case, name: str) -> bool:
        off = abs(case.student.number(name).value - case.shown(name))
        return off > self.task.tolerance(case.shown(name))

    def _uneven(self, batch: Batch) -> Mask:
        scores = self.difficulty.scores(batch)
        outside: Mask = (scores < self.difficulty.low) | (scores > self.difficulty.high)
        return outside

    def _uneven_exactly(self, case: Case) -> bool:
        return not self.difficulty.low <= score(self.difficulty, case.variant) <= self.difficulty.high

    # --- the layout: everybody has the same blanks ---

    def _layout(self, case: Case) -> Check | None:
        """A faded worksheet leaves out a blank whose value stands printed elsewhere; then it is not the same paper."""
        level = self.task.exercise.level
        if level != "faded":
            return None
        same = tuple(answer.quantity for answer in worksheet(case.variant, level).answers) == self.task.asked
        return None if same else Check("layout", "", lambda batch: batch.doubt, lambda case: True)

    def _coincidences(self) -> tuple[tuple[str, str, bool], ...]:
        """At level `faded`: each pair of quantities, and whether both show the same size in the usual variant."""
        if self.task.exercise.level != "faded":
            return ()
        graph = self.task.worked.graph
        sizes = {q.name: abs(self.task.worked.trace.number(q.name).value) for q in graph}
        pairs = combinations(sizes, 2)
        computed = ((one, other) for one, other in pairs if graph[one].formula or graph[other].formula)
        return tuple((one, other, sizes[one] == sizes[other]) for one, other in computed)

    def _other_layout(self, batch: Batch) -> Mask:
        """Where sizes coincide that do not in the usual variant, or the other way round."""
        other = np.zeros(batch.size, dtype=np.bool_)
        givens = self.task.worked.graph.givens
        names = dict.fromkeys(name for one, two, _ in self._pairs for name in (one, two))
        sizes = {name: np.abs(batch.values[name] if name in givens else batch.shown(name)) for name in names}
        for one, two, alike in self._pairs:
            other |= (np.abs(sizes[one] - sizes[two]) < CLOSE) != alike
        return other
