"""Name of an elementary function and a fraction -> its value, where that is plainly a fraction too.

Of a sine, a cosine or a tangent, the fraction may be that of π.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from generator.formula.tree import Add, Call, Div, Formula, Mul, Neg, walk

LOGARITHMS = {"log": 0, "log2": 2, "log10": 10}  # their bases (0: Euler's number)
AT_ZERO = {"exp": 1, "cos": 1, "cosh": 1, "erfc": 1} | dict.fromkeys(
    ("tanh", "sinh", "erf", "sin", "tan", "arcsin", "arctan", "log1p", "expm1"), 0
)
BALLS = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}  # what interval arithmetic calls another name
# Between which numbers some have values.
DOMAINS: Mapping[str, tuple[int | None, int | None]] = {"sqrt": (0, None), "arcsin": (-1, 1), "arccos": (-1, 1)}
_LONGEST = 4096  # bits; longer numbers are not searched for roots and powers
_PI = Call("pi", ())
_SINES = {0: (0, 1), 1: (1, 2), 3: (1, 1), 5: (1, 2), 6: (0, 1), 7: (-1, 2), 9: (-1, 1), 11: (-1, 2)}  # of sixths of π
_TANGENTS = {0: (0, 1), 1: (1, 1), 3: (-1, 1)}  # of fourths of π


def half_turns(angle: Formula, value: Callable[[Formula], object]) -> Fraction | None:
    """The multiple of π that an angle is written as; `value` works out what is beside the π.

    `None` where it is no sum, product or quotient that shows a fraction of π.
    """
    match angle:
        case Call("pi", ()):
            return Fraction(1)
        case Neg(body):
            inside = half_turns(body, value)
            return None if inside is None else -inside
        case Add(terms):
            found = [half_turns(term, value) for term in terms]
            known = [part for part in found if part is not None]
            return sum(known, Fraction(0)) if len(known) == len(found) else None
        case Mul(factors):
            angles = [factor for factor in factors if _has_pi(factor)]
            total = half_turns(angles[0], value) if len(angles) == 1 else None
            for factor in factors if total is not None else ():
                times = Fraction(1) if factor is angles[0] else value(factor)
                total = total * times if total is not None and isinstance(times, Fraction) else None
            return total
        case Div(top, bottom) if not _has_pi(bottom):
            total, by = (half_turns(top, value), value(bottom)) if _has_pi(top) else (None, None)
            return total / by if total is not None and isinstance(by, Fraction) and by else None
    return None


def _has_pi(tree: Formula) -> bool:
    return any(part == _PI for part in walk(tree))


def circular(name: str, turns: Fraction) -> Fraction | None:
    """The sine, cosine or tangent of so many times π where it is 0, 1, 1/2 or the negative of one of these."""
    if name == "tan":
        place, known = turns * 4 % 4, _TANGENTS
    else:
        place, known = (turns + (Fraction(1, 2) if name == "cos" else 0)) * 6 % 12, _SINES
    found = known.get(int(place)) if place.denominator == 1 else None
    return None if found is None else Fraction(*found)


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
