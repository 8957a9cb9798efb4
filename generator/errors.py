"""Everything that can go wrong, as errors that say where, what was found and what was expected."""

from __future__ import annotations

from pathlib import Path


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


class FormulaError(LonghandError):
    """A formula's text cannot be read."""


class GraphError(LonghandError):
    """A graph of quantities is not well formed: an unknown, repeated or later name."""


class SolveError(LonghandError):
    """A quantity has no value: division by zero, overflow, logarithm of zero, or a digit that cannot be decided."""


class NotationError(LonghandError):
    """A notation is unknown, inherits from itself, or writes two quantities alike."""


class RenderError(LonghandError):
    """A document cannot be rendered: unknown format, language or document, or a text that names no quantity."""


class PublishError(LonghandError):
    """A file cannot be made: a compiler or a font is missing, or a place cannot be written to."""


class UntrueLineError(LonghandError):
    """A rendered document contains a line that is not true (or cannot be read back)."""


class SetError(LonghandError):
    """A homework set cannot be made: no secret, no acceptable numbers, or papers that were issued would change."""
