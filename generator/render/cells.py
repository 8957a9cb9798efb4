"""Steps that are cells -> tables in one format: grids of values where the whole has a symbol, else statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from generator.derive.steps import Step
from generator.formula.tree import Blank
from generator.graph.families import Family
from generator.notation.arrange import Arranger
from generator.notation.titles import MADE, titled
from generator.pipeline import Worked
from generator.render.formats import Format
from generator.typeset.boxes import Box, Digits, Op, Row
from generator.views.alike import sort_of

Rows = tuple[tuple[str, ...], ...]

_COLUMNS = 4  # of a table of statements
_WIDEST = 12  # of a grid of values


@dataclass(frozen=True)
class Cells:
    """Sets the tables of one problem in one format.

    `word` has the words before a table of entries; `group` says what a case is called.
    """

    worked: Worked
    format: Format
    arranger: Arranger
    word: Callable[[str], str]
    group: Callable[[str], str]

    def tables(self, steps: list[Step], table: str) -> Iterator[str]:
        """The tables that hold some steps, as many columns beside each other as fit; `table`: of which entries."""
        whole = self._whole(steps) if table and not any(map(_is_blank, steps)) else None
        made = self._grids(*whole) if whole is not None else self._statements(steps, table)
        for number, text in enumerate(made):
            yield f"{self._lead(steps)}\n\n{text}" if table and not number else text

    def _lead(self, steps: list[Step]) -> str:
        formulas = (self.worked.graph[step.target].formula for step in steps)
        sorts = {sort_of(formula) for formula in formulas if formula is not None}
        code = ("alike_blank" if any(map(_is_blank, steps)) else "alike") + ("_others" if len(sorts) > 1 else "")
        return self.format.macro("lead", self.word(f"texts.{code}")).rstrip()

    def _whole(self, steps: list[Step]) -> tuple[Box, Rows] | None:
        """The grid whose values the steps are, but for those that no update has changed: its symbol and its rows."""
        targets = {step.target for step in steps}
        for box, family in self._titles.get(steps[0].target, ()):
            others = set(family.names) - targets
            stayed = family.label.kind in MADE and not any(self._is_made(name) for name in others)
            if family.rows == _rows(steps) or (others and stayed and targets <= set(family.names)):
                return box, family.rows
        return None

    def _is_made(self, name: str) -> bool:
        return self.worked.graph[name].label.kind in MADE

    @cached_property
    def _titles(self) -> Mapping[str, list[tuple[Box, Family]]]:
        """The grids that a computed value is in, each by its symbol."""
        found: dict[str, list[tuple[Box, Family]]] = {}
        for box, family in titled(self.worked.graph, self.worked.writer).items():
            for name in family.names:
                found.setdefault(name, []).append((box, family))
        return found

    def _grids(self, title: Box, rows: Rows) -> Iterator[str]:
        """The values alone: the symbol of the whole and the columns' numbers in the header, the rows' in front."""
        for start in range(0, len(rows[0]), _WIDEST):
            columns = range(start, min(start + _WIDEST, len(rows[0])))
            header = [self.format.inline(title), *(self._number(at + 1) for at in columns)]
            several = len(rows) > 1
            body = [
                [self._number(number) if several else "", *(self._value(row[at]) for at in columns)]
                for number, row in enumerate(rows, 1)
            ]
            yield self.format.macro("table", header, body, "grid")

    def _number(self, number: int) -> str:
        return self.format.inline(Digits(str(number)))

    def _value(self, name: str) -> str:
        return self.format.inline(self.arranger.box(self.worked.trace.number(name)))

    def _statements(self, steps: list[Step], table: str) -> Iterator[str]:
        """Symbol and value in every cell: a column for each case or entry."""
        cells: dict[str, dict[str, str]] = {}
        for step in steps:
            assert step.cell is not None
            row, case = step.cell
            (equation,) = step.equations
            (part,) = equation.parts
            whole = Row((self.arranger.box(equation.left), Op(part.relation), self.arranger.box(part.formula)))
            cells.setdefault(row, {})[case] = self.format.inline(whole)
        cases = list(dict.fromkeys(case for row in cells.values() for case in row))
        for start in range(0, len(cases), _COLUMNS):
            columns = cases[start : start + _COLUMNS]
            body = [[row.get(case, "") for case in columns] for row in cells.values()]
            yield self.format.macro("table", self._header(columns, table), body, "cells")

    def _header(self, columns: list[str], table: str) -> list[str]:
        """What stands over the columns: the numbers of entries, or what the cases are."""
        if table:
            return [self.format.inline(Digits(column)) for column in columns]
        return [self.group(f"{self.worked.graph.cases}:{case}") for case in columns]


def _is_blank(step: Step) -> bool:
    """Whether a cell is to be filled in."""
    return any(isinstance(part.formula, Blank) for equation in step.equations for part in equation.parts)


def _rows(steps: list[Step]) -> Rows:
    """What the cells of a table are of, row by row."""
    made: dict[str, list[str]] = {}
    for step in steps:
        assert step.cell is not None
        made.setdefault(step.cell[0], []).append(step.target)
    return tuple(map(tuple, made.values()))
