"""Edges of a diagram and their labels -> where each label stands: clear of nodes, of other labels and of edges."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot

from generator.drawings.drawing import HEAD, Bounds, Circle, Content, Mark, Point, bounds
from generator.graph.quantities import Edge

FRACTIONS = tuple(number / 40 for number in range(5, 36))  # where along its edge a label may stand
CLASH = 100.0  # an overlap costs that and more
CROSSED = 15.0  # what it costs at least that a line runs through a label: its halo would cut the line, or a crossing
AROUND = 4.0, 2.0  # how far the halo of a label goes beyond it, and a little more


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
    marks = {
        (number, t): Mark(labels[track.edge], track.at(t), halo=True)
        for number, track in enumerate(mine)
        for t in FRACTIONS
    }
    own = [bounds(Mark(labels[track.edge], (0.0, 0.0), halo=True)) for track in mine]
    boxes = {place: _moved(own[place[0]], mark.at) for place, mark in marks.items()}
    # Where each label can come to lie, and so what it can ever meet: most things it never does.
    reach = [_around([boxes[number, t] for t in FRACTIONS]) for number in range(len(mine))]
    lines = [
        (track, line, 0.4 if track.edge.start in faint else 1.0)
        for track in tracks
        for line in pairwise(track.points())
    ]
    seen = [track.points() for track in mine]
    alone: dict[tuple[int, float], float] = {}
    for number, way in enumerate(mine):
        within = reach[number]
        others = [(line, weight) for track, line, weight in lines if track is not way and not _misses(within, line)]
        blocking = [obstacle for obstacle in obstacles if _overlap(within, obstacle, 7, 4)]
        for t in FRACTIONS:
            box, at = boxes[number, t], marks[number, t].at
            crossed = sum(weight * _crossed(box, at, line) for line, weight in others)
            alone[number, t] = crossed + sum(_overlap(box, obstacle, 7, 4) for obstacle in blocking)
            alone[number, t] += _covered(box, seen[number])
    groups: dict[tuple[int, int], list[int]] = {}
    for number, track in enumerate(mine):
        groups.setdefault(between(track.edge), []).append(number)

    met = [[bool(_overlap(one, other, 4, 3)) for other in reach] for one in reach]

    def together(members: list[int], t: float) -> float:
        pairs = ((a, b) for a, b in combinations(members, 2) if met[a][b])
        close = sum(_overlap(boxes[a, t], boxes[b, t], 4, 3) for a, b in pairs)
        return sum(alone[number, t] for number in members) + close

    home: dict[int, float] = {}
    for group in groups.values():
        best = wanted(mine[group[0]].edge)
        costs = {t: together(group, t) + 10 * len(group) * abs(t - best) for t in FRACTIONS}
        home.update(dict.fromkeys(group, min(FRACTIONS, key=costs.__getitem__)))
    chosen = dict(home)
    near = {number: [other for other in home if other != number and met[number][other]] for number in home}

    def cost(number: int, t: float) -> float:
        others = (boxes[other, chosen[other]] for other in near[number])
        return alone[number, t] + sum(_overlap(boxes[number, t], box, 4, 3) for box in others)

    unsettled = set(chosen)  # those of which something near has moved since they looked
    for _ in range(6):
        for number in filter(unsettled.__contains__, tuple(chosen)):
            unsettled.discard(number)
            costs = {t: cost(number, t) + 30 * abs(t - home[number]) for t in FRACTIONS}
            found = min(FRACTIONS, key=costs.__getitem__)
            if found != chosen[number]:
                chosen[number] = found
                unsettled.update(near[number])
    return [marks[place] for place in chosen.items()], max((cost(*place) for place in chosen.items()), default=0.0)


def _around(boxes: Sequence[Bounds]) -> Bounds:
    """The box around some boxes."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _moved(box: Bounds, by: Point) -> Bounds:
    return box[0] + by[0], box[1] + by[1], box[2] + by[0], box[3] + by[1]


def _misses(box: Bounds, line: tuple[Point, Point]) -> bool:
    """Whether a line passes a box, and the halo of a label in it, at a distance."""
    (a, b), (c, d) = line
    left, top, right, bottom = box[0] - AROUND[0], box[1] - AROUND[1], box[2] + AROUND[0], box[3] + AROUND[1]
    return max(a, c) < left or min(a, c) > right or max(b, d) < top or min(b, d) > bottom


def _overlap(one: Bounds, other: Bounds, across: float, down: float) -> float:
    """What it costs that two boxes lie over each other, or stand closer than `across` and `down`."""
    across += min(one[2], other[2]) - max(one[0], other[0])
    down += min(one[3], other[3]) - max(one[1], other[1])
    return CLASH + across * down if across > 0 and down > 0 else 0.0


def _covered(box: Bounds, line: Sequence[Point]) -> float:
    """What it costs that a label leaves its own line no piece at its start, or covers its head."""
    return CROSSED * sum(
        box[0] - room < x < box[2] + room and box[1] - room < y < box[3] + room
        for (x, y), room in ((line[0], AROUND[0]), (line[-1], 2 * HEAD))
    )


def _crossed(box: Bounds, middle: Point, line: tuple[Point, Point]) -> float:
    """What it costs that another edge's line runs through a label: more, the closer to the label's middle."""
    (a, b), (c, d) = line
    if _misses(box, line):
        return 0.0
    box = box[0] - AROUND[0], box[1] - AROUND[1], box[2] + AROUND[0], box[3] + AROUND[1]
    dx, dy = c - a, d - b
    low, high = 0.0, 1.0
    for step, first, last in ((dx, box[0] - a, box[2] - a), (dy, box[1] - b, box[3] - b)):
        if step:
            near, far = sorted((first / step, last / step))
            low, high = max(low, near), min(high, far)
        elif not first <= 0 <= last:
            return 0.0
    if low >= high:
        return 0.0
    inside = (high - low) * hypot(dx, dy) / (box[2] - box[0])
    distance = abs(dx * (middle[1] - b) - dy * (middle[0] - a)) / hypot(dx, dy)
    return CROSSED + min(9.0, 10 * inside) + max(0.0, 60 * (1 - distance / 7))
