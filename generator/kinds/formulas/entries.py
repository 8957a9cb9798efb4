"""A definition by formulas -> what its givens, their entries and their new values are to formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile
from math import prod
from typing import Any

from generator.definitions.nested import flat, shape_of
from generator.errors import FormulaError
from generator.formula.grids import Grid, Value, names_of
from generator.formula.infix import parse
from generator.formula.tree import Call, Formula, Ref, num
from generator.formula.tree import replace as renamed
from generator.formula.vectors import expand
from generator.graph.quantities import updated_name
from generator.kinds.formulas.model import Definition


def moved(problem: Definition, key: str) -> Value | None:
    """The given, or the entry or row of one, that takes a new value: `x`, `Q[1,2]`."""
    known = known_givens(problem)
    try:
        tree = parse(key)
        is_place = isinstance(tree, Ref) or (isinstance(tree, Call) and tree.name == "entry")
        return expand(tree, known) if is_place else None
    except FormulaError:
        return None


def entry_names(value: Value) -> list[str]:
    """The names of what a given, an entry or a row of one refers to."""
    return [part.name for part in (value.entries if isinstance(value, Grid) else (value,)) if isinstance(part, Ref)]


def sizes_of(value: Value) -> tuple[int, ...]:
    """How far each index runs; a single number has none."""
    return value.sizes if isinstance(value, Grid) else ()


def value_of(name: str, given: Any, fixed: bool = False) -> Value:
    """References to the entries of a given; where they are `fixed`, with the numbers that these are."""
    if not isinstance(given, tuple):
        return Ref(name, given if fixed else None)
    sizes, numbers = shape_of(given), iter(flat(given))
    places = prod(sizes[:-1]), sizes[-1]
    down, across = places if len(sizes) > 1 else places[::-1]
    whole = Grid(((num(0),) * across,) * down, len(sizes) == 1, sizes[0] if len(sizes) > 2 else 0)
    names = (entry for entry, _ in names_of(name, whole))
    made = tuple(tuple(Ref(next(names), next(numbers) if fixed else None) for _ in row) for row in whole.rows)
    return replace(whole, rows=made)


def known_givens(problem: Definition) -> dict[str, Value]:
    """What the names of the givens stand for in formulas."""
    return {name: value_of(name, value, name in problem.fixed) for name, value in problem.givens.items()}


def numbers_of(problem: Definition) -> dict[str, Fraction]:
    """The numbers of the givens, entry by entry."""
    names = ((entry, name) for name, value in known_givens(problem).items() for entry, _ in names_of(name, value))
    numbers = {name: iter(flat(given)) for name, given in problem.givens.items()}
    return {entry: next(numbers[name]) for entry, name in names}


def for_updates(problem: Definition, known: Mapping[str, Value], key: str) -> dict[str, Value]:
    """What the new value of `key` may be computed from: everything that has a name, and new values of lines before."""
    named: dict[str, Value] = {name: Ref(name) for name in problem.learning_rate or {}}
    for earlier in takewhile(lambda other: other != key, problem.update):
        old = moved(problem, earlier)
        if old is not None:
            named |= {updated_name(entry): Ref(updated_name(entry)) for entry in entry_names(old)}
            named |= {updated_name(earlier): _new(old)} if earlier in problem.givens else {}
    return {**named, **known}


def _new(old: Value) -> Value:
    """The new values of what refers to old ones."""
    if isinstance(old, Grid):
        return replace(old, rows=tuple(tuple(map(_renewed, row)) for row in old.rows))
    return _renewed(old)


def _renewed(entry: Formula) -> Formula:
    return renamed(entry, lambda ref: Ref(updated_name(ref.name)))
