"""A set and some of its seats -> files: the pure part of the work, done in as many processes as there are.

A shard depends on the definition and its own students alone, so shards can run anywhere and in any order.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

from generator.errors import PublishError
from generator.figures import image
from generator.paper import Paper
from generator.pipeline import Worked
from generator.publish.artifacts import checked
from generator.publish.files import Artifact, write_file
from generator.publish.pdf import typst_pdf
from generator.sets.codes import squares
from generator.sets.difficulty import Difficulty, difficulty, score
from generator.sets.model import load_set
from generator.sets.papers import CODE_FILE, DOCUMENTS, Press
from generator.sets.records import Options, Record, digest, fingerprint, paper_record, text_of, variant_record
from generator.sets.seats import Seat
from generator.sets.task import tasks
from generator.typeset.squares import squares_svg

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
    """What all shards of a set have in common."""

    file: Path
    options: Options
    secret: bytes


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


class Workshop:
    """A set loaded in one process, ready to make papers."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.homework = load_set(job.file)
        self.tasks = tasks(self.homework)
        self.measures: list[Difficulty] = [difficulty(task) for task in self.tasks]
        self.presses = {kind: Press(self.homework, self.tasks, TEXTS[kind][0]) for kind in job.options.formats}

    def papers(self, seats: Sequence[Seat]) -> Iterator[Made]:
        """The papers of some students; every line of the first one's documents is read back and checked."""
        for place, (seat, own, texts) in enumerate(self._texts(seats)):
            if place == 0:
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

    def _texts(self, seats: Sequence[Seat]) -> Iterator[tuple[Seat, list[Worked], Texts]]:
        """For each student the variants and the text of every document, format and problem."""
        variants = [self._variants(seat) for seat in seats]
        columns = list(zip(*variants, strict=True))
        bodies: dict[tuple[str, str, int], Iterator[str]] = {}
        for document in self.documents:
            for kind, press in self.presses.items():
                for number, column in enumerate(columns):
                    bodies[document, kind, number] = press.bodies(document, number, column)
        for seat, own in zip(seats, variants, strict=True):
            yield seat, own, {key: next(stream) for key, stream in bodies.items()}

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that each student has; every key also stands in the key book."""
        return DOCUMENTS if self.job.options.solutions else DOCUMENTS[:1]

    def _variants(self, seat: Seat) -> list[Worked]:
        name, student = self.homework.id, seat.student.id
        return [
            task.variant(task.numbers(task.drawn(self.job.secret, name, student, attempt)))
            for task, attempt in zip(self.tasks, seat.attempts, strict=True)
        ]

    def _check(self, own: Sequence[Worked], texts: Texts) -> None:
        for (document, kind, number), text in texts.items():
            checked(own[number], text, TEXTS[kind][0], document)

    def _made(self, seat: Seat, own: Sequence[Worked], texts: Texts) -> Made:
        files: list[Artifact] = []
        for document in self.documents:
            folder = f"{FOLDERS[document]}/{seat.student.id}"
            for kind, press in self.presses.items():
                text = press.paper(document, seat, [texts[document, kind, number] for number in range(len(own))])
                content = typst_pdf(text, press.language) if kind == "pdf" else text.encode()
                files.append(Artifact(f"{folder}/{document}{TEXTS[kind][1]}", content))
            if "markdown" in self.presses:
                files += self._pictures(folder, seat, own if document != "key" else ())
        hashes = {file.path: digest(file.content) for file in files}
        made_from = fingerprint(self.homework.digest, self.job.options, seat)
        return Made(
            tuple(files), paper_record(seat, made_from, self._records(seat, own, texts), self._sheets(seat), hashes)
        )

    def _records(self, seat: Seat, own: Sequence[Worked], texts: Texts) -> list[Record]:
        first = next(iter(self.presses))
        return [
            variant_record(
                task, score(measure, variant), attempt, variant,
                {document: texts[document, first, number] for document in self.documents},
            )
            for number, (task, measure, attempt, variant) in enumerate(
                zip(self.tasks, self.measures, seat.attempts, own, strict=True)
            )
        ]  # fmt: skip

    def _pictures(self, folder: str, seat: Seat, own: Sequence[Worked]) -> Iterator[Artifact]:
        """What the Markdown documents refer to."""
        yield Artifact(f"{folder}/{CODE_FILE}", squares_svg(squares(seat.code)).encode())
        for variant in own:
            paper = Paper(variant, "markdown", self.homework.homework.language)
            for kind, drawing, description in paper.pictures():
                made = image(drawing, paper.alt(kind), description)
                yield Artifact(f"{folder}/{variant.id}-{kind}.svg", made.encode())


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
    _workshops["own"] = Workshop(job)


def run(folder: Path, seats: Sequence[Seat]) -> int:
    """Make and write the papers of some students, each with its record last; how many there are."""
    shop = _workshops.get("own")
    if shop is None:
        raise PublishError("the process has not loaded a set")
    for made in shop.papers(seats):
        for artifact in made.artifacts:
            write_file(folder / artifact.path, artifact.content)
    return len(seats)
