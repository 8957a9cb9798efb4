"""Whole documents in matrices: every line true, nothing asked for told, and what there is to see on the page."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import DIFFERENTIABLE, HUNDREDTHS, PLAIN_LOSSES, Data, batches, decimal, dense, networks, yaml_text

from generator.definitions.problem import load
from generator.derive.equations import Equations
from generator.derive.matrix_equations import MatrixEquations, is_in_matrices
from generator.errors import DefinitionError
from generator.formula.functions import ACTIVATIONS, LOSSES
from generator.formula.tree import Blank, Dots, Formula, Matrix, Num, children, walk
from generator.graph.quantities import Role, derivative_name, updated_name
from generator.notation.files import load_notation, notation_for
from generator.notation.writer import Chain, View
from generator.pipeline import Worked, load_worked
from generator.publish.artifacts import truth_of
from generator.publish.pdf import typst_pdf
from generator.render.document import render
from generator.render.formats import FORMATS as PRINTED
from generator.verify.document import FORMATS, Report, verify
from generator.views.worksheet import LEVELS, worksheet

EXAMPLE = Path("problems/networks/example_222_net_out.yml")
WITH_SIGN = [name for name in DIFFERENTIABLE if ACTIVATIONS[name].symbol or name == "identity"]


def made(data: Data, notation: str | None = None) -> Worked:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(yaml_text(data), encoding="utf-8")
        return load_worked(path, notation)


def checked(worked: Worked, text: str, format: str) -> Report:
    return verify(text, format, truth_of(worked), worked.history)


@st.composite
def full_networks(draw: st.DrawFn, most: int = 3) -> Data:
    """Networks of fully connected layers: every other choice is free."""
    sizes = draw(st.lists(st.integers(1, most), min_size=2, max_size=4))
    data = dense(sizes, seed=draw(st.integers(0, 999)))
    for layer in data["layers"]:
        layer["activation"] = draw(st.sampled_from(WITH_SIGN))
        match draw(st.sampled_from(["each", "shared", "none"])):
            case "shared":
                first, *others = layer["bias"].values()
                layer["bias"] = first
                data["biases"] = {name: value for name, value in data["biases"].items() if name not in others}
            case "none":
                unused = set(layer.pop("bias").values())
                data["biases"] = {name: value for name, value in data["biases"].items() if name not in unused}
    for group in ("inputs", "weights", "biases", "targets"):
        data[group] = {name: decimal(draw(st.sampled_from(HUNDREDTHS))) for name in data[group]}
    loss = draw(st.sampled_from(PLAIN_LOSSES))
    if LOSSES[loss].targets == "sign":  # which it is made for
        data["targets"] = {name: draw(st.sampled_from(["-1", "1"])) for name in data["targets"]}
    rounding = {"decimals": draw(st.sampled_from(["2", "4", "6"])), "carry": draw(st.sampled_from(["exact", "shown"]))}
    own: dict[str, Any] = {
        "extends": draw(st.sampled_from(["matrix", "net_out", "sum_output", "z_h"])),
        "view": "matrix",
    }
    return {
        **data,
        "loss": loss,
        "trained": draw(st.sampled_from(["weights", "all"])),
        "vectors": draw(st.sampled_from(["column", "row"])),
        "notation": {**own, "rounding": rounding},
    }


@given(data=full_networks(), detail=st.sampled_from(["all", "first"]), format=st.sampled_from(sorted(FORMATS)))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_line_of_a_solution_in_matrices_is_true(data: Data, detail: str, format: str) -> None:
    worked = made(data)
    assert is_in_matrices(worked.graph, worked.writer)
    report = checked(worked, render(worked, "solution", format, detail=detail), format)
    assert report.untrue == ()
    assert report.checked > 20


@given(data=full_networks(), level=st.sampled_from(LEVELS), format=st.sampled_from(sorted(FORMATS)))
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_line_of_a_worksheet_and_its_key_is_true(data: Data, level: str, format: str) -> None:
    worked = made(data)
    for document in ("worksheet", "key"):
        assert checked(worked, render(worked, document, format, level=level), format).untrue == ()


@given(data=networks(layers=2, units=3))
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_network_that_matrices_cannot_say_is_worked_in_scalars(data: Data) -> None:
    worked = made(data, "matrix")
    codes = [section.code for section in worked.sections()]
    assert ("matrices" in codes) == bool(worked.graph.tensors)
    assert checked(worked, render(worked, "solution", "markdown"), "markdown").untrue == ()


# --- batches, optimizers, and other kinds ---


def numbers(draw: st.DrawFn, high: int, wide: int) -> list[list[str]]:
    return [[decimal(draw(st.sampled_from(HUNDREDTHS))) for _ in range(wide)] for _ in range(high)]


@st.composite
def memories(draw: st.DrawFn) -> Data:
    """Recurrent networks of every cell, with vectors of up to three entries, over up to three steps."""
    cell = draw(st.sampled_from(["elman", "lstm", "gru"]))
    wide, hidden, steps = draw(st.integers(1, 3)), draw(st.integers(2, 3)), draw(st.integers(1, 3))
    column = draw(st.booleans())
    gates = {"elman": [""], "lstm": ["_i", "_f", "_g", "_o"], "gru": ["_r", "_z", "_n"]}[cell]
    weights: Data = {}
    for gate in gates:
        weights[f"W{gate}"] = numbers(draw, hidden, wide) if column else numbers(draw, wide, hidden)
        weights[f"U{gate}"] = numbers(draw, hidden, hidden)
        if draw(st.booleans()):
            weights[f"b{gate}"] = numbers(draw, 1, hidden)[0]
    targets = draw(st.lists(st.integers(1, steps), min_size=1, max_size=steps, unique=True))
    return {
        "kind": "recurrent", "title": "made", "cell": cell, "weights": weights, "inputs": numbers(draw, steps, wide),
        "targets": {str(step): numbers(draw, 1, hidden)[0] for step in sorted(targets)},
        "learning_rate": {"eta": "0.1"}, "vectors": "columns" if column else "rows",
        "optimizer": draw(st.sampled_from(["sgd", "momentum"])),
    }  # fmt: skip


@st.composite
def attentions(draw: st.DrawFn) -> Data:
    """Attention of up to three tokens, with one head or two, with masks, norms and residuals."""
    tokens, heads = draw(st.integers(2, 3)), draw(st.integers(1, 2))
    width = heads * draw(st.integers(1, 2))
    weights = {f"W_{letter}": numbers(draw, width, width) for letter in draw(st.sampled_from(["QKV", "QV", "QKVO"]))}
    return {
        "kind": "attention", "title": "made", "inputs": numbers(draw, tokens, width), "weights": weights,
        "heads": str(heads), "targets": numbers(draw, tokens, width), "learning_rate": {"eta": "0.1"},
        "mask": draw(st.sampled_from(["none", "none", "causal"])),
        "scale": draw(st.sampled_from(["sqrt", "d", "none"])),
        "softmax": draw(st.sampled_from(["row", "steps"])), "residual": draw(st.sampled_from(["false", "true"])),
        "wanted": draw(st.sampled_from([[], ["X"]])),
    }  # fmt: skip


@st.composite
def computations(draw: st.DrawFn) -> Data:
    """Named formulas of vectors and matrices, of sizes that fit."""
    high, wide = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    lines = {
        "z": "W @ x + b", "h": draw(st.sampled_from(["tanh(z)", "softmax(z)", "z * z", "logistic(z) - 1/2"])),
        "u": draw(st.sampled_from(["transpose(W) @ h", "h @ W", "3 * x"])), "e": "h - t", "m": "mean(u)",
        "f": draw(st.sampled_from(["dot(e, e) / 2", "sum(e) + m", "norm(e) * m"])),
    }  # fmt: skip
    several = draw(st.booleans())  # several quantities differentiated, each on a way back of its own
    asked: Data = {"of": "f", "wrt": ["W", "b"]}
    more = {"differentiate": [asked, {"of": "m", "wrt": ["x"]}]} if several else {"differentiate": asked}
    given = {name: numbers(draw, 1, size)[0] for name, size in (("x", wide), ("b", high), ("t", high))}
    return {
        "kind": "formulas", "title": "made", "givens": {"W": numbers(draw, high, wide), **given}, "formulas": lines,
        **more, **({} if several else {"learning_rate": {"eta": "0.1"}, "update": ["W", "b"]}),
    }  # fmt: skip


KINDS = {"network": batches(), "recurrent": memories(), "attention": attentions(), "formulas": computations()}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), format=st.sampled_from(sorted(FORMATS)), detail=st.sampled_from(["all", "first"]))
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_line_of_any_kind_in_matrices_is_true(kind: str, data: st.DataObject, format: str, detail: str) -> None:
    worked = made(data.draw(KINDS[kind]), "matrix")
    assert is_in_matrices(worked.graph, worked.writer)
    report = checked(worked, render(worked, "solution", format, detail=detail), format)
    assert report.untrue == ()
    assert report.checked > 10


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), format=st.sampled_from(sorted(FORMATS)), level=st.sampled_from(LEVELS))
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_worksheets_of_any_kind_in_matrices(kind: str, data: st.DataObject, format: str, level: str) -> None:
    worked = made(data.draw(KINDS[kind]), "matrix")
    for document in ("worksheet", "key"):
        assert checked(worked, render(worked, document, format, level=level), format).untrue == ()
    assert worksheet(worked, level).answers


@given(data=memories())
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_all_that_a_cell_does_is_said_in_matrices(data: Data) -> None:
    worked = made(data, "matrix")
    found = MatrixEquations(
        worked.graph, worked.trace, worked.writer, Equations(worked.graph, worked.trace, worked.writer)
    )
    for tensor in worked.graph.tensors:
        if tensor.role is not Role.GIVEN:
            assert found.formula(tensor.name) is not None, tensor.name


# --- worksheets ---


def parts(worked: Worked, level: str) -> list[Formula]:
    sections = worksheet(worked, level).sections
    steps = (step for section in sections for step in section.walk())
    return [part.formula for step in steps for each in step.equations for part in each.parts]


@given(data=full_networks(), level=st.sampled_from(LEVELS))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_worksheet_in_matrices_keeps_its_answers(data: Data, level: str) -> None:
    worked = made(data)
    sheet, trace = worksheet(worked, level), worked.trace
    leaves = [leaf for formula in parts(worked, level) for leaf in walk(formula)]
    told = {abs(leaf.value) for leaf in leaves if isinstance(leaf, Num) and leaf.text}
    givens = {abs(trace.number(q.name).value) for q in worked.graph if q.formula is None}
    if level != "faded":
        assert not told  # formulas, slots and blanks: no value of anything
    answers = {answer.quantity: abs(trace.number(answer.quantity).value) for answer in sheet.answers}
    worked_for = {abs(trace.number(name).value) for name in sheet.told}  # another quantity can have the same value
    assert not answers.keys() & set(sheet.told)
    assert not {n for n, size in answers.items() if size in told - givens - worked_for - {Fraction(0), Fraction(1)}}
    numbers = [leaf.number for leaf in leaves if isinstance(leaf, Blank) and leaf.number and not leaf.reference]
    assert numbers == list(range(1, len(answers) + 1))  # each blank once, in the order of reading
    seen: set[int] = set()
    for leaf in leaves:
        if isinstance(leaf, Blank) and leaf.reference:
            assert leaf.number in seen
        elif isinstance(leaf, Blank):
            seen.add(leaf.number)


@pytest.mark.parametrize("level", LEVELS)
def test_the_entries_of_a_matrix_are_blanks_of_their_own(level: str) -> None:
    worked = load_worked(EXAMPLE, "matrix")
    asked = [answer.quantity for answer in worksheet(worked, level).answers]
    for name in ("w5", "w6", "w7", "w8"):
        assert derivative_name("E_total", name) in asked  # outputs go into it, and those are asked for
        assert derivative_name("E_total", "w1") in asked
        assert updated_name(name) in asked
    assert [name in asked for name in ("net_h1", "out_h2", "net_o1")] == {
        "guided": [True, True, True],
        "faded": [False, False, True],  # the first layer is worked
        "open": [False, False, False],
    }[level]
    grids = [made for made in parts(worked, level) if isinstance(made, Matrix)]
    assert any(all(isinstance(entry, Blank) and entry.number for entry in children(grid)) for grid in grids)
    key = render(worked, "key", "markdown", level=level)
    assert all(f"| ${number}$ |" in key for number in range(1, len(asked) + 1))


def test_an_open_worksheet_asks_for_entries_that_the_definition_lists() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(
            text + "worksheet: {level: open, ask: [E_o2, E_total, dE_total/dw5, w5_new]}\n", encoding="utf-8"
        )
        worked = load_worked(path, "matrix")
    assert [answer.quantity for answer in worksheet(worked, "open").answers] == [
        "E_total", "E_o2", "dE_total/dw5", "w5_new",
    ]  # fmt: skip


# --- what stands on the page ---


def test_the_sections_of_the_best_known_example() -> None:
    worked = load_worked(EXAMPLE, "matrix")
    assert worked.graph == load_worked(EXAMPLE, "matrix").graph
    codes = [section.code for section in worked.sections()]
    assert codes == [
        "matrices", "forward", "forward", "error", "matrix_chain_rule", "gradients_last", "gradients", "update",
        "after", "checks",
    ]  # fmt: skip
    text = render(worked, "solution", "terminal")
    for line in (
        "z⁽¹⁾ = W⁽¹⁾x + b₁",
        "= [0.15, 0.2; 0.25, 0.3][0.05; 0.1] + 0.35",
        "= [0.3775; 0.3925]",
        "δ⁽¹⁾ = (W⁽²⁾ᵀδ⁽²⁾) ⊙ σ′(z⁽¹⁾)",
        "∂E/∂W⁽²⁾ = δ⁽²⁾h⁽¹⁾ᵀ",
        "W⁽¹⁾⁺ = W⁽¹⁾ − η · ∂E/∂W⁽¹⁾",
    ):
        assert line in text, line


def test_rows_turn_everything_round() -> None:
    text = render(made({**dense((2, 2, 2)), "vectors": "row"}, "matrix"), "solution", "terminal")
    for line in ("z⁽¹⁾ = xW⁽¹⁾ + b⁽¹⁾", "δ⁽¹⁾ = (δ⁽²⁾W⁽²⁾ᵀ) ⊙ σ′(z⁽¹⁾)", "∂E/∂W⁽²⁾ = h⁽¹⁾ᵀδ⁽²⁾", "∂E/∂b⁽¹⁾ = δ⁽¹⁾"):
        assert line in text, line
    assert "Vectors are rows." in text


def test_what_has_no_formula_in_matrices_is_shown_by_its_values() -> None:
    text = render(made(dense((2, 2, 1), "relu"), "matrix"), "solution", "terminal")
    assert "ReLU′(z⁽²⁾) = [" in text
    assert "σ′" not in render(made(dense((2, 2, 1), "identity"), "matrix"), "solution", "terminal")


BLOCK = Path("problems/attention/transformer_block.yml")


def test_a_block_of_a_transformer_is_worked_in_matrices() -> None:
    """By formulas, where the softmax is that of rows, and the places of tokens are worked from numbers alone."""
    worked = load_worked(BLOCK)
    text = render(worked, "solution", "terminal")
    for line in (
        "P = [sin(0), cos(0); sin(1), cos(1)]",
        "A = softmax(Sᵀ)ᵀ",
        "Z = NW₁ + 𝟏₂b₁ᵀ",
        "∂L/∂S = A ⊙ (∂L/∂A − (A ⊙ ∂L/∂A)𝟏₂𝟏₂ᵀ)",
        "∂L/∂b₁ = (∂L/∂Z)ᵀ𝟏₂",
        "∂L/∂N = ∂L/∂Z · W₁ᵀ + ∂L/∂Y",
    ):
        assert line in text, line
    exact = {name: float(worked.trace.full(name, 20)) for name in worked.graph.needed("L")}
    x = np.array([[1, 0], [0, 1]]) + np.array([[np.sin(p), np.cos(p)] for p in (0, 1)])
    scores = np.exp(x @ [[1, 0], [1, 1]] @ (x @ [[0, 1], [1, 0]]).T / np.sqrt(2))
    r = x + scores / scores.sum(axis=1, keepdims=True) @ (x @ [[1, 1], [0, 1]])
    n = (r - r.mean(axis=1, keepdims=True)) / np.sqrt(r.var(axis=1, keepdims=True) + 0.01)
    y = n + np.maximum(n @ [[1, -1], [0.5, 1]] + [0, 0.5], 0) @ [[1, 0], [-1, 1]] + [0.5, 0]
    assert exact["L"] == pytest.approx(((y - np.eye(2)) ** 2).sum() / 2, rel=1e-12)


@pytest.mark.parametrize("format", FORMATS)
def test_a_wrong_place_or_function_of_numbers_is_found(format: str) -> None:
    worked = load_worked(BLOCK)
    text = render(worked, "solution", format)
    assert not checked(worked, text, format).untrue
    sines = {"markdown": r"\sin(1)", "latex": r"\sin(1)", "typst": "sin (1)"}
    if format in sines:
        for wrong in (sines[format].replace("sin", "cos"), sines[format].replace("1", "2")):
            assert checked(worked, text.replace(sines[format], wrong, 1), format).untrue, wrong


@pytest.mark.parametrize(("power", "alike"), [("3", True), ("i", False)])
def test_the_first_entry_of_what_has_no_formula_in_matrices_is_worked_in_full(power: str, alike: bool) -> None:
    """With what its author says before it; the others are a table only where the same is done to all of them."""
    own = {"givens": {"x": ["2", "3", "4", "5", "6", "7"]}, "formulas": {"y": f"[x[i]^{power} for i in 1..6]"}}
    worked = made({"kind": "formulas", "title": "made", **own, "say": {"y": "Powers:"}, "detail": "first"}, "matrix")
    text = " ".join(render(worked, "solution", "terminal").split())
    assert f"Powers: y₁ = x₁{'³ = 2³ = 8' if alike else '¹ = 2¹ = 2'}" in text
    assert ("The entries are worked alike" in text) == alike
    assert ("y₂ = x₂² = 3² = 9 y₃ = x₃³ = 4³ = 64" in text) == (not alike)
    assert not checked(worked, render(worked, "solution", "markdown"), "markdown").untrue


def test_a_large_network_fits_its_pages() -> None:
    worked = made(dense((16, 32, 16)), "matrix")
    assert checked(worked, render(worked, "solution", "latex"), "latex").untrue == ()
    steps = [step for section in worked.sections() for step in section.walk()]
    grids = [
        p for s in steps for e in s.equations for part in e.parts for p in walk(part.formula) if isinstance(p, Matrix)
    ]
    assert max(len(grid.rows) for grid in grids) <= 8
    assert max(len(grid.rows[0]) for grid in grids) <= 8
    assert any(isinstance(entry, Dots) for grid in grids for entry in children(grid))
    assert "dots stand for the others" in render(worked, "solution", "terminal")
    assert typst_pdf(render(worked, "solution", "typst")).startswith(b"%PDF")
    asked = {answer.quantity for answer in worksheet(worked, "guided").answers}
    assert worked.graph.of_role(Role.UPDATE)[0].name in asked  # of large matrices, the entries that are shown
    assert len(asked) < 400


@pytest.mark.parametrize("format", PRINTED)
def test_chinese_has_all_words(format: str) -> None:
    text = render(load_worked(EXAMPLE, "matrix"), "solution", format, "zh")
    assert "向量与矩阵" in text


# --- the notation's keys ---


def test_the_view_is_a_key_of_the_notation() -> None:
    assert load_notation("default").view is View.SCALAR
    notation = load_notation("matrix")
    assert (notation.view, notation.chain) == (View.MATRIX, Chain.DELTA)


def test_the_matrix_view_goes_through_the_layers_deltas(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        "notation: net_out", "notation: {extends: net_out, view: matrix}"
    )
    path = tmp_path / "made.yml"
    path.write_text(text, encoding="utf-8")
    assert notation_for(load(path)).chain is Chain.DELTA  # although net_out goes by paths
    assert checked(load_worked(path), render(load_worked(path), "solution", "markdown"), "markdown").untrue == ()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("notation: net_out", "notation: {view: tensor}", "view"),
        ("notation: net_out", "vectors: diagonal", "vectors"),
        ("notation: net_out", "notation: {extends: matrix, symbols: {pres: x}}", "alike"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, found: str) -> None:
    path = tmp_path / "made.yml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError, match=found):
        load_worked(path)
