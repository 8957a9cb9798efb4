"""Edges of a diagram and their labels -> where each label stands: clear of nodes, of other labels and of edges."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot

import numpy as np
from numpy.typing import NDArray

from generator.drawings.drawing import HEAD, Bounds, Circle, Content, Mark, Point, bounds
from generator.graph.quantities import Edge

FRACTIONS = tuple(number / 40 for number in range(5, 36))  # where along its edge a label may stand
CLASH = 100.0  # an overlap costs that and more
CROSSED = 15.0  # what it costs at least that a line runs through a label: its halo would cut the line, or a crossing
AROUND = 4.0, 2.0  # how far the halo of a label goes beyond it, and a little more

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Track:
    """An edge's way from centre to centre: straight, or drawn towards the point `bend`."""

    edge: Edge
    start: Circle
    end: Circle
    bend: Point | None = None

    def at(self, t: float) -> Point:
        """The point at the fraction `t` of the way."""
        (a, b), (e, f) = self.start.centre, self.end.centre
        c, d = self.bend or ((a + e) / 2, (b + f) / 2)
        p, q, r = (1 - t) ** 2, 2 * t * (1 - t), t**2
        return p * a + q * c + r * e, p * b + q * d + r * f

    def points(self) -> tuple[Point, ...]:
        """The part that is seen, from rim to rim."""
        first, last = self._rim(self.start, 0.0), self._rim(self.end, 1.0)
        steps = 16 if self.bend else 1
        return tuple(self.at(first + (last - first) * step / steps) for step in range(steps + 1))

    def _rim(self, node: Circle, inside: float) -> float:
        outside, (a, b) = 0.5, node.centre
        for _ in range(30):
            middle = (inside + outside) / 2
            x, y = self.at(middle)
            inside, outside = (middle, outside) if hypot(x - a, y - b) < node.radius else (inside, middle)
        return outside


def place_tracks(edges: Sequence[Edge], circles: Mapping[str, Circle], leaps: Callable[[Edge], bool]) -> list[Track]:
    """The ways of all edges. Of two between the same nodes, the one with a label has the better way."""
    found: dict[Edge, Track] = {}
    for edge in sorted(edges, key=lambda edge: not edge.label):
        twins = [way for other, way in found.items() if (other.start, other.end) == (edge.start, edge.end)]
        found[edge] = track(edge, circles, leaps(edge), twins)
    return [found[edge] for edge in edges]


def track(edge: Edge, circles: Mapping[str, Circle], leaps: bool, twins: Sequence[Track] = ()) -> Track:
    """The straight way; for an edge that leaps a column, or has `twins`, the least bent one that is free.

    The ways of its twins, which join the same nodes, are not free.
    """
    start, end = circles[edge.start], circles[edge.end]
    (a, b), (c, d) = start.centre, end.centre
    ways = [Track(edge, start, end)]
    if leaps or twins:
        for bend in (-0.3, 0.3, -0.5, 0.5, -0.8, 0.8, -1.1, 1.1):
            ways.append(Track(edge, start, end, ((a + c) / 2 - bend * (d - b), (b + d) / 2 + bend * (c - a))))
    ways = [way for way in ways if way.bend not in [twin.bend for twin in twins]]
    others = [circle for name, circle in circles.items() if name not in (edge.start, edge.end)]

    def room(way: Track) -> float:
        on = [way.at(step / 32) for step in range(33)]
        return min((hypot(x - o.centre[0], y - o.centre[1]) - o.radius for x, y in on for o in others), default=6.0)

    return max(ways, key=lambda way: min(room(way), 6.0))


# --- labels on edges -------------------------------------------------------------------------------------------------
# A label is tried at every one of FRACTIONS at once: `boxes` are arrays of (fractions, 4), costs of (fractions,). Costs
# are added in their order (`cumsum`, never `sum`, whose order is NumPy's own), so that ties fall alike on any machine.


def place_labels(
    tracks: list[Track],
    labels: Mapping[Edge, Content],
    faint: Container[str],
    between: Callable[[Edge], tuple[int, int]],
    obstacles: Sequence[Bounds],
    wanted: Callable[[Edge], float] = lambda _: 1 / 3,
) -> tuple[list[Mark], float]:
    """The labels of `tracks`, and what the worst of them costs; `faint` edges may be crossed at less.

    All labels between two columns begin at one common fraction of their edges (near `wanted`), where they stand in a
    tidy row; then each looks for a better place, given the others, until none finds one.
    """
    mine = [track for track in tracks if track.edge in labels]
    if not mine:
        return [], 0.0
    points = [np.array([track.at(t) for t in FRACTIONS]) for track in mine]
    own = [bounds(Mark(labels[track.edge], (0.0, 0.0), halo=True)) for track in mine]
    boxes = [np.array(box) + at[:, (0, 1, 0, 1)] for box, at in zip(own, points, strict=True)]
    # Where each label can come to lie, and so what it can ever meet: most things it never does.
    reach = [_around(places) for places in boxes]
    lines = [
        (track, line, 0.4 if track.edge.start in faint else 1.0)
        for track in tracks
        for line in pairwise(track.points())
    ]
    alone: list[Floats] = []
    for way, places, at, within in zip(mine, boxes, points, reach, strict=True):
        others = [(line, weight) for track, line, weight in lines if track is not way and not _misses(within, line)]
        blocking = [obstacle for obstacle in obstacles if _meet(within, obstacle, 7, 4)]
        costs = _crossed(places, at, others) + _overlaps(places, np.array(blocking).reshape(-1, 1, 4), 7, 4)
        alone.append(costs + _covered(places, way.points()))
    groups: dict[tuple[int, int], list[int]] = {}
    for number, track in enumerate(mine):
        groups.setdefault(between(track.edge), []).append(number)

    met = [[_meet(one, other, 4, 3) for other in reach] for one in reach]
    home: dict[int, int] = {}
    for group in groups.values():
        best = np.array([abs(t - wanted(mine[group[0]].edge)) for t in FRACTIONS])
        pairs = [(a, b) for a, b in combinations(group, 2) if met[a][b]]
        first, second = (
            np.array([boxes[pair[side]] for pair in pairs]).reshape(-1, len(FRACTIONS), 4) for side in (0, 1)
        )
        together = _added(np.array([alone[number] for number in group])) + _overlaps(first, second, 4, 3)
        home.update(dict.fromkeys(group, int(np.argmin(together + 10 * len(group) * best))))
    chosen = dict(home)
    near = {number: [other for other in home if other != number and met[number][other]] for number in home}

    def cost(number: int) -> Floats:
        others = np.array([boxes[other][chosen[other]] for other in near[number]]).reshape(-1, 1, 4)
        return alone[number] + _overlaps(boxes[number], others, 4, 3)

    unsettled = set(chosen)  # those of which something near has moved since they looked
    for _ in range(6):
        for number in filter(unsettled.__contains__, tuple(chosen)):
            unsettled.discard(number)
            away = np.array([abs(t - FRACTIONS[home[number]]) for t in FRACTIONS])
            found = int(np.argmin(cost(number) + 30 * away))
            if found != chosen[number]:
                chosen[number] = found
                unsettled.update(near[number])
    marks = [
        Mark(labels[mine[number].edge], mine[number].at(FRACTIONS[place]), halo=True)
        for number, place in chosen.items()
    ]
    return marks, max(float(cost(number)[place]) for number, place in chosen.items())


def _added(costs: Floats) -> Floats:
    """The sums over the first axis, added in order."""
    return costs.cumsum(axis=0)[-1] if len(costs) else np.zeros(costs.shape[1:])


def _around(boxes: Floats) -> Bounds:
    """The box around some boxes."""
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def _misses(box: Bounds, line: tuple[Point, Point]) -> bool:
    """Whether a line passes a box, and the halo of a label in it, at a distance."""
    (a, b), (c, d) = line
    left, top, right, bottom = box[0] - AROUND[0], box[1] - AROUND[1], box[2] + AROUND[0], box[3] + AROUND[1]
    return max(a, c) < left or min(a, c) > right or max(b, d) < top or min(b, d) > bottom


def _meet(one: Bounds, other: Bounds, across: float, down: float) -> bool:
    """Whether two boxes lie over each other, or stand closer than `across` and `down`."""
    beside = across + min(one[2], other[2]) - max(one[0], other[0])
    return beside > 0 and down + min(one[3], other[3]) - max(one[1], other[1]) > 0


def _overlaps(ones: Floats, others: Floats, across: float, down: float) -> Floats:
    """What it costs at each place of `ones` that it and `others`, of shape (number, 1 or places, 4), lie so."""
    beside = across + (np.minimum(ones[..., 2], others[..., 2]) - np.maximum(ones[..., 0], others[..., 0]))
    below = down + (np.minimum(ones[..., 3], others[..., 3]) - np.maximum(ones[..., 1], others[..., 1]))
    return _added(np.where((beside > 0) & (below > 0), CLASH + beside * below, 0.0))


def _covered(boxes: Floats, line: Sequence[Point]) -> Floats:
    """What it costs that a label leaves its own line no piece at its start, or covers its head."""
    left, top, right, bottom = boxes.T
    covered = np.zeros(len(boxes))
    for (x, y), room in ((line[0], AROUND[0]), (line[-1], 2 * HEAD)):
        covered += (left - room < x) & (x < right + room) & (top - room < y) & (y < bottom + room)
    return CROSSED * covered


def _crossed(boxes: Floats, middles: Floats, lines: Sequence[tuple[tuple[Point, Point], float]]) -> Floats:
    """What it costs that lines, each with its weight, run through a label: more, the closer to its middle."""
    ends = np.array([[*line[0], *line[1], weight, _length(line)] for line, weight in lines]).reshape(-1, 6)
    a, b, c, d, weight, length = ends.T[..., np.newaxis]
    left, top, right, bottom = boxes.T
    low, high = np.zeros((len(lines), len(boxes))), np.ones((len(lines), len(boxes)))
    for step, start, first, last, room in ((c - a, a, left, right, AROUND[0]), (d - b, b, top, bottom, AROUND[1])):
        to_first, to_last = first - room - start, last + room - start
        with np.errstate(divide="ignore", invalid="ignore"):  # a line along an axis is told by itself
            ways = np.stack((to_first / step, to_last / step))
        beside = np.where((to_first <= 0) & (to_last >= 0), -np.inf, np.inf)
        low = np.maximum(low, np.where(step == 0, beside, ways.min(axis=0)))
        high = np.minimum(high, np.where(step == 0, -beside, ways.max(axis=0)))
    dx, dy = c - a, d - b
    with np.errstate(invalid="ignore"):
        inside = (high - low) * length / (right - left + 2 * AROUND[0])
        distance = abs(dx * (middles[:, 1] - b) - dy * (middles[:, 0] - a)) / length
        cost = CROSSED + np.minimum(9.0, 10 * inside) + np.maximum(0.0, 60 * (1 - distance / 7))
    return _added(weight * np.where(low < high, cost, 0.0))


def _length(line: tuple[Point, Point]) -> float:
    (a, b), (c, d) = line
    return hypot(c - a, d - b)
