"""Formula and name -> its derivative by the rules of sum, product, power and chain, in the order of writing.

`None` where these rules do not say all: SymPy differentiates that, but reorders and expands what it is given.
"""

from __future__ import annotations

from fractions import Fraction

from generator.formula.functions import ACTIVATIONS
from generator.formula.infix import parse
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import Add, Call, Div, Formula, Mul, Neg, Num, Pow, Ref, num, references, substitute

_ZERO, _ONE = num(0), num(1)


def plainly(tree: Formula, wrt: str) -> Formula | None:
    """The derivative of `tree` with respect to `wrt`, as somebody would write it who keeps the formula as it is."""
    if wrt not in references(tree):
        return _ZERO
    match tree:
        case Ref():
            return _ONE
        case Neg(body):
            return _negative(plainly(body, wrt))
        case Add(terms):
            return _sum([plainly(term, wrt) for term in terms])
        case Mul(factors):
            return _product(factors, wrt)
        case Div(top, bottom) if wrt not in references(bottom):
            inner = plainly(top, wrt)
            return None if inner is None else _quotient(inner, bottom)
        case Div(top, bottom) if wrt not in references(top):
            inner = _times([top] if _number(top) != 1 else [], plainly(bottom, wrt))
            return None if inner is None else _negative(_quotient(inner, Pow(bottom, num(2))))
        case Pow(base, Num(exponent)) if exponent.denominator == 1 and exponent > 1:
            lower = base if exponent == 2 else Pow(base, num(exponent - 1))
            return _times([num(exponent), lower], plainly(base, wrt))
        case Call("exp", (body,)):
            return _times([tree], plainly(body, wrt))
        case Call("log", (Call(_, (_,)) as call,)) if (share := _share(call, Ref("y"))) is not None:
            return _times([share], plainly(call.args[0], wrt))
        case Call("log", (Add((Num(one), Neg(Call(_, (_,)) as call))),)) if one == 1 and (
            (share := _share(call, Add((_ONE, Neg(Ref("y")))))) is not None
        ):
            return _negative(_times([share], plainly(call.args[0], wrt)))
        case Call("log", (body,)):
            inner = plainly(body, wrt)
            return None if inner is None else _quotient(inner, body)
    return None


def _share(call: Call, factor: Formula) -> Formula | None:
    """What is left of the derivative of an activation of its input, in terms of its output `y`, without a factor.

    So it is where that factor is what a logarithm is taken of: the slope of ln σ(x) is 1 − σ(x). `None` where its
    derivative is no such product.
    """
    row = ACTIVATIONS.get(call.name)
    derivative = parse(row.derivative) if row is not None and row.derivative else None
    if not isinstance(derivative, Mul) or factor not in derivative.factors or "x" in references(derivative):
        return None
    left = [*derivative.factors]
    left.remove(factor)
    return substitute(product_of(left), {"y": call})


def _sum(slopes: list[Formula | None]) -> Formula | None:
    terms = [slope for slope in slopes if slope is not None and slope != _ZERO]
    if None in slopes or all(isinstance(term, Num) for term in terms):
        return None if None in slopes else Num(sum((t.value for t in terms if isinstance(t, Num)), Fraction(0)))
    return sum_of(terms)


def _product(factors: tuple[Formula, ...], wrt: str) -> Formula | None:
    """Of a product in which one factor varies."""
    (first, *others) = [place for place, factor in enumerate(factors) if wrt in references(factor)]
    if others:
        return None
    return _times([*factors[:first], *factors[first + 1 :]], plainly(factors[first], wrt), first)


def _times(factors: list[Formula], slope: Formula | None, place: int | None = None) -> Formula | None:
    """Factors times a slope, which stands at `place` (at the end, if nothing is said); numbers become one number."""
    if slope is None:
        return None
    if isinstance(slope, Neg):
        return _negative(_times(factors, slope.body, place))
    found = [*factors]
    found[len(found) if place is None else place : len(found) if place is None else place] = _factors(slope)
    number, rest = Fraction(1), list[Formula]()
    for factor in found:
        value = _number(factor)
        if value is None:
            rest.append(factor)
        else:
            number *= value
    if number < 0:
        return _negative(_scaled(-number, rest))
    return _scaled(number, rest)


def _scaled(number: Fraction, rest: list[Formula]) -> Formula:
    if not number or not rest:
        return Num(number)
    if number == 1:
        return product_of(rest)
    if number.numerator == 1:
        return Div(product_of(rest), num(number.denominator))
    return Mul((Num(number), *rest))


def _quotient(top: Formula, bottom: Formula) -> Formula | None:
    """A slope over what does not vary; over a number, as a number times it."""
    value = _number(bottom)
    if value:
        return _times([Num(1 / value)], top, 1)
    return Neg(Div(top.body, bottom)) if isinstance(top, Neg) else Div(top, bottom)


def _factors(tree: Formula) -> tuple[Formula, ...]:
    return tree.factors if isinstance(tree, Mul) else (tree,)


def _number(tree: Formula) -> Fraction | None:
    match tree:
        case Num(value):
            return value
        case Neg(body):
            inner = _number(body)
            return None if inner is None else -inner
        case Div(Num(top), Num(bottom)) if bottom:
            return top / bottom
    return None


def _negative(tree: Formula | None) -> Formula | None:
    if isinstance(tree, Num):
        return Num(-tree.value)
    return tree if tree is None else tree.body if isinstance(tree, Neg) else Neg(tree)


def signed_term(tree: Formula) -> Formula:
    """A term of a sum, with its minus sign in front of it where it is a negative number."""
    return Neg(Num(-tree.value)) if isinstance(tree, Num) and tree.value < 0 else tree
