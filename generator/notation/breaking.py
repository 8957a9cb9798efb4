"""A formula as boxes that is too wide for a line -> rows: broken before signs, inside parentheses where it must be.

A bracket that is opened in one row and closed in another stands in them as a sign of its own. A fraction with a long
numerator is set as that in a bracket, a slash, and its denominator. What no row can end in, and is still too wide, is
set in rows itself (`Stack`): both halves of a fraction, what stands under a root, the values and conditions of cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.typeset.boxes import Box, Choice, Digits, Fence, Frac, Op, Root, Row, Script, Stack, Word
from generator.typeset.numerals import TIMES_TEN

Width = Callable[[Box], int]
_SUMS = ("+", "−")
_PRODUCTS = ("·", "∗", "×", "⊙")
_WEAKEST = ((",",), ("∨",), ("∧",))  # what binds less than a sum: a row ends before the signs, behind a comma
_STUB = 12  # what is narrower does not stand in the last row alone
_LEAST = 16  # what is narrower is not set in rows


def broken(box: Box, limit: int, width: Width, stacks: bool = True) -> list[Box]:
    """`box` as rows, each at most about `limit` wide as `width` measures.

    All but the first begin with a sign, or follow a comma. `stacks`: what no row can end in may be set in rows itself.
    """
    if width(box) <= limit:
        return [box]
    breaker = _Breaker(width, stacks)
    return breaker.rows(breaker.unraised(box, limit), limit)


@dataclass(frozen=True, slots=True)
class _Breaker:
    """Breaks boxes by their widths; `stacks`: fractions and other boxes can be set in rows inside."""

    width: Width
    stacks: bool

    def rows(self, box: Box, limit: int) -> list[Box]:
        """A box that is too wide as rows."""
        rows: list[list[list[Box]]] = [[]]
        used = 0
        for piece in (self._squeezed(piece, limit) for piece in self._pieces(_items(box), limit)):
            wide = self._wide(piece)
            if rows[-1] and used + wide > limit:
                rows.append([])
                used = 0
            rows[-1].append(piece)
            used += wide + 1
        if len(rows) > 1 and len(rows[-2]) > 1 and sum(map(self._wide, rows[-1])) < _STUB:
            rows[-1].insert(0, rows[-2].pop())
        first, *others = ([item for piece in pieces for item in piece] for pieces in rows)
        return [_row(first), *(_row(_going_on(items)) for items in others)]

    def unraised(self, box: Box, limit: int) -> Box:
        """`box` with exponents of e that are wider than a line behind `exp`, in brackets that can be broken."""
        match box:
            case Script(Word("e"), None, power) if power is not None and self.width(power) > limit:
                return Row((Word("exp", function=True), Fence(power)))
            case Row(items):
                return Row(tuple(self.unraised(item, limit) for item in items))
            case Frac(top, bottom):
                return Frac(self.unraised(top, limit), self.unraised(bottom, limit))
            case Fence(body, left, right):
                return Fence(self.unraised(body, limit), left, right)
        return box

    def _wide(self, items: list[Box]) -> int:
        return self.width(Row(tuple(items)))

    def _pieces(self, items: list[Box], limit: int) -> list[list[Box]]:
        """Boxes side by side in pieces between which a row can end: terms; of one that is too wide, what is in it."""
        for signs in _WEAKEST:
            parts = _split(items, signs)
            if len(parts) > 1:
                return [piece for part in parts for piece in self._fitting(part, limit)]
        found: list[list[Box]] = []
        for term in _split(items, _SUMS):
            factors = _split(term, _PRODUCTS)
            if self._wide(term) <= limit:
                found.append(term)
            elif len(factors) > 1 and all(self._can_fit(factor, limit) for factor in factors):
                found += factors
            else:
                found += self._opened(term, limit) or factors
        return found

    def _fitting(self, part: list[Box], limit: int) -> list[list[Box]]:
        return [part] if self._wide(part) <= limit else self._pieces(part, limit)

    def _can_fit(self, factor: list[Box], limit: int) -> bool:
        """Whether a factor that is no stub fits a row, where it can be set in rows itself."""
        return self.stacks and self._wide(factor) >= _STUB // 2 and self._wide(self._squeezed(factor, limit)) <= limit

    def _opened(self, term: list[Box], limit: int) -> list[list[Box]]:
        """The pieces of a term whose widest bracket is opened (none: it has none with a sum or product in it)."""
        for place in sorted(range(len(term)), key=lambda place: -self.width(term[place])):
            box = term[place]
            alone = all(isinstance(item, Op) for item in (*term[:place], *term[place + 1 :]))
            if isinstance(box, Frac) and self.stacks and (not alone or self.width(box.bottom) > limit // 3):
                continue  # beside something else, or behind a slash, it would be hard to read
            fenced = _fenced(box, alone)
            if fenced is None:
                continue
            opening, body, closing = fenced
            inside = self._pieces(_items(body), limit)
            inside = inside if len(inside) > 1 else _split(_items(body), _PRODUCTS)
            if len(inside) > 1:
                first, *middle, last = inside
                return [[*term[:place], *opening, *first], *middle, [*last, *closing, *term[place + 1 :]]]
        return []

    def _squeezed(self, items: list[Box], limit: int) -> list[Box]:
        """Boxes side by side, of which the widest are set in rows where all would be too wide."""
        made = list(items)
        for place in sorted(range(len(made)), key=lambda place: -self.width(made[place])):
            excess = self._wide(made) - limit
            if excess > 0 and self.stacks:
                made[place] = self._narrowed(made[place], self.width(made[place]) - excess)
        return made

    def _narrowed(self, box: Box, limit: int) -> Box:
        """`box` with rows inside it, so that it is about as wide as `limit`, or as narrow as it can be."""
        limit, width = max(limit, _LEAST), self.width
        if width(box) <= limit:
            return box
        match box:
            case Row():
                rows = self.rows(box, limit)
                return rows[0] if len(rows) == 1 else Stack(tuple(rows))
            case Frac(top, bottom):
                return Frac(self._narrowed(top, limit - 1), self._narrowed(bottom, limit - 1))
            case Root(body):
                return Root(self._narrowed(body, limit - 2))
            case Fence(body, left, right):
                return Fence(self._narrowed(body, limit - 2), left, right)
            case Script(base, None, sup) if sup is not None and width(base) < limit // 2:
                return Script(base, None, self._narrowed(sup, 3 * (limit - width(base)) // 2))
            case Script(base, sub, sup):
                return Script(self._narrowed(base, limit - (width(box) - width(base))), sub, sup)
            case Choice(rows=cases):
                room = limit - 4
                wide = max(width(value) for value, _ in cases)
                told = max(width(condition) for _, condition in cases)
                wide = min(wide, max(room // 2, room - told))
                made = ((self._narrowed(value, wide), self._narrowed(test, room - wide)) for value, test in cases)
                return Choice(tuple(made))
        return box


def _going_on(items: list[Box]) -> list[Box]:
    """The boxes of a row that goes on with the row above."""
    sign, *rest = items
    return [Op(sign.text, leads=True) if isinstance(sign, Op) else sign, *rest]


def _items(box: Box) -> list[Box]:
    return list(box.items) if isinstance(box, Row) else [box]


def _row(items: list[Box]) -> Box:
    return items[0] if len(items) == 1 else Row(tuple(items))


def _split(items: list[Box], signs: tuple[str, ...]) -> list[list[Box]]:
    """Boxes cut before each of `signs` that stands between two things, or behind a comma."""
    found: list[list[Box]] = [[]]
    for item, after in zip(items, [*items[1:], None], strict=True):
        if item == Op(","):
            found[-1].append(item)
            found += [[]] if "," in signs and after is not None else []
            continue
        ends = isinstance(item, Op) and item.text in signs and not item.prefix and found[-1]
        if ends and not (item == TIMES_TEN and isinstance(after, Script) and after.base == Digits("10")):
            found.append([])
        found[-1].append(item)
    return found


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
