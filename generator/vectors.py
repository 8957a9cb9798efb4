"""Formula with vectors and matrices -> scalar formulas, entry by entry: indices, loops, functions of every entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from generator.errors import FormulaError
from generator.formula import ELEMENTARY, Add, Call, Formula, Mul, Neg, Num, Ref, children, num, rebuild, substitute
from generator.functions import ACTIVATIONS, LOSSES, bound
from generator.grids import WHOLE, Grid, Value, vector

_LONGEST = 10_000  # formulas that one loop may make


def expand(tree: Formula, known: Mapping[str, Value]) -> Value:
    """`tree` with the values of its names put in: one formula, or one for each entry.

    A derivative `d(f, x)` becomes one of scalars: a vector for a vector `f` or `x`, a matrix (a row for each entry of
    `f`) for two. Raises `FormulaError` for an unknown name or function, for shapes that do not fit and for an index
    that is not there.
    """
    if isinstance(tree, Ref):
        if tree.name == "pi" and "pi" not in known:
            return Call("pi", ())
        if tree.name not in known:
            raise FormulaError(f"`{tree.name}` is not known here: expected one of {', '.join(known)}")
        return known[tree.name]
    if isinstance(tree, Call) and tree.name == "each":
        return _each(tree.args, known)
    if isinstance(tree, Call):
        return _call(tree.name, tuple(expand(arg, known) for arg in tree.args))
    return _elementwise(lambda parts: _rebuilt(tree, parts), tuple(expand(part, known) for part in children(tree)))


def _rebuilt(tree: Formula, parts: tuple[Formula, ...]) -> Formula:
    left = iter(parts)
    return rebuild(tree, lambda _: next(left))


def _elementwise(make: Callable[[tuple[Formula, ...]], Formula], parts: tuple[Value, ...]) -> Value:
    """`make` applied to the entries in the same place of all grids; a number goes with every entry."""
    grids = [part for part in parts if isinstance(part, Grid)]
    if not grids:
        return make(tuple(part for part in parts if not isinstance(part, Grid)))
    first = grids[0]
    for grid in grids[1:]:
        if grid.shape != first.shape:
            raise FormulaError(f"{first} and {grid} do not go together entry by entry")
    rows, columns = first.shape

    def at(row: int, column: int) -> Formula:
        return make(tuple(part.rows[row][column] if isinstance(part, Grid) else part for part in parts))

    made = tuple(tuple(at(row, column) for column in range(columns)) for row in range(rows))
    return Grid(made, all(grid.vector for grid in grids))


def _each(args: tuple[Formula, ...], known: Mapping[str, Value]) -> Value:
    """A loop: the values of its formula, with every number in the index's place, as one vector."""
    match args:
        case (body, Ref(index), first, last):
            low, high = (_whole(expand(end, known)) for end in (first, last))
        case _:
            raise FormulaError("a loop is written `f(i) for i in 1..3`")
    if index in known:
        raise FormulaError(f"the index `{index}` is the name of something else")
    if low is None or high is None or not low <= high < low + _LONGEST:
        raise FormulaError(f"the index `{index}` runs over whole numbers, from the smaller to the larger: `1..3`")
    made: list[Formula] = []
    for number in range(low, high + 1):
        value = expand(substitute(body, {index: num(number)}), known)
        if isinstance(value, Grid) and not value.vector:
            raise FormulaError(f"what a loop makes is a number or a vector, not {value}")
        made += value.entries if isinstance(value, Grid) else (value,)
        if len(made) > _LONGEST:
            raise FormulaError(f"a loop makes more than {_LONGEST} numbers")
    return vector(tuple(made))


def _whole(value: Value) -> int | None:
    """The whole number that a formula of numbers alone is."""
    number = None if isinstance(value, Grid) else _constant(value)
    return int(number) if number is not None and number.denominator == 1 else None


def _constant(tree: Formula) -> Fraction | None:
    match tree:
        case Num(value):
            return value
        case Neg(body):
            inside = _constant(body)
            return None if inside is None else -inside
        case Add(parts) | Mul(parts):
            result = Fraction(0 if isinstance(tree, Add) else 1)
            for part in map(_constant, parts):
                if part is None:
                    return None
                result = result + part if isinstance(tree, Add) else result * part
            return result
    return None


def _call(name: str, args: tuple[Value, ...]) -> Value:
    if name in _OWN:
        return _OWN[name](args)
    if name in WHOLE:
        return WHOLE[name](args)
    first = args[0] if len(args) == 1 else None
    if name in ("max", "min") and isinstance(first, Grid):
        return Call(name, first.entries) if len(first.entries) > 1 else first.entries[0]
    if name in ELEMENTARY or name in ACTIVATIONS or name in LOSSES:
        return _elementwise(lambda parts: _checked(Call(name, parts)), args)
    raise FormulaError(f"there is no function `{name}`: expected one of {', '.join(_known())}")


def _checked(call: Call) -> Call:
    """`call`, where it has as many arguments as its function. Raises `FormulaError` otherwise."""
    if call.name in ELEMENTARY:
        fits = bool(call.args) if call.name in ("max", "min") else len(call.args) == (call.name != "pi")
        if not fits:
            raise FormulaError(f"`{call.name}` is not of {len(call.args)} arguments")
    else:
        bound(call)  # raises where they do not fit
    return call


def _known() -> tuple[str, ...]:
    """The functions that a formula can call by name."""
    hidden = ("matmul", "vector", "entry")  # which have a sign
    return (*(name for name in (*_OWN, *WHOLE) if name not in hidden), *ELEMENTARY, *ACTIVATIONS, *LOSSES)


def _entry(args: tuple[Value, ...]) -> Value:
    """One entry; of a matrix with one index, a row as a vector."""
    grid, *places = args
    if not isinstance(grid, Grid):
        raise FormulaError("an index stands behind a number")
    wanted = [_whole(place) for place in places]
    sizes = grid.shape[: 1 if grid.vector else 2]
    fits = all(place is not None and 1 <= place <= size for place, size in zip(wanted, sizes, strict=False))
    if not fits or len(wanted) > len(sizes):
        raise FormulaError(f"an index does not fit {grid} (the first entry is 1)")
    numbers = [place - 1 for place in wanted if place is not None]
    if len(numbers) < len(sizes):
        return vector(grid.rows[numbers[0]])
    return grid.rows[numbers[0]][numbers[1] if len(sizes) > 1 else 0]


def _softmax(args: tuple[Value, ...]) -> Value:
    grid = args[0] if len(args) == 1 else None
    if not isinstance(grid, Grid) or not all(isinstance(entry, Ref) for entry in grid.entries):
        raise FormulaError("`softmax` is of a vector that has a name: give it one in a line before")
    components = grid.entries
    return Grid(tuple(tuple(Call("softmax", (entry, *components)) for entry in row) for row in grid.rows), grid.vector)


def _derivative(args: tuple[Value, ...]) -> Value:
    if len(args) != 2 or not all(isinstance(entry, Ref) for arg in args for entry in _entries(arg)):
        raise FormulaError("a derivative is written `d(f, x)`, with the names of two quantities")
    of, wrt = args
    rows = tuple(tuple(Call("d", (one, other)) for other in _entries(wrt)) for one in _entries(of))
    if isinstance(of, Grid) and isinstance(wrt, Grid):
        if of.vector and wrt.vector:
            return Grid(rows)
        raise FormulaError(f"`d(f, x)` has no derivatives of {of} with respect to {wrt}: name their entries")
    whole = of if isinstance(of, Grid) else wrt
    if not isinstance(whole, Grid):
        return rows[0][0]
    flat = [entry for row in rows for entry in row]
    columns = whole.shape[1]
    made = tuple(tuple(flat[start : start + columns]) for start in range(0, len(flat), columns))
    return Grid(made, whole.vector)


def _entries(value: Value) -> tuple[Formula, ...]:
    return value.entries if isinstance(value, Grid) else (value,)


_OWN: Mapping[str, Callable[[tuple[Value, ...]], Value]] = {
    "entry": _entry, "softmax": _softmax, "d": _derivative,
}  # fmt: skip
