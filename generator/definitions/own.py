"""A function that a definition names, writes as a formula of its own, or chooses for each unit -> its formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import WithJsonSchema, WrapValidator

from generator.definitions.problem import Finding, exact, name
from generator.definitions.rows import Chosen, Rows, arguments, check_row, row_name
from generator.definitions.source import Location
from generator.errors import FormulaError
from generator.formula.infix import parse
from generator.formula.tree import Call, Formula, Num, references, substitute


@dataclass(frozen=True, slots=True)
class Own:
    """A formula of the author's over the arguments of a function, and numbers that have names in it."""

    text: str
    numbers: tuple[tuple[str, Fraction], ...] = ()


@dataclass(frozen=True, slots=True)
class ForEach:
    """A function for each unit: the names of rows, formulas, or rows with parameters."""

    functions: tuple[tuple[str, Any], ...]

    def of(self, unit: str) -> Any:
        """The function of one unit."""
        return dict(self.functions)[unit]


def _read(value: Any, handler: Callable[[Any], Any]) -> Any:
    if isinstance(value, Own | ForEach) or not isinstance(value, dict):
        return value if isinstance(value, Own | ForEach) else handler(value)
    if isinstance(value.get("formula"), str):
        numbers = ((name(key), exact(number)) for key, number in value.items() if key != "formula")
        return Own(value["formula"], tuple(numbers))
    if any(isinstance(own, str) for own in value.values()) or any(map(_has_mappings, value.values())):
        return ForEach(tuple((unit, _read(own, handler)) for unit, own in value.items()))
    return handler(value)


def _has_mappings(value: Any) -> bool:
    """Whether a value is a function of its own: a row with parameters, or a formula."""
    return isinstance(value, dict) and (
        isinstance(value.get("formula"), str) or any(isinstance(v, dict) for v in value.values())
    )


_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1}]}
Function = Annotated[Chosen | Own | ForEach, WrapValidator(_read), WithJsonSchema(_SCHEMA)]


def each(chosen: Function, units: tuple[str, ...]) -> Mapping[str, Any]:
    """The function of each unit."""
    return dict(chosen.functions) if isinstance(chosen, ForEach) else dict.fromkeys(units, chosen)


def name_of(chosen: Function) -> str:
    """The name of the row (empty: it is a formula, or there are several)."""
    return "" if isinstance(chosen, Own | ForEach) else row_name(chosen)


def applied(
    chosen: Chosen | Own, rows: Rows, given: Mapping[str, Formula], others: tuple[Formula, ...] = ()
) -> Formula:
    """The function of arguments that are `given` by their names (`others`: the arguments of a vector function)."""
    if isinstance(chosen, Own):
        return substitute(parse(chosen.text), {**given, **{key: Num(number) for key, number in chosen.numbers}})
    return Call(rows[row_name(chosen)].name, (*given.values(), *(others or arguments(chosen, rows))))


def check_function(
    chosen: Function, rows: Rows, names: tuple[str, ...], units: tuple[str, ...], place: Location
) -> Iterator[Finding]:
    """What is wrong with a function of `names`, at `place`, for `units`."""
    if isinstance(chosen, ForEach):
        if {unit for unit, _ in chosen.functions} != set(units):
            found = f"a function for {', '.join(unit for unit, _ in chosen.functions)}"
            yield place, found, f"one for each unit: {', '.join(units)}; or one of {', '.join(rows)}"
            return
        for unit, own in chosen.functions:
            yield from check_function(own, rows, names, units, (*place, unit))
    elif isinstance(chosen, Own):
        yield from _check_own(chosen, names, place)
    else:
        yield from check_row(chosen, rows, place)


def _check_own(chosen: Own, names: tuple[str, ...], place: Location) -> Iterator[Finding]:
    try:
        used = references(parse(chosen.text))
    except FormulaError as error:
        yield (*place, "formula"), str(error), f"a formula over {' and '.join(names)}"
        return
    known = (*names, *(key for key, _ in chosen.numbers))
    for own in used:
        if own not in known:
            yield (*place, "formula"), f"`{own}`", f"one of {', '.join(known)}, or a number `{own}` beside the formula"
    if names[-1] not in used:
        yield (*place, "formula"), f"`{chosen.text}`", f"a formula in which {names[-1]} stands"
