"""The texts of a definition file -> the names that they mention as `[[name]]`, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from generator.definitions.source import Location, Source
from generator.formula.greek import spelled

_TEXTS = {"introduction", "remarks", "conventions", "say", "title"}  # keys with sentences for readers
_MENTION = re.compile(r"\[\[\s*([^\]=\s]+)\s*=?\s*\]\]")


def mentions(source: Source) -> Iterator[tuple[Location, str]]:
    """Every mention: its place and the name. Raises `DefinitionError` where `[[` has no `]]`, or nothing in it."""
    for place, text in _texts(source.data, ()):
        rest = _MENTION.sub("", text)
        if "[[" in rest:
            found = rest[rest.index("[[") :].split()[0]
            raise source.error(place, f"`{found}`", "a name between the brackets: `[[name]]`, or `[[name=]]`")
        yield from ((place, spelled(match[1])) for match in _MENTION.finditer(text))


def _texts(data: Any, place: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, (*place, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _texts(value, (*place, number))
    elif isinstance(data, str) and not _TEXTS.isdisjoint(map(str, place)):
        yield place, re.sub(r"`[^`]*`", "", data)  # what stands as code is no mention
