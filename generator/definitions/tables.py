"""Numbers in rows, as a definition writes them -> exact tables, and the name of each entry.

A dimension of size one takes no index: the weight of one unit from one input is `W`, not `W_1_1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from generator.definitions.problem import NUMBER_SCHEMA, exact

Rows = tuple[tuple[Fraction, ...], ...]


def _rows(value: object, flat_is_column: bool) -> Rows:
    if not isinstance(value, list | tuple):
        return ((exact(value),),)
    if not value:
        raise ValueError("at least one number")
    nested = [isinstance(row, list | tuple) for row in value]
    if not any(nested):
        entries = tuple(exact(entry) for entry in value)
        return tuple((entry,) for entry in entries) if flat_is_column else (entries,)
    rows = [row for row in value if isinstance(row, list | tuple)]
    if not all(nested) or len({len(row) for row in rows}) != 1 or not rows[0]:
        raise ValueError("rows of the same length, such as [[0.1, 0.2], [0.3, 0.4]]")
    return tuple(tuple(exact(entry) for entry in row) for row in rows)


_ROW: dict[str, Any] = {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}
_SCHEMA: dict[str, Any] = {"anyOf": [NUMBER_SCHEMA, _ROW, {"type": "array", "items": _ROW, "minItems": 1}]}

# A matrix as a list of rows; a list of numbers is one row, and a number is one row of one.
Table = Annotated[Rows, BeforeValidator(lambda value: _rows(value, False)), WithJsonSchema(_SCHEMA)]
# One row for each place of a sequence; a list of numbers is a sequence of single numbers.
Sequence = Annotated[Rows, BeforeValidator(lambda value: _rows(value, True)), WithJsonSchema(_SCHEMA)]


def _sequences(value: object) -> tuple[Rows, ...]:
    """One sequence, or a list of several of the same length; what is in several is a row at each place."""
    parts = value if isinstance(value, list) else [value]
    if not any(isinstance(row, list) and any(isinstance(entry, list) for entry in row) for row in parts):
        return (_rows(value, True),)
    made = tuple(_rows(part, True) for part in parts)
    if len({shape(rows) for rows in made}) > 1:
        raise ValueError("sequences of the same length, with rows of the same length")
    return made


# One sequence, or a list with one for each observation, in which each place is a row: [[[1], [0]], [[0], [1]]].
_SEQUENCES = {"anyOf": [*_SCHEMA["anyOf"], {"type": "array", "items": _SCHEMA["anyOf"][-1], "minItems": 1}]}
Sequences = Annotated[tuple[Rows, ...], BeforeValidator(_sequences), WithJsonSchema(_SEQUENCES)]


def shape(rows: Rows) -> tuple[int, int]:
    """The numbers of rows and columns."""
    return len(rows), len(rows[0])


def said(size: tuple[int, int]) -> str:
    """A shape in an error's words."""
    rows, columns = size
    return f"{rows} row{'s' * (rows > 1)} of {columns} number{'s' * (columns > 1)}"


def entry(name: str, *places: tuple[int, int]) -> str:
    """The name of an entry of `name`; each place is an index from 1 and how many there are."""
    return "_".join((name, *(str(index) for index, size in places if size > 1)))


def entries(name: str, rows: Rows) -> Iterator[tuple[str, Fraction]]:
    """Every entry of a table, row by row: its name and its number."""
    height, width = shape(rows)
    for row, numbers in enumerate(rows, 1):
        for column, number in enumerate(numbers, 1):
            yield entry(name, (row, height), (column, width)), number


def names(name: str, rows: Rows) -> tuple[str, ...]:
    """The names of a table's entries, row by row."""
    return tuple(own for own, _ in entries(name, rows))


def flattened(tables: Mapping[str, Rows]) -> dict[str, Fraction]:
    """Every entry of several tables, by its name."""
    return {own: number for name, rows in tables.items() for own, number in entries(name, rows)}
