"""A task and draws -> the numbers of many variants at once, in double precision, with what is too close to tell.

Nothing here is printed: a variant whose digits are near a tie is marked, and worked exactly before it is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from generator.formula.functions import expand
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, shortest
from generator.graph.quantities import Graph, Label, Quantity, Role
from generator.sets.task import Task
from generator.solve.compiled import Array, compile_graph
from generator.solve.rounding import Carry, Mode, Rounding

Places = np.ndarray[Any, np.dtype[np.int64]]  # which of its values each given takes
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Function = Callable[..., tuple[Array, ...]]

_FINEST = 6  # decimals beyond the shown ones that double precision still tells for certain
_LARGEST = 400  # more digits than a double has before the point
_ERROR = 1e-13  # far more than double precision loses in a graph, relative to the size of the numbers


def rounded(values: Array, rounding: Rounding, grain: int | None = None) -> tuple[Array, Array, Mask]:
    """`values` as they are shown, the unit of the last digit of each, and where a digit is too close to tell.

    `grain` is how many decimals the values have, where they end: then their last digits, and so every tie, are certain.
    """
    size = np.abs(values)
    significant, fewest = rounding.significant or rounding.least, rounding.decimals  # decimals that are always shown
    if rounding.significant is not None:
        fewest = -_LARGEST
    behind = _behind_point(size, significant) if significant else np.full(size.shape, -float(_LARGEST))
    places = np.maximum(behind, float(fewest))
    finer = None if significant or grain is None else max(0, grain - rounding.decimals)
    scale = 10.0**places
    scaled = size * scale
    margin = 1e-7 + scale * _ERROR * np.maximum(1.0, size)
    if finer is not None and finer <= _FINEST:
        steps = np.rint(scaled * 10.0**finer)
        whole, rest = np.divmod(steps, 10.0**finer)
        whole, rest = whole + 0.0, rest / 10.0**finer
        near = margin * 10.0**finer > 0.25  # the last digits are lost in such large numbers
    else:
        whole = np.floor(scaled)
        rest = scaled - whole
        off = np.minimum(rest, 1.0 - rest) if rounding.mode is Mode.TOWARD_ZERO else np.abs(rest - 0.5)
        near = off < margin
    match rounding.mode:
        case Mode.TOWARD_ZERO:
            up = rest > 1.0 - margin
        case Mode.HALF_UP:
            up = rest >= 0.5
        case _:
            up = (rest > 0.5) | ((rest == 0.5) & (whole % 2 == 1))
    whole = whole + up
    shown = np.where(values < 0, 0.0 - whole, whole) / scale
    if not significant:
        return shown, 1.0 / scale, near
    # 0.9996 is shown as 1.00: the last digit of what is shown counts. Beside a power of ten, floats may miss it.
    units = 10.0 ** -np.maximum(float(fewest), _behind_point(np.abs(shown) * (1 + 1e-12), significant))
    near = near | (np.abs(size * 10.0 ** (behind + 1 - significant) - 1.0) < 1e-9)
    return shown, np.where(size > 0, units, 10.0**-rounding.decimals), near


def _behind_point(size: Array, significant: int) -> Array:
    """How many decimals numbers with so many significant digits have (fewer than none where they are large)."""
    decimals_: Array = significant - 1 - np.floor(np.log10(np.where(size > 0, size, 1.0)))
    return decimals_


def decimals(tree: Formula, of: Mapping[str, int | None]) -> int | None:
    """How many decimals a formula's value has at most, where those of its operands end (`None`: it may not end)."""
    match tree:
        case Num(value):
            return _places(value)
        case Ref(name):
            return of[name]
        case Neg(body):
            return decimals(body, of)
        case Add(terms):
            return _all([decimals(term, of) for term in terms], max)
        case Mul(factors):
            return _all([decimals(factor, of) for factor in factors], sum)
        case Pow(base, Num(exponent)) if exponent.denominator == 1 and exponent >= 0:
            inner = decimals(base, of)
            return None if inner is None else inner * int(exponent)
        case Call(name, args) if name in ("max", "min", "abs"):
            return _all([decimals(arg, of) for arg in args], max)
        case Cases(_, _, _, then, otherwise):
            return _all([decimals(then, of), decimals(otherwise, of)], max)
        case Div(top, Num(bottom)) if _places(1 / bottom) is not None:
            return decimals(Mul((top, Num(1 / bottom))), of)
    return None


def _all(found: list[int | None], join: Callable[[list[int]], int]) -> int | None:
    known = [places for places in found if places is not None]
    return join(known) if len(known) == len(found) else None


def _places(value: Fraction) -> int | None:
    text = shortest(value)
    return None if "/" in text else len(text.partition(".")[2])


@dataclass
class Batch:
    """Variants side by side. `values` are those of the document; `student` those of one who rounds every step.

    `doubt` marks the variants in which something that was looked at was too close to tell.
    """

    size: int
    rounding: Rounding
    values: Mapping[str, Array]
    student: Mapping[str, Array]
    student_near: Mask
    digits: Mapping[str, Array]
    doubt: Mask
    grain: Mapping[str, int | None]
    _shown: dict[str, tuple[Array, Array]] = field(default_factory=dict, repr=False)

    def shown(self, name: str) -> Array:
        """A quantity as it is shown."""
        return self._rounded(name)[0]

    def unit(self, name: str) -> Array:
        """The unit of a shown quantity's last digit."""
        return self._rounded(name)[1]

    def _rounded(self, name: str) -> tuple[Array, Array]:
        if name not in self._shown:
            shown, unit, near = rounded(self.values[name], self.rounding, self.grain.get(name))
            self.doubt |= near
            self._shown[name] = (shown, unit)
        return self._shown[name]


class Engine:
    """The straight-line functions of a task's quantities and of further formulas over them, compiled once."""

    def __init__(self, task: Task, formulas: Mapping[str, Formula]) -> None:
        self.task = task
        graph = task.worked.graph
        helpers = [Quantity(name, Role.AFTER, Label(name), formula) for name, formula in formulas.items()]
        self.functions = _functions(graph)
        whole = graph.extended(*helpers)
        self.helpers = {name: _function(whole, name) for name in formulas}
        self.grain, self.stepwise = self._grains()
        self.floats = {name: np.array([float(v) for v in one.values]) for name, one in task.choices.items()}
        self.digits = {name: np.array([digits(v) for v in one.values]) for name, one in task.choices.items()}

    def _grains(self) -> tuple[dict[str, int | None], dict[str, int | None]]:
        """How many decimals each quantity has where they end: with full values, and from shown operands."""
        graph, rounding = self.task.worked.graph, self.task.rounding
        exact: dict[str, int | None] = {}
        for name, value in graph.givens.items():
            exact[name] = _all([_places(v) for v in (value, *getattr(self.task.choices.get(name), "values", ()))], max)
        operands, stepwise = dict(exact), dict(exact)
        for quantity in graph:
            if quantity.formula is not None:
                formula = expand(quantity.formula)
                exact[quantity.name] = decimals(formula, exact)
                stepwise[quantity.name] = decimals(formula, operands)
                operands[quantity.name] = rounding.decimals if rounding.uniform else None
        return (stepwise if rounding.carry is Carry.SHOWN else exact), stepwise

    def batch(self, places: Mapping[str, Places]) -> Batch:
        """Work the variants in which each given takes the value at its place."""
        task, size = self.task, len(next(iter(places.values())))
        graph, rounding = task.worked.graph, task.rounding
        start = {name: np.full(size, float(value)) for name, value in graph.givens.items()}
        start |= {name: self.floats[name][at] for name, at in places.items()}
        held = {name: np.full(size, digits(value)) for name, value in graph.givens.items()}
        held |= {name: self.digits[name][at] for name, at in places.items()}
        doubt, near = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        with np.errstate(all="ignore"):
            if rounding.carry is Carry.SHOWN:
                values, _ = self._stepwise(start, doubt)
                student: Mapping[str, Array] = {}
            else:
                values = dict(start)
                for name, (operands, run) in self.functions.items():
                    values[name] = _wide(run(*(values[operand] for operand in operands))[0], size)
                student = self._stepwise(start, near)[1]
            for name, (operands, run) in self.helpers.items():
                values[name] = _wide(run(*(values[operand] for operand in operands))[0], size)
        return Batch(size, rounding, values, student, near, held, doubt, self.grain)

    def _stepwise(self, start: Mapping[str, Array], near: Mask) -> tuple[dict[str, Array], dict[str, Array]]:
        """Every quantity from the shown numbers of its operands: its value, and how it is shown."""
        values, shown = dict(start), dict(start)
        for name, (operands, run) in self.functions.items():
            values[name] = _wide(run(*(shown[operand] for operand in operands))[0], len(near))
            shown[name], _, close = rounded(values[name], self.task.rounding, self.stepwise[name])
            near |= close
        return values, shown


def digits(value: Fraction) -> int:
    """How many significant digits a number has as it is given."""
    text = shortest(value)
    return max(1, len(text.lstrip("-0.").replace(".", "")))


def _wide(result: Array, size: int) -> Array:
    return np.broadcast_to(np.asarray(result, dtype=np.float64), (size,))


def _functions(graph: Graph) -> dict[str, tuple[tuple[str, ...], Function]]:
    return {q.name: _function(graph, q.name) for q in graph if q.formula is not None}


def _function(graph: Graph, name: str) -> tuple[tuple[str, ...], Function]:
    """A quantity's operands, and the function from their arrays to its own."""
    operands = graph.operands[name]
    return operands, compile_graph(graph, operands, (name,)).arrays()
