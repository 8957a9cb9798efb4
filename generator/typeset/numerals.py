"""A number's text -> boxes: digits, digits times a power of ten, or a fraction; and its digits in groups of three."""

from __future__ import annotations

import re

from generator.typeset.boxes import Box, Digits, Frac, Op, Row, Script

TIMES_TEN = Op("×")
LEAST_POWER = 6  # of the powers of ten that numbers are written with
THIN = "\u2009"  # Unicode's thin space
_WHOLE = re.compile(r"(?<![\d.])\d{5,}")
_THOUSAND = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")


def grouped(text: str, space: str = THIN) -> str:
    """A number with its digits before the point in groups of three, where there are five or more of them.

    >>> grouped("-124439808.5", " "), grouped("1234.56789", " "), grouped("12345/67890", " ")
    ('-124 439 808.5', '1234.56789', '12 345/67 890')
    """
    if len(text) < 5:
        return text
    return _WHOLE.sub(lambda whole: _THOUSAND.sub(lambda _: space, whole[0]), text)


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
