"""Square and other matrices of formulas -> formulas: products, determinants, inverses, and matrices of their own."""

from __future__ import annotations

from collections.abc import Mapping

from generator.errors import FormulaError
from generator.formula.grids import Function, Grid, Rows, Value, named, vector
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Div, Formula, Mul, Neg, Num, num
from generator.formula.whole import one

_LARGEST = 4  # rows of a matrix whose determinant is written out: of five it would have 120 products
_LARGEST_SYSTEM = 12  # rows of one that is worked by elimination: of more there would be a thousand numbers
_MOST = 100  # rows of an identity matrix


def _square(name: str, args: tuple[Value, ...]) -> Rows:
    grid = one(name, args)
    if grid.vector or grid.shape[0] != grid.shape[1]:
        raise FormulaError(f"`{name}` is of a square matrix, not of {grid}")
    return grid.rows


def _transpose(args: tuple[Value, ...]) -> Value:
    return Grid(tuple(zip(*one("transpose", args).rows, strict=True)))


def _trace(args: tuple[Value, ...]) -> Value:
    rows = _square("trace", args)
    return sum_of(tuple(row[place] for place, row in enumerate(rows)))


def _det(args: tuple[Value, ...]) -> Value:
    return _determinant(_small("det", args))


def _small(name: str, args: tuple[Value, ...]) -> Rows:
    rows = _square(name, args)
    if len(rows) > _LARGEST:
        raise FormulaError(
            f"`{name}` is of a matrix of at most {_LARGEST} by {_LARGEST}, not of {len(rows)} rows: larger ones"
            " are worked by elimination, in lines of their own: give it a formula, and take its name here"
        )
    return rows


def _determinant(rows: Rows) -> Formula:
    """Along the first row: each of its entries times its minor, the signs taking turns."""
    if len(rows) == 1:
        return rows[0][0]
    terms = (Mul((entry, _minor(rows, 0, place))) for place, entry in enumerate(rows[0]))
    return Add(tuple(Neg(term) if place % 2 else term for place, term in enumerate(terms)))


def _minor(rows: Rows, row: int, column: int) -> Formula:
    """The determinant of what is left without a row and a column."""
    left = (entries for place, entries in enumerate(rows) if place != row)
    return _determinant(tuple((*entries[:column], *entries[column + 1 :]) for entries in left))


def _adjugate(args: tuple[Value, ...]) -> Value:
    """The minors with their signs, transposed."""
    rows = _small("adjugate", args)
    if len(rows) == 1:
        return Grid(((num(1),),))
    places = range(len(rows))
    return Grid(tuple(tuple(_signed(_minor(rows, i, j), (i + j) % 2) for i in places) for j in places))


def _signed(minor: Formula, is_odd: int) -> Formula:
    return Neg(minor) if is_odd else minor


def _inverse(args: tuple[Value, ...]) -> Value:
    det = _determinant(_small("inverse", args))
    adjugate = _adjugate(args)
    assert isinstance(adjugate, Grid)
    return Grid(tuple(tuple(Div(entry, det) for entry in row) for row in adjugate.rows))


def system(args: tuple[Value, ...]) -> tuple[Grid, Grid]:
    """The square matrix and the right sides, a vector or the columns of a matrix, of a system of equations."""
    if len(args) != 2:
        raise FormulaError(f"`solve(A, b)` is of a matrix and a vector, not of {len(args)} arguments")
    matrix, right = args
    rows = _square("solve", (matrix,))
    if not isinstance(right, Grid) or len(right.rows) != len(rows):
        raise FormulaError(f"`solve(A, b)` has as many equations as `A` has rows, {len(rows)}, but b is {named(right)}")
    if len(rows) > _LARGEST_SYSTEM:
        raise FormulaError(f"a system of {len(rows)} equations: expected at most {_LARGEST_SYSTEM}")
    return Grid(rows), right


def is_written_out(matrix: Value) -> bool:
    """Whether a determinant or an inverse has one formula for each entry; else it is worked by elimination."""
    return not isinstance(matrix, Grid) or len(matrix.rows) <= _LARGEST


def _solve(args: tuple[Value, ...]) -> Value:
    system(args)
    raise FormulaError("`solve` is worked in lines of its own: give it a formula, and take its name here")


def _eye(args: tuple[Value, ...]) -> Value:
    match args:
        case (Num(size),) if size.denominator == 1 and 1 <= size <= _MOST:
            places = range(int(size))
            return Grid(tuple(tuple(num(int(i == j)) for j in places) for i in places))
    raise FormulaError(f"`eye(n)` is the identity matrix of a whole number of rows, at most {_MOST}")


def _diag(args: tuple[Value, ...]) -> Value:
    """Of a vector the matrix with it on the diagonal, of a square matrix its diagonal."""
    grid = one("diag", args)
    if not grid.vector:
        return vector(tuple(row[place] for place, row in enumerate(_square("diag", args))))
    entries = grid.entries
    return Grid(tuple(tuple(e if i == j else num(0) for j in range(len(entries))) for i, e in enumerate(entries)))


def _outer(args: tuple[Value, ...]) -> Value:
    a, b = _two_vectors("outer", args)
    return Grid(tuple(tuple(_product(row, column) for column in b) for row in a))


def _two_vectors(name: str, args: tuple[Value, ...]) -> tuple[tuple[Formula, ...], ...]:
    if len(args) != 2 or not all(isinstance(arg, Grid) and arg.vector for arg in args):
        raise FormulaError(f"`{name}` is of two vectors, not of {', '.join(map(named, args)) or 'nothing'}")
    return tuple(arg.entries for arg in args if isinstance(arg, Grid))


def _dot(args: tuple[Value, ...]) -> Value:
    a, b = _two_vectors("dot", args)
    if len(a) != len(b):
        raise FormulaError(f"`dot` is of two vectors of the same length, not of {len(a)} and {len(b)} entries")
    return sum_of(tuple(map(_product, a, b)))


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
            rows = tuple(tuple(sum_of(tuple(map(_product, row, column))) for column in columns) for row in left)
            if len(rows) == 1 and b.vector:
                return rows[0][0]
            return vector(rows[0]) if is_row else Grid(rows, b.vector)
    raise FormulaError(
        f"`@` is a product of matrices, whose left one has as many columns as the right one has rows, not of "
        f"{named(a)} and {named(b)}"
    )


def _product(one: Formula, other: Formula) -> Formula:
    return Mul((one, other))


# By its name in a formula; `@` is `matmul`, and `A.T` is `transpose`.
MATRIX: Mapping[str, Function] = {
    "dot": _dot, "outer": _outer, "transpose": _transpose, "trace": _trace, "det": _det, "adjugate": _adjugate,
    "inverse": _inverse, "eye": _eye, "diag": _diag, "matmul": _matmul, "solve": _solve,
}  # fmt: skip
