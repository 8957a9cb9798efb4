"""Boxes as a reader took them down -> one form for everything that looks alike on the page.

Grouping that nobody can see is dropped: a script on a row stands on the row's last item, `h1` is a letter and a digit
whether it was written as one name or as two, and parentheses are paired by what stands between them.
"""

from __future__ import annotations

import itertools
import re

from generator.reading import Unreadable
from generator.typeset.boxes import (
    HAT,
    Box,
    Choice,
    Digits,
    Fence,
    Frac,
    Gap,
    Grid,
    Op,
    Phrase,
    Root,
    Row,
    Script,
    Stack,
    Strut,
    Word,
)
from generator.typeset.numerals import LEAST_POWER, TIMES_TEN

SPACE = Op(" ")  # a wide space, which some readers need as a mark; it has no meaning by itself
LEFT_BAR, RIGHT_BAR = Op("|("), Op(")|")  # a bar that opens, a bar that closes
_EQUALS, _COLON = Op("="), Op(":")
_PAIRS = {"(": ")", "[": "]", "⌊": "⌋", "|(": ")|"}
_CLOSING = frozenset(_PAIRS.values())
_SAME = {"-": "−", "*": "∗", "⋅": "·", "∙": "·", ":=": "≔", "'": "′", "<=": "≤", ">=": "≥", "!=": "≠", "->": "→"}
_LEADS = ("+", "−", "·", "∗", "×", "⊙", "∧", "∨")  # what goes on with the row above
_LETTER_DIGITS = re.compile(r"([^\W\d_])(\d+)")


def normal(box: Box) -> Box:
    """`box` in the one form; boxes that look alike come out equal. Raises `Unreadable` on an unpaired parenthesis."""
    flat = _flat(box)
    if len(flat) == 1 and isinstance(flat[0], Word | Digits):  # as most scripts are
        return flat[0]
    paired = _paired(_merged(flat))
    return paired[0] if len(paired) == 1 else Row(tuple(paired))


def normal_row(box: Box) -> Box:
    """`box` in the one form, as one row of several: a bracket may be opened or closed in another (see `closed`)."""
    paired = _paired(_merged(_flat(box)), alone=False)
    return paired[0] if len(paired) == 1 else Row(tuple(paired))


def closed(row: list[Box]) -> Box:
    """What stands side by side in all rows of a statement, in one form. Raises `Unreadable` as `normal` does."""
    paired = _paired(row)
    return paired[0] if len(paired) == 1 else Row(tuple(paired))


def items(box: Box) -> tuple[Box, ...]:
    """What stands side by side in a normal box."""
    return box.items if isinstance(box, Row) else (box,)


def hatted(box: Box) -> Word:
    """What has a hat: a single letter. Raises `Unreadable` on anything else."""
    letter = normal(box)
    if not isinstance(letter, Word) or len(letter.text) != 1:
        raise Unreadable("a hat stands on something other than a letter")
    return Word(letter.text + HAT, bold=letter.bold)


def _flat(box: Box) -> list[Box]:
    """What stands side by side in a box; what is in the one form already stays itself. The most frequent come first."""
    match box:
        case Op(text, prefix, leads):
            return [box if text not in _SAME and not (prefix or leads) else Op(_SAME.get(text, text))]
        case Word(text, function, bold):
            match = _LETTER_DIGITS.fullmatch(text) if len(text) > 1 and not bold else None
            if match:
                return [Word(match[1]), Digits(match[2])]
            return [Word(text, bold=bold) if function else box]
        case Digits(text):
            signed = text[:1] in ("-", "−")
            return [Op("−"), Digits(text[1:])] if signed else [box]
        case Row(inside):
            return [flat for item in inside for flat in _flat(item)]
        case Frac(top, bottom):
            return [Frac(normal(top), normal(bottom))]
        case Script(base, sub, sup):
            return _scripted(_flat(base), sub and normal(sub), sup and normal(sup))
        case Fence(body, left, right):
            opening, closing = (LEFT_BAR, RIGHT_BAR) if left == "|" else (Op(left), Op(right))
            return [opening, *_flat(body), closing]
        case Root(body):
            return [Root(normal(body))]
        case Choice(rows):
            return [Choice(tuple((normal(value), normal(condition)) for value, condition in rows))]
        case Grid(rows):
            return [Grid(tuple(tuple(map(normal, entries)) for entries in rows))]
        case Gap():
            return [box]
        case Stack(rows):
            return _going_on([_flat(part) for part in rows])
        case Strut():
            return []
        case Phrase(text):
            raise Unreadable(f"words in a formula: `{text}`")


def _going_on(rows: list[list[Box]]) -> list[Box]:
    """Rows one below the other as one: where one ends nothing may be read as a product that is not there."""
    for above, below in itertools.pairwise(rows):
        first = below[0] if below else None
        if not (isinstance(first, Op) and first.text in _LEADS) and above[-1:] != [Op(",")]:
            raise Unreadable("a row inside a formula begins with no sign")
    return [item for part in rows for item in part]


def _scripted(flat: list[Box], sub: Box | None, sup: Box | None) -> list[Box]:
    """Scripts stand on the last item; a further script joins the ones already there where its place is free."""
    if not flat:
        raise Unreadable("a subscript or superscript stands on nothing")
    last = flat[-1]
    if isinstance(last, Script) and not (last.sub and sub) and not (last.sup and sup):
        return [*flat[:-1], Script(last.base, last.sub or sub, last.sup or sup)]
    return [*flat[:-1], Script(last, sub, sup)]


def _merged(flat: list[Box]) -> list[Box]:
    """A colon followed by an equals sign is one relation, digits times a large power of ten are one number.

    Wide spaces are left out.
    """
    found: list[Box] = []
    for item in flat:
        if isinstance(item, Op) and item.text == SPACE.text:
            continue
        if item == _EQUALS and found and found[-1] == _COLON:
            found[-1] = Op("≔")
        elif isinstance(item, Script) and (power := _power_of_ten(item, found[-2:])):
            found[-2:] = [power]
        else:
            found.append(item)
    return found


def _power_of_ten(item: Script, before: list[Box]) -> Digits | None:
    """The number whose digits and sign of a product stand before a power of ten that it would be written with."""
    match (*before, item):
        case Digits(digits), Op(sign), Script(Digits("10"), None, power) if Op(sign) == TIMES_TEN and "e" not in digits:
            match power:
                case Digits(exponent):
                    text = f"{digits}e{exponent}"
                case Row((Op("−"), Digits(exponent))):
                    text = f"{digits}e-{exponent}"
                case _:
                    return None
            return Digits(text) if exponent.isdecimal() and int(exponent) >= LEAST_POWER else None
    return None


def _paired(flat: list[Box], alone: bool = True) -> list[Box]:
    """Every opening and its closing as a fence; a script on the closing stands on the fence.

    Where the boxes do not stand `alone`, what is opened or closed elsewhere is left as it is.
    """
    stack: list[tuple[str, list[Box]]] = [("", [])]
    for item in flat:
        sign = item.base if isinstance(item, Script) else item
        if not isinstance(sign, Op):
            stack[-1][1].append(item)
        elif item is sign and sign.text in _PAIRS:
            stack.append((sign.text, []))
        elif sign.text in _CLOSING:
            if len(stack) == 1 and not alone:
                stack[-1][1].append(item)
                continue
            opening, body = stack.pop()
            if _PAIRS.get(opening) != sign.text:
                raise Unreadable(f"`{sign.text}` closes nothing")
            inside = body[0] if len(body) == 1 else Row(tuple(body))
            fence = Fence(inside, "|", "|") if opening == LEFT_BAR.text else Fence(inside, opening, _PAIRS[opening])
            stack[-1][1].append(Script(fence, item.sub, item.sup) if isinstance(item, Script) else fence)
        else:
            stack[-1][1].append(item)
    if len(stack) > 1 and alone:
        raise Unreadable(f"`{stack[-1][0]}` is not closed")
    base, *opened = stack
    return [*base[1], *(item for opening, body in opened for item in (Op(opening), *body))]
