"""Boxes -> native MathML (Core), which browsers lay out without any script."""

from __future__ import annotations

from html import escape
from unicodedata import lookup, name

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


def mathml(box: Box) -> str:
    """`box` as MathML elements, without the `math` element around them."""
    match box:
        case Word(text, _, bold) if text.endswith(HAT):
            letter = mathml(Word(text.removesuffix(HAT), bold=bold))
            return f'<mover accent="true">{letter}<mo stretchy="false">^</mo></mover>'
        case Word(text, _, bold) if bold:
            return _bold(text)
        case Word(text, function):
            return _word(text, function)
        case Phrase(text):
            return f"<mtext>{escape(text)}</mtext>"
        case Digits(text):
            number = f"<mn>{grouped(text.lstrip('-'))}</mn>"
            return f'<mrow><mo form="prefix">−</mo>{number}</mrow>' if text.startswith("-") else number
        case Op("′" | "⊤" as sign):
            return f'<mo lspace="0" rspace="0">{sign}</mo>'
        case Op("(" | ")" as sign):  # of a bracket that goes on in another row
            form = "prefix" if sign == "(" else "postfix"
            return f'<mo form="{form}" fence="true" stretchy="false">{sign}</mo>'
        case Op(text, _, True):
            return f'<mo form="infix">{escape(text)}</mo>'
        case Op(text, prefix):
            return f'<mo form="prefix">{escape(text)}</mo>' if prefix else f"<mo>{escape(text)}</mo>"
        case Row(items):
            return f"<mrow>{''.join(map(mathml, items))}</mrow>"
        case Frac(top, bottom):
            return f"<mfrac>{mathml(top)}{mathml(bottom)}</mfrac>"
        case Script(base, sub, None) if sub is not None:
            return f"<msub>{mathml(base)}{mathml(sub)}</msub>"
        case Script(base, None, sup) if sup is not None:
            return f"<msup>{mathml(base)}{mathml(sup)}</msup>"
        case Script(base, sub, sup) if sub is not None and sup is not None:
            return f"<msubsup>{mathml(base)}{mathml(sub)}{mathml(sup)}</msubsup>"
        case Script(base):
            return mathml(base)
        case Fence(body, left, right):
            inside = mathml(body)
            # A stretchy bracket is as wide as its widest variant, so only tall content gets one.
            tall = ("<mfrac>", "<mtable", "<msqrt>", 'class="lh-blank"')
            stretchy = "true" if any(sign in inside for sign in tall) else "false"
            opening = f'<mo form="prefix" fence="true" stretchy="{stretchy}">{left}</mo>'
            closing = f'<mo form="postfix" fence="true" stretchy="{stretchy}">{right}</mo>'
            return f"<mrow>{opening}{inside}{closing}</mrow>"
        case Root(body):
            return f"<msqrt>{mathml(body)}</msqrt>"
        case Choice(rows):
            lines = "".join(
                f"<mtr><mtd>{mathml(value)}</mtd><mtd>{mathml(condition)}</mtd></mtr>" for value, condition in rows
            )
            return f'<mrow><mo form="prefix" fence="true">{{</mo><mtable class="lh-cases">{lines}</mtable></mrow>'
        case Grid(rows):
            cells = ("".join(f"<mtd>{mathml(entry)}</mtd>" for entry in entries) for entries in rows)
            table = f'<mtable class="lh-matrix">{"".join(f"<mtr>{inside}</mtr>" for inside in cells)}</mtable>'
            return f'<mrow><mo form="prefix" fence="true">[</mo>{table}<mo form="postfix" fence="true">]</mo></mrow>'
        case Stack(rows):
            lines = "".join(f"<mtr><mtd>{mathml(part)}</mtd></mtr>" for part in rows)
            return f'<mtable class="lh-stack">{lines}</mtable>'
        case Strut(text):
            room = mathml(Op("−", prefix=True) if text == "-" else Digits(text))
            return f"<mphantom>{room}</mphantom>"
        case Gap(number, _, True):
            return f'<mtext><span class="lh-ref">{number}</span></mtext>'
        case Gap(number, width):
            style = f'style="min-width:{0.6 * width + 1:.1f}em"'
            return f'<mtext><span class="lh-blank" {style}>{number or ""}</span></mtext>'


def _bold(text: str) -> str:
    """MathML Core has no bold of its own: single letters are Unicode's bold ones, longer names ask for it."""
    if len(text) > 1:
        return f'<mi class="lh-bold">{escape(text)}</mi>'
    try:
        return f"<mi>{lookup('MATHEMATICAL BOLD ' + name(text).partition(' ')[2].replace('LETTER ', ''))}</mi>"
    except (KeyError, ValueError):
        return f'<mi class="lh-bold">{escape(text)}</mi>'


def _word(text: str, function: bool) -> str:
    """One letter is italic by itself; h1 is an italic letter and upright digits; longer names ask for italics."""
    if function:
        return f"<mi>{escape(text)}</mi>"
    if len(text) > 1 and text[0].isalpha() and text[1:].isdigit():
        return f"<mrow><mi>{escape(text[0])}</mi><mn>{text[1:]}</mn></mrow>"
    return f"<mi>{escape(text)}</mi>" if len(text) == 1 else f'<mi class="lh-name">{escape(text)}</mi>'
