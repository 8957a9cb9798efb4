"""A formula as boxes that is too wide for a line -> rows: broken before signs, inside parentheses where it must be.

A bracket that is opened in one row and closed in another stands in them as a sign of its own. Nothing inside a fraction
can be broken: one with a long numerator is set as that in a bracket, a slash, and its denominator.
"""

from __future__ import annotations

from collections.abc import Callable

from generator.typeset.boxes import TIMES_TEN, Box, Digits, Fence, Frac, Op, Row, Script, Word

Width = Callable[[Box], int]
_SUMS = ("+", "−")
_PRODUCTS = ("·", "∗", "×", "⊙")
_STUB = 12  # what is narrower does not stand in the last row alone


def broken(box: Box, limit: int, width: Width) -> list[Box]:
    """`box` as rows, each at most about `limit` wide as `width` measures; all but the first begin with a sign."""
    if width(box) <= limit:
        return [box]
    rows: list[list[list[Box]]] = [[]]
    used = 0
    for piece in _pieces(_items(box), limit, width):
        wide = _wide(piece, width)
        if rows[-1] and used + wide > limit:
            rows.append([])
            used = 0
        rows[-1].append(piece)
        used += wide + 1
    if len(rows) > 1 and len(rows[-2]) > 1 and sum(_wide(piece, width) for piece in rows[-1]) < _STUB:
        rows[-1].insert(0, rows[-2].pop())
    first, *others = ([item for piece in pieces for item in piece] for pieces in rows)
    return [_row(first), *(_row(_going_on(items)) for items in others)]


def _going_on(items: list[Box]) -> list[Box]:
    """The boxes of a row that goes on with the row above."""
    sign, *rest = items
    return [Op(sign.text, leads=True) if isinstance(sign, Op) else sign, *rest]


def _items(box: Box) -> list[Box]:
    return list(box.items) if isinstance(box, Row) else [box]


def _row(items: list[Box]) -> Box:
    return items[0] if len(items) == 1 else Row(tuple(items))


def _wide(items: list[Box], width: Width) -> int:
    return width(Row(tuple(items)))


def _pieces(items: list[Box], limit: int, width: Width) -> list[list[Box]]:
    """Boxes side by side in pieces between which a row can end: its terms; of one that is too wide, what is in it."""
    found: list[list[Box]] = []
    for term in _split(items, _SUMS):
        if _wide(term, width) <= limit:
            found.append(term)
        else:
            found += _opened(term, limit, width) or _split(term, _PRODUCTS)
    return found


def _split(items: list[Box], signs: tuple[str, ...]) -> list[list[Box]]:
    """Boxes cut before each of `signs` that stands between two things."""
    found: list[list[Box]] = [[]]
    for item, after in zip(items, [*items[1:], None], strict=True):
        ends = isinstance(item, Op) and item.text in signs and not item.prefix and found[-1]
        if ends and not (item == TIMES_TEN and isinstance(after, Script) and after.base == Digits("10")):
            found.append([])
        found[-1].append(item)
    return found


def _opened(term: list[Box], limit: int, width: Width) -> list[list[Box]]:
    """The pieces of a term whose widest bracket is opened (none: it has no bracket with a sum or product in it)."""
    for place in sorted(range(len(term)), key=lambda place: -width(term[place])):
        fenced = _fenced(term[place], all(isinstance(item, Op) for item in (*term[:place], *term[place + 1 :])))
        if fenced is None:
            continue
        opening, body, closing = fenced
        inside = _pieces(_items(body), limit, width)
        inside = inside if len(inside) > 1 else _split(_items(body), _PRODUCTS)
        if len(inside) > 1:
            first, *middle, last = inside
            return [[*term[:place], *opening, *first], *middle, [*last, *closing, *term[place + 1 :]]]
    return []


def _fenced(box: Box, alone: bool) -> tuple[list[Box], Box, list[Box]] | None:
    """What opens a bracket, what is in it, and what closes it; `alone`: it has no factor beside it."""
    left, right = Op("(", prefix=True), Op(")", prefix=True)
    match box:
        case Fence(body, "("):
            return [left], body, [right]
        case Script(Fence(body, "("), sub, sup):
            return [left], body, [Script(right, sub, sup)]
        case Frac(Row() as top, bottom):
            below = bottom if isinstance(bottom, Digits | Word | Script) else Fence(bottom)
            closing: list[Box] = [right, Op("/", prefix=True), below]
            return ([left], top, closing) if alone else ([left, left], top, [*closing, right])
    return None
