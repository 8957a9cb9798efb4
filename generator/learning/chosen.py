"""What a definition lists -> the parameters that it names: single ones, all entries of a matrix, or a whole group."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from generator.definitions.problem import Finding
from generator.errors import nearest

Groups = Mapping[str, Sequence[str]]  # the parameters of each group by its name, as `weights`


def entries_of(name: str, parameters: Sequence[str]) -> tuple[str, ...]:
    """The parameter of that name, or else the entries of a vector or matrix of that name: `W_1_2` is one of `W`."""
    if name in parameters:
        return (name,)
    return tuple(own for own in parameters if re.fullmatch(rf"{re.escape(name)}(_\d+)+", own))


def chosen(listed: str | Sequence[str], parameters: Sequence[str], groups: Groups) -> tuple[str, ...]:
    """The parameters that are listed, each once. The name of a parameter goes before that of a group."""
    found: list[str] = []
    for name in (listed,) if isinstance(listed, str) else listed:
        found += entries_of(name, parameters) if name in parameters or name not in groups else groups[name]
    return tuple(dict.fromkeys(found))


def wholes(parameters: Sequence[str]) -> tuple[str, ...]:
    """Parameters by the names of their matrices, where several are entries of one."""
    stems = [re.sub(r"(_\d+)+$", "", name) for name in parameters]
    return tuple(dict.fromkeys(s if stems.count(s) > 1 else own for s, own in zip(stems, parameters, strict=True)))


def check_listed(key: str, listed: str | Sequence[str], parameters: Sequence[str], groups: Groups) -> Iterator[Finding]:
    """What is wrong with a list of parameters, or with one group, that stands under `key`."""
    names = (listed,) if isinstance(listed, str) else listed
    taken: set[str] = set()
    for number, name in enumerate(names):
        place = (key,) if isinstance(listed, str) else (key, number)
        own = chosen((name,), parameters, groups)
        if not own and (name not in groups or (name != "all" and len(names) == 1)):  # one of several may be empty
            known = (*(group for group in groups if groups[group]), *wholes(parameters))
            yield place, f"`{name}`", f"one of {', '.join(known) or 'no parameters'}{nearest(name, known)}"
        if taken & set(own):
            yield (key,), f"`{name}`, which is listed twice", "each parameter once"
        taken |= set(own)
