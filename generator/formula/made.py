"""What has been worked -> the names that formulas have, and exact values where whatever they need is rational."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from generator.formula.entrywise import entries_of
from generator.formula.grids import Grid, Line, Value
from generator.formula.indices import constant
from generator.formula.tree import Formula, Num, Ref, references

_LONGEST = 4096  # bits of a numerator or denominator; nothing longer is looked at


class Made:
    """What has been worked so far: names by values, formulas by names, and the numbers that are given."""

    def __init__(self, givens: Mapping[str, Fraction]) -> None:
        self.names: dict[Value, str] = {}
        self.formulas: dict[str, Formula] = {}
        self.numbers: dict[str, Fraction | None] = {**givens}
        self.flat: list[str] = []  # ranks: they only count, so no gradient goes through them
        self.eliminated = False  # whether a system of equations has been among it

    def remember(self, line: Line) -> None:
        """Keep the name of what a line works, and of its entries, rows or matrices, by their formulas."""
        self.names.setdefault(line.value, line.name)
        if isinstance(line.value, Grid):
            for place, part in enumerate(line.value.parts, 1):
                if not all(isinstance(entry, Ref | Num) for entry in entries_of(part)):
                    self.names.setdefault(part, f"{line.name}_{place}")
        self.formulas |= {entry: formula for entry, _, formula in line.entries()}

    def exactly(self, tree: Formula) -> Fraction | None:
        """What a formula is for the given numbers; `None` where that is no fraction, or a long one."""
        waiting = [*references(tree)]
        while waiting:
            name = waiting[-1]
            formula = self.formulas.get(name)
            missing = [other for other in references(formula) if other not in self.numbers] if formula else []
            if name not in self.numbers and missing:
                waiting += missing
                continue
            if name not in self.numbers:
                self.numbers[name] = self._value(formula) if formula else None
            waiting.pop()
        return self._value(tree)

    def _value(self, tree: Formula) -> Fraction | None:
        value = constant(tree, lambda ref: self.numbers.get(ref.name))
        if value is not None and max(value.numerator.bit_length(), value.denominator.bit_length()) > _LONGEST:
            return None
        return value
