"""Terms or factors -> their sum or product, which of one alone is itself."""

from __future__ import annotations

from collections.abc import Sequence

from generator.formula.tree import Add, Formula, Mul


def sum_of(terms: Sequence[Formula]) -> Formula:
    """The sum of one or several terms."""
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def product_of(factors: Sequence[Formula]) -> Formula:
    """The product of one or several factors."""
    return factors[0] if len(factors) == 1 else Mul(tuple(factors))
