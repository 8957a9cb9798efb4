"""The keys of a definition by formulas, and what its givens are to the formulas over them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import cached_property
from itertools import takewhile
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.definitions.problem import NUMBER_SCHEMA, Model, Name, Texts, exact
from generator.definitions.source import Location
from generator.errors import FormulaError
from generator.formula.extremes import Ties
from generator.formula.grids import Grid, Value, names_of
from generator.formula.infix import parse
from generator.formula.inlining import OwnFunction, inlined, own_functions, with_named_logarithms
from generator.formula.tree import Call, Formula, Ref, replace
from generator.formula.vectors import expand
from generator.graph.quantities import updated_name
from generator.kinds.formulas.deciding import in_conditions, in_indices
from generator.learning.training import Learning


def _given(value: object) -> object:
    """A number, a list of numbers (a vector) or a list of lists of the same length (a matrix), exact."""
    if not isinstance(value, list):
        return exact(value)
    if value and all(isinstance(row, list) for row in value):
        if len({len(row) for row in value}) != 1 or not value[0]:
            raise ValueError("a matrix whose rows have the same length")
        return tuple(tuple(exact(entry) for entry in row) for row in value)
    if not value or any(isinstance(entry, list) for entry in value):
        raise ValueError("a number, a list of numbers, or a list of rows")
    return tuple(exact(entry) for entry in value)


_NUMBERS: dict[str, Any] = {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}
_GIVEN_SCHEMA = {"anyOf": [NUMBER_SCHEMA, _NUMBERS, {"type": "array", "items": _NUMBERS, "minItems": 1}]}
Given = Annotated[Any, BeforeValidator(_given), WithJsonSchema(_GIVEN_SCHEMA)]


def _listed(value: object) -> object:
    """`[x, 2*y]`, which YAML reads as a list, as the text of a vector; a list of lists as that of a matrix."""
    if isinstance(value, list) and value and not any(isinstance(each, dict) for each in value):
        return f"[{', '.join(str(_listed(each)) for each in value)}]"
    return value


_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}
_LISTED = {"anyOf": [{"type": ["string", "number"]}, _TEXTS, {"type": "array", "items": _TEXTS, "minItems": 1}]}
FormulaText = Annotated[str, BeforeValidator(_listed), WithJsonSchema(_LISTED)]


def _several(value: object) -> object:
    """One name is a list of one."""
    return [value] if isinstance(value, str) else value


class Part(Model):
    """Formulas under one heading."""

    title: Texts
    formulas: dict[Name, FormulaText] = Field(min_length=1)


class Derivative(Model):
    """What is differentiated (all of it, where it is a vector or several), and with respect to what."""

    of: Name | Annotated[tuple[Name, ...], Field(min_length=1)]
    wrt: Annotated[tuple[Name, ...], BeforeValidator(_several)] = Field(min_length=1)


class Definition(Learning):
    """Any computation by named formulas, with derivatives and repeated updates where they are asked for."""

    kind: Literal["formulas"]
    givens: dict[Name, Given] = Field(min_length=1)
    functions: dict[str, str] = Field(
        default_factory=dict, description="`f(x, y)`: a formula over x and y, which formulas then can call"
    )
    formulas: dict[Name, FormulaText] = Field(
        default_factory=dict, description="name: a formula over what stands before it"
    )
    parts: tuple[Part, ...] = Field((), description="formulas under headings, instead of `formulas`")
    say: dict[Name, Texts] = Field(default_factory=dict, description="name: the sentence before its formula")
    differentiate: Derivative | Annotated[tuple[Derivative, ...], Field(min_length=1)] | None = Field(
        None, description="`{of: f, wrt: [x]}`, or several: `{of: [f, g], wrt: [x]}`, or a list of these"
    )
    update: tuple[Name, ...] | dict[str, FormulaText] = Field(
        (),
        description="givens that take gradient steps; or given (`x`, or one entry, `Q[1,2]`): its new value, where "
        "d(f, x) is a derivative",
    )
    closing: Literal["all", "none"] = Field("all", description="what is computed once more with the last new values")
    table: tuple[Name, ...] = Field((), description="what the table of the values, update by update, has")
    drawing: Literal["circuit", "none"] | None = Field(
        None, description="the circuit of what is differentiated (drawn by itself where it is small), or none"
    )
    ties: Ties = Field("first", description="whose slope a max or min has where several of its arguments are equal")

    @cached_property
    def own(self) -> Mapping[str, OwnFunction]:
        """The author's own functions."""
        return own_functions(self.functions)

    def parsed(self, text: str) -> Formula:
        """A formula with the author's own functions written out."""
        return with_named_logarithms(inlined(parse(text), self.own))

    @property
    def fixed(self) -> frozenset[str]:
        """The givens that are read when the formulas are: indices (`S[i, y[i]]`), ends of loops (`1..n`), conditions.

        A loop's condition on givens (`if y[i] == 1`) leaves out what it does not hold for, unless the givens vary.
        """
        return self._indices | (self._conditions - self.varied)

    @cached_property
    def _indices(self) -> frozenset[str]:
        names = self._kept & in_indices(self._parsed)
        return frozenset(name for name in names if all(number.denominator == 1 for number in flat(self.givens[name])))

    @cached_property
    def _conditions(self) -> frozenset[str]:
        return self._kept & in_conditions(self._parsed)

    @cached_property
    def _kept(self) -> frozenset[str]:
        """The givens that take no new values."""
        return frozenset(name for name in self.givens if not any(re.match(rf"{name}\b", key) for key in self.update))

    @cached_property
    def _parsed(self) -> tuple[Formula, ...]:
        """The formulas, without those that cannot be read, of which others say so."""
        made = []
        for text in (text for _, _, formulas in self.grouped() for text in formulas.values()):
            with suppress(FormulaError):
                made.append(self.parsed(text))
        return tuple(made)

    def derivatives(self) -> Iterator[tuple[Location, str, tuple[str, ...]]]:
        """What is differentiated, one formula after the other: where it is asked for, its name, by which givens."""
        asked = self.differentiate
        listed = asked if isinstance(asked, tuple) else () if asked is None else (asked,)
        for number, each in enumerate(listed):
            place: Location = ("differentiate", number) if isinstance(asked, tuple) else ("differentiate",)
            if isinstance(each.of, str):
                yield (*place, "of"), each.of, each.wrt
            else:
                yield from (((*place, "of", at), name, each.wrt) for at, name in enumerate(each.of))

    def heading(self, group: str, language: str) -> str:
        """The title of the part that a group is."""
        place = group.removeprefix("part:")
        return self.text(self.parts[int(place)].title, language) if group != place else ""

    def sentence(self, name: str, language: str) -> str:
        """What the author says before a formula, in every round; before a vector or matrix, or its entries."""
        name = re.sub(r":?(_new\d*)?$", "", name)  # a whole vector or matrix is called `v:`
        said = name if name in self._formulas() else re.sub(r"(_\d+){1,2}$", "", name)
        return self.text(self.say[said], language) if said in self.say else ""

    def _formulas(self) -> set[str]:
        return {name for _, _, formulas in self.grouped() for name in formulas}

    def grouped(self) -> Iterator[tuple[str, Location, Mapping[str, str]]]:
        """The formulas by group, and where they stand."""
        if self.formulas:
            yield "formulas", ("formulas",), self.formulas
        for number, part in enumerate(self.parts):
            yield f"part:{number}", ("parts", number, "formulas"), part.formulas


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


def shape_of(value: Value) -> tuple[int, int] | None:
    """Rows and columns; `None` of a single number."""
    return value.shape if isinstance(value, Grid) else None


def value_of(name: str, given: Any, fixed: bool = False) -> Value:
    """References to the entries of a given; where they are `fixed`, with the numbers that these are."""
    if not isinstance(given, tuple):
        return Ref(name, given if fixed else None)
    is_vector = not isinstance(given[0], tuple)
    rows = tuple((row,) if is_vector else row for row in given)
    names = (entry for entry, _ in names_of(name, Grid(rows, is_vector)))
    return Grid(tuple(tuple(Ref(next(names), n if fixed else None) for n in row) for row in rows), is_vector)


def flat(given: Any) -> tuple[Fraction, ...]:
    """The numbers of a given, row by row."""
    if not isinstance(given, tuple):
        return (given,)
    return tuple(number for row in given for number in (row if isinstance(row, tuple) else (row,)))


def known_givens(problem: Definition) -> dict[str, Value]:
    """What the names of the givens stand for in formulas."""
    return {name: value_of(name, value, name in problem.fixed) for name, value in problem.givens.items()}


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
        return Grid(tuple(tuple(map(_renewed, row)) for row in old.rows), old.vector)
    return _renewed(old)


def _renewed(entry: Formula) -> Formula:
    return replace(entry, lambda ref: Ref(updated_name(ref.name)))
