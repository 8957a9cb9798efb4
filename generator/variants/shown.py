"""Graph and the givens of many variants -> what each shows: `trace` and `relation` for all at once.

Double precision with an error bound decides nearly every digit. What it leaves open (a tie, a value that may have no
more digits than are shown) is settled in whole numbers where the formula allows it, else by the exact functions, for
that variant alone. So nothing differs from what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import compress

import numpy as np

from generator.errors import SolveError
from generator.formula.tree import Formula, Num, references, shortest, substitute
from generator.graph.quantities import Graph
from generator.solve.compiled import Array
from generator.solve.rounding import Carry, Rounding, decimals_of
from generator.solve.traces import given_text, relation, trace
from generator.variants.approx import UNIT, Decimals, Near, Whole, decimals, known, near
from generator.variants.digits import SAFE, TENS, Flags, digits_of, doubles_of, exactly_rounded, rounded


@dataclass(frozen=True)
class Shown:
    """What `count` variants of a graph show, quantity by quantity (each list or array has one entry per variant).

    `sizes` are the shown texts without their signs, `negative` says where there is one, `numbers` are the shown
    numbers as the nearest doubles, `exact` says where the value is exactly what is shown. Where `long` holds, some text
    of the variant has too many digits for a double, or a power of ten where others may have none: what is
    concluded from `numbers` there means nothing.
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
        with np.errstate(all="ignore"):
            found, unsure = rounded(near(formula, self._near), self.rounding, False)[::2]
        holds = np.broadcast_to(found == self.numbers[name], (self.count,)).copy()
        left = np.flatnonzero(np.broadcast_to(unsure, (self.count,)))
        if not len(left):
            return holds
        whole = decimals(formula, lambda ref: self._whole(ref, left))
        if whole is not None:
            holds[left] = exactly_rounded(whole, self.rounding)[0] == self.numbers[name][left]
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
        if self.graph[name].formula is None or not self.rounding.uniform:
            places = max(decimals_of(self.sizes[name][variant]) for variant in chosen.tolist())
        if places >= len(TENS):
            return None
        with np.errstate(all="ignore"):
            digits = np.rint(self.numbers[name][chosen] * TENS[places])
        bound = np.abs(digits).max()
        return Decimals(digits.astype(np.int64), places, int(bound)) if bound < SAFE else None


def shown(graph: Graph, rounding: Rounding, givens: Mapping[str, Sequence[Fraction]]) -> Shown:
    """What is shown for every variant of `graph`; `givens` has a value per variant for each given that varies.

    Raises `SolveError` as `traces.trace` does, for the first variant that has no value, and for what is no given.
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
            numbers, places, exact = exactly_rounded(exactly, made.rounding)
            carried[name], whole[name] = doubles_of(exactly), exactly
        else:
            carried[name], whole[name] = near(quantity.formula, carried.__getitem__), None
            numbers, places, unsure = rounded(carried[name], made.rounding, True)
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
    made.long[:] |= np.array([_is_long(size, name in made.givens) for size in sizes])[index]
    carried = numbers if made.rounding.carry is Carry.SHOWN else distinct
    both = [known(value) for value in carried]
    value, error = (np.array(column, dtype=np.float64)[index] for column in zip(*both, strict=True))
    whole = _common(carried)
    return Near(value, error), whole and whole._replace(digits=whole.digits[index])


def _common(values: Sequence[Fraction]) -> Decimals | None:
    texts = [shortest(value) for value in values]
    if any("/" in text for text in texts):
        return None
    places = max((len(text.partition(".")[2]) for text in texts), default=0)
    digits = [int(value * 10**places) for value in values]
    bound = max(map(abs, digits), default=0)
    return Decimals(np.array(digits, dtype=np.int64 if bound < 2**62 else object), places, bound)


def _keep(made: Shown, name: str, numbers: Array, places: Whole, exact: Flags) -> None:
    """Note what a quantity shows."""
    made.numbers[name] = numbers + 0.0  # which has no negative zero
    made.negative[name] = numbers < 0
    made.exact[name] = exact.copy()
    made.long[:] |= ~(np.abs(numbers) * TENS[np.clip(places, 0, 22)] < SAFE) | (places > 22)
    if made.rounding.scientific and not made.rounding.uniform:  # of these, some are written with a power of ten
        made.long[:] |= ((numbers != 0) & (np.abs(numbers) < 2e-5)) | (np.abs(numbers) > 5e6)
    pairs = zip(np.clip(places, 0, 22).tolist(), np.abs(numbers).tolist(), strict=True)
    if made.rounding.uniform:
        form = f"%.{min(22, made.rounding.decimals)}f\n" * made.count
        texts = (form % tuple(np.abs(numbers).tolist())).split("\n")[:-1]
    else:
        texts = [f"{number:.{digits}f}" for digits, number in pairs]
    for variant in compress(range(made.count), exact.tolist()):
        if "." in texts[variant]:
            texts[variant] = texts[variant].rstrip("0").rstrip(".")
    made.sizes[name] = texts


def _is_long(size: str, varies: bool) -> bool:
    return (varies and "e" in size) or digits_of(size) > 15


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
        made.long[variant] |= _is_long(size, made.graph[name].formula is not None or name in made.givens)
