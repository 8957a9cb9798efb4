"""Values that a formula needs on the way -> lines with names for them, and the many lines of an elimination."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from generator.formula.elimination import determinant, solved
from generator.formula.grids import Grid, Line, Value, referring
from generator.formula.made import Made
from generator.formula.matrices import MATRIX, system
from generator.formula.tree import Formula, Num, Ref, num
from generator.formula.vectors import expand


class Named:
    """The lines that have been made for a formula: `name` is its own, behind which each has its role."""

    def __init__(self, known: Mapping[str, Value], before: Made) -> None:
        self.name, self.known, self.before = "", dict(known), before
        self.indices: dict[str, int] = {}  # how many stand behind each name that has been given
        self.made: list[Line] = []
        self.solutions: dict[tuple[str, Grid, Grid], Formula] = {}

    def named(self, role: str, tree: Formula, places: tuple[int, ...]) -> Ref:
        """A line of its own for `tree`, or the name that it has."""
        value = expand(tree, self.known)
        if value not in self.before.names:
            self.line(role, places, value)
        own = self.before.names[value]
        self.known.setdefault(own, referring(own, value))
        return Ref(own)

    def line(self, role: str, places: tuple[int, ...], value: Value) -> Value:
        """A line of its own for a value: what its entries are called."""
        of = self.unused(f"{self.name}_{role}", value, places)
        own = "_".join((of, *map(str, places)))
        return self.add(Line(own, value, of if places else "", places))

    def add(self, line: Line) -> Value:
        """Keep a line: what its entries are called."""
        self.made.append(line)
        self.before.remember(line)
        self.known[line.name] = made = referring(line.name, line.value)
        return made

    def kept(self, value: Value) -> Ref:
        """A value that gets no line of its own, by a name that no author can take."""
        own = f"{self.name}:{len(self.known)}"
        self.known[own] = value
        return Ref(own)

    def unused(self, name: str, value: Value, places: tuple[int, ...]) -> str:
        """`name`, or the first of `name2`, `name3`, ... that is free, or has other turns with as many indices."""
        size = len(places) + (len(value.sizes) if isinstance(value, Grid) else 0)
        for number in count(1):
            own = f"{name}{number}" if number > 1 else name
            is_free = "_".join((own, *map(str, places))) not in self.known and own not in self.known
            if is_free and self.indices.setdefault(own, size) == size:
                break
        return own


def _beside(values: tuple[Value, ...]) -> tuple[Grid, Grid]:
    """A matrix, and that of which elimination makes its inverse. Raises `FormulaError` where it is not square."""
    MATRIX["trace"](values)
    (matrix,) = values
    unit = MATRIX["eye"]((num(len(matrix.rows)),)) if isinstance(matrix, Grid) else matrix
    assert isinstance(matrix, Grid)
    assert isinstance(unit, Grid)
    return matrix, unit


def solution(names: Named, name: str, values: tuple[Value, ...], places: tuple[int, ...], own: str) -> Formula:
    """What solves a system (`solve`), an inverse or a determinant (`det`) by elimination, as a formula that is known.

    Each is worked once. Its entries are called `own`, if that is said. `places` are the turns of the loops that it
    stands in. Raises `FormulaError` for a matrix that is singular for the given numbers.
    """
    matrix, right = system(values) if name == "solve" else _beside(values)
    key = name, matrix, right
    if key not in names.solutions:
        names.solutions[key] = _eliminated(names, *key, places, own)
    return names.solutions[key]


def _eliminated(names: Named, name: str, matrix: Grid, right: Grid, places: tuple[int, ...], own: str) -> Formula:
    def line(role: str, indices: tuple[int, ...], value: Value) -> Value:
        return names.line(role, (*places, *indices), value)

    def short(role: str, grid: Grid) -> Grid:
        is_short = all(isinstance(entry, Ref | Num) for entry in grid.entries)
        value = grid if is_short else line(role, (), grid)
        assert isinstance(value, Grid)
        return value

    names.before.eliminated = True
    of = own or names.unused(f"{names.name}_{name}", right, places)
    called = own or "_".join((of, *map(str, places)))
    if name == "det":
        value: Value = determinant(short("A", matrix), names.before.exactly, line)
    else:
        refs = referring(called, right)
        assert isinstance(refs, Grid)
        value = solved(short("A", matrix), short("b", right), refs, names.before.exactly, line)
    if own or name == "det":
        return names.kept(value)
    names.add(Line(called, value, of if places else "", places))
    return Ref(called)
