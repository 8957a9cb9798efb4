"""Markdown document -> its tables: the cells of each row, with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_FENCE = re.compile(r"[ >]*(```+|~~~+)")
_CELLS = re.compile(r"(?:\\.|`[^`]*`|[^|\\])+|(?<=\|)(?=\|)")


@dataclass(frozen=True, slots=True)
class Table:
    """`header` and `rows` of cells; `lines` are the rows' line numbers in the document."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def find_tables(text: str) -> Iterator[Table]:
    """The tables of a Markdown document, in their order; those in code are passed over."""
    lines = text.split("\n")
    fence = ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip(" >").startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and number and "-" in line and "|" in line and _RULE.fullmatch(line.lstrip(" >")):
            rows = []
            for below in lines[number + 1 :]:
                if "|" not in below:
                    break
                rows.append(cells(below))
            places = tuple(range(number + 2, number + 2 + len(rows)))
            yield Table(cells(lines[number - 1]), tuple(rows), places)


def cells(line: str) -> tuple[str, ...]:
    """The cells of one row of a table."""
    inside = line.strip(" >")
    inside = inside[1:] if inside.startswith("|") else inside
    inside = inside[:-1] if inside.endswith("|") and not inside.endswith("\\|") else inside
    return tuple(match[0].strip() for match in _CELLS.finditer(f"{inside}"))
