"""Tables of a rendered document -> the cells in them that are not true.

Known are rows of a symbol and its value, an answer key's rows (blank, symbol, value, full value), the values after
numbers of iterations, with the symbols in the header or in the first column, and matrices, given or computed. Where
a problem works several updates, a table with the symbols in its header holds their values round by round. Other tables
hold nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from generator.formula.tree import Ref
from generator.graph.quantities import followed_name, updated_name
from generator.once import once
from generator.reading import Line, Unreadable
from generator.reading.chains import Statement, statements
from generator.reading.formula import Symbols, read_formula
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.shape import fraction_of, number_of
from generator.reading.tables import Table, find_html_tables, find_latex_tables, find_markdown_tables, find_typst_tables
from generator.reading.typst import read_typst
from generator.solve.histories import History
from generator.verify.truth import Truth, Untrue

_NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e-?\d+|/\d+)?|nan|[-−]?inf(?:inity)?|[-−]?∞", re.IGNORECASE)
_BUILT = re.compile("times|×|frac|thin|\u2009")  # in a number with a power of ten, a fraction, or groups of digits
_TAG = re.compile(r"</?(?:math|mn|mo|mrow)\b[^>]*>")  # not of words: a number in <code> is a quotation

_NO_SYMBOLS = Symbols.of(())

Reader = Callable[[str], tuple[Line, ...]]

_FORMATS: Mapping[str, tuple[Callable[[str], Iterator[Table]], Reader]] = {
    "markdown": (find_markdown_tables, read_latex),
    "latex": (find_latex_tables, read_latex),
    "typst": (find_typst_tables, read_typst),
    "web": (find_html_tables, read_mathml),
}


def verify_tables(text: str, format: str, truth: Truth, history: History | None = None) -> tuple[int, list[Untrue]]:
    """How many cells of the tables of a document were checked, and which rows are not true.

    Without a `history`, tables of iterations are passed over.
    """
    checked, untrue = 0, list[Untrue]()
    find, read = _FORMATS[format]
    for found in find(text):
        header, *body = (tuple(_flat(truth, cell, read) for cell in row) for row in (found.header, *found.rows))
        table = replace(found, header=header, rows=tuple(body))
        for row, line, cells, reasons in _checked(table, read, truth, history):
            checked += cells
            untrue += [Untrue(" | ".join(row), reason, line) for reason in reasons]
    return checked, untrue


def _checked(
    table: Table, read: Reader, truth: Truth, history: History | None
) -> Iterator[tuple[tuple[str, ...], int, int, list[str]]]:
    names = [_quantity(truth, cell, read) for cell in table.header[1:]]
    counts = [_plain(cell) for cell in table.header[1:]]
    by_column = bool(names) and all(names)
    by_row = bool(counts) and all(map(str.isdecimal, counts))
    if by_row and table.rows and all(row and (not row[0] or _plain(row[0]).isdecimal()) for row in table.rows):
        yield from _grid(table, read, truth)
        return
    for row, line in zip(table.rows, table.lines, strict=True):
        reasons: list[str] = []
        cells = 0
        first = row[0] if row else ""
        if len(row) != len(table.header):
            reasons, cells = ["the row has not as many cells as the header"], 0
        elif by_column and _plain(first).isdecimal() and len(truth.graph.rounds) > 1:
            reasons, cells = verify_round(int(_plain(first)), names, row[1:], truth), len(names)
        elif by_column and _plain(first).isdecimal():
            if history is not None:
                texts = dict(zip(names, row[1:], strict=True))
                reasons, cells = verify_row(int(_plain(first)), texts, truth, history), len(names)
        elif by_row and (name := _quantity(truth, first, read)):
            if history is not None:
                for count, cell in zip(counts, row[1:], strict=True):
                    reasons += _after(int(count), name, cell, truth, history)
                cells = len(counts)
        else:
            reasons, cells = _valued(row, read, truth)
        yield row, line, cells, reasons


def _grid(table: Table, read: Reader, truth: Truth) -> Iterator[tuple[tuple[str, ...], int, int, list[str]]]:
    """A matrix: its symbol and the numbers of its columns in the header, a row's number before its values.

    Before the values of a vector there is no number.
    """
    statement = _statement(table.header[0], read)
    family = truth.family(statement.segments[0]) if statement else None
    for row, line in zip(table.rows, table.lines, strict=True):
        if family is None or len(row) != len(table.header):
            yield row, line, 0, ["the row belongs to no matrix that is known"]
            continue
        rows, number = family.rows, int(_plain(row[0])) if row[0] else int(len(family.rows) == 1)
        reasons: list[str] = []
        for header, cell in zip(table.header[1:], row[1:], strict=True):
            column = int(_plain(header))
            if not (1 <= number <= len(rows) and 1 <= column <= len(rows[0])):
                reasons.append(f"there is no entry in row {number} and column {column}")
            else:
                reasons += verify_value(rows[number - 1][column - 1], cell, truth)
        yield row, line, len(row) - 1, reasons


def _valued(row: Sequence[str], read: Reader, truth: Truth) -> tuple[list[str], int]:
    """A symbol and its value; in a key the blank's number stands before them, the full value or the ± allowed after."""
    cells = row[1:] if row and _plain(row[0]).isdecimal() else row
    name = _quantity(truth, cells[0], read) if len(cells) > 1 else ""
    if not name or not _NUMBER.fullmatch(_plain(cells[1])):
        return [], 0
    reasons = verify_value(name, cells[1], truth)
    if len(cells) > 2 and len(row) > len(cells) and not cells[2].startswith("±"):
        full = truth.shown.full(name)
        if _plain(cells[2]) != full:
            reasons.append(f"the full value of `{name}` is {full}, not {_plain(cells[2])}")
        return reasons, 2
    return reasons, 1


def verify_table(
    names: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]], truth: Truth, history: History
) -> list[str]:
    """Why a table of iterations, of any format, is not true: `rows` are numbers of updates and a text for each name."""
    return [
        reason
        for number, texts in rows
        for reason in verify_row(number, dict(zip(names, texts, strict=True)), truth, history)
    ]


def verify_row(number: int, cells: Mapping[str, str], truth: Truth, history: History) -> list[str]:
    """Why the values after `number` updates are not true. Before the first one the givens may stand as given."""
    if number not in history.rows:
        return [f"nothing was worked out after {number} iterations"]
    reasons: list[str] = []
    for name, text in cells.items():
        if name not in history.rows[number]:
            reasons.append(f"`{name}` was not followed through the iterations")
            continue
        wanted = [truth.rounding.text(history.rows[number][name])]
        wanted += [truth.shown.shown[name]] if number == 0 and name in truth.graph.givens else []
        if _plain(text) not in wanted:
            reasons.append(f"`{name}` after {number} iterations is {wanted[0]}, not {_plain(text)}")
    return reasons


def _after(updates: int, name: str, text: str, truth: Truth, history: History) -> list[str]:
    """Why a value after so many updates is not true; where several are worked, it is after all of them again."""
    number, rest = divmod(updates, len(truth.graph.rounds))
    if rest:
        return [f"nothing was worked out after {updates} updates"]
    return verify_row(number, {name: text}, truth, history)


def verify_round(number: int, names: Sequence[str], texts: Sequence[str], truth: Truth) -> list[str]:
    """Why a row of the values round by round is not true: those after `number` of the updates that are worked."""
    reasons: list[str] = []
    for name, text in zip(names, texts, strict=True):
        watched = truth.graph.followed is not None and name == truth.graph.watched.loss
        now = followed_name(name, number) if watched else updated_name(name, number)
        is_last = number == len(truth.graph.rounds)
        if now not in truth.graph and is_last and not truth.graph.closing and not _plain(text):
            continue  # nothing is computed with what the last update made
        if now not in truth.graph:
            reasons.append(f"`{name}` after {number} updates is not worked out")
        else:
            reasons += verify_value(now, text, truth)
    return reasons


def verify_value(name: str, text: str, truth: Truth) -> list[str]:
    """Why a text is not the shown value of the quantity `name`."""
    wanted = truth.shown.shown[name]
    return [] if _plain(text) == wanted else [f"`{name}` is shown as {wanted}, not as {_plain(text)}"]


def _flat(truth: Truth, cell: str, read: Reader) -> str:
    """A cell that holds nothing but a number of several parts, as the number's text; any other as it is."""
    return cell if _BUILT.search(cell) is None else _flattened(truth, cell, read)


@once
def _flattened(truth: Truth, cell: str, read: Reader) -> str:
    """`_flat` of what may be such a number: a cell that stands in several documents is read once for all of them."""
    statement = _statement(cell, read)
    try:
        number = None
        if statement:
            tree = read_formula(statement.segments[0], _NO_SYMBOLS)
            number = number_of(tree) or fraction_of(tree)
    except (Unreadable, ValueError):
        return cell
    return cell if number is None else number[1]


def _plain(cell: str) -> str:
    return _TAG.sub("", cell).strip("$ ").replace("−", "-")


@once
def _quantity(truth: Truth, cell: str, read: Reader) -> str:
    """The quantity that a cell holds the symbol of; nothing where it holds something else."""
    statement = _statement(cell, read)
    try:
        tree = read_formula(statement.segments[0], truth.symbols) if statement else None
    except (Unreadable, ValueError):
        return ""
    return tree.name if isinstance(tree, Ref) else ""


def _statement(cell: str, read: Reader) -> Statement | None:
    """The one formula that a cell holds; nothing where it holds something else."""
    if cell.startswith("<math>") and cell.endswith("</math>"):
        inside = cell
    elif cell.startswith("$") and cell.endswith("$") and len(cell) > 2:
        inside = cell[1:-1]
    else:
        return None
    try:
        (statement,) = statements(read(inside))
    except (Unreadable, ValueError):
        return None
    return statement if not statement.relations else None
