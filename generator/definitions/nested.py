"""Numbers in lists of lists, as they stand in a definition -> exact numbers, their shape and their order."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.definitions.problem import NUMBER_SCHEMA, Name, exact


def _nested(value: object) -> object:
    """A number, or lists of numbers in lists, those side by side of the same shape."""
    if not isinstance(value, list):
        return exact(value)
    made = tuple(_nested(part) for part in value)
    if len({shape_of(part) for part in made}) != 1:
        raise ValueError("a list of numbers, or of lists that all have the same shape")
    return made


def shape_of(value: Any) -> tuple[int, ...]:
    """How many there are at each depth; none of a number."""
    return (len(value), *shape_of(value[0])) if isinstance(value, tuple) else ()


def flat(value: Any) -> tuple[Fraction, ...]:
    """All numbers in lists of lists, in reading order."""
    return tuple(number for part in value for number in flat(part)) if isinstance(value, tuple) else (value,)


_SCHEMA: dict[str, Any] = {"anyOf": [NUMBER_SCHEMA, {"type": "array", "minItems": 1}]}
Nested = Annotated[Any, BeforeValidator(_nested), WithJsonSchema(_SCHEMA)]
Given = Annotated[dict[Name, Nested], Field(min_length=1, max_length=1)]
