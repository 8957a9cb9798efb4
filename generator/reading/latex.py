"""LaTeX mathematics -> the rows of its display as boxes, by TeX's own rules: a script takes one token or one group.

Longer than 250 lines because a grammar is one file.
"""

from __future__ import annotations

import re
from string import ascii_letters

from generator.reading import Line, Unreadable
from generator.reading.names import FUNCTIONS, LATEX_SIGNS, greek
from generator.reading.normal import LEFT_BAR, RIGHT_BAR, SPACE, hatted, items, normal
from generator.reading.rows import Rows
from generator.typeset.boxes import Box, Choice, Digits, Fence, Frac, Gap, Grid, Op, Root, Row, Script, Stack, Word

_NOTHING = {*",:;!> ", "displaystyle", "textstyle", "scriptstyle", "thinspace", "notag", "nonumber", "mathstrut"}
_ROWS = ("aligned", "align", "align*", "split", "gathered", "gather", "gather*", "equation", "equation*")
_MATRICES = ("bmatrix", "pmatrix")
_GROUP = re.compile(r"(?:\\,|\\thinspace(?![A-Za-z])) *(?=\d{3}(?!\d))")  # between the groups of one number
_NUMBER = re.compile(rf"\d{{1,3}}(?:{_GROUP.pattern}\d{{3}})+(?:\.\d+)?|\d*\.?\d+")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_LETTER = re.compile(r"\{\\([A-Za-z]+)\}")  # a Greek letter inside a name
_NAME = re.compile(r"(?:[A-Za-z0-9]|\\_|(?<=\d)\.(?=\d))+")
_BEGIN, _END = re.compile(r"\\begin\{([a-z*]+)\}"), re.compile(r"\\end\{([a-z*]+)\}")
_ROW_END = re.compile(r"\\\\(?:\*)?(?:\[[^]]*\])?")
_RAW = re.compile(r"\s*\{((?:[^{}\\]|\\.|\{[^{}]*\})*)\}")
_BLANK = re.compile(r"\\hspace\{[\d.]+em\}")
_REFERENCE = re.compile(r"\\scriptstyle\s*(\d+)")
_SKIP = re.compile(r"(?:\s+|~|(?<!\\)%[^\n]*(?:\n|$))+")
_SEEN = frozenset("\\{}()[]&_^'=+-,.0123456789" + ascii_letters)  # what nothing of this can begin with
_DELIMITERS = {
    "left": {"(": Op("("), "[": Op("["), "|": LEFT_BAR, "\\lvert": LEFT_BAR, "\\lfloor": Op("⌊")},
    "right": {")": Op(")"), "]": Op("]"), "|": RIGHT_BAR, "\\rvert": RIGHT_BAR, "\\rfloor": Op("⌋")},
}


def read_latex(text: str) -> tuple[Line, ...]:
    """The rows of one formula or display. Raises `Unreadable` naming the first thing that is not understood."""
    return _Reader(text).lines()


class _Reader:
    """A position in the text, moved on by what is read."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.in_condition = text, 0, False

    def lines(self) -> tuple[Line, ...]:
        """All rows. An environment that only sets out rows is not seen: its rows are the display's."""
        rows = Rows(self.text)
        environments: list[str] = []
        while self._more():
            before, sign = self.at, self.text[self.at]
            if sign == "&":
                self.at += 1
                rows.cells.append([])
            elif sign != "\\":
                self._next(rows.cells[-1])
            elif self._takes_row_end():
                rows.end(before, self.at)
            elif name := self._match(_BEGIN, *_ROWS):
                environments.append(name)
                rows.start = rows.start if any(rows.cells) else self.at
            elif name := self._match(_END, *_ROWS):
                if not environments or environments.pop() != name:
                    raise self._error(before)
                rows.end(before, self.at)
            else:
                self._next(rows.cells[-1])
        if environments:
            raise Unreadable(f"`{environments[-1]}` is not ended")
        rows.end(len(self.text), len(self.text))
        return tuple(rows.found)

    # --- pieces of the text ---

    def _more(self) -> bool:
        if self.text[self.at : self.at + 1] in _SEEN:
            return True
        match = _SKIP.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.text)

    def _take(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _match(self, pattern: re.Pattern[str], *names: str) -> str:
        match = pattern.match(self.text, self.at)
        if not match or match[1] not in names:
            return ""
        self.at = match.end()
        return match[1]

    def _takes_row_end(self) -> bool:
        match = _ROW_END.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match is not None

    def _error(self, at: int) -> Unreadable:
        return Unreadable(f"cannot read `{self.text[at : at + 24].strip()}` in `{self.text.strip()[:200]}`")

    # --- boxes ---

    def _next(self, row: list[Box]) -> None:
        """The next thing, put at the end of `row` (a script onto its last item)."""
        sign = self.text[self.at]
        if sign == "'":
            self.at += 1
            self._script(row, "^", Op("′"))
        elif sign in "_^":
            self.at += 1
            self._script(row, sign, self._argument())
        else:
            row.append(self._atom())

    def _script(self, row: list[Box], mark: str, script: Box) -> None:
        base = row.pop() if row else Row(())
        if isinstance(base, Gap) and mark == "_":  # the number of a blank stands below it
            match items(normal(script)):
                case (Fence(Digits(number)),):
                    row.append(Gap(int(number), 0))
                    return
        sub, sup = (script, None) if mark == "_" else (None, script)
        if isinstance(base, Script) and not (base.sub if sub else base.sup):
            row.append(Script(base.base, base.sub or sub, base.sup or sup))
        else:
            row.append(Script(base, sub, sup))

    def _argument(self) -> Box:
        """One token or one group: TeX takes a single digit where there are no braces."""
        if not self._more():
            raise self._error(max(0, self.at - 12))
        if self.text[self.at].isdigit():
            self.at += 1
            return Digits(self.text[self.at - 1])
        return self._atom()

    def _group(self) -> Row:
        """What stands in braces."""
        start = self.at
        if not (self._more() and self._take("{")):
            raise self._error(start)
        row: list[Box] = []
        while self._more():
            if self._take("}"):
                return Row(tuple(row))
            self._next(row)
        raise Unreadable(f"a brace is not closed in `{self.text.strip()[:200]}`")

    def _raw(self) -> str:
        """The text of an argument in braces, unread."""
        match = _RAW.match(self.text, self.at)
        if not match:
            raise self._error(self.at)
        self.at = match.end()
        return match[1]

    def _atom(self) -> Box:
        start, sign = self.at, self.text[self.at]
        if (sign.isdecimal() or sign == ".") and (number := _NUMBER.match(self.text, self.at)):
            self.at = number.end()
            return Digits(_GROUP.sub("", number[0]))
        if sign == "{":
            return self._group()
        if sign == "\\":
            return self._command()
        self.at += 1
        if sign.isalpha() or sign == "∂":
            return Word(sign)
        if sign in "()[]+-*=<>,:/−·×∗≈≤≥≠→′≔∧∨":
            return Op(sign)
        raise self._error(start)

    def _command(self) -> Box:
        start, match = self.at, _COMMAND.match(self.text, self.at)
        if match is None:
            raise self._error(start)
        self.at, name = match.end(), match[1]
        if name in LATEX_SIGNS:
            return Op(LATEX_SIGNS[name])
        if name in _NOTHING:
            return Row(())
        if name in FUNCTIONS:
            return Word(name)
        if name in ("quad", "qquad"):
            return SPACE
        if name in ("partial", "infty"):
            return Word("∂" if name == "partial" else "∞")
        if name in ("frac", "dfrac", "tfrac"):
            return Frac(self._argument(), self._argument())
        if name in ("left", "right"):
            return self._delimiter(name, start)
        if name in ("mathrm", "mathit", "operatorname"):
            word = self._raw()
            if _NAME.fullmatch(_LETTER.sub("x", word)):
                return Word(_LETTER.sub(lambda letter: greek(letter[1]), word).replace("\\_", "_"))
        elif name == "sqrt" and not self.text.startswith("[", self.at):
            return Root(self._argument())
        elif name == "mathrel":
            return self._group()
        elif name == "hat":
            return hatted(self._argument())
        elif name in ("mathbf", "boldsymbol", "bm"):
            return self._bold(start)
        elif name == "begin" and (environment := self._raw()) in ("cases", "array", *_MATRICES):
            if environment == "array":
                return self._stack(start)
            return self._cases() if environment == "cases" else self._matrix(environment)
        elif name == "mathopen":
            return self._group()
        elif name in ("tag", "label", "hspace", "phantom") or (name == "text" and self.in_condition):
            self._raw()
            return Row(())
        elif name in ("lhblank", "lhref", "underline", "boxed"):
            return self._blank(name, start)
        elif letter := greek(name):
            return Word(letter)
        raise self._error(start)

    def _delimiter(self, side: str, start: int) -> Op:
        for sign, box in _DELIMITERS[side].items():
            if self._take(sign):
                return box
        raise self._error(start)

    def _blank(self, name: str, start: int) -> Gap:
        inside = self._raw()
        if name == "lhblank":
            self._raw()
            return Gap(int(inside or 0), 0)
        if name == "lhref":
            return Gap(int(inside), 0, reference=True)
        if name == "underline" and _BLANK.fullmatch(inside):
            return Gap(0, 0)
        if name == "boxed" and (match := _REFERENCE.fullmatch(inside)):
            return Gap(int(match[1]), 0, reference=True)
        raise self._error(start)

    def _bold(self, start: int) -> Word:
        """A name in bold: letters, or the command of one Greek letter."""
        word = self._raw()
        letter = greek(word[1:]) if word[:1] == "\\" and word[1:] else ""
        if letter or _NAME.fullmatch(word):
            return Word(letter or word.replace("\\_", "_"), bold=True)
        raise self._error(start)

    def _stack(self, start: int) -> Stack:
        """Rows of a single column, each of which goes on with the one above."""
        if self._raw() != "l":
            raise self._error(start)
        grid = self._matrix("array")
        if any(len(row) > 1 for row in grid.rows):
            raise self._error(start)
        return Stack(tuple(part for (part,) in grid.rows))

    def _matrix(self, environment: str) -> Grid:
        """Rows of entries, each row as long as the others."""
        rows: list[list[list[Box]]] = [[[]]]
        while self._more():
            if self._match(_END, environment):
                found = tuple(tuple(Row(tuple(cell)) for cell in row) for row in rows if any(row))
                if not found or len({len(row) for row in found}) > 1 or not all(map(all, (r for r in rows if any(r)))):
                    break
                return Grid(found)
            if self._take("&"):
                rows[-1].append([])
            elif self._takes_row_end():
                rows.append([[]])
            else:
                self._next(rows[-1][-1])
        raise Unreadable(f"cannot read the matrix in `{self.text.strip()[:200]}`")

    def _cases(self) -> Choice:
        """Rows of a value and its condition; words in a condition say no more than that it is one."""
        rows: list[list[list[Box]]] = [[[]]]
        while self._more():
            if self._match(_END, "cases"):
                self.in_condition = False
                found = [[Row(tuple(cell)) for cell in row] for row in rows if any(row)]
                if any(len(row) != 2 for row in found):
                    break
                return Choice(tuple((value, condition) for value, condition in found))
            if self._take("&"):
                rows[-1].append([])
                self.in_condition = True
            elif self._takes_row_end():
                rows.append([[]])
                self.in_condition = False
            else:
                self._next(rows[-1][-1])
        raise Unreadable(f"cannot read the cases in `{self.text.strip()[:200]}`")
