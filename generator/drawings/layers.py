"""Diagram in columns -> the order and the heights of what stands in each column, with few crossings and bends.

A line from a node to another one further right passes each column between at a place of its own (a *spot* as well), so
that it meets nothing there; lines from one node to several run together as far as they can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from generator.graph.quantities import Diagram

_SWEEPS = 12
_STRAIGHT = 6.0  # how much more it counts where a passing line wants to be than where a node does


class Spot(NamedTuple):
    """Where a node, or the line that comes from it, stands in a column."""

    name: str
    column: int


class Layers(NamedTuple):
    """Spots from above in each column, and the links that lead from one column to the next."""

    columns: tuple[tuple[Spot, ...], ...]
    links: tuple[tuple[Spot, Spot], ...]


def layered(diagram: Diagram) -> Layers:
    """The spots of a diagram whose edges all lead to the right, ordered so that few of its links cross."""
    own = {node.name: node.column for node in diagram.nodes}
    links: dict[tuple[Spot, Spot], None] = {}
    for edge in diagram.edges:
        way = [Spot(edge.start, column) for column in range(own[edge.start], own[edge.end])]
        links |= dict.fromkeys(pairwise((*way, Spot(edge.end, own[edge.end]))))
    found = {spot: None for node in diagram.nodes for spot in [Spot(node.name, node.column)]}
    found |= {spot: None for link in links for spot in link}
    starts = [_columns(list(found)), _columns(_from_the_end(diagram, list(found)))]
    tried = [made for start in starts for made in _swept(start, tuple(links))]
    best = min(tried, key=lambda columns: _crossings(columns, links))
    return Layers(tuple(map(tuple, best)), tuple(links))


def _columns(spots: Sequence[Spot]) -> list[list[Spot]]:
    return [[spot for spot in spots if spot.column == n] for n in range(1 + max(spot.column for spot in spots))]


def _from_the_end(diagram: Diagram, spots: Sequence[Spot]) -> list[Spot]:
    """`spots` as they are met on the way back from the last node, operand by operand."""
    met: dict[str, None] = {}
    left = [max(diagram.nodes, key=lambda node: node.column).name]
    while left:
        name = left.pop()
        met.pop(name, None)
        met[name] = None
        left += [edge.start for edge in reversed(diagram.edges) if edge.end == name]
    order = {name: place for place, name in enumerate(met)}
    return sorted(spots, key=lambda spot: order.get(spot.name, len(order)))


# --- the order in each column ---


def _swept(columns: list[list[Spot]], links: Sequence[tuple[Spot, Spot]]) -> Iterator[list[list[Spot]]]:
    """Orders in which each spot stands where its neighbours to one side stand on average, and the better of twins."""
    columns = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        yield _switched(columns, links)
        backwards = bool(sweep % 2)
        order = range(len(columns) - 2, -1, -1) if backwards else range(1, len(columns))
        for number in order:
            beside = {spot: place for place, spot in enumerate(columns[number - 1 if not backwards else number + 1])}
            now = {spot: float(place) for place, spot in enumerate(columns[number])}
            for spot in columns[number]:
                near = [beside[one[backwards]] for one in links if one[not backwards] == spot]
                now[spot] = sum(near) / len(near) if near else now[spot]
            columns[number].sort(key=now.__getitem__)


def _switched(columns: list[list[Spot]], links: Sequence[tuple[Spot, Spot]]) -> list[list[Spot]]:
    """`columns` with neighbours switched as long as that makes fewer crossings."""
    columns = [list(column) for column in columns]
    best, better = _crossings(columns, links), True
    while better and best:
        better = False
        for column in columns:
            for place in range(len(column) - 1):
                column[place : place + 2] = column[place + 1], column[place]
                now = _crossings(columns, links)
                if now < best:
                    best, better = now, True
                else:
                    column[place : place + 2] = column[place + 1], column[place]
    return columns


def _crossings(
    columns: Sequence[Sequence[Spot]], links: Sequence[tuple[Spot, Spot]] | Mapping[tuple[Spot, Spot], None]
) -> int:
    """How many pairs of links cross."""
    place = {spot: number for column in columns for number, spot in enumerate(column)}
    gaps: dict[int, list[tuple[int, int]]] = {}
    for start, end in links:
        gaps.setdefault(start.column, []).append((place[start], place[end]))
    return sum((a - c) * (b - d) < 0 for gap in gaps.values() for (a, b), (c, d) in combinations(gap, 2))


# --- heights ---


def heights(layers: Layers, apart: Callable[[Spot, Spot], float]) -> dict[Spot, float]:
    """How far down each spot stands: near its neighbours, and at least `apart` from the one above it in its column."""
    found: dict[Spot, float] = {}
    for column in layers.columns:
        offsets = _offsets(column, apart)
        found |= {spot: offset - offsets[-1] / 2 for spot, offset in zip(column, offsets, strict=True)}
    sides: dict[Spot, tuple[list[Spot], list[Spot]]] = {spot: ([], []) for spot in found}
    for start, end in layers.links:
        sides[end][0].append(start)
        sides[start][1].append(end)
    own = {
        name: min(spot.column for spot in found if spot.name == name) for name in {spot.name: None for spot in found}
    }
    passing = {spot for spot in found if spot.column > own[spot.name]}
    for sweep in range(_SWEEPS):
        for column in layers.columns if sweep % 2 else layers.columns[::-1]:
            wanted, weights = [], []
            for spot in column:
                before, behind = sides[spot]
                near = [*before, *behind] if sweep == _SWEEPS - 1 else before if sweep % 2 else behind
                along = [other for other in (*before, *behind) if spot in passing and other in passing]
                near = [other for other in along if other.name == spot.name] or near  # a long line is a straight one
                wanted.append(sum(found[other] for other in near) / len(near) if near else found[spot])
                weights.append(_STRAIGHT if spot in passing else 1.0)
            found |= zip(column, _spread(wanted, weights, _offsets(column, apart)), strict=True)
    return found


def _offsets(column: Sequence[Spot], apart: Callable[[Spot, Spot], float]) -> list[float]:
    offsets = [0.0]
    for pair in pairwise(column):
        offsets.append(offsets[-1] + apart(*pair))
    return offsets


def _spread(wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The heights nearest to those wanted that keep their order and distance: neighbours too close go by their mean."""
    blocks: list[tuple[float, float, int]] = []  # the mean of a block's wishes, less their offsets; its weight and size
    for wish, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, heavy, count = wish - offset, weight, 1
        while blocks and blocks[-1][0] >= mean:
            other, more, number = blocks.pop()
            mean, heavy, count = (other * more + mean * heavy) / (more + heavy), more + heavy, number + count
        blocks.append((mean, heavy, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
