"""Tasks, students and a secret -> `Seat`s: for each student the first acceptable draw of every problem.

No two students get the same numbers. Whoever comes later in the order of ids draws again, so the order of the roster
does not matter; draws that were issued before are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from generator.errors import SetError
from generator.sets.draw import code_letters, fields
from generator.sets.judge import Judge
from generator.sets.roster import Student
from generator.sets.task import Task

MOST = 2000  # draws for one student and problem
_CHUNK = 2048  # variants judged at once
_LETTERS = 10


@dataclass(frozen=True, slots=True)
class Seat:
    """A student, the code of the paper, and which draw of each problem is on it."""

    student: Student
    code: str
    attempts: tuple[int, ...]


def variant_code(secret: bytes, name: str, student: str) -> str:
    """The short code of a student's paper: `7K3QM-9M2XA`. It tells nothing about the student or the numbers."""
    letters = code_letters(secret, fields(name, "", student, "code"), _LETTERS)
    return f"{letters[: _LETTERS // 2]}-{letters[_LETTERS // 2 :]}"


def seats(
    secret: bytes,
    name: str,
    judges: Sequence[Judge],
    students: Sequence[Student],
    issued: Mapping[str, Sequence[int]] | None = None,
) -> list[Seat]:
    """A seat for every student, in the order of the roster. `issued` holds the draws of papers that were issued.

    Raises `SetError` where a student finds no acceptable numbers that nobody else has.
    """
    ordered = sorted(students, key=lambda student: student.id)
    found = [_attempts(secret, name, judge, ordered, number, issued or {}) for number, judge in enumerate(judges)]
    codes: dict[str, str] = {}
    made: list[Seat] = []
    for student in students:
        code = variant_code(secret, name, student.id)
        other = codes.setdefault(code, student.id)
        if other != student.id:
            raise SetError(
                f"the papers of `{other}` and `{student.id}` would have the same code; expected another secret"
            )
        made.append(Seat(student, code, tuple(attempts[student.id] for attempts in found)))
    return made


def _attempts(
    secret: bytes, name: str, judge: Judge, ordered: Sequence[Student], number: int, issued: Mapping[str, Sequence[int]]
) -> dict[str, int]:
    """For each student's id the number of the draw that is acceptable and that nobody else has."""
    task = judge.task
    taken: dict[int, str] = {}
    attempts: dict[str, int] = {}
    for student in ordered:
        kept = issued.get(student.id)
        if kept is not None:
            attempts[student.id] = kept[number]
            taken[_fingerprint(task, task.drawn(secret, name, student.id, kept[number]))] = student.id
    waiting = [(student.id, 0) for student in ordered if student.id not in attempts]
    while waiting:
        again: list[tuple[str, int]] = []
        for chunk in _chunks(waiting, _CHUNK):
            draws = [task.drawn(secret, name, key, attempt) for key, attempt in chunk]
            for (key, attempt), places, good in zip(chunk, draws, judge.judged(draws), strict=True):
                paper = _fingerprint(task, places) if good else -1
                if good and paper not in taken:
                    taken[paper], attempts[key] = key, attempt
                elif attempt + 1 < MOST:
                    again.append((key, attempt + 1))
                else:
                    raise SetError(
                        f"`{task.id}`: no acceptable numbers for `{key}` in {MOST} draws; expected wider ranges or "
                        "weaker requirements (`longhand certify` says which)"
                    )
        waiting = again
    return attempts


def _fingerprint(task: Task, places: Mapping[str, int]) -> int:
    """One number for a variant, different for different numbers."""
    key = 0
    for given, place in places.items():
        key = key * len(task.choices[given].values) + place
    return key


def _chunks(items: Iterable[tuple[str, int]], size: int) -> Iterator[list[tuple[str, int]]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
