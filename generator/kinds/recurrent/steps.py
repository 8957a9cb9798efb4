"""Targets and classes by time steps, of one sequence or of each of several -> numbers by the steps that have some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, ValidationInfo, WithJsonSchema

from generator.definitions.problem import NUMBER_SCHEMA, Exact, Whole


def _by_step(value: object) -> object:
    """Targets as a list, one for each time step, or by the steps that have one; each a number or a row."""
    if isinstance(value, list):
        value = {str(step): row for step, row in enumerate(value, 1)}
    return value


def _row(value: object) -> object:
    return [value] if isinstance(value, str) else value


_ROW: dict[str, Any] = {"anyOf": [NUMBER_SCHEMA, {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}]}
Row = Annotated[tuple[Exact, ...], BeforeValidator(_row), Field(min_length=1), WithJsonSchema(_ROW)]
_TARGETS = TypeAdapter(Annotated[dict[Whole, Row], BeforeValidator(_by_step)])
_CLASSES = TypeAdapter(Annotated[dict[Whole, Whole], BeforeValidator(_by_step)])


def _of_each(adapter: TypeAdapter[Any]) -> Callable[[object, ValidationInfo], tuple[Any, ...]]:
    """What reads that of one sequence, or of each in a list where there are several."""

    def read(value: object, info: ValidationInfo) -> tuple[Any, ...]:
        count = len(info.data.get("inputs", ())) or 1
        if value == "inputs":  # what the network is to give back, as an autoencoder does
            return tuple(dict(enumerate(rows, 1)) for rows in info.data.get("inputs", ()))
        if count == 1:
            return (adapter.validate_python(value),) if value else ()
        if not isinstance(value, list) or len(value) != count:
            raise ValueError(f"a list of {count}, with one for each sequence")
        return tuple(_one(adapter, part, place) for place, part in enumerate(value))

    return read


def _one(adapter: TypeAdapter[Any], value: object, place: int) -> Any:
    """That of one of several sequences; what is wrong in it stands at its place."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        details: list[Any] = [
            {"type": e["type"], "loc": (place, *e["loc"]), "input": e["input"], "ctx": e.get("ctx", {})}
            for e in error.errors()
        ]
        raise ValidationError.from_exception_data(error.title, details) from None


def _schema(one: dict[str, Any]) -> dict[str, Any]:
    """By time steps, or in a list with one for each; of several sequences, a list of these."""
    by_step: list[dict[str, Any]] = [{"type": "object", "additionalProperties": one}, {"type": "array", "items": one}]
    return {"anyOf": [*by_step, {"type": "array", "items": {"anyOf": by_step}}]}


_TARGETS_SCHEMA = {"anyOf": [*_schema(_ROW)["anyOf"], {"const": "inputs"}]}
Targets = Annotated[Any, BeforeValidator(_of_each(_TARGETS)), WithJsonSchema(_TARGETS_SCHEMA)]
Classes = Annotated[Any, BeforeValidator(_of_each(_CLASSES)), WithJsonSchema(_schema({"type": "integer"}))]
