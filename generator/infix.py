"""Infix text -> formula tree, and back: `w*x + b`, `1/(1 + exp(-x))`, `x if x > 0 else 0`."""

from __future__ import annotations

import ast
import re
from functools import lru_cache, partial

from generator.errors import FormulaError
from generator.formula import (
    Add,
    Blank,
    Call,
    Cases,
    Div,
    Formula,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    num,
    shortest,
)

_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


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
            first, grouped = read(left), _is_grouped(left, text)
            sign = isinstance(first, Neg) and not grouped  # -a*b is the negative of a product
            bare = first.body if isinstance(first, Neg) and sign else first
            made = Mul((*(bare.factors if isinstance(bare, Mul) and not grouped else (bare,)), read(right)))
            return Neg(made) if sign else made
        case ast.BinOp(left, ast.MatMult(), right):
            return Call("matmul", (read(left), read(right)))
        case ast.Subscript(ast.Name(name), index):
            places = index.elts if isinstance(index, ast.Tuple) else [index]
            return Call("entry", (Ref(name), *map(read, places)))
        case ast.BinOp(left, ast.Div(), right):
            top = read(left)
            is_signed = isinstance(top, Neg) and not _is_grouped(left, text)
            return Neg(Div(top.body, read(right))) if isinstance(top, Neg) and is_signed else Div(top, read(right))
        case ast.BinOp(left, ast.Pow(), right):
            return Pow(read(left), read(right))
        case ast.Call(ast.Name(name), args, []):
            return Call(name, tuple(map(read, args)))
        case ast.IfExp(ast.Compare(left, [op], [right]), then, otherwise) if type(op) in _COMPARISONS:
            return Cases(read(left), _COMPARISONS[type(op)], read(right), read(then), read(otherwise))
    found = ast.get_source_segment(text.strip(), node) or type(node).__name__
    raise FormulaError(f"cannot read `{found}` in the formula `{text}`: expected names, numbers, + - * / **, f(x), if")


def _is_grouped(left: ast.expr, text: str) -> bool:
    """Whether the left factor stands in parentheses, as in `(a*b)*c`."""
    return text.strip().encode()[left.end_col_offset or 0 :].lstrip().startswith(b")")


def _terms(tree: Formula) -> tuple[Formula, ...]:
    return tree.terms if isinstance(tree, Add) else (tree,)


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
