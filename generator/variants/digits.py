"""Values of many variants -> their shown numbers, and where the digits are certain: `rounding` for all at once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from generator.formula.tree import shortest
from generator.solve.compiled import Array
from generator.solve.rounding import Mode, Rounding
from generator.variants.approx import UNIT, Decimals, Near

Flags = np.ndarray[Any, np.dtype[np.bool_]]

SAFE = 1e15  # a decimal with at most fifteen digits and its nearest double stand for each other
TENS = np.array([10.0**power for power in range(23)])  # powers of ten that doubles hold exactly


def digits_of(size: str) -> int:
    """How many digits a shown number has from the first that is not zero."""
    return len(size.replace(".", "").lstrip("0"))


def doubles_of(exactly: Decimals) -> Near:
    """Whole numbers of a place in double precision."""
    if exactly.places < len(TENS) and exactly.bound < 2**53:
        value = exactly.digits.astype(np.float64) / TENS[exactly.places]
    else:
        unit = 10**exactly.places
        value = np.array([int(digits) / unit for digits in np.atleast_1d(exactly.digits).tolist()])
    return Near(value, np.abs(value) * UNIT)


def rounded(value: Near, rounding: Rounding, exactness: bool) -> tuple[Array, Any, Flags]:
    """Values as shown numbers, with how many places, and where that is not certain.

    `exactness`: it is not certain either where the value may be exactly what is shown.
    """
    size, sign = np.abs(value.value), np.sign(value.value)
    places: Any = rounding.decimals
    unsure = np.zeros(np.shape(size), dtype=bool)
    wanted = rounding.significant or rounding.least or 0
    if wanted:
        power = np.floor(np.log10(np.where(size > 0, size, 1.0)))
        unsure = ~(np.abs(size / 10.0**power - 1) > 1e-9) | ~(np.abs(size / 10.0 ** (power + 1) - 1) > 1e-9)
        unsure |= ~(value.error < 1e-10 * size)
        places = _at_least(rounding, (wanted - 1 - np.nan_to_num(power)).astype(np.int64))
    inside = np.clip(places, -22, 22)
    unsure = unsure | (inside != places)
    up, down = TENS[np.maximum(inside, 0)], TENS[np.maximum(-inside, 0)]
    units = size * up / down
    error = value.error * up / down + 4 * UNIT * units
    whole = np.floor(units)
    part = units - whole
    if rounding.mode is Mode.TOWARD_ZERO or exactness:
        unsure = unsure | ~(np.minimum(part, 1 - part) > error)
    if rounding.mode is not Mode.TOWARD_ZERO:
        unsure = unsure | ~(np.abs(part - 0.5) > error)
        whole = whole + (part > 0.5)
    if wanted:
        places = _at_least(rounding, places - (whole >= 10.0**wanted))
    return sign * (whole * down / up), places, unsure | ~(units < SAFE)


def _at_least(rounding: Rounding, places: Any) -> Any:
    return places if rounding.significant is not None else np.maximum(places, rounding.decimals)


def exactly_rounded(value: Decimals, rounding: Rounding) -> tuple[Array, Any, Flags]:
    """Exact decimals as shown numbers, with how many places, and where they are exactly what is shown."""
    if not rounding.uniform or rounding.decimals >= len(TENS):
        unit = 10**value.places
        pairs = [(Fraction(digits, unit),) * 2 for digits in np.atleast_1d(value.digits).tolist()]
        found = [rounding.number(one) for one, _ in pairs]
        exact = np.array([one == number for (one, _), number in zip(pairs, found, strict=True)])
        return _nearest(found), np.array([rounding.places(one) for one in found]), exact
    places = rounding.decimals
    size, sign = np.abs(value.digits), np.sign(value.digits)
    if value.places <= places:
        whole, exact = size, np.ones(np.shape(size), dtype=bool)
        unit = 10**value.places
    else:
        step = 10 ** (value.places - places)
        if step >= 2**62:
            size = size.astype(object)
        whole, rest = size // step, size % step
        exact, unit = np.asarray(rest == 0, dtype=bool), 10**places
        if rounding.mode is not Mode.TOWARD_ZERO:
            odd = whole % 2 == 1
            above, tie = rest > step // 2, rest == step // 2
            whole = whole + (above | (tie & (odd | (rounding.mode is Mode.HALF_UP))))
    numbers = np.asarray(sign * whole)
    if value.bound < SAFE:
        return numbers.astype(np.float64) / float(unit), places, exact
    return _nearest([Fraction(number, unit) for number in np.atleast_1d(numbers).tolist()]), places, exact


def _nearest(numbers: Sequence[Fraction]) -> Array:
    """Shown numbers as doubles; not a number where a double does not stand for it."""
    digits = (digits_of(shortest(abs(number))) for number in numbers)
    return np.array([float(number) if many <= 15 else np.nan for number, many in zip(numbers, digits, strict=True)])
