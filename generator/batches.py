"""Numbers given for several observations -> a name and a number for each; the order of learning from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from generator.problem import NUMBER_SCHEMA, Finding, exact

_LIST: dict[str, Any] = {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}


def _observed(value: object) -> object:
    """A number, or a list with a number for each observation, exact."""
    if not isinstance(value, list):
        return exact(value)
    if not value or any(isinstance(entry, list) for entry in value):
        raise ValueError("a number, or a list with a number for each observation")
    return tuple(exact(entry) for entry in value)


Numbers = Fraction | tuple[Fraction, ...]
Observed = Annotated[Any, BeforeValidator(_observed), WithJsonSchema({"anyOf": [NUMBER_SCHEMA, _LIST]})]


def cases_of(given: Iterable[Numbers]) -> tuple[str, ...]:
    """The numbers of the observations, from `1` (`("",)`: there is one observation, which needs no number)."""
    longest = max((len(numbers) for numbers in given if isinstance(numbers, tuple)), default=0)
    return tuple(str(number) for number in range(1, longest + 1)) or ("",)


def at(name: str, case: str) -> str:
    """The name of a quantity of one observation: `net_h1_2`, or `net_h1` where there is only one."""
    return f"{name}_{case}" if case else name


def number_at(numbers: Numbers, case: str) -> Fraction:
    """The number of one observation; a single number is that of every one."""
    return numbers[int(case) - 1] if isinstance(numbers, tuple) else numbers


def check_lengths(groups: Mapping[str, Mapping[str, Numbers]]) -> Iterator[Finding]:
    """What is wrong where not everything is given for the same observations: `groups` are keys of the definition."""
    wanted = None
    for group, given in groups.items():
        for name, numbers in given.items():
            count = len(numbers) if isinstance(numbers, tuple) else None
            if wanted is None:
                wanted = (count, name)
            elif count != wanted[0]:
                yield (group, name), _said(count), f"{_said(wanted[0])}, as for `{wanted[1]}`"
                return


def _said(count: int | None) -> str:
    return "a single number" if count is None else f"{count} observations"


def turns(order: str | tuple[int, ...], cases: tuple[str, ...]) -> tuple[str, ...]:
    """The observations of one epoch of online learning, in order (none: they are learned from all at once)."""
    if order == "batch":
        return ()
    return cases if isinstance(order, str) else tuple(str(number) for number in order)
