"""Images with their names, and numbers or formulas for their entries -> the quantities of a graph, in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from generator.definitions.nested import flat
from generator.definitions.problem import Finding
from generator.definitions.source import Location
from generator.formula.tree import Formula, Ref, replace
from generator.graph.declared import matrix, vector
from generator.graph.quantities import Label, Quantity, Role, Tensor
from generator.graph.windows import Maps, named
from generator.learning.batches import at


class MisfitError(Exception):
    """Something in the definition does not fit: where, what was found, what was expected."""

    def __init__(self, place: Location, found: str, expected: str) -> None:
        super().__init__(found)
        self.finding: Finding = (place, found, expected)


class Images:
    """The quantities made so far; no two have the same name.

    `place` is the part of the definition that is worked, which an error names; `group` is that of what is made there.
    Maps have the names that their entries have where there is one observation; of several, each of `cases` has its own.
    """

    def __init__(self, cases: Sequence[str]) -> None:
        self.cases = cases
        self.each: set[str] = set()  # what every observation has of its own
        self.given: list[Quantity] = []
        self.values: dict[str, Fraction] = {}
        self.quantities: list[Quantity] = []
        self.tensors: list[Tensor] = []
        self.taken: set[str] = set()
        self.places: dict[str, Location] = {}  # where each name that is taken comes from
        self.place: Location = ()
        self.group = ""

    def take(self, labels: Sequence[tuple[str, Label]], *place: str) -> None:
        """The names of entries, and of the whole that they are entries of, are taken from here on.

        Raises `MisfitError` where one of them is taken already.
        """
        for name in dict.fromkeys((*(name for name, _ in labels), *(label.of for _, label in labels if label.of))):
            if name in self.taken:
                raise MisfitError((*self.place, *place), f"`{name}`, which is taken", "a name of its own")
            self.taken.add(name)
            self.places[name] = (*self.place, *place)

    def give(self, key: str, labels: Sequence[tuple[str, Label]], value: object) -> None:
        """Given quantities with the numbers in `value`, which stands under `key`."""
        self.take(labels, key)
        for (name, label), number in zip(labels, flat(value), strict=True):
            self.given.append(Quantity(name, Role.GIVEN, label))
            self.values[name] = number

    def give_each(self, key: str, labels: Mapping[str, Sequence[tuple[str, Label]]], values: Mapping[str, Any]) -> None:
        """Given quantities of each observation; their labels, and the numbers that stand under `key`, by its number."""
        self.give(key, [label for own in labels.values() for label in own], tuple(values[case] for case in labels))

    def make(self, name: str, maps: Maps, formulas: Sequence[Formula], rule: str, shared: bool = False) -> None:
        """The entries of `maps`, which are called `name`, of every observation, or `shared` by all of them: one formula
        for each entry.
        """
        self.each.update(() if shared else maps.entries)
        labels = {case: labels_of("value", name, maps, case) for case in ([""] if shared else self.cases)}
        self.take([label for own in labels.values() for label in own], "name")
        for case, own in labels.items():
            for (entry, label), formula in zip(own, formulas, strict=True):
                made = self.of_case(formula, case)
                self.quantities.append(Quantity(entry, Role.FORWARD, label, made, rule, self.group))
            self.tensors += matrices(name, maps, case)

    def of_case(self, formula: Formula, case: str) -> Formula:
        """A formula of maps for one observation."""
        return replace(formula, lambda ref: Ref(at(ref.name, case)) if ref.name in self.each else ref)


def labels_of(kind: str, name: str, maps: Maps, case: str = "") -> list[tuple[str, Label]]:
    """The entries of `maps`, which are called `name`, with their labels: the channel stands as the case, or as the part
    of an observation, which is the case then.
    """
    found: list[tuple[str, Label]] = []
    for number, channel in enumerate(maps.channels, 1):
        alone = named(name, 1, maps.shape, maps.dimensions).channels[0]
        where = _where(case, number, len(maps.channels))
        for entry, own in zip(_entries(channel), _entries(alone), strict=True):
            found.append((at(entry, case), _entry_label(kind, name, own, *where)))
    return found


def matrices(name: str, maps: Maps, case: str = "") -> Iterator[Tensor]:
    """Maps that are called `name` as a matrix for each channel; flattened, as a column."""
    for number, channel in enumerate(maps.renamed(lambda entry: at(entry, case)).channels, 1):
        if maps.dimensions:
            yield matrix(name, tuple(map(tuple, channel)), *_where(case, number, len(maps.channels)))
        else:
            yield vector(name, tuple(channel[0]), True, case)


def _where(case: str, number: int, channels: int) -> tuple[str, str]:
    """What stands as the case and as the part for one of so many channels."""
    channel = str(number) if channels > 1 else ""
    return (case, channel) if case else (channel, "")


def matrices_of_filter(name: str, where: tuple[str, str], weights: Maps) -> Iterator[Tensor]:
    """A filter as a matrix for each channel that it reads, with the number of the channel as an index."""
    several = len(weights.channels) > 1
    for number, channel in enumerate(weights.channels, 1):
        yield matrix(f"{name}_{number}" if several else name, tuple(map(tuple, channel)), *where)


def filter_labels(name: str, where: tuple[str, str], weights: Maps) -> Iterator[tuple[str, Label]]:
    """The entries of a filter: its number stands as the case, or as the part where cases are observations; its channel
    is an index.
    """
    alone = named(name, len(weights.channels), weights.shape, weights.dimensions)
    for entry, own in zip(weights.entries, alone.entries, strict=True):
        yield entry, _entry_label("filter", name, own, *where)


def _entry_label(kind: str, name: str, own: str, case: str, part: str = "") -> Label:
    return Label(kind, own, own.removeprefix(name).strip("_").replace("_", ","), of=name, case=case, part=part)


def _entries(channel: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in channel:
        yield from row
