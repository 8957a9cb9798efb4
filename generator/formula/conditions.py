"""Cases inside cases -> values with their conditions: `1 if v <= t and (u <= t or a == 0) else 0` has two.

A formula has one comparison in each of its cases, so `and` and `or` are cases inside cases of which some values are the
same (`infix`). Here they are found again, for a page. In symbols this is decided once and kept (`planned`), because
the numbers that take their places may be equal by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from generator.formula.tree import Cases, Formula, num, rebuild

_ORDERS = {"<": "<", "<=": "<=", ">": ">", ">=": "=>", "==": "=", "!=": "<>"}  # in which orders a comparison holds
_ALL = "<=>"
_MOST = 4  # rows with conditions of their own; where there would be more, cases stand inside cases
_LARGEST = 16  # comparisons; in more of them nothing is looked for
_ZERO, _ONE = num(0), num(1)

Path = tuple[bool, ...]  # through cases: into what is so where the comparison holds, or where it does not


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two sides that are compared at a place in cases, and in which of the orders `<=>` of them it holds."""

    place: Path
    orders: str


@dataclass(frozen=True, slots=True)
class Joint:
    """Conditions that all have to hold, or one of which has to."""

    sign: Literal["∧", "∨"]
    parts: tuple[Test, ...]


Test = Comparison | Joint
Row = tuple[Path, Test]  # the place of a value in cases, and its condition, which holds where that of no other does
_Split = tuple[Test, Path, Path]  # a condition, and what is so where it holds and where it does not


def at(tree: Formula, place: Path) -> Formula:
    """What stands at a place in cases."""
    for holds in place:
        assert isinstance(tree, Cases)
        tree = tree.then if holds else tree.otherwise
    return tree


def rows_of(tree: Cases) -> tuple[Row, ...]:
    """The values of cases inside cases with their conditions."""
    return tree.rows or _found(tree)


def planned(tree: Formula) -> Formula:
    """`tree` with its cases in the rows that they have in symbols, whatever takes the places of these."""
    made = rebuild(tree, planned)
    return replace(made, rows=_found(made)) if isinstance(made, Cases) else made


def indicated(tree: Formula) -> Test | None:
    """The condition that a formula says is 1 where it holds and 0 elsewhere (`None`: it says something else)."""
    if not isinstance(tree, Cases) or set(_values(tree)) != {_ONE, _ZERO}:
        return None
    (place, test), *others = rows_of(tree)
    return test if at(tree, place) == _ONE and len(others) == 1 else None


def _values(tree: Formula) -> Iterator[Formula]:
    if isinstance(tree, Cases):
        yield from _values(tree.then)
        yield from _values(tree.otherwise)
    else:
        yield tree


def opposite(test: Test) -> Test:
    """What holds exactly where `test` does not."""
    if isinstance(test, Joint):
        return Joint("∨" if test.sign == "∧" else "∧", tuple(map(opposite, test.parts)))
    return Comparison(test.place, "".join(order for order in _ALL if order not in test.orders))


def _found(tree: Cases) -> tuple[Row, ...]:
    if sum(1 for _ in _values(tree)) > _LARGEST + 1:
        return _two((Comparison((), _ORDERS[tree.op]), (True,), (False,)))
    finder = _Finder(tree)
    best = finder.widest(())
    rows = finder.rows((), None)
    return rows if len(rows) <= _MOST else _two(best)


def _two(split: _Split) -> tuple[Row, ...]:
    test, holds, fails = split
    return (holds, test), (fails, opposite(test))


@dataclass(frozen=True, slots=True)
class _Finder:
    """Looks for conditions in the cases of `tree`, by the values that are the same at several places."""

    tree: Cases

    def rows(self, place: Path, given: Test | None) -> tuple[Row, ...]:
        """The values below a place, with their conditions where `given` holds; what cannot be so is left out."""
        if given == Joint("∨", ()):
            return ()
        if not isinstance(at(self.tree, place), Cases):
            return ((place, given or Joint("∧", ())),)
        test, holds, fails = self.widest(place)
        return (*self.rows(holds, self._both(given, test)), *self.rows(fails, self._both(given, opposite(test))))

    def widest(self, place: Path) -> _Split:
        """The condition with most comparisons that decides between two things below a place; 1 stands before 0."""
        test, holds, fails = max(self._splits(place), key=lambda split: sum(1 for _ in _comparisons(split[0])))
        if (at(self.tree, holds), at(self.tree, fails)) == (_ZERO, _ONE):
            return opposite(test), fails, holds
        return test, holds, fails

    def _splits(self, place: Path) -> list[_Split]:
        """Every condition, from the first comparison on, that decides between two things below a place."""
        here = at(self.tree, place)
        assert isinstance(here, Cases)
        found: list[_Split] = [(Comparison(place, _ORDERS[here.op]), (*place, True), (*place, False))]
        for test, holds, fails in found:
            for other, then, otherwise in self._below(holds, test):
                if self._same(otherwise, fails):
                    found.append((_joint("∧", test, other), then, fails))
                elif self._same(then, fails):
                    found.append((_joint("∧", test, opposite(other)), otherwise, fails))
            for other, then, otherwise in self._below(fails, test):
                if self._same(then, holds):
                    found.append((_joint("∨", test, other), holds, otherwise))
                elif self._same(otherwise, holds):
                    found.append((_joint("∨", test, opposite(other)), holds, then))
        return found

    def _below(self, place: Path, test: Test) -> list[_Split]:
        """The conditions below a place, which do not compare what `test` compares already."""
        if not isinstance(at(self.tree, place), Cases):
            return []
        known = list(_comparisons(test))
        return [
            split
            for split in self._splits(place)
            if not any(self._compares_alike(one, other) for one in _comparisons(split[0]) for other in known)
        ]

    def _same(self, one: Path, other: Path) -> bool:
        return at(self.tree, one) == at(self.tree, other)

    def _both(self, given: Test | None, test: Test) -> Test:
        """Two conditions at once; comparisons of the same sides are one, in the orders that both hold in."""
        if given is None:
            return test
        made: list[Test] = []
        for part in _joint("∧", given, test).parts:
            same = [other for other in made if self._compares_alike(part, other)]
            if same and isinstance(part, Comparison) and isinstance(same[0], Comparison):
                orders = "".join(order for order in same[0].orders if order in part.orders)
                if not orders:
                    return Joint("∨", ())
                made[made.index(same[0])] = Comparison(same[0].place, orders)
            else:
                made.append(part)
        return made[0] if len(made) == 1 else Joint("∧", tuple(made))

    def _compares_alike(self, one: Test, other: Test) -> bool:
        if not (isinstance(one, Comparison) and isinstance(other, Comparison)):
            return False
        first, second = at(self.tree, one.place), at(self.tree, other.place)
        return isinstance(first, Cases) and isinstance(second, Cases) and (first.left, first.right) == (
            second.left, second.right,
        )  # fmt: skip


def _comparisons(test: Test) -> Iterator[Comparison]:
    if isinstance(test, Comparison):
        yield test
    else:
        for part in test.parts:
            yield from _comparisons(part)


def _joint(sign: Literal["∧", "∨"], *tests: Test) -> Joint:
    """Conditions joined, those that are joined by the same sign already in one row."""
    parts = (test.parts if isinstance(test, Joint) and test.sign == sign else (test,) for test in tests)
    return Joint(sign, tuple(part for own in parts for part in own))
