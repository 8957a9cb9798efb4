"""−∞ in matrices: what a mask leaves of a formula, and that no line is true because of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from generator.errors import FormulaError
from generator.formula.tree import (
    MINUS_INFINITY,
    Add,
    Call,
    Div,
    Formula,
    Hadamard,
    MatMul,
    Mul,
    Neg,
    Ref,
    Transpose,
    num,
)
from generator.lifting.masked import settled
from generator.lifting.tensors import entrywise
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.typeset.latex import latex
from generator.verify.document import verify
from generator.verify.truth import Truth

X, Y = Ref("x"), Ref("y")


@pytest.mark.parametrize(
    ("tree", "made"),
    [
        (Add((X, Y)), Add((X, Y))),
        (MINUS_INFINITY, MINUS_INFINITY),
        (Add((Mul((X, Y)), MINUS_INFINITY)), MINUS_INFINITY),
        (Call("exp", (Add((X, MINUS_INFINITY)),)), num(0)),
        (Mul((X, Call("exp", (MINUS_INFINITY,)))), Mul((X, num(0)))),
        (Call("softmax", (X, X, MINUS_INFINITY, Y)), Call("softmax", (X, X, Y))),
        (Call("softmax", (MINUS_INFINITY, X, MINUS_INFINITY)), num(0)),
    ],
)
def test_what_is_left(tree: Formula, made: Formula) -> None:
    assert settled(tree) == made


@pytest.mark.parametrize(
    "tree",
    [
        Mul((X, MINUS_INFINITY)),
        Mul((num(0), MINUS_INFINITY)),
        Neg(MINUS_INFINITY),
        Add((X, Neg(MINUS_INFINITY))),
        Div(X, MINUS_INFINITY),
        Call("infinity", ()),
        Add((X, Call("infinity", ()))),
        Call("tanh", (MINUS_INFINITY,)),
        Call("softmax", (MINUS_INFINITY, MINUS_INFINITY)),
    ],
)
def test_what_has_no_value_is_an_error(tree: Formula) -> None:
    with pytest.raises(FormulaError):
        settled(tree)


# --- on the page ---

MASKED = """\
kind: attention
title: t
inputs: [[1, 0], [0.5, 2]]
weights: {W_Q: [[1, 2], [0, 1]], W_K: [[1, 0], [1, 1]]}
mask: causal
targets: [[1, 1], [0, 1]]
learning_rate: {eta: 0.1}
notation: matrix
"""


@cache
def masked(folder: Path) -> tuple[Worked, Truth]:
    path = folder / "masked.yml"
    path.write_text(MASKED, encoding="utf-8")
    worked = load_worked(path)
    return worked, Truth.of(worked.graph, worked.writer, worked.trace.rounding)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("masked")


def test_a_mask_of_zeros_and_minus_infinity(folder: Path) -> None:
    worked, _ = masked(folder)
    tensors = worked.graph.tensor
    assert tensors["mask:0"].entries == (("0", "-inf"), ("0", "0"))
    assert tensors["kept:0"].entries == (("1", "0"), ("1", "1"))
    assert tensors["S:"].entries == (("S_1_1", "-inf"), ("S_2_1", "S_2_2"))
    assert tensors["A:"].entries == (("A_1_1", "0"), ("A_2_1", "A_2_2"))
    assert tensors["dE_total/dS:"].entries[0][1] == "0"
    weights = entrywise(Call("softmax", (Ref("S:"),)), tensors, down=False)
    assert weights.rows[0] == (Call("softmax", (Ref("S_1_1"), Ref("S_1_1"))), num(0))
    scores = Mul((Div(num(1), Call("sqrt", (num(2),))), MatMul((Ref("Q:"), Transpose(Ref("K:"))))))
    assert entrywise(Add((scores, Ref("mask:0"))), tensors, down=False).rows[0][1] == MINUS_INFINITY
    with pytest.raises(FormulaError):
        entrywise(Hadamard((Ref("kept:0"), Ref("mask:0"))), tensors, down=False)


@pytest.mark.parametrize("form", ["markdown", "latex", "typst", "web", "terminal"])
def test_scores_are_worked_in_matrices(folder: Path, form: str) -> None:
    worked, truth = masked(folder)
    page = render(worked, "solution", form)
    assert r"\infty" in page or "∞" in page
    if form != "terminal":
        assert verify(page, form, truth).untrue == ()


LINES = {
    r"{S} = \frac{{1}}{{\sqrt{{2}}}} {Q} {K}^\top + {M}": "",
    r"{S} = \frac{{1}}{{\sqrt{{2}}}} {Q} {K}^\top": "is not",
    r"{S} = \frac{{1}}{{\sqrt{{2}}}} {Q} {K}^\top - {M}": "minus infinity",
    r"{S} = {Q} {K}^\top + {M}": "is not",
    r"{S} = {M}": "is not",
    r"{M} = \begin{{bmatrix}} 0 & -\infty \\ 0 & 0 \end{{bmatrix}}": "",
    r"{M} = \begin{{bmatrix}} 0 & \infty \\ 0 & 0 \end{{bmatrix}}": "not understood",
    r"{M} = \begin{{bmatrix}} 0 & 0 \\ 0 & 0 \end{{bmatrix}}": "stands where",
    r"{M} = \begin{{bmatrix}} -\infty & -\infty \\ 0 & 0 \end{{bmatrix}}": "stands where",
    r"{M} = {M} + {M}": "",
    r"{M} = {M} - {M}": "minus infinity",
    r"{B} = \begin{{bmatrix}} 1 & 0 \\ 1 & 1 \end{{bmatrix}}": "",
    r"{B} = \begin{{bmatrix}} 1 & -\infty \\ 1 & 1 \end{{bmatrix}}": "stands where",
    r"{A} = \operatorname{{softmax}}({S})": "",
    r"{A} = \operatorname{{softmax}}({M})": "is not",
    r"{A} = {S}": "is not",
    r"{A} = {S} {S}": "minus infinity",
    r"{A} = {B} \odot {M}": "minus infinity",
    r"{s} = -\infty": "not understood",
    r"{s} + \infty = \infty": "not understood",
    r"\infty = \infty": "not understood",
    r"1 < \infty": "not understood",
}


@pytest.mark.parametrize("line", LINES)
def test_single_lines(folder: Path, line: str) -> None:
    worked, truth = masked(folder)
    names = {"M": "mask:0", "B": "kept:0", "s": "S_1_1", **{name: f"{name}:" for name in "SQKA"}}
    source = line.format(**{key: latex(worked.writer.box(name)) for key, name in names.items()})
    reasons = [untrue.reason for untrue in verify(f"${source}$", "latex", truth).untrue]
    assert bool(reasons) == bool(LINES[line]), reasons
    assert LINES[line] in "".join(reasons)
