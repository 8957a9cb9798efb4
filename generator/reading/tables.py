"""Rendered document -> its tables: the cells of each row, with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_FENCE = re.compile(r"[ >]*(```+|~~~+)")
_CELLS = re.compile(r"(?:\\.|`[^`]*`|[^|\\])+|(?<=\|)(?=\|)")
_LATEX = re.compile(
    r"\\toprule(?P<header>(?:(?!\\bottomrule).)*?)\\midrule(?:\s*\\endhead)?(?P<body>.*?)\\bottomrule", re.DOTALL
)
_LATEX_SIGNS = re.compile(r"\\begin\{cases\}|\\end\{cases\}|\\\\|(?<!\\)&")
_HTML = re.compile(r"<table\b[^>]*>\s*<thead>(?P<header>.*?)</thead>(?P<body>.*?)</table>", re.DOTALL)
_HTML_ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.DOTALL)
_HTML_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", re.DOTALL)
_TYPST = re.compile(r"\btable\.header\(")


@dataclass(frozen=True, slots=True)
class Table:
    """`header` and `rows` of cells; `lines` are the rows' line numbers in the document."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def find_markdown_tables(text: str) -> Iterator[Table]:
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


def find_latex_tables(text: str) -> Iterator[Table]:
    """The tables of a LaTeX document that have a header between two rules."""
    for found in _LATEX.finditer(text):
        header = _latex_cells(found["header"].strip().removesuffix("\\\\"))
        rows, lines, at = [], [], found.start("body")
        for row in _split_outside(found["body"], "\\\\"):
            if row.strip():
                rows.append(_latex_cells(row))
                lines.append(text.count("\n", 0, at + len(row) - len(row.lstrip())) + 1)
            at += len(row) + 2
        yield Table(header, tuple(rows), tuple(lines))


def _latex_cells(row: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in _split_outside(row, "&"))


def _split_outside(text: str, sign: str) -> list[str]:
    """`text` split at `sign` (`&` or a line's end) where that is not part of a choice between cases."""
    pieces, depth, start = [], 0, 0
    for found in _LATEX_SIGNS.finditer(text):
        depth += {"\\begin{cases}": 1, "\\end{cases}": -1}.get(found[0], 0)
        if found[0] == sign and not depth:
            pieces.append(text[start : found.start()])
            start = found.end()
    return [*pieces, text[start:]]


def find_html_tables(text: str) -> Iterator[Table]:
    """The tables of a page that have a header."""
    for found in _HTML.finditer(text):
        rows = list(_HTML_ROW.finditer(found["body"]))
        start = found.start("body")
        lines = tuple(text.count("\n", 0, start + row.start()) + 1 for row in rows)
        yield Table(_html_cells(found["header"]), tuple(_html_cells(row[1]) for row in rows), lines)


def _html_cells(row: str) -> tuple[str, ...]:
    return tuple(cell[1].strip() for cell in _HTML_CELL.finditer(row))


def find_typst_tables(text: str) -> Iterator[Table]:
    """The tables of a Typst document that have a header: its cells, then as many for each row."""
    for found in _TYPST.finditer(text):
        header, after = _typst_cells(text, found.end())
        body, _ = _typst_cells(text, after + 1)
        wide = len(header)
        rows = [body[at : at + wide] for at in range(0, len(body), wide)]
        places = tuple(text.count("\n", 0, row[0][1]) + 1 for row in rows)
        yield Table(_contents(header), tuple(map(_contents, rows)), places)


def _contents(found: list[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(cell for cell, _ in found)


def _typst_cells(text: str, at: int) -> tuple[list[tuple[str, int]], int]:
    """The bracketed cells from `at` to the parenthesis that closes the call, with their places; where it closes."""
    found: list[tuple[str, int]] = []
    brackets, parentheses, start = 0, 0, 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 2
            continue
        if letter == "[":
            start = at + 1 if not brackets else start
            brackets += 1
        elif letter == "]":
            brackets -= 1
            if not brackets:
                found.append((text[start:at].strip(), start))
        elif not brackets and letter in "()":
            parentheses += 1 if letter == "(" else -1
            if parentheses < 0:
                break
        at += 1
    return found, at
