"""A set and some of its seats -> files: the pure part of the work, done in as many processes as there are.

A shard depends on the definition and its own students alone, so shards can run anywhere and in any order.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from multiprocessing import parent_process
from pathlib import Path

from generator.errors import PublishError
from generator.pipeline import Worked
from generator.publish.artifacts import checked
from generator.publish.files import Artifact, write_file
from generator.publish.pdf import typst_pdf
from generator.sets.codes import squares
from generator.sets.difficulty import Difficulty, difficulty, scores_of
from generator.sets.model import load_set
from generator.sets.papers import CODE_FILE, DOCUMENTS, Press
from generator.sets.pictures import Pictures
from generator.sets.records import Options, Record, digest, fingerprint, paper_record, text_of, variant_record
from generator.sets.seats import Seat
from generator.sets.task import tasks
from generator.typeset.squares import squares_svg
from generator.variants.shown import Shown, shown

TEXTS: Mapping[str, tuple[str, str]] = {
    "pdf": ("typst", ".pdf"),
    "latex": ("latex", ".tex"),
    "markdown": ("markdown", ".md"),
}
RECORDS = "instructor/records"
# Where each document goes, by audience. Solutions are kept apart until they are released.
FOLDERS: Mapping[str, str] = {"worksheet": "students", "solution": "solutions", "key": "instructor/keys"}

Texts = Mapping[tuple[str, str, int], str]  # by document, kind of file, and the problem's number


@dataclass(frozen=True)
class Job:
    """What all shards of a set have in common. With `thorough`, all lines of all papers are read back and checked."""

    file: Path
    options: Options
    secret: bytes
    thorough: bool = False


@dataclass(frozen=True)
class Made:
    """One student's files, and the record that says that they are whole."""

    files: tuple[Artifact, ...]
    record: Record

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The files, then the record."""
        return (*self.files, Artifact(record_path(self.record["student"]), text_of(self.record)))


def record_path(student: str) -> str:
    """Where a student's record stands."""
    return f"{RECORDS}/{student}.json"


@dataclass(frozen=True)
class Own:
    """One student's variants: their place among those that are shown together, and how hard each is."""

    found: Sequence[Shown]
    place: int
    scores: Sequence[int]


class Workshop:
    """A set loaded in one process, ready to make papers."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.homework = load_set(job.file)
        self.tasks = tasks(self.homework)
        self.measures: list[Difficulty] = [difficulty(task) for task in self.tasks]
        self.presses = {kind: self._press(TEXTS[kind][0]) for kind in job.options.formats}

    def _press(self, format_name: str) -> Press:
        """A press whose every new look of a document is read back and checked."""

        def read(document: str, variant: Worked, text: str) -> None:
            checked(variant, text, format_name, document)

        return Press(self.homework, self.tasks, format_name, read)

    def papers(self, seats: Sequence[Seat]) -> Iterator[Made]:
        """The papers of some students.

        Every line of the first one's documents is read back and checked, and so is the first text of every look that a
        document takes (`slots`).
        """
        for place, (seat, own, texts) in enumerate(self._texts(seats)):
            if place == 0 or self.job.thorough:
                self._check(own, texts)
            yield self._made(seat, own, texts)

    def worksheet(self, seat: Seat) -> str:
        """The source of one student's worksheet in the first format."""
        kind, press = next(iter(self.presses.items()))
        for _, _, texts in self._texts([seat]):
            return press.paper("worksheet", seat, [texts["worksheet", kind, n] for n in range(len(self.tasks))])
        raise PublishError(f"no worksheet for `{seat.student.id}`")

    def contents(self, seats: Sequence[Seat]) -> Iterator[tuple[list[Record], Mapping[str, str]]]:
        """What would be on the papers of some students, and around it, without setting them."""
        for seat, own, texts in self._texts(seats):
            yield self._records(seat, own, texts), self._sheets(seat)

    def _sheets(self, seat: Seat) -> dict[str, str]:
        """For each document a hash of what stands around the problems."""
        press = next(iter(self.presses.values()))
        return {document: digest(press.paper(document, seat, [""] * len(self.tasks))) for document in self.documents}

    def _texts(self, seats: Sequence[Seat]) -> Iterator[tuple[Seat, Own, Texts]]:
        """For each student the variants and the text of every document, format and problem."""
        found = [self._shown(number, seats) for number in range(len(self.tasks))]
        bodies: dict[tuple[str, str, int], list[str]] = {}
        for document in self.documents:
            for kind, press in self.presses.items():
                for number, column in enumerate(found):
                    bodies[document, kind, number] = press.bodies(document, number, column)
        scores = [scores_of(measure, column) for measure, column in zip(self.measures, found, strict=True)]
        for place, seat in enumerate(seats):
            own = Own(found, place, [column[place] for column in scores])
            yield seat, own, {key: texts[place] for key, texts in bodies.items()}

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that each student has; every key also stands in the key book."""
        return DOCUMENTS if self.job.options.solutions else DOCUMENTS[:1]

    def _shown(self, number: int, seats: Sequence[Seat]) -> Shown:
        """What one problem shows on the papers of some students."""
        task, name, secret = self.tasks[number], self.homework.id, self.job.secret
        drawn = [task.numbers(task.drawn(secret, name, seat.student.id, seat.attempts[number])) for seat in seats]
        columns = {given: [values[given] for values in drawn] for given in task.choices}
        return shown(task.worked.graph, task.rounding, columns)

    def _check(self, own: Own, texts: Texts) -> None:
        variants = [task.variant(found.of(own.place)) for task, found in zip(self.tasks, own.found, strict=True)]
        for (document, kind, number), text in texts.items():
            checked(variants[number], text, TEXTS[kind][0], document)

    def _made(self, seat: Seat, own: Own, texts: Texts) -> Made:
        files: list[Artifact] = []
        for document in self.documents:
            folder = f"{FOLDERS[document]}/{seat.student.id}"
            for kind, press in self.presses.items():
                text = press.paper(document, seat, [texts[document, kind, number] for number in range(len(self.tasks))])
                content = typst_pdf(text, press.language) if kind == "pdf" else text.encode()
                files.append(Artifact(f"{folder}/{document}{TEXTS[kind][1]}", content))
            if "markdown" in self.presses:
                files += self._pictures(folder, seat, own, document)
        hashes = {file.path: digest(file.content) for file in files}
        made_from = fingerprint(self.homework.digest, self.job.options, seat)
        return Made(
            tuple(files), paper_record(seat, made_from, self._records(seat, own, texts), self._sheets(seat), hashes)
        )

    def _records(self, seat: Seat, own: Own, texts: Texts) -> list[Record]:
        first = next(iter(self.presses))
        records = []
        for number, task in enumerate(self.tasks):
            documents = {document: texts[document, first, number] for document in self.documents}
            attempt, found = seat.attempts[number], own.found[number]
            records.append(variant_record(task, found, own.place, own.scores[number], attempt, documents))
        return records

    def _pictures(self, folder: str, seat: Seat, own: Own, document: str) -> Iterator[Artifact]:
        """What the Markdown documents refer to."""
        yield Artifact(f"{folder}/{CODE_FILE}", squares_svg(squares(seat.code)).encode())
        for task, found, drawings in zip(self.tasks, own.found, self._drawings, strict=True):
            pictures = drawings[document != "worksheet"]
            drawn = pictures.svg(partial(_text, found, own.place)) if document != "key" else None
            if drawn is not None:
                yield Artifact(f"{folder}/{task.worked.id}-{pictures.kind}.svg", drawn.encode())

    @cached_property
    def _drawings(self) -> list[tuple[Pictures, Pictures]]:
        """The pictures of each problem: as it is asked, and as it is solved; of a network, which is both, one."""
        both = [
            [Pictures(task.worked, self.homework.homework.language, way) for way in (False, True)]
            for task in self.tasks
        ]
        return [(asked if asked.kind != solved.kind else solved, solved) for asked, solved in both]


def _text(found: Shown, place: int, name: str) -> str:
    return found.text(name, place)


# --- in another process ---

_workshops: dict[str, Workshop] = {}


def begin(job: Job) -> None:
    """Load the set in a process that has just begun; the process ends when the one that began it does."""
    parent = parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
    use(Workshop(job))


def use(shop: Workshop) -> None:
    """Make the papers of this process with a set that is loaded already."""
    _workshops["own"] = shop


def run(folder: Path, seats: Sequence[Seat]) -> int:
    """Make and write the papers of some students, each with its record last; how many there are."""
    shop = _workshops.get("own")
    if shop is None:
        raise PublishError("the process has not loaded a set")
    for made in shop.papers(seats):
        for artifact in made.artifacts:
            write_file(folder / artifact.path, artifact.content)
    return len(seats)
