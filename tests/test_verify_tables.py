"""Tables of rendered documents are read back and checked in every format."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from generator.definitions.problem import find_definitions
from generator.graph.families import families
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.tables import verify_tables
from generator.verify.truth import Truth

FORMATS = ("markdown", "latex", "typst", "web")
PROBLEMS = [path for path in find_definitions(Path("problems")) if path.with_suffix(".claims.yml").is_file()]


@lru_cache
def worked_of(path: Path) -> tuple[Worked, Truth]:
    worked = load_worked(path)
    return worked, Truth.of(worked.graph, worked.writer, worked.trace.rounding)


@pytest.mark.parametrize("document", ["solution", "key"])
@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.stem)
def test_every_cell_is_checked_in_every_format(path: Path, document: str) -> None:
    worked, truth = worked_of(path)
    counts = set()
    for name in FORMATS:
        checked, untrue = verify_tables(render(worked, document, name), name, truth, worked.history)
        assert not untrue
        counts.add(checked)
    assert len(counts) == 1, "the same cells in every format"
    history = worked.history
    assert history is not None
    expected = {"key": 2, "solution": len(history.rows)}[document]
    assert counts.pop() >= 10 * expected


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("document", ["solution", "key"])
def test_a_wrong_digit_in_any_cell_is_caught(document: str, name: str) -> None:
    worked, truth = worked_of(PROBLEMS[-1])
    text = render(worked, document, name)
    quantity = "o2" if document == "solution" else "h2"
    row = worked.history.rows[10]["o2"] if worked.history else None
    shown = (
        worked.trace.rounding.text(row) if document == "solution" and row is not None else worked.trace.shown[quantity]
    )
    places = [match.start() for match in re.finditer(re.escape(shown), text)]
    assert places
    at = places[-1] if document == "solution" else places[0]
    wrong = shown[:-1] + str((int(shown[-1]) + 1) % 10)
    planted = text[:at] + wrong + text[at + len(shown) :]
    assert not verify(text, name, truth, worked.history).untrue
    assert verify(planted, name, truth, worked.history).untrue


@pytest.mark.parametrize("name", FORMATS)
def test_a_missing_cell_is_caught(name: str) -> None:
    worked, truth = worked_of(PROBLEMS[-1])
    text = render(worked, "key", name)
    cell = {"markdown": "| $0.9950$ ", "latex": "& $0.9950$ ", "typst": "[$0.9950$], "}.get(
        name, '<td class="lh-num"><math><mn>0.9950</mn></math></td>'
    )
    assert cell in text
    assert verify(text.replace(cell, "", 1), name, truth, worked.history).untrue


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.stem)
def test_a_quoted_wrong_number_is_not_a_claim_of_ours(path: Path, name: str) -> None:
    worked, truth = worked_of(path)
    assert not verify(render(worked, "audit", name), name, truth, worked.history).untrue


# --- given matrices ---

GRIDS = Path("problems/convolution/two_channels.yml")


@pytest.mark.parametrize("name", FORMATS)
def test_the_numbers_of_given_matrices_are_checked(name: str) -> None:
    worked, truth = worked_of(GRIDS)
    checked, untrue = verify_tables(render(worked, "solution", name), name, truth)
    assert not untrue
    assert checked == 2 * 9 + 4 * 4, "two channels of 3 by 3 entries, and two filters of two channels of 2 by 2"


@pytest.mark.parametrize("name", ["markdown", "latex"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_wrong_entry_symbol_or_number_of_a_row_is_caught(name: str, place: int) -> None:
    worked, truth = worked_of(GRIDS)
    text = render(worked, "solution", name)
    ends = "|" if name == "markdown" else "&"
    row = re.search(rf"\$2\$ {re.escape(ends)} \$0\$ {re.escape(ends)} \$1\$ {re.escape(ends)} \$3\$", text)
    assert row is not None
    planted = (
        text[: row.start()] + row[0].replace("$3$", "$4$") + text[row.end() :],
        text.replace(r"$x^{(1)}$", r"$x^{(2)}$", 1),
        text[: row.start()] + row[0].replace("$2$", "$3$", 1) + text[row.end() :],
    )[place]
    assert planted != text
    assert verify_tables(planted, name, truth)[1]


def test_a_grid_under_an_unknown_symbol_is_not_passed_over() -> None:
    worked, truth = worked_of(GRIDS)
    text = render(worked, "solution", "markdown")
    planted = text.replace(r"$x^{(1)}$", r"$q$", 1)
    assert len(verify_tables(planted, "markdown", truth)[1]) == 3


def test_families_are_given_matrices_and_no_lists() -> None:
    worked, _ = worked_of(GRIDS)
    found = families(worked.graph)
    assert [(family.label.name, family.label.case) for family in found] == [
        ("x", "1"), ("x", "2"), ("k_1", "1"), ("k_2", "1"), ("k_1", "2"), ("k_2", "2"),
    ]  # fmt: skip
    assert found[1].rows[2] == ("x_2_3_1", "x_2_3_2", "x_2_3_3")
    assert found[-1].names == ("k_2_2_1_1", "k_2_2_1_2", "k_2_2_2_1", "k_2_2_2_2")
    assert families(load_worked(GRIDS.with_name("signal_differences.yml")).graph) == ()
