"""A number's text -> boxes: digits, digits times a power of ten, or a fraction."""

from __future__ import annotations

from generator.typeset.boxes import Box, Digits, Frac, Op, Row, Script

TIMES_TEN = Op("×")
LEAST_POWER = 6  # of the powers of ten that numbers are written with


def numeral(text: str) -> Box:
    """A number as it is shown: its digits, those of `6.3e-8` times a power of ten, those of a fraction."""
    top, _, bottom = text.partition("/")
    if bottom:
        fraction = Frac(Digits(top.lstrip("-")), Digits(bottom))
        return Row((Op("−", prefix=True), fraction)) if text.startswith("-") else fraction
    digits, _, power = text.partition("e")
    if not power:
        return Digits(text)
    return Row((Digits(digits), TIMES_TEN, Script(Digits("10"), sup=Digits(power))))
