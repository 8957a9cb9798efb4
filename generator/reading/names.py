"""Names in LaTeX and Typst -> the signs and letters that they stand for."""

from __future__ import annotations

import unicodedata

from generator.formula.tree import CIRCULAR

LATEX_SIGNS = {
    "cdot": "·", "times": "×", "ast": "∗", "approx": "≈", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠",
    "land": "∧", "lor": "∨",
    "neq": "≠", "prime": "′", "to": "→", "coloneqq": "≔", "lt": "<", "gt": ">", "lvert": "|(", "rvert": ")|",
    "lfloor": "⌊", "rfloor": "⌋",
    "odot": "⊙",
    "star": "⋆", "circledast": "⊛", "top": "⊤", "intercal": "⊤", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱",
}  # fmt: skip
TYPST_SIGNS = {
    "dot.op": "·", "dot.c": "·", "ast.op": "∗", "ast": "∗", "times": "×", "approx": "≈", "prime": "′", "lt.eq": "≤",
    "gt.eq": "≥", "eq.not": "≠", "colon.eq": "≔", "minus": "−", "plus": "+", "eq": "=", "dot.o": "⊙", "dot.circle": "⊙",
    "top": "⊤", "dots.c": "⋯", "dots.h.c": "⋯", "dots.v": "⋮", "dots.down": "⋱",
    "and": "∧", "or": "∨", "star.op": "⋆", "ast.op.o": "⊛", "paren.l": "(", "paren.r": ")",
    "slash": "/",
}  # fmt: skip
FUNCTIONS = ("tanh", "sinh", "cosh", "ln", "log", "exp", *CIRCULAR, "max", "min")


def greek(name: str) -> str:
    """The Greek letter called `name` (`Omega` is the capital one); nothing where there is none."""
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    called = {"LAMBDA": "LAMDA"}.get(name.upper(), name.upper())
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {called}") if name[1:].islower() else ""
    except KeyError:
        return ""
