"""Network diagrams and loss curves: one layout, three formats, no label over another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import combinations, pairwise
from math import hypot
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import latex_log

from generator.definitions.problem import find_definitions, load
from generator.drawings.diagram import WIDE, draw_diagram
from generator.drawings.drawing import (
    Arrow,
    Bounds,
    Circle,
    Curve,
    Drawing,
    Line,
    Mark,
    bounds,
    decimal,
    runs,
    width_of,
)
from generator.drawings.plot import MOST, NEAR, plot, thinned
from generator.drawings.svg import svg
from generator.drawings.tikz import tikz
from generator.drawings.typst import typst_drawing
from generator.formula.tree import shortest
from generator.graph.quantities import Diagram, Graph
from generator.kinds import network
from generator.notation.files import load_notation, notation_for
from generator.notation.writer import Writer
from generator.pipeline import load_worked
from generator.render.paper import Paper
from generator.solve.compiled import Array
from generator.typeset.boxes import Box, Digits, Row, Script, symbol
from generator.typeset.latex import latex
from generator.typeset.typst import typst

ROOT = Path(__file__).parents[1]
ALL = find_definitions(ROOT / "problems")
SHIPPED = sorted(path.with_suffix("").with_suffix(".yml") for path in (ROOT / "problems/networks").glob("*.claims.yml"))


def writer_of(path: Path) -> Writer:
    definition = load(path)
    problem = definition.problem
    assert isinstance(problem, network.Definition)
    return Writer(network.build(problem), notation_for(definition))


def made(sizes: tuple[int, ...], biases: str = "shared", leaps: bool = False, skip: Any = None) -> Writer:
    """A network with layers of `sizes`; `leaps`: its outputs are fed by the first input too."""
    sources = [f"x{number}" for number in range(1, sizes[0] + 1)]
    data: dict[str, Any] = {"kind": "network", "title": "t", "inputs": dict.fromkeys(sources, "0.5"), "layers": []}
    weights: dict[str, str] = {}
    shifts: dict[str, str] = {}
    for place, size in enumerate(sizes[1:], 1):
        units = {}
        for unit in (f"{'ohgkm'[len(sizes) - 1 - place]}{number}" for number in range(1, size + 1)):
            fed = [*(["x1"] if leaps and 1 < place == len(sizes) - 1 else []), *sources]
            units[unit] = {source: f"w{len(weights) + number}" for number, source in enumerate(fed, 1)}
            weights.update(dict.fromkeys(units[unit].values(), "-0.125"))
        own = {"shared": f"b{place}", "own": {unit: f"b_{unit}" for unit in units}, "none": None}[biases]
        shifts.update(dict.fromkeys([own] if isinstance(own, str) else (own or {}).values(), "0.25"))
        data["layers"].append({"name": f"l{place}", "units": units, "bias": own})
        sources = list(units)
    data |= {"weights": weights, "biases": shifts, "targets": {f"t{number}": "1" for number in range(sizes[-1])}}
    data["skip"] = skip or {}
    problem = network.Definition.model_validate(data)
    assert not list(network.check(problem))
    return Writer(network.build(problem), load_notation("default"))


def shown(graph: Graph, name: str) -> str:
    return shortest(graph.givens[name])


def parts(writer: Writer) -> Diagram:
    assert writer.graph.diagram is not None
    return writer.graph.diagram


def drawn(writer: Writer, numbers: bool) -> Drawing:
    return draw_diagram(parts(writer), writer, (lambda name: shown(writer.graph, name)) if numbers else None)


def marks(drawing: Drawing) -> list[Mark]:
    return [item for item in drawing.items if isinstance(item, Mark)]


def labels(drawing: Drawing) -> list[Mark]:
    """The labels that stand on edges."""
    return [mark for mark in marks(drawing) if mark.halo and mark.anchor == "middle"]


def plain(content: Box | str) -> str:
    return "".join(run.text for run in runs(content)).replace("-", "−")


def texts(made_svg: str) -> list[str]:
    return [
        "".join(text.itertext()) for text in ElementTree.fromstring(made_svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def apart(one: Bounds, other: Bounds) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def assert_clear(drawing: Drawing) -> None:
    """No two labels over each other, none over a node that it does not stand in, all on the sheet."""
    rooms = [bounds(mark) for mark in marks(drawing)]
    assert all(apart(one, other) for one, other in combinations(rooms, 2))
    for circle in (item for item in drawing.items if isinstance(item, Circle)):
        (x, y), r = circle.centre, circle.radius
        around = (x - r, y - r, x + r, y + r)
        assert all(mark.at == circle.centre or apart(bounds(mark), around) for mark in marks(drawing))
    for left, top, right, bottom in rooms:
        assert left >= 0
        assert top >= 0
        assert right <= drawing.width
        assert bottom <= drawing.height


# --- diagrams --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_weight_stands_once_on_its_edge_in_every_format(path: Path, numbers: bool) -> None:
    writer = writer_of(path)
    drawing = drawn(writer, numbers)
    assert_clear(drawing)
    svg_texts = Counter(texts(svg(drawing, "t", "d", "lh-diagram")))
    tikz_text, typst_text = tikz(drawing), typst_drawing(drawing)
    names = [edge.label for edge in parts(writer).edges if edge.label]
    assert len(labels(drawing)) == len(names) > 7
    for name in names:
        box = writer.box(name)
        value = shown(writer.graph, name)
        assert svg_texts[plain(box) + (f" = {value}" if numbers else "")] == 1
        assert tikz_text.count(f" ${latex(box)}{f' = {value}' if numbers else ''}$}}") == 1
        assert typst_text.count(f"[${typst(box)}{f' = {value}' if numbers else ''}$]") == 1


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_numbers_stand_beside_inputs_and_biases(path: Path) -> None:
    writer = writer_of(path)
    found = Counter(mark.content for mark in marks(drawn(writer, True)))
    wanted = [node.name for node in parts(writer).nodes if node.kind in ("input", "bias")]
    assert Counter(Digits(shown(writer.graph, name)) for name in wanted) <= found


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_label_lies_on_its_own_edge_and_on_no_other(path: Path, numbers: bool) -> None:
    """Labels come in the order of the edges, whose arrows come first in the drawing."""
    writer = writer_of(path)
    drawing = drawn(writer, numbers)
    arrows = [item for item in drawing.items if isinstance(item, Arrow)]
    edges = dict(zip(parts(writer).edges, arrows, strict=True))
    wanted = {edge: writer.box(edge.label) for edge in edges if edge.label}
    for (edge, box), mark in zip(wanted.items(), labels(drawing), strict=True):
        assert (mark.content.items[0] if numbers and isinstance(mark.content, Row) else mark.content) == box
        assert _distance(mark, edges[edge]) < 0.01
        assert all(_distance(mark, arrow) > 6 for other, arrow in edges.items() if other is not edge and other.label)


def _distance(mark: Mark, arrow: Arrow) -> float:
    found = []
    for (a, b), (c, d) in pairwise(arrow.points):
        (x, y), length = mark.at, hypot(c - a, d - b)
        along = min(1.0, max(0.0, ((x - a) * (c - a) + (y - b) * (d - b)) / length**2))
        found.append(hypot(a + along * (c - a) - x, b + along * (d - b) - y))
    return min(found)


DIAGRAMS = [path for path in ALL if path.stem in ("softmax_cross_entropy", "dropout_mask", "tied_weights", "xor_relu")]


@pytest.mark.parametrize("path", [*SHIPPED, *DIAGRAMS], ids=lambda path: path.stem)
def test_no_label_hides_another_edge_a_crossing_or_a_head(path: Path) -> None:
    """No line but its own comes into a label's halo, and the arrow keeps its head and some of its shaft."""
    writer = writer_of(path)
    drawing = drawn(writer, True)
    arrows = [item for item in drawing.items if isinstance(item, Arrow)]
    edges = dict(zip(parts(writer).edges, arrows, strict=True))
    own = [arrow for edge, arrow in edges.items() if edge.label]
    for mark, arrow in zip(labels(drawing), own, strict=True):
        left, top, right, bottom = bounds(mark)
        halo = (left - 2.5, top - 1.5, right + 2.5, bottom + 1.5)
        assert all(_outside(halo, other) for other in arrows if other is not arrow)
        x, y = arrow.points[-1]
        assert apart(halo, (x - 10, y - 10, x + 10, y + 10))


def _outside(box: Bounds, arrow: Arrow) -> bool:
    places = ((a, b, c, d, step / 200) for (a, b), (c, d) in pairwise(arrow.points) for step in range(201))
    on = ((a + t * (c - a), b + t * (d - b)) for a, b, c, d, t in places)
    return not any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in on)


def test_a_dropped_unit_is_crossed_out_where_no_variant_keeps_it() -> None:
    (path,) = (path for path in ALL if path.stem == "dropout_mask")
    writer = writer_of(path)
    diagram = parts(writer)
    assert {node.name: node.dropped for node in diagram.nodes if node.dropped} == {"out_h2": ("mask_h2",)}
    drawing = drawn(writer, True)
    (circle,) = (item for item in drawing.items if isinstance(item, Circle) and item.style == "node-dropped")
    assert circle.centre in [mark.at for mark in marks(drawing) if plain(mark.content) == "outh2"]
    lines = [item for item in drawing.items if isinstance(item, Line)]
    assert [line.style for line in lines] == ["cross", "cross"]
    for (x, y), (u, v) in ((line.start, line.end) for line in lines):
        assert ((x + u) / 2, (y + v) / 2) == pytest.approx(circle.centre)
        assert hypot(u - x, v - y) == pytest.approx(2 * circle.radius)
    assert diagram.varying(["w1", "mask_h1"]) == diagram
    varied = draw_diagram(diagram.varying(["mask_h2"]), writer)
    assert not any(isinstance(item, Line) for item in varied.items)
    assert "Crossed out, because dropped: out_h2." in svg_description(path)


def svg_description(path: Path) -> str:
    paper = Paper(load_worked(path), "web", "en")
    return next(description for kind, _, description in paper.pictures() if kind == "network")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=5).map(tuple),
    st.sampled_from(["shared", "own", "none"]),
    st.booleans(),
    st.booleans(),
)
def test_no_label_overlaps_in_small_networks(sizes: tuple[int, ...], biases: str, leaps: bool, numbers: bool) -> None:
    writer = made(sizes, biases, leaps)
    drawing = drawn(writer, numbers)
    assert_clear(drawing)
    edges = parts(writer).edges
    assert len(labels(drawing)) == sum(bool(edge.label) for edge in edges)
    assert len([item for item in drawing.items if isinstance(item, Arrow)]) == len(edges)


def test_variants_of_a_problem_have_the_same_picture() -> None:
    """Every number has the same room, so only what is printed changes; a longer number needs a wider picture."""
    writer = writer_of(SHIPPED[0])

    def places(text: str) -> list[object]:
        items = draw_diagram(parts(writer), writer, lambda _: text).items
        return [(item.at, item.anchor, bounds(item)) if isinstance(item, Mark) else item for item in items]

    assert places("0.5") == places("-1.95") == places("7")
    assert places("0.5") != places("-0.12345")


def test_an_arrow_leads_from_rim_to_rim() -> None:
    drawing = drawn(made((2, 3, 2)), False)
    circles = [item for item in drawing.items if isinstance(item, Circle)]
    for arrow in (item for item in drawing.items if isinstance(item, Arrow)):
        for x, y in (arrow.points[0], arrow.points[-1]):
            assert min(abs(hypot(x - c.centre[0], y - c.centre[1]) - c.radius) for c in circles) < 0.01


def test_an_edge_that_leaps_a_layer_goes_round_the_units_between() -> None:
    drawing = drawn(made((3, 3, 3, 3), leaps=True), False)
    circles = [item for item in drawing.items if isinstance(item, Circle)]
    bent = [item for item in drawing.items if isinstance(item, Arrow) and len(item.points) > 2]
    assert bent
    for arrow in bent:
        inner = arrow.points[1:-1]
        assert all(hypot(x - c.centre[0], y - c.centre[1]) >= c.radius for x, y in inner for c in circles)


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize(
    ("sizes", "leaps", "skip", "beside"),
    [
        ((2, 2, 1), False, {"h1": "x1"}, 1),
        ((1, 1, 1), False, {"h1": "x1", "o1": "h1"}, 2),
        ((2, 2, 2), False, {"h1": ["x1", "x2"], "h2": "x2", "o1": "h2"}, 4),
        ((2, 2, 1), True, {"o1": "x1"}, 1),
        ((2, 2, 1), True, {"o1": "x2"}, 0),
    ],
)
def test_a_skip_connection_beside_a_weight_has_a_way_of_its_own(
    sizes: tuple[int, ...], leaps: bool, skip: dict[str, Any], beside: int, numbers: bool
) -> None:
    """Both arrows are there, they part clearly, and the weight keeps its label; so in all three formats."""
    plain_one, writer = made(sizes, leaps=leaps), made(sizes, leaps=leaps, skip=skip)
    drawing = drawn(writer, numbers)
    arrows = [item for item in drawing.items if isinstance(item, Arrow)]
    skips = sum(1 if isinstance(sources, str) else len(sources) for sources in skip.values())
    assert len(arrows) == len(parts(plain_one).edges) + skips == len(parts(writer).edges)
    assert [len(labels(one)) for one in (drawing, drawn(plain_one, numbers))] == [len(labels(drawing))] * 2
    circles = [item for item in drawing.items if isinstance(item, Circle)]

    def at_rim(tip: tuple[float, float], circle: Circle) -> float:
        return abs(hypot(tip[0] - circle.centre[0], tip[1] - circle.centre[1]) - circle.radius)

    def ends(arrow: Arrow) -> list[Circle]:
        return [min(circles, key=partial(at_rim, tip)) for tip in (arrow.points[0], arrow.points[-1])]

    twins = [pair for pair in combinations(arrows, 2) if ends(pair[0]) == ends(pair[1])]
    assert len(twins) == beside
    for one, other in twins:
        (a, b), (c, d) = map(_middle, (one, other))
        assert hypot(a - c, b - d) > 15
    assert_clear(drawing)
    ElementTree.fromstring(svg(drawing, "t", "d", "lh", standalone=True))
    assert svg(drawing, "t", "d", "lh").count('class="lh-arrow"') == len(arrows)
    assert tikz(drawing).count("-{Stealth") == len(arrows)
    assert typst_drawing(drawing).count("place(polygon(") == len(arrows)


def _middle(arrow: Arrow) -> tuple[float, float]:
    """The point half way along an arrow."""
    if len(arrow.points) > 2:
        return arrow.points[len(arrow.points) // 2]
    (a, b), (c, d) = arrow.points
    return (a + c) / 2, (b + d) / 2


def test_a_wide_layer_is_shortened_and_its_edges_have_no_labels() -> None:
    drawing = drawn(made((3, WIDE + 1, 2), "none"), True)
    styles = Counter(item.style for item in drawing.items)
    assert styles["node-hidden"] == 4
    assert styles["dots"] == 3
    assert styles["edge"] == 3 * 4 + 4 * 2
    assert not labels(drawing)
    assert {"h1", "h2", "h3", f"h{WIDE + 1}"} <= {plain(mark.content).removeprefix("out") for mark in marks(drawing)}


def test_numbers_that_could_not_be_read_are_left_out_of_dense_networks() -> None:
    drawing = drawn(made((5, 5, 5)), True)
    assert_clear(drawing)
    assert len(labels(drawing)) == 50
    assert not any("=" in plain(mark.content) for mark in labels(drawing))
    assert Digits("0.5") in [mark.content for mark in marks(drawing)]


# --- curves ----------------------------------------------------------------------------------------------------------


FALLING = 0.3 / (1 + np.arange(100_001) / 20)


def curve(drawing: Drawing) -> Curve:
    return next(item for item in drawing.items if isinstance(item, Curve))


def value_of(box: Box | str) -> Fraction:
    """The number that a tick's label says."""
    match box:
        case Digits(digits):
            return Fraction(digits)
        case Script(Digits("10"), None, Digits(power)):
            return Fraction(10) ** int(power)
        case Row((factor, _, power_of_ten)):
            return value_of(factor) * value_of(power_of_ten)
    raise AssertionError(box)


def ticks(drawing: Drawing, vertical: bool) -> list[Fraction]:
    wanted = "end" if vertical else "middle"
    return [value_of(m.content) for m in marks(drawing)[:-2] if m.anchor == wanted]


def plotted(losses: Array, log_x: bool = False, log_y: bool = False) -> Drawing:
    return plot(losses, "iteration", symbol("E_{total}"), log_x=log_x, log_y=log_y)


@settings(max_examples=150, deadline=None)
@given(st.floats(1e-300, 1e300), st.floats(0, 1), st.integers(1, 200))
def test_linear_ticks_are_round_and_hold_the_curve(first: float, share: float, number: int) -> None:
    drawing = plotted(np.linspace(first, first * share, number + 1))
    for vertical in (True, False):
        found = ticks(drawing, vertical)
        steps = {b - a for a, b in pairwise(found)}
        assert len(steps) == 1
        assert str(steps.pop() * Fraction(10) ** 320).rstrip("0") in ("1", "2", "5")
        assert 2 <= len(found) <= 9
    assert max(ticks(drawing, True)) >= Fraction(first) * (1 - Fraction(1, 10**9))
    assert all(0 <= x <= drawing.width and 29.9 <= y <= 250.1 for x, y in curve(drawing).points)
    assert_clear(drawing)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e9])
def test_logarithmic_ticks_are_powers_of_ten_and_stand_evenly(scale: float) -> None:
    drawing = plotted(scale * FALLING, log_x=True, log_y=True)
    for vertical in (True, False):
        found = ticks(drawing, vertical)
        assert len({b / a for a, b in pairwise(found)}) == 1
        assert all(set(str(tick * Fraction(10) ** 30)) == {"1", "0"} for tick in found)
    assert ticks(drawing, False)[0] == 1


@pytest.mark.parametrize(
    ("losses", "log", "points"),
    [
        ([], False, "none"), ([], True, "none"), ([0.3], False, "one"), ([0.3], True, "one"),
        ([0.3, 0.2], False, "many"), ([0.3, 0.2], True, "many"), ([0.2] * 9, False, "many"), ([0.2] * 9, True, "many"),
        ([0.0] * 9, False, "many"), ([0.0] * 9, True, "many"), ([1.7e308, 1e300], False, "many"),
        ([1.7e308, 1e300], True, "many"), ([5e-324, 0], False, "many"), ([5e-324, 0], True, "one"),
        ([-1, 2, -3], False, "many"), ([-1, 2, -3], True, "one"), ([1, np.nan, np.inf, 0.5], False, "many"),
        ([1, np.nan, np.inf, 0.5], True, "one"),
    ],
    ids=str,
)  # fmt: skip
def test_odd_histories_are_drawn(losses: list[float], log: bool, points: str) -> None:
    drawing = plotted(np.array(losses, dtype=np.float64), log, log)
    text = svg(drawing, "t", "d", "lh-plot")
    ElementTree.fromstring(text)
    assert "nan" not in text
    assert "inf" not in text
    assert_clear(drawing)
    assert any(isinstance(item, Circle) for item in drawing.items) == (points == "one")


@pytest.mark.parametrize("log_y", [False, True])
def test_a_thinned_curve_keeps_its_ends_and_its_shape(log_y: bool) -> None:
    values = np.log10(FALLING) * 50 if log_y else FALLING * 700
    across = np.linspace(0, 440, len(values))
    points = np.array(thinned(across, values))
    assert len(points) <= MOST
    assert points[0].tolist() == [across[0], values[0]]
    assert points[-1].tolist() == [across[-1], values[-1]]
    assert np.max(np.abs(np.interp(across, points[:, 0], points[:, 1]) - values)) <= NEAR
    assert np.sum(points[:, 0] < 44) > len(points) / 2  # most where it falls


def test_jumping_losses_keep_their_band() -> None:
    jumping = np.abs(np.sin(np.arange(100_001.0) ** 2)) * 200
    points = thinned(np.linspace(0, 440, len(jumping)), jumping)
    assert len(points) <= MOST
    late = [y for x, y in points if x > 400]
    assert min(late) < 2
    assert max(late) > 198


def test_no_axis_number_is_a_binary_artefact() -> None:
    drawing = plotted(np.array([0.3, 0.1 + 0.2, 0.07]))
    assert [plain(mark.content) for mark in marks(drawing) if mark.anchor == "end"] == [
        "0", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30",
    ]  # fmt: skip


# --- formats ---------------------------------------------------------------------------------------------------------

ODD = "a < b & \"c\" > 'd' \\ #$%_{}~^ 迭代"


def test_svg_has_alternative_texts_and_escapes_them() -> None:
    drawing = plot(np.array([1.0, 0.5]), ODD, symbol("E"))
    root = ElementTree.fromstring(svg(drawing, ODD, f"{ODD}.", "lh-plot"))
    title, description = root[0], root[1]
    assert (title.text, description.text) == (ODD, f"{ODD}.")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert ODD in texts(svg(drawing, "t", "d", "lh-plot"))
    assert title.get("id") != ElementTree.fromstring(svg(drawing, "t", "d", "lh-plot"))[0].get("id")


def test_svg_takes_its_colours_from_the_page_or_brings_them() -> None:
    drawing = drawn(made((2, 2)), True)
    inline, alone = svg(drawing, "t", "d", "c"), svg(drawing, "t", "d", "c", standalone=True)
    assert "<style>" not in inline
    assert "#" not in inline
    assert "prefers-color-scheme:dark" in alone
    ElementTree.fromstring(alone)
    sheet = (ROOT / "site/assets/longhand.css").read_text()
    classes = {name for tag in ElementTree.fromstring(inline)[2:] for name in (tag.get("class") or "").split()}
    assert classes
    assert all(f".{name}" in sheet and f".{name}" in alone for name in classes)


def test_minus_and_scripts_in_svg() -> None:
    mark = Mark(Row((symbol("w_5^+"), Digits("-0.5"))), (10.0, 10.0))
    text = svg(Drawing(50, 20, (mark,)), "t", "d", "c")
    assert texts(text) == ["w5+−0.5"]
    assert '<tspan class="lh-var">w</tspan><tspan dy="3.38" font-size="9.1">5</tspan>' in text
    plain_index = svg(Drawing(50, 20, (replace(mark, content=symbol("w_5")),)), "t", "d", "c")
    assert '<tspan class="lh-var">w</tspan><tspan dy="2.6" font-size="9.1">5</tspan>' in plain_index


def test_coordinates_have_no_needless_digits() -> None:
    assert [decimal(value) for value in (1.0, 0.1 + 0.2, -0.001, 12.345678, 100.0)] == ["1", "0.3", "0", "12.35", "100"]


def test_rotated_marks_take_the_room_of_their_slant() -> None:
    upright, turned = Mark("iteration", (0.0, 0.0)), Mark("iteration", (0.0, 0.0), rotation=90)
    across, down = width_of("iteration"), bounds(upright)[3] - bounds(upright)[1]
    left, top, right, bottom = bounds(turned)
    assert (right - left, bottom - top) == pytest.approx((down, across))


SCRIPT = """
import hashlib, test_drawing as t
made = [t.drawn(t.made((3, 4, 2), "own", True), True), t.plotted(t.FALLING)]
texts = [f(d) for d in made for f in (lambda d: t.svg(d, "t", "d", "c"), t.tikz, t.typst_drawing)]
print(hashlib.sha256("".join(texts).encode()).hexdigest())
"""


def test_same_input_same_bytes_in_every_process() -> None:
    found = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "tests")},
        )  # fmt: skip
        found.add(run.stdout)
    assert len(found) == 1


def _gallery() -> list[Drawing]:
    shipped = [drawn(writer_of(path), True) for path in SHIPPED]
    rotated = Drawing(60, 60, (Line((0, 0), (60, 60), "grid"), Mark("a_b", (30, 30), rotation=45, halo=True)))
    return [*shipped, drawn(made((3, 12, 4, 4, 4, 4)), True), plot(FALLING * 1e-9, ODD[:-3], symbol("E")), rotated]


def test_typst_reads_the_drawings_and_keeps_them_in_the_line() -> None:
    compiler = pytest.importorskip("typst")
    source = "\n\n".join(map(typst_drawing, _gallery()))
    svgs = compiler.compile(f"#set page(width: 300pt, height: auto)\n{source}".encode(), format="svg")
    assert ElementTree.fromstring(svgs[0] if isinstance(svgs, list) else svgs).get("width") in ("300pt", "300")


@pytest.mark.tex
@pytest.mark.usefixtures("tex")
def test_latex_reads_the_drawings_and_keeps_them_in_the_line(tmp_path: Path) -> None:
    log = latex_log(map(tikz, _gallery()), tmp_path)
    assert "Overfull \\hbox" not in log
