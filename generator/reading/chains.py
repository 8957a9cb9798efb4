"""The rows of a display -> its statements: what stands left and right of each relation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generator.reading import Line, Unreadable
from generator.reading.normal import closed, items
from generator.typeset.boxes import Box, Op, Row

EQUAL, ABOUT, ASSIGN, ARROW = "=", "≈", "≔", "→"
COMPARISONS = ("<", ">", "≤", "≥", "≠")
_RELATIONS = (EQUAL, ABOUT, ASSIGN, ARROW, *COMPARISONS)
_CONTINUE = (*_RELATIONS, "+", "−", "·", "∗", "×", "⋆", "⊙")


@dataclass(frozen=True, slots=True)
class Statement:
    """`segments` with `relations` between them (a single segment has none); `problem` says why it makes no sense."""

    segments: tuple[Box, ...]
    relations: tuple[str, ...]
    text: str
    offset: int
    problem: str = ""


def statements(lines: Iterable[Line]) -> list[Statement]:
    """The statements of a display. A row with a left side begins one; a row without continues the one above."""
    found: list[tuple[list[Line], str]] = []
    for line in lines:
        left, right = items(line.left), items(line.right)
        if left:
            found.append(([line], ""))
        elif not found:
            found.append(([line], "the first row has no left side"))
        else:
            above, problem = found.pop()
            comma = (items(above[-1].right) or items(above[-1].left))[-1:] == (Op(","),)
            if not right or not (comma or (isinstance(right[0], Op) and right[0].text in _CONTINUE)):
                problem = "a row without a left side begins with neither a relation nor an operator"
            found.append(([*above, line], problem))
    return [_statement(rows, problem) for rows, problem in found]


def _statement(rows: list[Line], problem: str) -> Statement:
    segments: list[list[Box]] = [[]]
    relations: list[str] = []
    for item in (item for row in rows for side in (row.left, row.right) for item in items(side)):
        if isinstance(item, Op) and item.text in _RELATIONS:
            relations.append(item.text)
            segments.append([])
        else:
            segments[-1].append(item)
    if relations and not any(segments) and len(relations) == 1:
        return Statement((Op(relations[0]),), (), rows[0].text, rows[0].offset)  # a sign that a sentence speaks of
    if relations and not all(segments):
        problem = problem or "nothing stands beside a relation"
    try:
        boxes = tuple(map(closed, segments))
    except Unreadable as error:
        boxes, problem = tuple(Row(tuple(segment)) for segment in segments), problem or str(error)
    return Statement(boxes, tuple(relations), " ".join(row.text for row in rows), rows[0].offset, problem)
