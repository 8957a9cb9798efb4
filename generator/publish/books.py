"""Records -> what the instructor gets for the whole set: answers, gradebook, key book, cover sheet, manifest.

Records are read one after the other, so that memory does not grow with the number of students.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

from generator import resources
from generator.errors import PublishError
from generator.formula.tree import shortest
from generator.publish.files import write_file, write_pieces
from generator.publish.pdf import typst_pdf
from generator.publish.shards import TEXTS, Workshop, record_path
from generator.sets.records import Record
from generator.sets.roster import Roster, Student, cell, csv_line
from generator.sets.seats import Seat
from generator.solve.rounding import fixed, full

ANSWERS, GRADEBOOK, MANIFEST = "instructor/answers.csv", "instructor/gradebook.csv", "instructor/issued.json"
KEYS, COVER = "instructor/keys", "instructor/cover"
_VOLUME = 300  # papers in one volume of the key book: Typst takes about 6 MB of memory for each


@dataclass
class Tally:
    """What the cover sheet says about one problem, gathered from records."""

    draws: int = 0
    low: int | None = None
    high: int | None = None

    def add(self, record: Record) -> None:
        """Count one paper's problem."""
        hardness = record["difficulty"]
        self.draws += record["attempt"] + 1
        self.low = hardness if self.low is None else min(self.low, hardness)
        self.high = hardness if self.high is None else max(self.high, hardness)


@dataclass(frozen=True)
class Shelf:
    """A set whose papers are all whole, in the folder where they are."""

    folder: Path
    shop: Workshop
    roster: Roster
    seats: Sequence[Seat]
    tallies: list[Tally] = field(default_factory=list)

    def records(self) -> Iterator[tuple[Seat, Record]]:
        """Every seat with its record, in the order of the roster."""
        for seat in self.seats:
            yield seat, read_record(self.folder, seat.student.id)


def read_record(folder: Path, student: str) -> Record:
    """A student's record. Raises `PublishError` where there is none or it cannot be read."""
    path = folder / record_path(student)
    try:
        found: Record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise PublishError(
            f"{path}: there is no such record, or it is broken; expected papers that are whole"
        ) from None
    return found


def write_books(shelf: Shelf) -> list[Path]:
    """Write everything for the instructor; the manifest last, because it says that the set is whole."""
    shelf.tallies[:] = [Tally() for _ in shelf.shop.tasks]
    made = [write_pieces(shelf.folder / ANSWERS, _encoded(_answers(shelf)))]
    made.append(write_pieces(shelf.folder / GRADEBOOK, _encoded(_gradebook(shelf))))
    made += _key_book(shelf)
    made += _cover(shelf)
    made.append(write_pieces(shelf.folder / MANIFEST, _encoded(_manifest(shelf), mark=False)))
    return made


def _encoded(lines: Iterator[str], mark: bool = True) -> Iterator[bytes]:
    """Text as UTF-8; spreadsheets need the byte order mark to see that it is."""
    if mark:
        yield b"\xef\xbb\xbf"
    for line in lines:
        yield line.encode()


_DIGITS = 12  # of a fraction in a table: a spreadsheet reads 5/11 as a day in May


def _answers(shelf: Shelf) -> Iterator[str]:
    yield csv_line(["student", "code", "problem", "blank", "quantity", "value", "tolerance", "points"])
    for seat, record in shelf.records():
        for problem, tally in zip(record["problems"], shelf.tallies, strict=True):
            tally.add(problem)
            for number, quantity, value, tolerance, points in problem["answers"]:
                row = [
                    cell(seat.student.id),
                    seat.code,
                    problem["id"],
                    number,
                    quantity,
                    full(Fraction(value), _DIGITS) if "/" in value else value,
                    tolerance,
                    decimal(points),
                ]
                yield csv_line(row)


def _gradebook(shelf: Shelf) -> Iterator[str]:
    tasks = shelf.shop.tasks
    heads = [f"{task.id} ({shortest(task.exercise.points)})" for task in tasks]
    total = shortest(sum((task.exercise.points for task in tasks), Fraction(0)))
    yield csv_line([*map(cell, shelf.roster.columns), "paper", *heads, f"total ({total})"])
    for seat in shelf.seats:
        yield csv_line([*map(cell, seat.student.cells), seat.code, *[""] * (len(tasks) + 1)])


def decimal(text: str) -> str:
    """A number as a spreadsheet reads it: a fraction that does not end is rounded to six places."""
    return fixed(round(Fraction(text), 6), 6) if "/" in text else text


# --- the key book ---


def _key_book(shelf: Shelf) -> Iterator[Path]:
    """One volume for up to three hundred papers; a PDF where PDFs are made, else in the first format."""
    kind = next(iter(shelf.shop.presses))
    count = len(shelf.seats)
    for volume, start in enumerate(range(0, count, _VOLUME), 1):
        seats = shelf.seats[start : start + _VOLUME]
        name = KEYS if count <= _VOLUME else f"{KEYS}-{volume}"
        path = shelf.folder / f"{name}{TEXTS[kind][1]}"
        pieces = _volume(shelf, seats, kind)
        if kind == "pdf":
            # Without tags: they make the file nine times as large, and who hears it read has answers.csv.
            yield write_file(path, typst_pdf("".join(pieces), shelf.shop.homework.homework.language, tagged=False))
        else:
            yield write_pieces(path, _encoded(pieces, mark=False))


def _volume(shelf: Shelf, seats: Sequence[Seat], kind: str) -> Iterator[str]:
    press = shelf.shop.presses[kind]
    yield press.book_index((seat.student, seat.code) for seat in seats)
    for seat in seats:
        record = read_record(shelf.folder, seat.student.id)
        bodies = [press.key(number, problem["answers"]) for number, problem in enumerate(record["problems"])]
        yield "\n" + press.book_entry(seat, bodies)
    yield "\n" + press.macros.end() + "\n"


# --- cover sheet and manifest ---


def _cover(shelf: Shelf) -> Iterator[Path]:
    homework, tasks = shelf.shop.homework, shelf.shop.tasks
    total = sum((task.exercise.points for task in tasks), Fraction(0))
    facts = [
        ("sets.set", homework.id),
        ("sets.course", homework.homework.text(homework.homework.course)),
        ("sets.date", homework.homework.date),
        ("sets.papers", str(len(shelf.seats))),
        ("sets.points", shortest(total)),
        ("sets.tool", resources.VERSION),
        ("sets.definition", homework.digest[:16]),
    ]
    rows = []
    for task, measure, tally in zip(tasks, shelf.shop.measures, shelf.tallies, strict=True):
        mean = fixed(round(Fraction(tally.draws, len(shelf.seats)), 2), 2)
        band, met = f"{measure.low}–{measure.high}", f"{tally.low}–{tally.high}"
        rows.append([shortest(task.exercise.points), str(len(task.blanks)), band, met, mean])
    for kind, press in shelf.shop.presses.items():
        text = press.cover([(code, fact) for code, fact in facts if fact], rows)
        content = typst_pdf(text, press.language) if kind == "pdf" else text.encode()
        yield write_file(shelf.folder / f"{COVER}{TEXTS[kind][1]}", content)


def _manifest(shelf: Shelf) -> Iterator[str]:
    """JSON, one student a line."""
    homework = shelf.shop.homework
    dump = partial(json.dumps, ensure_ascii=False)
    from_here = Path(os.path.relpath(homework.source.file, shelf.folder / "instructor")).as_posix()
    yield '{"longhand": ' + dump(resources.VERSION) + ",\n"
    yield '"set": ' + dump({"id": homework.id, "file": from_here, "hash": homework.digest}) + ",\n"
    problems = [{"id": task.id, "points": shortest(task.exercise.points)} for task in shelf.shop.tasks]
    yield '"problems": ' + dump(problems) + ",\n"
    yield '"options": ' + dump(shelf.shop.job.options.data()) + ",\n"
    yield '"students": [\n'
    for place, (seat, record) in enumerate(shelf.records()):
        yield (",\n" if place else "") + dump(entry(seat, record))
    yield "\n]}\n"


def entry(seat: Seat, record: Record) -> Record:
    """What the manifest says about one paper."""
    return {
        "id": seat.student.id,
        "name": seat.student.name,
        "code": seat.code,
        "attempts": list(seat.attempts),
        "fingerprint": record["fingerprint"],
        "variants": [problem["hash"] for problem in record["problems"]],
        "files": record["files"],
    }


def student_of(entry_of: Record) -> Student:
    """The student that an entry of the manifest is about."""
    return Student(entry_of["id"], entry_of["name"], (), 0)
