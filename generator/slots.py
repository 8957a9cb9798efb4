"""Worked problem -> its documents for any number of variants: rendered a few times with slots, then only filled.

A template is the text between numbers, and what is filled in: numbers, and relations. It holds for the variants that
answer every question alike that was asked while it was rendered (`probe.py`), and whose equations break into rows alike
(`breaks.py`). What stands between two numbers depends on their signs (parentheses) and is learned for each pair of
signs from a variant that has them; what cannot be learned is rendered in full. Every variant that something is learned
from is rendered in full as well, and its text has to be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import repeat

import numpy as np

from generator.blocks import Setter
from generator.breaks import MARK, Breaks, Outcome, Shapes, printed
from generator.contents import CONTENTS
from generator.formats import format_for
from generator.formula import Formula
from generator.language import load_words
from generator.notation import Writer
from generator.pipeline import Worked
from generator.probe import FIRST_NUMBER, FIRST_SIGN, Notes, Opaque, Probe, Question, Side, probe
from generator.render import render
from generator.shown import Flags, Shown, shown
from generator.solve import Trace, trace
from generator.steps import Section
from generator.typeset.boxes import Op
from generator.typeset.svg import identified, unidentified
from generator.worksheet import worksheet

BATCH = 512  # variants that are worked at once
MOST = 64  # templates that are kept; a variant that looks otherwise is rendered in full
_KNOWN = ("solution", "worksheet", "key")  # documents whose equations are known


def variant(worked: Worked, givens: Mapping[str, Fraction]) -> Worked:
    """The same problem with other given values. Raises `SolveError` where a quantity has no value."""
    graph = replace(worked.graph, givens={**worked.graph.givens, **givens})
    writer = Writer(graph, worked.notation)
    return replace(worked, graph=graph, trace=trace(graph, worked.notation.rounding), writer=writer)


class Batch:
    """What some variants show, and what templates ask of it, worked out when it is first asked."""

    def __init__(self, found: Shown) -> None:
        self.shown, self.shapes = found, Shapes(found)
        self._relations: dict[tuple[Formula, str], list[bool]] = {}
        self._answers: dict[Question, Flags] = {}
        self._like: dict[int, Flags] = {}
        self._traces: dict[int, Trace] = {}

    def like(self, template: Template) -> Flags:
        """Which variants a template is for."""
        if id(template) not in self._like:
            self._like[id(template)] = template.matches(self)
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
        mine, theirs = self._side(left), self._side(other)
        same = np.broadcast_to(mine < theirs if relation == "<" else mine == theirs, (self.shown.count,))
        if "text" not in (left[0], other[0]) or not same.any():
            return same
        return np.array([
            alike and self._text(left, number) == self._text(other, number) for number, alike in enumerate(same.tolist())
        ])  # fmt: skip

    def _side(self, side: Side) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
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

    def __init__(self, notes: Notes, breaks: tuple[tuple[Breaks, Outcome], ...], slots: tuple[str, ...]) -> None:
        self.questions, self.breaks, self.slots = dict(notes.questions), breaks, slots
        self.relations = list(notes.relations)
        self.between: list[dict[int, str]] = [{} for _ in range(len(slots) + 1)]

    def matches(self, batch: Batch) -> Flags:
        """In which variants the document looks so."""
        found = np.ones(batch.shown.count, dtype=bool)
        for question, answer in self.questions.items():
            found &= batch.answers(question) == answer
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


def _codes(shapes: Sequence[int]) -> list[int]:
    """For each piece of text, the shapes of the slots before and after it in one number."""
    return [4 * before + after for before, after in zip((0, *shapes), (*shapes, 0), strict=True)]


class Slots:
    """One document of a problem in one format and language, for any number of variants."""

    def __init__(
        self, worked: Worked, document: str, format_name: str, language: str = "en", choice: str | None = None
    ) -> None:
        self.worked, self.document, self.format, self.language = worked, document, format_name, language
        self.choice = choice
        self.templates: list[Template] = []
        self.follows = document in _KNOWN or document not in CONTENTS  # else everything is rendered in full
        self._breaks: dict[object, Breaks] = {}

    def fill(self, givens: Mapping[str, Sequence[Fraction]]) -> Iterator[str]:
        """The document of every variant, in order: what `render` makes of it, to the letter.

        `givens` has a value per variant for each given that varies. Raises as `shown.shown` does.
        """
        count = max(map(len, givens.values()), default=1)
        for start in range(0, count, BATCH):
            part = {name: values[start : start + BATCH] for name, values in givens.items()}
            yield from self.filled(shown(self.worked.graph, self.worked.notation.rounding, part))

    def filled(self, found: Shown) -> list[str]:
        """The documents of variants whose shown numbers are known."""
        made: list[str] = [""] * found.count
        if not self.follows:
            return [self._render(variant(self.worked, found.of(number))) for number in range(found.count)]
        batch, left = Batch(found), np.ones(found.count, dtype=bool)
        for number in np.flatnonzero(found.long).tolist():
            made[number], left[number] = self._render(variant(self.worked, found.of(number))), False
        while left.any() and self.follows:
            for template in self.templates:
                chosen = np.flatnonzero(left & batch.like(template))
                left[self._write(template, batch, chosen, made)] = False
            if left.any():
                number = int(np.flatnonzero(left)[0])
                made[number], left[number] = self._learn(batch, number), False
        return made if self.follows else self.filled(found)

    def _render(self, worked: Worked) -> str:
        kind = {"detail": self.choice} if self.document == "solution" else {"level": self.choice}
        return render(worked, self.document, self.format, self.language, **kind)

    # --- filling ---

    def _write(self, template: Template, batch: Batch, chosen: np.ndarray, made: list[str]) -> np.ndarray:
        """Write the chosen variants' texts where all that stands between their numbers is known; return which."""
        if not len(chosen):
            return chosen
        whole = len(chosen) == batch.shown.count
        numbers = range(batch.shown.count) if whole else chosen.tolist()
        atoms = {slot: self._atom(template, batch, slot, numbers) for slot in dict.fromkeys(template.slots)}
        sides = [np.zeros(1, dtype=np.int64), *(atoms[slot][1] for slot in template.slots), np.zeros(1, dtype=np.int64)]
        columns: list[Iterable[str]] = []
        known = np.ones(len(numbers), dtype=bool)
        for place, between in enumerate(template.between):
            before, after = sides[place], sides[place + 1]
            codes = 4 * before + after
            present = np.unique(codes).tolist() if len(codes) > 1 else codes.tolist()
            texts = {between.get(code) for code in present}
            if None in texts:
                known &= np.isin(codes, list(between))
            if len(texts) == 1 and None not in texts:
                columns.append(repeat(between[present[0]]))
            elif len(codes) == 1:
                columns.append(repeat(""))
            else:
                columns.append([between.get(code, "") for code in codes.tolist()])
            if place < len(template.slots):
                columns.append(atoms[template.slots[place]][0])
        for number, certain, text in zip(numbers, known.tolist(), map("".join, zip(*columns)), strict=False):
            if certain:
                made[number] = identified(text) if self.format == "web" else text
        return np.asarray(numbers)[known]

    def _atom(
        self, template: Template, batch: Batch, slot: str, numbers: Sequence[int]
    ) -> tuple[Sequence[str], np.ndarray]:
        """What goes into a slot for each variant, and its shape: whether it is negative, and whether it is one letter."""
        found, code = batch.shown, ord(slot)
        if code >= FIRST_SIGN:
            holds = batch.relations(*template.relations[code - FIRST_SIGN])
            near, equal = self._signs
            return [equal if holds[number] else near for number in numbers], np.zeros(1, dtype=np.int64)
        place = code - FIRST_NUMBER
        name = found.graph.quantities[place % len(found.graph)].name
        if place >= len(found.graph):
            texts = [batch.full(name, number) for number in numbers]
            shapes = np.array([text.startswith("-") for text in texts], dtype=np.int64)
            return [text.removeprefix("-") for text in texts], shapes + 2
        sizes, shapes = found.sizes[name], batch.shapes.negative[name] + 2 * (batch.shapes.length[name] == 1)
        if len(numbers) == found.count:
            return sizes, shapes if shapes.any() else shapes[:1]
        return [sizes[number] for number in numbers], shapes[list(numbers)]

    @cached_property
    def _signs(self) -> tuple[str, str]:
        """How `≈` and `=` are written where a relation's mark stands."""
        fmt, mark = format_for(self.format), chr(FIRST_SIGN)
        before, _, after = fmt.math(Op(mark)).partition(mark)
        near, equal = (fmt.math(Op(sign)) for sign in "≈=")
        return near.removeprefix(before).removesuffix(after), equal.removeprefix(before).removesuffix(after)

    # --- learning ---

    def _learn(self, batch: Batch, number: int) -> str:
        """The document of one variant, rendered in full; what it looks like is remembered."""
        worked = variant(self.worked, batch.shown.of(number))
        text = self._render(worked)
        if len(self.templates) >= MOST and not any(batch.like(template)[number] for template in self.templates):
            return text
        try:
            template = self._template(replace(worked, trace=probe(worked.trace)), worked.trace)
        except Opaque:
            self.follows = False
            return text
        made = [""] * batch.shown.count
        if template is None or not self._written(template, batch, number, made) or made[number] != text:
            self.follows = False
        return text

    def _written(self, template: Template, batch: Batch, number: int, made: list[str]) -> bool:
        return bool(len(self._write(template, batch, np.array([number]), made)))

    def _template(self, marked: Worked, true: Trace) -> Template | None:
        """The template that a problem with marks belongs to, which knows its text now; none where they disagree."""
        notes_of = marked.trace
        assert isinstance(notes_of, Probe)
        if self.document == "solution" and marked.problem.training is not None and marked.graph.rate:
            raise Opaque("what training shows is worked anew for every variant")
        text = unidentified(self._render(marked))
        breaks = tuple(self._outcomes(marked))
        slots = tuple(match[0][0] for match in MARK.finditer(text))
        pieces, shapes = _pieces(text), [_shape(slot, true) for slot in slots]
        for template in self.templates:
            if template.questions == notes_of.notes.questions and template.breaks == breaks:
                if template.slots != slots:
                    return None
                return template if template.learn(pieces, shapes) else None
        made = Template(notes_of.notes, breaks, slots)
        self.templates.append(made)
        return made if made.learn(pieces, shapes) else None

    def _outcomes(self, marked: Worked) -> Iterator[tuple[Breaks, Outcome]]:
        """How the equations of the document break."""
        setter = Setter(marked, format_for(self.format), load_words(self.language))
        for equation, compact in printed(self._sections(marked)):
            breaks = Breaks(setter, equation, compact)
            breaks = self._breaks.setdefault(breaks.key, breaks)
            texts = [str(marked.trace.shown[name]) for name in breaks.names]
            yield breaks, breaks.outcome(tuple((text.startswith("-"), len(text.lstrip("-"))) for text in texts))

    def _sections(self, worked: Worked) -> tuple[Section, ...]:
        if self.document == "solution":
            return worked.sections(self.choice)
        if self.document == "worksheet":
            return worksheet(worked, self.choice or worked.problem.worksheet.level).sections
        return ()


def _shape(slot: str, trace: Trace) -> int:
    """The shape of what stands in a slot: see `Slots._atom`."""
    place, names = ord(slot) - FIRST_NUMBER, trace.graph.quantities
    if ord(slot) >= FIRST_SIGN:
        return 0
    name = names[place % len(names)].name
    if place >= len(names):
        return trace.full(name).startswith("-") + 2
    text = trace.shown[name]
    return text.startswith("-") + 2 * (len(text.removeprefix("-")) == 1)


def _pieces(text: str) -> list[str]:
    """What stands between the slots."""
    out, at = [], 0
    for match in MARK.finditer(text):
        out.append(text[at : match.start()])
        at = match.end()
    return [*out, text[at:]]
