"""Formula -> its shape: what is left when invisible grouping is taken away, to hold written numbers against symbols."""

from __future__ import annotations

from fractions import Fraction

from generator.formula import Add, Blank, Div, Formula, Mul, Neg, Num, children, rebuild, shortest


def shape(tree: Formula) -> Formula:
    """`tree` with nested sums and products opened and the sign of a product in front; order and numbers stay."""
    tree = rebuild(tree, shape)
    match tree:
        case Num(value, text):
            bottom = Fraction((text or shortest(value)).partition("/")[2] or 1)
            size = Num(abs(value)) if bottom == 1 else Div(Num(abs(value * bottom)), Num(bottom))
            return Neg(size) if value < 0 else size
        case Add(terms):
            return Add(tuple(part for term in terms for part in (term.terms if isinstance(term, Add) else (term,))))
        case Mul(factors):
            first = factors[0]
            if isinstance(first, Neg):
                return Neg(shape(Mul((first.body, *factors[1:]))))
            return Mul(tuple(part for each in factors for part in (each.factors if isinstance(each, Mul) else (each,))))
    return tree


def alike(found: Formula, wanted: Formula) -> bool:
    """Whether two shapes are the same; a blank in `found` may stand for anything."""
    if isinstance(found, Blank):
        return True
    if isinstance(found, Mul) and isinstance(found.factors[0], Blank) and isinstance(wanted, Neg):
        wanted = wanted.body  # the blank holds the sign too
    if isinstance(found, Num) or type(found) is not type(wanted):
        return found == wanted
    if any(getattr(found, part, "") != getattr(wanted, part, "") for part in ("name", "op")):
        return False
    parts, others = children(found), children(wanted)
    return len(parts) == len(others) and all(map(alike, parts, others))
