"""Issued papers -> the same papers again (`reissue`), and what would be different if they were made now (`diff`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from generator.errors import SetError
from generator.publish.books import MANIFEST, read_record, student_of
from generator.publish.files import write
from generator.publish.homework import read_manifest, secret_of
from generator.publish.shards import Job, Workshop
from generator.sets.codes import meant
from generator.sets.model import load_set
from generator.sets.records import Options, Record, digest
from generator.sets.seats import Seat

_AT_ONCE = 16  # papers that are compared together


@dataclass(frozen=True)
class Issued:
    """A folder of issued papers: its manifest, and the set it was made from."""

    folder: Path
    manifest: Record
    shop: Workshop

    def seat(self, entry: Record) -> Seat:
        """The seat that an entry of the manifest is about."""
        return Seat(student_of(entry), entry["code"], tuple(entry["attempts"]))


@dataclass(frozen=True)
class Change:
    """Something on an issued paper that would be different now.

    `what` is `given`, `answer`, `points`, `tolerance`, `blank`, `text` or `problem`; `about` names it.
    """

    student: str
    code: str
    problem: str
    what: str
    about: str
    before: str
    after: str

    def data(self) -> dict[str, str]:
        """The change as JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __str__(self) -> str:
        words = f"{self.what} {self.about}".strip()
        return (
            f"{self.student} ({self.code}), {self.problem}: {words}: {self.before or 'none'} -> {self.after or 'none'}"
        )


def find_issued(folder: Path, file: Path | None = None) -> Issued:
    """The issued papers in a folder (or in one just below it). Raises `SetError` where there are none, or several."""
    found = [
        path.parent.parent for path in (folder / MANIFEST, *sorted(folder.glob(f"*/{MANIFEST}"))) if path.is_file()
    ]
    if len(found) != 1:
        listed = f"{len(found)} ({', '.join(map(str, found))})" if found else "none"
        raise SetError(f"{folder}: found {listed} folders of issued papers; expected the one that `longhand set` made")
    (place,) = found
    manifest = read_manifest(place) or {}
    path = file or place / "instructor" / manifest["set"]["file"]
    if not path.is_file():
        raise SetError(f"{path}: the set file is not there any more; say where it is with --set")
    options = Options(tuple(manifest["options"]["formats"]), manifest["options"]["solutions"])
    secret = secret_of(load_set(path))
    return Issued(place, manifest, Workshop(Job(path, options, secret)))


# --- the same papers again ---


def reissue(typed: str, folder: Path, output: Path, file: Path | None = None) -> list[Path]:
    """Make one paper, its key and its solution again, byte for byte, in `output`.

    Raises `SetError` where no paper has the code, or where what would be made is not what was issued.
    """
    code = meant(typed)
    issued = find_issued(folder, file)
    codes = [entry["code"] for entry in issued.manifest["students"]]
    if code not in codes:
        near = get_close_matches(code, codes, n=2, cutoff=0.7)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise SetError(f"{issued.folder}: no paper has the code {code}{hint}")
    entry = issued.manifest["students"][codes.index(code)]
    _same_problems(issued)
    (made,) = issued.shop.papers([issued.seat(entry)])
    wrong = [file.path for file in made.files if digest(file.content) != entry["files"].get(file.path)]
    if wrong:
        raise SetError(
            f"{', '.join(wrong)}: what would be made now is not what was issued to `{entry['id']}`: the set, a "
            "problem, the secret or the program has changed (`longhand diff` says how)"
        )
    return write(output, made.files)


def _same_problems(issued: Issued) -> None:
    before = [problem["id"] for problem in issued.manifest["problems"]]
    now = [task.id for task in issued.shop.tasks]
    if before != now:
        raise SetError(
            f"the set now has the problems {', '.join(now)}; the papers were issued with {', '.join(before)}"
        )


# --- what has changed ---


def differences(folder: Path, file: Path | None = None) -> Iterator[Change]:
    """What would be different on issued papers if they were made now, student by student."""
    issued = find_issued(folder, file)
    entries = iter(issued.manifest["students"])
    ids = {problem["id"]: place for place, problem in enumerate(issued.manifest["problems"])}
    while chunk := list(islice(entries, _AT_ONCE)):
        # A problem that is new on the paper has no draw yet: it gets the first one.
        seats = [
            Seat(
                student_of(entry),
                entry["code"],
                tuple(entry["attempts"][ids[task.id]] if task.id in ids else 0 for task in issued.shop.tasks),
            )
            for entry in chunk
        ]
        for entry, (variants, sheets) in zip(chunk, issued.shop.contents(seats), strict=True):
            yield from _paper(issued, entry, variants, sheets)


def _paper(issued: Issued, entry: Record, variants: Sequence[Record], sheets: Mapping[str, str]) -> Iterator[Change]:
    record, told = read_record(issued.folder, entry["id"]), set[str]()
    before = {problem["id"]: problem for problem in record["problems"]}
    now = {problem["id"]: problem for problem in variants}
    for name in dict.fromkeys([*before, *now]):
        found = _problem(before.get(name), now.get(name))
        for what, about, old, new in found:
            told.add(what)
            yield Change(entry["id"], entry["code"], name, what, about, old, new)
    if not told & {"problem", "points"}:  # else the headings differ because these do
        for what, about, old, new in _compared("text", _short(record["sheets"]), _short(sheets)):
            yield Change(entry["id"], entry["code"], "the sheet", what, about, old, new)


def _problem(before: Record | None, now: Record | None) -> Iterator[tuple[str, str, str, str]]:
    if before is None or now is None:
        yield "problem", "", "on the paper" if before else "", "on the paper" if now else ""
        return
    yield from _compared("given", before["givens"], now["givens"])
    rows = [{row[0]: row for row in record["answers"]} for record in (before, now)]
    for place, what in ((1, "blank"), (2, "answer"), (3, "tolerance"), (4, "points")):
        old, new = (
            {f"{row[0]} {row[1]}" if place > 1 else row[0]: row[place] for row in found.values()} for found in rows
        )
        yield from _compared(what, old, new)
    told = before["givens"] != now["givens"] or before["answers"] != now["answers"]
    if not told:  # else the texts differ because the numbers do
        yield from _compared("text", _short(before["documents"]), _short(now["documents"]))


def _short(hashes: Mapping[str, str]) -> dict[str, str]:
    """Hashes as they are told."""
    return {name: text[:12] for name, text in hashes.items()}


def _compared(what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name, ""), now.get(name, "")
        if old != new:
            yield what, name, old, new
