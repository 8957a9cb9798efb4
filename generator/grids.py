"""Formulas as vectors and matrices -> formulas: what is named by its entries, and the functions of a whole one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

from generator.errors import FormulaError
from generator.formula import Add, Call, Cases, Div, Formula, Mul, Neg, Pow, Ref, num

Rows = tuple[tuple[Formula, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A vector (one column, `vector` true) or a matrix of formulas."""

    rows: Rows
    vector: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return len(self.rows), len(self.rows[0])

    @property
    def entries(self) -> tuple[Formula, ...]:
        """All entries, row by row."""
        return tuple(chain.from_iterable(self.rows))

    def __str__(self) -> str:
        rows, columns = self.shape
        return f"a vector of {rows}" if self.vector else f"a matrix of {rows} by {columns}"


Value = Formula | Grid


def vector(entries: tuple[Formula, ...]) -> Grid:
    """A vector of `entries`."""
    return Grid(tuple((entry,) for entry in entries), vector=True)


def named(value: Value) -> str:
    """What a value is, in words: `one number`, `a vector of 3`."""
    return str(value) if isinstance(value, Grid) else "one number"


def names_of(name: str, value: Value) -> tuple[tuple[str, str], ...]:
    """The name of each entry of what is called `name` (`h_2`, `W_1_2`), and its index as it is written (`1,2`)."""
    if not isinstance(value, Grid):
        return ((name, ""),)
    rows, columns = value.shape
    if value.vector:
        return tuple((f"{name}_{row}", f"{row}") for row in range(1, rows + 1))
    places = [(row, column) for row in range(1, rows + 1) for column in range(1, columns + 1)]
    return tuple((f"{name}_{row}_{column}", f"{row},{column}") for row, column in places)


def referring(name: str, value: Value) -> Value:
    """`value` with a reference to each entry of what is called `name` in the entry's place."""
    refs = [Ref(entry) for entry, _ in names_of(name, value)]
    if not isinstance(value, Grid):
        return refs[0]
    _, columns = value.shape
    rows = tuple(tuple(refs[start : start + columns]) for start in range(0, len(refs), columns))
    return Grid(rows, value.vector)


def total(terms: tuple[Formula, ...]) -> Formula:
    """The sum of `terms`."""
    return terms[0] if len(terms) == 1 else Add(terms)


# --- functions of whole vectors and matrices: each takes the values of its arguments ---


def _one(name: str, args: tuple[Value, ...]) -> Grid:
    if len(args) != 1 or not isinstance(args[0], Grid):
        raise FormulaError(f"`{name}` is of one vector or matrix, not of {', '.join(map(named, args)) or 'nothing'}")
    return args[0]


def _square(name: str, args: tuple[Value, ...]) -> Rows:
    grid = _one(name, args)
    if grid.vector or grid.shape[0] != grid.shape[1]:
        raise FormulaError(f"`{name}` is of a square matrix, not of {grid}")
    return grid.rows


def _two(name: str, args: tuple[Value, ...]) -> Rows:
    rows = _square(name, args)
    if len(rows) != 2:
        raise FormulaError(f"`{name}` is of a matrix of 2 by 2, not of {len(rows)} by {len(rows)}")
    return rows


def _sum(args: tuple[Value, ...]) -> Value:
    return total(_one("sum", args).entries)


def _mean(args: tuple[Value, ...]) -> Value:
    entries = _one("mean", args).entries
    return Div(total(entries), num(len(entries)))


def _prod(args: tuple[Value, ...]) -> Value:
    entries = _one("prod", args).entries
    return entries[0] if len(entries) == 1 else Mul(entries)


def _len(args: tuple[Value, ...]) -> Value:
    return num(len(_one("len", args).rows))


def _norm(args: tuple[Value, ...]) -> Value:
    entries = _one("norm", args).entries
    return Call("sqrt", (total(tuple(Pow(entry, num(2)) for entry in entries)),))


def _transpose(args: tuple[Value, ...]) -> Value:
    return Grid(tuple(zip(*_one("transpose", args).rows, strict=True)))


def _trace(args: tuple[Value, ...]) -> Value:
    rows = _square("trace", args)
    return total(tuple(row[place] for place, row in enumerate(rows)))


def _det(args: tuple[Value, ...]) -> Value:
    (a, b), (c, d) = _two("det", args)
    return Add((Mul((a, d)), Neg(Mul((b, c)))))


def _inverse(args: tuple[Value, ...]) -> Value:
    (a, b), (c, d) = _two("inverse", args)
    det = _det(args)
    assert not isinstance(det, Grid)
    return Grid(((Div(d, det), Div(Neg(b), det)), (Div(Neg(c), det), Div(a, det))))


def _dot(args: tuple[Value, ...]) -> Value:
    if len(args) != 2 or not all(isinstance(arg, Grid) and arg.vector for arg in args):
        raise FormulaError(f"`dot` is of two vectors, not of {', '.join(map(named, args)) or 'nothing'}")
    a, b = (arg.entries for arg in args if isinstance(arg, Grid))
    if len(a) != len(b):
        raise FormulaError(f"`dot` is of two vectors of the same length, not of {len(a)} and {len(b)} entries")
    return total(tuple(map(_product, a, b)))


def _matmul(args: tuple[Value, ...]) -> Value:
    """Two matrices; a vector is a column on the right, a row on the left, and two of them make one number."""
    a, b = args
    if isinstance(a, Grid) and isinstance(b, Grid):
        if a.vector and b.vector:
            return _dot(args)
        is_row = a.vector and b.shape[0] != 1 and a.shape[0] == b.shape[0]
        left = tuple(zip(*a.rows, strict=True)) if is_row else a.rows
        if len(left[0]) == b.shape[0]:
            columns = tuple(zip(*b.rows, strict=True))
            rows = tuple(tuple(total(tuple(map(_product, row, column))) for column in columns) for row in left)
            if len(rows) == 1 and b.vector:
                return rows[0][0]
            return vector(rows[0]) if is_row else Grid(rows, b.vector)
    raise FormulaError(
        f"`@` is a product of matrices, whose left one has as many columns as the right one has rows, not of "
        f"{named(a)} and {named(b)}"
    )


def _product(one: Formula, other: Formula) -> Formula:
    return Mul((one, other))


def _vector(args: tuple[Value, ...]) -> Value:
    """Numbers as a vector, vectors of the same length as the rows of a matrix."""
    rows = [arg.entries for arg in args if isinstance(arg, Grid) and arg.vector]
    numbers = tuple(arg for arg in args if not isinstance(arg, Grid))
    if args and len(numbers) == len(args):
        return vector(numbers)
    if args and len(rows) == len(args) and len({len(row) for row in rows}) == 1:
        return Grid(tuple(rows))
    raise FormulaError(f"`[...]` is of numbers, or of vectors of one length: not of {', '.join(map(named, args))}")


def _argmax(args: tuple[Value, ...]) -> Value:
    return _place("argmax", ">=", "max", args)


def _argmin(args: tuple[Value, ...]) -> Value:
    return _place("argmin", "<=", "min", args)


def _place(name: str, op: str, best: str, args: tuple[Value, ...]) -> Formula:
    """The number of the first entry that none of the later ones surpasses: of equal ones, the first."""
    grid = _one(name, args)
    if not grid.vector:
        raise FormulaError(f"`{name}` is of a vector, not of {grid}")
    made: Formula = num(len(grid.entries))
    for place in reversed(range(1, len(grid.entries))):
        later = grid.entries[place:]
        rival = later[0] if len(later) == 1 else Call(best, later)
        made = Cases(grid.entries[place - 1], op, rival, num(place), made)
    return made


# By its name in a formula; `@` is `matmul`, and `[a, b]` is `vector`.
WHOLE: Mapping[str, Callable[[tuple[Value, ...]], Value]] = {
    "sum": _sum, "mean": _mean, "prod": _prod, "len": _len, "norm": _norm, "dot": _dot, "transpose": _transpose,
    "trace": _trace, "det": _det, "inverse": _inverse, "argmax": _argmax, "argmin": _argmin, "matmul": _matmul,
    "vector": _vector,
}  # fmt: skip
