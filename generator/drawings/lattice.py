"""Diagram on a grid and its notation -> Drawing: columns from left to right, rows upwards, symbols on the arrows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.drawings.drawing import NODE, Arrow, Circle, Content, Drawing, Mark, around, bounds, framed, width_of
from generator.drawings.placing import CLASH, place_labels, place_tracks
from generator.graph.quantities import Diagram, Edge, Node
from generator.notation.writer import Writer
from generator.typeset.boxes import Box

_STRETCHES = (1.0, 1.2, 1.45, 1.75)
_MOST = 2  # more weights on one arrow are written as the first, dots, and the last


@dataclass(frozen=True, slots=True)
class _Places:
    """What is drawn where: the nodes by name, their symbols, the circles around them."""

    nodes: Mapping[str, Node]
    symbols: Mapping[str, Content]
    circles: Mapping[str, Circle]

    def between(self, edge: Edge) -> tuple[int, int]:
        """What is alike for all edges whose labels stand in one line: the rows that they join."""
        return self.nodes[edge.start].row or 0, self.nodes[edge.end].row or 0

    def wanted(self, edge: Edge) -> float:
        """Where on an edge its label stands best: halfway, or, where it passes a row, off that towards the middle."""
        low, high = self.between(edge)
        if abs(low - high) < 2:
            return 0.5
        middle = max(node.row or 0 for node in self.nodes.values()) / 2
        return min(0.675, max(0.325, (middle - low) / (high - low)))

    def leaps(self, edge: Edge) -> bool:
        """Whether an edge passes by others on its way."""
        start, end = self.nodes[edge.start], self.nodes[edge.end]
        return abs(start.column - end.column) > 1 or abs((start.row or 0) - (end.row or 0)) > 1


def draw_lattice(diagram: Diagram, writer: Writer) -> Drawing:
    """The drawing of a diagram whose nodes have rows: the least stretched one whose labels are clear."""
    labels = {edge: _joined([writer.box(name) for name in edge.labels]) for edge in diagram.edges if edge.label}
    tried = []
    for number, stretch in enumerate(_STRETCHES):
        drawing, cost = _drawn(diagram, writer, labels, stretch)
        tried.append((cost, number, drawing))
        if cost < CLASH:
            break
    return min(tried, key=lambda one: one[:2])[2]


def _joined(symbols: list[Box]) -> Content:
    """Symbols with commas between them."""
    first, *others = symbols
    if not others:
        return first
    rest = others if len(symbols) <= _MOST else others[-1:]
    comma = ", " if len(symbols) <= _MOST else ", …, "
    return (first, *(part for symbol in rest for part in (comma, symbol)))


def _drawn(diagram: Diagram, writer: Writer, labels: Mapping[Edge, Content], stretch: float) -> tuple[Drawing, float]:
    places = _placed(diagram, writer, labels, stretch)
    tracks = place_tracks(diagram.edges, places.circles, places.leaps)
    symbols = [Mark(places.symbols[name], circle.centre, "label", size=NODE) for name, circle in places.circles.items()]
    obstacles = [around(circle) for circle in places.circles.values()] + [bounds(mark) for mark in symbols]
    marks, cost = place_labels(tracks, labels, (), places.between, obstacles, places.wanted)
    arrows = [Arrow(track.points(), "edge-cut" if track.edge.cut else "edge") for track in tracks]
    return framed((*arrows, *places.circles.values(), *symbols, *marks)), cost


def _placed(diagram: Diagram, writer: Writer, labels: Mapping[Edge, Content], stretch: float) -> _Places:
    """A circle for each node. Rows that an arrow would run through stand aside, in turn to the left and right."""
    nodes = {node.name: node for node in diagram.nodes}
    symbols = {name: _joined([writer.box(one) for one in (name, *node.others)]) for name, node in nodes.items()}
    rows = sorted({node.row or 0 for node in diagram.nodes})
    radius = {
        row: max([22.0, *(0.55 * width_of(symbols[name], NODE) + 5 for name in nodes if nodes[name].row == row)])
        for row in rows
    }
    passed = [row for row in rows if any(_passes(nodes[edge.start], nodes[edge.end], row) for edge in diagram.edges)]
    largest = max(radius.values())
    aside = largest + 16
    shift = {row: aside * (-1) ** (number + 1) for number, row in enumerate(passed)} if len(passed) > 1 else {}
    longest = max([0.0, *map(width_of, labels.values())])
    across = 2 * largest + max(stretch * (longest + 46), 60.0) + (aside if shift else 0.0)
    heights, height = {}, 0.0
    for below, row in zip((None, *rows), rows, strict=False):
        height += 0.0 if below is None else radius[below] + radius[row] + 52 * stretch
        heights[row] = height
    circles = {}
    for name, node in nodes.items():
        row = node.row or 0
        centre = (node.column * across + shift.get(row, 0.0), -heights[row])
        circles[name] = Circle(centre, radius[row], f"node-{node.kind}")
    return _Places(nodes, symbols, circles)


def _passes(start: Node, end: Node, row: int) -> bool:
    """Whether an arrow in a column goes past the nodes of a row."""
    low, high = sorted((start.row or 0, end.row or 0))
    return start.column == end.column and low < row < high
