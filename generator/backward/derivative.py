"""Quantity and operand -> the derivative of its one short formula: textbook rows first, SymPy for the rest.

SymPy works at definition time only, on formulas a line long, and once per shape: a weighted sum of sixteen inputs is
differentiated for one unit, and the result is renamed for all the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

from generator.backward.plainly import plainly, signed_term
from generator.formula.extremes import Ties, through_extremes
from generator.formula.functions import ACTIVATIONS, Find, expand, require_derivative, textbook_derivative
from generator.formula.infix import parse
from generator.formula.sums import product_of
from generator.formula.tree import (
    Add,
    Call,
    Cases,
    Div,
    Formula,
    Mul,
    Neg,
    Num,
    Ref,
    children,
    num,
    rebuild,
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
            return Div(product_of(rest), Ref(result))
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
    return parts[0] if len(parts) == 1 else Add(tuple(map(signed_term, parts)))


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
    return found if found is not None else _joined(through_extremes(expand(shape), wrt, _by_sympy, ties))


def _joined(tree: Formula) -> Formula:
    """`tree` without conditions that make no difference: an argmax has the slope 0 in all its cases."""
    tree = rebuild(tree, _joined)
    return tree.then if isinstance(tree, Cases) and tree.then == tree.otherwise else tree


def _by_sympy(formula: Formula, wrt: str) -> Formula:
    from generator.backward.symbolic import by_sympy

    return by_sympy(formula, wrt)


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
