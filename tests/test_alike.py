"""Tables in place of long lists: every entry at its place, every cell read back, and nothing of it on a worksheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.definitions.problem import Definition, kind_module
from generator.definitions.source import Source
from generator.derive.steps import Step
from generator.formula.tree import Ref
from generator.graph.quantities import derivative_name
from generator.graph.wholes import wholes
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.render.language import language_names
from generator.verify.document import Report, verify
from generator.verify.truth import Truth
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
    return verify(text, text_format, Truth.of(worked.graph, worked.writer, worked.notation.rounding), worked.history)


def test_the_entries_of_an_image_stand_at_their_places() -> None:
    worked = load_worked(EDGES)
    tables = list(cells(worked).values())
    named = [{place: step.target for place, step in table.items()} for table in tables]
    places = [(row, column) for row in range(3) for column in range(3)]

    def grid(name: str) -> dict[tuple[str, str], str]:
        return {(str(row), str(column + 1)): name.format(f"{row + 1}_{column + 1}") for row, column in places}

    gradients = [derivative_name("E", f"{letter}_{{}}") for letter in "hz"]
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
    assert {derivative_name("E", name) for whole in wholes(worked.graph)[1:] for name in whole.entries} <= shown


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


@pytest.mark.parametrize("text_format", READ)
def test_every_wrong_cell_is_found(text_format: str) -> None:
    worked = load_worked(EDGES)
    text = render(worked, "solution", text_format)
    assert not read_back(worked, text, text_format).untrue
    lead = "The entries are worked alike"
    start = text.index(lead) + len(lead)
    table = text[start : text.index("layer 2", start)]
    numbers = list(re.finditer(r"(?<=[ >])[012]\.5(?=[$<])", table))
    assert len(numbers) == 9  # the values of z
    for number in numbers:
        wrong = table[: number.start()] + "7.5" + table[number.end() :]
        report = read_back(worked, text[:start] + wrong + text[start + len(table) :], text_format)
        assert len(report.untrue) == 1
