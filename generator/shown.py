"""Graph and the givens of many variants -> what each shows: `solve.trace` and `solve.relation` for all of them at once.

Double precision with an error bound decides nearly every digit. What it leaves open (a tie, a value that may have no
more digits than are shown) is settled in whole numbers where the formula allows it, else by the exact functions, for
that variant alone. So nothing differs from what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import compress
from typing import Any

import numpy as np

from generator.approx import UNIT, Decimals, Near, Whole, decimals, known, near
from generator.compiled import Array
from generator.errors import SolveError
from generator.formula import Formula, Num, references, shortest, substitute
from generator.graph import Graph
from generator.rounding import Carry, Mode, Rounding
from generator.solve import given_text, relation, trace

Flags = np.ndarray[Any, np.dtype[np.bool_]]

_SAFE = 1e15  # a decimal with at most fifteen digits and its nearest double stand for each other
_TENS = np.array([10.0**power for power in range(23)])  # powers of ten that doubles hold exactly


@dataclass(frozen=True)
class Shown:
    """What `count` variants of a graph show, quantity by quantity (each list or array has one entry per variant).

    `sizes` are the shown texts without their signs, `negative` says where there is one, `numbers` are the shown
    numbers as the nearest doubles, `exact` says where the value is exactly what is shown. Where `long` holds, some text
    of the variant has too many digits for a double: there `numbers`, and what is concluded from them, mean nothing.
    """

    graph: Graph
    rounding: Rounding
    count: int
    givens: Mapping[str, Sequence[Fraction]]
    sizes: dict[str, list[str]] = field(default_factory=dict)
    negative: dict[str, Flags] = field(default_factory=dict)
    numbers: dict[str, Array] = field(default_factory=dict)
    exact: dict[str, Flags] = field(default_factory=dict)
    long: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def text(self, name: str, variant: int) -> str:
        """The shown text of a quantity in one variant."""
        return "-" * bool(self.negative[name][variant]) + self.sizes[name][variant]

    def texts(self, name: str) -> list[str]:
        """The shown texts of a quantity."""
        signs = self.negative[name].tolist()
        return [f"-{size}" if sign else size for sign, size in zip(signs, self.sizes[name], strict=True)]

    def of(self, variant: int) -> dict[str, Fraction]:
        """The given values of one variant, as `trace` takes them."""
        return {name: values[variant] for name, values in self.givens.items()}

    def relation(self, formula: Formula, name: str) -> Flags:
        """Where `=` stands between `formula` with the shown numbers put in and the shown `name`, as `relation` says."""
        found, unsure = _rounded(near(formula, self._near), self.rounding, False)[::2]
        holds = np.broadcast_to(found == self.numbers[name], (self.count,)).copy()
        left = np.flatnonzero(np.broadcast_to(unsure, (self.count,)))
        if not len(left):
            return holds
        whole = decimals(formula, lambda ref: self._whole(ref, left))
        if whole is not None:
            holds[left] = _whole_rounded(whole, self.rounding)[0] == self.numbers[name][left]
            left = left[self.long[left]]
        for variant in left.tolist():
            texts = {ref: self.text(ref, variant) for ref in references(formula)}
            put_in = substitute(formula, {ref: Num(Fraction(text), text) for ref, text in texts.items()})
            holds[variant] = relation(put_in, self.text(name, variant), self.rounding) == "="
        return holds

    def _near(self, name: str) -> Near:
        return Near(self.numbers[name], np.abs(self.numbers[name]) * UNIT)

    def _whole(self, name: str, chosen: Whole) -> Decimals | None:
        """The shown numbers of some variants as whole numbers of their last place."""
        places = self.rounding.decimals
        if self.graph[name].formula is None or self.rounding.significant is not None:
            places = max(len(self.sizes[name][variant].partition(".")[2]) for variant in chosen.tolist())
        if places >= len(_TENS):
            return None
        with np.errstate(all="ignore"):
            digits = np.rint(self.numbers[name][chosen] * _TENS[places])
        bound = np.abs(digits).max()
        return Decimals(digits.astype(np.int64), places, int(bound)) if bound < _SAFE else None


def shown(graph: Graph, rounding: Rounding, givens: Mapping[str, Sequence[Fraction]]) -> Shown:
    """What is shown for every variant of `graph`; `givens` has a value per variant for each given that varies.

    Raises `SolveError` as `solve.trace` does, for the first variant that has no value, and for what is no given.
    """
    counts = {len(values) for values in givens.values()} or {1}
    if len(counts) > 1:
        raise SolveError(f"the givens have different numbers of variants: {', '.join(map(str, sorted(counts)))}")
    for name in givens:
        if name not in graph or graph[name].formula is not None:
            raise SolveError(f"`{name}` is no given quantity of the problem")
    (count,) = counts
    made = Shown(graph, rounding, count, givens, long=np.zeros(count, dtype=bool))
    with np.errstate(all="ignore"):
        _fill(made)
    return made


def _fill(made: Shown) -> None:
    carried: dict[str, Near] = {}
    whole: dict[str, Decimals | None] = {}
    open_ = np.zeros(made.count, dtype=bool)
    by_shown = made.rounding.carry is Carry.SHOWN
    for quantity in made.graph:
        name = quantity.name
        if quantity.formula is None:
            carried[name], whole[name] = _given(made, name)
            continue
        exactly = decimals(quantity.formula, whole.__getitem__)
        if exactly is not None and exactly.bound < 2**4000:
            numbers, places, exact = _whole_rounded(exactly, made.rounding)
            carried[name], whole[name] = _floats(exactly), exactly
        else:
            carried[name], whole[name] = near(quantity.formula, carried.__getitem__), None
            numbers, places, unsure = _rounded(carried[name], made.rounding, True)
            exact = np.zeros(made.count, dtype=bool)
            open_ |= unsure
        _keep(made, name, *np.broadcast_arrays(numbers, places, exact, open_)[:3])
        if by_shown:
            carried[name] = made._near(name)
            whole[name] = made._whole(name, np.arange(made.count))
    made.long[:] |= ~np.isfinite(sum(np.abs(numbers) for numbers in made.numbers.values()))
    for variant in np.flatnonzero(open_ | made.long).tolist():
        _settle(made, variant)


def _given(made: Shown, name: str) -> tuple[Near, Decimals | None]:
    """A given quantity: its texts, and what later formulas use. Each different value is looked at once."""
    places: dict[tuple[int, int], int] = {}
    values = made.givens.get(name) or (made.graph.givens[name],)
    at = [places.setdefault(value.as_integer_ratio(), len(places)) for value in values]
    index = np.broadcast_to(np.array(at, dtype=np.intp), (made.count,))
    distinct = [Fraction(*ratio) for ratio in places]
    texts = [given_text(value, made.rounding) for value in distinct]
    sizes = [text.removeprefix("-") for text in texts]
    made.sizes[name] = [sizes[place] for place in index.tolist()]
    made.negative[name] = np.array([text.startswith("-") for text in texts])[index]
    numbers = [Fraction(text) for text in texts]
    made.numbers[name] = np.array([known(number).value for number in numbers])[index]
    made.exact[name] = np.array([number == value for number, value in zip(numbers, distinct, strict=True)])[index]
    made.long[:] |= np.array([_digits(size) > 15 for size in sizes])[index]
    carried = numbers if made.rounding.carry is Carry.SHOWN else distinct
    both = [known(value) for value in carried]
    value, error = (np.array(column, dtype=np.float64)[index] for column in zip(*both, strict=True))
    whole = _common(carried)
    return Near(value, error), whole and whole._replace(digits=whole.digits[index])


def _digits(size: str) -> int:
    """How many digits a shown number has from the first that is not zero."""
    return len(size.replace(".", "").lstrip("0"))


def _common(values: Sequence[Fraction]) -> Decimals | None:
    texts = [shortest(value) for value in values]
    if any("/" in text for text in texts):
        return None
    places = max((len(text.partition(".")[2]) for text in texts), default=0)
    digits = [int(value * 10**places) for value in values]
    bound = max(map(abs, digits), default=0)
    return Decimals(np.array(digits, dtype=np.int64 if bound < 2**62 else object), places, bound)


def _floats(exactly: Decimals) -> Near:
    """Whole numbers of a place in double precision."""
    if exactly.places < len(_TENS) and exactly.bound < 2**53:
        value = exactly.digits.astype(np.float64) / _TENS[exactly.places]
    else:
        unit = 10**exactly.places
        value = np.array([int(digits) / unit for digits in np.atleast_1d(exactly.digits).tolist()])
    return Near(value, np.abs(value) * UNIT)


def _rounded(value: Near, rounding: Rounding, exactness: bool) -> tuple[Array, Any, Flags]:
    """Values as shown numbers, with how many places, and where that is not certain.

    `exactness`: it is not certain either where the value may be exactly what is shown.
    """
    size, sign = np.abs(value.value), np.sign(value.value)
    places: Any = rounding.decimals
    unsure = np.zeros(np.shape(size), dtype=bool)
    if rounding.significant is not None:
        power = np.floor(np.log10(np.where(size > 0, size, 1.0)))
        unsure = ~(np.abs(size / 10.0**power - 1) > 1e-9) | ~(np.abs(size / 10.0 ** (power + 1) - 1) > 1e-9)
        unsure |= ~(value.error < 1e-10 * size)
        places = (rounding.significant - 1 - np.nan_to_num(power)).astype(np.int64)
    inside = np.clip(places, -22, 22)
    unsure = unsure | (inside != places)
    up, down = _TENS[np.maximum(inside, 0)], _TENS[np.maximum(-inside, 0)]
    units = size * up / down
    error = value.error * up / down + 4 * UNIT * units
    whole = np.floor(units)
    part = units - whole
    if rounding.mode is Mode.TOWARD_ZERO or exactness:
        unsure = unsure | ~(np.minimum(part, 1 - part) > error)
    if rounding.mode is not Mode.TOWARD_ZERO:
        unsure = unsure | ~(np.abs(part - 0.5) > error)
        whole = whole + (part > 0.5)
    if rounding.significant is not None:
        places = places - (whole >= 10.0**rounding.significant)
    return sign * (whole * down / up), places, unsure | ~(units < _SAFE)


def _whole_rounded(value: Decimals, rounding: Rounding) -> tuple[Array, Any, Flags]:
    """Exact decimals as shown numbers, with how many places, and where they are exactly what is shown."""
    if rounding.significant is not None or rounding.decimals >= len(_TENS):
        unit = 10**value.places
        pairs = [(Fraction(digits, unit),) * 2 for digits in np.atleast_1d(value.digits).tolist()]
        found = [rounding.number(one) for one, _ in pairs]
        exact = np.array([one == number for (one, _), number in zip(pairs, found, strict=True)])
        return _doubles(found), np.array([rounding.places(one) for one in found]), exact
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
    if value.bound < _SAFE:
        return numbers.astype(np.float64) / float(unit), places, exact
    return _doubles([Fraction(number, unit) for number in np.atleast_1d(numbers).tolist()]), places, exact


def _doubles(numbers: Sequence[Fraction]) -> Array:
    """Shown numbers as doubles; not a number where a double does not stand for it."""
    digits = (_digits(shortest(abs(number))) for number in numbers)
    return np.array([float(number) if many <= 15 else np.nan for number, many in zip(numbers, digits, strict=True)])


def _keep(made: Shown, name: str, numbers: Array, places: Whole, exact: Flags) -> None:
    """Note what a quantity shows."""
    made.numbers[name] = numbers + 0.0  # which has no negative zero
    made.negative[name] = numbers < 0
    made.exact[name] = exact.copy()
    made.long[:] |= ~(np.abs(numbers) * _TENS[np.clip(places, 0, 22)] < _SAFE) | (places > 22)
    pairs = zip(np.clip(places, 0, 22).tolist(), np.abs(numbers).tolist(), strict=True)
    same = made.rounding.significant is None
    if same:
        form = f"%.{min(22, made.rounding.decimals)}f\n" * made.count
        texts = (form % tuple(np.abs(numbers).tolist())).split("\n")[:-1]
    else:
        texts = [f"{number:.{digits}f}" for digits, number in pairs]
    for variant in compress(range(made.count), exact.tolist()):
        if "." in texts[variant]:
            texts[variant] = texts[variant].rstrip("0").rstrip(".")
    made.sizes[name] = texts


def _settle(made: Shown, variant: int) -> None:
    """Everything that one variant shows, worked exactly."""
    certain = trace(made.graph, made.rounding, made.of(variant))
    made.long[variant] = False
    for name, text in certain.shown.items():
        size, number = text.removeprefix("-"), Fraction(text)
        made.sizes[name][variant] = size
        made.negative[name][variant] = size != text
        made.numbers[name][variant] = known(number).value
        made.exact[name][variant] = isinstance(certain.values[name], Fraction) and certain.values[name] == number
        made.long[variant] |= _digits(size) > 15
