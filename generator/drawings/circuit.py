"""Diagram of a circuit and its notation -> Drawing: operations in nodes, behind each its value and its derivative.

From every node one line leads on, with the value over it and the derivative under it, and only then branches. Numbers
stand in columns with the nodes that they belong to, and lines change their height between the columns alone: so nothing
lies over anything else, whatever the circuit.

Longer than 250 lines because the lengths that are measured and what is drawn with them change together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import pi, sin

from generator.drawings.drawing import (
    NODE,
    SMALL,
    Arrow,
    Circle,
    Content,
    Curve,
    Drawing,
    Frame,
    Item,
    Mark,
    Point,
    framed,
    width_of,
)
from generator.drawings.layers import Layers, Spot, heights, layered
from generator.drawings.operations import operation
from generator.graph.quantities import Diagram, Graph, Node, derivative_name
from generator.notation.writer import Writer
from generator.typeset.boxes import Digits

BLANK = 64.0, 36.0  # room for a number that is written by hand
PAGE = 770.0  # how wide a drawing can be that a page need not make smaller
_LEAST, _HALO = 17.0, 9.0  # the radius of a node at least; how far a name stands over its node
_OVER, _BACK = 11.0, 7.0  # how far over a line its value stands, how far under it the way back
_STEPS = 16


@dataclass(frozen=True)
class _Sheet:
    """What is drawn: the diagram, what stands in and over its nodes, and the room for a number (`None`: no numbers)."""

    diagram: Diagram
    writer: Writer
    room: Digits | None
    solved: bool
    tall: float = BLANK[1]

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.diagram.nodes}

    @cached_property
    def layers(self) -> Layers:
        return layered(self.diagram)

    @cached_property
    def inside(self) -> Mapping[str, Content]:
        """What stands in each node: its operation, or its name."""
        return {name: operation(self.writer, name) or self.writer.box(name) for name in self.nodes}

    def is_named(self, name: str) -> bool:
        """Whether the name of a node stands over it, because its operation stands in it."""
        return self.inside[name] != self.writer.box(name)

    @cached_property
    def radius(self) -> Mapping[str, float]:
        return {name: max(_LEAST, 0.55 * width_of(box, size_in(box)) + 5) for name, box in self.inside.items()}

    def derivative(self, name: str) -> str:
        """The derivative that a node shows (empty: none), which has been worked."""
        made = derivative_name(self.diagram.of, name)
        return made if made in self.writer.graph and self.diagram.shows(made) else ""

    @cached_property
    def has_ways_back(self) -> bool:
        """Whether any derivative is shown."""
        return any(map(self.derivative, self.nodes))

    def leads_back(self, name: str) -> bool:
        """Whether a derivative stands at the line of a node; at the last one it is 1."""
        return bool(self.derivative(name)) or (name == self.diagram.of and (self.has_ways_back or self.solved))

    def shows(self, name: str) -> bool:
        """Whether the value of a node is shown, and not asked for."""
        return self.solved or self.nodes[name].kind == "input"

    # --- lengths ---

    @cached_property
    def wire(self) -> float:
        """How long the line behind a node is, under its value."""
        number = width_of(self.room) if self.room else 0.0
        return max(number, 0.0 if self.solved or not self.room else BLANK[0]) + 12

    def above(self, spot: Spot) -> float:
        """How much room a spot takes above its line."""
        if not self.is_node(spot):
            return 5.0
        name = self.radius[spot.name] + (_HALO + 7 if self.is_named(spot.name) else 2)
        return max(name, 21.0 if self.shows(spot.name) or not self.room else self.tall + 6)

    def below(self, spot: Spot) -> float:
        """How much room a spot takes below its line."""
        if not self.is_node(spot):
            return 5.0
        back = _BACK + (17 if self.solved else self.tall + 5)
        return max(self.radius[spot.name] + 2, back if self.room and self.leads_back(spot.name) else 0.0)

    def is_node(self, spot: Spot) -> bool:
        """Whether a spot is that of a node, and not of a line that passes."""
        return spot.column == self.nodes[spot.name].column

    def half(self, column: int) -> float:
        """Half of how wide the nodes of a column are with their names."""
        names = [node.name for node in self.diagram.nodes if node.column == column]
        over = [width_of(self.writer.box(name)) / 2 for name in names if self.is_named(name)]
        return max(*over, *(self.radius[name] for name in names), 0.0)


def circuit_numbers(diagram: Diagram, graph: Graph, solved: bool) -> tuple[str, ...]:
    """The quantities whose numbers are shown: values, and derivatives that have been worked; else what is given."""
    names = [node.name for node in diagram.nodes]
    if not solved:
        return tuple(node.name for node in diagram.nodes if node.kind == "input")
    return (*names, *(made for name in names if (made := derivative_name(diagram.of, name)) in graph))


def size_in(inside: Content) -> float:
    """The size of what stands in a node: a sign or a letter is larger than a formula."""
    return NODE if width_of(inside, 1.0) < 1.2 else SMALL


def place_circuit(diagram: Diagram, writer: Writer, room: Digits | None, solved: bool) -> Drawing:
    """The drawing with `room` in place of every number; unless `solved`, with boxes for those that are computed.

    Boxes of a wide circuit are taller, so that there is still room in them where a page makes the drawing smaller.
    """
    sheet = _Sheet(diagram, writer, room, solved)
    made = _drawn(sheet)
    if solved or made.width <= PAGE:
        return made
    return _drawn(replace(sheet, tall=BLANK[1] * made.width / PAGE))


def _drawn(sheet: _Sheet) -> Drawing:
    down = heights(sheet.layers, lambda one, other: sheet.below(one) + sheet.above(other) + 6)
    return framed(tuple(_Placed(sheet, down).items()))


class _Placed:
    """A sheet with everything in its place."""

    def __init__(self, sheet: _Sheet, down: Mapping[Spot, float]) -> None:
        self.sheet, self.down = sheet, down
        self.left: list[float] = []  # where the nodes of a column begin, where their centres are, where lines go on
        self.centre: list[float] = []
        self.right: list[float] = []
        at = 0.0
        for column in range(len(sheet.layers.columns)):
            half = sheet.half(column)
            at += self._gap(column) if column else 0.0
            self.left.append(at)
            self.centre.append(at + half)
            at += 2 * half + sheet.wire
            self.right.append(at)

    def _gap(self, column: int) -> float:
        """How much room lines have before a column to change their heights."""
        links = (link for link in self.sheet.layers.links if link[1].column == column)
        return min(90.0, max(22.0, *(12 + 0.5 * abs(self.down[one] - self.down[other]) for one, other in links)))

    def items(self) -> Iterator[Item]:
        """Everything in painting order."""
        for column in self.sheet.layers.columns:
            for spot in column:
                yield from self._lines(spot)
        for name, node in self.sheet.nodes.items():
            yield Circle(self._at(name), self.sheet.radius[name], f"node-{node.kind}")
        for name in self.sheet.nodes:
            yield from self._marks(name)

    def _at(self, name: str) -> Point:
        column = self.sheet.nodes[name].column
        return self.centre[column], self.down[Spot(name, column)]

    def _port(self, spot: Spot) -> Point:
        return self.right[spot.column], self.down[spot]

    # --- lines ---

    def _lines(self, spot: Spot) -> Iterator[Item]:
        """The line behind a node or past a column, and where it leads."""
        sheet, end = self.sheet, self._port(spot)
        if sheet.is_node(spot):
            x, y = self._at(spot.name)
            start = (x + sheet.radius[spot.name], y)
            leads_on = any(one == spot for one, _ in sheet.layers.links)
            yield Curve((start, end), "edge") if leads_on else Arrow((start, (end[0] + 12, y)), "edge")
            if sheet.leads_back(spot.name):
                back = (self.centre[spot.column] + max(sheet.half(spot.column), 0.0), y + _BACK)
                yield Arrow(((end[0] - 2, back[1]), (back[0] + 4, back[1])), "edge-back")
        else:
            yield Curve(((self.left[spot.column], end[1]), end), "edge")
        ways = [other for one, other in sheet.layers.links if one == spot]
        for other in ways:
            if sheet.is_node(other):
                x, y = self._entry(spot, other)
                points = _bent(end, (self.left[other.column], y))
                yield Arrow((*points, (x, y)) if points[-1][0] < x else points, "edge")
            else:
                yield Curve(_bent(end, (self.left[other.column], self.down[other])), "edge")
        if len(ways) > 1:
            yield Circle(end, 2.4, "dots")

    def _entry(self, spot: Spot, other: Spot) -> Point:
        """Where a line comes to a node: on its rim, above or below the others that come there."""
        come = [one for one, end in self.sheet.layers.links if end == other]
        come.sort(key=self.down.__getitem__)
        spread = (come.index(spot) + 0.5) / len(come) * 2 - 1  # from -1 to 1
        across = sin(spread * min(pi / 3, pi / 8 * len(come)))
        (x, y), radius = self._at(other.name), self.sheet.radius[other.name]
        return x - radius * (1 - across**2) ** 0.5, y + radius * across

    # --- labels ---

    def _marks(self, name: str) -> Iterator[Item]:
        """What stands in a node and over it, and the numbers at its line."""
        sheet, (x, y) = self.sheet, self._at(name)
        box = sheet.inside[name]
        yield Mark(box, (x, y), "label", size=size_in(box))
        if sheet.is_named(name):
            yield Mark(sheet.writer.box(name), (x, y - sheet.radius[name] - _HALO), "small")
        if sheet.room is None:
            return
        column = sheet.nodes[name].column
        middle = (self.centre[column] + sheet.half(column) + self.right[column]) / 2 + 1
        if sheet.shows(name):
            yield Mark(sheet.room, (middle, y - _OVER), "small", number=name)
        elif sheet.diagram.shows(name):
            yield Frame((middle, y - 4 - sheet.tall / 2), BLANK[0], sheet.tall, "blank")
        if name == sheet.diagram.of and sheet.leads_back(name):
            yield Mark(Digits("1"), (middle, y + _BACK + 10), "back")
        elif derivative := sheet.derivative(name):
            if sheet.solved:
                yield Mark(sheet.room, (middle, y + _BACK + 10), "back", number=derivative)
            else:
                yield Frame((middle, y + _BACK + 4 + sheet.tall / 2), BLANK[0], sheet.tall, "blank-back")


def _bent(start: Point, end: Point) -> tuple[Point, ...]:
    """A way from the left to the right that begins and ends level."""
    (a, b), (c, d) = start, end
    if b == d:
        return start, end
    steps = (step / _STEPS for step in range(_STEPS + 1))
    return tuple((a + (c - a) * _eased(t, 0.5), b + (d - b) * _eased(t, 0.0)) for t in steps)


def _eased(t: float, pull: float) -> float:
    """The coordinate of a cubic from 0 to 1 whose inner points are `pull` away from its ends."""
    return 3 * (1 - t) ** 2 * t * pull + 3 * (1 - t) * t**2 * (1 - pull) + t**3
