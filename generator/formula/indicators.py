"""Formula -> whether it has a condition that counts as 1 or 0 inside it, which is written in brackets: [a > b]."""

from __future__ import annotations

from generator.formula.conditions import indicated
from generator.formula.tree import Add, Div, Formula, Mul, Neg, children, walk


def has_indicator(tree: Formula) -> bool:
    """Whether a formula has a condition inside a sum, a product or a quotient, which is then written short."""
    inside = (part for whole in walk(tree) if isinstance(whole, Add | Div | Mul | Neg) for part in children(whole))
    return any(indicated(part) is not None for part in inside)
