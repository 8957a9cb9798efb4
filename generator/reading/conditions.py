"""Values with their conditions, as they stand in rows -> cases inside cases, with one comparison in each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from generator.formula.tree import Blank, Cases, Formula, rebuild, walk
from generator.reading.normal import items
from generator.typeset.boxes import Box, Fence, Op, Row

OPS = {"<": "<", "<=": "<=", ">": ">", "=>": ">=", "=": "==", "<>": "!="}  # by the orders that a comparison holds in
ORDERS = {op: orders for orders, op in OPS.items()}
ALL = "<=>"

Sides = tuple[Formula, Formula]
Known = Mapping[tuple[Sides, int], str]  # in which orders two sides can still be


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, and the orders in which it holds; those with other keys have nothing to do with each other."""

    sides: Sides
    orders: str
    key: int = 0


@dataclass(frozen=True, slots=True)
class Joint:
    """Conditions that all have to hold, or one of which has to; of none, the first holds and the second does not."""

    sign: Literal["∧", "∨"]
    parts: tuple[Test, ...] = ()


Test = Comparison | Joint
Compare = Callable[[Box], tuple[Formula, str, Formula]]
HOLDS, FAILS = Joint("∧"), Joint("∨")


def read_test(box: Box, compare: Compare) -> Test:
    """The condition that a box shows; `compare` reads a single comparison."""
    for sign in ("∨", "∧"):
        parts = split(box, sign)
        if len(parts) > 1:
            return Joint("∧" if sign == "∧" else "∨", tuple(read_test(part, compare) for part in parts))
    match items(box):
        case (Fence(body, "("),):
            return read_test(body, compare)
    left, op, right = compare(box)
    return Comparison((left, right), ORDERS[op])


def split(box: Box, sign: str) -> list[Row]:
    """What stands between the signs of one kind."""
    parts: list[list[Box]] = [[]]
    for item in items(box):
        parts = [*parts, []] if item == Op(sign) else [*parts[:-1], [*parts[-1], item]]
    return [Row(tuple(part)) for part in parts]


def cases(rows: Sequence[tuple[Formula, Test | None]]) -> Formula | None:
    """Rows of values as one formula; without a condition, the last holds where no other does.

    `None` where there can be two that hold, or none; a blank where blanks do not tell.
    """
    if any(isinstance(part, Blank) for tree, test in rows for part in (*walk(tree), *_formulas(test or HOLDS))):
        count = itertools.count(1)
        joint = any(isinstance(test, Joint) for _, test in rows)
        rows = [(_numbered(tree, count), test and _apart(test, count) if joint else test) for tree, test in rows]
    *others, (value, last) = rows
    listed = [(tree, test) for tree, test in others if test is not None]
    made = _built(listed, value, last, {}) if len(listed) == len(others) else None
    if made is None and any(isinstance(part, Blank) for _, test in listed for part in _formulas(test)):
        return Blank(0, 0)  # what is written there decides
    return made


def _formulas(test: Test) -> Iterator[Formula]:
    if isinstance(test, Joint):
        for part in test.parts:
            yield from _formulas(part)
    else:
        for side in test.sides:
            yield from walk(side)


def _apart(test: Test, count: Iterator[int]) -> Test:
    """A condition in which no blank is like another: what is written there need not be the same.

    Nor is a comparison of numbers like another, which may be those of other symbols: no blank is decided by them.
    """
    if isinstance(test, Joint):
        return Joint(test.sign, tuple(_apart(part, count) for part in test.parts))
    left, right = (_numbered(side, count) for side in test.sides)
    return Comparison((left, right), test.orders, next(count))


def _numbered(tree: Formula, count: Iterator[int]) -> Formula:
    if isinstance(tree, Blank):
        return Blank(tree.number, next(count), tree.reference)
    return rebuild(tree, lambda part: _numbered(part, count))


def _built(rows: list[tuple[Formula, Test]], value: Formula, last: Test | None, known: Known) -> Formula | None:
    """The formula of rows where the sides of comparisons can only be as is known."""
    rows = [(tree, made) for tree, test in rows if (made := _simpler(test, known)) != FAILS]
    final = None if last is None else _simpler(last, known)
    if not rows:
        return value if final in (None, HOLDS) else None
    (tree, test), *others = rows
    if test == HOLDS:
        also = [other for _, other in others] + ([] if final is None else [final])
        return None if any(_can_hold(other, known) for other in also) else tree
    first = _first(test)
    holds = _built(rows, value, final, _where(first, known, True))
    fails = _built(rows, value, final, _where(first, known, False))
    if holds is None or fails is None:
        return None
    return Cases(first.sides[0], OPS[first.orders], first.sides[1], holds, fails)


def _first(test: Test) -> Comparison:
    return test if isinstance(test, Comparison) else _first(test.parts[0])


def _where(test: Comparison, known: Known, holds: bool) -> Known:
    left = known.get((test.sides, test.key), ALL)
    return {**known, (test.sides, test.key): "".join(order for order in left if (order in test.orders) is holds)}


def _simpler(test: Test, known: Known) -> Test:
    """A condition without the comparisons that are known to hold or not to hold."""
    if isinstance(test, Comparison):
        left = known.get((test.sides, test.key), ALL)
        within = [order in test.orders for order in left]
        return HOLDS if all(within) else test if any(within) else FAILS
    settles, idle = (FAILS, HOLDS) if test.sign == "∧" else (HOLDS, FAILS)
    parts = [made for part in test.parts if (made := _simpler(part, known)) != idle]
    if settles in parts:
        return settles
    return parts[0] if len(parts) == 1 else Joint(test.sign, tuple(parts))


def _can_hold(test: Test, known: Known) -> bool:
    made = _simpler(test, known)
    if made in (HOLDS, FAILS):
        return made == HOLDS
    return any(_can_hold(made, _where(_first(made), known, holds)) for holds in (True, False))
