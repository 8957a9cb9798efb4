"""Blocks of a section -> the same blocks, with what belongs together aligned together and nothing said twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

_ROWS = 6  # that are aligned with one another


class Line(NamedTuple):
    """One row of aligned mathematics; a row with no relation goes on with the row above."""

    left: str
    relation: str
    right: str


@dataclass(frozen=True)
class Block:
    """Something to set: a sentence (may be empty), then rows of mathematics kept together with it.

    `kind`: `step`, `listed` (several quantities, aligned together), `table` (it is all in the sentence) or `aside`;
    `depth` counts the steps it is inside; `joins`: it goes on with the block above.
    """

    kind: str
    sentence: str
    rows: tuple[Line, ...]
    depth: int = 0
    title: str = ""
    joins: bool = False


def merged(blocks: list[Block]) -> list[Block]:
    """Listed blocks of the same depth that follow one another become one, up to a readable length.

    So does what goes on with a step, and the step.
    """
    made: list[Block] = []
    for block in blocks:
        last = made[-1] if made else None
        joins = last is not None and block.kind == "listed" and last.depth == block.depth
        joins &= last is not None and (last.kind == "listed" or (block.joins and last.kind == "step"))
        if last is not None and joins and len(last.rows) + len(block.rows) <= _ROWS:
            made[-1] = replace(last, rows=(*last.rows, *block.rows))
        else:
            made.append(block)
    return made


def said_once(blocks: Iterable[Block]) -> Iterator[Block]:
    """No sentence that says what the one before it has said, in the same words."""
    said = ("", -1)
    for block in blocks:
        again = block.kind == "step" and bool(block.sentence) and (block.sentence, block.depth) == said
        yield replace(block, sentence="") if again and not block.title else block
        if block.kind != "listed" and block.sentence:
            said = (block.sentence, block.depth)
