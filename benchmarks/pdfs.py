"""Rendered documents -> PDF, through Typst and (where it is installed) LaTeX."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

from measure import Effort, Row, Sample, timed
from pypdf import PdfReader

from generator.pipeline import Worked
from generator.publish.artifacts import documents_of
from generator.publish.pdf import has_latex, latex_pdf, typst_pdf
from generator.render.document import render


def pdfs(problems: list[Worked], effort: Effort) -> list[Row]:
    """Every document once (setting one again would be answered from Typst's memory); through LaTeX one problem's."""
    first = "first in the process"
    rows = [Row(f"Typst, {first}", Sample((timed(partial(typst_pdf, "Fonts and compiler are loaded.")),)))]
    rows.append(_row("Typst", "typst", typst_pdf, problems))
    if not effort.full:
        return [*rows, Row("LaTeX", note="left out of a quick run")]
    if not has_latex():
        return [*rows, Row("LaTeX", note="latexmk or pdflatex is not installed")]
    return [*rows, _row("LaTeX", "latex", latex_pdf, problems[:1])]


def _row(name: str, format_name: str, make: Callable[[str], bytes], problems: list[Worked]) -> Row:
    """One line: the times of the documents, and pages per second over all of them."""
    asked = [(worked, document) for worked in problems for document in documents_of(worked)]
    times, pages = [], 0
    for worked, document in asked:
        text = render(worked, document, format_name)
        made: list[bytes] = []
        times.append(timed(lambda text=text, made=made: made.append(make(text))))  # type: ignore[misc]  # defaults bind the loop's names
        pages += len(PdfReader(io.BytesIO(made[0])).pages)
    note = f"{len(asked)} documents, {pages} pages, {pages / sum(times):.1f} pages/s"
    return Row(f"{name}, a document", Sample(tuple(times)), note=note)
