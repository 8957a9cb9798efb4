"""A language's file -> its words by code. No other place holds a word that a reader sees in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from generator import resources
from generator.definitions.source import read
from generator.errors import RenderError

_FOLDER = "languages"
_FIELD = re.compile(r"\{(\w+)(=?)\}")


@dataclass(frozen=True)
class Words:
    """The words of one language. `texts` maps a dotted code to a text with `{fields}`."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, code: str) -> str:
        """The text of `code`. Raises `RenderError` where the language has none."""
        try:
            return self.texts[code]
        except KeyError:
            raise RenderError(f"language `{self.language}` has no text for `{code}`") from None

    def has(self, code: str) -> bool:
        """Whether there is a text for `code`."""
        return code in self.texts

    def pieces(self, code: str) -> Iterator[tuple[str, str, bool]]:
        """The text of `code` as (words, field, with value): words, then the field after them (empty at the end)."""
        text = self(code)
        at = 0
        for match in _FIELD.finditer(text):
            yield text[at : match.start()], match[1], bool(match[2])
            at = match.end()
        yield text[at:], "", False


def language_names() -> tuple[str, ...]:
    """The languages there are."""
    return resources.names(_FOLDER, ".yml")


@lru_cache
def load_words(language: str) -> Words:
    """The words of `language`. Raises `RenderError` where there is no such language."""
    path = resources.find(_FOLDER, f"{language}.yml")
    if path is None:
        raise RenderError(f"there is no language `{language}`: expected one of {', '.join(language_names())}")
    return Words(language, dict(_flat(read(path).data, "")))


def _flat(data: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix, str(data)
