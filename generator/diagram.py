"""Diagram and its notation -> Drawing: units in columns, and every weight's symbol on its edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from math import hypot

from generator.drawing import NODE, SMALL, Arrow, Bounds, Circle, Drawing, Item, Mark, Point, bounds, width_of
from generator.graph import Diagram, Edge, Node
from generator.notation import Writer
from generator.typeset.boxes import Box, Digits, Op, Row

Values = Callable[[str], str]

WIDE, FIRST = 8, 3  # a column of more than WIDE units shows its FIRST ones, dots, and the last
BROADEST = 900.0  # with numbers on the edges; a drawing that would be broader leaves them out
STRETCHES = ((1, 1), (1.2, 1), (1, 1.2), (1.2, 1.25), (1.45, 1.25), (1.45, 1.5), (1.75, 1.75), (2.1, 2.1), (2.5, 2.6))
FRACTIONS = tuple(number / 40 for number in range(5, 36))  # where along its edge a label may stand


@dataclass(frozen=True, slots=True)
class _Track:
    """An edge as a curve (a straight one where `bend` is halfway) from centre to centre."""

    edge: Edge
    start: Circle
    bend: Point
    end: Circle
    bent: bool

    def at(self, t: float) -> Point:
        (a, b), (c, d), (e, f) = self.start.centre, self.bend, self.end.centre
        p, q, r = (1 - t) ** 2, 2 * t * (1 - t), t**2
        return p * a + q * c + r * e, p * b + q * d + r * f

    def points(self) -> tuple[Point, ...]:
        """From one node's rim to the other's."""
        first, last = _rim(self.at, self.start, 0.0), _rim(self.at, self.end, 1.0)
        steps = 16 if self.bent else 1
        return tuple(self.at(first + (last - first) * step / steps) for step in range(steps + 1))


def _rim(at: Callable[[float], Point], node: Circle, t: float) -> float:
    """Where a track that begins or ends (`t`) at the middle of `node` crosses its rim."""
    inside, outside = t, 0.5
    for _ in range(30):
        middle = (inside + outside) / 2
        (x, y), (a, b) = at(middle), node.centre
        inside, outside = (middle, outside) if hypot(x - a, y - b) < node.radius else (inside, middle)
    return outside


@dataclass(frozen=True, slots=True)
class _Sizes:
    radius: float
    bias: float  # the radius of a bias node
    gap: float  # between the centres of columns
    pitch: float  # between the centres of units


def draw_diagram(diagram: Diagram, writer: Writer, values: Values | None = None) -> Drawing:
    """The drawing of a network. With `values` (a quantity's number as shown: `trace.shown.__getitem__`) every input,
    weight and bias has its number too, unless there are so many that they could not be read.
    """
    drawn = _shortened(diagram)
    best: tuple[float, Drawing] | None = None
    for across, down in STRETCHES:
        drawing, cost = _drawn(diagram, drawn, writer, values, across, down)
        if values and drawing.width > BROADEST:
            break
        if best is None or cost < best[0]:
            best = cost, drawing
        if cost < GOOD:
            break
    if values and (best is None or best[0] >= _CLASH):
        return draw_diagram(diagram, writer)
    assert best is not None
    return best[1]


def _shortened(diagram: Diagram) -> Mapping[int, tuple[Node | None, ...]]:
    """The units of each column from top to bottom; `None` stands for those that are left out."""
    columns: dict[int, tuple[Node | None, ...]] = {}
    for column in sorted({node.column for node in diagram.nodes}):
        units = [node for node in diagram.nodes if node.column == column and node.kind != "bias"]
        columns[column] = (*units[:FIRST], None, units[-1]) if len(units) > WIDE else tuple(units)
    return columns


def _drawn(
    diagram: Diagram,
    columns: Mapping[int, tuple[Node | None, ...]],
    writer: Writer,
    values: Values | None,
    across: float,
    down: float,
) -> tuple[Drawing, float]:
    """The drawing at one stretch, and what its worst label costs."""
    names = {node.name for units in columns.values() for node in units if node}
    names |= {edge.start for edge in diagram.edges if edge.end in names and _kind(diagram, edge.start) == "bias"}
    edges = tuple(edge for edge in diagram.edges if edge.start in names and edge.end in names)
    wide = {column for column, units in columns.items() if None in units}
    column_of = {node.name: node.column for node in diagram.nodes}
    labelled = [edge for edge in edges if edge.label and not {column_of[edge.start], column_of[edge.end]} & wide]
    contents = {edge: _equation(writer, edge.label, values) for edge in labelled}
    sizes = _sizes(diagram, columns, edges, writer, list(contents.values()), across, down)
    circles, dots = _nodes(diagram, columns, edges, sizes)
    tracks = tuple(_track(edge, circles) for edge in edges)
    fixed = list(_node_marks(diagram, circles, edges, writer, values))
    obstacles = [_around(circle) for circle in circles.values()] + [bounds(mark) for mark in fixed]
    marks, cost = _labels([t for t in tracks if t.edge in contents], contents, tracks, obstacles)
    arrows = [Arrow(t.points(), "edge" if _kind(diagram, t.edge.start) != "bias" else "edge-bias") for t in tracks]
    return _framed((*arrows, *circles.values(), *dots, *fixed, *marks)), cost


def _kind(diagram: Diagram, name: str) -> str:
    return next(node.kind for node in diagram.nodes if node.name == name)


def _equation(writer: Writer, name: str, values: Values | None) -> Box:
    symbol = writer.box(name)
    return Row((symbol, Op("="), Digits(values(name)))) if values else symbol


# --- nodes -----------------------------------------------------------------------------------------------------------


def _sizes(
    diagram: Diagram,
    columns: Mapping[int, tuple[Node | None, ...]],
    edges: tuple[Edge, ...],
    writer: Writer,
    contents: list[Box],
    across: float,
    down: float,
) -> _Sizes:
    units = [writer.box(node.name) for nodes in columns.values() for node in nodes if node]
    biases = [writer.box(node.name) for node in diagram.nodes if node.kind == "bias"]
    radius = max(22.0, *(width_of(box, NODE) / 2 + 5 for box in units))
    bias = max([13.0, *(width_of(box, SMALL) / 2 + 4 for box in biases)])
    longest = max([0.0, *(width_of(box) for box in contents)])
    most = max(len(nodes) for nodes in columns.values())
    own = any(len(_targets(edges, node.name)) == 1 for node in diagram.nodes if node.kind == "bias")
    pitch = max(2 * radius + 44, 18.0 * (most + 1) if contents else 0, 2 * (radius + bias) + 30 if own else 0)
    return _Sizes(radius, bias, (2 * radius + longest + 110) * across, pitch * down)


def _targets(edges: tuple[Edge, ...], name: str) -> tuple[str, ...]:
    return tuple(edge.end for edge in edges if edge.start == name)


def _nodes(
    diagram: Diagram, columns: Mapping[int, tuple[Node | None, ...]], edges: tuple[Edge, ...], sizes: _Sizes
) -> tuple[dict[str, Circle], list[Circle]]:
    """A circle for every node, and the dots for those left out."""
    circles: dict[str, Circle] = {}
    dots: list[Circle] = []
    for place, (column, units) in enumerate(columns.items()):
        x, top = place * sizes.gap, -(len(units) - 1) * sizes.pitch / 2
        for row, node in enumerate(units):
            y = top + row * sizes.pitch
            if node:
                circles[node.name] = Circle((x, y), sizes.radius, f"node-{node.kind}")
            else:
                dots += [Circle((x, y + shift), 2.0, "dots") for shift in (-9, 0, 9)]
        below = -top + sizes.radius + sizes.bias + 24
        for node in diagram.nodes:
            targets = _targets(edges, node.name)
            if node.kind == "bias" and node.column == column and len(targets) > 1:
                circles[node.name] = Circle((x, below), sizes.bias, "node-bias")
                below = -below if below > 0 else -below + 2 * sizes.bias + 12  # in turn below and above
    for node in diagram.nodes:
        targets = _targets(edges, node.name)
        if node.kind == "bias" and len(targets) == 1:  # a unit's own bias stands over it
            x, y = circles[targets[0]].centre
            circles[node.name] = Circle((x, y - sizes.radius - sizes.bias - 16), sizes.bias, "node-bias")
    return circles, dots


def _node_marks(
    diagram: Diagram, circles: Mapping[str, Circle], edges: tuple[Edge, ...], writer: Writer, values: Values | None
) -> Iterator[Mark]:
    for node in diagram.nodes:
        if node.name not in circles:
            continue
        circle, bias = circles[node.name], node.kind == "bias"
        (x, y), r = circle.centre, circle.radius
        yield Mark(writer.box(node.name), (x, y), "label", size=SMALL if bias else NODE)
        if values and node.kind == "input":
            yield Mark(Digits(values(node.name)), (x - r - 7, y), anchor="end")
        elif values and bias and len(_targets(edges, node.name)) == 1:
            yield Mark(Digits(values(node.name)), (x + r + 5, y), anchor="start", halo=True)
        elif values and bias:
            yield Mark(Digits(values(node.name)), (x - r - 5, y), anchor="end", halo=True)


def _around(circle: Circle) -> Bounds:
    (x, y), r = circle.centre, circle.radius
    return x - r, y - r, x + r, y + r


# --- edges and their labels ------------------------------------------------------------------------------------------


def _track(edge: Edge, circles: Mapping[str, Circle]) -> _Track:
    """A straight way where one is free, else the least bent one."""
    start, end = circles[edge.start], circles[edge.end]
    (a, b), (c, d) = start.centre, end.centre
    others = [circle for name, circle in circles.items() if name not in (edge.start, edge.end)]
    ways = []
    for bend in (0, -0.3, 0.3, -0.5, 0.5, -0.8, 0.8, -1.1, 1.1):
        middle = ((a + c) / 2 - bend * (d - b), (b + d) / 2 + bend * (c - a))
        way = _Track(edge, start, middle, end, bool(bend))
        way_points = [way.at(step / 32) for step in range(33)]
        room = min(
            (hypot(x - o.centre[0], y - o.centre[1]) - o.radius for x, y in way_points for o in others), default=9.0
        )
        if room >= 5:
            return way
        ways.append((-room, len(ways), way))
    return min(ways)[2]


_CLASH, GOOD = 100.0, 15.0  # an overlap costs `_CLASH` and more; below `GOOD` every label is clear


def _labels(
    tracks: list[_Track], contents: Mapping[Edge, Box], everything: tuple[_Track, ...], obstacles: list[Bounds]
) -> tuple[list[Mark], float]:
    """A label on each of `tracks`, and the cost of the worst.

    All labels between two columns start at one common fraction of their edges, where they stand in a tidy row; then
    each looks for a better place, given the others, until none finds one.
    """

    def mark(track: _Track, t: float) -> Mark:
        return Mark(contents[track.edge], track.at(t), halo=True)

    lines = {track: [(a, b) for a, b in zip(track.points(), track.points()[1:])] for track in everything}
    alone: dict[tuple[int, float], tuple[Bounds, float]] = {}
    for number, track in enumerate(tracks):
        foreign = [line for other in everything if other is not track for line in lines[other]]
        for t in FRACTIONS:
            box = bounds(mark(track, t))
            cost = sum(_overlap(box, obstacle, 7, 4) for obstacle in obstacles)
            alone[number, t] = box, cost + sum(_crossed(box, track.at(t), line) for line in foreign)
    groups: dict[tuple[float, float], list[int]] = {}
    for number, track in enumerate(tracks):
        groups.setdefault((track.start.centre[0], track.end.centre[0]), []).append(number)
    chosen: dict[int, float] = {}
    for members in groups.values():
        common = min(FRACTIONS, key=lambda t: (_together(members, t, alone) + 40 * abs(t - 1 / 3), t))
        chosen.update(dict.fromkeys(members, common))
    home = dict(chosen)

    def cost(number: int, t: float) -> float:
        box, own = alone[number, t]
        return own + sum(_overlap(box, alone[other, chosen[other]][0], 4, 3) for other in chosen if other != number)

    for _ in range(6):
        before = dict(chosen)
        for number in chosen:
            chosen[number] = min(FRACTIONS, key=lambda t: (cost(number, t) + 4 * abs(t - home[number]), t))
        if chosen == before:
            break
    worst = max((cost(number, t) for number, t in chosen.items()), default=0.0)
    return [mark(track, chosen[number]) for number, track in enumerate(tracks)], worst


def _together(members: list[int], t: float, alone: Mapping[tuple[int, float], tuple[Bounds, float]]) -> float:
    """What it costs to label all `members` at the same fraction."""
    boxes = [alone[number, t][0] for number in members]
    return sum(alone[number, t][1] for number in members) + sum(_overlap(a, b, 4, 3) for a, b in combinations(boxes, 2))


def _overlap(one: Bounds, other: Bounds, across: float, down: float) -> float:
    """What it costs that two boxes lie over each other, or stand closer than `across` and `down`."""
    across = min(one[2], other[2]) - max(one[0], other[0]) + across
    down = min(one[3], other[3]) - max(one[1], other[1]) + down
    return _CLASH + across * down if across > 0 and down > 0 else 0.0


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


def _framed(items: tuple[Item, ...]) -> Drawing:
    """`items` moved onto a sheet that holds them all."""
    boxes = [_room(item) for item in items]
    left, top = min(box[0] for box in boxes) - 4, min(box[1] for box in boxes) - 4
    right, bottom = max(box[2] for box in boxes) + 4, max(box[3] for box in boxes) + 4
    return Drawing(right - left, bottom - top, tuple(_moved(item, -left, -top) for item in items))


def _room(item: Item) -> Bounds:
    match item:
        case Mark():
            return bounds(item)
        case Circle():
            return _around(item)
        case Arrow(points):
            across, down = [x for x, _ in points], [y for _, y in points]
            return min(across), min(down), max(across), max(down)
    raise TypeError(f"nothing of this kind is in a diagram: {item!r}")


def _moved(item: Item, dx: float, dy: float) -> Item:
    match item:
        case Mark():
            return replace(item, at=(item.at[0] + dx, item.at[1] + dy))
        case Circle():
            return replace(item, centre=(item.centre[0] + dx, item.centre[1] + dy))
        case Arrow(points):
            return replace(item, points=tuple((x + dx, y + dy) for x, y in points))
    raise TypeError(f"nothing of this kind is in a diagram: {item!r}")
