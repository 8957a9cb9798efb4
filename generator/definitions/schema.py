"""The models of all kinds -> the JSON Schema of definition files, for editors."""

from __future__ import annotations

from typing import Any

from generator.definitions.problem import kind_module, kind_names


def schema() -> dict[str, Any]:
    """The JSON Schema of definition files, for editors."""
    models = {kind: kind_module(kind).Definition.model_json_schema() for kind in kind_names()}
    definitions: dict[str, Any] = {}
    branches = []
    for kind, model in models.items():
        definitions.update(model.pop("$defs", {}))
        model["properties"]["kind"] = {"const": kind, "description": model["properties"]["kind"].get("description", "")}
        branches.append(model)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Longhand problem definition",
        **(branches[0] if len(branches) == 1 else {"oneOf": branches}),
        "$defs": definitions,
    }
