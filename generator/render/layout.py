"""What a document sets together: a sentence with its rows, and how much room is left below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, takewhile
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
    block above; `turns`: another turn of several loops begins with it; `alike` is the same where quantities are worked
    in the same way (empty: nothing is known of it); `uses`: so many blocks before it are there for its sake.
    """

    kind: str
    sentence: str
    rows: tuple[Line, ...]
    depth: int = 0
    title: str = ""
    room: int = 0
    joins: bool = False
    turns: bool = False
    alike: str = ""
    uses: int = 0


def lines_for(work: int) -> int:
    """The lines that so many operations need (none: no room is left)."""
    return min(_MOST_LINES, max(_FEWEST_LINES, ceil(work / 2))) if work else 0


def merged(blocks: list[Block]) -> list[Block]:
    """Listed blocks of the same depth that follow one another become one, or several of about the same length.

    So does what goes on with a step, and the step. What belongs together stays together where it is not too long: what
    is worked alike, a turn of several loops, a gradient and its factors, a weighted sum and its output.
    """
    made: list[Block] = []
    start = 0
    while start < len(blocks):
        end = _end(blocks, start)
        for units in _stretches(_units(blocks[start:end])):
            made += (_joined(group) for group in _balanced(units))
        start = end
    return made


def _end(blocks: list[Block], start: int) -> int:
    """Where the blocks end that can be set together with the one at `start`."""
    first, end = blocks[start], start + 1
    if first.kind not in ("listed", "step"):
        return end
    while end < len(blocks):
        last, block = blocks[end - 1], blocks[end]
        apart = block.kind != "listed" or block.sentence or block.depth != first.depth or first.room or block.room
        begun = end - 1 > start and bool(block.alike) and block.alike == last.alike  # what goes on with what joins
        if apart or not (first.kind == "listed" or block.joins or begun):
            break
        end += 1
    return end


def _units(blocks: list[Block]) -> list[list[Block]]:
    """Blocks that had better stay together: a turn; what is worked for the sake of something, and that; what is worked
    alike; what comes again in the same order.
    """
    made: list[list[Block]] = []
    kinds, used = [block.alike for block in blocks], _used(blocks)
    at = 0
    while at < len(blocks):
        if blocks[at].turns:
            size = _turn(blocks, at)
        elif (size := 1 + _run(used[at + 1 :])) == 1:
            size = 1 + _run([bool(kinds[at]) and kind == kinds[at] for kind in kinds[at + 1 :]])
        size = min(size if size > 1 else _cycle(kinds, at), _turn(blocks, at))
        made.append(blocks[at : at + size])
        at += size
    return made


def _used(blocks: list[Block]) -> list[bool]:
    """Whether each block goes with the one before it: as what uses that, or as what is used with it."""
    found = [False] * len(blocks)
    for place, block in enumerate(blocks):
        for at in range(place, max(place - block.uses, 0), -1):
            found[at] = True
            if blocks[at - 1].uses:
                break
    return found


def _turn(blocks: list[Block], start: int) -> int:
    """How many blocks there are until another turn begins."""
    return next((n for n in range(1, len(blocks) - start) if blocks[start + n].turns), len(blocks) - start)


def _run(same: list[bool]) -> int:
    """How many of the first are true."""
    return sum(1 for _ in takewhile(bool, same))


def _cycle(kinds: list[str], at: int) -> int:
    """After how many blocks the same kinds come again, or have come before, in the same order (else 1)."""
    for size in range(2, _ROWS + 1):
        here = kinds[at : at + size]
        if (
            all(here)
            and len(here) == size
            and here in (kinds[at + size : at + 2 * size], kinds[max(at - size, 0) : at])
        ):
            return size
    return 1


def _stretches(units: list[list[Block]]) -> Iterator[list[list[Block]]]:
    """Units that can be set together; one that is too long is by itself, block by block."""
    for is_long, same in groupby(units, key=lambda unit: _length(unit) > _ROWS):
        if is_long:
            yield from ([[block] for block in unit] for unit in same)
        else:
            yield list(same)


def _balanced(units: list[list[Block]]) -> Iterator[list[Block]]:
    """Units in as few groups as there can be, and these of about the same length: 4 and 3 rows, not 6 and 1."""
    best: list[tuple[int, int, int]] = [
        (0, 0, 0)
    ]  # up to a unit: groups, squares of their lengths, where the last begins
    for end in range(1, len(units) + 1):
        choices = []
        for start in range(end - 1, -1, -1):
            length = sum(map(_length, units[start:end]))
            if length > _ROWS and start < end - 1:
                break
            groups, squares, _ = best[start]
            choices.append((groups + 1, squares + length**2, start))
        best.append(min(choices))
    ends = [len(units)]
    while ends[-1]:
        ends.append(best[ends[-1]][2])
    for start, end in pairwise(reversed(ends)):
        yield [block for unit in units[start:end] for block in unit]


def _length(unit: list[Block]) -> int:
    return sum(len(block.rows) for block in unit)


def _joined(group: list[Block]) -> Block:
    first = group[0]
    return replace(first, rows=tuple(row for block in group for row in block.rows)) if group[1:] else first


def said_once(blocks: Iterable[Block]) -> Iterator[Block]:
    """No sentence that says what the one before it has said, in the same words."""
    said = ("", -1)
    for block in blocks:
        again = block.kind == "step" and bool(block.sentence) and (block.sentence, block.depth) == said
        yield replace(block, sentence="") if again and not block.title else block
        if block.sentence:
            said = (block.sentence, block.depth)
