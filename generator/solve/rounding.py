"""Exact value -> the digits that are shown. The one place where anything is rounded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from generator.formula.tree import shortest
from generator.solve.exact import Exact, Undecided, bounds

MOST = 100  # decimals or significant digits that can be asked for
_ZEROS = 5  # so many zeros beside the point are counted rather than read: 0.000001, but 0.00001
_LARGE = 7  # the power of ten from which whole numbers may have too many zeros: 10000000, but a million is 1000000
_LONGEST, _FEWER = 12, 3  # digits of a whole number above which fewer zeros are too many
_NOTHING = Fraction(1, 2**4000)  # the width of a ball that only the last precisions of `solve` reach


class Mode(StrEnum):
    """What happens to the digits that are not shown."""

    HALF_EVEN = "half_even"
    HALF_UP = "half_up"
    TOWARD_ZERO = "toward_zero"


class Carry(StrEnum):
    """What later steps use: the exact value, or the shown one (as a person with a pencil does)."""

    EXACT = "exact"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Rounding:
    """How many decimals (or, where `significant` is set, significant digits) are shown, how, and what is carried on.

    Where `least` is set, a number too small to show that many significant digits in its decimals is given more
    decimals, so that 0.0000123 is no 0.0000; it says nothing beside `significant`. Where `scientific` holds, a number
    with many zeros beside its point is written with a power of ten, `6.3e-8`: a given one always, a computed one where
    not all have the same decimals. A rational number whose decimals go on beyond what is shown, and whose denominator
    is at most `fractions`, is shown as a fraction.

    Half-up rounds a tie away from zero, as Python's `decimal.ROUND_HALF_UP` does.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}  # unknown keys in a file are errors

    decimals: Annotated[int, Field(ge=0, le=MOST)] = 4
    significant: Annotated[int, Field(ge=1, le=MOST)] | None = None
    mode: Mode = Mode.HALF_EVEN
    carry: Carry = Carry.EXACT
    least: Annotated[int, Field(ge=1, le=MOST)] | None = None
    scientific: bool = True
    fractions: Annotated[int, Field(ge=2, le=10**6)] | None = None

    @property
    def uniform(self) -> bool:
        """Whether every number is shown with the same number of decimals."""
        return self.significant is None and self.least is None

    @property
    def digits(self) -> int:
        """How many digits a number takes on a page, about: its decimals, or its significant ones."""
        return self.decimals if self.significant is None else self.significant

    def number(self, value: Exact) -> Fraction:
        """`value` rounded. Raises `Undecided` where a ball straddles two results."""
        if self.is_fraction(value):
            assert isinstance(value, Fraction)
            return value
        low, high = bounds(value)
        first = self._round(low)
        if low != high and first != self._round(high):
            raise Undecided("a digit is too close to decide")
        return first

    def is_fraction(self, value: Exact) -> bool:
        """Whether `value` is shown as a fraction: 1/3 and 1/64, but 2097/100000 is a decimal that is rounded."""
        if not self.fractions or not isinstance(value, Fraction) or value.denominator > self.fractions:
            return False
        is_decimal = value.denominator % 10 == 0 and "/" not in shortest(value)
        return not is_decimal and self._round(value) != value

    def gives(self, value: Exact, shown: Fraction) -> bool:
        """Whether `value` is shown as the number `shown`, in the form that `shown` has. Raises as `number` does."""
        if self.is_fraction(shown):
            return isinstance(value, Fraction) and value == shown
        plain = self if self.fractions is None else replace(self, fractions=None)
        return plain.number(value) == shown

    def text(self, value: Exact) -> str:
        """`value` as shown: all its decimals where it is exact and fits, else padded to the digits asked for.

        Zero has no sign. Raises `Undecided` as `number` does.
        """
        rounded = self.number(value)
        if self.is_fraction(value):
            return f"{rounded.numerator}/{rounded.denominator}"
        if isinstance(value, Fraction) and rounded == value:
            text = shortest(rounded)
        else:
            text = fixed(rounded, self.places(rounded))
        return text if self.uniform else self.written(text, self.significant or 1)

    def written(self, text: str, digits: int = 1) -> str:
        """The decimal `text` as it is shown: with a power of ten where there should be one."""
        return scientific(text, digits) if self.scientific else text

    def tied(self, value: Exact) -> Exact:
        """`value` itself, or the zero or tie in its ball, where that is so small that nothing else is left to tell."""
        low, high = bounds(value)
        if low <= 0 <= high:
            return Fraction(0) if high - low < _NOTHING else value
        step = Fraction(1, 2 * 10 ** self.places(low))
        nearest = round((low + high) / 2 / step) * step
        return nearest if low <= nearest <= high and high - low < step * _NOTHING else value

    def places(self, value: Fraction) -> int:
        """How many decimals `value` is shown with."""
        if self.significant is not None and not value:
            return 0
        return max(0, self.unit(value))

    def unit(self, value: Fraction) -> int:
        """The power of a tenth that the last shown digit of `value` counts; below zero where it stands for tens."""
        if self.uniform or not value:
            return self.decimals
        if self.significant is not None:
            return self.significant - 1 - _magnitude(value)
        return max(self.decimals, (self.least or 1) - 1 - _magnitude(value))

    def _round(self, value: Fraction) -> Fraction:
        places = self.unit(value)
        # In whole numbers: a fraction would be reduced at every step.
        up_to, over = 10 ** max(places, 0), 10 ** max(-places, 0)
        bottom = value.denominator * over
        whole, rest = divmod(abs(value.numerator) * up_to, bottom)
        twice = 2 * rest
        up = twice > bottom or (twice == bottom and (self.mode is Mode.HALF_UP or whole % 2 == 1))
        if up and self.mode is not Mode.TOWARD_ZERO:
            whole += 1
        return Fraction((-whole if value < 0 else whole) * over, up_to)


def _magnitude(value: Fraction) -> int:
    """The power of ten of the first significant digit of a number that is not zero."""
    top, bottom = abs(value.numerator), value.denominator
    guess = (top.bit_length() - bottom.bit_length()) * 30103 // 100000 + 1
    # At most one too many: log10(2) = 0.30103, and bits tell a factor of two.
    while top * 10 ** max(-guess, 0) < bottom * 10 ** max(guess, 0):
        guess -= 1
    return guess


def scientific(text: str, digits: int = 1) -> str:
    """The decimal `text`, or its digits (so many at least) and a power of ten where many zeros stand beside the point.

    >>> scientific("0.00000001"), scientific("-0.00000120"), scientific("300000000"), scientific("0.0001")
    ('1e-8', '-1.20e-6', '3e8', '0.0001')
    """
    sign, size = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, part = size.partition(".")
    if whole == "0":
        shown = part.lstrip("0")
        zeros = len(part) - len(shown)
        power, many = -zeros - 1, shown != ""
    else:
        zeros, power = len(whole) - len(whole.rstrip("0")), len(whole) - 1
        shown, many = whole[: max(digits, len(whole) - zeros)], power >= _LARGE and not part and "/" not in whole
    if zeros < (_ZEROS if len(whole) <= _LONGEST else _FEWER) or not many:
        return text
    return f"{sign}{shown[0]}{'.' * (len(shown) > 1)}{shown[1:]}e{power}"


def decimals_of(text: str) -> int:
    """How many decimals a number has as it is shown, also with a power of ten."""
    digits, _, power = text.partition("e")
    return max(0, len(digits.partition(".")[2]) - int(power or 0))


def fixed(value: Fraction, places: int) -> str:
    """`value`, which has at most `places` decimals, with exactly that many."""
    scaled = round(abs(value) * 10**places)
    digits = str(scaled).rjust(places + 1, "0")
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def full(value: Exact, digits: int = 20) -> str:
    """`value` as a plain decimal string: all its digits where they end, else `digits` significant ones."""
    if isinstance(value, Fraction):
        text = shortest(value)
        if "/" not in text:
            return text
    rounding = Rounding(significant=digits)
    try:
        rounded = rounding.number(value)
    except Undecided:  # a tie known as a ball, or a zero: `trace` has left nothing else undecided
        rounded = rounding.number(rounding.tied(value))
    return fixed(rounded, max(0, digits - 1 - _magnitude(rounded)) if rounded else digits)
