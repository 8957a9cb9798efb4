"""Pieces of text and the shown numbers of many variants -> the text of each variant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import repeat

import numpy as np

from generator.formula.tree import Formula
from generator.solve.compiled import Array
from generator.solve.traces import Trace, trace
from generator.typeset.numerals import grouped
from generator.variants.approx import Whole
from generator.variants.breaks import Breaks, Outcome, Shapes
from generator.variants.digits import Flags
from generator.variants.probe import FIRST_NUMBER, FIRST_SIGN, Notes, Opaque, Question, Side
from generator.variants.shown import Shown

_PLAIN = np.zeros(1, dtype=np.int64)  # the shape of what has no sign, in every variant


class Batch:
    """What some variants show, and what templates ask of it, worked out when it is first asked."""

    def __init__(self, found: Shown) -> None:
        self.shown, self.shapes = found, Shapes(found)
        self._relations: dict[tuple[Formula, str], list[bool]] = {}
        self._answers: dict[Question, Flags] = {}
        self._like: dict[int, Flags] = {}
        self._traces: dict[int, Trace] = {}

    def like(self, template: Template, among: Flags) -> Flags:
        """Which variants a template is for, among some that are fewer each time that this is asked."""
        if id(template) not in self._like:
            self._like[id(template)] = template.matches(self, among)
        return self._like[id(template)]

    def relations(self, formula: Formula, name: str) -> list[bool]:
        """For each variant, whether `=` stands before the shown `name`."""
        key = formula, name
        if key not in self._relations:
            self._relations[key] = self.shown.relation(formula, name).tolist()
        return self._relations[key]

    def full(self, name: str, number: int) -> str:
        """A quantity's decimal string in one variant."""
        if number not in self._traces:
            made = self.shown
            self._traces[number] = trace(made.graph, made.rounding, made.of(number))
        return self._traces[number].full(name)

    def answers(self, question: Question) -> Flags:
        """The answer to a question in each variant."""
        relation, left, others = question
        if question not in self._answers:
            found = np.zeros(self.shown.count, dtype=bool)
            for other in others:
                found |= self._compared(relation, left, other)
            self._answers[question] = found
        return self._answers[question]

    def _compared(self, relation: str, left: Side, other: Side) -> Flags:
        if {left[0], other[0]} == {"value", "shown"} and left[1] == other[1] and relation == "=":
            return self.shown.exact[left[1]]
        if left[0] == "value" and other[0] == "constant" and relation == "=":
            return self._exactly(left[1], other[1])
        mine, theirs = self._side(left), self._side(other)
        same: Flags = np.broadcast_to(mine < theirs if relation == "<" else mine == theirs, (self.shown.count,))
        if "text" not in (left[0], other[0]) or not same.any():
            return same
        texts = (self._text(left, number) == self._text(other, number) for number in range(self.shown.count))
        alike: Flags = same & np.fromiter(texts, bool, self.shown.count)
        return alike

    def _exactly(self, name: str, constant: str) -> Flags:
        """Where a value is a number that would be shown in full, 0 say: where that is exactly what is shown."""
        number = Fraction(constant) if _is_number(constant) else None
        if number is None or self.shown.rounding.number(number) != number:
            raise Opaque("a value is compared with a number that is not shown in full")
        found: Flags = self.shown.exact[name] & (self.shown.numbers[name] == float(number))
        return found

    def _side(self, side: Side) -> Array:
        kind, what = side
        match kind:
            case "constant":
                return np.asarray(float(Fraction(what)) if _is_number(what) else np.nan)
            case "size":
                return np.abs(self.shown.numbers[what])
            case "shown" | "text":
                return self.shown.numbers[what]
        raise Opaque("a value is compared with something else than what is shown of it")

    def _text(self, side: Side, number: int) -> str:
        return self.shown.text(side[1], number) if side[0] == "text" else side[1]


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).replace("/", "", 1).isdigit()


class Template:
    """One way that a document can look: when it does, and its text."""

    def __init__(
        self,
        notes: Notes,
        breaks: tuple[tuple[Breaks, Outcome], ...],
        slots: tuple[str, ...],
        signs: tuple[str, str],
        thin: str,
    ) -> None:
        self.questions, self.breaks, self.slots, self.signs = dict(notes.questions), breaks, slots, signs
        self.thin = thin  # the space between groups of digits
        self.relations = list(notes.relations)
        self.room = 0  # how many characters the longest number of its diagram has
        self.between: list[dict[int, str]] = [{} for _ in range(len(slots) + 1)]

    def matches(self, batch: Batch, among: Flags) -> Flags:
        """In which of some variants the document looks so."""
        found = among.copy()
        for question, answer in self.questions.items():
            found &= batch.answers(question) == answer
            if not found.any():
                return found
        for breaks, outcome in self.breaks:
            found &= breaks.alike(outcome, batch.shapes)
        return found

    def learn(self, pieces: Sequence[str], shapes: Sequence[int]) -> bool:
        """Remember what stands between slots of such shapes; false where something else is known to."""
        codes = _codes(shapes)
        return all(
            known.setdefault(code, piece) == piece
            for known, code, piece in zip(self.between, codes, pieces, strict=True)
        )

    # --- filling ---

    def write(self, batch: Batch, chosen: Whole, made: list[str]) -> Whole:
        """Write the chosen variants' texts where all that stands between their numbers is known; return which."""
        if not len(chosen):
            return chosen
        whole = len(chosen) == batch.shown.count
        numbers = range(batch.shown.count) if whole else chosen.tolist()
        atoms = {slot: self._atom(batch, slot, numbers) for slot in dict.fromkeys(self.slots)}
        sides = [_PLAIN, *(atoms[slot][1] for slot in self.slots), _PLAIN]
        columns: list[Iterable[str]] = []
        known = np.ones(len(numbers), dtype=bool)
        for place, between in enumerate(self.between):
            before, after = sides[place], sides[place + 1]
            codes = 4 * before + after
            present = np.flatnonzero(np.bincount(codes)).tolist()
            found = {between.get(code) for code in present}
            if None in found:
                known &= np.isin(codes, list(between))
            if len(found) == 1 and None not in found:
                columns.append(repeat(between[present[0]]))
            elif len(codes) == 1:
                columns.append(repeat(""))
            else:
                columns.append([between.get(code, "") for code in codes.tolist()])
            if place < len(self.slots):
                columns.append(atoms[self.slots[place]][0])
        texts = map("".join, zip(*columns, strict=False))  # columns that say the same for all variants never end
        for number, certain, text in zip(numbers, known.tolist(), texts, strict=False):
            if certain:
                made[number] = text
        return np.asarray(numbers)[known]

    def _atom(self, batch: Batch, slot: str, numbers: Sequence[int]) -> tuple[Sequence[str], Whole]:
        """What goes into a slot for each variant, and its shape: is it negative, is it one letter."""
        found, code = batch.shown, ord(slot)
        if code >= FIRST_SIGN:
            holds = batch.relations(*self.relations[code - FIRST_SIGN])
            near, equal = self.signs
            return [equal if holds[number] else near for number in numbers], _PLAIN
        place = code - FIRST_NUMBER
        name = found.graph.quantities[place % len(found.graph)].name
        if place >= len(found.graph):
            texts = [batch.full(name, number) for number in numbers]
            shapes = np.array([text.startswith("-") for text in texts], dtype=np.int64)
            return [grouped(text.removeprefix("-"), self.thin) for text in texts], shapes + 2
        sizes, shapes = (
            self._grouped(found.sizes[name]),
            batch.shapes.negative[name] + 2 * (batch.shapes.length[name] == 1),
        )
        if len(numbers) == found.count:
            return sizes, shapes if shapes.any() else shapes[:1]
        return [sizes[number] for number in numbers], shapes[list(numbers)]

    def _grouped(self, sizes: Sequence[str]) -> Sequence[str]:
        """Numbers as they are printed; most are short."""
        long = any(len(size) > 4 and size[4].isdigit() and size[:4].isdigit() for size in sizes)
        return [grouped(size, self.thin) for size in sizes] if long else sizes


def _codes(shapes: Sequence[int]) -> list[int]:
    """For each piece of text, the shapes of the slots before and after it in one number."""
    return [4 * before + after for before, after in zip((0, *shapes), (*shapes, 0), strict=True)]


def shape(slot: str, trace: Trace) -> int:
    """The shape of what stands in a slot: see `Template._atom`."""
    place, names = ord(slot) - FIRST_NUMBER, trace.graph.quantities
    if ord(slot) >= FIRST_SIGN:
        return 0
    name = names[place % len(names)].name
    if place >= len(names):
        return trace.full(name).startswith("-") + 2
    text = trace.shown[name]
    return text.startswith("-") + 2 * (len(text.removeprefix("-")) == 1)
