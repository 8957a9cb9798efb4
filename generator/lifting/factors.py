"""Terms of a sum over a grid of places -> their factors, by what each changes with; and products put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generator.formula.sums import product_of, sum_of
from generator.formula.tree import Add, Div, Formula, Hadamard, MatMul, Mul, Neg, Num, Transpose, num, references
from generator.lifting.tensors import Rows

_ONE = num(1)
Cube = tuple[tuple[tuple[Formula, ...], ...], ...]  # a factor at each row, column and term


@dataclass(frozen=True, slots=True)
class Factors:
    """The factors of the terms of a sum, by what they change with: the row, the column, both, the term alone."""

    left: list[Cube]
    right: list[Cube]
    both: list[Cube]
    middle: list[Cube]
    scalars: list[Formula]
    divisors: list[Formula]

    @classmethod
    def of(cls, grids: list[Rows]) -> Factors | None:
        """The factors of terms that all have as many (`None`: they have not)."""
        high, wide = range(len(grids[0])), range(len(grids[0][0]))
        split = [[[factors_of(grid[i][j]) for grid in grids] for j in wide] for i in high]
        counts = {tuple(over for _, over in factors) for row in split for terms in row for factors in terms}
        if len(counts) > 1:
            return None
        made = cls([], [], [], [], [], [])
        for place, over in enumerate(counts.pop()):
            cube = tuple(tuple(tuple(factors[place][0] for factors in terms) for terms in row) for row in split)
            by_row = len(set(cube)) > 1
            by_column = any(len(set(row)) > 1 for row in cube)
            by_term = any(len(set(terms)) > 1 for row in cube for terms in row)
            if over:
                if by_row or by_column or by_term:
                    return None
                made.divisors.append(cube[0][0][0])
            elif by_row and by_column:
                made.both.append(cube)
            elif by_row:
                made.left.append(cube)
            elif by_column:
                made.right.append(cube)
            elif by_term:
                made.middle.append(cube)
            else:
                made.scalars.append(cube[0][0][0])
        return made


def factors_of(tree: Formula) -> list[tuple[Formula, bool]]:
    """The factors of a term, and whether each stands under it."""
    match tree:
        case Neg(body):
            return [(num(-1), False), *factors_of(body)]
        case Mul(factors):
            return [part for factor in factors for part in factors_of(factor)]
        case Div(top, bottom) if not isinstance(top, Num) and not references(bottom):
            return [*factors_of(top), (bottom, True)]
    return [(tree, False)]


def single(cube: Cube) -> Rows:
    """The factor of a single term, as rows."""
    return tuple(tuple(terms[0] for terms in row) for row in cube)


def multiplied(factors: Iterable[Formula]) -> Formula:
    """The product of factors; of none of them, one."""
    found = tuple(factors)
    return product_of(found) if found else _ONE


def opened(factors: Iterable[Formula]) -> tuple[Formula, ...]:
    """Factors of a product entry by entry, with such products among them opened."""
    return tuple(part for factor in factors for part in (factor.factors if isinstance(factor, Hadamard) else (factor,)))


def times(*factors: Formula) -> Formula:
    """A product of matrices, with the signs and the numbers under its factors taken out of it."""
    plain: list[Formula] = []
    divisors: list[Formula] = []
    negative = False
    for given in factors:
        factor = given
        while isinstance(factor, Neg) or _over(factor) is not None:
            if isinstance(factor, Neg):
                negative, factor = not negative, factor.body
            elif isinstance(factor, Mul) and isinstance(factor.factors[0], Div):
                divisors, factor = [*divisors, factor.factors[0].bottom], factor.factors[1]
        plain += factor.factors if isinstance(factor, MatMul) else (factor,)
    made: Formula = MatMul(tuple(plain)) if len(plain) > 1 else plain[0]
    made = scaled([], divisors, made)
    return Neg(made) if negative else made


def _over(tree: Formula) -> Formula | None:
    """The number that a matrix is divided by, and by nothing else multiplied."""
    match tree:
        case Mul((Div(top, bottom), _)) if top == _ONE and not references(bottom):
            return bottom
    return None


def scaled(scalars: list[Formula], divisors: list[Formula], body: Formula) -> Formula:
    """A matrix with the numbers that it is multiplied with and divided by before it, as one fraction."""
    if divisors and isinstance(body, Mul):
        *before, body = body.factors
        for factor in before:
            scalars = [*scalars, factor.top if isinstance(factor, Div) else factor]
            divisors = [*divisors, factor.bottom] if isinstance(factor, Div) else divisors
        scalars = [scalar for scalar in scalars if scalar != _ONE]
    if not divisors:
        return Mul((*scalars, body)) if scalars else body
    return Mul((Div(multiplied(scalars), multiplied(divisors)), body))


def turned(tree: Formula) -> Formula:
    """A formula transposed."""
    return tree.body if isinstance(tree, Transpose) else Transpose(tree)


def negative(tree: Formula | None) -> Formula | None:
    """The negative of a formula, where there is one."""
    return tree if tree is None else tree.body if isinstance(tree, Neg) else Neg(tree)


def added(parts: list[Formula]) -> Formula:
    """The sum of parts, with the sums among them opened."""
    flat = [term for part in parts for term in (part.terms if isinstance(part, Add) else (part,))]
    return sum_of(flat)
