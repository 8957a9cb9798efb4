"""Diagram and its notation -> Drawing: units in columns, and every weight's symbol on its edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise
from math import hypot, inf

from generator.drawing import NODE, SMALL, Arrow, Bounds, Circle, Drawing, Item, Mark, Point, bounds, width_of
from generator.graph import Diagram, Edge, Node
from generator.notation import Writer
from generator.typeset.boxes import Box, Digits, Op, Row

Values = Callable[[str], str]

FIRST = 3  # a wide column shows its first ones, dots, and the last
WIDE, NARROW = 8, 5  # how many units a column shows at most; the second where the first makes too broad a drawing
MOST = 16  # more numbers than that between two columns cannot be read
NUMBERED, PLAIN = 900.0, 1100.0  # how broad a drawing with and without numbers on its edges may be
STRETCHES = ((1, 1), (1.2, 1), (1, 1.2), (1.2, 1.25), (1.45, 1.25), (1.45, 1.5), (1.75, 1.75), (2.1, 2.1), (2.5, 2.6))
FRACTIONS = tuple(number / 40 for number in range(5, 36))  # where along its edge a label may stand
CLASH, GOOD = 100.0, 2.5  # an overlap costs CLASH and more; where no label costs GOOD, nothing need be stretched


def draw_diagram(diagram: Diagram, writer: Writer, values: Values | None = None) -> Drawing:
    """The drawing of a network: every drawn weight's symbol stands on its edge.

    With `values` (a quantity's number as shown: `trace.shown.__getitem__`) inputs, weights and biases have their
    numbers too, except that weights have none where there would be too many to read. A layer of more than `WIDE` units
    is shortened, and the edges from and to it have no labels.
    """
    found = _best(_sheet(diagram, writer, values, WIDE, numbered=True), NUMBERED, MOST) if values else None
    found = found or _best(_sheet(diagram, writer, values, WIDE, numbered=False), PLAIN)
    found = found or _best(_sheet(diagram, writer, values, NARROW, numbered=False))
    assert found is not None
    return found


@dataclass(frozen=True)
class _Sheet:
    """What is drawn: the units of each column (`None` for those left out), the edges, and their labels."""

    nodes: Mapping[str, Node]
    columns: Mapping[int, tuple[Node | None, ...]]
    edges: tuple[Edge, ...]
    labels: Mapping[Edge, Box]
    writer: Writer
    values: Values | None

    @cached_property
    def biases(self) -> Mapping[str, tuple[str, ...]]:
        """The units that each bias goes to."""
        names = [node.name for node in self.nodes.values() if node.kind == "bias"]
        return {name: tuple(edge.end for edge in self.edges if edge.start == name) for name in names}

    def between(self, edge: Edge) -> tuple[int, int]:
        """The columns that an edge joins."""
        return self.nodes[edge.start].column, self.nodes[edge.end].column


def _sheet(diagram: Diagram, writer: Writer, values: Values | None, wide: int, numbered: bool) -> _Sheet:
    columns: dict[int, tuple[Node | None, ...]] = {}
    for column in sorted({node.column for node in diagram.nodes}):
        units = [node for node in diagram.nodes if node.column == column and node.kind != "bias"]
        columns[column] = (*units[:FIRST], None, units[-1]) if len(units) > wide else tuple(units)
    drawn = {node.name for units in columns.values() for node in units if node}
    biases = {node.name for node in diagram.nodes if node.kind == "bias"}
    edges = tuple(edge for edge in diagram.edges if edge.start in drawn | biases and edge.end in drawn)
    kept = drawn | {edge.start for edge in edges}
    nodes = {node.name: node for node in diagram.nodes if node.name in kept}
    labels: dict[Edge, Box] = {}
    for edge in edges:
        if edge.label and all(None not in columns[nodes[name].column] for name in (edge.start, edge.end)):
            symbol = writer.box(edge.label)
            labels[edge] = Row((symbol, Op("="), Digits(values(edge.label)))) if values and numbered else symbol
    return _Sheet(nodes, columns, edges, labels, writer, values)


def _best(sheet: _Sheet, broadest: float = inf, most: float = inf) -> Drawing | None:
    """The least stretched drawing whose labels are clear, else the clearest; none where labels overlap or are lost."""
    if max(Counter(map(sheet.between, sheet.labels)).values(), default=0) > most:
        return None
    tried: list[tuple[float, int, Drawing]] = []
    for number, (across, down) in enumerate(STRETCHES):
        drawing, cost = _drawn(sheet, across, down)
        if drawing.width > broadest:
            break
        tried.append((cost, number, drawing))
        if cost < GOOD:
            break
    if not tried:
        return None
    cost, _, best = min(tried, key=lambda one: one[0] + 0.4 * one[1])  # a larger drawing must be worth it
    return best if cost < CLASH or broadest == inf else None


def _drawn(sheet: _Sheet, across: float, down: float) -> tuple[Drawing, float]:
    """The drawing at one stretch, and what its worst label costs."""
    circles, dots = _nodes(sheet, across, down)
    tracks = [_track(edge, circles, abs(a - b) > 1) for edge in sheet.edges for a, b in [sheet.between(edge)]]
    fixed = list(_node_marks(sheet, circles))
    obstacles = [_around(circle) for circle in circles.values()] + [bounds(mark) for mark in fixed]
    marks, cost = _labels(sheet, tracks, obstacles)
    arrows = [Arrow(track.points(), "edge-bias" if track.edge.start in sheet.biases else "edge") for track in tracks]
    return _framed((*arrows, *circles.values(), *dots, *fixed, *marks)), cost


# --- nodes -----------------------------------------------------------------------------------------------------------


def _nodes(sheet: _Sheet, across: float, down: float) -> tuple[dict[str, Circle], list[Circle]]:
    """A circle for every node, and the dots for those left out."""
    wide = {name: width_of(sheet.writer.box(name), SMALL if name in sheet.biases else NODE) for name in sheet.nodes}
    radius = max([22.0, *(0.55 * width + 5 for name, width in wide.items() if name not in sheet.biases)])
    small = max([13.0, *(0.55 * wide[name] + 4 for name in sheet.biases)])
    most, drop = max(map(len, sheet.columns.values())), radius + small + 24
    own = any(len(targets) == 1 for targets in sheet.biases.values())
    pitch = down * max(2 * radius + 44, 18.0 * (most + 1) if sheet.labels else 0, 2 * (radius + small) + 30 * own)
    longest = max([0.0, *map(width_of, sheet.labels.values())])
    gap = max((2 * radius + longest + 110) * across, 0.6 * ((most - 1) * pitch + drop))  # no edge is too steep

    circles: dict[str, Circle] = {}
    dots: list[Circle] = []
    for place, (column, units) in enumerate(sheet.columns.items()):
        x, top = place * gap, -(len(units) - 1) * pitch / 2
        for row, node in enumerate(units):
            y = top + row * pitch
            if node:
                circles[node.name] = Circle((x, y), radius, f"node-{node.kind}")
            else:
                dots += [Circle((x, y + shift), 2.0, "dots") for shift in (-9, 0, 9)]
        shared = [n for n, targets in sheet.biases.items() if len(targets) > 1 and sheet.nodes[n].column == column]
        for number, name in enumerate(shared):  # in turn below and above the column
            away = drop - top + number // 2 * (2 * small + 12)
            circles[name] = Circle((x, -away if number % 2 else away), small, "node-bias")
    for name, targets in sheet.biases.items():
        if len(targets) == 1:  # a unit's own bias stands over it
            x, y = circles[targets[0]].centre
            circles[name] = Circle((x, y - radius - small - 16), small, "node-bias")
    return circles, dots


def _node_marks(sheet: _Sheet, circles: Mapping[str, Circle]) -> Iterator[Mark]:
    """The symbol in every node, and the numbers beside inputs and biases."""
    for name, node in sheet.nodes.items():
        (x, y), r, bias = circles[name].centre, circles[name].radius, node.kind == "bias"
        yield Mark(sheet.writer.box(name), (x, y), "label", size=SMALL if bias else NODE)
        if sheet.values and node.kind in ("input", "bias"):
            right = len(sheet.biases.get(name, ())) == 1
            at = (x + r + 6, y) if right else (x - r - 6, y)
            yield Mark(Digits(sheet.values(name)), at, anchor="start" if right else "end", halo=bias)


def _around(circle: Circle) -> Bounds:
    (x, y), r = circle.centre, circle.radius
    return x - r, y - r, x + r, y + r


# --- edges -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Track:
    """An edge's way from centre to centre: straight, or drawn towards the point `bend`."""

    edge: Edge
    start: Circle
    end: Circle
    bend: Point | None = None

    def at(self, t: float) -> Point:
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


def _track(edge: Edge, circles: Mapping[str, Circle], leaps: bool) -> _Track:
    """The straight way; for an edge that leaps a column, the least bent one that is free."""
    start, end = circles[edge.start], circles[edge.end]
    (a, b), (c, d) = start.centre, end.centre
    ways = [_Track(edge, start, end)]
    if leaps:
        for bend in (-0.3, 0.3, -0.5, 0.5, -0.8, 0.8, -1.1, 1.1):
            ways.append(_Track(edge, start, end, ((a + c) / 2 - bend * (d - b), (b + d) / 2 + bend * (c - a))))
    others = [circle for name, circle in circles.items() if name not in (edge.start, edge.end)]

    def room(way: _Track) -> float:
        on = [way.at(step / 32) for step in range(33)]
        return min((hypot(x - o.centre[0], y - o.centre[1]) - o.radius for x, y in on for o in others), default=6.0)

    return max(ways, key=lambda way: min(room(way), 6.0))


# --- labels on edges -------------------------------------------------------------------------------------------------


def _labels(sheet: _Sheet, tracks: list[_Track], obstacles: Sequence[Bounds]) -> tuple[list[Mark], float]:
    """The labels, and what the worst of them costs.

    All labels between two columns begin at one common fraction of their edges, where they stand in a tidy row; then
    each looks for a better place, given the others, until none finds one.
    """
    mine = [track for track in tracks if track.edge in sheet.labels]
    marks = {
        (number, t): Mark(sheet.labels[track.edge], track.at(t), halo=True)
        for number, track in enumerate(mine)
        for t in FRACTIONS
    }
    boxes = {place: bounds(mark) for place, mark in marks.items()}
    lines = [
        (track, line, 0.4 if track.edge.start in sheet.biases else 1.0)
        for track in tracks
        for line in pairwise(track.points())
    ]
    alone: dict[tuple[int, float], float] = {}
    for (number, t), box in boxes.items():
        at, own = marks[number, t].at, mine[number]
        crossed = sum(weight * _crossed(box, at, line) for track, line, weight in lines if track is not own)
        alone[number, t] = crossed + sum(_overlap(box, obstacle, 7, 4) for obstacle in obstacles)
    groups: dict[tuple[int, int], list[int]] = {}
    for number, track in enumerate(mine):
        groups.setdefault(sheet.between(track.edge), []).append(number)

    def together(members: list[int], t: float) -> float:
        pairs = combinations((boxes[number, t] for number in members), 2)
        return sum(alone[number, t] for number in members) + sum(_overlap(a, b, 4, 3) for a, b in pairs)

    home: dict[int, float] = {}
    for group in groups.values():
        costs = {t: together(group, t) + 10 * len(group) * abs(t - 1 / 3) for t in FRACTIONS}
        home.update(dict.fromkeys(group, min(FRACTIONS, key=costs.__getitem__)))
    chosen = dict(home)

    def cost(number: int, t: float) -> float:
        others = (boxes[other, place] for other, place in chosen.items() if other != number)
        return alone[number, t] + sum(_overlap(boxes[number, t], box, 4, 3) for box in others)

    for _ in range(6):
        before = dict(chosen)
        for number in chosen:
            costs = {t: cost(number, t) + 30 * abs(t - home[number]) for t in FRACTIONS}
            chosen[number] = min(FRACTIONS, key=costs.__getitem__)
        if chosen == before:
            break
    return [marks[place] for place in chosen.items()], max((cost(*place) for place in chosen.items()), default=0.0)


def _overlap(one: Bounds, other: Bounds, across: float, down: float) -> float:
    """What it costs that two boxes lie over each other, or stand closer than `across` and `down`."""
    across += min(one[2], other[2]) - max(one[0], other[0])
    down += min(one[3], other[3]) - max(one[1], other[1])
    return CLASH + across * down if across > 0 and down > 0 else 0.0


def _crossed(box: Bounds, middle: Point, line: tuple[Point, Point]) -> float:
    """What it costs that another edge's line runs through a label: more, the closer to the label's middle."""
    (a, b), (c, d) = line
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
    return min(9.0, 10 * inside) + max(0.0, 60 * (1 - distance / 7))


# --- the sheet -------------------------------------------------------------------------------------------------------


def _framed(items: tuple[Arrow | Circle | Mark, ...]) -> Drawing:
    """`items` moved onto a sheet that holds them all."""
    boxes = [_room(item) for item in items]
    left, top = min(box[0] for box in boxes) - 4, min(box[1] for box in boxes) - 4
    right, bottom = max(box[2] for box in boxes) + 4, max(box[3] for box in boxes) + 4
    return Drawing(right - left, bottom - top, tuple(_moved(item, -left, -top) for item in items))


def _room(item: Arrow | Circle | Mark) -> Bounds:
    match item:
        case Mark():
            return bounds(item)
        case Circle():
            return _around(item)
        case Arrow(points):
            across, down = [x for x, _ in points], [y for _, y in points]
            return min(across), min(down), max(across), max(down)


def _moved(item: Arrow | Circle | Mark, dx: float, dy: float) -> Item:
    match item:
        case Mark(_, (x, y)):
            return replace(item, at=(x + dx, y + dy))
        case Circle((x, y)):
            return replace(item, centre=(x + dx, y + dy))
        case Arrow(points):
            return replace(item, points=tuple((x + dx, y + dy) for x, y in points))
