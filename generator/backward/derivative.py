"""Quantity and operand -> the derivative of its one short formula: textbook rows first, SymPy for the rest.

SymPy works at definition time only, on formulas a line long, and once per shape: a weighted sum of sixteen inputs is
differentiated for one unit, and the result is renamed for all the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

import sympy

from generator.backward.plainly import plainly
from generator.errors import FormulaError
from generator.formula.extremes import Ties, through_extremes
from generator.formula.functions import ACTIVATIONS, Find, expand, require_derivative, textbook_derivative
from generator.formula.infix import parse
from generator.formula.tree import (
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
    references,
    replace,
    shortest,
    walk,
)
from generator.graph.quantities import Quantity
from generator.solve.exact import Exact, evaluate

_ZERO = num(0)


def derivative(quantity: Quantity, wrt: str, find: Find | None = None, ties: Ties = "first") -> Formula:
    """The derivative of `quantity`'s formula with respect to its operand `wrt`, as a formula.

    A row of `functions.py` gives its textbook form, in terms of its input and its output; `find` names the quantity
    that has a given formula, for the components of a vector function. Everything else is differentiated by SymPy; a sum
    is differentiated term by term, so that the order of writing is kept; `ties` says whose slope a `max` has where
    several are equal. Raises `FormulaError` where a function has no useful derivative, or one that has no written form.
    """
    formula = quantity.formula
    assert formula is not None, quantity.name
    if isinstance(formula, Call):
        known = textbook_derivative(formula, wrt, quantity.name, find)
        if known is not None:
            return known
        if formula.name == "sqrt":
            return _of_root(formula.args[0], wrt, quantity.name, ties)
        outer = _by_own_value(formula, wrt, quantity.name)
        if outer is not None:
            return _product(outer, _plain(formula.args[0], wrt, ties))
    return _plain(formula, wrt, ties)


def _of_root(inside: Formula, wrt: str, result: str, ties: Ties) -> Formula:
    """The derivative of the square root `result`: that of what is in it, over twice the root."""
    slope, twice = _plain(inside, wrt, ties), Mul((num(2), Ref(result)))
    match slope:
        case Neg(body):
            return Neg(Div(body, twice))
        case Mul((Num(value), *rest)) if value == 2 and rest:
            return Div(rest[0] if len(rest) == 1 else Mul(tuple(rest)), Ref(result))
    return Div(slope, twice)


def _by_own_value(call: Call, wrt: str, result: str) -> Formula | None:
    """The derivative of an activation of a longer formula by that formula, where its value gives it: y(1 − y)."""
    row = ACTIVATIONS.get(call.name)
    if row is None or not row.derivative or "x" in references(parse(row.derivative)) or call.args[1:]:
        return None
    return textbook_derivative(Call(call.name, (Ref(wrt),)), wrt, result)


def _product(outer: Formula, inner: Formula) -> Formula:
    if _ZERO in (outer, inner):
        return _ZERO
    if num(1) in (outer, inner):
        return outer if inner == num(1) else inner
    if isinstance(inner, Neg):
        return Neg(_product(outer, inner.body))
    return Mul((*_factors(outer), *_factors(inner)))


def _factors(tree: Formula) -> tuple[Formula, ...]:
    return tree.factors if isinstance(tree, Mul) else (tree,)


def _plain(formula: Formula, wrt: str, ties: Ties) -> Formula:
    """The derivative of a formula by one of its operands, term by term."""
    parts = [part for part in by_terms(formula, wrt, ties) if part != _ZERO]
    if not parts:
        return _ZERO
    return parts[0] if len(parts) == 1 else Add(tuple(map(_term, parts)))


def _term(tree: Formula) -> Formula:
    """A term of a sum, with its minus sign in front of it where it is a negative number."""
    return Neg(Num(-tree.value)) if isinstance(tree, Num) and tree.value < 0 else tree


def by_terms(formula: Formula, wrt: str, ties: Ties = "first") -> tuple[Formula, ...]:
    """The derivative of each term of a sum (of the whole formula where it is not one)."""
    terms = formula.terms if isinstance(formula, Add) else (formula,)
    return tuple(_differentiated(term, wrt, ties) for term in terms)


def _differentiated(formula: Formula, wrt: str, ties: Ties) -> Formula:
    if not _uses(formula, wrt):  # most terms of a long sum: by far the commonest answer, so it comes first
        return _ZERO
    for part in walk(formula):
        if isinstance(part, Call) and _uses(part, wrt):
            require_derivative(part)
    names = references(formula)
    places = {name: f"v{number}" for number, name in enumerate(names)}
    shape = replace(formula, lambda ref: Ref(places[ref.name]))
    back = {place: name for name, place in places.items()}
    return replace(_shape_derivative(shape, places[wrt], ties), lambda ref: Ref(back[ref.name]))


def _uses(formula: Formula, name: str) -> bool:
    return formula.name == name if isinstance(formula, Ref) else any(_uses(part, name) for part in children(formula))


@lru_cache(maxsize=4096)
def _shape_derivative(shape: Formula, wrt: str, ties: Ties) -> Formula:
    found = plainly(shape, wrt)
    return found if found is not None else through_extremes(expand(shape), wrt, _by_sympy, ties)


def _by_sympy(formula: Formula, wrt: str) -> Formula:
    return from_sympy(sympy.diff(to_sympy(formula), sympy.Symbol(wrt, real=True)))


_FUNCTIONS = {
    "exp": sympy.exp, "log": sympy.log, "tanh": sympy.tanh, "sqrt": sympy.sqrt, "abs": sympy.Abs, "max": sympy.Max,
    "min": sympy.Min, "erf": sympy.erf, "floor": sympy.floor, "sin": sympy.sin, "cos": sympy.cos,
    "log2": lambda x: sympy.log(x, 2), "log10": lambda x: sympy.log(x, 10), "pi": lambda: sympy.pi,
}  # fmt: skip
_NAMES = {
    sympy.exp: "exp", sympy.log: "log", sympy.tanh: "tanh", sympy.Abs: "abs", sympy.Max: "max", sympy.Min: "min",
    sympy.erf: "erf", sympy.floor: "floor", sympy.sin: "sin", sympy.cos: "cos", sympy.sign: "sign",
    sympy.Heaviside: "step",
}  # fmt: skip
_RELATIONS = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq, "!=": sympy.Ne}


def kinks(call: Call) -> dict[Fraction, Fraction]:
    """The inputs at which the derivative of an activation is a convention, and the slope that it is taken to be there.

    A place where all cases of the derivative agree is none: with its usual parameter the ELU is smooth.
    """
    row = ACTIVATIONS[call.name]
    found: dict[Fraction, Fraction] = {}
    for place in map(Fraction, row.kinks):
        at = Call(call.name, (Num(place), *call.args[1:]))
        values: dict[str, Exact] = {"x": place, "y": evaluate(at, _no_names)}
        slope = textbook_derivative(Call(call.name, (Ref("x"), *call.args[1:])), "x", "y")
        assert slope is not None, call.name
        taken = evaluate(slope, values.__getitem__)
        if isinstance(taken, Fraction) and any(evaluate(o, values.__getitem__) != taken for o in _outcomes(slope)):
            found[place] = taken
    return found


def value_at(call: Call, place: int) -> str:
    """The value of an activation there, where that is a rational number."""
    value = evaluate(Call(call.name, (num(place), *call.args[1:])), _no_names)
    assert isinstance(value, Fraction)
    return shortest(value)


def _no_names(name: str) -> Exact:
    raise AssertionError(f"`{name}` is not a number")


def _outcomes(tree: Formula) -> Iterator[Formula]:
    if isinstance(tree, Cases):
        yield from (*_outcomes(tree.then), *_outcomes(tree.otherwise))
    else:
        yield tree


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
            return Add(tuple(_term(read(term)) for term in expression.as_ordered_terms()))
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
