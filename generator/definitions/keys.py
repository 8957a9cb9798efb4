"""The model of a definition -> the models, and so the keys, that can stand at a place in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel


def fields_of(model: object) -> Mapping[Any, Any]:
    """What a model has: its keys and their types (nothing: it is no model)."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        return {name: field.annotation for name, field in model.model_fields.items()}
    return dict(get_type_hints(model, include_extras=True)) if is_dataclass(model) else {}


def _models(annotation: Any) -> Iterator[object]:
    """The models in an annotation, such as that of a list of layers."""
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or is_dataclass(annotation)):
        yield annotation
    for inside in get_args(annotation):
        yield from _models(inside)


def models_at(model: object, path: Iterable[str | int]) -> list[Any]:
    """The models whose keys can stand at `path` in a `model`: those that are named on the way there."""
    models: list[Any] = [model]
    for part in path:
        fields = {name: kind for each in models for name, kind in fields_of(each).items()}
        if part in fields:  # else it is a place in a list, an author's own name, or a branch of a union
            models = list(dict.fromkeys(_models(fields[str(part)])))
    return models
