"""Name of an elementary function and a fraction -> its value, where that is plainly a fraction too."""

from __future__ import annotations

import math
from fractions import Fraction

LOGARITHMS = {"log": 0, "log2": 2, "log10": 10}  # their bases (0: Euler's number)
AT_ZERO = {"exp": 1, "cos": 1, "cosh": 1, "erfc": 1} | dict.fromkeys(
    ("tanh", "sinh", "erf", "sin", "tan", "arcsin", "arctan", "log1p", "expm1"), 0
)
BALLS = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}  # what interval arithmetic calls another name
_LONGEST = 4096  # bits; longer numbers are not searched for roots and powers


def rational(name: str, x: Fraction) -> Fraction | None:
    """The value of an elementary function where it is plainly rational."""
    if name == "abs":
        return abs(x)
    if name == "floor":
        return Fraction(x.__floor__())
    if name in AT_ZERO and x == 0:
        return Fraction(AT_ZERO[name])
    if name == "arccos" and x == 1:
        return Fraction(0)
    if name == "sqrt" and x >= 0 and max(map(int.bit_length, x.as_integer_ratio())) < _LONGEST:
        root = Fraction(math.isqrt(x.numerator), math.isqrt(x.denominator))
        return root if root * root == x else None
    if name in LOGARITHMS and x > 0:
        return _whole_logarithm(LOGARITHMS[name], x)
    return None


def _whole_logarithm(base: int, x: Fraction) -> Fraction | None:
    if x == 1:
        return Fraction(0)
    power, sign = (x.numerator, 1) if x.denominator == 1 else (x.denominator, -1)
    if not base or 1 not in (x.numerator, x.denominator) or power.bit_length() > _LONGEST:
        return None
    exponent = round(math.log(power, base))
    return Fraction(sign * exponent) if base**exponent == power else None
