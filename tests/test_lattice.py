"""Drawings of networks over their time steps: nothing lies over anything else, and all formats say the same."""

from __future__ import annotations

from itertools import combinations
from math import hypot
from pathlib import Path
from xml.etree import ElementTree

import pytest

from generator.drawings.drawing import Arrow, Circle, Drawing, Mark, around, bounds
from generator.drawings.svg import svg
from generator.drawings.tikz import tikz
from generator.drawings.typst import typst_drawing
from generator.pipeline import Worked, load_worked
from generator.render.document import render

ROOT = Path(__file__).parents[1]
SHIPPED = sorted((ROOT / "problems/recurrence").glob("*.yml"))
SQUARE = "[[1, 0], [0, 1]]"
FORMS = {
    "layers": "layers: 3\ninputs: [1, 0, 1]\nweights: {w_1: 1, u_1: 1, w_2: 1, u_2: 1, w_3: 1, u_3: 1, v: 1}\n",
    "both": "direction: both\ninputs: [1, 0, 1]\n"
    "weights: {w_fwd: 1, u_fwd: 1, v_fwd: 1, w_bwd: 1, u_bwd: 1, v_bwd: 1}\n",
    "both of many gates": "direction: both\ncell: lstm\ninputs: [1, 0]\nweights:\n  {v_fwd: 1, v_bwd: 1, "
    + ", ".join(f"{m}_{gate}_{end}: 1" for m in "wu" for gate in "ifgo" for end in ("fwd", "bwd"))
    + "}\n",
    "fed back": f"length: 4\ninputs: [[1, 0]]\nweights: {{W: {SQUARE}, U: {SQUARE}, V: {SQUARE}}}\n",
    "fed back into layers": "length: 4\ninputs: [1]\nlayers: 2\nweights: {w_1: 1, u_1: 1, w_2: 1, u_2: 1, v: 1}\n",
    "truncated": "inputs: [1, 1, 1, 1, 1, 1]\ntruncate: 2\nweights: {w: 1, u: 1, v: 1}\n",
    "one step": "inputs: [1]\nweights: {w: 1, u: 1}\n",
}


def drawn(tmp_path: Path, form: str) -> tuple[Worked, Drawing]:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: recurrent\ntitle: t\n{FORMS[form]}", encoding="utf-8")
    worked = load_worked(path)
    assert worked.drawing is not None
    return worked, worked.drawing


def overlapping(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(one[1], other[1])


@pytest.mark.parametrize("form", FORMS)
def test_nothing_lies_over_anything_else(tmp_path: Path, form: str) -> None:
    _, drawing = drawn(tmp_path, form)
    circles = [item for item in drawing.items if isinstance(item, Circle)]
    for one, other in combinations(circles, 2):
        distance = hypot(one.centre[0] - other.centre[0], one.centre[1] - other.centre[1])
        assert distance > one.radius + other.radius + 10
    labels = [bounds(item) for item in drawing.items if isinstance(item, Mark) and item.style == "small"]
    assert not [pair for pair in combinations(labels, 2) if overlapping(*pair)]
    assert not [box for box in labels for circle in circles if overlapping(box, around(circle))]
    for mark in (item for item in drawing.items if isinstance(item, Mark) and item.style == "label"):
        left, _, right, _ = bounds(mark)
        assert any(c.centre == mark.at and right - left < 2 * c.radius for c in circles), "a symbol fits into its node"


@pytest.mark.parametrize("form", FORMS)
def test_no_arrow_runs_through_a_node(tmp_path: Path, form: str) -> None:
    _, drawing = drawn(tmp_path, form)
    circles = [item for item in drawing.items if isinstance(item, Circle)]
    for arrow in (item for item in drawing.items if isinstance(item, Arrow)):
        ends = (arrow.points[0], arrow.points[-1])
        for circle in circles:
            away = [hypot(x - circle.centre[0], y - circle.centre[1]) for x, y in ends]
            if min(away) < circle.radius + 1:
                continue  # where it begins or ends
            for (a, b), (c, d) in zip(arrow.points, arrow.points[1:], strict=False):
                for part in range(21):
                    x, y = a + (c - a) * part / 20, b + (d - b) * part / 20
                    assert hypot(x - circle.centre[0], y - circle.centre[1]) > circle.radius


@pytest.mark.parametrize("form", FORMS)
def test_the_formats_draw_the_same(tmp_path: Path, form: str) -> None:
    worked, drawing = drawn(tmp_path, form)
    diagram = worked.graph.diagram
    assert diagram is not None
    picture = svg(drawing, "a", "b", "c", standalone=True)
    ElementTree.fromstring(picture)
    nodes, edges = len(diagram.nodes), len(diagram.edges)
    assert (
        picture.count("<circle") == tikz(drawing).count(" circle[") == typst_drawing(drawing).count("circle(") == nodes
    )
    assert picture.count("<polygon") == tikz(drawing).count("Stealth") == edges
    cut = sum(edge.cut for edge in diagram.edges)
    assert picture.count("stroke-dasharray") == tikz(drawing).count("dash pattern") == cut
    assert cut == (2 if form == "truncated" else 0)


def test_the_shared_weight_stands_on_every_arrow_that_it_works_on(tmp_path: Path) -> None:
    worked, drawing = drawn(tmp_path, "truncated")
    symbols = [item.content for item in drawing.items if isinstance(item, Mark) and item.style == "small"]
    for name in ("w", "u", "v"):
        assert symbols.count(worked.writer.box(name)) == 6


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_document_has_the_drawing_and_says_what_it_shows(path: Path, language: str) -> None:
    worked = load_worked(path)
    text = render(worked, "solution", "web", language)
    assert text.count('class="lh-diagram"') == 1
    assert ("time steps, with the weights" if language == "en" else "按时间步展开") in text
