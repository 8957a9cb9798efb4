"""Python source of an expression on one line -> the same expression on lines that are short enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

_INDENT = "    "
# What binds less comes first: a line is broken before these, and after a comma.
_OPERATORS = (
    re.compile(r",(?= )"),
    re.compile(r" (?=(?:if|else) )"),
    re.compile(r" (?=(?:<=|>=|==|!=|<|>) )"),
    re.compile(r" (?=[+-] )"),
    re.compile(r" (?=[*/] )"),
)


def broken(name: str, source: str, width: int) -> str:
    """The statement that gives `name` the value of `source`, with line breaks where it is wider than `width`.

    Breaks stand inside parentheses: those of a call, where the source is one, else a pair around all of it.
    """
    line = f"{name} = {source}"
    if len(line) <= width:
        return line
    if _call(source) is not None:
        return "\n".join(_lines(line, width))
    return "\n".join([f"{name} = (", *(_INDENT + part for part in _lines(source, width - len(_INDENT))), ")"])


def _lines(text: str, width: int) -> list[str]:
    """Lines of a text that stands inside parentheses: each operator that binds least begins one."""
    if len(text) <= width:
        return [text]
    pieces = _pieces(text)
    if len(pieces) > 1:
        return [line for piece in pieces for line in _lines(piece, width)]
    span = _call(text)
    if span is None:
        return [text]
    start, end = span
    inside = _lines(text[start:end], width - len(_INDENT))
    return [text[:start], *(_INDENT + line for line in inside), text[end:]]


def _pieces(text: str) -> list[str]:
    """The parts of a text between the operators outside all brackets that bind least."""
    outside = [depth == 0 for depth in _depths(text)]
    for operator in _OPERATORS:
        places = [found.end() for found in operator.finditer(text) if found.start() and outside[found.start()]]
        if places:
            return [text[a:b].strip() for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    return [text]


def _call(text: str) -> tuple[int, int] | None:
    """Where the widest pair of brackets of a text begins and ends, if nothing outside it can be broken."""
    if len(_pieces(text)) > 1:
        return None
    depths, starts, spans = list(_depths(text)), [], []
    for place, letter in enumerate(text):
        if letter in "([" and depths[place] == 1:
            starts.append(place + 1)
        elif letter in ")]" and depths[place] == 0:
            spans.append((starts[-1], place))
    return max(spans, key=lambda span: span[1] - span[0], default=None)


def _depths(text: str) -> Iterator[int]:
    """For each letter how many brackets are open once it has been read."""
    depth = 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        yield depth
