"""A formula with `max` or `min` in it, and a name -> its derivative by cases: the slope of what is largest, else none.

Where several arguments are equal, `ties` says whose slope it is: that of the `first` or the `last` of them alone, or
the mean of their slopes (`shared`). A number counts before all that varies. So `max(x, 0)` has the slope 0 at its kink,
as the rectifier has, and usually the first of the equal entries of a pooling window takes the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from generator.formula.sums import product_of, sum_of
from generator.formula.tree import (
    Add,
    Call,
    Cases,
    Div,
    Formula,
    Neg,
    Ref,
    children,
    num,
    rebuild,
    references,
    substitute,
    walk,
)

EXTREMES = {"max": (">", ">="), "min": ("<", "<=")}  # how an argument wins against earlier and against later ones
PLACES = {"argmax": "max", "argmin": "min"}  # which of the arguments is largest or smallest: of equal ones, the first
_ZERO, _ONE = num(0), num(1)

Slope = Callable[[Formula, str], Formula]  # of a formula with neither function in it
Ties = Literal["first", "last", "shared"]


def is_extreme(tree: Formula) -> bool:
    """Whether `tree` is the largest or the smallest of several formulas."""
    return isinstance(tree, Call) and tree.name in EXTREMES


def place_of(call: Call) -> Formula:
    """The number of the first argument that none of the later ones surpasses, by cases."""
    best = PLACES[call.name]
    made: Formula = num(len(call.args))
    for place in range(len(call.args) - 1, 0, -1):
        made = Cases(call.args[place - 1], EXTREMES[best][1], _best(best, list(call.args[place:])), num(place), made)
    return made


def through_extremes(tree: Formula, wrt: str, slope: Slope, ties: Ties = "first") -> Formula:
    """The derivative of `tree` with respect to `wrt`, where `slope` differentiates what has no `max` or `min` in it."""
    return _Through(wrt, slope, ties).derivative(tree)


@dataclass(frozen=True, slots=True)
class _Through:
    """How derivatives are taken: with respect to what, of what has neither function in it, and where there are ties."""

    wrt: str
    slope: Slope
    ties: Ties

    def derivative(self, tree: Formula) -> Formula:
        """The derivative of a formula by cases."""
        found = tuple(dict.fromkeys(_outermost(tree, self.wrt)))
        if found == (tree,):
            (call,) = found
            return self._of_call(call)
        names = {call: f"m{number}" for number, call in enumerate(found)}  # a shape's names are v0, v1, ...
        outer = _put(tree, names)
        back: dict[str, Formula] = {name: call for call, name in names.items()}
        total = substitute(self.slope(outer, self.wrt), back)
        for call, name in names.items():
            factor = substitute(self.slope(outer, name), back)
            total = _added(total, factor, self._of_call(call))
        return total

    def _inner(self, arg: Formula) -> Formula:
        return self.derivative(arg) if _uses(arg, self.wrt) else _ZERO

    def _of_call(self, call: Call) -> Formula:
        """The slope of the argument that is largest (or smallest); numbers count as the first ones."""
        args = sorted(dict.fromkeys(call.args), key=lambda arg: bool(references(arg)))
        numbers = [arg for arg in args if not references(arg)]
        varying = args[len(numbers) :]
        own = [arg for arg in varying if _uses(arg, self.wrt)]
        if self.ties == "shared" and len(varying) > 1:
            largest = own[0] if len(own) == 1 else _best(call.name, varying)
            made = self._shared(call.name, varying, own)
            return _case(call.name, largest, EXTREMES[call.name][0], numbers, made, _ZERO)
        return self._of_one(call.name, numbers, varying, own)

    def _of_one(self, name: str, numbers: list[Formula], varying: list[Formula], own: list[Formula]) -> Formula:
        """The slope of the first or the last argument that is largest."""
        strictly, at_least = EXTREMES[name]
        order = varying if self.ties != "last" else varying[::-1]
        args = [*numbers, *order]

        def listed(others: list[Formula]) -> list[Formula]:
            return [arg for arg in (*numbers, *varying) if arg in others]

        if len(own) == 1:
            place = args.index(own[0])
            made = _case(name, own[0], at_least, listed(args[place + 1 :]), self._inner(own[0]), _ZERO)
            return _case(name, own[0], strictly, listed(args[:place]), made, _ZERO)
        made = self._inner(args[-1])
        for place in range(len(args) - 2, -1, -1):
            made = _case(name, args[place], at_least, listed(args[place + 1 :]), self._inner(args[place]), made)
        return made

    def _shared(self, name: str, varying: list[Formula], own: list[Formula]) -> Formula:
        """The mean of the slopes of all arguments that are largest."""
        if len(own) > 1:
            best = _best(name, varying)
            top = sum_of([_added(_ZERO, _equal(arg, best, _ONE), self._inner(arg)) for arg in own])
            return Div(top, sum_of([_equal(arg, best, _ONE) for arg in varying]))
        (arg,), slope = own, self._inner(own[0])
        others = [other for other in varying if other != arg]
        strictly, at_least = EXTREMES[name]
        if len(others) == 1:
            return Cases(arg, strictly, others[0], slope, _equal(arg, others[0], _divided(slope, num(2))))
        share = _divided(slope, Add((_ONE, *(_equal(other, arg, _ONE) for other in others))))
        return _case(name, arg, at_least, others, share, _ZERO)


def _outermost(tree: Formula, wrt: str) -> Iterator[Call]:
    if isinstance(tree, Call) and tree.name in EXTREMES:
        if _uses(tree, wrt):
            yield tree
        return
    for part in children(tree):
        yield from _outermost(part, wrt)


def _put(tree: Formula, names: dict[Call, str]) -> Formula:
    if isinstance(tree, Call) and tree in names:
        return Ref(names[tree])
    return rebuild(tree, lambda part: _put(part, names))


def _uses(tree: Formula, name: str) -> bool:
    return any(part == Ref(name) for part in walk(tree))


def _best(name: str, args: list[Formula]) -> Formula:
    return args[0] if len(args) == 1 else Call(name, tuple(args))


def _equal(arg: Formula, other: Formula, then: Formula) -> Formula:
    return Cases(arg, "==", other, then, _ZERO)


def _divided(slope: Formula, count: Formula) -> Formula:
    """A slope over a count, worked out in each case of the slope."""
    if isinstance(slope, Cases):
        then, otherwise = (_divided(part, count) for part in (slope.then, slope.otherwise))
        return Cases(slope.left, slope.op, slope.right, then, otherwise)
    return slope if slope == _ZERO else Div(slope, count)


def _case(name: str, arg: Formula, op: str, others: list[Formula], then: Formula, otherwise: Formula) -> Formula:
    """`then` where `arg` stands in the relation `op` to all `others`, else `otherwise`."""
    if not others or then == otherwise:
        return then
    return Cases(arg, op, _best(name, others), then, otherwise)


def _added(total: Formula, factor: Formula, slope: Formula) -> Formula:
    """`total + factor * slope`, worked out in each case of the slope."""
    if isinstance(slope, Cases):
        then, otherwise = (_added(total, factor, part) for part in (slope.then, slope.otherwise))
        return Cases(slope.left, slope.op, slope.right, then, otherwise)
    if _ZERO in (factor, slope):
        return total
    product = factor if slope == _ONE else slope if factor == _ONE else _product(factor, slope)
    return product if total == _ZERO else Add((total, product))


def _product(a: Formula, b: Formula) -> Formula:
    signs = isinstance(a, Neg) + isinstance(b, Neg)
    one, other = (part.body if isinstance(part, Neg) else part for part in (a, b))
    parts = [one, other] if _ONE not in (one, other) else [other if one == _ONE else one]
    made = product_of(parts)
    return Neg(made) if signs == 1 else made
