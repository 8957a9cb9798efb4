"""What a loop adds up, leaves out and works out before it is written: against NumPy, on paper, and in homework sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.sets.model import load_set
from generator.sets.task import Task, tasks
from generator.typeset.text import text
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

GIVENS = {"X": [[1, 2], [3, 4], [5, 6]], "a": [1, "0.5", -1], "p": ["0.5", "0.5", 0], "y": [1, -1, 1], "g": "0.9"}


def written(folder: Path, formulas: Mapping[str, str], givens: Mapping[str, Any] = GIVENS, **more: Any) -> Path:
    data = {"kind": "formulas", "title": "made", "givens": dict(givens), "formulas": dict(formulas), **more}
    file = folder / "made.yml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return file


def made(folder: Path, formulas: Mapping[str, str], givens: Mapping[str, Any] = GIVENS, **more: Any) -> Worked:
    return work(load(written(folder, formulas, givens, **more)))


def values(worked: Worked, *names: str) -> list[float]:
    return [float(worked.trace.full(name)) for name in names]


def formula(worked: Worked, name: str) -> str:
    """The formula of a quantity, as a terminal shows it."""
    lines = render(worked, "solution", "terminal").splitlines()
    symbol = text(worked.writer.box(name))
    return next(
        line.partition(" = ")[2].partition(" = ")[0] for line in lines if line.strip().startswith(f"{symbol} =")
    )


def assert_true(worked: Worked, *documents: str) -> None:
    """Every line of the documents is true, in every format."""
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    for document in documents:
        for format_name in FORMATS:
            assert verify(render(worked, document, format_name), format_name, truth).untrue == (), format_name


# --- sums of vectors and matrices ---


def test_a_sum_of_vectors_is_a_vector_and_one_of_matrices_a_matrix(tmp_path: Path) -> None:
    worked = made(
        tmp_path,
        {
            "w": "sum(a[i] * X[i] for i in 1..3)",
            "S": "sum(outer(X[i], X[i]) for i in 1..3)",
            "c": "sum(X[i] for i in 1..3 if y[i] == 1) / 2",
            "q": "prod(X[i] for i in 1..3)",
            "t": "sum([X[i] for i in 1..3])",  # of a list of vectors, as of a matrix: of all entries
            "D": "sum(a[i] * a[j] * X[i] for i in 1..3 for j in 1..3)",
        },
    )
    x, a = np.array(GIVENS["X"], dtype=float), np.array([1, 0.5, -1])
    assert values(worked, "w_1", "w_2") == pytest.approx(a @ x)
    assert values(worked, *(f"S_{i}_{j}" for i in (1, 2) for j in (1, 2))) == pytest.approx((x.T @ x).ravel())
    assert values(worked, "c_1", "c_2") == pytest.approx((x[0] + x[2]) / 2)
    assert values(worked, "q_1", "q_2") == pytest.approx(x.prod(axis=0))
    assert values(worked, "t") == [21]
    assert values(worked, "D_1", "D_2") == pytest.approx(a.sum() * (a @ x))


def test_vectors_that_do_not_fit_are_not_added_up(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"`formulas\.w`.*a vector of 3 and a vector of 2 do not go together"):
        made(tmp_path, {"w": "sum(X[i] if i == 1 else a for i in 1..2)"})


# --- what is left out ---


def test_a_condition_on_givens_leaves_out_what_it_does_not_hold_for(tmp_path: Path) -> None:
    worked = made(
        tmp_path,
        {
            "H": "-sum(p[i] * log2(p[i]) for i in 1..3 if p[i] > 0)",
            "n": "sum(1 for i in 1..3 for j in 1..3 if y[i] == 1 and y[j] != 1)",
            "v": "[a[i] for i in 1..3 if y[i] == 1]",
        },
    )
    assert formula(worked, "H") == "−(p₁ · log₂(p₁) + p₂ · log₂(p₂))"
    assert values(worked, "H", "n", "v_1", "v_2") == [1, 2, 1, -1]
    assert "v_3" not in worked.graph
    assert set(worked.graph.fixed) == {f"{name}_{i}" for name in "py" for i in (1, 2, 3)}


def test_a_condition_on_what_is_computed_or_updated_stays(tmp_path: Path) -> None:
    loop = "sum(a[i] for i in 1..3 if {} > 0)"
    worked = made(tmp_path, {"b": "2 * a", "s": loop.format("b[i]"), "u": loop.format("p[i]")}, update={"p": "p + 1"})
    assert formula(worked, "s").startswith("[b₁ > 0] · a₁ + ")
    assert formula(worked, "u").startswith("[p₁ > 0] · a₁ + ")
    assert not worked.graph.fixed
    assert values(worked, "s", "u") == pytest.approx([1.5, 1.5])


def exercise_of(folder: Path, formulas: Mapping[str, str], ask: str, vary: Mapping[str, Any]) -> Task:
    written(folder, formulas)
    data = {"title": "Set", "copies": 3, "problems": [{"id": "made", "ask": [ask], "vary": dict(vary)}]}
    (folder / "homework.yml").write_text(yaml.safe_dump(data), encoding="utf-8")
    (task,) = tasks(load_set(folder / "homework.yml"))
    return task


def test_in_a_set_the_condition_on_what_varies_stays_and_holds_for_every_student(tmp_path: Path) -> None:
    entropy = {"H": "-sum(p[i] * log2(p[i]) for i in 1..3 if p[i] > 0)"}
    chosen = {"s": "sum(a[i] for i in 1..3 if y[i] == 1)"}
    task = exercise_of(tmp_path, chosen, "s", {"y_1": [1, -1]})
    assert task.variant({"y_1": -1}).trace.full("s") == "-1"
    assert task.variant({"y_1": 1}).trace.full("s") == "0"
    other = exercise_of(tmp_path, {**chosen, **entropy}, "s", {"a_1": [1, 2]})
    assert formula(other.worked, "s") == "a₁ + a₃"  # what does not vary still leaves out


# --- indices ---


def test_what_is_of_indices_alone_is_worked_out(tmp_path: Path) -> None:
    worked = made(
        tmp_path,
        {
            "G": "[sum(g**(k - t) * a[k] for k in t..3) for t in 1..3]",
            "w": "[0 if t == 1 else (1 - 1/(t - 1)) * w[t - 1] + a[t] / (g * (t - 1)) for t in 1..3]",
            "E": "[sin(g) if mod(j, 2) == 1 else cos(g) for j in 1..4]",
            "h": "sum((i - 1)/4 * a[i] for i in 1..3)",
        },
    )
    assert formula(worked, "G_2") == "g⁰ · a₂ + g¹ · a₃"
    assert formula(worked, "w_3") == "(1 − ½) · w₂ + a₃/(g · 2)"
    assert [formula(worked, f"E_{j}") for j in (1, 2, 3, 4)] == ["sin(g)", "cos(g)", "sin(g)", "cos(g)"]
    assert formula(worked, "h") == "0 · a₁ + 1/4 · a₂ + 2/4 · a₃"


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.sampled_from(["i", "j", "1", "2", "3"]),
        lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        max_leaves=5,
    )
)
def test_worked_out_indices_are_those_of_python(tmp_path_factory: pytest.TempPathFactory, index: str) -> None:
    worked = made(tmp_path_factory.mktemp("made"), {"M": f"[[g + {index} for j in 1..2] for i in 1..2]"})
    for i in (1, 2):
        for j in (1, 2):
            expected = 0.9 + eval(index, {"i": i, "j": j})
            assert values(worked, f"M_{i}_{j}") == pytest.approx([expected])


def test_a_loops_index_is_not_a_formula_of_the_same_name_further_down(tmp_path: Path) -> None:
    assert values(made(tmp_path, {"n": "[a[k] + 1 for k in 1..3]", "k": "argmax(n)"}), "k") == [1]


# --- products ---


def test_signs_and_numbers_stand_before_a_product_and_a_long_one_has_a_line_of_its_own(tmp_path: Path) -> None:
    given_matrix = [[1, 0, 2], [0, 2, 0], [1, 0, 1]]
    products = {
        "E": "-a @ R @ a / 2",
        "z": "g * R @ a",
        "q": "-g * X.T @ a",
        "H": "X.T @ R @ X",
        "e": "q @ X.T @ X @ q",
    }
    worked = made(tmp_path, products, {**GIVENS, "R": given_matrix})
    x, a, r = np.array(GIVENS["X"], dtype=float), np.array([1, 0.5, -1]), np.array(given_matrix, dtype=float)
    q = -0.9 * x.T @ a
    assert values(worked, "E") == pytest.approx([-a @ r @ a / 2])
    assert values(worked, "z_1", "z_2", "z_3") == pytest.approx(0.9 * r @ a)
    assert values(worked, "q_1", "q_2") == pytest.approx(q)
    assert values(worked, *(f"H_{i}_{j}" for i in (1, 2) for j in (1, 2))) == pytest.approx((x.T @ r @ x).ravel())
    assert values(worked, "e") == pytest.approx([q @ x.T @ x @ q])
    assert formula(worked, "z_1") == "g · (R_(1,1) · a₁ + R_(1,2) · a₂ + R_(1,3) · a₃)"
    assert formula(worked, "q_1") == "−g · (X_(1,1) · a₁ + X_(2,1) · a₂ + X_(3,1) · a₃)"
    assert (
        formula(worked, "H_2_1") == "H_(product,2,1) · X_(1,1) + H_(product,2,2) · X_(2,1) + H_(product,2,3) · X_(3,1)"
    )
    for notation in ("default", "matrix"):
        assert_true(work(load(tmp_path / "made.yml"), notation), "solution")


def test_how_a_vector_stands_in_a_product_is_stated(tmp_path: Path) -> None:
    said = "a vector on its right is a column"
    assert said in render(made(tmp_path, {"w": "a @ X"}), "solution", "terminal")
    assert said not in render(made(tmp_path, {"w": "2 * a"}), "solution", "terminal")


def test_a_condition_in_a_quotient_is_short_too(tmp_path: Path) -> None:
    worked = made(tmp_path, {"c": "(b > a) + (a == b) / 2", "e": "a / (a == b)"}, {"a": 2, "b": 2})
    text = render(worked, "solution", "terminal")
    assert "    c = [b > a] + [a = b]/2\n" in text
    assert "    e = a/[a = b]\n" in text
    assert_true(worked, "solution")


def test_a_power_of_a_matrix_is_said_to_be_one_of_its_entries(tmp_path: Path) -> None:
    said = "A power of a matrix is that of each of its entries"
    square = {"A": [[1, 2], [3, 4]], "v": [1, 2]}
    assert said in render(made(tmp_path, {"B": "A**2"}, square), "solution", "terminal")
    assert said not in render(made(tmp_path, {"w": "v**2", "B": "A @ A"}, square), "solution", "terminal")


def test_an_exponent_with_a_fraction_that_would_be_tiny_stands_behind_exp(tmp_path: Path) -> None:
    given = {"x": 1, "m": 2, "s": "0.5"}
    gaussian = made(tmp_path, {"k": "exp(-(x - m)**2 / (2 * s**2))", "b": "exp(-x / s)", "c": "exp(-x**2 / 2)"}, given)
    text = render(gaussian, "solution", "terminal")
    assert "k = exp(−(x − m)²/(2 · s²))" in text
    assert "b = e^(−x/s)" in text
    assert "c = e^(−x²/2)" in text
    assert_true(gaussian, "solution", "worksheet")
