"""Whole documents, byte for byte as they were when somebody last read them.

A missing file fails. `python tests/test_golden.py` writes all of them anew: what has changed is reviewed like code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.definitions.problem import find_definitions
from generator.pipeline import load_worked
from generator.render.document import render
from generator.render.formats import FORMATS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).parent / "golden"
ENDINGS = {"markdown": "md", "latex": "tex", "typst": "typ", "web": "html", "terminal": "txt"}


@dataclass(frozen=True)
class Case:
    """One document; `notation` is another one than the problem's own."""

    problem: str
    document: str
    format: str
    language: str = "en"
    notation: str = ""

    @property
    def path(self) -> Path:
        parts = (self.problem, self.document, self.notation, "" if self.language == "en" else self.language)
        return FOLDER / f"{'-'.join(filter(None, parts))}.{ENDINGS[self.format]}"

    def text(self) -> str:
        (file,) = (path for path in find_definitions(ROOT / "problems") if path.stem == self.problem)
        return render(load_worked(file, self.notation or None), self.document, self.format, self.language)


def cases() -> Iterator[Case]:
    """The smallest problem in every look, the published examples, and a problem of each kind in both views."""
    for document in ("solution", "worksheet", "key"):
        yield from (Case("one_unit", document, name) for name in sorted(ENDINGS))
    yield Case("one_unit", "solution", "markdown", "zh")
    for example in ("example_222_net_out", "example_222_sum_output", "example_322"):
        yield from (Case(example, document, "markdown") for document in ("solution", "audit"))
    for problem in ("product_max_circuit", "batch_of_three", "signal_differences", "elman_memory", "attention_by_hand"):
        yield Case(problem, "solution", "markdown")
        yield Case(problem, "worksheet", "markdown")
        yield Case(problem, "solution", "markdown", notation="matrix")


CASES = tuple(cases())


def test_every_format_has_an_ending() -> None:
    assert set(ENDINGS) >= set(FORMATS)


@pytest.mark.parametrize("case", CASES, ids=[case.path.name for case in CASES])
def test_a_document_is_as_it_was_read(case: Case) -> None:
    assert case.path.is_file(), f"{case.path.name} is missing: python tests/test_golden.py writes it, then read it"
    assert case.text() == case.path.read_text(encoding="utf-8")


def test_no_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {case.path.name for case in CASES}


def write() -> None:
    """All files anew; those that no case has any more are removed."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for case in CASES:
        case.path.write_text(case.text(), encoding="utf-8")


if __name__ == "__main__":
    write()
