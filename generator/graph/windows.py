"""Sizes, stride and padding -> which entries of a signal or an image each window covers, in reading order.

A signal is an image of one row: everything here has rows and columns, counted from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from generator.graph.quantities import Graph, Label, Sliding

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of `size` over an image of `shape`, `stride` apart, with `padding` empty entries on every side.

    `dilation` is how far apart the entries of a window are; below and on the right there can be another number of empty
    entries, `behind`.
    """

    shape: Place
    size: Place
    stride: Place = (1, 1)
    padding: Place = (0, 0)
    dilation: Place = (1, 1)
    behind: Place | None = None

    @property
    def count(self) -> Place:
        """How many windows there are down and across; a rest that no whole window covers is left out."""
        down, across = (
            (inside + before + after - apart * (size - 1) - 1) // step + 1
            for inside, before, after, size, step, apart in zip(*self._along, strict=True)
        )
        return down, across

    @property
    def _along(self) -> tuple[Place, Place, Place, Place, Place, Place]:
        """What holds down and across."""
        behind = self.padding if self.behind is None else self.behind
        return self.shape, self.padding, behind, self.size, self.stride, self.dilation

    def sliding(self, made: str, dimensions: int, back: bool = False) -> Sliding:
        """What a reader is told of how many windows there are; a signal has one index."""
        shape, *others = self._along
        along = tuple(zip(self.count if back else shape, *others, strict=True))
        return Sliding(made, along[-dimensions:], back)

    def at(self, window: Place) -> Iterator[tuple[Place, Place]]:
        """The places that one window covers: in the window, and in the image. What lies on the padding is left out."""
        for place in product(range(self.size[0]), range(self.size[1])):
            row, column = (
                number * step + inside * apart - more
                for number, inside, step, more, apart in zip(
                    window, place, self.stride, self.padding, self.dilation, strict=True
                )
            )
            if 0 <= row < self.shape[0] and 0 <= column < self.shape[1]:
                yield place, (row, column)


@dataclass(frozen=True, slots=True)
class Maps:
    """Names of quantities by channel, row and column; `dimensions` is 2, 1 (one row), or 0 (flattened)."""

    channels: tuple[tuple[tuple[str, ...], ...], ...]
    dimensions: int

    @property
    def shape(self) -> Place:
        """Rows and columns of each channel."""
        return len(self.channels[0]), len(self.channels[0][0])

    @property
    def entries(self) -> tuple[str, ...]:
        """All entries, channel by channel and row by row."""
        return tuple(name for channel in self.channels for row in channel for name in row)

    def flattened(self, by_columns: bool = False) -> Maps:
        """The entries one after the other, channel by channel, each row by row or column by column."""
        read = [tuple(zip(*channel, strict=True)) if by_columns else channel for channel in self.channels]
        return Maps(((tuple(name for channel in read for row in channel for name in row),),), 0)

    def like(self, entries: Sequence[str]) -> Maps:
        """Other entries, channel by channel and row by row, in channels of the same shape."""
        names = iter(entries)
        made = tuple(tuple(tuple(next(names) for _ in row) for row in channel) for channel in self.channels)
        return Maps(made, self.dimensions)

    def renamed(self, own: Callable[[str], str]) -> Maps:
        """The same maps with `own` of every name."""
        return self.like(tuple(map(own, self.entries)))

    def __str__(self) -> str:
        rows, columns = self.shape
        each = f"{columns} entries" if self.dimensions < 2 else f"{rows} by {columns} entries"
        return f"{len(self.channels)} channels of {each}" if len(self.channels) > 1 else each


def named(name: str, channels: int, shape: Sequence[int], dimensions: int) -> Maps:
    """Names for the entries of what is called `name`: `z_1_2`, with several channels `z_2_1_2`; one entry alone `z`."""
    rows, columns = shape

    def entry(channel: int, row: int, column: int) -> str:
        parts = [str(channel + 1)] if channels > 1 and dimensions else []
        parts += [str(row + 1)] if dimensions == 2 else []
        parts += [str(column + 1)] if dimensions or columns > 1 else []
        return "_".join((name, *parts))

    made = tuple(
        tuple(tuple(entry(channel, row, column) for column in range(columns)) for row in range(rows))
        for channel in range(channels)
    )
    return Maps(made, dimensions)


def made_by_windows(graph: Graph) -> frozenset[str]:
    """All quantities that windows made, whatever updates they have seen."""
    made = {sliding.made for sliding in graph.slidings}

    def own(label: Label) -> Label:
        is_of = label.kind in ("after", "later") and label.of in graph  # what is followed need not be there itself
        return own(graph[label.of].label) if is_of else label

    labels = ((q.name, own(q.label)) for q in graph if made and q.label.kind in ("value", "after", "later"))
    return frozenset(name for name, label in labels if {label.of, label.name} & made)
