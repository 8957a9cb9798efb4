"""Graph -> its vectors, matrices and images: the quantities that are entries of one thing, in the order of its index.

They are found by their labels alone: `W_1_2` is an entry of `W`, `h_3` of `h`. A thing is whole where no entry is
missing (the scores of a masked row are none), and has an index for each of its dimensions that is longer than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from generator.graph.quantities import Graph, Label, Role, derivative_name, updated_name
from generator.once import once

Dims = tuple[int, ...]
_ENTRY = re.compile(r"(.+?)((?:_\d+)+)")
_ROLES = (Role.GIVEN, Role.FORWARD, Role.LOSS)


@dataclass(frozen=True, slots=True)
class Whole:
    """Quantities that are entries of one thing: `entries` are their names, the last index running fastest.

    `name` is its name among formulas (no quantity can have it), `called` the one that an author writes, `label` that of
    its symbol; `dims` has the number of entries along each index.
    """

    name: str
    called: str
    label: Label
    dims: Dims
    entries: tuple[str, ...]
    role: Role

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The entries in rows; those of a vector as a column."""
        width = self.dims[-1] if len(self.dims) > 1 else 1
        return tuple(self.entries[start : start + width] for start in range(0, len(self.entries), width))


@once
def wholes(graph: Graph) -> tuple[Whole, ...]:
    """The vectors, matrices and images among what is given and computed, in the graph's order."""
    found: dict[tuple[str, str, str], dict[Dims, str]] = {}
    labels: dict[tuple[str, str, str], tuple[Label, str, Role]] = {}
    for quantity in graph:
        label = quantity.label
        split = _split(label)
        if split is None or quantity.role not in _ROLES or quantity.round or (label.index and not label.of):
            continue
        stem, suffix = split
        called = _called(quantity.name, suffix)
        whole = Label(label.kind, stem, of=stem, case=label.case, part=label.part)
        own = (called, label.case, label.part)
        labels.setdefault(own, (whole, stem, quantity.role))
        found.setdefault(own, {})[tuple(map(int, suffix[1:].split("_")))] = quantity.name
    return tuple(_whole(own[0], *labels[own], entries) for own, entries in found.items() if _is_whole(entries))


def entries_called(graph: Graph, name: str) -> tuple[str, ...]:
    """The quantities that an author means by a name: the one of that name, or the computed entries of one thing.

    `p` are `p_1`, `p_2` …, `W_new2` are `W_1_1_new2` …, `dL/dw` are `dL/dw_1` …
    """
    if name in graph:
        return (name,)
    stem, new, number = name.partition("_new")
    entry = re.compile(rf"{re.escape(stem)}(_\d+)+{re.escape(new + number)}")
    computed = (q.name for q in graph if q.formula is not None and q.role is not Role.CHECK)
    return tuple(own for own in computed if entry.fullmatch(own))


@once
def turns(graph: Graph) -> frozenset[str]:
    """The quantities with which another turn of several loops begins.

    Loops that hand a state on are worked turn by turn, as `w_1 a_1 m_1 w_2 a_2 m_2 …`: a turn begins where the first of
    them comes back after another one. What is worked one after the other has none.
    """
    home = {entry: whole.name for whole in wholes(graph) for entry in whole.entries}
    seen: list[str] = []
    first: dict[str, str] = {}  # of the loops that are worked together with one
    found, last = set(), ""
    for quantity in graph:
        own = home.get(quantity.name)
        if own is None or quantity.formula is None:
            continue
        if own not in seen:
            seen.append(own)
        elif own != last:
            for other in seen[seen.index(own) :]:
                first.setdefault(other, own)
            if first[own] == own:
                found.add(quantity.name)
        last = own
    return frozenset(found)


def grids(whole: Whole) -> Iterator[Whole]:
    """A whole as grids: a vector or a matrix itself, of an image with several channels each channel (`k_1`, `k_2`)."""
    if len(whole.dims) < 3:
        yield whole
        return
    *before, down, across = whole.dims
    size = down * across
    for number, places in enumerate(product(*(range(1, count + 1) for count in before))):
        stem = "_".join((whole.label.name, *map(str, places)))
        entries = whole.entries[number * size : (number + 1) * size]
        label, name = replace(whole.label, name=stem), f"{_named(stem, whole.label)}:"
        yield replace(whole, name=name, label=label, dims=(down, across), entries=entries)


def _split(label: Label) -> tuple[str, str] | None:
    """The name of what a quantity is an entry of, and its index there (`None`: it has none)."""
    if label.kind == "target":  # whose name is that of its unit
        match = _ENTRY.fullmatch(label.of)
    elif label.of and (label.name == label.of or label.name.startswith(f"{label.of}_")):  # W_1_2_3 is one of W_1
        match = re.fullmatch(rf"({re.escape(label.of)})((?:_\d+)+)", label.name)
    else:
        match = _ENTRY.fullmatch(label.name)
    return (match[1], match[2]) if match else None


def _called(name: str, suffix: str) -> str:
    """The name of a quantity without its index, which may stand before a head's or a time step's number."""
    return name.removesuffix(suffix) if name.endswith(suffix) else name.replace(f"{suffix}_", "_", 1)


def _dims(entries: Mapping[Dims, str]) -> Dims:
    return tuple(max(place) for place in zip(*entries, strict=True))


def _is_whole(entries: Mapping[Dims, str]) -> bool:
    if len({len(place) for place in entries}) > 1 or len(entries) < 2:
        return False
    return min(map(min, entries)) > 0 and prod(_dims(entries)) == len(entries)


def _whole(called: str, label: Label, stem: str, role: Role, entries: Mapping[Dims, str]) -> Whole:
    dims = _dims(entries)
    places = product(*(range(1, size + 1) for size in dims))
    return Whole(_named(stem, label), called, label, dims, tuple(entries[place] for place in places), role)


def _named(stem: str, label: Label) -> str:
    """The name of a whole among formulas, which no quantity can have."""
    return ":".join(("whole", stem, *filter(None, (label.case, label.part))))


def gradients_of(graph: Graph, found: tuple[Whole, ...]) -> Iterator[tuple[Whole, Whole]]:
    """Each whole that something is differentiated by in the first round, entry by entry, and its gradient."""
    pairs = ((done, whole) for done in graph.differentiated if not done.round for whole in found)
    for done, whole in pairs:
        entries = tuple(derivative_name(done.loss, name) for name in whole.entries)
        if set(whole.entries) <= set(done.targets) and all(name in graph for name in entries):
            label = Label("derivative", of=done.loss, wrt=whole.name)
            name = derivative_name(done.loss, whole.name)
            yield whole, Whole(name, name, label, whole.dims, entries, Role.GRADIENT)


def updated(graph: Graph, found: tuple[Whole, ...]) -> Iterator[Whole]:
    """The wholes after each update, of which an author speaks as of their entries: `W_new`, `W_new2`."""
    for whole in found:
        for count in range(1, len(graph.rounds) + 1):
            entries = tuple(updated_name(name, count) for name in whole.entries)
            if any(name in graph for name in entries):  # what does not move stays as it was
                now = tuple(new if new in graph else old for new, old in zip(entries, whole.entries, strict=True))
                called = updated_name(whole.called, count)
                yield Whole(f"{whole.name}:{count}", called, whole.label, whole.dims, now, Role.UPDATE)
