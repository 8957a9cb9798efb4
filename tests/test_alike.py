"""Tables in place of long lists: every entry at its place, every cell read back, and nothing of it on a worksheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.definitions.problem import Definition, kind_module
from generator.definitions.source import Source
from generator.derive.steps import Step
from generator.formula.tree import Ref, references
from generator.graph.quantities import Graph, Role, derivative_name
from generator.graph.wholes import wholes
from generator.notation.titles import titled
from generator.pipeline import Worked, load_worked, work
from generator.publish.artifacts import truth_of
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.render.language import language_names
from generator.verify.document import Report, verify
from generator.views.alike import tabled

EDGES = Path(__file__).resolve().parents[1] / "problems" / "convolution" / "image_edges.yml"
READ = tuple(name for name in FORMATS if name != "terminal")


def made(kind: str, **data: Any) -> Worked:
    module = kind_module(kind)
    data = {"kind": kind, "title": "made", **data}
    problem = module.Definition.model_validate(data)
    assert not list(module.check(problem)), data
    return work(Definition(problem=problem, source=Source(Path("made.yml"), data, {})))


def cells(worked: Worked, detail: str = "first") -> dict[str, dict[tuple[str, str], Step]]:
    """The cells of every table, by their row and column."""
    found: dict[str, dict[tuple[str, str], Step]] = {}
    for number, section in enumerate(worked.sections(detail)):
        for step in tabled(worked, section).walk():
            if step.table and step.cell:
                table = found.setdefault(f"{number} {step.table}", {})
                assert step.cell not in table
                table[step.cell] = step
    return found


def read_back(worked: Worked, text: str, text_format: str) -> Report:
    return verify(text, text_format, truth_of(worked), worked.history)


def test_the_entries_of_an_image_stand_at_their_places() -> None:
    worked = load_worked(EDGES)
    tables = list(cells(worked).values())
    named = [{place: step.target for place, step in table.items()} for table in tables]
    places = [(row, column) for row in range(3) for column in range(3)]

    def grid(name: str) -> dict[tuple[str, str], str]:
        return {(str(row), str(column + 1)): name.format(f"{row + 1}_{column + 1}") for row, column in places}

    gradients = [derivative_name("E_total", f"{letter}_{{}}") for letter in "hz"]
    locals_ = [derivative_name("z_{}", wrt) for wrt in ("k_1_1", "b")]
    assert named == [grid(name) for name in ("z_{}", "h_{}", *gradients, *locals_)]


def test_what_is_worked_in_full_stays_and_what_comes_in_between_goes() -> None:
    worked = load_worked(EDGES)
    steps = [step for section in worked.sections("first") for step in tabled(worked, section).walk()]
    full = [step.target for step in steps if step.full]
    assert full == [step.target for section in worked.sections("first") for step in section.walk() if step.full]
    shown = {step.target for step in steps}
    assert derivative_name("p_1_1", "h_1_2") in shown  # a factor of what is worked in full
    assert derivative_name("p_2_2", "h_3_3") not in shown
    assert {derivative_name("E_total", name) for whole in wholes(worked.graph)[1:] for name in whole.entries} <= shown


def test_a_document_with_tables_is_readable() -> None:
    worked = load_worked(EDGES)
    short, long = (len(render(worked, "solution", "typst", detail=d).splitlines()) for d in ("first", "all"))
    assert short < 0.6 * long


def test_nothing_is_a_table_where_everything_is_worked() -> None:
    worked = load_worked(EDGES)
    assert cells(worked, "all") == {}
    english = "The entries are worked alike"
    assert english in render(worked, "solution", "markdown")
    assert english not in render(worked, "solution", "markdown", detail="all")
    for level, tables in {"guided": True, "faded": True, "open": False}.items():
        assert (english in render(worked, "worksheet", "markdown", level=level)) is tables


@settings(max_examples=10)
@given(st.integers(2, 9), st.integers(2, 4))
def test_only_what_is_long_becomes_a_table(length: int, width: int) -> None:
    givens = {"v": [str(n) for n in range(length)], "M": [[str(3 * n - m) for m in range(width)] for n in range(2)]}
    worked = made("formulas", givens=givens, formulas={"u": "v * v + 1", "N": "2 * M"}, detail="first")
    tables = list(cells(worked).values())
    assert len(tables) == (length >= 6) + (width >= 3)
    for table in tables:
        for (row, column), step in table.items():
            prefix = step.target.partition("_")[0]
            place = f"{column}" if prefix == "u" else f"{int(row) + 1}_{column}"
            assert step.target == f"{prefix}_{place}"
            (equation,) = step.equations
            assert equation.left == Ref(step.target)
    for text_format in READ:
        assert not read_back(worked, render(worked, "solution", text_format), text_format).untrue


def test_values_after_an_update_are_a_table_too() -> None:
    givens = {"v": ["1", "2", "3", "4", "5", "6"]}
    data = {"givens": givens, "formulas": {"u": "v * v", "L": "sum(u)"}, "detail": "first"}
    asked = {"differentiate": {"of": "L", "wrt": ["v"]}, "learning_rate": "0.1", "update": ["v"]}
    worked = made("formulas", **data, **asked)
    targets = [[step.target for step in table.values()] for table in cells(worked).values()]
    assert [f"v_{n}_new" for n in range(1, 7)] in targets
    assert [f"u_{n}_new" for n in range(1, 7)] in targets
    assert [derivative_name("L", f"v_{n}") for n in range(1, 7)] in targets
    for language in language_names():
        for text_format in READ:
            text = render(worked, "solution", text_format, language)
            assert not read_back(worked, text, text_format).untrue


POOLED = """\
kind: convolution
title: T
input: {x: [[0, 1, 2, 0, 1], [1, 0, 3, 1, 0], [0, 2, 0, 1, 2], [1, 0, 1, 4, 0], [0, 1, 2, 0, 1]]}
layers:
- max_pooling: {name: p, size: 3, stride: 2}
- flatten: {}
- dense: {name: y, weights: {w: [0.5, 1, -1, 2]}}
targets: {t: 1}
differentiate: [inputs]
"""
FILTERS = """\
kind: convolution
title: T
input: {x: [[1, 0, 2, 0], [0, 1, 0, 1], [2, 0, 1, 0], [0, 2, 0, 1]]}
layers:
- convolution: {name: z, filters: {k: [[[1, 0.25], [0, -1]], [[0.5, 1], [-1, 0]]]}, biases: {b: [0.5, -0.25]}}
- activation: {name: h, function: relu}
- max_pooling: {name: p, size: 2, stride: 1}
- flatten: {}
- dense: {name: y, weights: {w: [0.1, 0.2, -0.3, 0.4, 0.5, -0.1, 0.2, 0.3]}, biases: {c: 0.5}}
targets: {t: 1}
differentiate: [filters, biases, inputs]
"""


def of(folder: Path, text: str, notation: str | None = None) -> Worked:
    path = folder / "made.yml"
    path.write_text(text, encoding="utf-8")
    return load_worked(path, notation)


@pytest.mark.parametrize("notation", ["default", "net_out", "z_h", "sum_output", "matrix"])
@pytest.mark.parametrize("text", [POOLED, FILTERS])
def test_all_that_a_formula_speaks_of_stands_before_it(tmp_path: Path, text: str, notation: str) -> None:
    """Values of a table too come from what has been worked, and no factor is left out that is used later."""
    worked = of(tmp_path, text, notation)
    graph, seen = worked.graph, set[str]()
    for section in worked.sections("first"):
        for step in tabled(worked, section).walk():
            used = {name for part in step.equations[-1].parts for name in references(part.formula)}
            if step.table:
                used = {name for name in graph.operands[step.target] if graph[name].role is Role.GRADIENT}
            late = [name for name in used if name in graph and graph[name].role in (Role.LOCAL, Role.GRADIENT)]
            if section.code.startswith("gradients"):
                assert set(late) <= seen | {step.target}, (step.target, late)
                seen.add(step.target)
                seen |= set(graph.tensor[step.target].names) if step.target in graph.tensor else set()


def test_the_entry_that_takes_the_gradient_of_a_window_is_named_and_worked(tmp_path: Path) -> None:
    worked = of(tmp_path, POOLED)
    steps = [s for section in worked.sections("first") if section.code != "chain_rule" for s in section.walk()]
    full = [step.target for step in steps if step.full and "/dx" in step.target]
    assert full == ["dp_1_1/dx_2_3", "dE_total/dx_2_3", "dE_total/dx_4_4"]
    page = render(worked, "solution", "markdown")
    assert "The largest entry of the window of $p_{1 , 1}$ is $x_{2 , 3}$" in page
    every = render(worked, "solution", "markdown", detail="all")
    assert "It takes the gradient, and $x_{1 , 1}$ gets nothing of it" in every
    assert "\\max(x_{1 , 2}" not in every, "no condition on eight others"
    for level in ("guided", "faded", "open"):
        sheet = render(worked, "worksheet", "markdown", level=level)
        assert "gets nothing" not in sheet
        assert level == "faded" or "The largest entry of the window of" not in sheet
        assert not read_back(worked, sheet, "markdown").untrue


def test_equally_large_entries_share_where_they_are_to(tmp_path: Path) -> None:
    worked = of(tmp_path, POOLED.replace("[0, 2, 0, 1, 2]", "[0, 2, 3, 1, 2]") + "ties: shared\n")
    assert "is one of several largest entries" in render(worked, "solution", "markdown", detail="all")


def test_a_whole_grid_of_values_has_one_symbol(tmp_path: Path) -> None:
    worked = of(tmp_path, FILTERS)
    page = render(worked, "solution", "markdown")
    header = next(line for line in page.splitlines() if "partial z^{(2)}" in line and line.startswith("|"))
    assert header.count("partial") == 2
    assert header.endswith("| $1$ | $2$ | $3$ |")
    values = page[page.index(header) :].splitlines()[2]
    number = values.split("|")[2].strip(" $")
    for wrong in ("7.25", "-7.25"):
        broken = page.replace(f"{header}\n", f"{header}\n", 1).replace(values, values.replace(number, wrong, 1), 1)
        assert len(read_back(worked, broken, "markdown").untrue) == 1
    elsewhere = page.replace(header, header.replace("z^{(2)}", "z^{(1)}"), 1)
    assert read_back(worked, elsewhere, "markdown").untrue
    assert read_back(worked, page.replace(header, header.replace("z^{(2)}", "q"), 1), "markdown").untrue


REWEIGHTED = {
    "givens": {"X": [[1, 0], [1, 1], [1, 3], [1, 2]], "y": [0, 1, 1, 0], "w": [0, 0]},
    "formulas": {"p": "logistic(X @ w)", "R": "diag(p * (1 - p))"},
    "update": {"w": "w + X.T @ (y - p)"},
    "steps": 3,
}


def test_what_no_update_changes_stands_in_the_table_of_what_has_changed() -> None:
    """Of a diagonal matrix four entries change: the table has its symbol in the corner, and the zeros beside them."""
    worked = made("formulas", **REWEIGHTED)
    inputs, targets = np.array(REWEIGHTED["givens"]["X"]), np.array(REWEIGHTED["givens"]["y"])
    shares = 1 / (1 + np.exp(-inputs @ (inputs.T @ (targets - 0.5))))
    lines = render(worked, "solution", "terminal").splitlines()
    start = next(number for number, line in enumerate(lines) if line.split() == ["R^[1]", "1", "2", "3", "4"])
    shown = [[float(cell) for cell in line.split()[1:]] for line in lines[start + 1 : start + 5]]
    assert np.allclose(shown, np.diag(shares * (1 - shares)), rtol=5e-3)


@pytest.mark.parametrize("text_format", READ)
def test_what_no_update_changes_is_read_back(text_format: str) -> None:
    worked = made("formulas", **REWEIGHTED)
    text = render(worked, "solution", text_format)
    assert not read_back(worked, text, text_format).untrue
    tables = text.split("The entries are worked alike")
    zeros = list(re.finditer(r"(?<=[ $>])0(?=[$<])", tables[1].split("H")[0]))
    assert len(zeros) >= 12
    wrong = tables[1][: zeros[0].start()] + "7" + tables[1][zeros[0].end() :]
    broken = "The entries are worked alike".join((tables[0], wrong, *tables[2:]))
    assert len(read_back(worked, broken, text_format).untrue) == 1


def test_what_an_update_would_change_is_not_filled_in() -> None:
    """The values of an entry that is not worked again are no longer those from before."""
    worked = made("formulas", givens={"w": 1}, formulas={"p": "[2 * w, 3 * w, 5]"}, update={"w": "w + 1"}, steps=2)
    graph = worked.graph
    rows = [family.rows for family in titled(graph, worked.writer).values()]
    assert (("p_1_new", "p_2_new", "p_3"),) in rows
    kept = [quantity for quantity in graph if quantity.role is not Role.CHECK and quantity.name != "p_2_new"]
    fewer = Graph(tuple(kept), graph.givens, updates=graph.updates, rounds=graph.rounds)
    assert not [rows for family in titled(fewer, worked.writer).values() if "p_1_new" in family.names]


@pytest.mark.parametrize("text_format", READ)
def test_every_wrong_cell_is_found(text_format: str) -> None:
    worked = load_worked(EDGES)
    text = render(worked, "solution", text_format)
    assert not read_back(worked, text, text_format).untrue
    lead = "The entries are worked alike"
    start = text.index(lead) + len(lead)
    table = text[start : text.index("layer 2", start)]
    numbers = list(re.finditer(r"(?<=[ $>−-])[012]\.5(?=[$<])", table))
    assert len(numbers) == 9  # the values of z
    for number in numbers:
        wrong = table[: number.start()] + "7.5" + table[number.end() :]
        report = read_back(worked, text[:start] + wrong + text[start + len(table) :], text_format)
        assert len(report.untrue) == 1


# --- which entry shows how the others are worked ---

AFFINITIES = {
    "D": "[[norm(X[i] - X[j])^2 for j in 1..3] for i in 1..3]",
    "E": "[[exp(-D[i, j]) if i != j else 0 for j in 1..3] for i in 1..3]",
    "P": "[[E[i, j] / sum(E[i]) for j in 1..3] for i in 1..3]",
    "A": "[[X[i, 1] * X[j, 2] for j in 1..3] for i in 1..3]",
}


def test_no_zero_of_a_diagonal_shows_how_the_others_are_worked() -> None:
    worked = made("formulas", givens={"X": [[0, 1], [1, 0], [3, 0]]}, formulas=AFFINITIES)
    full = [step.target for section in worked.sections("first") for step in section.walk() if step.full]
    assert full == ["D_1_2", "E_1_1", "E_1_2", "P_1_2", "A_1_1"]
    text = render(worked, "solution", "terminal", "en")
    assert "E_(1,1) = 0\n" in text
    assert text.count("The entries are worked alike; these are their values:") == 3
    assert text.count("The other entries are worked like those above; these are the values of all:") == 1
    for text_format in READ:
        assert read_back(worked, render(worked, "solution", text_format), text_format).untrue == ()


def test_where_all_are_exceptions_the_first_is_worked() -> None:
    formulas = {"v": "[X[i, 1] - X[i, 1] for i in 1..3]", "J": "d([X[1, 1]**2, X[1, 2]], X[1])", "K": "eye(2)"}
    worked = made("formulas", givens={"X": [[0, 1], [1, 0], [3, 0]]}, formulas=formulas)
    full = [step.target for section in worked.sections("first") for step in section.walk() if step.full]
    assert [name for name in full if name[0] in "vJK"][:1] == ["v_1"]
    assert "J_2_2" not in full
    assert "K_1_1" in full


def test_the_window_that_is_worked_in_full_lies_inside(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(
        "kind: convolution\ntitle: t\ninput: {x: [[1, 2, 0], [0, 1, 1], [2, 1, 1]]}\nlayers:\n"
        "- convolution: {name: c, filters: {k: [[1, 0, 1], [0, 1, 0], [1, 0, 1]]}, padding: 1}\n",
        encoding="utf-8",
    )
    text = render(load_worked(path), "solution", "terminal")
    worked = text.partition("## Forward")[2]
    assert worked.partition("The entries")[0].count("k_(") == 9  # nine products, and none of a corner
    assert "c_(2,2) = k_(1,1) · x_(1,1)" in worked
    assert "c_(1,1) = " not in worked
