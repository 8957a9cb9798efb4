"""What a document sets together: a sentence with its rows, and how much room is left below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from typing import NamedTuple

_ROWS = 6  # that are aligned with one another
_FEWEST_LINES, _MOST_LINES = 2, 12  # left free for the working of one result


class Line(NamedTuple):
    """One row of aligned mathematics; a row with no relation goes on with the row above."""

    left: str
    relation: str
    right: str


@dataclass(frozen=True)
class Block:
    """Something to set: a sentence (may be empty), then rows of mathematics kept together with it.

    `kind`: `step`, `listed` (several quantities, aligned together), `table` (it is all in the sentence) or `aside`;
    `depth` counts the steps it is inside, `room` the lines left free for working below it; `joins`: it goes on with the
    block above; `turns`: another turn of several loops begins with it.
    """

    kind: str
    sentence: str
    rows: tuple[Line, ...]
    depth: int = 0
    title: str = ""
    room: int = 0
    joins: bool = False
    turns: bool = False


def lines_for(work: int) -> int:
    """The lines that so many operations need (none: no room is left)."""
    return min(_MOST_LINES, max(_FEWEST_LINES, ceil(work / 2))) if work else 0


def merged(blocks: list[Block]) -> list[Block]:
    """Listed blocks of the same depth that follow one another become one, up to a readable length.

    So does what goes on with a step, and the step. A turn of several loops stays together where it is not too long.
    """
    made: list[Block] = []
    for number, block in enumerate(blocks):
        last = made[-1] if made else None
        if last is not None and _go_together(last, block, _turn(blocks, number)):
            made[-1] = replace(last, rows=(*last.rows, *block.rows))
        else:
            made.append(block)
    return made


def _turn(blocks: list[Block], start: int) -> int:
    """How many rows are kept together from a block on: its own, or those of the turn that begins with it."""
    count = len(blocks[start].rows)
    if blocks[start].turns:
        for block in islice(blocks, start + 1, None):
            if block.kind != "listed" or block.turns or block.sentence:
                break
            count += len(block.rows)
    return count


def _go_together(last: Block, block: Block, rows: int) -> bool:
    if block.kind != "listed" or block.sentence or last.depth != block.depth or last.room or block.room:
        return False
    goes_on = last.kind == "listed" or (block.joins and last.kind == "step")
    return goes_on and len(last.rows) + rows <= _ROWS


def said_once(blocks: Iterable[Block]) -> Iterator[Block]:
    """No sentence that says what the one before it has said, in the same words."""
    said = ("", -1)
    for block in blocks:
        again = block.kind == "step" and bool(block.sentence) and (block.sentence, block.depth) == said
        yield replace(block, sentence="") if again and not block.title else block
        if block.sentence:
            said = (block.sentence, block.depth)
