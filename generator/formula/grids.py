"""Formulas as vectors and matrices -> formulas: what is named by its entries, and the functions of a whole one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, product

from generator.errors import FormulaError
from generator.formula.extremes import PLACES
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, num, references

Rows = tuple[tuple[Formula, ...], ...]
_LONGEST = 1000  # of a vector that is made of zeros and a one


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


# --- functions of whole vectors and matrices: each takes the values of its arguments ---


def one(name: str, args: tuple[Value, ...]) -> Grid:
    """The one vector or matrix that a function is of. Raises `FormulaError` for other arguments."""
    if len(args) == 2 and isinstance(args[0], Grid) and not args[0].vector and isinstance(args[1], Num):
        rows, columns = args[0].shape
        raise FormulaError(
            f"`{name}` is of one vector or matrix: of each column of `X`, `[{name}(X.T[j]) for j in 1..{columns}]`;"
            f" of each row, `[{name}(X[i]) for i in 1..{rows}]`"
        )
    if len(args) != 1 or not isinstance(args[0], Grid):
        raise FormulaError(f"`{name}` is of one vector or matrix, not of {', '.join(map(named, args)) or 'nothing'}")
    return args[0]


def _sum(args: tuple[Value, ...]) -> Value:
    return sum_of(one("sum", args).entries)


def _mean(args: tuple[Value, ...]) -> Value:
    entries = one("mean", args).entries
    return Div(sum_of(entries), num(len(entries)))


def _var(args: tuple[Value, ...]) -> Value:
    """The mean of the squared differences from the mean; with a 1 behind the vector, divided by one less than all."""
    *_, less = args if len(args) == 2 else (None, num(0))
    entries = one("var", args[:1]).entries
    if less not in (num(0), num(1)) or len(entries) < 2:
        raise FormulaError("`var` is of a vector of two or more: `var(v)`, or `var(v, 1)` of a sample")
    mean = Div(sum_of(entries), num(len(entries)))
    squares = tuple(Pow(Add((entry, Neg(mean))), num(2)) for entry in entries)
    return Div(sum_of(squares), num(len(entries) - (less == num(1))))


def _std(args: tuple[Value, ...]) -> Value:
    variance = _var(args)
    assert not isinstance(variance, Grid)
    return Call("sqrt", (variance,))


def _mean_squared_error(args: tuple[Value, ...]) -> Value:
    """The mean of the squared differences between two vectors."""
    match args:
        case (Grid() as one, Grid() as other) if one.shape == other.shape:
            pairs = zip(one.entries, other.entries, strict=True)
            return _mean((vector(tuple(Pow(Add((left, Neg(right))), num(2)) for left, right in pairs)),))
    raise FormulaError(f"`mean_squared_error` is of two vectors of one length, not of {', '.join(map(named, args))}")


def _cumsum(args: tuple[Value, ...]) -> Value:
    return _so_far("cumsum", args, Add)


def _cumprod(args: tuple[Value, ...]) -> Value:
    return _so_far("cumprod", args, Mul)


def _so_far(name: str, args: tuple[Value, ...], make: Callable[[tuple[Formula, ...]], Formula]) -> Value:
    """At each place what `make` makes of the entries up to there."""
    entries = one(name, args).entries
    return vector((*entries[:1], *(make(entries[:length]) for length in range(2, len(entries) + 1))))


def _filled(name: str, number: int, args: tuple[Value, ...]) -> Value:
    """A vector of so many zeros or ones, or a matrix of so many rows and columns."""
    sizes = [int(arg.value) for arg in args if isinstance(arg, Num) and arg.value.denominator == 1]
    if not len(sizes) == len(args) in (1, 2) or not all(1 <= size <= _LONGEST for size in sizes):
        raise FormulaError(f"`{name}` is of the number of entries, or of the numbers of rows and columns")
    row = (num(number),) * sizes[-1]
    return vector(row) if len(sizes) == 1 else Grid((row,) * sizes[0])


def _onehot(args: tuple[Value, ...]) -> Value:
    match args:
        case (Num(place), Num(size)) if place.denominator == size.denominator == 1 and 1 <= place <= size <= _LONGEST:
            return vector(tuple(num(int(number == place)) for number in range(1, int(size) + 1)))
        case (computed, Num(size)) if (
            not isinstance(computed, Grid) and references(computed) and size.denominator == 1 and 1 <= size <= _LONGEST
        ):
            return vector(tuple(Cases(computed, "==", num(i), num(1), num(0)) for i in range(1, int(size) + 1)))
    raise FormulaError("`onehot(k, n)` is of two whole numbers: the place of the 1, and the length of the vector")


def _concat(args: tuple[Value, ...]) -> Value:
    if not args or any(isinstance(arg, Grid) and not arg.vector for arg in args):
        raise FormulaError(f"`concat` is of vectors and numbers, not of {', '.join(map(named, args)) or 'nothing'}")
    return vector(tuple(chain.from_iterable(arg.entries if isinstance(arg, Grid) else (arg,) for arg in args)))


def _prod(args: tuple[Value, ...]) -> Value:
    entries = one("prod", args).entries
    return product_of(entries)


def _len(args: tuple[Value, ...]) -> Value:
    return num(one("len", args).sizes[0])


def _norm(args: tuple[Value, ...]) -> Value:
    entries = one("norm", args).entries
    return Call("sqrt", (sum_of(tuple(Pow(entry, num(2)) for entry in entries)),))


def _vector(args: tuple[Value, ...]) -> Value:
    """Numbers as a vector, vectors of the same length as the rows of a matrix."""
    rows = [arg.entries for arg in args if isinstance(arg, Grid) and arg.vector]
    numbers = tuple(arg for arg in args if not isinstance(arg, Grid))
    if args and len(numbers) == len(args):
        return vector(numbers)
    if args and len(rows) == len(args) and len({len(row) for row in rows}) == 1:
        return Grid(tuple(rows))
    matrices = [arg for arg in args if isinstance(arg, Grid) and len(arg.sizes) == 2]
    if args and len(matrices) == len(args) and len({matrix.shape for matrix in matrices}) == 1:
        return Grid(tuple(chain.from_iterable(matrix.rows for matrix in matrices)), depth=len(args))
    raise FormulaError(
        f"`[...]` is of numbers, of vectors of one length or of matrices of one shape:"
        f" not of {', '.join(map(named, args))}"
    )


def _place(name: str, args: tuple[Value, ...]) -> Formula:
    """The number of the first entry that none of the later ones surpasses."""
    grid = one(name, args)
    if not grid.vector:
        raise FormulaError(f"`{name}` is of a vector, not of {grid}")
    return Call(name, grid.entries) if len(grid.entries) > 1 else num(1)


# By its name in a formula; `[a, b]` is `vector`.
VECTOR: Mapping[str, Function] = {
    "sum": _sum, "mean": _mean, "var": _var, "std": _std, "prod": _prod, "cumsum": _cumsum, "cumprod": _cumprod,
    "mean_squared_error": _mean_squared_error, "len": _len, "norm": _norm, "onehot": _onehot, "concat": _concat,
    "zeros": partial(_filled, "zeros", 0), "ones": partial(_filled, "ones", 1), "vector": _vector,
    **{name: partial(_place, name) for name in PLACES},
}  # fmt: skip
