"""Typst mathematics -> the rows of its display as boxes, by Typst's rules: letters side by side are one name."""

from __future__ import annotations

import re

from generator.reading import Line, Unreadable
from generator.reading.names import FUNCTIONS, TYPST_SIGNS, greek
from generator.reading.normal import SPACE, hatted
from generator.reading.rows import Rows
from generator.typeset.boxes import (
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
    Word,
)

_SPACES = ("thin", "med", "thick", "quad", "wide")
_NAME = re.compile(r"[^\W\d_][^\W_]+(?:\.[A-Za-z]+)*")
_GROUP = re.compile(r" +thin +(?=\d{3}(?!\d))")  # between the groups of one number
_NUMBER = re.compile(rf"\d{{1,3}}(?:{_GROUP.pattern}\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?")
_SHORT = re.compile(r":=|<=|>=|!=|->|[+\-*=<>,;:()−·×∗≈≤≥≠→′≔∧∨]")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BOLD = re.compile(r'(?<=upright)\(\s*bold\(\s*(?:([^\W\d_])|"(\w+)")\s*\)\s*\)')
_DELIMITER = re.compile(r'\(\s*delim:\s*"\["')
_BLANK = re.compile(r"#blank\(\s*(\d*)\s*,\s*(\d+)\s*\)")
_REFERENCE = re.compile(r"#backref\(\s*(\d+)\s*\)")
_UNSEEN = re.compile(r'room\((?:-?0*|"\.0*")\)|class\("opening",\s*room\(0*\)\)')
_SKIP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_BREAK = re.compile(r"\\(?=\s|$)")


def read_typst(text: str) -> tuple[Line, ...]:
    """The rows of one formula or display. Raises `Unreadable` naming the first thing that is not understood."""
    return _Reader(text).lines()


class _Reader:
    """A position in the text, moved on by what is read."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def lines(self) -> tuple[Line, ...]:
        rows = Rows(self.text)
        while self._more():
            before = self.at
            if self.text[self.at] == "&":
                self.at += 1
                rows.cells.append([])
            elif match := _BREAK.match(self.text, self.at):
                self.at = match.end()
                rows.end(before, self.at)
            else:
                self._next(rows.cells[-1])
        rows.end(len(self.text), len(self.text))
        return tuple(rows.found)

    def _more(self) -> bool:
        match = _SKIP.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.text)

    def _error(self, at: int) -> Unreadable:
        return Unreadable(f"cannot read `{self.text[at : at + 24].strip()}` in `{self.text.strip()[:200]}`")

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match

    def _next(self, row: list[Box]) -> None:
        """The next thing, put at the end of `row` (a script onto its last item)."""
        start, sign = self.at, self.text[self.at]
        if sign in "_^'":
            self.at += 1
            if not row:
                raise self._error(start)
            script = Op("′") if sign == "'" else self._script()
            base = row.pop()
            row.append(Script(base, script, None) if sign == "_" else Script(base, None, script))
        elif sign == "(":
            row.extend((Op("("), *self._until(")"), Op(")")))
        elif sign == "[":
            row.extend((Op("["), *self._until("]"), Op("]")))
        else:
            row.append(self._atom())

    def _script(self) -> Box:
        """A script is one thing; parentheses around it group it and are not shown."""
        if not self._more():
            raise self._error(max(0, self.at - 12))
        if self.text[self.at] == "(":
            return Row(tuple(self._until(")")))
        start, box = self.at, self._atom()
        if self.text.startswith("(", self.at):  # Typst takes `f(x)` as one thing there, which is easily not meant
            raise self._error(start)
        return box

    def _until(self, closing: str) -> list[Box]:
        """What stands in the bracket that begins here, up to `closing`, or, for `,`, up to the end of one argument."""
        start = self.at
        self.at += closing != ","
        row: list[Box] = []
        while self._more():
            if self.text[self.at] in (",;)" if closing == "," else closing):
                self.at += closing != ","
                return row
            if closing == "," and self.text[self.at] == "&":  # in cases, where the conditions stand in line
                self.at += 1
            else:
                self._next(row)
        raise self._error(start)

    def _arguments(self) -> list[list[Box]]:
        start, found = self.at, list[list[Box]]()
        if not self.text.startswith("(", self.at):
            raise self._error(start)
        while self.text[self.at] != ")":
            self.at += 1
            found.append(self._until(","))
        self.at += 1
        return found

    def _atom(self) -> Box:
        start, sign = self.at, self.text[self.at]
        if match := self._take(_NUMBER):
            return Digits(_GROUP.sub("", match[0]))
        if self._take(_UNSEEN):
            return Row(())
        if match := self._take(_NAME):
            return self._named(match[0], start)
        if match := self._take(_BLANK):
            return Gap(int(match[1] or 0), int(match[2]))
        if match := self._take(_REFERENCE):
            return Gap(int(match[1]), 0, reference=True)
        if match := self._take(_SHORT):
            return Op(match[0])
        if match := self._take(_STRING):
            return Phrase(match[1])
        if sign == "\\" and self.text[self.at + 1 : self.at + 2] in (",", "#", ";"):
            self.at += 2
            return Op(",") if self.text[self.at - 1] == "," else Word(self.text[self.at - 1])
        if sign.isalpha() or sign in "∂∞":
            self.at += 1
            return Word(sign)
        raise self._error(start)

    def _named(self, name: str, start: int) -> Box:
        if name in TYPST_SIGNS:
            return Op(TYPST_SIGNS[name])
        if name in _SPACES:
            return SPACE
        if name in FUNCTIONS:
            return Word(name)
        if name == "partial":
            return Word("∂")
        if match := self._take(_BOLD) if name in ("bold", "upright") else None:
            return Word(match[1] or match[2], bold=True)
        if name in ("upright", "italic", "op"):
            return self._word(start)
        if name == "mat":
            return self._matrix(start)
        if name in ("frac", "sqrt", "abs", "floor", "cases", "hat", "stacked"):
            arguments = self._arguments()
            inside = [Row(tuple(argument)) for argument in arguments]
            match name, inside:
                case "frac", [top, bottom]:
                    return Frac(top, bottom)
                case "hat", [body]:
                    return hatted(body)
                case "sqrt", [body]:
                    return Root(body)
                case "abs", [body]:
                    return Fence(body, "|", "|")
                case "floor", [body]:
                    return Fence(body, "⌊", "⌋")
                case "stacked", [_, *_]:
                    return Stack(tuple(inside))
                case "cases", [_, *_]:
                    return Choice(tuple(self._case(argument, start) for argument in arguments))
        elif letter := greek(name):
            return Word(letter)
        raise self._error(start)

    def _matrix(self, start: int) -> Grid:
        """Entries with commas between them, rows with semicolons; only square brackets stand for a matrix here."""
        if not self._take(_DELIMITER) or not self._more() or self.text[self.at] != ",":
            raise self._error(start)
        rows: list[list[Box]] = [[]]
        while self.text[self.at] != ")":
            if self.text[self.at] == ";":
                rows.append([])
            self.at += 1
            entry = self._until(",")
            if not entry:
                raise self._error(start)
            rows[-1].append(Row(tuple(entry)))
        self.at += 1
        if len({len(row) for row in rows}) > 1:
            raise self._error(start)
        return Grid(tuple(map(tuple, rows)))

    def _word(self, start: int) -> Word:
        """A name set as text: the one string in the parentheses."""
        if self.text.startswith("(", self.at):
            self.at += 1
            match = self._take(_STRING)
            if match and self.text.startswith(")", self.at) and re.fullmatch(r"\w+", match[1]):
                self.at += 1
                return Word(match[1])
        raise self._error(start)

    def _case(self, argument: list[Box], start: int) -> tuple[Box, Box]:
        """A value, a wide space, and the condition; words in it say no more than that it is one."""
        if SPACE not in argument:
            raise self._error(start)
        place = argument.index(SPACE)
        condition = (item for item in argument[place + 1 :] if not isinstance(item, Phrase))
        return Row(tuple(argument[:place])), Row(tuple(condition))
