"""Everything that can go wrong, as errors that say where, what was found and what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the end of what was expected: what is known that looks most like `name` (empty: nothing does)."""
    near = get_close_matches(name, list(known), n=1)
    return f"; the closest is `{near[0]}`" if near else ""


_PRODUCT = "a product of numbers is `a * b`, one of vectors `a @ b`"
_MEANT = {  # what authors write that no formula has -> what is written instead
    r"[\w)\]]\s*(?:[·⋅∙•]|\s\.|\.\s)\s*[\w(\[]": _PRODUCT,
    r"\b(?:d)[A-Za-z]\w*\s*/\s*d[A-Za-z]|^[a-z]'": "a derivative is written `d(f, x)`",
    r"\w\s*'": "a transpose is written `W.T`, a product of matrices `W.T @ x`",
    r"\b(?:np|math|torch)\.": "functions are called by their bare names, as `exp(x)`",
    r"[A-Za-z]\w*\.(?!T\b)[A-Za-z]": _PRODUCT,
    r"&&|\|\||\?": "conditions are written `a if x > 0 and y > 0 else b`",
    r"\w\[[^]]*:[^]]*:": "all entries from one to another are `x[1:3]`; others are `[x[2 * i] for i in 1..3]`",
    r"[≤≥≠]": "comparisons are written `<=`, `>=` and `!=`",
    r"[\w)]\s*!": "n! is written `factorial(n)`",
    r"\|[^|]+\|": "the absolute value is `abs(x)`, the length of a vector `norm(x)`",
}


def meant(formula: str) -> str:
    """How what an author may have meant by a formula that cannot be read is written (empty: nobody knows)."""
    return next((said for sign, said in _MEANT.items() if re.search(sign, formula)), "")


class LonghandError(Exception):
    """The base of every error that the command line prints without a traceback (exit status 2)."""


class DefinitionError(LonghandError):
    """A definition file says something that cannot be used.

    `file`, `line` (1-based) and `key` (dotted path) name the place; `found` and `expected` name the difference.
    """

    def __init__(self, file: Path | str | None, line: int | None, key: str, found: str, expected: str) -> None:
        self.file, self.line, self.key, self.found, self.expected = file, line, key, found, expected
        place = ":".join(str(part) for part in (file, line) if part is not None)
        where = f"{place}: " if place else ""
        named = f"`{key}`: " if key else ""
        super().__init__(f"{where}{named}found {found}; expected {expected}")

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[object, ...]]:
        """Let the error come back whole from another process."""
        return type(self), (self.file, self.line, self.key, self.found, self.expected)


class MissingFileError(DefinitionError):
    """A definition file is not there: what the error says in place of what was found and expected."""

    def __init__(self, file: Path, message: str) -> None:
        super().__init__(file, None, "", "no such file", "a definition file")
        self.args = (message,)

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[object, ...]]:
        """Let the error come back whole from another process."""
        return type(self), (self.file, str(self))


class FormulaError(LonghandError):
    """A formula's text cannot be read."""


class OfQuantityError(LonghandError):
    """Something is wrong with one quantity; `quantity` is its name (empty: it is not a single one)."""

    def __init__(self, message: str, quantity: str = "") -> None:
        super().__init__(message)
        self.quantity = quantity


class GraphError(OfQuantityError):
    """A graph is not well formed: an unknown, repeated or later name, or no derivative where one is used."""


class ClaimError(LonghandError):
    """A claim of a definition cannot be read: its place in the list, what was found and what was expected."""

    def __init__(self, place: int, found: str, expected: str) -> None:
        self.place, self.found, self.expected = place, found, expected
        super().__init__(f"the claim {place + 1}: found {found}; expected {expected}")


class SolveError(OfQuantityError):
    """A quantity has no value: division by zero, overflow, logarithm of zero, or a digit that cannot be decided."""


class NotationError(LonghandError):
    """A notation is unknown, inherits from itself, or writes two quantities alike."""


class AlikeError(NotationError):
    """A notation writes two quantities alike: their names, and the symbol of both."""

    def __init__(self, notation: str, names: tuple[str, str], shown: str) -> None:
        self.notation, self.names, self.shown = notation, names, shown
        super().__init__(f"notation `{notation}` writes `{names[0]}` and `{names[1]}` alike")


class RenderError(LonghandError):
    """A document cannot be rendered: unknown format, language or document, or a text that names no quantity."""


class PublishError(LonghandError):
    """A file cannot be made: a compiler or a font is missing, or a place cannot be written to."""


class UntrueLineError(LonghandError):
    """A rendered document contains a line that is not true (or cannot be read back)."""


class SetError(LonghandError):
    """A homework set cannot be made: no secret, no acceptable numbers, or papers that were issued would change."""
