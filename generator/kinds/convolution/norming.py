"""Maps of a batch and the keys of a normalization -> mean, deviations, variance, and every entry scaled and shifted.

The formulas are those of `learning/normalization.py`. Batch normalization of images takes a channel over all its
entries in the batch (Ioffe and Szegedy 2015, section 3.2), layer normalization all entries of an observation (Ba, Kiros
and Hinton 2016), instance normalization each channel of an observation (Ulyanov, Vedaldi and Lempitsky 2016), and group
normalization some of its channels together (Wu and He 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from generator.definitions.nested import flat, shape_of
from generator.definitions.source import Location
from generator.formula.tree import Formula
from generator.graph.quantities import Convention
from generator.graph.windows import Maps, named
from generator.kinds.convolution.images import Images, MisfitError, labels_of
from generator.kinds.convolution.model import Normalizing
from generator.learning.batches import at
from generator.learning.normalization import (
    STATISTICS,
    Part,
    parts,
    rule_of,
    scaled,
    standardization_conventions,
    standardized,
)


class Norm:
    """One layer of normalization: `sets` are the entries of an observation that are normalized together, over the batch
    with those of the other observations. Raises `MisfitError`.
    """

    def __init__(self, images: Images, layer: Normalizing, maps: Maps, turns: bool) -> None:
        self.images, self.layer, self.maps, self.place = images, layer, maps, images.place
        self.is_batch = layer.over == "batch"
        channels = [tuple(name for row in channel for name in row) for channel in maps.channels]
        self.scaled: list[tuple[str, ...]] = [
            (name,) for name in maps.entries
        ]  # what has a scale and a shift of its own
        if layer.over != "layer" and maps.dimensions:
            self.scaled = channels
        self.sets: list[tuple[str, ...]] = [maps.entries] if layer.over == "layer" else self.scaled
        if layer.over == "group":
            size = len(channels) // layer.groups or 1
            grouped = [channels[start : start + size] for start in range(0, len(channels), size)]
            self.sets = [tuple(name for channel in group for name in channel) for group in grouped]
        self._check(turns)
        units = named(layer.name, 1, (1, len(self.sets)), 0)
        gains = maps if layer.over == "layer" else named(layer.name, 1, (1, len(self.scaled)), 0)
        self.names = {part: self._part(part, units) for part in Part}
        self.gains = self._given("gain", "gamma", layer.gamma, ("gamma",), gains)
        self.shifts = self._given("shift", "beta", layer.beta, ("beta",), gains)
        if layer.running is not None:
            for part, value in ((Part.MEAN, layer.running.mean), (Part.VARIANCE, layer.running.variance)):
                key = "mean" if part is Part.MEAN else "variance"
                self._given("statistic", part, value, ("running", key), units)

    def work(self) -> Maps:
        """Add all quantities to the images; the maps that are made."""
        for part in parts(self.layer.running is not None):
            formulas = list(self._formulas(part))
            name, rule = f"{part}_{self.layer.name}", rule_of(part, self.layer)
            shared = self.is_batch and part in STATISTICS  # all observations have the same
            self.images.make(name, self.names[part], formulas, rule, shared)
        made = named(self.layer.name, len(self.maps.channels), self.maps.shape, self.maps.dimensions)
        standard = self.names[Part.STANDARD].entries
        trees = [
            scaled(*three) for three in zip(standard, self._each(self.gains), self._each(self.shifts), strict=True)
        ]
        self.images.make(self.layer.name, made, trees, "norm_scaled")
        return made

    def conventions(self, number: int) -> Iterator[Convention]:
        """What a document says about the layer `number`."""
        if self.layer.running is not None:
            code = "normalized_remembered"
        elif self.layer.over == "layer":
            code = "normalized_entries"
        elif not self.is_batch:
            code = "normalized_instance" if self.layer.over == "instance" else "normalized_groups"
        else:
            code = "normalized_channels" if self.maps.dimensions else "normalized_each"
        groups = {"groups": str(self.layer.groups)} if code == "normalized_groups" else {}
        yield Convention(code, {}, {"number": str(number), **groups})
        yield from standardization_conventions(self.layer, self.layer.running is not None)

    def _check(self, turns: bool) -> None:
        layer = self.layer
        if layer.running is not None and not self.is_batch:
            raise MisfitError((*self.place, "running"), "running statistics over a layer", "none: each has its own")
        if self.is_batch and layer.running is None and turns:
            expected = "`order: batch`, or `running` statistics"
            raise MisfitError((*self.place, "over"), "a batch of observations that have turns", expected)
        if layer.over in ("instance", "group") and not self.maps.dimensions:
            raise MisfitError((*self.place, "over"), f"`{layer.over}` after `flatten`", "`layer` or `batch`")
        if layer.groups > 1 and layer.over != "group":
            raise MisfitError((*self.place, "groups"), f"groups over `{layer.over}`", "`over: group`")
        if len(self.maps.channels) % layer.groups:
            found = f"{layer.groups} groups of {len(self.maps.channels)} channels"
            raise MisfitError((*self.place, "groups"), found, "a number that divides the channels")
        together = len(self.sets[0]) * (len(self.images.cases) if self.is_batch else 1)
        if layer.running is None and together < 2:
            expected = "several observations at once, or `running` statistics" if self.is_batch else "several entries"
            raise MisfitError((*self.place, "over"), "one number by itself", expected)

    def _part(self, part: Part, units: Maps) -> Maps:
        """The names of what one part makes of an observation, or of all of them."""
        name, maps = f"{part}_{self.layer.name}", self.maps
        if part in STATISTICS:
            return named(name, 1, units.shape, 0)
        return named(name, len(maps.channels), maps.shape, maps.dimensions)

    def _given(self, kind: str, name: str, value: Any, key: Location, like: Maps) -> tuple[str, ...]:
        """Given numbers, one for each of what is `like` that; a single number is that of all."""
        own, count = f"{name}_{self.layer.name}", len(like.entries)
        numbers = flat(value)
        if len(numbers) not in (1, count):
            each = "channel" if self.layer.over != "layer" and self.maps.dimensions else "entry"
            found = f"numbers of shape {shape_of(value)}"
            raise MisfitError((*self.place, *key), found, f"one number, or one for each {each}: {count}")
        if kind == "statistic" and name == Part.VARIANCE and min(numbers) < 0:
            raise MisfitError((*self.place, *key), "a variance below zero", "zero or more")
        made = named(own, len(like.channels), like.shape, like.dimensions)
        self.images.give(str(key[-1]), labels_of(kind, own, made), numbers * count if len(numbers) == 1 else numbers)
        return made.entries

    def _each(self, given: Sequence[str]) -> Iterator[str]:
        """The scale or the shift of each entry, channel by channel."""
        return (name for name, own in zip(given, self.scaled, strict=True) for _ in own)

    def _formulas(self, part: Part) -> Iterator[Formula]:
        """The formulas of one part, for one set after the other; statistics of a batch are over all observations."""
        apart, together = iter(self.names[Part.DEVIATION].entries), self.is_batch and part in STATISTICS
        for place, own in enumerate(self.sets):
            deviations = [next(apart) for _ in own]
            before = {known: [self.names[known].entries[place]] for known in STATISTICS}
            before[Part.DEVIATION] = self._over(deviations) if together else deviations
            values = self._over(own) if together else own
            yield from standardized(part, values, before, self.layer.count(len(values)), self.layer.added)

    def _over(self, names: Sequence[str]) -> list[str]:
        return [at(name, case) for case in self.images.cases for name in names]
