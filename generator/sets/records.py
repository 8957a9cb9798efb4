"""A paper as issued -> its record: what was drawn, what is right, and a hash of everything that was written.

A record is written when a paper is whole. It tells a second run that there is nothing to do, the answers their numbers,
and `longhand diff` what has changed since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from generator import resources
from generator.formula.tree import shortest
from generator.sets.papers import answer_rows
from generator.sets.seats import Seat
from generator.sets.task import Task
from generator.variants.shown import Shown

Record = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What is written for each student: formats (`pdf`, `latex`, `markdown`), and whether solutions are."""

    formats: tuple[str, ...] = ("pdf",)
    solutions: bool = True

    def data(self) -> dict[str, Any]:
        """The options as JSON."""
        return {"formats": list(self.formats), "solutions": self.solutions}


def digest(content: bytes | str) -> str:
    """A hash of a text or of bytes."""
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()


@lru_cache
def tool_digest() -> str:
    """A hash of this program and of its templates: what papers depend on besides the definition."""
    code = Path(__file__).resolve().parents[1]
    paths = [path for path in code.rglob("*.py") if "data" not in path.relative_to(code).parts]
    found = {path.relative_to(code).as_posix(): path for path in paths}
    for folder in reversed(resources.template_folders()):
        found |= {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    parts = [f"{name}\0{digest(path.read_bytes())}\n" for name, path in sorted(found.items())]
    return digest("".join(parts))


def fingerprint(set_digest: str, options: Options, seat: Seat) -> str:
    """What a paper is made from: if this is the same, so is every byte."""
    made = [resources.VERSION, tool_digest(), set_digest, options.data(), seat.student.id, seat.student.name]
    return digest(json.dumps([*made, seat.code, seat.attempts], ensure_ascii=False))


def variant_record(
    task: Task, found: Shown, place: int, hardness: int, attempt: int, documents: Mapping[str, str]
) -> Record:
    """One problem on one paper: its draw, its difficulty, its answers, and the hashes of its texts (`documents`)."""
    givens = {name: shortest(found.givens[name][place]) for name in task.choices}
    record = {
        "id": task.id,
        "attempt": attempt,
        "difficulty": hardness,
        "givens": givens,
        "answers": answer_rows(task, found, place),
        "documents": {name: digest(text) for name, text in documents.items()},
    }
    return {**record, "hash": digest(json.dumps(record, ensure_ascii=False))}


def paper_record(
    seat: Seat, made_from: str, variants: Sequence[Record], sheets: Mapping[str, str], files: Mapping[str, str]
) -> Record:
    """One student's paper. `sheets` are hashes of what stands around the problems, `files` those of the files."""
    return {
        "student": seat.student.id,
        "name": seat.student.name,
        "code": seat.code,
        "fingerprint": made_from,
        "problems": list(variants),
        "sheets": dict(sheets),
        "files": dict(files),
    }


def text_of(record: Mapping[str, Any]) -> bytes:
    """A record as it is written (on one line: indenting takes ten times as long)."""
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()
