"""Loops that refer to their own other entries, or to one another's, as `v[t - 1]` -> their entries, in an order.

Each turn of a loop is worked when another one asks for it, or when all before it have been: so loops can go forwards
and backwards, and several can hand a state from turn to turn.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NoReturn

from generator.errors import FormulaError
from generator.formula.grids import Grid, Line, Value, referring
from generator.formula.inlining import LOOPS, indices_of
from generator.formula.tree import Call, Formula, Ref, references
from generator.formula.unfinished import check_indexed, finished, unfinished
from generator.formula.vectors import joined, range_of

Turn = tuple[str, int]  # of which loop, and which one
Worked = Callable[[str, int, int, Mapping[str, Value]], tuple[Value, ...]]  # a loop's name, its index, and which turn


def batches(trees: Mapping[str, Formula], known: Container[str]) -> Iterator[dict[str, Formula]]:
    """The formulas that are worked together, in the order of the first of each batch: mostly each by itself.

    Those are worked together that need one another: a score needs the weights so far, and the next weights the score.
    """
    own = {name for name in trees if name not in known}
    needed = {name: own.intersection(_free(tree)) for name, tree in trees.items()}
    behind = {name: _behind(name, needed) for name in trees}
    seen: set[str] = set()
    for name in trees:
        if name not in seen:
            batch = [other for other in trees if other == name or (other in behind[name] and name in behind[other])]
            seen.update(batch)
            yield {other: trees[other] for other in batch}


def _free(tree: Formula) -> set[str]:
    """What a formula refers to, without the indices of its loops."""
    return set(references(tree)) - indices_of(tree)


def _behind(name: str, needed: Mapping[str, set[str]]) -> set[str]:
    """All that a formula is worked from, at once or by way of others."""
    found: set[str] = set()
    waiting = [*needed[name]]
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += needed[other]
    return found


def recurs(batch: Mapping[str, Formula]) -> bool:
    """Whether formulas refer to themselves, or to one another in a circle."""
    return any(name in _free(tree) for tree in batch.values() for name in batch)


def recurring(
    batch: Mapping[str, Formula], known: Mapping[str, Value], work: Worked, on_the_way: Callable[[], Sequence[Line]]
) -> tuple[Line, ...]:
    """The values of loops that refer to themselves or to one another, turn by turn as `work` works them.

    What that needed is asked for at the end, and stands before them. Raises `FormulaError` for what is no loop, for an
    entry that is not there, and for one that is worked from itself.
    """
    for name, tree in batch.items():
        for other in batch:
            check_indexed(other, tree)
        if not (isinstance(tree, Call) and tree.name in LOOPS):
            begun = f"[{_begun(name, (1,))} for t in 1..3]"
            raise FormulaError(f"`{name}` is worked from itself, which only a loop can be, as `{begun}`")
    return _Recurrences(batch, known, work).run(on_the_way)


class _Needed(Exception):  # noqa: N818 - no error, but how a turn asks for another
    """A turn that has to be worked first."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn


class _Recurrences:
    def __init__(self, batch: Mapping[str, Formula], known: Mapping[str, Value], work: Worked) -> None:
        self.loops = {name: tree for name, tree in batch.items() if isinstance(tree, Call)}
        self.ranges = {name: range_of(loop, known) for name, loop in self.loops.items()}
        self.made: dict[Turn, tuple[Value, ...]] = {}
        self.work = work
        self.known = {**known, **{name: self._unfinished(name) for name in batch}}

    def run(self, on_the_way: Callable[[], Sequence[Line]]) -> tuple[Line, ...]:
        for number in range(max(map(len, self.ranges.values()))):
            for name, numbers in self.ranges.items():
                if number < len(numbers):
                    self._work((name, numbers[number]))
        lines = [*on_the_way(), *(Line(name, self._joined(name)) for name in self.loops)]
        entries = {line.name: {places: entry for entry, places, _ in line.entries()} for line in lines}

        def entry(name: str, places: tuple[int, ...]) -> Formula:
            if places not in entries[name]:
                _miss(name, places)
            return Ref(entries[name][places])

        made = tuple(replace(line, value=_finished(line.value, entry)) for line in lines)
        in_order(made)
        return made

    def _joined(self, name: str) -> Grid:
        values = [value for number in self.ranges[name] for value in self.made[name, number]]
        if not values:
            raise FormulaError("the loop never runs, or its condition never holds")
        return joined(self.loops[name].name, values)

    def _work(self, turn: Turn) -> None:
        """Work a turn, and before it all that it asks for."""
        waiting = [turn]
        while waiting:
            name, number = waiting[-1]
            try:
                if waiting[-1] not in self.made:
                    place = number - self.ranges[name][0] + 1
                    self.made[waiting[-1]] = self.work(name, number, place, self.known)
                waiting.pop()
            except _Needed as needed:
                if needed.turn in waiting:
                    name, number = needed.turn
                    _go_round(name, (number - self.ranges[name][0] + 1,))
                waiting.append(needed.turn)

    def _unfinished(self, name: str) -> Value:
        return unfinished(name, partial(self._at, name), partial(self._ready, name))

    def _ready(self, name: str, place: int) -> Value | None:
        """What stands at one index, if that turn has been worked."""
        first = self.ranges[name][0] if self.ranges[name] else 1
        return self._at(name, place) if (name, first + place - 1) in self.made else None

    def _at(self, name: str, place: int) -> Value:
        """What stands at one index: an entry, a row or a matrix, by its name."""
        numbers = self.ranges[name]
        if not 1 <= place <= len(numbers):
            _miss(name, (place,))
        turn = name, numbers[place - 1]
        if turn not in self.made:
            raise _Needed(turn)
        (value, *more) = self.made[turn] or (None,)
        if value is None or more:
            raise FormulaError(f"`{name}` stands in its own formula, so each turn of its loop makes one entry")
        return referring(f"{name}_{place}", value)


def _finished(value: Value, entry: Callable[[str, tuple[int, ...]], Formula]) -> Value:
    if not isinstance(value, Grid):
        return finished(value, entry)
    return replace(value, rows=tuple(tuple(finished(one, entry) for one in row) for row in value.rows))


def in_order(lines: Iterable[Line]) -> tuple[tuple[str, str, str, Formula], ...]:
    """The entries of what is worked together, turn by turn, each behind those that it is worked from.

    Of each the name of the whole, its own, its index, and its formula. Raises `FormulaError` where one is worked from
    itself.
    """
    found: dict[str, tuple[tuple[int, ...], str, str, str, Formula]] = {}
    for line in lines:
        for entry, places, formula in line.entries():
            found[entry] = (places, line.whole, entry, ",".join(map(str, places)), formula)
    done: dict[str, tuple[str, str, str, Formula]] = {}
    for first in sorted(found, key=lambda entry: found[entry][0][:1]):
        waiting = [first]
        while waiting:
            places, name, entry, index, formula = found[waiting[-1]]
            missing = [other for other in references(formula) if other in found and other not in done]
            if entry in missing or set(missing) & set(waiting):
                _go_round(name, places)
            if missing:
                waiting.append(missing[0])
            else:
                done.setdefault(entry, (name, entry, index, formula))
                waiting.pop()
    return tuple(done.values())


def _miss(name: str, places: tuple[int, ...]) -> NoReturn:
    raise FormulaError(
        f"`{_indexed(name, places)}` is no entry of `{name}`: the first ones have a formula of their own, as in"
        f" `{_begun(name, places)}`"
    )


def _go_round(name: str, places: tuple[int, ...]) -> NoReturn:
    raise FormulaError(
        f"`{_indexed(name, places)}` is worked from itself: the first ones have a formula of their own, as in"
        f" `{_begun(name, places)}`"
    )


def _indexed(name: str, places: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, places))}]"


def _begun(name: str, places: tuple[int, ...]) -> str:
    """A formula that begins where there is nothing before it."""
    return f"1 if t == 1 else {name}[t - 1] / 2" if len(places) == 1 else f"1 if i == 1 else {name}[i - 1, j] / 2"
