"""CSV file -> `Roster`: the students, each with an id, a name and the file's further columns.

Names are printed as they are, whatever they look like: every format escapes them. What cannot be printed, cannot be
told apart, or would not be one folder's name is refused with its line.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from generator.errors import DefinitionError

LONGEST = 400  # characters of a name or any other cell
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
# Names that some systems keep for devices, with or without an ending.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


@dataclass(frozen=True, slots=True)
class Student:
    """One row: `cells` are all its columns as they stand, `line` is where it stands (0: a numbered copy)."""

    id: str
    name: str
    cells: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Roster:
    """The students in the file's order, and the names of its columns."""

    file: Path | None
    columns: tuple[str, ...]
    students: tuple[Student, ...]


def copies(count: int) -> Roster:
    """Numbered papers without names."""
    width = len(str(count))
    ids = [str(number).rjust(width, "0") for number in range(1, count + 1)]
    return Roster(None, ("id",), tuple(Student(name, "", (name,), 0) for name in ids))


def read_roster(path: Path) -> Roster:
    """The roster in a CSV file (UTF-8, with or without byte order mark; `,` or `;`).

    Raises `DefinitionError` naming the line of what cannot be used.
    """
    text = _text(path)
    rows = _rows(path, text)
    line, head = next(rows, (1, []))
    columns = tuple(cell.strip() for cell in head)
    lowered = [name.casefold() for name in columns]
    if "id" not in lowered or "name" not in lowered:
        raise DefinitionError(
            path, line, "", f"the columns `{', '.join(columns)}`", "a first line with `id` and `name`"
        )
    twice = next((name for place, name in enumerate(lowered) if name in lowered[:place]), None)
    if twice is not None:
        raise DefinitionError(path, line, twice, "the column a second time", "each column once")
    students, first = [], dict[str, int]()
    for line, row in rows:
        student = _student(path, line, columns, lowered, row)
        before = first.setdefault(student.id.casefold(), line)
        if before != line:
            found = f"`{student.id}` a second time (first on line {before})"
            raise DefinitionError(path, line, "id", found, "each id once, also without regard to capitals")
        students.append(student)
    if not students:
        raise DefinitionError(path, None, "", "no students", "a line for each")
    return Roster(path, columns, tuple(students))


def _text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DefinitionError(path, None, "", error.strerror or "an unreadable file", "a CSV file") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DefinitionError(path, line, "", "bytes that are not UTF-8", "a CSV file saved as UTF-8") from None
    return text


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line on which it begins."""
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    at = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DefinitionError(path, at, "", f"a row that is not CSV ({error})", "quotes that are closed") from None
        if any(cell.strip() for cell in row):
            yield at, row
        at = reader.line_num + 1


def _student(path: Path, line: int, columns: tuple[str, ...], lowered: list[str], row: list[str]) -> Student:
    if len(row) != len(columns):
        raise DefinitionError(path, line, "", f"{len(row)} cells", f"{len(columns)}: {', '.join(columns)}")
    cells = tuple(unicodedata.normalize("NFC", cell.strip()) for cell in row)
    for column, cell in zip(columns, cells, strict=True):
        if len(cell) > LONGEST:
            raise DefinitionError(path, line, column, f"{len(cell)} characters", f"at most {LONGEST}")
        strange = next((letter for letter in cell if _is_strange(letter)), None)
        if strange is not None:
            found = f"the character U+{ord(strange):04X}, which cannot be printed"
            raise DefinitionError(path, line, column, found, "letters, digits and signs")
    name, key = cells[lowered.index("name")], cells[lowered.index("id")]
    if not name:
        raise DefinitionError(path, line, "name", "no name", "a name")
    if not _ID.fullmatch(key) or _DEVICES.fullmatch(key) or key.endswith("."):
        found = f"`{key}`" if key else "no id"
        raise DefinitionError(path, line, "id", found, "up to 64 letters, digits and . _ @ + - (it names a folder)")
    return Student(key, name, cells, line)


def _is_strange(letter: str) -> bool:
    """Control characters, surrogates, unassigned ones, and those that turn the direction of what follows them."""
    turning = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    return letter in turning or unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")


def cell(text: str) -> str:
    """A text for a spreadsheet: one that would be taken for a formula is preceded by an apostrophe."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "|", "%") else text


def csv_line(cells: list[str]) -> str:
    """One line of a CSV file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
