"""Formula -> its shape: what is left when invisible grouping is taken away, to hold written numbers against symbols."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from generator.formula.tree import (
    Add,
    Blank,
    Cases,
    Div,
    Dots,
    Formula,
    MatMul,
    Matrix,
    Mul,
    Neg,
    Num,
    Transpose,
    children,
    rebuild,
    shortest,
    walk,
)
from generator.reading.conditions import ALL, ORDERS, Sides

Rows = tuple[tuple[Formula, ...], ...]


def shape(tree: Formula, decided: bool = True) -> Formula:
    """`tree` with nested sums and products opened and the sign of a product in front; order and numbers stay.

    Cases are without what the comparisons in them decide, unless they are to stay as they are.
    """
    tree = rebuild(tree, lambda part: shape(part, decided))
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
                return Neg(shape(Mul((first.body, *factors[1:])), decided))
            return Mul(tuple(part for each in factors for part in _opened(each)))
        case MatMul(factors):
            return shape(Mul(factors), decided)  # on the page the two look alike
        case Transpose(Matrix(rows)):
            return Matrix(tuple(zip(*rows, strict=True)))
        case Cases() if decided:
            return _decided(tree, {})
    return tree


def _decided(tree: Formula, known: Mapping[Sides, str]) -> Formula:
    """Cases without what the comparisons above decide, and without those that change nothing, in one form.

    Sides that are compared again below are taken apart into the three orders that they can have.
    """
    if not isinstance(tree, Cases):
        return tree
    sides, orders = (tree.left, tree.right), ORDERS.get(tree.op, tree.op)
    left = known.get(sides, ALL)
    ways = ["".join(order for order in left if (order in orders) is holds) for holds in (True, False)]
    if not all(ways):
        return _decided(tree.then if ways[0] else tree.otherwise, known)
    parts = [_decided(part, {**known, sides: way}) for part, way in zip((tree.then, tree.otherwise), ways, strict=True)]
    if any(isinstance(part, Cases) and (part.left, part.right) == sides for whole in parts for part in walk(whole)):
        ways = list(left)
        parts = [_decided(tree, {**known, sides: way}) for way in ways]
    groups: list[tuple[str, Formula]] = []
    for way, part in sorted(zip(ways, parts, strict=True), key=lambda each: ALL.index(each[0][0])):
        same = next((at for at, (_, other) in enumerate(groups) if other == part), len(groups))
        groups[same : same + 1] = [(groups[same][0] + way if same < len(groups) else way, part)]
    *first, (_, made) = groups
    for way, part in reversed(first):
        made = Cases(tree.left, way, tree.right, part, made)
    return made


def _opened(factor: Formula) -> tuple[Formula, ...]:
    """The factors of a product inside a product, the first of which keeps its sign."""
    match factor:
        case Mul(factors):
            return factors
        case Neg(Mul((first, *rest))):
            return (Neg(first), *rest)
    return (factor,)


def alike(found: Formula, wanted: Formula) -> bool:
    """Whether two shapes are the same; a blank in `found` may stand for anything."""
    if isinstance(found, Blank):
        return True
    if isinstance(found, Mul) and isinstance(found.factors[0], Blank) and isinstance(wanted, Neg):
        wanted = wanted.body  # the blank holds the sign too
    if isinstance(found, Cases) and not isinstance(wanted, Cases):
        return alike(found.then, wanted) and alike(found.otherwise, wanted)
    if isinstance(found, Matrix) and isinstance(wanted, Matrix):
        return grid_alike(found.rows, wanted.rows)
    if isinstance(found, Num) or type(found) is not type(wanted):
        return found == wanted
    if any(getattr(found, part, "") != getattr(wanted, part, "") for part in ("name", "op")):
        return False
    parts, others = children(found), children(wanted)
    return len(parts) == len(others) and all(map(alike, parts, others))


def number_of(tree: Formula) -> tuple[Fraction, str] | None:
    """The value and the text of a single number with or without a sign."""
    match tree:
        case Num(value, text):
            return value, text
        case Neg(Num(value, text)):
            return -value, f"-{text}"
    return None


def fraction_of(tree: Formula) -> tuple[Fraction, str] | None:
    """The value and the text of a quotient of two numbers with or without a sign."""
    match tree:
        case Div(Num(top), Num(bottom)) if bottom:
            return top / bottom, f"{shortest(top)}/{shortest(bottom)}"
        case Neg(body):
            found = fraction_of(body)
            return found and (-found[0], f"-{found[1]}")
    return None


def has_blank(tree: Formula) -> bool:
    """Whether there is a blank anywhere in `tree`."""
    return any(isinstance(part, Blank) for part in walk(tree))


def filled(rows: Rows, high: int, wide: int) -> Rows | None:
    """The entries of a matrix at their places among `high` times `wide`: what its dots leave out is blank.

    `None` where it has not so many rows and columns, or where dots stand in a row or column with something else.
    """
    if not any(isinstance(entry, Dots) for row in rows for entry in row):
        return rows if len(rows) == high and len(rows[0]) == wide else None
    down = [at for at, row in enumerate(rows) if all(isinstance(entry, Dots) for entry in row)]
    across = [at for at, column in enumerate(zip(*rows, strict=True)) if all(isinstance(e, Dots) for e in column)]
    places = _spread(len(rows), down, high), _spread(len(rows[0]), across, wide)
    if places[0] is None or places[1] is None:
        return None
    kept = {(row, column): rows[at][to] for row, at in places[0].items() for column, to in places[1].items()}
    if any(isinstance(entry, Dots) for entry in kept.values()):
        return None
    return tuple(tuple(kept.get((row, column), Blank(0, 0)) for column in range(wide)) for row in range(high))


def _spread(shown: int, dots: list[int], size: int) -> dict[int, int] | None:
    """Where the rows (or columns) that are shown belong: from the start up to the dots, from the end after them."""
    if len(dots) > 1 or (not dots and shown != size) or (dots and size < shown):
        return None
    return {at if not dots or at < dots[0] else at + size - shown: at for at in range(shown) if at not in dots}


def grid_alike(found: Rows, wanted: Rows) -> bool:
    """Whether the entries of a matrix are alike those of another at the same places."""
    entries = filled(found, len(wanted), len(wanted[0]))
    if entries is None:
        return False
    pairs = zip(entries, wanted, strict=True)
    return all(alike(one, other) for row, others in pairs for one, other in zip(row, others, strict=True))
