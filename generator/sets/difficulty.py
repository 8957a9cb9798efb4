"""A task -> how hard a variant is to work: operations by kind, digits to copy, signs to mind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from generator.formula.tree import Add, Call, Cases, Div, Mul, Neg, Pow, Ref, walk
from generator.pipeline import Worked
from generator.sets.batch import Batch, digits
from generator.sets.task import Task
from generator.solve.compiled import Array
from generator.variants.shown import Shown

# What one operation counts, by its kind. A sum of three terms is two additions.
KINDS: Mapping[str, int] = {"add": 1, "multiply": 2, "divide": 3, "power": 2, "function": 4, "case": 1}


@dataclass(frozen=True)
class Difficulty:
    """What a task's working consists of: operations by kind (the same in every variant), and how often each quantity
    is put into a formula (its digits and its sign count each time)."""

    operations: Mapping[str, int]
    uses: Mapping[str, int]
    own: int
    low: int
    high: int

    def scores(self, batch: Batch) -> Array:
        """The difficulty of each variant of a batch."""
        total = np.full(batch.size, float(self.fixed))
        for name, times in self.uses.items():
            if name in batch.digits:
                total += times * (batch.digits[name] + (batch.values[name] < 0))
            else:
                total += times * (batch.shown(name) < 0)
        return total

    @property
    def fixed(self) -> int:
        """What the operations count."""
        return sum(KINDS[kind] * count for kind, count in self.operations.items())


def difficulty(task: Task) -> Difficulty:
    """The difficulty of a task, with the band around that of its own numbers."""
    operations: Counter[str] = Counter()
    uses: Counter[str] = Counter()
    for quantity in task.worked.graph:
        if quantity.name in task.needed and quantity.formula is not None:
            for tree in walk(quantity.formula):
                match tree:
                    case Ref(name):
                        uses[name] += 1
                    case Add(terms):
                        operations["add"] += len(terms) - 1
                    case Mul(factors):
                        operations["multiply"] += len(factors) - 1
                    case Div():
                        operations["divide"] += 1
                    case Pow():
                        operations["power"] += 1
                    case Call():
                        operations["function"] += 1
                    case Cases():
                        operations["case"] += 1
                    case Neg():
                        pass  # a sign, which is counted where a number has it
    ordered = {kind: operations[kind] for kind in KINDS if operations[kind]}
    bare = Difficulty(ordered, dict(uses), 0, 0, 0)
    own = score(bare, task.worked)
    share = task.exercise.difficulty
    return Difficulty(ordered, dict(uses), own, ceil(own * (1 - share)), floor(own * (1 + share)))


def score(measure: Difficulty, variant: Worked) -> int:
    """The difficulty of one variant, exactly."""
    total = measure.fixed
    for name, times in measure.uses.items():
        given = variant.graph.givens.get(name)
        if given is not None:
            total += times * digits(given)
        total += times * (variant.trace.number(name).value < 0)
    return total


def scores_of(measure: Difficulty, found: Shown) -> list[int]:
    """The difficulty of each variant whose shown numbers are known."""
    totals = np.full(found.count, measure.fixed, dtype=np.int64)
    for name, times in measure.uses.items():
        if name in found.graph.givens:
            values = found.givens.get(name, [found.graph.givens[name]] * found.count)
            totals += times * np.array([digits(value) for value in values])
        totals += times * found.negative[name]
    return [int(total) for total in totals]
