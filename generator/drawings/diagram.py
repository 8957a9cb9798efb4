"""Diagram and its notation -> Drawing: units in columns, and every weight's symbol on its edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import inf

from generator.drawings.circuit import circuit_numbers, place_circuit
from generator.drawings.drawing import (
    NODE,
    SMALL,
    Anchor,
    Arrow,
    Circle,
    Drawing,
    Item,
    Line,
    Mark,
    around,
    bounds,
    crossed_out,
    framed,
    width_of,
)
from generator.drawings.lattice import draw_lattice
from generator.drawings.placing import CLASH, place_labels, place_tracks
from generator.graph.quantities import Diagram, Edge, Graph, Node
from generator.notation.writer import Writer
from generator.typeset.boxes import Box, Digits, Op, Row
from generator.typeset.numerals import numeral

Values = Callable[[str], str]

FIRST = 3  # a wide column shows its first ones, dots, and the last
WIDE, NARROW = 8, 5  # how many units a column shows at most; the second where the first makes too broad a drawing
MOST = 16  # more numbers than that between two columns cannot be read
ROOM = len("-0.00")  # a number has room for so many characters at least, so that variants of a problem look alike
NUMBERED, PLAIN = 900.0, 1100.0  # how broad a drawing with and without numbers on its edges may be
STRETCHES = (
    (1, 1), (1.2, 1), (1, 1.2), (1.2, 1.25), (1.2, 1.5), (1.45, 1.25), (1.45, 1.5), (1.45, 1.75), (1.75, 1.75),
    (2.1, 2.1), (2.5, 2.6),
)  # fmt: skip
CLEAR, CLEAR_NUMBERED = 10.0, 2.5  # where no label costs that, nothing need be stretched


def draw_diagram(diagram: Diagram, writer: Writer, values: Values | None = None, solved: bool = True) -> Drawing:
    """The drawing of a network: every drawn weight's symbol stands on its edge; or of a circuit.

    With `values` (a quantity's number as shown: `trace.shown.__getitem__`) inputs, weights and biases have their
    numbers too, except that weights have none where there would be too many to read. A layer of more than `WIDE` units
    (of more than `NARROW`, where the drawing would be too broad) is shortened; edges from and to it have no labels.
    On a grid there are no numbers. A circuit that is not `solved` has the numbers that are given, and boxes for others.
    """
    if diagram.on_grid:
        return draw_lattice(diagram, writer)
    if values is None:
        return _placed(diagram, writer, None, solved)
    longest = max([ROOM, *(letters(values(name)) for name in numbered(diagram, writer.graph, solved))])
    placed = _placed(diagram, writer, Digits("-0." + "0" * (longest - 3)), solved)
    return replace(placed, items=tuple(_numbered(item, values) for item in placed.items))


def letters(number: str) -> int:
    """How many digits and signs are as wide as a number: one with a power of ten is wider than its text."""
    return len(number) + 3 * ("e" in number)


def numbered(diagram: Diagram | None, graph: Graph, solved: bool = True) -> tuple[str, ...]:
    """The quantities whose numbers a drawing may show: the longest of them decides how everything is placed."""
    if diagram is None or diagram.on_grid:
        return ()
    if diagram.of:
        return circuit_numbers(diagram, graph, solved)
    edges = [edge.label for edge in diagram.edges if edge.label]
    return (*edges, *(node.name for node in diagram.nodes if node.kind in ("input", "bias")))


@lru_cache(maxsize=64)
def _placed(diagram: Diagram, writer: Writer, room: Digits | None, solved: bool) -> Drawing:
    """The drawing with `room` in place of every number: the same for all variants whose longest numbers are as long."""
    if diagram.of:
        return place_circuit(diagram, writer, room, solved)
    found = None
    if room:
        found = _best(_sheet(diagram, writer, room, WIDE, numbered=True), CLEAR_NUMBERED, NUMBERED, MOST)
    found = found or _best(_sheet(diagram, writer, room, WIDE, numbered=False), CLEAR, PLAIN)
    found = found or _best(_sheet(diagram, writer, room, NARROW, numbered=False), CLEAR)
    assert found is not None
    return found


def _numbered(item: Item, values: Values) -> Item:
    """A label with its own number where room has been kept for one."""
    if not isinstance(item, Mark) or isinstance(item.content, str | tuple) or not item.number:
        return item
    own = numeral(values(item.number))
    content = Row((*item.content.items[:-1], own)) if isinstance(item.content, Row) else own
    return replace(item, content=content, room=item.content)


@dataclass(frozen=True)
class _Sheet:
    """What is drawn: the units of each column (`None` for those left out), the edges, and their labels."""

    nodes: Mapping[str, Node]
    columns: Mapping[int, tuple[Node | None, ...]]
    edges: tuple[Edge, ...]
    labels: Mapping[Edge, Box]
    writer: Writer
    room: Digits | None  # what stands in place of every number

    def named(self, mark: Mark) -> Mark:
        """A label of an edge with the name of the quantity whose number is at its end."""
        edge = next((edge for edge, box in self.labels.items() if box == mark.content), None)
        ends = isinstance(mark.content, Row) and mark.content.items[-1] == self.room
        return replace(mark, number=edge.label) if edge and ends else mark

    @cached_property
    def biases(self) -> Mapping[str, tuple[str, ...]]:
        """The units that each bias goes to."""
        names = [node.name for node in self.nodes.values() if node.kind == "bias"]
        return {name: tuple(edge.end for edge in self.edges if edge.start == name) for name in names}

    def between(self, edge: Edge) -> tuple[int, int]:
        """The columns that an edge joins."""
        return self.nodes[edge.start].column, self.nodes[edge.end].column

    def leaps(self, edge: Edge) -> bool:
        """Whether an edge passes by a column between."""
        first, last = self.between(edge)
        return abs(first - last) > 1


def _sheet(diagram: Diagram, writer: Writer, room: Digits | None, wide: int, numbered: bool) -> _Sheet:
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
            labels[edge] = Row((symbol, Op("="), room)) if room and numbered else symbol
    return _Sheet(nodes, columns, edges, labels, writer, room)


def _best(sheet: _Sheet, clear: float, broadest: float = inf, most: float = inf) -> Drawing | None:
    """The least stretched drawing whose labels are clear, else the clearest; none where labels overlap or are lost."""
    if max(Counter(map(sheet.between, sheet.labels)).values(), default=0) > most:
        return None
    tried: list[tuple[float, int, Drawing]] = []
    for number, (across, down) in enumerate(STRETCHES):
        drawing, cost = _drawn(sheet, across, down)
        if drawing.width > broadest:
            break
        tried.append((cost, number, drawing))
        if cost < clear:
            break
    if not tried:
        return None
    cost, _, best = min(tried, key=lambda one: one[0] + 0.4 * one[1])  # a larger drawing must be worth it
    return best if cost < CLASH or broadest == inf else None


def _drawn(sheet: _Sheet, across: float, down: float) -> tuple[Drawing, float]:
    """The drawing at one stretch, and what its worst label costs."""
    circles, dots = _nodes(sheet, across, down)
    tracks = place_tracks(sheet.edges, circles, sheet.leaps)
    fixed = list(_node_marks(sheet, circles))
    obstacles = [around(circle) for circle in circles.values()] + [bounds(mark) for mark in fixed]
    marks, cost = place_labels(tracks, sheet.labels, sheet.biases, sheet.between, obstacles)
    arrows = [Arrow(track.points(), "edge-bias" if track.edge.start in sheet.biases else "edge") for track in tracks]
    units: list[Circle | Line] = []
    for name, circle in circles.items():
        units += crossed_out(circle) if sheet.nodes[name].dropped else (circle,)
    return framed((*arrows, *units, *dots, *fixed, *map(sheet.named, marks))), cost


# --- nodes -----------------------------------------------------------------------------------------------------------


def _nodes(sheet: _Sheet, across: float, down: float) -> tuple[dict[str, Circle], list[Circle]]:
    """A circle for every node, and the dots for those left out."""
    symbol = sheet.writer.box_without_case
    wide = {name: width_of(symbol(name), SMALL if name in sheet.biases else NODE) for name in sheet.nodes}
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
        yield Mark(sheet.writer.box_without_case(name), (x, y), "label", size=SMALL if bias else NODE)
        if sheet.room and node.kind in ("input", "bias") and not sheet.writer.graph[name].label.case:
            right = len(sheet.biases.get(name, ())) == 1
            at = (x + r + 6, y) if right else (x - r - 6, y)
            side: Anchor = "start" if right else "end"
            yield Mark(sheet.room, at, anchor=side, halo=bias, number=name)
