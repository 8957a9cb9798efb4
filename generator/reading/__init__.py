"""Rendered documents -> formulas: the way back, written from the formats' own rules and not from the printers.

`find` finds the mathematics in a document, one module per format reads it into boxes, `normal` brings what looks alike
into one form, `chains` cuts it into statements, and `formula` reads boxes as formulas.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.errors import LonghandError
from generator.typeset.boxes import Box


class Unreadable(LonghandError):  # noqa: N818 - says what the text is
    """A piece of mathematics that cannot be read, or that can be read in two ways; the message names the text."""


@dataclass(frozen=True, slots=True)
class Found:
    """The source of one piece of mathematics (without its delimiters) and the line on which it begins.

    `problem` says why it cannot be read at all: its end is missing.
    """

    text: str
    line: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a display: what stands left of the alignment mark and what stands right of it.

    Where a row has no mark, all of it stands left. `offset` counts lines from the beginning of the display.
    """

    left: Box
    right: Box
    text: str
    offset: int
