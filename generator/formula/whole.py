"""Vectors and matrices of formulas -> formulas: the functions of a whole one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain

from generator.errors import FormulaError
from generator.formula.extremes import PLACES
from generator.formula.grids import Function, Grid, Value, named, vector
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, num, references

_LONGEST = 1000  # of a vector that is made of zeros and a one


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
