"""Boxes -> one line of plain text for a terminal, and the width by which long sums are broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import combining

from generator.typeset.boxes import (
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
from generator.typeset.numerals import grouped

_LOW = str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
_HIGH = str.maketrans("0123456789+-−′()⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻′⁽⁾ᵀ")
_TIGHT = {"·", "∗", "×", ",", "′"}
_ALONE = {"′", "⊤", "⋯", "⋮", "⋱"}


def text(box: Box) -> str:
    """`box` on one line: subscripts as they can be written, fractions with a slash."""
    match box:
        case Word("1", _, True):
            return "𝟏"
        case Word(word) | Phrase(word):
            return word
        case Digits(digits):
            return grouped(digits).replace("-", "−")
        case Op(sign, prefix):
            return sign if prefix or sign in _ALONE else (", " if sign == "," else f" {sign} ")
        case Row(items):
            return "".join(_joined(items))
        case Frac(Digits("1"), Digits("2")):
            return "½"
        case Frac(top, bottom):
            return f"{_tight(top)}/{f'({text(bottom)})' if _is_product(bottom) else _tight(bottom)}"
        case Script(base, sub, sup):
            low = _script(text(sub).rstrip(), _LOW, "_") if sub is not None else ""
            high = "".join(_script(text(part).strip(), _HIGH, "^") for part in _marks(sup)) if sup is not None else ""
            return f"{text(base)}{low}{high}"
        case Fence(body, left, right):
            return f"{left}{text(body)}{right}"
        case Root(body):
            return f"√({text(body)})"
        case Choice(rows):
            return "; ".join(f"{text(value)} ({text(condition)})" for value, condition in rows)
        case Grid(rows):
            return "[" + "; ".join(", ".join(map(text, entries)) for entries in rows) + "]"
        case Stack(rows):
            return "".join(_joined(rows))
        case Strut():
            return ""
        case Gap(number, width, reference):
            return f"[{number}]" if reference else "_" * (width + 2) + (f"({number})" if number else "")


def width(box: Box) -> int:
    """About how many characters wide `box` stands: a fraction is as wide as its wider half."""
    match box:
        case Row(items):
            return sum(map(width, items))
        case Frac(top, bottom):
            return max(width(top), width(bottom)) + 1
        case Script(base, sub, sup):
            scripts = max(width(part) if part is not None else 0 for part in (sub, sup))
            return width(base) + (2 * scripts + 2) // 3
        case Fence(body):
            return width(body) + 2
        case Root(body):
            return width(body) + 2
        case Grid(rows):
            columns = zip(*rows, strict=False)
            return sum(max(map(width, column)) + 2 for column in columns) + 1
        case Choice(rows):
            return max(width(value) + width(condition) for value, condition in rows) + 4
        case Stack(rows):
            return max(map(width, rows)) + 1
        case Gap(number, digits, False):
            return 4 * digits // 3 + (5 if number else 3)  # room for a hand is wider than digits that are set
        case _:
            return reach(text(box))


def reach(line: str) -> int:
    """How many characters wide a line of text stands; an accent stands on the letter before it."""
    return len(line) if line.isascii() else sum(not combining(letter) for letter in line)


def _joined(items: tuple[Box, ...]) -> Iterator[str]:
    """The texts of a row's items; a product of fractions needs its sign, because a/bc/d is another number."""
    for before, item in zip((None, *items), items, strict=False):
        if before is not None and not isinstance(before, Op) and not isinstance(item, Op):
            apart = _is_called(item) or _runs_on(text(before), text(item))
            yield " · " if _slashed(before, -1) or _slashed(item, 0) else " " if apart else ""
        inside = text(item)
        signed = isinstance(before, Op) and before.text != "(" and (before.prefix or before.text in ("+", "−"))
        negative = signed and inside.startswith("−")
        yield f"({inside})" if negative else inside


def _runs_on(before: str, after: str) -> bool:
    """Whether a text would be read as more of the index before it: `w_i` and `x` as `w_ix`."""
    return re.search(r"[_^]\w+$", before) is not None and after[:1].isalnum()


def _is_called(box: Box) -> bool:
    """Whether a box is the name of a function, which would run into a name before it."""
    head = box.base if isinstance(box, Script) else box
    return isinstance(head, Word) and head.function


def _is_product(box: Box) -> bool:
    """Whether a box below a line is a product without a sign: a slash would divide by its first factor alone."""
    if not isinstance(box, Row) or len(box.items) < 2 or any(isinstance(item, Op) for item in box.items):
        return False
    return box.items[0] not in (Word("d"), Word("∂")) and not _is_called(box.items[0])


def _slashed(box: Box, end: int) -> bool:
    """Whether `box` has a fraction with a slash at an end (0 or -1)."""
    if isinstance(box, Row):
        return bool(box.items) and _slashed(box.items[end], end)
    return isinstance(box, Frac) and "/" in text(box)


def _marks(sup: Box) -> tuple[Box, ...]:
    """What is raised: marks that follow one another, as a case's number and an update's, each by itself: ⁽²⁾^[1]."""
    several = isinstance(sup, Row) and all(isinstance(item, Fence) for item in sup.items)
    return sup.items if isinstance(sup, Row) and several else (sup,)


def _script(inside: str, small: dict[int, int], mark: str) -> str:
    tight = inside.replace(" ", "")
    is_sum = small is _HIGH and re.search(r"\S [+−] \S", inside) is not None  # e^(0 + 1), as e^(x + 1)
    if not is_sum and all(ord(letter) in small for letter in tight):
        return tight.translate(small)
    if inside.startswith(" ") and tight[1:].isalnum():  # a sign and a letter
        inside = tight
    bracketed = inside.startswith("[") and inside.find("]") == len(inside) - 1
    return f"{mark}{inside}" if inside.isalnum() or bracketed else f"{mark}({inside.replace(', ', ',')})"


def _tight(box: Box) -> str:
    """The text of a half of a fraction, which holds together in its own brackets, or is put into some."""
    inside = text(box)
    together = isinstance(box.base if isinstance(box, Script) else box, Fence) or _is_call(box)
    return f"({inside})" if not together and (" " in inside or "/" in inside) else inside


def _is_call(box: Box) -> bool:
    """Whether a box is a function of what stands in its brackets, and nothing else."""
    return isinstance(box, Row) and len(box.items) == 2 and _is_called(box.items[0]) and isinstance(box.items[1], Fence)
