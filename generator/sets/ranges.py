"""One entry of `vary` -> `Choices`: the exact values that a given can take, and how often each is drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from generator.definitions.problem import Exact, Model
from generator.definitions.source import Location, Source, validated
from generator.formula.tree import shortest
from generator.solve.exact import Undecided, ball, bounds, precision

MOST = 1_000_000  # values that one given can take
_SCALE = 2**32  # the weight of the likeliest value of a normal distribution


def _integer(text: object) -> int:
    try:
        return int(str(text).strip())
    except ValueError:
        raise ValueError("a whole number") from None


Integer = Annotated[int, BeforeValidator(_integer)]


class Range(Model):
    """The values from `from` to `to`, `step` apart, but not those in `without`."""

    first: Exact = Field(alias="from")
    last: Exact = Field(alias="to")
    step: Exact
    without: tuple[Exact, ...] = ()


class Integers(Model):
    """The whole numbers from the first to the second, but not those in `without`."""

    integers: tuple[Integer, Integer]
    without: tuple[Exact, ...] = ()


class Bell(Model):
    """The mean and the standard deviation of a normal distribution."""

    mean: Exact
    deviation: Exact


class Normal(Range):
    """A range whose values are drawn as often as a normal distribution has them there."""

    normal: Bell


@dataclass(frozen=True)
class Choices:
    """The exact values that a given can take, in order, and the weight of each (empty: all alike)."""

    values: tuple[Fraction, ...]
    weights: tuple[int, ...] = ()

    @cached_property
    def total(self) -> int:
        """How many equally likely numbers there are to draw from."""
        return sum(self.weights) if self.weights else len(self.values)

    @cached_property
    def upto(self) -> tuple[int, ...]:
        """For each value, the sum of the weights up to it."""
        return tuple(accumulate(self.weights))

    def place(self, drawn: int) -> int:
        """Which value a number drawn from 0 to `total` - 1 stands for."""
        return bisect_right(self.upto, drawn) if self.weights else drawn


def choices(source: Source, data: Any, place: Location) -> Choices:
    """The choices that an entry states. Raises `DefinitionError` at its line."""
    if isinstance(data, list):
        listed: tuple[Fraction, ...] = validated(tuple[Exact, ...], source, data, place)
        return _made(source, place, list(listed), ())
    if not isinstance(data, dict):
        expected = "a list of values, {from, to, step}, {integers: [first, last]} or {normal: ..., from, to, step}"
        raise source.error(place, f"`{data}`" if data is not None else "nothing", expected)
    if "integers" in data:
        whole = validated(Integers, source, data, place)
        low, high = whole.integers
        if high - low >= MOST:
            raise source.error(place, f"{high - low + 1} values", f"at most {MOST:,}")
        return _made(source, place, [Fraction(number) for number in range(low, high + 1)], whole.without)
    if "normal" in data:
        normal = validated(Normal, source, data, place)
        if normal.normal.deviation <= 0:
            found = shortest(normal.normal.deviation)
            raise source.error((*place, "normal", "deviation"), f"`{found}`", "a deviation above zero")
        return _weighted(_made(source, place, _grid(source, place, normal), normal.without), normal.normal)
    span = validated(Range, source, data, place)
    return _made(source, place, _grid(source, place, span), span.without)


def _grid(source: Source, place: Location, span: Range) -> list[Fraction]:
    if span.step <= 0:
        raise source.error((*place, "step"), f"`{shortest(span.step)}`", "a step above zero")
    count = (span.last - span.first) / span.step
    if count < 0 or count.denominator != 1:
        found = f"{shortest(span.last - span.first)} from first to last"
        raise source.error(place, found, f"a whole number of steps of {shortest(span.step)}")
    if count >= MOST:
        raise source.error(place, f"{int(count) + 1} values", f"at most {MOST:,}")
    return [span.first + number * span.step for number in range(int(count) + 1)]


def _made(source: Source, place: Location, values: list[Fraction], without: tuple[Fraction, ...]) -> Choices:
    kept = tuple(value for value in values if value not in without)
    if len(set(kept)) < len(kept):
        raise source.error(place, "a value twice", "each value once")
    if len(kept) < 2:
        raise source.error(place, f"{len(kept)} values to draw from", "at least two")
    return Choices(kept)


def _weighted(plain: Choices, bell: Bell) -> Choices:
    """Whole weights in proportion to the density at each value; what is too unlikely is left out."""
    pairs = [(value, weight) for value, weight in zip(plain.values, _weights(plain, bell), strict=True) if weight]
    return Choices(tuple(value for value, _ in pairs), tuple(weight for _, weight in pairs))


def _weights(plain: Choices, bell: Bell) -> Iterator[int]:
    for value in plain.values:
        power = -((value - bell.mean) ** 2) / (2 * bell.deviation**2)
        yield _floor(power) if power else _SCALE


def _floor(power: Fraction) -> int:
    """The whole part of the scaled density: certain, so that every machine draws alike."""
    for bits in (128, 512, 4096):
        with precision(bits):
            low, high = bounds(ball(power).exp() * _SCALE)
            if low // 1 == high // 1:
                return int(low // 1)
    raise Undecided("a weight cannot be decided")
