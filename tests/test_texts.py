"""An author's texts: a whole vector or matrix is named by the name that its entries share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from generator.definitions.problem import Definition, kind_module
from generator.definitions.source import Source
from generator.errors import DefinitionError, RenderError
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.truth import Truth

SCALAR = ("default", "net_out", "z_h", "sum_output")
FORMULAS = {
    "kind": "formulas",
    "givens": {"A": [["1", "2"], ["3", "4"]], "v": ["1", "2"], "W_1": ["3", "4"], "W_2": [["1", "0"], ["0", "1"]]},
    "formulas": {"u": "A @ v", "s": "sum(u)"},
}
ATTENTION = {
    "kind": "attention",
    "inputs": [["1", "0"], ["0", "1"]],
    "weights": {"W_V": [["1", "0"], ["1", "1"]]},
    "targets": [["1", "0"], ["0", "1"]],
}


def worked(text: str, notation: str | None, data: dict[str, Any]) -> Worked:
    data = {"title": "made", "introduction": text, **data}
    problem = kind_module(data["kind"]).Definition.model_validate(data)
    return work(Definition(problem=problem, source=Source(Path("made.yml"), data, {})), notation)


def told(text: str, format_name: str, notation: str | None = None, data: dict[str, Any] = FORMULAS) -> str:
    """A solution with `text` in its introduction, every line of which is true."""
    made = worked(text, notation, data)
    whole = render(made, "solution", format_name)
    if format_name != "terminal":
        truth = Truth.of(made.graph, made.writer, made.notation.rounding)
        assert not verify(whole, format_name, truth, made.history).untrue
    return whole


@pytest.mark.parametrize("notation", SCALAR)
def test_a_vector_or_matrix_has_a_symbol_in_scalar_notations(notation: str) -> None:
    text = "so: [[A]], [[v]], [[u]], [[W_1]], [[W_2]]; [[A_1_2=]]."
    assert "so: $A$, $v$, $u$, $W_1$, $W_2$; $A_{1 , 2} = 2$." in told(text, "markdown", notation)
    written = {"net_out": r"\mathit{target}_T", "z_h": "t", "sum_output": r"\mathit{target}"}  # as single targets are
    targets = written.get(notation, "T")
    assert f"The targets ${targets}$." in told("The targets [[T]].", "markdown", notation, ATTENTION)


@pytest.mark.parametrize(
    ("format_name", "letters"),
    [
        ("latex", (r"\mathbf{A}", r"\mathbf{u}", r"\mathbf{W}_1")),
        ("terminal", ("A", "u", "W₁")),
        ("web", ("<mi>𝐀</mi>", "<mi>𝐮</mi>")),
    ],
)
def test_it_is_bold_where_the_problem_is_worked_in_matrices(format_name: str, letters: tuple[str, ...]) -> None:
    introduction = told("so: [[A]] [[u]] [[W_1]].", format_name, "matrix").partition("so: ")[2].partition("\n")[0]
    assert all(letter in introduction for letter in letters)


@pytest.mark.parametrize("text", ["[[B]]", "[[A_1]]", "[[A_3_1]]"])
def test_what_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=rf"`introduction`: found `{re.escape(text)}`"):
        told(text, "markdown")


def test_a_whole_matrix_has_no_value() -> None:
    with pytest.raises(RenderError, match=re.escape("[[A=]]")):
        told("[[A=]]", "markdown")


def test_a_quantity_is_meant_before_entries() -> None:
    data = {"kind": "formulas", "givens": {"b": "7", "c": "2"}, "formulas": {"b_1": "b + c", "b_2": "b_1 * c"}}
    assert "so: $b = 7$." in told("so: [[b=]].", "markdown", data=data)
