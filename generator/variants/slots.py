"""Worked problem -> its documents for any number of variants: rendered a few times with slots, then only filled.

A template is the text between numbers, and what is filled in: numbers, and relations. It holds for the variants that
answer every question alike that was asked while it was rendered (`probe.py`), and whose equations break into rows alike
(`breaks.py`). What stands between two numbers depends on their signs (parentheses) and is learned for each pair of
signs from a variant that has them; what cannot be learned is rendered in full. Every variant from which something is
learned is rendered in full as well, and its text has to be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from generator.derive.steps import Section
from generator.drawings.diagram import ROOM, numbered
from generator.drawings.svg import identified, unidentified
from generator.graph.quantities import Diagram
from generator.pipeline import Worked
from generator.render.blocks import Setter
from generator.render.contents import CONTENTS, SOLVED
from generator.render.document import render
from generator.render.formats import format_for
from generator.render.language import load_words
from generator.solve.traces import Trace, trace
from generator.typeset.boxes import Op
from generator.variants.breaks import MARK, Breaks, Outcome, printed
from generator.variants.filling import Batch, Template, shape
from generator.variants.probe import FIRST_SIGN, Opaque, Probe, probe
from generator.variants.shown import Shown, shown
from generator.views.worksheet import worksheet

BATCH = 1024  # variants that are worked at once
MOST = 256  # templates that are kept; a variant that looks otherwise is rendered in full
Reader = Callable[[Worked, str], object]
_KNOWN = ("solution", "worksheet", "key")  # documents whose equations are known


def variant(worked: Worked, givens: Mapping[str, Fraction]) -> Worked:
    """The same problem with other given values. Raises `SolveError` where a quantity has no value."""
    graph = replace(worked.graph, givens={**worked.graph.givens, **givens})
    return replace(worked, graph=graph, trace=trace(graph, worked.notation.rounding))  # how they are written stays


class Slots:
    """One document of a problem in one format and language, for any number of variants."""

    def __init__(
        self,
        worked: Worked,
        document: str,
        format_name: str,
        language: str = "en",
        choice: str | None = None,
        standalone: bool = True,
        reader: Reader | None = None,
    ) -> None:
        self.worked, self.document, self.format, self.language = worked, document, format_name, language
        self.choice, self.standalone = choice, standalone
        self.reader = reader  # is told of every text that is rendered in full, so of each look at least once
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
            return [self._read(variant(self.worked, found.of(number))) for number in range(found.count)]
        solved = self.document in SOLVED
        batch, left, rooms = (
            Batch(found),
            np.ones(found.count, dtype=bool),
            _rooms(found, self.worked.diagram(solved), solved),
        )
        for number in np.flatnonzero(found.long).tolist():
            made[number], left[number] = self._read(variant(self.worked, found.of(number))), False
        while left.any() and self.follows:
            for template in self.templates:
                fitting = left & (rooms == template.room)
                try:
                    alike = batch.like(template, fitting)
                except Opaque:  # what it looks like depends on more than is shown
                    self.follows = False
                    break
                left[template.write(batch, np.flatnonzero(fitting & alike), made)] = False
            if self.follows and left.any():
                number = int(np.flatnonzero(left)[0])
                made[number], left[number] = self._learn(batch, number, int(rooms[number])), False
        return list(map(self._finished, made)) if self.follows else self.filled(found)

    def _finished(self, text: str) -> str:
        """A filled text with what is made from all of it."""
        return identified(text) if self.format == "web" else text

    def _render(self, worked: Worked) -> str:
        detail, level = (self.choice, None) if self.document == "solution" else (None, self.choice)
        return render(
            worked, self.document, self.format, self.language, detail=detail, level=level, standalone=self.standalone
        )

    def _read(self, worked: Worked) -> str:
        """The document of one variant, rendered in full and read by who wants to."""
        text = self._render(worked)
        if self.reader is not None:
            self.reader(worked, text)
        return text

    # --- learning ---

    def _learn(self, batch: Batch, number: int, room: int) -> str:
        """The document of one variant, rendered in full; what it looks like is remembered."""
        worked = variant(self.worked, batch.shown.of(number))
        text = self._read(worked)
        asked = np.arange(batch.shown.count) == number
        known = (template for template in self.templates if template.room == room)
        if len(self.templates) >= MOST and not any(batch.like(template, asked)[number] for template in known):
            return text
        try:
            template = self._template(replace(worked, trace=probe(worked.trace)), worked.trace, room)
        except Opaque:
            self.follows = False
            return text
        made = [""] * batch.shown.count
        if template is not None:
            template.write(batch, np.array([number]), made)
        self.follows = self._finished(made[number]) == text
        return text

    def _template(self, marked: Worked, true: Trace, room: int) -> Template | None:
        """The template that a problem with marks belongs to, which knows its text now; none where they disagree."""
        notes_of = marked.trace
        assert isinstance(notes_of, Probe)
        if self.document == "solution" and marked.problem.training is not None and marked.graph.rate:
            raise Opaque("what training shows is worked anew for every variant")
        text = unidentified(self._render(marked))
        breaks = tuple(self._outcomes(marked))
        slots = tuple(match[0][0] for match in MARK.finditer(text))
        pieces, shapes = _pieces(text), [shape(slot, true) for slot in slots]
        for template in self.templates:
            same = template.questions == notes_of.notes.questions and template.breaks == breaks
            if same and template.room == room:
                if template.slots != slots:
                    return None
                return template if template.learn(pieces, shapes) else None
        made = Template(notes_of.notes, breaks, slots, self._signs(), format_for(self.format).thin)
        made.room = room
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

    def _signs(self) -> tuple[str, str]:
        """How `≈` and `=` are written where a relation's mark stands."""
        fmt, mark = format_for(self.format), chr(FIRST_SIGN)
        before, _, after = fmt.math(Op(mark)).partition(mark)
        near, equal = (fmt.math(Op(sign)) for sign in "≈=")
        return near.removeprefix(before).removesuffix(after), equal.removeprefix(before).removesuffix(after)


def _pieces(text: str) -> list[str]:
    """What stands between the slots."""
    out, at = [], 0
    for match in MARK.finditer(text):
        out.append(text[at : match.start()])
        at = match.end()
    return [*out, text[at:]]


def _rooms(found: Shown, diagram: Diagram | None, solved: bool) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """For each variant how many characters the longest number of its diagram has."""
    longest = np.full(found.count, ROOM if diagram is not None else 0)
    for name in numbered(diagram, found.graph, solved):
        longest = np.maximum(longest, np.array(list(map(len, found.sizes[name]))) + found.negative[name])
    return longest
