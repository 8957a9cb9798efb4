"""Seats and their variants -> the text of papers, solutions and keys in any format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

from generator.formula.tree import shortest
from generator.pipeline import Worked
from generator.render.document import tidy
from generator.render.formats import Format, environment, format_for
from generator.render.paper import Paper
from generator.render.texts import paragraphs
from generator.sets.codes import squares
from generator.sets.model import SetFile
from generator.sets.roster import Student
from generator.sets.seats import Seat
from generator.sets.task import Task
from generator.typeset.numerals import grouped, numeral
from generator.typeset.squares import squares_svg, squares_tikz, squares_typst
from generator.variants.shown import Shown
from generator.variants.slots import Slots

PaperReader = Callable[[str, Worked, str], object]  # of a document's name, a variant, and its text
DOCUMENTS = ("worksheet", "solution", "key")
CODE_FILE = "code.svg"  # what Markdown papers show
_MARK = "\ue000"  # stands for what varies in a key


@dataclass(frozen=True, slots=True)
class Part:
    """One problem on a paper: its heading and what stands below it."""

    title: str
    body: str


class Press:
    """Sets the papers of one set in one format; `reader` is given each look of a document, by its name, to check."""

    def __init__(
        self, homework: SetFile, tasks: Sequence[Task], format_name: str, reader: PaperReader | None = None
    ) -> None:
        self.reader = reader
        self.homework, self.tasks, self.language = homework, tasks, homework.homework.language
        self.format: Format = format_for(format_name)
        self.papers = [Paper(task.worked, format_name, self.language) for task in tasks]
        self.words = self.papers[0].words
        self.say, self.word = self.papers[0].setter.say, self.papers[0].setter.word
        self.macros = self.papers[0].macros
        self._slots: dict[tuple[str, int], Slots] = {}
        self._value = lru_cache(maxsize=1 << 16)(self.cell)
        self._titles = [self._title(number) for number in range(len(tasks))]
        self._symbols = [
            [paper.format.inline(paper.setter.symbol(name)) for name in task.asked]
            for paper, task in zip(self.papers, tasks, strict=True)
        ]
        own = homework.homework
        self.instructions = paragraphs(own.text(own.instructions), self.papers[0].setter) if own.instructions else []

    def _title(self, number: int) -> str:
        task = self.tasks[number]
        problem = task.worked.problem
        title = self.format.escape(problem.text(problem.title, self.language))
        points = self.number(shortest(task.exercise.points))
        return self.say("sets.numbered", number=str(number + 1), title=title, points=points)

    def number(self, value: object) -> str:
        """A number in a sentence or a cell."""
        return self.format.inline(numeral(str(value)))

    def cell(self, number: str) -> str:
        """A number in a cell: as text in Typst, which sets a formula four times as slowly."""
        plain = self.format.name == "typst" and "e" not in number and grouped(number) == number
        return number.replace("-", "−") if plain else self.number(number)

    # --- one paper ---

    def bodies(self, document: str, number: int, found: Shown) -> list[str]:
        """What stands below the heading of the problem `number`, for each of the variants that `found` shows."""
        task = self.tasks[number]
        if document == "key":
            return [self.key(number, answer_rows(task, found, place)) for place in range(found.count)]
        if (document, number) not in self._slots:
            level = task.exercise.level if document == "worksheet" else None
            name = self.format.name
            read = partial(self.reader, document) if self.reader is not None else None
            self._slots[document, number] = Slots(task.worked, document, name, self.language, level, False, read)
        return [text.rstrip("\n") for text in self._slots[document, number].filled(found)]

    def key(self, number: int, rows: Sequence[Sequence[str]]) -> str:
        """The key of one problem on one paper, from its answers (see `answer_rows`)."""
        pieces = list(self._keys[number])
        for place, (_, _, value, allowed, _) in enumerate(rows):
            pieces[4 * place + 1] = self._value(value)
            pieces[4 * place + 3] = self.format.escape("±") + (self.cell(allowed) if "e" in allowed else allowed)
        return "".join(pieces)

    @cached_property
    def _keys(self) -> list[list[str]]:
        """For each problem the text of its key around the values and what they may be off by: only these vary."""
        return [self._key_of(number) for number in range(len(self.tasks))]

    def _key_of(self, number: int) -> list[str]:
        cells = [
            [self.cell(str(blank.number)), symbol, _MARK, _MARK, self.cell(shortest(blank.points))]
            for blank, symbol in zip(self.tasks[number].blanks, self._symbols[number], strict=True)
        ]
        pieces = self._template("answers", answers=cells).rstrip("\n").split(_MARK)
        return [part for piece in pieces for part in (piece, "")][:-1]

    def paper(self, document: str, seat: Seat, bodies: Iterable[str]) -> str:
        """A whole document of one student, from the bodies of its problems."""
        own = self.homework.homework
        title = own.text(own.title)
        parts = [Part(title, body) for title, body in zip(self._titles, bodies, strict=True)]
        return self._template(
            "paper",
            kind="worksheet" if document == "worksheet" else "solution",
            title=self.format.escape(title),
            plain_title=title,
            document=f"{self.word(f'documents.{document}')} {self.format.escape(seat.code)}",
            language=self.language,
            about=self._about(seat),
            mark=self._mark(seat.code),
            instructions=self.instructions if document == "worksheet" else [],
            problems=parts,
        )

    def _about(self, seat: Seat) -> list[tuple[str, str]]:
        own = self.homework.homework
        rows = [("sets.course", own.text(own.course)), ("sets.date", own.date)]
        listed = [(self.word(code), self.format.escape(text)) for code, text in rows if text]
        listed.append((self.word("sets.name"), self.format.escape(seat.student.name)))
        listed.append((self.word("sets.id"), self.format.escape(seat.student.id)))
        return [*listed, (self.word("sets.code"), self.format.macro("code", self.format.escape(seat.code)))]

    def _mark(self, code: str) -> str:
        """The code as squares to scan; Markdown refers to a file beside the paper."""
        alt = self.words("sets.code_alt")
        match self.format.name:
            case "typst":
                return squares_typst(squares(code), alt)
            case "latex":
                return squares_tikz(squares(code))
            case "terminal":
                return ""
            case "web":
                return squares_svg(squares(code))
        return self.format.macro("figure", CODE_FILE, self.format.escape(alt))

    # --- the key book ---

    def book_index(self, students: Iterable[tuple[Student, str]]) -> str:
        """The first pages of the key book: every student and code, with the page of the key."""
        rows = [
            [
                self.format.escape(student.id),
                self.format.escape(student.name),
                self.format.macro("code", self.format.escape(code)),
                self.format.macro("page_of", label_of(code)),
            ]
            for student, code in students
        ]
        own = self.homework.homework
        title, name = own.text(own.title), self.word("sets.keys")
        given = {"title": self.format.escape(title), "plain_title": title, "document": name, "language": self.language}
        return self._template("keys", part="index", rows=rows, **given)

    def book_entry(self, seat: Seat, bodies: Iterable[str]) -> str:
        """One paper's pages of the key book."""
        names = ", ".join(filter(None, (seat.student.name, seat.student.id, seat.code)))
        parts = [Part(title, body) for title, body in zip(self._titles, bodies, strict=True)]
        label = label_of(seat.code)
        return self._template("keys", part="entry", heading=self.format.escape(names), label=label, problems=parts)

    # --- the cover sheet ---

    def cover(self, facts: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> str:
        """The cover sheet: facts by the code of their name, and a row of numbers for each problem."""
        own = self.homework.homework
        title = own.text(own.title)
        cells = []
        for number, (task, row) in enumerate(zip(self.tasks, rows, strict=True), 1):
            problem = task.worked.problem
            name = self.format.escape(problem.text(problem.title, self.language))
            level = self.word(f"levels.{task.exercise.level}")
            points, *rest = row
            cells.append([self.number(number), name, self.number(points), level, *map(self.format.escape, rest)])
        return self._template(
            "cover",
            title=self.format.escape(title),
            plain_title=title,
            document=self.word("sets.cover"),
            language=self.language,
            facts=[(self.word(code), self.format.escape(text)) for code, text in facts],
            problems=cells,
            notes=[self.word(code) for code in ("sets.note_band", "sets.note_draws", "sets.note_unique")],
        )

    def _template(self, name: str, **given: Any) -> str:
        template = environment().get_template(f"sets/{name}.j2")
        return tidy(template.render(f=self.macros, t=self.word, **given))


def label_of(code: str) -> str:
    """What a paper's key is called inside the key book."""
    return f"key-{code}"


def answer_rows(task: Task, found: Shown, place: int) -> list[list[str]]:
    """Number, quantity, value, tolerance and points of every blank of one variant, as texts."""
    rows = []
    for blank in task.blanks:
        text = found.text(blank.quantity, place)
        rows.append([str(blank.number), blank.quantity, text, task.allowed(text), shortest(blank.points)])
    return rows
