"""Losses -> Drawing: the curve of the loss against the number of updates, with axes whose numbers are exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import ceil, floor, log10

import numpy as np

from generator.drawings.drawing import Circle, Curve, Drawing, Item, Line, Mark, Point, width_of
from generator.formula.tree import shortest
from generator.solve.compiled import Array
from generator.solve.rounding import fixed
from generator.typeset.boxes import Box, Digits, Op, Row, Script

FIELD, TOP, BOTTOM, HEIGHT = 440.0, 30.0, 250.0, 296.0  # width, top and bottom of the field; height of the whole
MOST, NEAR = 300, 0.1  # points of the curve at most, and how far off (in units) nobody sees that one is left out
LOST = 12.0  # a point so far off (in units) is missed
NOTHING = Fraction(1, 10**9)  # a difference that is not seen: 0.1 + 0.2, which is 4e-17 more than 0.3, ends at 0.3
TICKS = 6  # an axis has about as many numbers
PLAIN = range(-4, 6)  # powers of ten that are written out


def plot(
    losses: Array, x_label: str, y_label: Box, *, log_x: bool = False, log_y: bool = False, each: int = 1
) -> Drawing:
    """The curve of `losses[n]`, the loss after n times `each` updates; losses that are not finite are left out.

    A logarithmic horizontal axis begins at the first update. A logarithmic vertical axis leaves out what is not
    positive, and is linear where nothing is.
    """
    found = np.asarray(losses, dtype=np.float64)
    steps = np.arange(len(found), dtype=np.float64) * each
    log_x, log_y = log_x and len(found) > 2, log_y and bool(np.any(np.isfinite(found) & (found > 0)))
    keep = np.isfinite(found) & ((found > 0) | (not log_y)) & (steps >= log_x)
    steps, found = steps[keep], found[keep]
    last = Fraction(max(1, len(losses) - 1) * each)
    across = _log_axis(Fraction(1), last) if log_x else _linear_axis(Fraction(0), last, finest=Fraction(1))
    across = Axis(Fraction(int(log_x)), last, tuple(tick for tick in across.ticks if tick <= last), log_x)
    down = _log_axis(*_range(found)) if log_y else _linear_axis(*_roomy(*_range(found)))

    names = down.labels()
    left = max([*map(width_of, names), width_of(y_label) / 2]) + 12
    right = left + FIELD
    rows, columns = down.spots(BOTTOM, TOP), across.spots(left, right)
    items: list[Item] = [Line((left, y), (right, y), "grid") for y in rows if y < BOTTOM]
    items += [Mark(name, (left - 8, y), anchor="end") for name, y in zip(names, rows, strict=True)]
    items += [Line((x, BOTTOM), (x, BOTTOM + 5), "axis") for x in columns]
    items += [Mark(name, (x, BOTTOM + 16)) for name, x in zip(across.labels(), columns, strict=True)]
    items += [Line((left, TOP - 8), (left, BOTTOM), "axis"), Line((left, BOTTOM), (right + 8, BOTTOM), "axis")]
    points = thinned(across.place(steps, left, right), down.place(found, BOTTOM, TOP))
    items += [Circle(points[0], 3.5, "point")] if len(points) == 1 else [Curve(points, "curve")] * bool(points)
    items += [Mark(y_label, (left, 10.0)), Mark(x_label, ((left + right) / 2, HEIGHT - 9))]
    return Drawing(right + 26, HEIGHT, tuple(items))


# --- axes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Axis:
    """From which number to which an axis goes, and the round numbers on it."""

    low: Fraction
    high: Fraction
    ticks: tuple[Fraction, ...]
    log: bool = False

    def place(self, values: Array, start: float, end: float) -> Array:
        """Where `values` stand on an axis drawn from `start` to `end`."""
        if self.log:
            low, high = _log10(self.low), _log10(self.high)
            return start + (np.log10(values) - low) / (high - low) * (end - start)
        unit = Fraction(10) ** max(-300, exponent(max(abs(self.low), abs(self.high))))  # so that nothing overflows
        share = (values / float(unit) - float(self.low / unit)) / float((self.high - self.low) / unit)
        return start + share * (end - start)

    def spots(self, start: float, end: float) -> tuple[float, ...]:
        """Where the ticks stand (worked apart from other values: a tick may be too large for a float)."""
        scale = _log10 if self.log else Fraction
        low, high = scale(self.low), scale(self.high)
        return tuple(start + float((scale(tick) - low) / (high - low)) * (end - start) for tick in self.ticks)

    def labels(self) -> tuple[Box, ...]:
        """The numbers of the ticks, all with as many decimals; with a power of ten where they are huge or tiny."""
        largest = exponent(max(map(abs, self.ticks)))
        if self.log:
            spread = all(exponent(tick) in PLAIN for tick in self.ticks)
            return tuple(Digits(shortest(tick)) if spread else _power(tick, exponent(tick), 0) for tick in self.ticks)
        shift = 0 if largest in PLAIN else largest
        places = max(_decimals(tick / Fraction(10) ** shift) for tick in self.ticks)
        return tuple(_power(tick, shift, places) for tick in self.ticks)


def _power(value: Fraction, shift: int, places: int) -> Box:
    """`value` as a number with `places` decimals times the power of ten `shift`."""
    if not value:
        return Digits("0")
    digits = Digits(fixed(value / Fraction(10) ** shift, places))
    power = Script(Digits("10"), sup=Digits(str(shift)))
    if not shift:
        return digits
    return power if digits.text == "1" else Row((digits, Op("×"), power))


def _decimals(value: Fraction) -> int:
    return len(shortest(value).partition(".")[2])


def exponent(value: Fraction) -> int:
    """The power of ten of the first digit of a positive number (0 for zero)."""
    if not value:
        return 0
    guess = floor(_log10(value))
    return next(power for power in (guess + 1, guess, guess - 1) if Fraction(10) ** power <= value)


def _log10(value: Fraction) -> float:
    return log10(value.numerator) - log10(value.denominator)


def _linear_axis(low: Fraction, high: Fraction, finest: Fraction = Fraction(0)) -> Axis:
    """Ticks 1, 2 or 5 times a power of ten apart, from the last one below to the first one above."""
    rough = (high - low) / TICKS * (1 - NOTHING)
    step = next(
        Fraction(10) ** power * digit
        for power in range(exponent(rough), exponent(rough) + 2)
        for digit in (1, 2, 5)
        if Fraction(10) ** power * digit >= rough
    )
    step = max(step, finest)
    ticks = tuple(number * step for number in range(floor(low / step + NOTHING), ceil(high / step - NOTHING) + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def _log_axis(low: Fraction, high: Fraction) -> Axis:
    """Ticks at powers of ten, every so many of them; on a short axis also at 2 and 5 times a power."""
    first, last = exponent(low), exponent(high) + (high > Fraction(10) ** exponent(high))
    last = max(last, first + 1)
    stride = ceil((last - first) / TICKS)
    powers = range(first, first + stride * ceil((last - first) / stride) + 1, stride)
    digits = (1, 2, 5) if last - first <= 2 else (1,)
    top = Fraction(10) ** powers[-1]
    ticks = tuple(tick for power in powers for digit in digits if (tick := Fraction(10) ** power * digit) <= top)
    return Axis(ticks[0], top, ticks, log=True)


def _range(values: Array) -> tuple[Fraction, Fraction]:
    return (Fraction(float(values.min())), Fraction(float(values.max()))) if len(values) else (Fraction(0), Fraction(1))


def _roomy(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """From zero, unless the values change too little for that; never without extent."""
    if high - low <= abs(high) * NOTHING:  # constant, as far as one can see
        ends = sorted((Fraction(0), low + high))
        return (ends[0], ends[1]) if high else (Fraction(0), Fraction(1))
    return (Fraction(0), high) if 0 <= low < high / 2 else (low, high)


# --- the curve -------------------------------------------------------------------------------------------------------


def thinned(across: Array, down: Array) -> tuple[Point, ...]:
    """At most `MOST` of the points: the ends, then again and again the one farthest from the line drawn so far.

    Ends early when no point is farther than `NEAR` from the line (measured vertically): a curve that falls fast and
    then flattens keeps most of its points where it falls. Values that jump about more than `MOST` points can follow
    are drawn as the band that they fill.
    """
    kept = {0, len(across) - 1} if len(across) else set()
    heap = [_farthest(across, down, first, last) for first, last in pairwise(sorted(kept))]
    heapify(heap)
    while heap and len(kept) < MOST:
        distance, index, first, last = heappop(heap)
        if -distance <= NEAR:
            break
        kept.add(index)
        heappush(heap, _farthest(across, down, first, index))
        heappush(heap, _farthest(across, down, index, last))
    if heap and -heap[0][0] > LOST:
        kept = _band(across, down)
    return tuple((float(across[index]), float(down[index])) for index in sorted(kept))


def _band(across: Array, down: Array) -> set[int]:
    """The ends, and in each of many equal strips the highest and the lowest point."""
    kept = {0, len(across) - 1}
    edges = np.linspace(across[0], across[-1], MOST // 2)  # one strip less: with the ends, not more than `MOST`
    for first, last in pairwise(np.searchsorted(across, edges).tolist()):
        if last > first:
            kept |= {first + int(np.argmin(down[first:last])), first + int(np.argmax(down[first:last]))}
    return kept


def _farthest(across: Array, down: Array, first: int, last: int) -> tuple[float, int, int, int]:
    """The point between two others that is farthest from the line between them (minus its distance, its index)."""
    if last - first < 2:
        return 0.0, first, first, last
    x, y = across[first : last + 1], down[first : last + 1]
    distance = np.abs(y - (y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])))
    index = int(np.argmax(distance))
    return -float(distance[index]), first + index, first, last
