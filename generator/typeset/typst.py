"""Boxes -> Typst mathematics."""

from __future__ import annotations

from generator.formula.tree import CIRCULAR
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
from generator.typeset.numerals import grouped

TYPST_THIN = " thin "
_OPS = {
    "·": "dot.op", "∗": "ast.op", "×": "times", "−": "-", "≈": "approx", "≔": ":=", "≤": "<=", "≥": ">=",
    "∧": "and", "∨": "or", "⋆": "star.op", "⊛": "ast.op.o",
    # A bare comma would end an argument of a function.
    "′": "prime", "≠": "!=", "→": "->", ",": "\\,", "⊙": "dot.o", "⊤": "top", "⋯": "dots.c", "⋮": "dots.v",
    "⋱": "dots.down",
    # Of a bracket that is broken: bare, they would pair or be refused, and a bare slash would make a fraction.
    "(": "paren.l", ")": "paren.r", "/": "slash",
}  # fmt: skip
_KNOWN = ("ln", "log", "tanh", "sinh", "cosh", *CIRCULAR, "max", "min")


def typst(box: Box) -> str:
    """`box` as Typst mathematics, without the dollar signs. Blanks and room call functions of the format file."""
    match box:
        case Word(text, _, bold) if text.endswith(HAT):
            return f"hat({typst(Word(text.removesuffix(HAT), bold=bold))})"
        case Word(text, _, bold) if bold:
            return f"upright(bold({text if len(text) == 1 and text.isalpha() else chr(34) + text + chr(34)}))"
        case Word(text, function):
            return _word(text, function)
        case Phrase(text):
            return f'"{text}"'
        case Digits(text):
            return grouped(text, TYPST_THIN)
        case Op(text, _, leads):
            sign = _OPS.get(text, text)
            return f"{sign} med" if leads else sign  # with nothing before it, it would have no room behind it
        case Row(items):
            return " ".join(map(typst, items))
        case Frac(top, bottom):
            return f"frac({typst(top)}, {typst(bottom)})"
        case Script(base, sub, sup):
            low = f"_({typst(sub)})" if sub is not None else ""
            high = f"^({typst(sup)})" if sup is not None else ""
            return f"{typst(base)}{low}{high}"
        case Fence(body, "|", "|"):
            return f"abs({typst(body)})"
        case Fence(body, "⌊", "⌋"):
            return f"floor({typst(body)})"
        case Fence(body, left, right):
            return f"{left}{typst(body)}{right}"
        case Root(body):
            return f"sqrt({typst(body)})"
        case Choice(rows):
            lines = [f"{typst(value)} &quad {typst(condition)}" for value, condition in rows]
            return f"cases({', '.join(lines)})"
        case Grid(rows):
            # A semicolon right after a blank, which is code, would end that and no row.
            inside = " ; ".join(", ".join(map(typst, entries)) for entries in rows)
            return f'mat(delim: "[", {inside})'
        case Stack(rows):
            return f"stacked({', '.join(map(typst, rows))})"
        case Strut(text, opening):
            room = f'room("{text}")' if text.startswith(".") else f"room({text})"  # a bare point is punctuation
            return f'class("opening", {room})' if opening else room
        case Gap(number, width, reference):
            return f"#backref({number})" if reference else f"#blank({number}, {width})"


def _word(text: str, function: bool) -> str:
    if function:
        return text if text in _KNOWN else f'op("{text}")'
    if len(text) == 1:
        return "\\#" if text == "#" else text
    if text[0].isalpha() and text[1:].isdigit():
        return f"{text[0]} {text[1:]}"
    return f'italic("{text}")'
