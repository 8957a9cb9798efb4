"""A trace -> the same trace with marks for numbers, to see what is made of them and what is asked about them.

A mark has the sign and the length of the number that it stands for, but letters that no document has in place of its
digits. Whoever compares a marked number gets the true answer, and the question is noted: another variant that answers
every question alike goes the same way through the code, and its text differs in the numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from generator.formula.tree import Formula, Num, Ref, rebuild
from generator.graph.quantities import Graph
from generator.solve.exact import Exact
from generator.solve.traces import Trace

FIRST_NUMBER, FIRST_SIGN = 0xF0000, 0x100000  # private letters: one for each number, one for each relation
MOST = 0xFFFE  # so many there are of each

Side = tuple[str, str]  # what is compared: (`shown`, `size`, `value` or `text`, the quantity) or (`constant`, digits)


class Question(NamedTuple):
    """A comparison of a side with others: `=` to one of them, or `<`."""

    relation: str
    left: Side
    others: tuple[Side, ...]


class Opaque(Exception):  # noqa: N818 - no mistake: it says that marks do not do here
    """A number is used in a way that cannot be followed."""


@dataclass
class Notes:
    """What was asked, with the answers, and the relations in the order of their signs: (formula of names, result)."""

    questions: dict[Question, bool] = field(default_factory=dict)
    relations: dict[tuple[Formula, str], int] = field(default_factory=dict)

    def ask(self, relation: str, left: Side, *others: Side, answer: bool) -> bool:
        """Note a question and its answer."""
        self.questions[Question(relation, left, others)] = answer
        return answer


def _hash(_: object) -> int:
    return 0  # all alike, so that every look into a set or a dictionary asks


class Digits(str):
    """A shown text whose digits are marks."""

    __slots__ = ("notes", "quantity", "true")
    quantity: str
    true: str
    notes: Notes

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Digits):
            same = self.true == other.true
            mine, theirs = ("text", self.quantity), ("text", other.quantity)
            return same if mine == theirs else self.notes.ask("=", mine, theirs, answer=same)
        if not isinstance(other, str):
            return False
        return self.notes.ask("=", ("text", self.quantity), ("constant", other), answer=self.true == other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return _hash(self)


class Number(Fraction):
    """A number whose comparisons are noted, and that allows nothing else."""

    side: Side
    notes: Notes

    @classmethod
    def of(cls, value: Fraction, side: Side, notes: Notes) -> Number:
        """The marked `value`."""
        made = cls(value)
        made.side, made.notes = side, notes
        return made

    def _asked(self, relation: str, other: object, answer: bool, swapped: bool = False) -> bool:
        if not isinstance(other, Fraction | int):
            raise Opaque("a number is compared with what is none")
        theirs = other.side if isinstance(other, Number) else ("constant", str(other))
        if theirs == self.side:
            return answer
        pair = (theirs, self.side) if swapped else (self.side, theirs)
        return self.notes.ask(relation, *pair, answer=answer)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fraction | int) and self._asked("=", other, super().__eq__(other))

    def __lt__(self, other: Any) -> bool:
        return self._asked("<", other, super().__lt__(other))

    def __gt__(self, other: Any) -> bool:
        return self._asked("<", other, super().__gt__(other), swapped=True)

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __abs__(self) -> Number:
        kind, name = self.side
        if kind not in ("shown", "size"):
            raise Opaque("the size of a value")
        return Number.of(super().__abs__(), ("size", name), self.notes)

    __hash__ = _hash


def _refuse(name: str) -> Any:
    def refused(*_: object) -> Any:
        raise Opaque(f"`{name}` of a marked number")

    return refused


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "divmod"):
    setattr(Number, f"__{_name}__", _refuse(_name))
    setattr(Number, f"__r{_name}__", _refuse(_name))
for _name in ("neg", "pos", "round", "floor", "ceil", "trunc", "float", "int", "str", "format"):
    setattr(Number, f"__{_name}__", _refuse(_name))


class _Marked(Mapping[str, Any]):
    """A mapping whose values are made when they are looked up."""

    def __init__(self, graph: Graph, make: Any) -> None:
        self.graph, self.make = graph, make

    def __getitem__(self, name: str) -> Any:
        if name not in self.graph:
            raise KeyError(name)
        return self.make(name)

    def __iter__(self) -> Iterator[str]:
        return (quantity.name for quantity in self.graph)

    def __len__(self) -> int:
        return len(self.graph)


@dataclass(frozen=True)
class Probe(Trace):
    """A trace whose numbers are marks. `true` is the trace that it stands for."""

    true: Trace | None = None
    notes: Notes = field(default_factory=Notes)
    places: Mapping[str, int] = field(default_factory=dict)

    def number(self, name: str) -> Num:
        """The quantity's mark as a leaf of a formula."""
        digits = self.shown[name]
        if not isinstance(digits, Digits):
            return Num(Fraction(digits), digits)
        return Num(Number.of(Fraction(digits.true), ("shown", name), self.notes), digits)

    def full(self, name: str, digits: int = 20) -> str:
        """A mark for the decimal string."""
        assert self.true is not None
        if digits != 20:
            raise Opaque("another number of digits than the key has")
        sign = "-" * self.true.full(name).startswith("-")
        return sign + chr(FIRST_NUMBER + len(self.graph) + self.places[name])

    def relation(self, shown: Formula, name: str) -> str:
        """A mark for the sign."""
        place = self.notes.relations.setdefault((unmarked(shown), name), len(self.notes.relations))
        if place >= MOST:
            raise Opaque("too many relations")
        return chr(FIRST_SIGN + place)


def probe(trace: Trace) -> Probe:
    """`trace` with marks for numbers. Raises `Opaque` where there are too many."""
    notes, places = Notes(), {quantity.name: place for place, quantity in enumerate(trace.graph)}
    if 2 * len(places) >= MOST:
        raise Opaque("too many quantities")

    def fixed(name: str) -> bool:
        """Whether a number is the same in all variants: with a power of ten or as a fraction, no other is filled in."""
        return not {"e", "/"}.isdisjoint(trace.shown[name])

    def digits(name: str) -> str:
        text = trace.shown[name]
        if fixed(name):
            return text
        size = text.removeprefix("-")
        made = Digits("-" * (text != size) + chr(FIRST_NUMBER + places[name]) * len(size))
        made.quantity, made.true, made.notes = name, text, notes
        return made

    def value(name: str) -> Exact:
        """The value can only be compared with what is shown of it; an irrational one is never that."""
        exact, text = trace.values[name], Fraction(trace.shown[name])
        if fixed(name):
            return exact
        number = exact if isinstance(exact, Fraction) else text + Fraction(1, 3)
        return Number.of(number, ("value", name), notes)

    values: Mapping[str, Exact] = _Marked(trace.graph, value)
    return Probe(trace.graph, trace.rounding, values, _Marked(trace.graph, digits), trace, notes, places)


def unmarked(tree: Formula) -> Formula:
    """`tree` with the names of the quantities in place of their marks. Raises `Opaque` where a mark has lost it."""
    if isinstance(tree, Num) and isinstance(tree.text, Digits):
        return Ref(tree.text.quantity)
    if isinstance(tree, Num) and isinstance(tree.value, Number):
        raise Opaque("a marked number without its text")
    return rebuild(tree, unmarked)
