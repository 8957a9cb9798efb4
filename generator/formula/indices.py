"""Formula of numbers alone -> the number that an index or the end of a loop is, and the functions of such numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor

from generator.errors import FormulaError
from generator.formula.entrywise import elementwise, modulo
from generator.formula.grids import Function, Grid, Value
from generator.formula.sums import product_of
from generator.formula.tree import (
    HOLDS,
    Add,
    Call,
    Cases,
    Div,
    Formula,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    children,
    num,
    rebuild,
)

_MOST_FACTORS = 20
_LARGEST_POWER = 64


def whole(value: Value) -> int | None:
    """The whole number that a formula of numbers, or of givens that are fixed, is."""
    number = None if isinstance(value, Grid) else constant(value, _fixed)
    return int(number) if number is not None and number.denominator == 1 else None


def _fixed(ref: Ref) -> Fraction | None:
    return ref.fixed


def _unknown(ref: Ref) -> Fraction | None:
    return None


def constant(tree: Formula, value_of: Callable[[Ref], Fraction | None] = _unknown) -> Fraction | None:
    """What a formula of numbers alone is, or of numbers and of names whose values are known (`None`: it is neither)."""

    def read(part: Formula) -> Fraction | None:
        return constant(part, value_of)

    match tree:
        case Num(value):
            return value
        case Ref():
            return value_of(tree)
        case Neg(body):
            inside = read(body)
            return None if inside is None else -inside
        case Add(parts) | Mul(parts):
            result = Fraction(0 if isinstance(tree, Add) else 1)
            for part in map(read, parts):
                if part is None:
                    return None
                result = result + part if isinstance(tree, Add) else result * part
            return result
        case Cases(left, op, right, then, otherwise):
            sides = read(left), read(right)
            if sides[0] is None or sides[1] is None:
                return None
            return read(then if HOLDS[op](*sides) else otherwise)
        case Div(top, bottom):
            sides = read(top), read(bottom)
            return sides[0] / sides[1] if sides[0] is not None and sides[1] else None
        case Pow(base, exponent):
            sides = read(base), read(exponent)
            is_small = sides[1] is not None and sides[1].denominator == 1 and abs(sides[1]) <= _LARGEST_POWER
            return sides[0] ** int(sides[1] or 0) if sides[0] and is_small else None
        case Call("floor", (body,)):
            inside = read(body)
            return None if inside is None else Fraction(floor(inside))
        case Call("abs", (body,)):
            inside = read(body)
            return None if inside is None else abs(inside)
        case Call("max" | "min" as name, parts):
            numbers = [number for part in parts if (number := read(part)) is not None]
            return None if len(numbers) < len(parts) else max(numbers) if name == "max" else min(numbers)
    return None


def placed(tree: Formula, index: str, number: int) -> Formula:
    """`tree` with a number in the place of a loop's index, and what is of indices alone worked out: `k - t` is 1."""
    if isinstance(tree, Ref):
        return num(number) if tree.name == index else tree
    made = rebuild(tree, lambda part: placed(part, index, number))
    if made == tree or isinstance(made, Cases | Neg) or any(constant(part) is None for part in children(made)):
        return made
    found = constant(modulo(made.args) if isinstance(made, Call) and made.name == "mod" else made)
    return made if found is None or found.denominator != 1 else Num(found)


def decided(tree: Cases) -> bool | None:
    """Whether a condition on numbers alone holds, as on a loop's index: what it leaves out need not be there."""
    left, right = (constant(side) for side in (tree.left, tree.right))
    return None if left is None or right is None else HOLDS[tree.op](left, right)


def _clip(args: tuple[Value, ...]) -> Value:
    """`clip(x, low, high)`: what is smaller than `low` is `low`, what is larger than `high` is `high`."""
    if len(args) != 3:
        raise FormulaError("`clip` is of three: `clip(x, low, high)`")
    return elementwise(lambda parts: Call("min", (Call("max", parts[:2]), parts[2])), args)


def _factorial(args: tuple[Value, ...]) -> Value:
    """1 · 2 · … · n of a whole number."""
    last = whole(args[0]) if len(args) == 1 else None
    if last is None or not 0 <= last <= _MOST_FACTORS:
        raise FormulaError(f"`factorial` is of one whole number that is given, 0 to {_MOST_FACTORS}")
    return product_of(tuple(num(factor) for factor in range(1, last + 1)) or (num(1),))


def _comb(args: tuple[Value, ...]) -> Value:
    """In how many ways k of n things can be chosen: n · (n - 1) · … (k factors) over k!."""
    match [whole(arg) for arg in args]:
        case [int(every), int(chosen)] if 0 <= chosen <= every and chosen <= _MOST_FACTORS:
            over = product_of(tuple(num(factor) for factor in range(every, every - chosen, -1)) or (num(1),))
            return Div(over, product_of(tuple(num(factor) for factor in range(1, chosen + 1)) or (num(1),)))
    raise FormulaError(f"`comb(n, k)` is of two whole numbers that are given, k at most n and {_MOST_FACTORS}")


INDICES: Mapping[str, Function] = {"clip": _clip, "factorial": _factorial, "comb": _comb}
