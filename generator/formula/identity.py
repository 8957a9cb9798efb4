"""Two formulas -> whether they are the same whatever is given, as sums of products of what cannot be opened.

A proof, not a test by numbers: what is found equal is. What is found different may be equal for a reason that products
and sums do not show (as that a sine and a cosine squared add up to one).
"""

from __future__ import annotations

from fractions import Fraction

from generator.formula.tree import Add, Call, Div, Formula, Mul, Neg, Num, Pow, children, rebuild

# A product of atoms, each with its power, in a fixed order; an atom is a formula that is no sum and no product.
Monomial = tuple[tuple[Formula, int], ...]
Sum = dict[Monomial, Fraction]

_POWERS = range(-8, 9)  # a power that is written out
_TERMS = 4_000  # a longer sum is not multiplied out


class _TooLongError(Exception):
    """A product that would have too many terms."""


def same(one: Formula, other: Formula) -> bool:
    """Whether two formulas are equal by the laws of sums, products and quotients alone."""
    if one == other:
        return True
    try:
        return _sum(one) == _sum(other)
    except _TooLongError:
        return False


def _sum(tree: Formula) -> Sum:
    match tree:
        case Num(value):
            return {(): value} if value else {}
        case Neg(body):
            return {monomial: -number for monomial, number in _sum(body).items()}
        case Add(terms):
            made: Sum = {}
            for term in terms:
                for monomial, number in _sum(term).items():
                    made[monomial] = made.get(monomial, Fraction(0)) + number
            return {monomial: number for monomial, number in made.items() if number}
        case Mul(factors):
            return _product([_sum(factor) for factor in factors])
        case Div(top, bottom):
            return _product([_sum(top), _inverse(_sum(bottom))])
        case Pow(base, Num(value)) if value.denominator == 1 and value.numerator in _POWERS:
            inside = _sum(base)
            return _product([inside if value > 0 else _inverse(inside)] * abs(value.numerator))
    return {((_opened(tree), 1),): Fraction(1)}


def _opened(tree: Formula) -> Formula:
    """An atom with what is inside it in its one form."""
    return rebuild(tree, lambda part: _written(_sum(part))) if children(tree) else tree


def _written(total: Sum) -> Formula:
    """A sum as the one formula that stands for it."""
    terms = []
    for monomial, number in sorted(total.items(), key=repr):
        powers = (Pow(atom, Num(Fraction(power))) if power != 1 else atom for atom, power in monomial)
        terms.append(Mul((Num(number), *powers)))
    if len(terms) == 1 and terms[0].factors[0] == Num(Fraction(1)) and len(terms[0].factors) == 2:
        return terms[0].factors[1]
    return Add(tuple(terms))


def _inverse(total: Sum) -> Sum:
    if len(total) == 1:
        ((monomial, number),) = total.items()
        return {tuple((atom, -power) for atom, power in monomial): 1 / number}
    return {((Call("inverse", (_written(total),)), 1),): Fraction(1)}  # a sum's inverse cannot be opened


def _product(factors: list[Sum]) -> Sum:
    made: Sum = {(): Fraction(1)}
    for factor in factors:
        if len(made) * len(factor) > _TERMS:
            raise _TooLongError
        grown: Sum = {}
        for left, number in made.items():
            for right, times in factor.items():
                monomial = _joined(left, right)
                grown[monomial] = grown.get(monomial, Fraction(0)) + number * times
        made = {monomial: number for monomial, number in grown.items() if number}
    return made


def _joined(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(((atom, power) for atom, power in powers.items() if power), key=repr))
