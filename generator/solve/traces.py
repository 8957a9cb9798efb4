"""Graph and givens -> `Trace`: the value of every quantity, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np

from generator.errors import SolveError
from generator.formula.tree import Formula, Num, shortest
from generator.graph.quantities import Graph
from generator.once import once
from generator.solve.compiled import Array, compile_graph
from generator.solve.exact import Exact, Undecided, Undefined, evaluate, precision
from generator.solve.rounding import Carry, Rounding, full

_PRECISIONS = (128, 256, 512, 1024, 2048, 4096, 8192)  # bits; each is tried when the one before leaves a digit open
_LARGEST = 1024  # a power of two; double precision has no number beyond it
_SHARP = 80  # bits that every value has to be known to, relative to its size: 24 digits


def solve(graph: Graph, givens: Mapping[str, Array] | None = None) -> dict[str, Array]:
    """Every quantity of `graph` for any number of variants at once, in double precision.

    `givens` replaces given values by arrays whose last axis counts the variants (one variant: length 1). Raises
    `SolveError` naming the first quantity that has no finite value, and in how many variants.
    """
    _known(graph, givens or {})
    names = tuple(q.name for q in graph if q.formula is None)
    outputs = tuple(q.name for q in graph)
    try:
        start = {**{name: float(graph.givens[name]) for name in names}, **(givens or {})}
        run = compile_graph(graph, names, outputs).arrays()
    except OverflowError:
        raise SolveError("a given number is too large for double precision") from None
    values = np.broadcast_arrays(*(np.atleast_1d(np.asarray(start[name], dtype=np.float64)) for name in names))
    with np.errstate(all="ignore"):
        try:
            results = run(*values)
        except ZeroDivisionError:  # between two constants of a formula, which are no arrays
            raise SolveError("a formula divides by zero") from None
    for name, result in zip(outputs, results, strict=True):
        wrong = np.count_nonzero(~np.isfinite(result))
        if wrong:
            raise SolveError(f"`{name}` has no finite value in {wrong} of {np.size(result)} variants")
    return {name: np.broadcast_to(result, values[0].shape) for name, result in zip(outputs, results, strict=True)}


def _known(graph: Graph, givens: Mapping[str, object]) -> None:
    for name in givens:
        if name not in graph or graph[name].formula is not None:
            raise SolveError(f"`{name}` is no given quantity of the problem")


@dataclass(frozen=True)
class Trace:
    """One variant, every digit certain: each quantity's value and how it is shown.

    Under `carry: shown` a value is what its formula gives from the shown operands, as a person with a pencil gets it.
    """

    graph: Graph
    rounding: Rounding
    values: Mapping[str, Exact]
    shown: Mapping[str, str]

    @once
    def number(self, name: str) -> Num:
        """The quantity's shown value as a leaf of a formula."""
        text = self.shown[name]
        return Num(Fraction(text), text)

    @once
    def full(self, name: str, digits: int = 20) -> str:
        """The value as a decimal string: exactly where its digits end, else with `digits` significant ones."""
        return full(self.values[name], digits)

    def relation(self, shown: Formula, name: str) -> str:
        """What stands between `shown`, a formula of shown numbers, and the shown value of `name`: see `relation`."""
        return relation(shown, self.shown[name], self.rounding)


def trace(graph: Graph, rounding: Rounding, givens: Mapping[str, Fraction] | None = None) -> Trace:
    """Work every quantity exactly (fractions, or balls where a value is irrational) and round what is shown.

    Raises `SolveError` naming the quantity that has no value, or whose digits no precision decides.
    """
    if not givens:
        return _own(graph, rounding)
    _known(graph, givens)
    return _traced(graph, rounding, {**graph.givens, **givens})


@once
def _own(graph: Graph, rounding: Rounding) -> Trace:
    """That of the graph's own givens: what is verified is held against it once more."""
    return _traced(graph, rounding, graph.givens)


def _traced(graph: Graph, rounding: Rounding, start: Mapping[str, Fraction]) -> Trace:
    for bits in _PRECISIONS:
        with precision(bits):
            found = _attempt(graph, rounding, start, last=bits == _PRECISIONS[-1])
        if found is not None:
            return found
    raise AssertionError("the last precision decides or raises")


def _attempt(graph: Graph, rounding: Rounding, start: Mapping[str, Fraction], last: bool) -> Trace | None:
    values: dict[str, Exact] = {}
    carried: dict[str, Exact] = {}
    shown: dict[str, str] = {}
    for quantity in graph:
        try:
            if quantity.formula is None:
                given = start[quantity.name]
                value: Exact = given
                shown[quantity.name] = given_text(given, rounding)
            else:
                value = evaluate(quantity.formula, carried.__getitem__)
                _check_size(value)
                if not last and not _is_sharp(value):
                    return None
                shown[quantity.name] = _text(value, rounding, last)
        except Undefined as error:
            raise SolveError(f"`{quantity.name}` has no value: {error}", quantity.name) from None
        except Undecided as error:
            if last:
                raise SolveError(f"`{quantity.name}` cannot be decided: {error}", quantity.name) from None
            return None
        values[quantity.name] = value
        carried[quantity.name] = Fraction(shown[quantity.name]) if rounding.carry is Carry.SHOWN else value
    return Trace(graph, rounding, values, shown)


def _check_size(value: Exact) -> None:
    """Raise `Undefined` where a value is larger than any number in double precision, as programs have it."""
    if isinstance(value, Fraction):
        is_larger = value.numerator.bit_length() - value.denominator.bit_length() > _LARGEST
    else:
        is_larger = bool(abs(value) > flint.arb(2) ** _LARGEST)
    if is_larger:
        raise Undefined("it overflows: it is too large, beyond the 1.8 · 10^308 that programs work with")


def _text(value: Exact, rounding: Rounding, last: bool) -> str:
    try:
        return rounding.text(value)
    except Undecided:
        if not last:
            raise
        return rounding.text(rounding.tied(value))


def _is_sharp(value: Exact) -> bool:
    """Whether a ball tells all the digits that `full` writes (differences of nearly equal numbers lose many)."""
    return isinstance(value, Fraction) or int(value.rel_accuracy_bits()) >= _SHARP


_SIMPLE = 10_000  # the largest denominator of a fraction that a document shows as it is given


def given_text(value: Fraction, rounding: Rounding) -> str:
    """A given number as it was given: exactly, however many digits it has; as a fraction where they never end.

    It is rounded only where the fraction would be no shorter than its decimals.
    """
    text = shortest(value)
    return rounding.written(text) if "/" not in text or value.denominator <= _SIMPLE else rounding.text(value)


def relation(shown: Formula, result: str, rounding: Rounding) -> str:
    """`=` where `shown` (a formula of shown numbers), rounded, is exactly the shown `result`; `≈` otherwise."""
    for bits in _PRECISIONS:
        with precision(bits):
            try:
                value = evaluate(shown, _no_names)
                value = rounding.tied(value) if bits == _PRECISIONS[-1] else value
                return "=" if rounding.gives(value, Fraction(result)) else "≈"
            except Undecided:
                continue
            except Undefined:
                return "≈"
    return "≈"


def _no_names(name: str) -> Exact:
    raise AssertionError(f"`{name}` is not a number")
