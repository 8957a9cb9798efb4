"""MathML -> the rows of its display as boxes, element by element as MathML Core lays them out."""

from __future__ import annotations

import re
from unicodedata import name as unicode_name
from unicodedata import normalize
from xml.etree import ElementTree

from generator.reading import Line, Unreadable
from generator.reading.normal import LEFT_BAR, RIGHT_BAR, hatted, normal, normal_row
from generator.typeset.boxes import (
    Box,
    Choice,
    Digits,
    Frac,
    Gap,
    Grid,
    Op,
    Root,
    Row,
    Script,
    Stack,
    Word,
)

Element = ElementTree.Element
_GROUPS = ("math", "mrow", "mstyle", "mpadded", "mtd")
_GROUP = re.compile("(?<=\\d)\u2009(?=\\d{3}(?!\\d))")  # a thin space between the groups of one number
_INVISIBLE = ("\u2061", "\u2062", "\u2063", "\u2064", "")  # function application, invisible times, comma and plus


def read_mathml(text: str) -> tuple[Line, ...]:
    """The rows of one `math` element. Raises `Unreadable` naming the first element that is not understood."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Unreadable(f"`{text[:80]}` is not well-formed: {error}") from None
    table = _only_table(root)
    if table is None:
        return (Line(normal(_box(root)), Row(()), _text(root), 0),)
    found: list[Line] = []
    place = 0
    for row in _rows(table):
        left, *rest = (_box(cell) for cell in row)
        place = text.find("<mtr", place + 1)
        source = " ".join(map(_text, row)).strip()
        found.append(Line(normal(left), normal_row(Row(tuple(rest))), source, text[:place].count("\n")))
    return tuple(found)


def _only_table(root: Element) -> Element | None:
    """The table that sets out the rows of a display, where the display is nothing else."""
    inside = root
    while len(inside) == 1 and _name(inside) in _GROUPS:
        inside = inside[0]
    return inside if _name(inside) == "mtable" else None


def _rows(table: Element) -> list[list[Element]]:
    for element in [table, *table, *(cell for row in table for cell in row)]:
        if _name(element) not in ("mtable", "mtr", "mtd"):
            raise Unreadable(f"`{_name(element)}` stands in a table where no such element can")
    return [list(row) for row in table if len(row)]


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _box(element: Element) -> Box:
    name, parts = _name(element), list(element)
    if name in _GROUPS:
        return _group(parts)
    if name == "mi":
        return _word(element)
    if name == "mn":
        return Digits(_GROUP.sub("", _leaf(element)))
    if name == "mo":
        return _operator(element)
    if name in ("mspace", "mphantom"):
        return Row(())
    if name == "mtext":
        return _gap(element)
    if _is_stack(element):
        return _stack(element)
    if name == "msqrt":
        return Root(_group(parts))
    boxes = [_box(part) for part in parts]
    match name, boxes:
        case "mfrac", [top, bottom]:
            return Frac(top, bottom)
        case "mover", [base, Op("^")]:
            return hatted(base)
        case "msub", [base, sub]:
            return Script(base, sub)
        case "msup", [base, sup]:
            return Script(base, None, sup)
        case "msubsup", [base, sub, sup]:
            return Script(base, sub, sup)
    raise Unreadable(f"cannot read the element `{name}` with {len(parts)} parts: `{_text(element)}`")


def _group(parts: list[Element]) -> Box:
    """Elements side by side; a brace before a table makes it cases, brackets around it a matrix."""
    found: list[Box] = []
    if parts and _name(parts[-1]) == "mtable" and len(parts) > 1 and _text(parts[-2]) == "[":
        raise Unreadable(f"the brackets of a matrix are not closed: `{_text(parts[-1])}`")
    for place, part in enumerate(parts):
        before = parts[place - 1] if place else None
        if _name(part) == "mtable":
            if _is_stack(part):
                found.append(_stack(part))
                continue
            opening = _text(before) if before is not None and _name(before) == "mo" else ""
            if opening not in ("{", "["):
                raise Unreadable(f"a table stands inside a formula: `{_text(part)}`")
            found[-1] = _cases(part) if opening == "{" else _matrix(part)
        elif before is not None and _name(before) == "mtable" and isinstance(found[-1], Grid):
            if _name(part) != "mo" or _text(part) != "]":
                raise Unreadable(f"the brackets of a matrix are not closed: `{_text(before)}`")
        else:
            found.append(_box(part))
    return Row(tuple(found))


def _leaf(element: Element) -> str:
    if len(element) or not _text(element):
        raise Unreadable(f"cannot read the element `{_name(element)}`: `{_text(element)}`")
    return _text(element)


def _word(element: Element) -> Word:
    """A name; letters of Unicode's mathematical bold are bold ones."""
    text = _leaf(element)
    if "lh-bold" in (element.get("class") or "").split():
        return Word(text, bold=True)
    if len(text) == 1 and unicode_name(text, "").startswith("MATHEMATICAL BOLD "):
        return Word(normalize("NFKC", text), bold=True)
    return Word(text)


def _matrix(table: Element) -> Grid:
    """Rows of entries, each row as long as the others."""
    rows = _rows(table)
    if not rows or len({len(row) for row in rows}) > 1 or not all(len(cell) for row in rows for cell in row):
        raise Unreadable(f"cannot read the matrix `{_text(table)}`")
    return Grid(tuple(tuple(_box(cell) for cell in row) for row in rows))


def _is_stack(element: Element) -> bool:
    return _name(element) == "mtable" and "lh-stack" in (element.get("class") or "").split()


def _stack(table: Element) -> Stack:
    """Rows of a single column, each of which goes on with the one above."""
    rows = _rows(table)
    if not rows or any(len(row) != 1 for row in rows):
        raise Unreadable(f"cannot read the rows of `{_text(table)}`")
    return Stack(tuple(_box(cell) for (cell,) in rows))


def _operator(element: Element) -> Box:
    sign = _text(element)
    if sign in _INVISIBLE:
        return Row(())
    if sign == "|":
        form = element.get("form")
        if form not in ("prefix", "postfix"):
            raise Unreadable("a bar `|` that neither opens nor closes")
        return LEFT_BAR if form == "prefix" else RIGHT_BAR
    return Op(sign)


def _gap(element: Element) -> Gap:
    """A place to write in: text whose class, or that of what it holds, says so."""
    kinds = [kind for part in element.iter() for kind in (part.get("class") or "").split()]
    number = _text(element).strip("()")
    if not {"lh-blank", "lh-ref"} & set(kinds) or not (number.isdigit() or not number):
        raise Unreadable(f"words in a formula: `{_text(element)}`")
    return Gap(int(number or 0), 0, reference="lh-ref" in kinds)


def _cases(table: Element) -> Choice:
    """Rows of a value and its condition; words in a condition say no more than that it is one."""
    rows: list[tuple[Box, Box]] = []
    for row in _rows(table):
        if len(row) != 2:
            raise Unreadable(f"cannot read the cases `{_text(table)}`")
        condition = [part for part in row[1] if _name(part) != "mtext"]
        rows.append((_box(row[0]), _group(condition)))
    return Choice(tuple(rows))
