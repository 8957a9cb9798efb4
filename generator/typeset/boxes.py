"""Boxes: mathematics as it stands on the page, in no particular format.

`arrange` decides everything that a reader sees (order, parentheses, operators, fractions) once, as boxes; a format's
printer then only spells boxes out. Symbols are written in a small TeX-like language (`net_{h1}`, `w_5^+`, `\\eta`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from generator.errors import NotationError
from generator.formula.greek import GREEK

HAT = "\u0302"  # Unicode's combining circumflex


@dataclass(frozen=True, slots=True)
class Word:
    """A name: one letter or several (`net`), Greek letters as themselves; `function` for operators such as tanh.

    `bold` is for the names of matrices and vectors. A letter can have a hat: m̂ is the letter and `HAT`.
    """

    text: str
    function: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a language, where mathematics has no sign: *otherwise*."""

    text: str


@dataclass(frozen=True, slots=True)
class Digits:
    """A number exactly as it is shown, with its sign."""

    text: str


@dataclass(frozen=True, slots=True)
class Op:
    """An operator or relation by its Unicode character.

    `prefix` marks a sign (as in −x); `leads` an operator that begins a row and goes on with the row above.
    """

    text: str
    prefix: bool = False
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Boxes side by side."""

    items: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """`base` with a subscript, a superscript, or both."""

    base: Box
    sub: Box | None = None
    sup: Box | None = None


@dataclass(frozen=True, slots=True)
class Frac:
    """A fraction."""

    top: Box
    bottom: Box


@dataclass(frozen=True, slots=True)
class Fence:
    """`body` in parentheses, or in the brackets given."""

    body: Box
    left: str = "("
    right: str = ")"


@dataclass(frozen=True, slots=True)
class Root:
    """The square root of `body`."""

    body: Box


@dataclass(frozen=True, slots=True)
class Choice:
    """A value by cases: rows of (value, condition). Conditions are written out in every row, so no word is needed."""

    rows: tuple[tuple[Box, Box], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A blank to write in: its number in the answer key (0: none) and its width in digits; or a reference to one."""

    number: int
    width: int
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix: rows of boxes in square brackets."""

    rows: tuple[tuple[Box, ...], ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """What would be too wide side by side, in rows that follow one another."""

    rows: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Strut:
    """Invisible room as wide as `text`; `opening`: a sign that follows belongs to a number, and is no operation."""

    text: str
    opening: bool = False


Box = Word | Phrase | Digits | Op | Row | Script | Frac | Fence | Root | Choice | Gap | Grid | Stack | Strut

_TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)|([A-Za-z]+)|([0-9][0-9.]*)|([_^{}()\[\]])|([+\-*'/|,=:])|\s+|(.)")


@lru_cache(maxsize=65536)
def symbol(text: str) -> Box:
    """Read a symbol in the TeX-like language: letters, digits, `_`, `^`, braces, parentheses, `\\alpha`, `\\hat{m}`,
    `\\_`, `'`.

    Raises `NotationError` where the text is not of that language.
    """
    tokens = [m for m in _TOKEN.finditer(text) if m.group().strip()]
    box, rest = _row(tokens, 0, text)
    if rest != len(tokens):
        raise NotationError(f"cannot read the symbol `{text}`: unexpected `{tokens[rest].group()}`")
    return box


def _row(tokens: list[re.Match[str]], at: int, text: str) -> tuple[Box, int]:
    items: list[Box] = []
    while at < len(tokens) and tokens[at].group() not in ("}", ")", "]"):
        if tokens[at].group() in "_^":
            if not items:
                raise NotationError(f"cannot read the symbol `{text}`: `{tokens[at].group()}` follows nothing")
            script, after = _atom(tokens, at + 1, text)
            base = items.pop()
            sub, sup = (base.sub, base.sup) if isinstance(base, Script) else (None, None)
            inner = base.base if isinstance(base, Script) else base
            low = tokens[at].group() == "_"
            items.append(Script(inner, _joined(sub, script) if low else sub, sup if low else _joined(sup, script)))
            at = after
        elif tokens[at].group() == "'":
            base = items.pop() if items else Word("")
            inner, sub, sup = (base.base, base.sub, base.sup) if isinstance(base, Script) else (base, None, None)
            items.append(Script(inner, sub, _joined(sup, Op("′"))))
            at += 1
        else:
            item, at = _atom(tokens, at, text)
            last = items[-1] if items else None
            if isinstance(item, Word | Digits) and isinstance(last, Word) and not item.text.startswith("-"):
                items[-1] = Word(last.text + item.text.replace(HAT, "hat"))  # `new\_w5` is one name; a word has no hat
            else:
                items.append(item)
    return (items[0] if len(items) == 1 else Row(tuple(items))), at


def _joined(before: Box | None, script: Box) -> Box:
    """A script that follows another in the same place stands behind it: `w^{(2)}^+`."""
    if before is None:
        return script
    inside = (part.items if isinstance(part, Row) else (part,) for part in (before, script))
    return Row(tuple(item for items in inside for item in items))


_BRACKETS = {"{": "}", "(": ")", "[": "]"}


def _atom(tokens: list[re.Match[str]], at: int, text: str) -> tuple[Box, int]:
    if at >= len(tokens):
        raise NotationError(f"cannot read the symbol `{text}`: it ends too early")
    command, escaped, letters, digits, brace, mark, other = tokens[at].groups()
    if brace in _BRACKETS:
        box, after = _row(tokens, at + 1, text)
        if after >= len(tokens) or tokens[after].group() != _BRACKETS[brace]:
            raise NotationError(f"cannot read the symbol `{text}`: a `{brace}` is not closed")
        return (box if brace == "{" else Fence(box, brace, _BRACKETS[brace])), after + 1
    if command == "hat":
        box, after = _atom(tokens, at + 1, text)
        if not isinstance(box, Word) or len(box.text) != 1:
            raise NotationError(f"cannot read the symbol `{text}`: `\\hat` is for a single letter")
        return Word(box.text + HAT), after
    if command:
        if command not in GREEK:
            raise NotationError(f"cannot read the symbol `{text}`: unknown `\\{command}`")
        return Word(GREEK[command]), at + 1
    if letters or escaped == "_":
        return Word(letters or "_"), at + 1
    if digits:
        return Digits(digits), at + 1
    if mark:
        return Op({"*": "∗", "-": "−"}.get(mark, mark)), at + 1
    if other and (other.isalpha() or other in "∂′"):
        return Word(other), at + 1
    raise NotationError(f"cannot read the symbol `{text}`: unexpected `{tokens[at].group()}`")


def bold(box: Box) -> Box:
    """A symbol with its letter in bold, as the names of matrices and vectors are set."""
    match box:
        case Word(text) | Digits(text):
            return Word(text, bold=True)
        case Script(base, sub, sup):
            return Script(bold(base), sub, sup)
        case Row((first, *rest)):
            return Row((bold(first), *rest))
    return box


def transposed(box: Box) -> Box:
    """A box with the sign of transposition, after what it is raised to already."""
    sign = Op("⊤")
    if isinstance(box, Script):
        return Script(box.base, box.sub, sign if box.sup is None else Row((box.sup, sign)))
    return Script(box, sup=sign)
