"""Formula with −∞ where a mask forbids -> the formula without it: a sum stays −∞, an exponential is zero.

−∞ has no value and is never worked with as a number. It is the whole entry of a matrix, or it is gone; where it would
be anything else, there is no formula.
"""

from __future__ import annotations

from collections.abc import Sequence

from generator.errors import FormulaError
from generator.formula.infix import infix
from generator.formula.tree import MINUS_INFINITY, Add, Call, Formula, num, rebuild, walk


def settled(tree: Formula) -> Formula:
    """`tree` with what −∞ makes of it: −∞ itself, or a formula without it.

    Raises `FormulaError` where −∞ stands where it is neither added to a number nor under an exponential.
    """
    if not _is_infinite(tree) or tree == MINUS_INFINITY:
        return tree
    tree = rebuild(tree, settled)
    match tree:
        case Add(terms) if MINUS_INFINITY in terms:
            return MINUS_INFINITY
        case Call("exp", (inside,)) if inside == MINUS_INFINITY:
            return num(0)
        case Call("softmax", (own, *components)):
            return _share(own, components)
    if not _is_infinite(tree):
        return tree
    raise FormulaError(f"`{infix(tree)}` has minus infinity where there has to be a number")


def _is_infinite(tree: Formula) -> bool:
    """Whether there is an infinity of either sign anywhere in a formula."""
    return any(isinstance(part, Call) and part.name == "infinity" for part in walk(tree))


def _share(own: Formula, components: Sequence[Formula]) -> Formula:
    """One of the shares of a softmax, of which what is −∞ gets nothing."""
    kept = tuple(component for component in components if component != MINUS_INFINITY)
    if not kept:
        raise FormulaError("a softmax is taken of minus infinity alone")
    return num(0) if own == MINUS_INFINITY else Call("softmax", (own, *kept))
