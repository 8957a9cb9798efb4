"""Tables of rendered documents are read back and checked in every format."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from generator.pipeline import Worked, load_worked
from generator.problem import find_definitions
from generator.render import render
from generator.truth import Truth
from generator.verify import verify
from generator.verify_tables import verify_tables

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
