"""What one requirement is, and each built-in one: for many variants at once, and exactly for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from generator.formula.tree import Call, Formula, Ref
from generator.pipeline import Worked
from generator.sets.batch import Batch, Mask, rounded
from generator.sets.require import Comparison
from generator.solve.exact import Exact, Undecided, Undefined, bounds, evaluate, precision
from generator.solve.rounding import Rounding
from generator.solve.traces import Trace

CLOSE = 1e-9
_BITS = (256, 1024, 4096)


@dataclass(frozen=True)
class Case:
    """One variant, worked exactly: as the document shows it, and by somebody who rounds every step."""

    variant: Worked
    student: Trace

    def shown(self, name: str) -> Fraction:
        """A quantity's shown number."""
        return self.variant.trace.number(name).value


@dataclass(frozen=True)
class Check:
    """A requirement: its `code` (a key of the language files), what it is about, and whether a variant fails it."""

    code: str
    subject: str
    fails: Callable[[Batch], Mask]
    fails_exactly: Callable[[Case], bool]


# --- requirements of the author ---


def violates(batch: Batch, names: tuple[str, str], op: str, plain: bool) -> Mask:
    """Where a comparison of two helper formulas does not hold (`plain`: of givens alone, which floats tell apart)."""
    left, right = (batch.values[name] for name in names)
    if not plain:
        batch.doubt |= np.abs(left - right) <= CLOSE * (np.abs(left) + np.abs(right)) + 1e-12
    holds: dict[str, Callable[[], Mask]] = {
        "<": lambda: left < right, "<=": lambda: left <= right, ">": lambda: left > right,
        ">=": lambda: left >= right, "!=": lambda: left != right,
    }  # fmt: skip
    return ~holds[op]()


def violates_exactly(case: Case, comparison: Comparison) -> bool:
    """Whether a comparison does not hold."""
    sign = _sign(comparison.difference, case.variant.trace)
    if sign is None:
        return True
    return not {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0, "!=": sign != 0}[comparison.op]


def _sign(tree: Formula, found: Trace) -> int | None:
    """-1, 0 or 1 (also where no precision tells it from zero); `None` where the formula has no value."""
    for bits in _BITS:
        with precision(bits):
            try:
                low, high = bounds(evaluate(tree, found.values.__getitem__))
            except Undecided:
                continue
            except Undefined:
                return None
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            if low == high:
                return 0
    return 0


# --- zero, unchanged, equal, idle ---


def zero(batch: Batch, name: str) -> Mask:
    """Where an answer is zero at the digits shown."""
    zero: Mask = batch.shown(name) == 0
    return zero


def zero_exactly(case: Case, name: str) -> bool:
    """Whether an answer is zero at the digits shown."""
    return case.shown(name) == 0


def same(batch: Batch, name: str, old: str) -> Mask:
    """Where an update changes nothing at the digits shown."""
    same: Mask = np.abs(batch.shown(name) - batch.values[old]) < CLOSE * batch.unit(name)
    return same


def same_exactly(case: Case, name: str, old: str) -> bool:
    """Whether an update changes nothing at the digits shown."""
    return case.shown(name) == case.shown(old)


def equals(batch: Batch, name: str, others: tuple[str, ...]) -> Mask:
    """Where an answer is the same as one of the others."""
    found = np.zeros(batch.size, dtype=np.bool_)
    own = batch.shown(name)
    for other in others:
        found |= own == batch.shown(other)
    return found


def equals_exactly(case: Case, name: str, others: tuple[str, ...]) -> bool:
    """Whether an answer is the same as one of the others."""
    return any(case.shown(name) == case.shown(other) for other in others)


def kinked(formula: Call) -> str:
    """The quantity at whose zero the unit has its kink."""
    argument, *_ = formula.args
    return argument.name if isinstance(argument, Ref) else ""


def flat(batch: Batch, name: str, kinked: str) -> Mask:
    """Where a unit's derivative (the formula `name`) vanishes as it is shown; its kink is where `kinked` is zero."""
    if kinked:
        batch.doubt |= np.abs(batch.values[kinked]) < CLOSE
    shown, _, near = rounded(batch.values[name], _places(batch.rounding))
    batch.doubt |= near
    flat: Mask = shown == 0
    return flat


def flat_exactly(case: Case, slope: Formula) -> bool:
    """Whether a unit's derivative vanishes at the digits shown."""
    rounding = _places(case.variant.trace.rounding)
    for bits in _BITS:
        with precision(bits):
            try:
                value: Exact = evaluate(slope, case.variant.trace.values.__getitem__)
                return rounding.number(value) == 0
            except Undecided:
                continue
            except Undefined:
                return True
    return True


def _places(rounding: Rounding) -> Rounding:
    """A slope is called flat by decimals, also where numbers are shown with significant digits."""
    return rounding if rounding.uniform else Rounding(decimals=rounding.digits, mode=rounding.mode)
