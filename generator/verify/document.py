"""Rendered document -> the lines in it that are not true.

Every printed line is read back from the page, worked again and held against the graph (`statement` has the rules).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from generator.errors import UntrueLineError
from generator.once import once
from generator.reading import Found, Line, Unreadable
from generator.reading.chains import statements
from generator.reading.find import find_html, find_latex, find_markdown, find_typst
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.typst import read_typst
from generator.solve.histories import History
from generator.verify.statement import check
from generator.verify.tables import verify_tables
from generator.verify.truth import Truth, Untrue

__all__ = ["FORMATS", "Report", "Truth", "Untrue", "verify"]

Finder = Callable[[str], Iterator[Found]]
Reader = Callable[[str], tuple[Line, ...]]

FORMATS: Mapping[str, tuple[Finder, Reader]] = {
    "markdown": (find_markdown, read_latex),
    "latex": (find_latex, read_latex),
    "typst": (find_typst, read_typst),
    "web": (find_html, read_mathml),
}


@dataclass(frozen=True)
class Report:
    """How many relations (and cells of tables) were held against the truth, and what was found untrue."""

    checked: int
    untrue: tuple[Untrue, ...]

    def demand(self, name: str) -> None:
        """Raise `UntrueLineError` where a line of the document `name` is not true."""
        if self.untrue:
            more = f" (and {len(self.untrue) - 1} more)" if len(self.untrue) > 1 else ""
            raise UntrueLineError(f"{name}: {self.untrue[0]}{more}")


def verify(text: str, format: str, truth: Truth, history: History | None = None) -> Report:
    """Read the mathematics of a rendered document (`format` is a key of `FORMATS`) and hold each line against `truth`.

    Its tables are checked too; those of iterations only where the `history` is given.
    """
    find, read = FORMATS[format]
    checked, untrue = verify_tables(text, format, truth, history)
    for found in find(text):
        try:
            if found.problem:
                raise Unreadable(found.problem)
            report = _held(truth, read, found.text)
        except Unreadable as error:
            untrue.append(Untrue(found.text.strip(), str(error), found.line))
            continue
        checked += report.checked
        untrue += (Untrue(one.text, one.reason, found.line + one.line) for one in report.untrue)
    return Report(checked, tuple(untrue))


@once
def _held(truth: Truth, read: Reader, text: str) -> Report:
    """What is found in one display, whose first line has the number 0: many stand in several documents."""
    checked, untrue = 0, list[Untrue]()
    for statement in statements(read(text)):
        count, reasons = check(statement, truth)
        checked += count
        if reasons:
            untrue.append(Untrue(statement.text, "; ".join(reasons), statement.offset))
    return Report(checked, tuple(untrue))
