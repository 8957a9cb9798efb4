"""Formula and arrays -> its value in double precision with an error bound, or in whole numbers where it is a decimal.

Both work on any number of variants at once. A bound is generous, never tight; where nothing is known it is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from generator.formula.functions import formula_of
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, shortest
from generator.solve.compiled import Array

UNIT = 2.0**-52  # twice the error of one operation
_LIBRARY = 16 * UNIT  # the error of exp, log and tanh: NumPy's are within four units in the last place
_TINY = 2.0**-1000  # what underflow can lose
_FITS = 2**62  # whole numbers below this are machine words
_MOST_PLACES = 600  # a decimal with more is left to exact arithmetic

Whole = np.ndarray[Any, np.dtype[Any]]


class Near(NamedTuple):
    """Values, and how far from the true ones they may be."""

    value: Array
    error: Array


_UNKNOWN = Near(np.asarray(0.0), np.asarray(np.inf))


class Decimals(NamedTuple):
    """Exact values `digits / 10**places`; no digit string is larger than `bound`."""

    digits: Whole
    places: int
    bound: int


# --- double precision ---


def near(tree: Formula, value_of: Callable[[str], Near]) -> Near:
    """The value of `tree` with its error bound, which is infinite (or not a number) where nothing is certain."""
    match tree:
        case Num(value):
            return known(value)
        case Ref(name):
            return value_of(name)
        case Add(terms):
            return reduce(_sum, [near(term, value_of) for term in terms])
        case Mul(factors):
            return reduce(_product, [near(factor, value_of) for factor in factors])
        case Neg(body):
            inside = near(body, value_of)
            return Near(-inside.value, inside.error)
        case Div(top, bottom):
            return _quotient(near(top, value_of), near(bottom, value_of))
        case Pow(base, Num(exponent)) if exponent.denominator == 1 and 0 < exponent <= 64:
            return reduce(_product, [near(base, value_of)] * int(exponent))
        case Cases(left, op, right, then, otherwise):
            return _case(op, *(near(part, value_of) for part in (left, right, then, otherwise)))
        case Call(_, args):
            body_of = formula_of(tree)
            return near(body_of, value_of) if body_of else _call(tree.name, [near(arg, value_of) for arg in args])
    return _UNKNOWN  # a power that is no whole number: for exact arithmetic


def known(value: Fraction) -> Near:
    """One exact number; nothing is known of one beyond double precision."""
    try:
        number = np.asarray(value.numerator / value.denominator)
    except OverflowError:
        return _UNKNOWN
    return Near(number, np.asarray(np.abs(number) * UNIT + _TINY))


def _sum(a: Near, b: Near) -> Near:
    value = a.value + b.value
    return Near(value, a.error + b.error + UNIT * np.abs(value))


def _product(a: Near, b: Near) -> Near:
    value = a.value * b.value
    error = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
    return Near(value, error * (1 + 8 * UNIT) + UNIT * np.abs(value) + _TINY)


def _quotient(a: Near, b: Near) -> Near:
    value, least = a.value / b.value, np.abs(b.value) - b.error
    error = np.where(least > 0, (a.error + np.abs(value) * b.error) / least, np.inf)
    return Near(value, error * (1 + 8 * UNIT) + UNIT * np.abs(value) + _TINY)


def _case(op: str, left: Near, right: Near, then: Near, otherwise: Near) -> Near:
    apart = left.value - right.value
    holds = {"<": apart < 0, ">": apart > 0, "=": np.zeros_like(apart, bool), "!": np.ones_like(apart, bool)}[op[0]]
    open_ = ~(np.abs(apart) > (left.error + right.error) * 2 + UNIT * np.abs(apart))
    value, error = (np.where(holds, *pair) for pair in zip(then, otherwise, strict=True))
    return Near(value, np.where(open_, np.inf, error))


def _call(name: str, args: list[Near]) -> Near:
    if not args:  # π, and beside it sines, of which more is known exactly
        return _UNKNOWN
    first = args[0]
    match name:
        case "max" | "min":
            choose = np.maximum if name == "max" else np.minimum
            return reduce(lambda a, b: Near(choose(a.value, b.value), np.maximum(a.error, b.error)), args)
        case "abs":
            return Near(np.abs(first.value), first.error)
        case "exp":
            value = np.exp(first.value)
            return Near(value, value * (np.expm1(first.error) + _LIBRARY) + _TINY)
        case "tanh":
            value = np.tanh(first.value)
            return Near(value, first.error + _LIBRARY * np.abs(value))
        case "log" | "sqrt":
            least = first.value - first.error
            value = np.log(first.value) if name == "log" else np.sqrt(first.value)
            slope = 1 / least if name == "log" else 0.5 / np.sqrt(least)
            error = np.where(least > 0, first.error * slope + _LIBRARY * np.abs(value), np.inf)
            return Near(value, error * (1 + 8 * UNIT) + _TINY)
    return Near(first.value, np.full_like(first.value, np.inf))


# --- whole numbers ---


def decimals(tree: Formula, value_of: Callable[[str], Decimals | None]) -> Decimals | None:
    """The exact value of `tree` where it is a decimal for every variant by its form; `None` where it need not be."""
    match tree:
        case Num(value):
            return constant(value)
        case Ref(name):
            return value_of(name)
        case Add(terms):
            return _folded(terms, value_of, _plus)
        case Mul(factors):
            return _folded(factors, value_of, _times)
        case Neg(body):
            inside = decimals(body, value_of)
            return inside and inside._replace(digits=-inside.digits)
        case Div(top, Num(value)) if value:
            by = constant(1 / value)
            over = decimals(top, value_of)
            return _times(over, by) if over and by else None
        case Pow(base, Num(exponent)) if exponent.denominator == 1 and 0 < exponent <= 16:
            return _folded((base,) * int(exponent), value_of, _times)
        case Cases(left, op, right, then, otherwise):
            return _decided(op, [decimals(part, value_of) for part in (left, right, then, otherwise)])
        case Call(name, args):
            body_of = formula_of(tree)
            if body_of is not None:
                return decimals(body_of, value_of)
            if name in ("max", "min"):
                choose = np.maximum if name == "max" else np.minimum
                return _folded(args, value_of, lambda a, b: _chosen(choose, a, b))
            inside = decimals(args[0], value_of) if name == "abs" else None
            return inside and inside._replace(digits=np.abs(inside.digits))
    return None


def constant(value: Fraction) -> Decimals | None:
    """One exact decimal; `None` where its digits never end."""
    text = shortest(value)
    if "/" in text:
        return None
    places = len(text.partition(".")[2])
    digits = int(value * 10**places)
    return Decimals(_array(digits, abs(digits)), places, abs(digits))


def _array(digits: object, bound: int) -> Whole:
    return np.asarray(digits, dtype=np.int64 if bound < _FITS else object)


def _folded(
    trees: tuple[Formula, ...],
    value_of: Callable[[str], Decimals | None],
    join: Callable[[Decimals, Decimals], Decimals | None],
) -> Decimals | None:
    total = decimals(trees[0], value_of)
    for tree in trees[1:]:
        other = decimals(tree, value_of) if total else None
        total = join(total, other) if total and other else None
    return total


def scaled(one: Decimals, places: int) -> Decimals:
    """The same value with more places."""
    factor = 10 ** (places - one.places)
    if factor == 1:
        return one
    bound = max(one.bound, 1) * factor  # the factor has to fit too
    wide = one.digits if bound < _FITS else one.digits.astype(object)
    return Decimals(np.asarray(wide * factor), places, bound)


def _aligned(a: Decimals, b: Decimals) -> tuple[Decimals, Decimals, int]:
    places = max(a.places, b.places)
    a, b = scaled(a, places), scaled(b, places)
    return a, b, max(a.bound, b.bound)


def _plus(a: Decimals, b: Decimals) -> Decimals | None:
    a, b, _ = _aligned(a, b)
    bound = a.bound + b.bound
    first = a.digits if bound < _FITS else a.digits.astype(object)
    return Decimals(np.asarray(first + b.digits), a.places, bound)


def _times(a: Decimals, b: Decimals) -> Decimals | None:
    bound, places = a.bound * b.bound, a.places + b.places
    if places > _MOST_PLACES:
        return None
    first = a.digits if bound < _FITS else a.digits.astype(object)
    return Decimals(np.asarray(first * b.digits), places, bound)


def _chosen(choose: Callable[[Whole, Whole], Any], a: Decimals, b: Decimals) -> Decimals:
    a, b, bound = _aligned(a, b)
    return Decimals(np.asarray(choose(a.digits, b.digits)), a.places, bound)


def _decided(op: str, parts: list[Decimals | None]) -> Decimals | None:
    if any(part is None for part in parts):
        return None
    left, right, then, otherwise = (part for part in parts if part is not None)
    left, right, _ = _aligned(left, right)
    then, otherwise, bound = _aligned(then, otherwise)
    holds = {
        "<": left.digits < right.digits, "<=": left.digits <= right.digits,
        ">": left.digits > right.digits, ">=": left.digits >= right.digits,
        "==": left.digits == right.digits, "!=": left.digits != right.digits,
    }[op]  # fmt: skip
    return Decimals(np.where(holds.astype(bool), then.digits, otherwise.digits), then.places, bound)
