"""Circuits of formulas: values and derivatives where they belong, nothing over anything else, boxes on worksheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import sets
from hypothesis import given, settings
from hypothesis import strategies as st
from test_drawing import apart, assert_clear, marks, plain
from tools import latex_log

from generator.definitions.problem import find_definitions
from generator.drawings.circuit import BLANK, PAGE
from generator.drawings.drawing import Arrow, Bounds, Circle, Curve, Drawing, Frame, Mark, around, bounds
from generator.drawings.layers import heights, layered
from generator.drawings.operations import operation
from generator.drawings.svg import svg
from generator.drawings.tikz import tikz
from generator.drawings.typst import typst_drawing
from generator.errors import DefinitionError
from generator.graph.quantities import Diagram, derivative_name
from generator.kinds.formulas.circuit import DEEPEST, LARGEST, MOST
from generator.pipeline import Worked, load_worked
from generator.publish.artifacts import pictures, truth_of
from generator.render.document import render
from generator.render.figures import image
from generator.render.language import load_words
from generator.render.paper import Paper
from generator.sets.pictures import Pictures
from generator.typeset.numerals import numeral
from generator.variants.slots import Slots, variant
from generator.verify.document import verify

ROOT = Path(__file__).parents[1]
CIRCUITS = sorted((ROOT / "problems/circuits").glob("*.yml"))
FAN = """\
givens: {x: 2, y: -3, k: 4}
formulas: {u: x * y, v: x + y, a: "max(u, v)", g: logistic(v), h: u - g, m: h * k, n: a**2, f: m + n + x}
differentiate: {of: f, wrt: [x, y]}
"""
NEURON = """\
givens: {w0: 2, x0: -1, w1: -3, x1: -2, w2: -3}
formulas: {a: w0 * x0, b: w1 * x1, c: a + b, p: c + w2, q: -p, r: exp(q), t: 1 + r, s: 1 / t}
differentiate: {of: s, wrt: [w0, x0, w1, x1, w2]}
"""


def made(tmp_path: Path, text: str, notation: str | None = None) -> Worked:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: formulas\ntitle: {{en: t, zh: t}}\n{text}", encoding="utf-8")
    return load_worked(path, notation)


def circuit_of(worked: Worked) -> Diagram:
    assert worked.graph.diagram is not None
    assert worked.graph.diagram.of
    return worked.graph.diagram


def drawings(worked: Worked) -> tuple[Drawing, Drawing]:
    assert worked.drawing is not None
    assert worked.blank_drawing is not None
    return worked.drawing, worked.blank_drawing


def numbers(drawing: Drawing) -> dict[str, Mark]:
    return {mark.number: mark for mark in marks(drawing) if mark.number}


def frames(drawing: Drawing) -> list[Frame]:
    return [item for item in drawing.items if isinstance(item, Frame)]


# --- what is drawn ---


def test_each_node_stands_behind_all_that_it_is_computed_from(tmp_path: Path) -> None:
    diagram = circuit_of(made(tmp_path, FAN))
    columns = {node.name: node.column for node in diagram.nodes}
    assert columns == {"x": 0, "y": 0, "k": 0, "u": 1, "v": 1, "a": 2, "g": 2, "h": 3, "n": 3, "m": 4, "f": 5}
    kinds = {node.name: node.kind for node in diagram.nodes}
    assert [name for name, kind in kinds.items() if kind == "input"] == ["x", "y", "k"]
    assert [name for name, kind in kinds.items() if kind == "output"] == ["f"]
    assert [(edge.start, edge.end) for edge in diagram.edges if edge.end in ("v", "f")] == [
        ("x", "v"), ("y", "v"), ("m", "f"), ("n", "f"), ("x", "f"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", CIRCUITS, ids=lambda path: path.stem)
def test_every_value_and_derivative_of_a_shipped_circuit_is_the_one_that_is_worked(path: Path) -> None:
    worked = load_worked(path)
    diagram, found = circuit_of(worked), numbers(drawings(worked)[0])
    names = [node.name for node in diagram.nodes]
    wanted = {*names, *(derivative_name(diagram.of, name) for name in names if name != diagram.of)}
    assert set(found) == wanted
    for name, mark in found.items():
        assert mark.content == numeral(worked.trace.shown[name])
        assert mark.style == ("back" if "/" in name else "small")


def test_only_what_has_a_derivative_shows_one(tmp_path: Path) -> None:
    solved, blank = drawings(made(tmp_path, FAN))
    assert {name for name in numbers(solved) if "/" in name} == {
        f"df/d{name}" for name in ("x", "y", "u", "v", "a", "g", "h", "n", "m")
    }
    assert [plain(mark.content) for mark in marks(solved) if mark.style == "back" and not mark.number] == ["1"]
    back = [item for item in solved.items if isinstance(item, Arrow) and item.style == "edge-back"]
    assert len(back) == 10  # those nine, and that of the end by itself
    assert set(numbers(blank)) == {"x", "y", "k"}
    assert [frame.style for frame in frames(blank)].count("blank") == 8
    assert [frame.style for frame in frames(blank)].count("blank-back") == 9


def test_a_value_stands_above_its_line_and_a_derivative_below(tmp_path: Path) -> None:
    solved, _ = drawings(made(tmp_path, FAN))
    inside = {mark.at: mark for mark in marks(solved) if mark.style == "label"}
    heights_of = {plain(mark.content): at[1] for at, mark in inside.items()}
    found = numbers(solved)
    for name in ("x", "y", "k"):
        assert found[name].at[1] < heights_of[name]
        assert name == "k" or heights_of[name] < found[f"df/d{name}"].at[1]
    assert all(found[f"df/d{name}"].at[0] == found[name].at[0] for name in ("x", "u", "m"))


@pytest.mark.parametrize(
    ("formula", "inside"),
    [
        ("x + y", "+"), ("x * y", "×"), ("x + y + z", "+"), ("max(x, y)", "max"), ("logistic(x)", "σ"),
        ("tanh(x)", "tanh"), ("exp(x)", "exp"), ("log(x)", "ln"), ("x - y", "x − y"), ("x / y", "x/y"),
        ("1 / x", "1/x"), ("x**2", "x2"), ("-x", "−x"), ("1 + x", "1 + x"), ("2 * x", "2 · x"), ("sqrt(x)", "√(x)"),
        ("abs(x)", "|x|"), ("x * y + z", None), ("relu(x + y)", None), ("x - y - z - 2 * x", None),
        ("x if x > y else y", None), ("x + 1234567.125", None), ("7", None),
    ],
)  # fmt: skip
def test_a_node_shows_its_operation_or_its_name(tmp_path: Path, formula: str, inside: str | None) -> None:
    worked = made(tmp_path, f"givens: {{x: 2, y: 3, z: 5}}\nformulas: {{q: '{formula}'}}\n")
    found = operation(worked.writer, "q")
    assert (None if found is None else plain(found)) == inside
    assert operation(worked.writer, "x") is None


def test_it_is_drawn_where_it_says_something_and_can_be_read(tmp_path: Path) -> None:
    def drawn(text: str, count: int = 2) -> bool:
        chain = ", ".join(f"q{n}: q{n - 1} * x" for n in range(1, count))
        formulas = f"givens: {{x: 1}}\nformulas: {{q0: x + 1, {chain}}}\n"
        return made(tmp_path, f"{formulas}{text}").graph.diagram is not None

    asked = "differentiate: {of: q1, wrt: [x]}\n"
    assert drawn(asked)
    assert not drawn("")
    assert not drawn(f"{asked}drawing: none\n")
    assert not drawn("differentiate: {of: q0, wrt: [x]}\n"), "no more than the formula says"
    assert drawn("differentiate: {of: q0, wrt: [x]}\ndrawing: circuit\n")
    assert not drawn("differentiate: {of: [q0, q1], wrt: [x]}\n"), "of one formula"
    last = DEEPEST - 2  # of the formulas, which stand in the columns behind that of x
    assert drawn(f"differentiate: {{of: q{last}, wrt: [x]}}\n", last + 1)
    assert not drawn(f"differentiate: {{of: q{last + 1}, wrt: [x]}}\n", last + 2)
    assert drawn(f"differentiate: {{of: q{last + 1}, wrt: [x]}}\ndrawing: circuit\n", last + 2)
    assert not made(tmp_path, "givens: {x: 1}\nformulas: {f: x**3, g: 'd(f, x)', h: g**2}\n"
                    "differentiate: {of: h, wrt: [x]}\n").graph.diagram  # fmt: skip


@pytest.mark.parametrize("size", [MOST - 2, MOST - 1])
def test_each_entry_of_a_vector_is_a_node(tmp_path: Path, size: int) -> None:
    entries = (size - 2) // 2 or 1
    text = f"givens: {{v: [{', '.join('1' * entries)}], w: 2{', u: 1' * (size % 2)}}}\n"
    text += f"formulas: {{p: w * v{' + u' * (size % 2)}, L: sum(p)}}\ndifferentiate: {{of: L, wrt: [v]}}\n"
    diagram = made(tmp_path, text).graph.diagram
    assert diagram is not None
    assert len(diagram.nodes) == 2 * entries + 2 + size % 2 <= MOST


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("givens: {x: 1}\nformulas: {f: x + 1}\ndrawing: circuit\n", "`drawing`: found a circuit of nothing"),
        (
            "givens: {x: [1, 2]}\nformulas: {f: 2 * x}\ndifferentiate: {of: f, wrt: [x]}\ndrawing: circuit\n",
            "of one formula that is one number",
        ),
        (
            f"givens: {{x: [{', '.join(['1'] * LARGEST)}]}}\nformulas: {{f: sum(x)}}\n"
            "differentiate: {of: f, wrt: [x]}\ndrawing: circuit\n",
            f"a circuit of {LARGEST + 1} nodes",
        ),
        (
            'givens: {x: 1}\nformulas: {f: x**3, g: "d(f, x)", L: g**2}\n'
            "differentiate: {of: L, wrt: [x]}\ndrawing: circuit\n",
            "`L` has derivatives on the way",
        ),
        ("givens: {x: 1}\nformulas: {f: x}\ndrawing: network\n", "drawing"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as error:
        made(tmp_path, text)
    assert said in str(error.value)


def test_of_many_updates_it_is_the_first_round(tmp_path: Path) -> None:
    text = "givens: {x: 3}\nformulas: {q: x - 1, f: q**2}\ndifferentiate: {of: f, wrt: [x]}\n"
    worked = made(tmp_path, f"{text}learning_rate: {{eta: 0.25}}\nupdate: [x]\nsteps: 3\n")
    shown = {name: plain(mark.content) for name, mark in numbers(drawings(worked)[0]).items()}
    assert shown == {"x": "3", "q": "2", "f": "4", "df/dx": "4", "df/dq": "4"}


# --- where it is drawn ---

OPERATIONS = ("+", "*", "-")


@st.composite
def formulas(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, tuple[str, str, str]]]:
    """Givens, and formulas each of which takes two of what stands before it; the last needs all that nothing uses."""
    givens = {f"x{n}": draw(st.integers(-3, 3)) for n in range(draw(st.integers(1, 4)))}
    made: dict[str, tuple[str, str, str]] = {}
    for n in range(draw(st.integers(2, 8))):
        names = st.sampled_from([*givens, *made])
        made[f"q{n}"] = (draw(names), draw(st.sampled_from(OPERATIONS)), draw(names))
    return givens, made


def text_of(problem: tuple[Mapping[str, int], Mapping[str, tuple[str, str, str]]]) -> str:
    givens, computed = problem
    lines = "\n".join(f"  {name}: {' '.join(parts)}" for name, parts in computed.items())
    listed = ", ".join(f"{name}: {number}" for name, number in givens.items())
    return (
        f"givens: {{{listed}}}\nformulas:\n{lines}\n"
        f"differentiate: {{of: {list(computed)[-1]}, wrt: [{', '.join(givens)}]}}\ndrawing: circuit\n"
    )


def values_of(
    problem: tuple[Mapping[str, int], Mapping[str, tuple[str, str, str]]],
) -> tuple[dict[str, int], dict[str, int]]:
    """The values, and the derivatives of the last by all of them, worked in the plainest way."""
    givens, computed = problem
    values = dict(givens)
    for name, (a, sign, b) in computed.items():
        values[name] = {"+": values[a] + values[b], "*": values[a] * values[b], "-": values[a] - values[b]}[sign]
    back = dict.fromkeys(values, 0)
    back[list(computed)[-1]] = 1
    for name, (a, sign, b) in reversed(computed.items()):
        back[a] += back[name] * (values[b] if sign == "*" else 1)
        back[b] += back[name] * {"+": 1, "*": values[a], "-": -1}[sign]
    return values, back


@settings(max_examples=60, deadline=None)
@given(formulas())
def test_small_circuits_are_right_and_clear(
    tmp_path_factory: pytest.TempPathFactory, problem: tuple[dict[str, int], dict[str, tuple[str, str, str]]]
) -> None:
    worked = made(tmp_path_factory.mktemp("circuit"), text_of(problem))
    diagram, (values, back) = circuit_of(worked), values_of(problem)
    solved, blank = drawings(worked)
    for name, mark in numbers(solved).items():
        of = name.removeprefix(f"d{diagram.of}/d")
        assert Fraction(plain(mark.content).replace("−", "-")) == (values[of] if of == name else back[of])
    assert {name for name in numbers(solved) if "/" not in name} == {node.name for node in diagram.nodes}
    for drawing in (solved, blank):
        assert_clear(drawing)
        assert_free(drawing)
    for picture in (svg(solved, "t", "d", "c"), svg(blank, "t", "d", "c", standalone=True)):
        ElementTree.fromstring(picture)


def assert_free(drawing: Drawing) -> None:
    """No two nodes or boxes over each other; no line through a label, a box, or a node that it does not lead to."""
    circles = [item for item in drawing.items if isinstance(item, Circle) and item.style != "dots"]
    boxes = [frame_bounds(frame) for frame in frames(drawing)]
    rooms = [bounds(mark) for mark in marks(drawing) if mark.style != "label"]
    assert all(apart(one, other) for one, other in combinations([*boxes, *rooms, *map(around, circles)], 2))
    for item in drawing.items:
        if isinstance(item, Arrow | Curve):
            points = list(_dense(item.points))
            for left, top, right, bottom in (*boxes, *rooms):
                assert not any(left < x < right and top < y < bottom for x, y in points)
            for circle in circles:
                (a, b), inside = circle.centre, circle.radius - 0.01
                assert all((x - a) ** 2 + (y - b) ** 2 >= inside**2 for x, y in points)


def _dense(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for (a, b), (c, d) in pairwise(points):
        yield from ((a + (c - a) * part / 10, b + (d - b) * part / 10) for part in range(11))


def frame_bounds(frame: Frame) -> Bounds:
    (x, y), wide, high = frame.centre, frame.width / 2, frame.height / 2
    return x - wide, y - high, x + wide, y + high


@pytest.mark.parametrize("text", [FAN, NEURON], ids=["fan", "neuron"])
def test_lines_cross_no_more_than_they_must(tmp_path: Path, text: str) -> None:
    layers = layered(circuit_of(made(tmp_path, text)))
    place = {spot: number for column in layers.columns for number, spot in enumerate(column)}
    crossings = [
        pair
        for pair in combinations(layers.links, 2)
        if pair[0][0].column == pair[1][0].column
        and (place[pair[0][0]] - place[pair[1][0]]) * (place[pair[0][1]] - place[pair[1][1]]) < 0
    ]
    assert len(crossings) <= (3 if text == FAN else 0)
    down = heights(layers, lambda one, other: 40.0)
    for column in layers.columns:
        assert all(down[other] - down[one] >= 40 - 1e-9 for one, other in pairwise(column))


# --- documents ---


@pytest.mark.parametrize("path", CIRCUITS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("language", "said", "told"), [("en", "boxes for the values", "Lines: "), ("zh", "值和导数处留有空格", "连线：")]
)
def test_a_document_has_its_circuit_and_says_what_it_shows(path: Path, language: str, said: str, told: str) -> None:
    worked = load_worked(path)
    assert "circuit.svg" in render(worked, "solution", "markdown", language)
    assert "circuit.svg" in render(worked, "key", "markdown", language)
    sheet = render(worked, "worksheet", "markdown", language)
    assert "blanks.svg" in sheet
    assert "circuit.svg" not in sheet
    assert said in sheet
    page = render(worked, "worksheet", "web", language)
    assert page.count('class="lh-diagram lh-circuit"') == 1
    assert "lh-back" in page
    picture = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    assert said in (picture[0].text or "")
    assert told in (picture[1].text or "")
    note = load_words(language)("texts.circuit").partition("{")[0]
    assert note not in render(worked, "solution", "terminal", language), "where nothing is drawn"
    assert note in render(worked, "solution", "markdown", language)


def test_only_problems_with_a_circuit_speak_of_one() -> None:
    (path,) = (path for path in find_definitions(ROOT / "problems") if path.stem == "one_unit")
    worked = load_worked(path)
    assert worked.drawing is worked.blank_drawing
    assert [file.path for file in pictures(worked)] == ["one_unit-network.svg"]
    assert "lh-back" not in render(worked, "solution", "web")
    assert "network" not in render(worked, "key", "markdown")


def test_no_answer_is_in_the_picture_of_a_worksheet(tmp_path: Path) -> None:
    """Only what is given, and nowhere how long or which sign the answers are."""
    worked = made(tmp_path, FAN)
    _, blank = drawings(worked)
    assert {frame.width for frame in frames(blank)} == {BLANK[0]}
    other = drawings(variant(worked, {"x": Fraction(-3)}))[1]
    assert [item for item in other.items if not isinstance(item, Mark)] == [
        item for item in blank.items if not isinstance(item, Mark)
    ]
    files = {file.path: file.content.decode() for file in pictures(worked)}
    assert set(files) == {"made-circuit.svg", "made-blanks.svg"}
    texts = [text for text in _texts(files["made-blanks.svg"]) if text.lstrip("−").replace(".", "").isdigit()]
    assert sorted(texts) == ["1", "2", "4", "−3"]


def _texts(picture: str) -> list[str]:
    return [
        "".join(text.itertext()) for text in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.mark.parametrize("name", ["latex", "typst", "web", "markdown"])
@pytest.mark.parametrize("document", ["solution", "worksheet", "key"])
def test_filled_documents_are_those_that_are_rendered(tmp_path: Path, document: str, name: str) -> None:
    """Numbers of all signs and lengths go into the slots of a circuit, and every line is true."""
    worked = made(tmp_path, FAN)
    drawn: dict[str, list[Fraction]] = {
        "x": [Fraction(n, 4) for n in (8, -9, 3, 40, -1, 5)],
        "y": [Fraction(n, 8) for n in (-24, 7, 1, 100, 12, -3)],
    }
    slots = Slots(worked, document, name)
    for number, text in enumerate(slots.fill(drawn)):
        own = variant(worked, {given: column[number] for given, column in drawn.items()})
        assert text == render(own, document, name)
        if document == "solution":
            verify(text, name, truth_of(own)).demand(document)
    assert slots.follows


@pytest.mark.parametrize("solved", [True, False])
def test_a_filled_picture_is_the_drawn_one(tmp_path: Path, solved: bool) -> None:
    worked = made(tmp_path, FAN)
    filled = Pictures(worked, "en", solved)
    assert filled.kind == ("circuit" if solved else "blanks")
    for x in ("2", "-1.25", "12345", "0.001"):
        own = variant(worked, {"x": Fraction(x)})
        paper = Paper(own, "markdown", "en")
        ((drawing, words),) = [(found, words) for kind, found, words in paper.pictures() if kind == filled.kind]
        assert filled.svg(own.trace.shown.__getitem__) == image(drawing, paper.alt(filled.kind), words)


@pytest.mark.parametrize(
    ("ask", "values", "derivatives"),
    [
        ("[p]", "abcp", ""),
        ("[s]", "abcpqrts", ""),
        ("[ds/dw0]", "abcpqrt", ["w0", *"acpqrt"]),
        ("[ds/dq, a]", "abcpqrt", [*"qrt"]),
    ],
)
def test_a_worksheet_draws_what_is_asked_for_and_what_leads_there(
    tmp_path: Path, ask: str, values: str, derivatives: Sequence[str]
) -> None:
    """A box for each value that is needed and each derivative on the way back, and the nodes that they stand behind."""
    worked = made(tmp_path, f"{NEURON}worksheet: {{ask: {ask}}}\n")
    solved, blank = drawings(worked)
    assert len(frames(blank)) == len(values) + len(derivatives)
    assert [frame.style for frame in frames(blank)].count("blank-back") == len(derivatives)
    circles = [item for item in blank.items if isinstance(item, Circle) and item.style != "dots"]
    givens = 5 if set(values) & {"p"} else 4
    assert len(circles) == givens + len(values) + ("s" not in values and bool(derivatives))
    assert_clear(blank)
    assert_free(blank)
    assert len(numbers(solved)) == len(numbers(drawings(made(tmp_path, NEURON))[0]))  # which stays whole
    text = render(worked, "worksheet", "markdown")
    assert ("the derivative of $s$ with respect to that value, on the way back" in text) is bool(derivatives)
    assert "Fill in the circuit: above each line its value" in text


def test_papers_draw_what_is_asked_for(tmp_path: Path) -> None:
    """Filled in or drawn for one variant, the picture is the same, and so are the documents."""
    worked = made(tmp_path, f"{NEURON}worksheet: {{ask: [c]}}\n")
    filled = Pictures(worked, "en", solved=False)
    own = variant(worked, {"w2": Fraction("-123.456789"), "x0": Fraction("0.001")})
    paper = Paper(own, "markdown", "en")
    ((drawing, words),) = [(found, words) for kind, found, words in paper.pictures() if kind == filled.kind]
    assert filled.svg(own.trace.shown.__getitem__) == image(drawing, paper.alt(filled.kind), words)
    assert "w₂" not in words
    drawn = {"w2": [Fraction("-123.456789"), Fraction(1)], "x0": [Fraction("0.001"), Fraction(2)]}
    for name in ("latex", "web"):
        texts = Slots(worked, "worksheet", name).fill(drawn)
        for number, text in enumerate(texts):
            other = variant(worked, {given: column[number] for given, column in drawn.items()})
            assert text == render(other, "worksheet", name)


def test_there_is_room_to_write_however_many_columns_there_are(tmp_path: Path) -> None:
    """Where a page makes a drawing smaller, its boxes are taller: about 8 mm by 9 or more on the page."""
    for text in (FAN, NEURON, NEURON.replace("s: 1 / t", "s: 1 / t, z: s * 2").replace("of: s", "of: z")):
        _, blank = drawings(made(tmp_path, text))
        scale = min(1.0, PAGE / blank.width)
        for frame in frames(blank):
            assert frame.height * scale > 0.9 * BLANK[1]
            assert frame.width * scale * 0.625 / 72 * 25.4 > 8


SET = """\
title: Circuits
problems:
  - id: chain_rule_circuit
    points: 6
    level: guided
    allow: [equal]
    vary: {x: {integers: [-9, -2]}, y: {integers: [2, 9]}, z: {integers: [-9, 9], without: [0, 1]}}
copies: 3
"""


def test_papers_have_their_own_circuits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGHAND_SECRET", sets.SECRET)
    found = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        path = sets.set_file(folder, SET, "chain_rule_circuit")
        assert path.is_file()
        sets.made(folder, formats="markdown", text=SET)
        found.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.svg")})
    assert found[0] == found[1]
    names = {path.name for path in found[0]} - {"code.svg"}
    assert names == {"chain_rule_circuit-blanks.svg", "chain_rule_circuit-circuit.svg"}
    assert len({content for path, content in found[0].items() if path.name.endswith("blanks.svg")}) == 3
    for path in found[0]:
        if path.name.endswith("blanks.svg"):
            assert path.parts[-3] == "students"


# --- formats ---


def _gallery(tmp_path: Path) -> list[Drawing]:
    return [drawing for text in (FAN, NEURON) for drawing in drawings(made(tmp_path, text))]


def test_the_formats_draw_the_same(tmp_path: Path) -> None:
    for drawing in _gallery(tmp_path):
        picture = svg(drawing, "t", "d", "c", standalone=True)
        circles = sum(isinstance(item, Circle) for item in drawing.items)
        arrows = sum(isinstance(item, Arrow) for item in drawing.items)
        boxes = len(frames(drawing))
        assert picture.count("<circle") == tikz(drawing).count(" circle[") == circles
        assert typst_drawing(drawing).count("circle(") == circles
        assert picture.count("<polygon") == tikz(drawing).count("Stealth") == arrows
        assert typst_drawing(drawing).count("polygon(") == arrows
        assert picture.count("<rect") == tikz(drawing).count(" rectangle (") - 1 == boxes
        assert typst_drawing(drawing).count(" rect(") == boxes
        sheet = (ROOT / "site/assets/longhand.css").read_text()
        named = {name for tag in ElementTree.fromstring(picture)[3:] for name in (tag.get("class") or "").split()}
        assert {"lh-back", "lh-back-ink"} <= named
        assert all(f".{name}" in sheet and f".{name}" in picture for name in named)


def test_typst_reads_circuits_and_keeps_them_in_the_line(tmp_path: Path) -> None:
    compiler = pytest.importorskip("typst")
    source = "\n\n".join(map(typst_drawing, _gallery(tmp_path)))
    found = compiler.compile(f"#set page(width: 300pt, height: auto)\n{source}".encode(), format="svg")
    assert ElementTree.fromstring(found[0] if isinstance(found, list) else found).get("width") in ("300pt", "300")


@pytest.mark.tex
@pytest.mark.usefixtures("tex")
def test_latex_reads_circuits_and_keeps_them_in_the_line(tmp_path: Path) -> None:
    log = latex_log(map(tikz, _gallery(tmp_path)), tmp_path)
    assert "Overfull \\hbox" not in log
