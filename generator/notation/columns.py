"""Rows of a matrix -> the same rows with room around the numbers: the decimal points of a column in one line."""

from __future__ import annotations

from generator.typeset.boxes import Box, Digits, Gap, Op, Row, Strut


def aligned(rows: tuple[tuple[Box, ...], ...]) -> tuple[tuple[Box, ...], ...]:
    """`rows` with each column of numbers as wide in every row; dots and blanks among them stay as they are.

    A column that has anything else in it (a name, a power of ten) is left alone: it is centred as a whole.
    """
    return tuple(zip(*map(_column, zip(*rows, strict=True)), strict=True))


def _column(entries: tuple[Box, ...]) -> tuple[Box, ...]:
    numbers = [entry.text for entry in entries if isinstance(entry, Digits)]
    if not all(isinstance(entry, Digits | Op | Gap) for entry in entries) or len(set(map(_measure, numbers))) < 2:
        return entries
    sign = max(text.startswith("-") for text in numbers)
    whole, part = (max(sizes) for sizes in zip(*(_measure(text)[1:] for text in numbers), strict=True))
    return tuple(_padded(entry, sign, whole, part) if isinstance(entry, Digits) else entry for entry in entries)


def _measure(text: str) -> tuple[bool, int, int]:
    """Whether there is a sign, how many digits stand before the point, and how many characters from the point on."""
    whole, point, part = text.removeprefix("-").partition(".")
    return text.startswith("-"), len(whole), len(point + part)


def _padded(number: Digits, sign: bool, whole: int, part: int) -> Box:
    """`number` with invisible room for the sign and the digits that others in its column have."""
    own_sign, own_whole, own_part = _measure(number.text)
    before = "-" * (sign - own_sign) + "0" * (whole - own_whole)
    after = "0" * (part - own_part) if own_part else f".{'0' * (part - 1)}" if part else ""
    left = (Strut(before, opening=own_sign),) if before else ()
    right = (Strut(after),) if after else ()
    return Row((*left, number, *right)) if left or right else number
