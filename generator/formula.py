"""Infix text -> formula tree, and the tree's plain operations: walk, substitute, back to infix text.

A formula keeps the order in which it was written. Nothing here simplifies: what is to be shown is what was meant.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial

from generator.errors import FormulaError


@dataclass(frozen=True, slots=True)
class Num:
    """An exact number; `text` is how it is shown (empty: as the shortest exact decimal or fraction)."""

    value: Fraction
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """The quantity called `name`."""

    name: str


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
    """`then` where `left <op> right` holds, else `otherwise`; `op` is one of `<`, `<=`, `>`, `>=`."""

    left: Formula
    op: str
    right: Formula
    then: Formula
    otherwise: Formula


@dataclass(frozen=True, slots=True)
class Blank:
    """A place to write in: `number` refers to the answer key (0: an unnumbered slot); `width` is in digits.

    A blank holds no value, so nothing that is printed from it can give one away. `filled` marks a back-reference to a
    blank that stands earlier (its number is printed where its value would be).
    """

    number: int
    width: int
    reference: bool = False


Formula = Num | Ref | Add | Mul | Neg | Div | Pow | Call | Cases | Blank

ELEMENTARY = ("exp", "log", "tanh", "sqrt", "abs", "max", "min")


def num(value: int | str | Fraction, text: str = "") -> Num:
    """An exact number from an integer, a decimal string or a fraction."""
    return Num(Fraction(value), text)


def children(tree: Formula) -> tuple[Formula, ...]:
    """The formulas directly inside `tree`, in written order."""
    match tree:
        case Add(terms):
            return terms
        case Mul(factors):
            return factors
        case Neg(body):
            return (body,)
        case Div(top, bottom):
            return (top, bottom)
        case Pow(base, exponent):
            return (base, exponent)
        case Call(_, args):
            return args
        case Cases(left, _, right, then, otherwise):
            return (left, right, then, otherwise)
        case _:
            return ()


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
        case Cases(left, op, right, then, otherwise):
            return Cases(change(left), op, change(right), change(then), change(otherwise))
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
    yield tree
    for part in children(tree):
        yield from walk(part)


def references(tree: Formula) -> tuple[str, ...]:
    """The names that `tree` uses, each once, in the order of their first use."""
    return tuple(dict.fromkeys(part.name for part in walk(tree) if isinstance(part, Ref)))


# --- infix text -> tree ------------------------------------------------------------------------------------------

_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


@lru_cache(maxsize=4096)
def parse(text: str) -> Formula:
    """Read infix text (`w*x + b`, `1/(1 + exp(-x))`, `x if x > 0 else 0`).

    Only names, numbers, `+ - * / **`, calls and one-comparison conditionals are read; the text is never evaluated.
    Raises `FormulaError` naming what is not understood.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
        return _from_ast(node, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"cannot read the formula `{text}`: {error or 'it is nested too deeply'}") from None


def _from_ast(node: ast.expr, text: str) -> Formula:
    read = partial(_from_ast, text=text)
    match node:
        case ast.Constant() if type(node.value) in (int, float):
            # The digits as typed, so that 0.1 is one tenth. An exponent of four digits would fill the memory.
            digits = (ast.get_source_segment(text.strip(), node) or "").replace("_", "")
            if re.fullmatch(r"[\d.]+([eE][+-]?\d{1,3})?", digits):
                return num(digits)
        case ast.Name(name):
            return Ref(name)
        case ast.UnaryOp(ast.USub(), operand):
            return Neg(read(operand))
        case ast.BinOp(left, ast.Add(), right):
            return Add((*_terms(read(left)), read(right)))
        case ast.BinOp(left, ast.Sub(), right):
            return Add((*_terms(read(left)), Neg(read(right))))
        case ast.BinOp(left, ast.Mult(), right):
            rest = text.strip().encode()[left.end_col_offset :].lstrip()  # `(a*b)*c`: the left factor is a group
            grouped = rest.startswith(b")")
            first = read(left)
            return Mul((*(first.factors if isinstance(first, Mul) and not grouped else (first,)), read(right)))
        case ast.BinOp(left, ast.Div(), right):
            return Div(read(left), read(right))
        case ast.BinOp(left, ast.Pow(), right):
            return Pow(read(left), read(right))
        case ast.Call(ast.Name(name), args, []):
            return Call(name, tuple(map(read, args)))
        case ast.IfExp(ast.Compare(left, [op], [right]), then, otherwise) if type(op) in _COMPARISONS:
            return Cases(read(left), _COMPARISONS[type(op)], read(right), read(then), read(otherwise))
    found = ast.get_source_segment(text.strip(), node) or type(node).__name__
    raise FormulaError(f"cannot read `{found}` in the formula `{text}`: expected names, numbers, + - * / **, f(x), if")


def _terms(tree: Formula) -> tuple[Formula, ...]:
    return tree.terms if isinstance(tree, Add) else (tree,)


# --- tree -> infix text ------------------------------------------------------------------------------------------

_LEVEL = {Cases: 0, Add: 1, Neg: 2, Mul: 3, Div: 3, Pow: 5}


def infix(tree: Formula) -> str:
    """Infix text that `parse` reads back to an equal value, with only the parentheses that are needed."""
    match tree:
        case Num(value, text):
            shown = text or shortest(value)
            return f"({shown})" if shown.startswith("-") or "/" in shown else shown
        case Ref(name):
            return name
        case Add(terms):
            out = _inside(terms[0], 1)
            for term in terms[1:]:
                out += f" - {_inside(term.body, 2)}" if isinstance(term, Neg) else f" + {_inside(term, 2)}"
            return out
        case Neg(body):
            return "-" + _inside(body, 3)
        case Mul(factors):
            return " * ".join([_inside(factors[0], 3), *(_inside(factor, 4) for factor in factors[1:])])
        case Div(top, bottom):
            return f"{_inside(top, 3)} / {_inside(bottom, 4)}"
        case Pow(base, exponent):
            return f"{_inside(base, 6)}**{_inside(exponent, 5)}"
        case Call(name, args):
            return f"{name}({', '.join(map(infix, args))})"
        case Cases(left, op, right, then, otherwise):
            return f"{_inside(then, 1)} if {_inside(left, 1)} {op} {_inside(right, 1)} else {infix(otherwise)}"
        case Blank(number):
            return f"[{number}]" if number else "___"


def _inside(tree: Formula, level: int) -> str:
    text = infix(tree)
    return f"({text})" if _LEVEL.get(type(tree), 9) < level else text


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
