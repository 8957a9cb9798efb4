"""A task's variants -> whether their worksheets have the same blanks.

A faded worksheet prints some values and leaves out a blank whose value stands printed elsewhere, so its blanks depend
on which values coincide, and on nothing else. Each pattern of coincidences is looked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations

import numpy as np

from generator.pipeline import Worked
from generator.sets.batch import Batch, Engine
from generator.sets.task import Task
from generator.solve.compiled import Array
from generator.views.worksheet import worksheet

Pattern = tuple[tuple[int, int], ...]  # pairs that are not as in the usual variant: their number, and how they are

_CLOSE = 1e-9
_APART, _OPPOSITE, _EQUAL = 0, 1, 2


class Layouts:
    """The pairs of quantities whose coincidence may matter, and what is known about patterns of them."""

    def __init__(self, task: Task, engine: Engine) -> None:
        self.task = task
        self.faded = task.exercise.level == "faded"
        self._known: dict[Pattern, bool] = {}
        graph, decimals = task.worked.graph, task.rounding.decimals
        computed = {q.name for q in graph if q.formula is not None} if self.faded else set()
        names = [q.name for q in graph] if self.faded else []
        self.pairs = [pair for pair in combinations(names, 2) if computed & set(pair)]
        usual = {name: np.array([float(task.worked.trace.number(name).value)]) for name in names}
        self._usual = [int(_alike(usual[one], usual[other])[0]) for one, other in self.pairs]
        # Where a value may or may not be just what is shown, 0.5 and 0.5000 are the same number but not the same text.
        open_ = {name for name in computed if (engine.grain[name] or 0) > decimals or task.rounding.significant}
        self._open = {place for place, pair in enumerate(self.pairs) if open_ & set(pair)}

    def patterns(self, batch: Batch) -> dict[int, Pattern]:
        """For each variant in which something coincides otherwise than usual, the pattern of it."""
        if not self.faded:
            return {}
        givens = self.task.worked.graph.givens
        names = dict.fromkeys(name for pair in self.pairs for name in pair)
        values = {name: batch.values[name] if name in givens else batch.shown(name) for name in names}
        found: dict[int, list[tuple[int, int]]] = {}
        for place, (one, other) in enumerate(self.pairs):
            how = _alike(values[one], values[other])
            for number in np.flatnonzero(how != self._usual[place]).tolist():
                found.setdefault(number, []).append((place, int(how[number])))
        return {number: tuple(pattern) for number, pattern in found.items()}

    def usual(self, pattern: Pattern, drawn: Mapping[str, Fraction]) -> bool:
        """Whether a variant with a pattern has the usual blanks."""
        if not pattern:
            return True
        if any(place in self._open for place, _ in pattern):
            return self.same(self.task.variant(drawn))
        if pattern not in self._known:
            self._known[pattern] = self.same(self.task.variant(drawn))
        return self._known[pattern]

    def same(self, variant: Worked) -> bool:
        """Whether a variant's worksheet has the usual blanks."""
        if not self.faded:
            return True
        answers = worksheet(variant, self.task.exercise.level).answers
        return tuple(answer.quantity for answer in answers) == self.task.asked


def _alike(one: Array, other: Array) -> Array:
    """How two quantities coincide: not at all, in size, or altogether."""
    size = np.abs(np.abs(one) - np.abs(other)) < _CLOSE
    return np.where(size, np.where(np.abs(one - other) < _CLOSE, _EQUAL, _OPPOSITE), _APART)
