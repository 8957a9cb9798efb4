"""Infix text -> formula tree, and back: `w*x + b`, `x if x > 0 else 0`, `sum(x[i]**2 for i in 1..3)`."""

from __future__ import annotations

import ast
import keyword
import re
from functools import lru_cache, partial

from generator.errors import FormulaError, meant
from generator.formula.greek import spelled
from generator.formula.tree import (
    Add,
    Blank,
    Call,
    Cases,
    Div,
    Dots,
    Formula,
    Hadamard,
    MatMul,
    Matrix,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Transpose,
    children,
    num,
    shortest,
)

SLICE = ":"  # a call of this in the place of an index: from the first to the last of those that are taken
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_EXPECTED = "expected names, numbers, + - * / ** @, f(x), [a, b], x[i], `a if x > 0 else b` or `for i in 1..3`"
# Python's own words that no formula uses are names like others: `lambda` is a Greek letter here.
_USED = {"and", "else", "for", "if", "in", "not", "or", "None", "True", "False"}
_WORDS = re.compile(rf"\b({'|'.join(sorted({*keyword.kwlist} - _USED))})\b")
_UNSIGNED = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)([A-DF-Za-df-z]\w*|\()")  # 2x or 2(x + 1)
_DEEPEST = 100  # levels of brackets; no formula by hand has ten
_ECHOED = 200  # letters of a formula in an error
_MARK = "Ж"  # behind such a word


@lru_cache(maxsize=4096)
def parse(text: str) -> Formula:
    """Read infix text (`w*x + b`, `1/(1 + exp(-x))`, `x if x > 0 and y > 0 else 0`).

    Only names, numbers, `+ - * / **` (or `^`), calls and conditionals are read, and of what `vectors.expand` makes
    scalar `@`, indices, `[a, b]` and `f(i) for i in 1..3`; the text is never evaluated. A condition by itself is 1
    where it holds and 0 elsewhere. Raises `FormulaError` naming what is not understood.
    """
    for sign in "|·":  # of which the first is needed below, and the second is a letter to Python
        if sign in text:
            raise FormulaError(f"cannot read `{sign}` in the formula `{_begun(text)}`: {meant(text) or _EXPECTED}")
    source = spelled(text.strip()).replace(
        "..", "|"
    )  # Python has no sign for `1..3`; with this one it reads `1..n - 1` rightly
    source = source.replace("^", "**")  # as a calculator writes a power
    source = _WORDS.sub(rf"\1{_MARK}", source)
    try:
        node = ast.parse(source, mode="eval").body
        made = _from_ast(node, source)
        if _depth(made) > _DEEPEST:
            raise RecursionError
        return made
    except (RecursionError, MemoryError):
        raise FormulaError(f"cannot read the formula `{_begun(text)}`: it is nested too deeply") from None
    except (SyntaxError, ValueError) as error:
        product = _UNSIGNED.search(text)
        if product:
            why = f"a product is written with a sign, as `{product[1]}*{product[2]}`"
            raise FormulaError(f"cannot read the formula `{_begun(text)}`: {why}") from None
        why = meant(text) or (error.msg if isinstance(error, SyntaxError) else str(error))
        raise FormulaError(f"cannot read the formula `{_begun(text)}`: {why}") from None


def _depth(tree: Formula) -> int:
    depth, level = 0, [tree]
    while level:
        depth, level = depth + 1, [part for each in level for part in children(each)]
    return depth


def _begun(text: str) -> str:
    """A formula as an error names it: of a long one its beginning."""
    return text if len(text) <= _ECHOED else f"{text[:_ECHOED]}…"


def _from_ast(node: ast.expr, text: str) -> Formula:
    read = partial(_from_ast, text=text)
    match node:
        case ast.Constant() if type(node.value) in (int, float):
            # The digits as typed, so that 0.1 is one tenth. An exponent of four digits would fill the memory.
            digits = (ast.get_source_segment(text, node) or "").replace("_", "")
            if re.fullmatch(r"[\d.]+([eE][+-]?\d{1,3})?", digits):
                return num(digits)
        case ast.Name(name):
            return Ref(name.removesuffix(_MARK))
        case ast.Attribute(body, "T"):
            return Call("transpose", (read(body),))
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
        case ast.Subscript(whole, index):
            places = index.elts if isinstance(index, ast.Tuple) else [index]
            return Call("entry", (read(whole), *(_index(place, text) for place in places)))
        case ast.BinOp(left, ast.Div(), right):
            top = read(left)
            is_signed = isinstance(top, Neg) and not _is_grouped(left, text)
            return Neg(Div(top.body, read(right))) if isinstance(top, Neg) and is_signed else Div(top, read(right))
        case ast.BinOp(left, ast.Pow(), right):
            return Pow(read(left), read(right))
        case ast.Call(ast.Name(name), args, []):
            return Call(name, tuple(map(read, args)))
        case ast.List(entries):
            return Call("vector", tuple(map(read, entries)))
        case ast.GeneratorExp(body, loops):
            return _each("each", read(body), loops, text)
        case ast.ListComp(body, loops):  # vectors under a single loop are the rows of a matrix
            return _each("each" if loops[1:] else "rows", read(body), loops, text)
        case ast.IfExp(test, then, otherwise):
            return _choice(test, read(then), read(otherwise), text)
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(ast.Not()):
            return _choice(node, num(1), num(0), text)
    raise _unreadable(node, text)


def _index(node: ast.expr, text: str) -> Formula:
    """What stands behind a name in brackets: an index, or all from one to another, `1:3`, `:3`, `2:`, `:`."""
    match node:
        case ast.Slice(first, last, None):
            low = num(1) if first is None else _from_ast(first, text)
            return Call(SLICE, (low, *(() if last is None else (_from_ast(last, text),))))
    return _from_ast(node, text)


def _unreadable(node: ast.AST, text: str) -> FormulaError:
    found, whole = (part.replace("|", "..").replace(_MARK, "") for part in (ast.unparse(node), text))
    return FormulaError(f"cannot read `{found}` in the formula `{whole}`: {meant(whole) or _EXPECTED}")


def _each(name: str, body: Formula, loops: list[ast.comprehension], text: str) -> Formula:
    """`body` for every index of the loops, the last of which runs fastest, where the loop's conditions hold."""
    for loop in reversed(loops):
        match loop:
            case ast.comprehension(ast.Name(index), ast.BinOp(first, ast.BitOr(), last), tests):
                for test in reversed(tests):
                    body = Call("when", (_choice(test, num(1), num(0), text), body))
                body = Call(name, (body, Ref(index), _from_ast(first, text), _from_ast(last, text)))
            case _:
                raise _unreadable(loop, text)
    return body


def _choice(test: ast.expr, then: Formula, otherwise: Formula, text: str) -> Formula:
    """`then` where the test holds, else `otherwise`: one case for each comparison in it."""
    match test:
        case ast.Compare(first, signs, others) if all(type(sign) in _COMPARISONS for sign in signs):
            sides = [_from_ast(side, text) for side in (first, *others)]
            for left, sign, right in reversed(list(zip(sides, signs, sides[1:], strict=False))):
                then = Cases(left, _COMPARISONS[type(sign)], right, then, otherwise)
            return then
        case ast.BoolOp(ast.And(), tests):
            for part in reversed(tests):
                then = _choice(part, then, otherwise, text)
            return then
        case ast.BoolOp(ast.Or(), tests):
            for part in reversed(tests):
                otherwise = _choice(part, then, otherwise, text)
            return otherwise
        case ast.UnaryOp(ast.Not(), part):
            return _choice(part, otherwise, then, text)
    raise _unreadable(test, text)


def _is_grouped(left: ast.expr, text: str) -> bool:
    """Whether the left factor stands in parentheses, as in `(a*b)*c`."""
    return text.encode()[left.end_col_offset or 0 :].lstrip().startswith(b")")


def _terms(tree: Formula) -> tuple[Formula, ...]:
    return tree.terms if isinstance(tree, Add) else (tree,)


_LEVEL = {Cases: 0, Add: 1, Neg: 2, Mul: 3, Div: 3, MatMul: 3, Hadamard: 3, Pow: 5}


def infix(tree: Formula) -> str:
    """Infix text that `parse` reads back to an equal value, with only the parentheses that are needed.

    Matrices, which no definition holds, are written for messages only: `W @ x`, `a ⊙ b`, `[[1, 2], [3, 4]]`.
    """
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
        case Matrix(rows):
            return "[" + ", ".join(f"[{', '.join(map(infix, row))}]" for row in rows) + "]"
        case MatMul(factors):
            return " @ ".join(_inside(factor, 4) for factor in factors)
        case Hadamard(factors):
            return " ⊙ ".join(_inside(factor, 4) for factor in factors)
        case Transpose(body):
            return f"{_inside(body, 6)}.T"
        case Dots(sign):
            return sign


def _inside(tree: Formula, level: int) -> str:
    text = infix(tree)
    return f"({text})" if _LEVEL.get(type(tree), 9) < level else text
