"""Formula <-> SymPy expression, over real symbols; formula -> its derivative by SymPy."""

from __future__ import annotations

from fractions import Fraction

import sympy

from generator.backward.plainly import signed_term
from generator.errors import FormulaError
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, num

_FUNCTIONS = {
    "exp": sympy.exp, "log": sympy.log, "tanh": sympy.tanh, "sqrt": sympy.sqrt, "abs": sympy.Abs, "max": sympy.Max,
    "min": sympy.Min, "erf": sympy.erf, "floor": sympy.floor, "sin": sympy.sin, "cos": sympy.cos,
    "tan": sympy.tan, "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "sinh": sympy.sinh,
    "cosh": sympy.cosh, "log2": lambda x: sympy.log(x, 2), "log10": lambda x: sympy.log(x, 10), "pi": lambda: sympy.pi,
}  # fmt: skip
_NAMES = {
    sympy.exp: "exp", sympy.log: "log", sympy.tanh: "tanh", sympy.Abs: "abs", sympy.Max: "max", sympy.Min: "min",
    sympy.erf: "erf", sympy.floor: "floor", sympy.sin: "sin", sympy.cos: "cos", sympy.sign: "sign",
    sympy.tan: "tan", sympy.asin: "arcsin", sympy.acos: "arccos", sympy.atan: "arctan", sympy.sinh: "sinh",
    sympy.cosh: "cosh",
    sympy.Heaviside: "step",
}  # fmt: skip
_RELATIONS = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq, "!=": sympy.Ne}


def by_sympy(formula: Formula, wrt: str) -> Formula:
    """The derivative of a formula, rows written out, by one of its names. Raises `FormulaError` where it has none."""
    return from_sympy(sympy.diff(to_sympy(formula), sympy.Symbol(wrt, real=True)))


def to_sympy(tree: Formula) -> sympy.Expr:
    """`tree` as a SymPy expression over real symbols; rows must have been written out (`functions.expand`)."""
    match tree:
        case Num(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Ref(name):
            return sympy.Symbol(name, real=True)
        case Add(terms):
            return sympy.Add(*map(to_sympy, terms))
        case Mul(factors):
            return sympy.Mul(*map(to_sympy, factors))
        case Neg(body):
            return -to_sympy(body)
        case Div(top, bottom):
            return to_sympy(top) / to_sympy(bottom)
        case Pow(base, exponent):
            return to_sympy(base) ** to_sympy(exponent)
        case Call(name, args) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*map(to_sympy, args))
        case Cases(left, op, right, then, otherwise):
            condition = _RELATIONS[op](to_sympy(left), to_sympy(right))
            return sympy.Piecewise((to_sympy(then), condition), (to_sympy(otherwise), True))
    raise FormulaError(f"no derivative of `{tree}` is known")


def from_sympy(expression: sympy.Expr) -> Formula:
    """A SymPy expression as a formula tree."""
    read = from_sympy
    match expression:
        case sympy.Rational():
            return Num(Fraction(int(expression.p), int(expression.q)))
        case sympy.Symbol():
            return Ref(expression.name)
        case sympy.Add():
            return Add(tuple(signed_term(read(term)) for term in expression.as_ordered_terms()))
        case sympy.Mul():
            top, bottom = sympy.fraction(expression)
            if bottom.free_symbols:
                return Div(read(top), read(bottom))
            factors = expression.as_ordered_factors()
            if factors[0] == -1:
                rest = factors[1:]
                return Neg(read(rest[0]) if len(rest) == 1 else Mul(tuple(map(read, rest))))
            return Mul(tuple(map(read, factors)))
        case sympy.Pow():
            if expression.exp == -1:
                return Div(num(1), read(expression.base))
            if expression.exp == sympy.Rational(-1, 2):
                return Div(num(1), Call("sqrt", (read(expression.base),)))
            if expression.exp == sympy.Rational(1, 2):
                return Call("sqrt", (read(expression.base),))
            return Pow(read(expression.base), read(expression.exp))
        case sympy.Piecewise():
            return _from_cases(expression)
    if expression in (sympy.E, sympy.pi):
        return Call("exp", (num(1),)) if expression == sympy.E else Call("pi", ())
    if type(expression) in _NAMES:
        return Call(_NAMES[type(expression)], tuple(map(read, expression.args)))
    raise FormulaError(f"the derivative `{expression}` has no written form here")


def _from_cases(expression: sympy.Piecewise) -> Formula:
    *cases, (last, condition) = expression.args
    if condition != sympy.true or not all(isinstance(holds, sympy.core.relational.Relational) for _, holds in cases):
        raise FormulaError(f"the derivative `{expression}` has no written form here")
    made = from_sympy(last)
    for then, holds in reversed(cases):
        made = Cases(from_sympy(holds.lhs), holds.rel_op, from_sympy(holds.rhs), from_sympy(then), made)
    return made
