"""A task -> what every variant has to satisfy, judged for many variants at once and exactly for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations

import numpy as np

from generator.backward.derivative import kinks
from generator.errors import SolveError
from generator.formula.functions import ACTIVATIONS, textbook_derivative
from generator.formula.tree import Call, Formula, Num, Ref, substitute
from generator.graph.quantities import Role
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
from generator.solve.rounding import Carry


class Judge:
    """All requirements of a task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.difficulty: Difficulty = difficulty(task)
        self._formulas: dict[str, Formula] = {}
        allowed = task.exercise.allow
        self.checks = tuple(check for check in self._all() if check.code not in allowed)
        self.engine = Engine(task, self._formulas)

    def batch(self, places: Mapping[str, Places]) -> Batch:
        """The numbers of many variants."""
        return self.engine.batch(places)

    def failing(self, batch: Batch) -> Iterator[tuple[Check, Mask]]:
        """Each requirement with the variants that fail it, as far as double precision tells."""
        with np.errstate(all="ignore"):
            for check in self.checks:
                yield check, check.fails(batch)

    def accepted(self, batch: Batch) -> tuple[Mask, Mask]:
        """Which variants satisfy everything, as far as double precision tells, and which have to be judged exactly."""
        failed = np.zeros(batch.size, dtype=np.bool_)
        for _, mask in self.failing(batch):
            failed |= mask
        return ~failed & ~batch.doubt, batch.doubt

    def judged(self, draws: Sequence[Mapping[str, int]]) -> Iterator[bool]:
        """Whether each draw is acceptable; where double precision does not tell, it is worked exactly."""
        columns: dict[str, Places] = {
            given: np.array([places[given] for places in draws], dtype=np.int64) for given in self.task.choices
        }
        batch = self.batch(columns)
        accepted, doubt = self.accepted(batch)
        for places, good, unsure in zip(draws, accepted.tolist(), doubt.tolist(), strict=True):
            yield self.exactly(self.task.numbers(places)) is None if unsure else good

    def exactly(self, drawn: Mapping[str, Fraction]) -> Check | None:
        """The first requirement that a variant fails, decided exactly (`None`: it satisfies all)."""
        try:
            variant = self.task.variant(drawn)
            student = self.task.student(variant)
        except SolveError:
            return self.checks[0]
        case = Case(variant, student)
        return next((check for check in self.checks if check.fails_exactly(case)), None)

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
                derived = textbook_derivative(Call(formula.name, (Ref("x"), *formula.args[1:])), "x", "y")
                if derived is not None and not isinstance(derived, Num):
                    slope = substitute(derived, {"x": formula.args[0], "y": Ref(quantity.name)})
                    bends = bool(kinks(formula))
                    helper = f"slope of {quantity.name}"
                    self._formulas[helper] = slope
                    code = "dead" if bends else "saturated"
                    idle = partial(flat, name=helper, kinked=kinked(formula) if bends else "")
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
