"""Formulas as vectors, matrices and lists of matrices -> their entries, and the names of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, product

from generator.formula.tree import Formula, Ref

Rows = tuple[tuple[Formula, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A vector (one column, `vector` true), a matrix of formulas, or a list of `depth` matrices of the same shape.

    The matrices of a list stand one under another in `rows`, so that what works entry by entry need not know of it.
    """

    rows: Rows
    vector: bool = False
    depth: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns, of a list those of all its matrices under one another."""
        return len(self.rows), len(self.rows[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """How far each index runs: one of a vector, two of a matrix, three of a list of matrices."""
        rows, columns = self.shape
        return (self.depth, rows // self.depth, columns) if self.depth else (rows,) if self.vector else (rows, columns)

    @property
    def matrices(self) -> tuple[Grid, ...]:
        """The matrices of a list."""
        rows = len(self.rows) // self.depth
        return tuple(Grid(self.rows[start : start + rows]) for start in range(0, len(self.rows), rows))

    @property
    def entries(self) -> tuple[Formula, ...]:
        """All entries, row by row."""
        return tuple(chain.from_iterable(self.rows))

    @property
    def parts(self) -> tuple[Value, ...]:
        """What stands at one index: the entries of a vector, the rows of a matrix, the matrices of a list."""
        if self.depth:
            return self.matrices
        return tuple(row[0] if self.vector else vector(row) for row in self.rows)

    def __str__(self) -> str:
        match self.sizes:
            case (entries,):
                return f"a vector of {entries}"
            case (rows, columns):
                return f"a matrix of {rows} by {columns}"
            case (matrices, rows, columns):
                return f"a list of {matrices} matrices of {rows} by {columns}"
        raise AssertionError(self.sizes)


Value = Formula | Grid
Function = Callable[[tuple[Value, ...]], Value]


def vector(entries: tuple[Formula, ...]) -> Grid:
    """A vector of `entries`."""
    return Grid(tuple((entry,) for entry in entries), vector=True)


def shaped(entries: tuple[Formula, ...], sizes: tuple[int, ...]) -> Value:
    """Entries, the last index running fastest, as one number, a vector, a matrix or a list of matrices."""
    if not sizes:
        return entries[0]
    if len(sizes) == 1:
        return vector(entries)
    rows = tuple(entries[start : start + sizes[-1]] for start in range(0, len(entries), sizes[-1]))
    return Grid(rows, depth=sizes[0] if len(sizes) > 2 else 0)


def named(value: Value) -> str:
    """What a value is, in words: `one number`, `a vector of 3`."""
    return str(value) if isinstance(value, Grid) else "one number"


def names_of(name: str, value: Value) -> tuple[tuple[str, str], ...]:
    """The name of each entry of what is called `name` (`h_2`, `W_1_2`), and its index as it is written (`1,2`)."""
    if not isinstance(value, Grid):
        return ((name, ""),)
    places = product(*(range(1, size + 1) for size in value.sizes))
    indices = [tuple(map(str, place)) for place in places]
    return tuple(("_".join((name, *index)), ",".join(index)) for index in indices)


def referring(name: str, value: Value) -> Value:
    """`value` with a reference to each entry of what is called `name` in the entry's place."""
    refs = [Ref(entry) for entry, _ in names_of(name, value)]
    if not isinstance(value, Grid):
        return refs[0]
    _, columns = value.shape
    rows = tuple(tuple(refs[start : start + columns]) for start in range(0, len(refs), columns))
    return Grid(rows, value.vector, value.depth)


@dataclass(frozen=True, slots=True)
class Line:
    """What is worked for a formula: its name and its value.

    What one turn of a loop needs on the way is a part `of` something, at its `places`: `a_in_2` of `a_in`, at 2.
    """

    name: str
    value: Value
    of: str = ""
    places: tuple[int, ...] = ()

    @property
    def whole(self) -> str:
        """The name of what its entries are entries of."""
        return self.of or self.name

    def entries(self) -> Iterator[tuple[str, tuple[int, ...], Formula]]:
        """The name of each entry, its place in the whole, and its formula."""
        formulas = self.value.entries if isinstance(self.value, Grid) else (self.value,)
        for (entry, index), formula in zip(names_of(self.name, self.value), formulas, strict=True):
            yield entry, (*self.places, *(map(int, index.split(",")) if index else ())), formula
