"""Formulas as trees, and their plain operations: walk, replace, substitute.

A formula keeps the order in which it was written. Nothing here simplifies: what is to be shown is what was meant.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Num:
    """An exact number; `text` is how it is shown (empty: as the shortest exact decimal or fraction)."""

    value: Fraction
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """The quantity called `name`; `fixed` is the number it stands for where formulas may be made for that one."""

    name: str
    fixed: Fraction | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Add:
    """A sum in written order; a subtracted term is a `Neg`."""

    terms: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Mul:
    """A product in written order; a `Mul` inside a `Mul` is a factor that belongs together."""

    factors: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Neg:
    """The negative of `body`."""

    body: Formula


@dataclass(frozen=True, slots=True)
class Div:
    """`top` over `bottom`."""

    top: Formula
    bottom: Formula


@dataclass(frozen=True, slots=True)
class Pow:
    """`base` to the power `exponent`."""

    base: Formula
    exponent: Formula


@dataclass(frozen=True, slots=True)
class Call:
    """A function by name: elementary (`exp`, `log`, ...) or a row of `functions.py` (`logistic`, ...)."""

    name: str
    args: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """`then` where `left <op> right` holds, else `otherwise`; `op` is one of `<`, `<=`, `>`, `>=`, `==`, `!=`.

    `rows` are the values and conditions that a page shows of it, where that is decided already (see `conditions`).
    """

    left: Formula
    op: str
    right: Formula
    then: Formula
    otherwise: Formula
    rows: tuple[Any, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Blank:
    """A place to write in: `number` refers to the answer key (0: an unnumbered slot); `width` is in digits.

    A blank holds no value, so nothing that is printed from it can give one away. `reference` marks a back-reference to
    a blank that stands earlier (its number is printed where its value would be).
    """

    number: int
    width: int
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """Formulas in rows and columns; a column vector has rows of one. Other nodes around it work entry by entry."""

    rows: tuple[tuple[Formula, ...], ...]


@dataclass(frozen=True, slots=True)
class MatMul:
    """A matrix product in written order."""

    factors: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Transpose:
    """`body` with its rows as columns."""

    body: Formula


@dataclass(frozen=True, slots=True)
class Hadamard:
    """A product entry by entry (⊙) of matrices of one shape."""

    factors: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Dots:
    """A place in a matrix whose rows or columns are not all written out; `sign` shows it (`⋯`, `⋮`, `⋱`)."""

    sign: str


Formula = Num | Ref | Add | Mul | Neg | Div | Pow | Call | Cases | Blank | Matrix | MatMul | Transpose | Hadamard | Dots

CIRCULAR = ("sin", "cos", "tan", "arcsin", "arccos", "arctan")  # of angles, or giving them: in radians
ELEMENTARY = (
    "exp", "log", "log2", "log10", "tanh", "sqrt", "abs", "max", "min", "erf", "floor", *CIRCULAR, "sinh", "cosh", "pi",
)  # fmt: skip

HOLDS: Mapping[str, Callable[[Any, Any], Any]] = {  # a comparison's sign, and what it says of two values or arrays
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


MINUS_INFINITY: Formula = Neg(Call("infinity", ()))  # at a place of a matrix that a mask forbids; it has no value


def num(value: int | str | Fraction, text: str = "") -> Num:
    """An exact number from an integer, a decimal string or a fraction."""
    return Num(Fraction(value), text)


_INSIDE: Mapping[type, Callable[[Any], tuple[Formula, ...]]] = {  # looked up, for this is asked more than all else
    Add: attrgetter("terms"),
    Mul: attrgetter("factors"),
    Neg: lambda tree: (tree.body,),
    Div: attrgetter("top", "bottom"),
    Pow: attrgetter("base", "exponent"),
    Call: attrgetter("args"),
    Cases: attrgetter("left", "right", "then", "otherwise"),
    Matrix: lambda tree: tuple(entry for row in tree.rows for entry in row),
    MatMul: attrgetter("factors"),
    Hadamard: attrgetter("factors"),
    Transpose: lambda tree: (tree.body,),
}


def children(tree: Formula) -> tuple[Formula, ...]:
    """The formulas directly inside `tree`, in written order."""
    inside = _INSIDE.get(type(tree))
    return inside(tree) if inside else ()


def rebuild(tree: Formula, change: Callable[[Formula], Formula]) -> Formula:
    """`tree` with `change` applied to each formula directly inside it."""
    match tree:
        case Add(terms):
            return Add(tuple(map(change, terms)))
        case Mul(factors):
            return Mul(tuple(map(change, factors)))
        case Neg(body):
            return Neg(change(body))
        case Div(top, bottom):
            return Div(change(top), change(bottom))
        case Pow(base, exponent):
            return Pow(change(base), change(exponent))
        case Call(name, args):
            return Call(name, tuple(map(change, args)))
        case Cases(left, op, right, then, otherwise, rows):
            return Cases(change(left), op, change(right), change(then), change(otherwise), rows)
        case Matrix(rows):
            return Matrix(tuple(tuple(map(change, row)) for row in rows))
        case MatMul(factors):
            return MatMul(tuple(map(change, factors)))
        case Hadamard(factors):
            return Hadamard(tuple(map(change, factors)))
        case Transpose(body):
            return Transpose(change(body))
        case _:
            return tree


def replace(tree: Formula, leaf: Callable[[Ref], Formula]) -> Formula:
    """`tree` with every reference replaced by what `leaf` makes of it."""
    if isinstance(tree, Ref):
        return leaf(tree)
    return rebuild(tree, lambda part: replace(part, leaf))


def substitute(tree: Formula, values: Mapping[str, Formula]) -> Formula:
    """`tree` with the references that `values` names replaced; the others stay."""
    return replace(tree, lambda ref: values.get(ref.name, ref))


def walk(tree: Formula) -> Iterator[Formula]:
    """Every formula in `tree`, itself first, in written order."""
    left = [tree]
    while left:
        part = left.pop()
        yield part
        left += reversed(children(part))


def references(tree: Formula) -> tuple[str, ...]:
    """The names that `tree` uses, each once, in the order of their first use."""
    return tuple(dict.fromkeys(part.name for part in walk(tree) if isinstance(part, Ref)))


def shortest(value: Fraction) -> str:
    """The shortest exact decimal of `value`, or `p/q` where its decimal never ends."""
    bottom, twos, fives = value.denominator, 0, 0
    while bottom % 2 == 0:
        bottom, twos = bottom // 2, twos + 1
    while bottom % 5 == 0:
        bottom, fives = bottom // 5, fives + 1
    if bottom != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    if not places:
        return str(value.numerator)
    scaled = abs(value.numerator) * 10**places // value.denominator
    digits = str(scaled).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
