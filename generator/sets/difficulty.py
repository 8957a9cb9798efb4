"""A task -> how hard a variant is to work: operations by kind, digits to copy, signs to mind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from generator.compiled import Array
from generator.exact import bounds
from generator.formula import Add, Call, Cases, Div, Mul, Neg, Pow, Ref, walk
from generator.pipeline import Worked
from generator.sets.batch import Batch, digits
from generator.sets.task import Task

# What one operation counts, by its kind. A sum of three terms is two additions.
KINDS: Mapping[str, int] = {"add": 1, "multiply": 2, "divide": 3, "power": 2, "function": 4, "case": 1}
_CLOSE = 1e-9  # a sign this close to zero is decided exactly


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
            values = batch.values[name]
            if name in batch.digits:
                total += times * batch.digits[name]
            else:
                batch.doubt |= np.abs(values) < _CLOSE
            total += times * (values < 0)
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
    own = score(bare, task.own)
    share = task.exercise.difficulty
    return Difficulty(ordered, dict(uses), own, ceil(own * (1 - share)), floor(own * (1 + share)))


def score(measure: Difficulty, variant: Worked) -> int:
    """The difficulty of one variant, exactly."""
    total = measure.fixed
    for name, times in measure.uses.items():
        given = variant.graph.givens.get(name)
        if given is not None:
            total += times * digits(given)
        value = variant.trace.values[name]
        total += times * (bounds(value)[1] < 0)
    return total
