"""Formula with vectors and matrices -> scalar formulas, entry by entry: indices, loops, functions of every entry."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import chain

from generator.errors import FormulaError, nearest
from generator.formula.entrywise import ENTRYWISE, elementwise, entries_of
from generator.formula.functions import ACTIVATIONS, LOSSES, SYNONYMS, bound
from generator.formula.grids import VECTOR, Function, Grid, Value, vector
from generator.formula.inlining import LOOPS
from generator.formula.matrices import MATRIX
from generator.formula.tree import (
    ELEMENTARY,
    HOLDS,
    Add,
    Call,
    Cases,
    Formula,
    Mul,
    Neg,
    Num,
    Ref,
    children,
    num,
    rebuild,
    references,
    substitute,
)

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
    if isinstance(tree, Call) and tree.name in LOOPS:
        return _each(tree.name, tree.args, known)
    if isinstance(tree, Call) and tree.name == "sum" and len(tree.args) == 1:
        return _call("sum", (_summed(tree.args[0], known),))
    if isinstance(tree, Call):
        return _call(tree.name, tuple(expand(arg, known) for arg in tree.args))
    if isinstance(tree, Add):
        return _sum(tree.terms, known)
    return elementwise(lambda parts: _rebuilt(tree, parts), tuple(expand(part, known) for part in children(tree)))


def _rebuilt(tree: Formula, parts: tuple[Formula, ...]) -> Formula:
    left = iter(parts)
    return rebuild(tree, lambda _: next(left))


def _sum(terms: tuple[Formula, ...], known: Mapping[str, Value]) -> Value:
    """A sum by entries, in which the terms of a function's sum (`1 + sum(v)`) stand beside the others."""
    opened = [place > 0 and isinstance(term, Call) for place, term in enumerate(terms)]

    def made(parts: tuple[Formula, ...]) -> Formula:
        pairs = zip(parts, opened, strict=True)
        return Add(tuple(chain.from_iterable(p.terms if wide and isinstance(p, Add) else (p,) for p, wide in pairs)))

    return elementwise(made, tuple(expand(term, known) for term in terms))


def _summed(tree: Formula, known: Mapping[str, Value]) -> Value:
    """What `sum` adds up: a loop's condition on computed numbers becomes a factor, 1 where it holds and 0 elsewhere."""
    if isinstance(tree, Call) and tree.name in LOOPS:
        return _each(tree.name, tree.args, known, summed=True)
    return expand(tree, known)


def _each(name: str, args: tuple[Formula, ...], known: Mapping[str, Value], summed: bool = False) -> Value:
    """A loop: the values of its formula, with every number in the index's place, as a vector or as rows."""
    made = _turns(args, known, summed)
    if not made and not summed:
        raise FormulaError("the condition of a loop never holds")
    if any(isinstance(value, Grid) and not value.vector for value in made):
        raise FormulaError(f"what a loop makes is a number or a vector, not {made[0]}")
    if name == "rows" and any(isinstance(value, Grid) for value in made):
        return VECTOR["vector"](tuple(made))
    return vector(tuple(entry for value in made for entry in entries_of(value)) or (num(0),))  # a sum of nothing is 0


def _turns(args: tuple[Formula, ...], known: Mapping[str, Value], summed: bool) -> list[Value]:
    """What all turns of a loop make."""
    match args:
        case (body, Ref(index), first, last):
            low, high = (_whole(expand(end, known)) for end in (first, last))
        case _:
            raise FormulaError("a loop is written `f(i) for i in 1..3`")
    if index in known:
        raise FormulaError(f"the index `{index}` is the name of something else")
    if low is None or high is None or not low <= high < low + _LONGEST:
        raise FormulaError(f"the index `{index}` runs over whole numbers, from the smaller to the larger: `1..3`")
    made: list[Value] = []
    size = 0
    for number in range(low, high + 1):
        turn = _turn(substitute(body, {index: num(number)}), known, summed)
        made += turn
        size += sum(len(entries_of(value)) for value in turn)
        if size > _LONGEST:
            raise FormulaError(f"a loop makes more than {_LONGEST} numbers")
    return made


def _turn(body: Formula, known: Mapping[str, Value], summed: bool) -> tuple[Value, ...]:
    """What one turn of a loop makes: nothing where its condition does not hold."""
    if isinstance(body, Call) and body.name == "each":  # a loop inside, which may make nothing this turn
        return tuple(_turns(body.args, known, summed))
    if not (isinstance(body, Call) and body.name == "when"):
        return (_summed(body, known) if summed else expand(body, known),)
    test, inner = body.args
    holds = _whole(expand(test, known))
    if holds is None:
        if not summed:
            raise FormulaError("a loop's condition on numbers that are computed can stand in a `sum` only")
        return (expand(test if inner == num(1) else Mul((test, inner)), known),)
    return _turn(inner, known, summed) if holds else ()


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
        case Cases(left, op, right, then, otherwise):
            sides = _constant(left), _constant(right)
            if sides[0] is None or sides[1] is None:
                return None
            return _constant(then if HOLDS[op](*sides) else otherwise)
    return None


def _call(name: str, args: tuple[Value, ...]) -> Value:
    name = SYNONYMS.get(name, name)
    if name in _OWN:
        return _OWN[name](args)
    first = args[0] if len(args) == 1 else None
    if name in ("max", "min") and isinstance(first, Grid):
        return Call(name, first.entries) if len(first.entries) > 1 else first.entries[0]
    if name in ELEMENTARY or name in ACTIVATIONS or name in LOSSES:
        return elementwise(lambda parts: _checked(Call(name, parts)), args)
    known = function_names()
    raise FormulaError(f"there is no function `{name}`{nearest(name, known)}: expected one of {', '.join(known)}")


def _checked(call: Call) -> Call:
    """`call`, where it has as many arguments as its function. Raises `FormulaError` otherwise."""
    if call.name in ELEMENTARY:
        fits = bool(call.args) if call.name in ("max", "min") else len(call.args) == (call.name != "pi")
        if not fits:
            raise FormulaError(f"`{call.name}` is not of {len(call.args)} arguments")
    else:
        bound(call)  # raises where they do not fit
    return call


def function_names() -> tuple[str, ...]:
    """The functions that a formula can call by name."""
    hidden = ("matmul", "vector", "entry")  # which have a sign
    return (*(name for name in _OWN if name not in hidden), *ELEMENTARY, *ACTIVATIONS, *LOSSES)


def _entry(args: tuple[Value, ...]) -> Value:
    """One entry; of a matrix with one index, a row as a vector."""
    grid, *places = args
    if not isinstance(grid, Grid):
        raise FormulaError("an index stands behind a number")
    wanted = [_whole(place) for place in places]
    sizes = grid.shape[: 1 if grid.vector else 2]
    fits = all(place is not None and 1 <= place <= size for place, size in zip(wanted, sizes, strict=False))
    if not fits or len(wanted) > len(sizes):
        if any(references(entry) for place in places for entry in entries_of(place)):
            raise FormulaError("an index is no computed number: take `onehot(k, n) @ v`, which is the entry k of n")
        raise FormulaError(f"an index does not fit {grid} (the first entry is 1)")
    numbers = [place - 1 for place in wanted if place is not None]
    if len(numbers) < len(sizes):
        return vector(grid.rows[numbers[0]])
    return grid.rows[numbers[0]][numbers[1] if len(sizes) > 1 else 0]


_OWN: Mapping[str, Function] = {"entry": _entry, **ENTRYWISE, **VECTOR, **MATRIX}
