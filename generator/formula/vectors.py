"""Formula with vectors and matrices -> scalar formulas, entry by entry: indices, loops, functions of every entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from generator.errors import FormulaError, nearest
from generator.formula.entrywise import ENTRYWISE, elementwise, entries_of
from generator.formula.functions import ACTIVATIONS, LOSSES, bound, plain_name
from generator.formula.grids import Function, Grid, Value, vector
from generator.formula.indices import INDICES, decided, placed, whole
from generator.formula.infix import SLICE
from generator.formula.inlining import UNROLLED, is_loop, role_of
from generator.formula.matrices import MATRIX
from generator.formula.ordering import ORDERING
from generator.formula.places import ENTRIES
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import (
    ELEMENTARY,
    Add,
    Call,
    Cases,
    Formula,
    Mul,
    Num,
    Pow,
    Ref,
    children,
    num,
    rebuild,
)
from generator.formula.whole import VECTOR

_LONGEST = 10_000  # formulas that one loop may make
_OF_NOTHING = {"sum": num(0), "prod": num(1)}


def expand(tree: Formula, known: Mapping[str, Value]) -> Value:
    """`tree` with the values of its names put in: one formula, or one for each entry.

    A derivative `d(f, x)` becomes one of scalars: a vector for a vector `f` or `x`, a matrix (a row for each entry of
    `f`) for two. Raises `FormulaError` for an unknown name or function, for shapes that do not fit and for an index
    that is not there.
    """
    if isinstance(tree, Pow) and tree.base == Ref("e") and "e" not in known:
        return expand(Call("exp", (tree.exponent,)), known)
    if isinstance(tree, Pow) and isinstance(tree.base, Call) and (tree.base.name, tree.exponent) == ("norm", num(2)):
        return expand(Call("sum", tuple(Pow(inside, num(2)) for inside in tree.base.args)), known)  # exact, no root
    if isinstance(tree, Ref):
        if tree.name == "pi" and "pi" not in known:
            return Call("pi", ())
        if tree.name not in known:
            near = ", or e^x, which is exp(x)" if tree.name == "e" else nearest(tree.name, known)
            raise FormulaError(f"`{tree.name}` is not known here: expected one of {', '.join(known)}{near}")
        return known[tree.name]
    if is_loop(tree):
        return _each(tree, known)
    if isinstance(tree, Call) and role_of(tree):
        return expand(tree.args[0], known)
    if isinstance(tree, Call) and tree.name in _OF_NOTHING and len(tree.args) == 1:
        return _put_together(tree.name, tree.args[0], known)
    if isinstance(tree, Call):
        return _call(tree.name, tuple(expand(arg, known) for arg in tree.args))
    if isinstance(tree, Add):
        return _sum(tree.terms, known)
    if isinstance(tree, Cases) and (holds := decided(tree)) is not None:
        return expand(tree.then if holds else tree.otherwise, known)
    return elementwise(lambda parts: _rebuilt(tree, parts), tuple(expand(part, known) for part in children(tree)))


def _rebuilt(tree: Formula, parts: tuple[Formula, ...]) -> Formula:
    left = iter(parts)
    return rebuild(tree, lambda _: next(left))


def _sum(terms: tuple[Formula, ...], known: Mapping[str, Value]) -> Value:
    """A sum by entries, in which the terms of a function's sum (`1 + sum(v)`) stand beside the others.

    Nothing stands for a term that a condition on a loop's index, or a loop that never runs, makes 0.
    """
    pairs = [(term, expand(term, known)) for term in terms]
    there = [pair for pair in pairs if not _is_nothing(*pair)] or pairs[:1]
    if len(there) == 1:
        return there[0][1]
    opened = [place > 0 and isinstance(term, Call) for place, (term, _) in enumerate(there)]

    def made(parts: tuple[Formula, ...]) -> Formula:
        pairs = zip(parts, opened, strict=True)
        return Add(tuple(chain.from_iterable(p.terms if wide and isinstance(p, Add) else (p,) for p, wide in pairs)))

    return elementwise(made, tuple(value for _, value in there))


def _is_nothing(term: Formula, value: Value) -> bool:
    return value == num(0) and (isinstance(term, Cases) or (isinstance(term, Call) and term.name == "sum"))


def _put_together(name: str, tree: Formula, known: Mapping[str, Value]) -> Value:
    """A sum or a product, which of a loop that never runs is 0 or 1.

    Of a loop over vectors or matrices, `sum(a[i] * X[i] for i in 1..3)`, it is one of their size. In a sum a loop's
    condition on computed numbers becomes a factor, 1 where it holds and 0 elsewhere.
    """
    if not is_loop(tree):
        return _call(name, (expand(tree, known),))
    made = _turns(tree, known, summed=name == "sum")
    is_rows = tree.name.removeprefix(UNROLLED) == "rows"
    if made and not is_rows and all(isinstance(value, Grid) for value in made):
        return elementwise(sum_of if name == "sum" else product_of, tuple(made))
    return _call(name, (joined(tree.name, made),)) if made else _OF_NOTHING[name]


def _each(loop: Call, known: Mapping[str, Value], summed: bool = False) -> Value:
    """A loop: the values of its formula, with every number in the index's place, as a vector or as rows."""
    made = _turns(loop, known, summed)
    if not made:
        raise FormulaError("the loop never runs, or its condition never holds")
    return joined(loop.name, made)


def joined(name: str, made: list[Value]) -> Grid:
    """What the turns of a loop make: numbers, and the entries of vectors, as a vector; or vectors as rows, and
    matrices as a list of them.
    """
    name = name.removeprefix(UNROLLED)
    grids = [value for value in made if isinstance(value, Grid)]
    unfit = [grid for grid in grids if grid.depth or (name == "each" and not grid.vector)]
    if unfit:
        raise FormulaError(f"what a loop makes is a number, a vector or, in a loop by itself, a matrix, not {unfit[0]}")
    if name == "rows" and grids:
        rows = VECTOR["vector"](tuple(made))
        assert isinstance(rows, Grid)
        return rows
    return vector(tuple(entry for value in made for entry in entries_of(value)))


def range_of(loop: Call, known: Mapping[str, Value]) -> range:
    """The numbers that the index of a loop takes."""
    match loop.args:
        case (_, Ref(index), first, last):
            low, high = (whole(expand(end, known)) for end in (first, last))
        case (_, Num(), _, _):  # the loop around it has put its number in the place of the index
            raise FormulaError("the index of a loop is that of the loop around it: take another letter")
        case _:
            raise FormulaError("a loop is written `f(i) for i in 1..3`")
    if index in known:
        raise FormulaError(f"the index `{index}` is the name of something else")
    if low is None or high is None or high >= low + _LONGEST:
        raise FormulaError(f"the index `{index}` runs over whole numbers, from the smaller to the larger: `1..3`")
    return range(low, high + 1)


def turn_of(loop: Call, number: int, known: Mapping[str, Value], summed: bool = False) -> tuple[Value, ...]:
    """What a loop makes where its index is a number: one value, unless its condition does not hold."""
    body, index, *_ = loop.args
    assert isinstance(index, Ref)
    return turn(placed(body, index.name, number), known, summed)


def _turns(loop: Call, known: Mapping[str, Value], summed: bool) -> list[Value]:
    """What all turns of a loop make."""
    made: list[Value] = []
    size = 0
    for values in _worked(loop, known, summed):
        made += values
        size += sum(len(entries_of(value)) for value in values)
        if size > _LONGEST:
            raise FormulaError(f"a loop makes more than {_LONGEST} numbers")
    return made


def _worked(loop: Call, known: Mapping[str, Value], summed: bool) -> Iterator[tuple[Value, ...]]:
    """Turn by turn what a loop makes."""
    if loop.name.startswith(UNROLLED):
        yield from (turn(body, known, summed) for body in loop.args)
    else:
        yield from (turn_of(loop, number, known, summed) for number in range_of(loop, known))


def turn(body: Formula, known: Mapping[str, Value], summed: bool = False) -> tuple[Value, ...]:
    """What one turn of a loop makes: nothing where its condition does not hold."""
    if isinstance(body, Call) and body.name.removeprefix(UNROLLED) == "each":  # a loop inside may make nothing
        return tuple(_turns(body, known, summed))
    if is_loop(body):
        return (_each(body, known, summed),)
    if not (isinstance(body, Call) and body.name == "when"):
        return (expand(body, known),)
    test, inner = body.args
    holds = whole(expand(test, known))
    if holds is None:
        if not summed:
            raise FormulaError("a loop's condition on numbers that are computed, or vary, can stand in a `sum` only")
        return (expand(test if inner == num(1) else Mul((test, inner)), known),)
    return turn(inner, known, summed) if holds else ()


def _call(name: str, args: tuple[Value, ...]) -> Value:
    name = plain_name(name)
    listed = next((arg for arg in args if isinstance(arg, Grid) and arg.depth), None)
    if listed and name in MATRIX:
        raise FormulaError(f"this is of a matrix, not of {listed}: take one of them, as `P[1]`")
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
    hidden = ("matmul", "vector", "entry", SLICE)  # which have a sign
    return (*(name for name in _OWN if name not in hidden), *ELEMENTARY, *ACTIVATIONS, *LOSSES)


_OWN: Mapping[str, Function] = {**INDICES, **ENTRIES, **ORDERING, **ENTRYWISE, **VECTOR, **MATRIX}
