"""Boxes -> LaTeX mathematics (also for Markdown, where GitHub, Jupyter and MathJax read it)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from generator.formula.greek import GREEK
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

LATEX_THIN = r"\thinspace "  # not `\,`, of which Markdown may leave no more than a comma
_COMMANDS = {letter: f"\\{name}" for name, letter in GREEK.items()} | {"∞": r"\infty"}
_OPS = {
    "·": r"\cdot", "∗": "*", "×": r"\times", "−": "-", "≈": r"\approx", "≔": r"\mathrel{:=}", "≤": r"\le", "≥": r"\ge",
    "′": r"\prime", "≠": r"\ne", "→": r"\to", "⊙": r"\odot", "⊤": r"\top", "⋯": r"\cdots",
    "⋮": r"\vdots", "⋱": r"\ddots",
    "∧": r"\land", "∨": r"\lor", "⋆": r"\star", "⊛": r"\circledast",
}  # fmt: skip
_KNOWN = ("ln", "log", "tanh", "sinh", "cosh", *CIRCULAR, "max", "min")
_BRACKETS = {"|": (r"\lvert", r"\rvert"), "⌊": (r"\lfloor", r"\rfloor")}


def macro_gap(gap: Gap) -> str:
    """A blank through the macros of the LaTeX format file."""
    if gap.reference:
        return rf"\lhref{{{gap.number}}}"
    return rf"\lhblank{{{gap.number or ''}}}{{{gap.width}}}"


def plain_gap(gap: Gap) -> str:
    """A blank in nothing but standard commands, for Markdown."""
    if gap.reference:
        return rf"\boxed{{\scriptstyle {gap.number}}}"
    rule = rf"\underline{{\hspace{{{0.6 * gap.width + 0.8:.1f}em}}}}"
    return rf"{rule}_{{\,({gap.number})}}" if gap.number else rule


def latex(box: Box, gap: Callable[[Gap], str] = macro_gap) -> str:
    """`box` as LaTeX, without the dollar signs; `gap` writes the blanks."""
    match box:
        case Digits(text):
            return grouped(text, LATEX_THIN)
        case Op(text, _, leads):
            sign = _OPS.get(text, text)
            return f"{{}}{sign}" if leads else sign  # with nothing before it, it would have no room behind it
        case Word(text, _, bold) if text.endswith(HAT):
            return rf"\hat{{{latex(Word(text.removesuffix(HAT), bold=bold))}}}"
        case Word(text, _, bold) if bold:
            return rf"\boldsymbol{{{_COMMANDS[text]}}}" if text in _COMMANDS else rf"\mathbf{{{_escaped(text)}}}"
        case Word(text, function):
            return _word(text, function)
        case Phrase(text):
            return rf"\text{{{_escaped(text)}}}"
        case Gap():
            return gap(box)
    write = partial(latex, gap=gap)  # what is left has boxes inside
    match box:
        case Row(items):
            return _joined([(write(item), isinstance(item, Op) and not item.prefix) for item in items])
        case Frac(top, bottom):
            return rf"\frac{{{write(top)}}}{{{write(bottom)}}}"
        case Script(base, sub, sup):
            low = f"_{_braced(write(sub))}" if sub is not None else ""
            high = f"^{_braced(write(sup))}" if sup is not None else ""
            return f"{write(base)}{low}{high}"
        case Fence(body, left, right):
            inside = write(body)
            tall = r"\frac" in inside or r"\begin" in inside or r"\underline" in inside
            opening, closing = _BRACKETS.get(left, (left, right))
            if tall:
                return rf"\left{opening} {inside} \right{closing}"
            return f"{opening} {inside} {closing}" if left in _BRACKETS else f"{left}{inside}{right}"
        case Root(body):
            return rf"\sqrt{{{write(body)}}}"
        case Choice(rows):
            lines = [f"{write(value)} & {write(condition)}" for value, condition in rows]
            return "\\begin{cases} " + r" \\ ".join(lines) + " \\end{cases}"
        case Grid(rows):
            lines = [" & ".join(map(write, entries)) for entries in rows]
            return "\\begin{bmatrix} " + r" \\ ".join(lines) + " \\end{bmatrix}"
        case Stack(rows):
            listed = [rf"\displaystyle {line}" if r"\frac" in line else line for line in map(write, rows)]
            return r"\begin{array}{l} " + r" \\[0.3em] ".join(listed) + r" \end{array}"
        case Strut(text, opening):
            return rf"\mathopen{{\phantom{{{text}}}}}" if opening else rf"\phantom{{{text}}}"


def _word(text: str, function: bool) -> str:
    if function:
        return f"\\{text}" if text in _KNOWN else rf"\operatorname{{{text}}}"
    if text in _COMMANDS:
        return _COMMANDS[text]
    if len(text) == 1 or (text[1:].isdigit() and text[0].isalpha()):
        return text
    letters = "".join(f"{{{_COMMANDS[letter]}}}" if letter in _COMMANDS else letter for letter in text)
    return rf"\mathit{{{_escaped(letters)}}}"


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")


def _braced(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"


def _joined(parts: list[tuple[str, bool]]) -> str:
    """Parts side by side, spaced around signs between them and after a command that a letter would lengthen."""
    out = parts[0][0] if parts else ""
    for (before, sign_before), (part, sign) in pairwise(parts):
        spaced = sign_before or sign or (_ends_in_command(before) and part[:1].isalpha())
        out += f" {part}" if spaced else part
    return out


def _ends_in_command(text: str) -> bool:
    _, slash, tail = text.rpartition("\\")
    return bool(slash) and tail.isalpha()
