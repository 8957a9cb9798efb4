"""A notation's name or block -> `Notation`: files in `templates/notations/`, blocks in definitions, inheritance."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from generator import resources
from generator.definitions.problem import Definition
from generator.definitions.source import Location, Source, read, validated
from generator.errors import NotationError
from generator.notation.writer import Notation, indexed

_FOLDER = "notations"


def notation_names() -> tuple[str, ...]:
    """The notations there are files for."""
    return resources.names(_FOLDER, ".yml")


def notation_for(definition: Definition, name: str | None = None) -> Notation:
    """The notation called `name`, or the definition's own where `name` is not given.

    A name is looked for among the notation files (yours in `./templates/notations/`, then the shipped ones); a name
    that ends in `.yml` is a file's path. Raises `NotationError` or `DefinitionError` with the place.
    """
    if name is not None:
        return load_notation(name)
    own = definition.problem.notation
    if not isinstance(own, str):
        found = _merged(definition.source, own, ("notation",), (), f"{definition.id}'s own")
        return _as_called(definition, found, own.get("symbols", {}))
    try:
        return _as_called(definition, load_notation(own))
    except NotationError:
        expected = f"a notation ({', '.join(notation_names())}) or a block"
        raise definition.source.error(("notation",), f"`{own}`", expected) from None


def _as_called(definition: Definition, notation: Notation, settled: Collection[str] = ()) -> Notation:
    """`notation` with what the problem calls its quantities, unless it has a symbol of its own for the like of them."""
    patterns = definition.problem.called
    if not patterns:
        return notation
    usual = load_notation("default").symbols
    named = {
        kind: _symbol_of(pattern)
        for kind, pattern in patterns.items()
        if kind not in settled and (kind in _LOSSES or notation.symbols[kind] == usual[kind])
    }
    return replace(notation, symbols={**notation.symbols, **named})


_LOSSES = ("loss", "observed", "mean")  # whose sign a problem chooses in any notation


def _symbol_of(pattern: str) -> str:
    """The symbol of quantities that a problem calls by a pattern: `z_<unit>` is z with the unit's name below it."""
    unit, index = "UNIT", "INDEX"  # in their places while the pattern is read as a name
    made = indexed(pattern.replace("<unit>", unit).replace("<index>", index))
    return made.replace(unit, "<name>").replace(index, "<index>")


def load_notation(name: str) -> Notation:
    """The notation in the file called `name` (or at the path `name`, where it ends in `.yml`)."""
    source = _file(name)
    return _merged(source, source.data, (), (name,), Path(name).stem)


def _file(name: str) -> Source:
    path = Path(name) if name.endswith(".yml") else resources.find(_FOLDER, f"{name}.yml")
    if path is None or not path.is_file():
        raise NotationError(f"there is no notation `{name}`: expected one of {', '.join(notation_names())}")
    source = read(path)
    if not isinstance(source.data, dict):
        raise source.error((), "no mapping", "the keys of a notation")
    return source


def _merged(source: Source, block: Mapping[str, Any], place: Location, above: tuple[str, ...], name: str) -> Notation:
    """`block` over what it extends."""
    data = _data(source, block, place, above)
    return validated(Notation, source, {"name": name, **data}, place)


def _data(source: Source, block: Mapping[str, Any], place: Location, above: tuple[str, ...]) -> dict[str, Any]:
    parent = block.get("extends", "default" if "default" not in above else None)
    own = {key: value for key, value in block.items() if key != "extends"}
    if "name" in own:
        raise source.error((*place, "name"), "a name", "no name: a notation is called what its file is called")
    if parent is None:
        return own
    if not isinstance(parent, str) or parent in above:
        raise source.error((*place, "extends"), f"`{parent}`", "another notation, which does not extend this one")
    try:
        base = _file(parent)
    except NotationError as error:
        raise source.error((*place, "extends"), f"`{parent}`", f"one of {', '.join(notation_names())}") from error
    inherited = _data(base, base.data, (), (*above, parent))
    validated(Notation, base, {"name": parent, **inherited})  # so that a mistake is reported where it stands
    return {**inherited, **_nested(inherited, own)}


def _nested(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own`, where `symbols` and `rounding` add to the inherited ones instead of replacing them.

    Who says how many decimals there are has said it of small numbers too: no inherited `least` adds to them.
    """
    nested = {key: value for key, value in own.items() if isinstance(value, dict)}
    both = {key: {**inherited[key], **value} for key, value in nested.items() if isinstance(inherited.get(key), dict)}
    if {"decimals", "significant"} & nested.get("rounding", {}).keys() and "rounding" in both:
        both["rounding"]["least"] = nested["rounding"].get("least")
    return {**own, **both}
