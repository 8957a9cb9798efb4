"""The keys of a definition by formulas, and what its givens are to the formulas over them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.definitions.nested import flat, shape_of
from generator.definitions.problem import NUMBER_SCHEMA, Model, Name, Texts, exact
from generator.definitions.source import Location, Misplaced
from generator.errors import FormulaError
from generator.formula.extremes import Ties
from generator.formula.infix import parse
from generator.formula.inlining import OwnFunction, inlined, own_functions, with_named_logarithms
from generator.formula.tree import Formula
from generator.kinds.formulas.deciding import in_conditions, in_indices
from generator.learning.training import Learning

# What is wrong with numbers side by side, by how many indices stand behind the one with fewest.
_UNEVEN = (
    "a number, a list of numbers, or a list of rows",
    "a matrix whose rows have the same length",
    "matrices of the same shape",
)


def _given(value: object) -> object:
    """A number, or numbers in a list (a vector), in rows (a matrix) or in matrices of the same shape, exact."""
    if not isinstance(value, list):
        return exact(value)
    entries = tuple(map(_given, value))
    shapes = sorted({shape_of(entry) for entry in entries}, key=len)
    if len(shapes) != 1:
        raise ValueError(_UNEVEN[len(shapes[0]) if shapes else 0])
    if len(shapes[0]) > 2:
        raise ValueError("numbers with up to three indices: a list of matrices")
    return entries


_NUMBERS: dict[str, Any] = {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}
_ROWS: dict[str, Any] = {"type": "array", "items": _NUMBERS, "minItems": 1}
_GIVEN_SCHEMA = {"anyOf": [NUMBER_SCHEMA, _NUMBERS, _ROWS, {"type": "array", "items": _ROWS, "minItems": 1}]}
Given = Annotated[Any, BeforeValidator(_given), WithJsonSchema(_GIVEN_SCHEMA)]


def _listed(value: object) -> object:
    """`[x, 2*y]`, which YAML reads as a list, as the text of a vector; a list of lists as that of a matrix."""
    if isinstance(value, list) and value and not any(isinstance(each, dict) for each in value):
        return f"[{', '.join(str(_listed(each)) for each in value)}]"
    return value


_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}
_LISTED = {"anyOf": [{"type": ["string", "number"]}, _TEXTS, {"type": "array", "items": _TEXTS, "minItems": 1}]}
FormulaText = Annotated[str, BeforeValidator(_listed), WithJsonSchema(_LISTED)]


def _with_names(value: object) -> object:
    """Formulas by their names; a mistake that many make first is told how it is written."""
    if isinstance(value, str):
        raise ValueError(f"a name before each formula, as in `y: {value}`")
    if isinstance(value, list):
        raise ValueError("a name before each formula, and no dashes, as in `y: 2 * x`")
    for key in value if isinstance(value, dict) else ():
        if call := re.fullmatch(r"(\w+)\s*\(.*\)", str(key)):
            expected = (
                f"a name before the formula, as in `{call[1]}: ...`; a function of your own stands under `functions`"
            )
            raise Misplaced((str(key),), f"`{key}`", expected)
    return value


def _several(value: object) -> object:
    """One name is a list of one."""
    return [value] if isinstance(value, str) else value


class Part(Model):
    """Formulas under one heading."""

    title: Texts
    formulas: Annotated[dict[Name, FormulaText], BeforeValidator(_with_names)] = Field(min_length=1)


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
    formulas: Annotated[dict[Name, FormulaText], BeforeValidator(_with_names)] = Field(
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
        said = name if name in self._formulas() else re.sub(r"(_\d+){1,3}$", "", name)
        return self.text(self.say[said], language) if said in self.say else ""

    def _formulas(self) -> set[str]:
        return {name for _, _, formulas in self.grouped() for name in formulas}

    def grouped(self) -> Iterator[tuple[str, Location, Mapping[str, str]]]:
        """The formulas by group, and where they stand."""
        if self.formulas:
            yield "formulas", ("formulas",), self.formulas
        for number, part in enumerate(self.parts):
            yield f"part:{number}", ("parts", number, "formulas"), part.formulas
