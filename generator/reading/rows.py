"""Boxes as they are read, with the ends of cells and rows -> the rows of a display."""

from __future__ import annotations

from generator.reading import Line
from generator.reading.normal import normal, normal_row
from generator.typeset.boxes import Box, Row


class Rows:
    """The rows of the display `text` so far; what is read next belongs at the end of `cells[-1]`."""

    def __init__(self, text: str) -> None:
        self.text, self.start = text, 0
        self.cells: list[list[Box]] = [[]]
        self.found: list[Line] = []

    def end(self, stop: int, start: int) -> None:
        """The row ends at `stop` in the text, and the next one begins at `start`. An empty row is none."""
        source = self.text[self.start : stop]
        if any(self.cells):
            begin = self.start + len(source) - len(source.lstrip())
            left, *rest = (Row(tuple(cell)) for cell in self.cells)
            right = normal_row(Row(tuple(rest)))
            self.found.append(Line(normal(left), right, source.strip(), self.text.count("\n", 0, begin)))
        self.start, self.cells = start, [[]]
