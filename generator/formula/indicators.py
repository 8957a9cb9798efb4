"""Formula -> whether it is a condition that counts as 1 or 0, which is written in brackets: [a > b]."""

from __future__ import annotations

from generator.formula.tree import Add, Cases, Formula, Mul, Neg, children, num, walk


def is_indicator(tree: Formula) -> bool:
    """Whether a formula is 1 where one comparison holds, or several do, and 0 elsewhere."""
    if not isinstance(tree, Cases) or tree.otherwise != num(0):
        return False
    return tree.then == num(1) or is_indicator(tree.then)


def has_indicator(tree: Formula) -> bool:
    """Whether a formula has a condition inside a sum or a product, which is then written short."""
    inside = (part for whole in walk(tree) if isinstance(whole, Add | Mul | Neg) for part in children(whole))
    return any(is_indicator(part) for part in inside)
