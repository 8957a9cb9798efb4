"""Loops that refer to their own entries, and givens that are indices: against NumPy, on paper, and what is refused."""

from __future__ import annotations

import subprocess
import sys
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
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.render.blocks import Setter
from generator.render.document import render
from generator.render.formats import FORMATS, format_for
from generator.render.language import load_words
from generator.render.program import FLAVOURS, program
from generator.sets.model import load_set
from generator.sets.task import tasks
from generator.verify.document import FORMATS as READ
from generator.verify.document import verify
from generator.verify.truth import Truth

Numbers = list[int]
AVERAGE = "[(1 - b) * x[1] if t == 1 else b * v[t - 1] + (1 - b) * x[t] for t in 1..4]"
RETURNS = "[x[t] + (b * G[t + 1] if t < 4 else 0) for t in 1..4]"
DISTANCE = (
    "[[max(i, j) - 1 if i == 1 or j == 1 else"
    " min(D[i - 1, j] + 1, D[i, j - 1] + 1, D[i - 1, j - 1] + (x[i - 1] != y[j - 1]))"
    " for j in 1..4] for i in 1..5]"
)


def worked(folder: Path, formulas: Mapping[str, str], notation: str | None = None, **more: Any) -> Worked:
    given = {"x": [1, 2, 3, 4], "y": [2, 3, 1], "b": "0.5", "S": [[1, 5, 2], [4, 3, 7]], "k": [2, 3], "n": 3}
    data = {"kind": "formulas", "title": "made", "givens": given, "formulas": dict(formulas), **more}
    file = folder / "made.yml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return work(load(file), notation)


def value(made: Worked, name: str) -> float:
    return float(made.trace.full(name))


# --- loops ---


def test_an_entry_is_worked_from_the_one_before(tmp_path: Path) -> None:
    made = worked(tmp_path, {"v": AVERAGE, "G": RETURNS})
    average, returns = [0.5], [4.0]
    for number in (2, 3, 4):
        average.append(0.5 * average[-1] + 0.5 * number)
        returns.append(4 - number + 1 + 0.5 * returns[-1])
    assert [value(made, f"v_{t}") for t in range(1, 5)] == pytest.approx(average)
    assert [value(made, f"G_{t}") for t in range(4, 0, -1)] == pytest.approx(returns)


def test_entries_stand_behind_those_that_they_are_worked_from(tmp_path: Path) -> None:
    for notation in ("default", "matrix"):
        made = worked(tmp_path, {"G": RETURNS}, notation)
        text = render(made, "solution", "terminal")
        places = [text.index(f"\n    G{sign} = ") for sign in "₄₃₂₁"]
        assert places == sorted(places)
        assert "x₄ + 0" not in text  # nothing stands for what there is none of


def test_the_first_entry_that_goes_on_is_worked_in_full(tmp_path: Path) -> None:
    text = render(worked(tmp_path, {"D": DISTANCE}), "solution", "terminal")
    assert "= min(1 + 1, 1 + 1, 0 + [1 ≠ 2])" in text


@given(
    first=st.lists(st.integers(1, 3), min_size=4, max_size=4),
    second=st.lists(st.integers(1, 3), min_size=3, max_size=3),
)
@settings(max_examples=15, deadline=None)
def test_edit_distances_are_those_of_the_usual_program(
    first: Numbers, second: Numbers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = {"x": first, "y": second}
    made = worked(tmp_path_factory.mktemp("made"), {"D": DISTANCE}, givens=given)
    table = np.zeros((5, 4), int)
    table[0], table[:, 0] = range(4), range(5)
    for i in range(1, 5):
        for j in range(1, 4):
            around = table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (first[i - 1] != second[j - 1])
            table[i, j] = min(around)
    found = [[value(made, f"D_{i}_{j}") for j in range(1, 5)] for i in range(1, 6)]
    assert found == table.tolist()


@pytest.mark.parametrize("notation", notation_names())
def test_every_line_is_true_and_the_gradient_that_of_differences(notation: str, tmp_path: Path) -> None:
    h = "[tanh(b * x[t] + (b * h[t - 1] if t > 1 else 0)) for t in 1..4]"
    formulas = {"h": h, "G": RETURNS, "D": DISTANCE, "E": "(h[4] - 1)**2 / 2 + sum(G)"}
    made = worked(tmp_path, formulas, notation, differentiate={"of": "E", "wrt": ["b", "x"]})

    def error(b: complex, x: Any) -> complex:
        state, total, gain = 0j, 0j, 0j
        for entry in x:
            state = np.tanh(b * entry + b * state)
        for entry in x[::-1]:
            gain = entry + b * gain
            total += gain
        return (state - 1) ** 2 / 2 + total

    x = np.arange(1, 5, dtype=complex)
    assert value(made, "dE/db") == pytest.approx(error(0.5 + 1e-30j, x).imag / 1e-30, rel=1e-12)
    for place in range(4):
        moved = x + 1e-30j * (np.arange(4) == place)
        assert value(made, f"dE/dx_{place + 1}") == pytest.approx(error(0.5, moved).imag / 1e-30, rel=1e-12)
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in READ:
        for document in ("solution", "key"):
            assert verify(render(made, document, format_name), format_name, truth).untrue == ()
    assert set(READ) <= set(FORMATS)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_programs_compute_in_the_same_order(flavour: str, tmp_path: Path) -> None:
    made = worked(tmp_path, {"G": RETURNS, "D": DISTANCE})
    file = tmp_path / "made.py"
    file.write_text(program(made, flavour), encoding="utf-8")
    printed = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True).stdout
    lines = dict(line.split(" = ") for line in printed.replace("  ", "").splitlines() if " = " in line)
    assert float(lines["G_1"]) == value(made, "G_1")
    assert float(lines["D_5_4"]) == value(made, "D_5_4")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("[v[t - 1] + 1 for t in 1..3]", r"`v\[0\]` is no entry of `v`: the first ones have a formula of their own"),
        ("[v[t + 1] + 1 for t in 1..3]", r"`v\[4\]` is no entry"),
        ("[v[t] + 1 for t in 1..3]", r"`v\[1\]` is worked from itself"),
        ("[v[3 - t] for t in 1..2]", r"`v\[2\]` is worked from itself|`v\[1\]` is worked from itself"),
        ("[[v[i, j] for i in 1..2] for j in 1..2]", r"`v\[1, 1\]` is worked from itself"),
        ("[sum(v) for t in 1..3]", "stands in its own formula"),
        ("v + 1", "stands in its own formula"),
        ("[1 if t == 1 else v[1, t - 1] for t in 1..3]", "is no entry"),
    ],
)
def test_what_never_begins_is_refused(formula: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=said):
        worked(tmp_path, {"v": formula})


# --- givens as indices ---


def test_a_given_is_an_index_and_the_end_of_a_loop(tmp_path: Path) -> None:
    hinge = "[sum(max(0, S[i, j] - S[i, k[i]] + 1) for j in 1..3 if j != k[i]) for i in 1..2]"
    made = worked(
        tmp_path, {"L": hinge, "q": "sum(x[i] for i in 1..n)", "p": "S[k[1]][n]", "f": "factorial(n) + comb(n, k[1])"}
    )
    scores, right = np.array([[1, 5, 2], [4, 3, 7]]), [1, 2]
    losses = [
        sum(max(0, s - row[r] + 1) for j, s in enumerate(row) if j != r) for row, r in zip(scores, right, strict=True)
    ]
    assert [value(made, "L_1"), value(made, "L_2")] == losses
    assert [value(made, name) for name in "qpf"] == [6, 7, 9]
    text = render(made, "solution", "terminal")
    assert "max(0, S_(1,1) − S_(1,2) + 1) + max(0, S_(1,3) − S_(1,2) + 1)" in text
    assert (
        verify(
            render(made, "solution", "latex"), "latex", Truth.of(made.graph, made.writer, made.notation.rounding)
        ).untrue
        == ()
    )


def test_a_given_that_is_updated_or_no_whole_number_is_no_index(tmp_path: Path) -> None:
    for formulas, more in (({"p": "x[n]"}, {"update": {"n": "n + 1"}}), ({"p": "x[b]"}, {})):
        with pytest.raises(DefinitionError, match="an index is no computed number"):
            worked(tmp_path, formulas, **more)
    with pytest.raises(DefinitionError, match="the index 3 does not fit a vector of 2"):
        worked(tmp_path, {"p": "k[n]"})


def test_a_set_does_not_vary_an_index(tmp_path: Path) -> None:
    worked(tmp_path, {"p": "x[n] * b"})
    asked = {"title": "Set", "copies": 3, "problems": [{"id": "made", "vary": {"n": "1..3"}}]}
    file = tmp_path / "set.yml"
    file.write_text(yaml.safe_dump(asked), encoding="utf-8")
    with pytest.raises(DefinitionError, match="`n`; expected a given that is no index"):
        tasks(load_set(file))
    every = {"title": "Set", "copies": 3, "problems": [{"id": "made", "vary": {"given": [1, 2, 3]}}]}
    file.write_text(yaml.safe_dump(every), encoding="utf-8")
    (task,) = tasks(load_set(file))
    assert "n" not in task.choices
    assert "b" in task.choices


# --- what an author writes first ---


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("y . x", "one of vectors `a @ b`"),
        ("b·n", r"a product of numbers is `a \* b`"),
        ("S' @ k", "a transpose is written `W.T`"),
        ("np.exp(b)", "functions are called by their bare names"),
        ("|b|", r"the absolute value is `abs\(x\)`"),
        ("n!", r"n! is written `factorial\(n\)`"),
        ("b ≤ n", "comparisons are written `<=`"),
        ("2x", "a product is written with a sign"),
    ],
)
def test_what_authors_write_first_is_told_how_it_is_written(formula: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=said):
        worked(tmp_path, {"p": formula})


def test_a_comma_between_braces_is_pointed_at(tmp_path: Path) -> None:
    file = tmp_path / "made.yml"
    file.write_text("kind: formulas\ntitle: T\ngivens: {a: 1}\nformulas: {m: max(a, 2)}\n", encoding="utf-8")
    with pytest.raises(
        DefinitionError, match=r"which a comma parts from .*; expected a formula with a comma in it in quotes"
    ):
        load(file)


def test_numbers_are_computed_by_formulas(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="what is to be computed is a formula"):
        worked(tmp_path, {"p": "a"}, givens={"a": "ln(2)"})


def test_an_inverse_is_worked_once(tmp_path: Path) -> None:
    formulas = {"u": "inverse(A) @ k", "v": "dot(k, inverse(A) @ k)"}
    made = worked(tmp_path, formulas, givens={"A": [[2, 1], [1, 3]], "k": [1, 2]})
    assert value(made, "v") == 1.8 - 0.4
    assert not any(quantity.name.startswith("v_") for quantity in made.graph)


# --- names ---


def test_a_quantity_called_e_has_powers_and_euler_s_number_is_written_exp(tmp_path: Path) -> None:
    formulas = {"e": "x[2] - b", "L": "e^2 / 2", "g": "exp(e) + e^b", "pi": "b / 2", "u": "pi^2"}
    made = worked(tmp_path, formulas, differentiate={"of": "L", "wrt": ["b"]})
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in READ:
        assert verify(render(made, "solution", format_name), format_name, truth).untrue == ()
    assert value(made, "L") == 1.125
    assert value(made, "g") == pytest.approx(np.exp(1.5) + 1.5**0.5)


@pytest.mark.parametrize("name", ["max", "ln", "exp", "sin", "argmax"])
def test_a_name_that_is_printed_as_a_function_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        DefinitionError, match=f"`formulas.{name}`: found `{name}`; expected a name that is not printed"
    ):
        worked(tmp_path, {name: "b + 1"})


# --- rows, and several loops that need one another ---

PERCEPTRON = {
    "W": "[w if k == 1 else W[k-1] + m[k-1] * t[mod(k-2, 3) + 1] * X[mod(k-2, 3) + 1] for k in 1..7]",
    "a": "[dot(W[k], X[mod(k-1, 3) + 1]) for k in 1..6]",
    "m": "[1 if t[mod(k-1, 3) + 1] * a[k] <= 0 else 0 for k in 1..6]",
}
POINTS = {"X": [[1, 2], [-1, -2], [1, -1]], "t": [1, -1, 1], "w": [0, 0]}


def test_several_loops_hand_a_state_from_turn_to_turn(tmp_path: Path) -> None:
    made = worked(tmp_path, PERCEPTRON, givens=POINTS)
    points, classes, weights = np.array(POINTS["X"]), np.array(POINTS["t"]), np.zeros(2)
    for k in range(6):
        assert [value(made, f"W_{k + 1}_{j}") for j in (1, 2)] == weights.tolist()
        score = weights @ points[k % 3]
        assert value(made, f"a_{k + 1}") == score
        weights += (classes[k % 3] * score <= 0) * classes[k % 3] * points[k % 3]
    order = [quantity.name for quantity in made.graph]
    assert order[order.index("W_1_2") :][:8] == ["W_1_2", "a_1", "m_1", "W_2_1", "W_2_2", "a_2", "m_2", "W_3_1"]
    for notation in notation_names():
        made = worked(tmp_path, PERCEPTRON, notation, givens=POINTS)
        truth = Truth.of(made.graph, made.writer, made.notation.rounding)
        for format_name in READ:
            assert verify(render(made, "solution", format_name), format_name, truth).untrue == ()
        text = render(made, "solution", "terminal")
        assert text.index("a₁ = ") < text.index("m₁ = ") < text.index("W_(2,1) = ") < text.index("a₂ = ")


def test_rows_are_worked_from_rows(tmp_path: Path) -> None:
    observed = {"A": [[0.7, 0.3], [0.4, 0.6]], "B": [[0.5, 0.1], [0.4, 0.3], [0.1, 0.6]], "q": [0.6, 0.4]}
    formulas = {
        "alpha": "[q * B[o[1]] if t == 1 else (alpha[t - 1] @ A) * B[o[t]] for t in 1..4]",
        "beta": "[ones(2) if t == 4 else A @ (B[o[t+1]] * beta[t + 1]) for t in 1..4]",
        "P": "sum(alpha[4])",
        "R": "sum(q * B[o[1]] * beta[1])",
    }
    made = worked(tmp_path, formulas, givens={**observed, "o": [1, 2, 3, 1]})
    moves, seen, forward = np.array(observed["A"]), np.array(observed["B"]), np.array(observed["q"])
    forward = forward * seen[0]
    for place in (1, 2, 0):
        forward = forward @ moves * seen[place]
    assert [value(made, f"alpha_4_{j}") for j in (1, 2)] == pytest.approx(forward.tolist())
    assert value(made, "P") == pytest.approx(value(made, "R"))
    order = [quantity.name for quantity in made.graph]
    assert order.index("beta_4_1") < order.index("beta_3_1") < order.index("beta_1_1")
    for notation in ("default", "matrix"):
        made = worked(tmp_path, formulas, notation, givens={**observed, "o": [1, 2, 3, 1]})
        truth = Truth.of(made.graph, made.writer, made.notation.rounding)
        assert verify(render(made, "solution", "latex"), "latex", truth).untrue == ()


@pytest.mark.parametrize(
    ("formulas", "said"),
    [
        ({"u": "[v[t] + 1 for t in 1..3]", "v": "[u[t] - 1 for t in 1..3]"}, "is worked from itself"),
        ({"u": "v + 1", "v": "u - 1"}, "stands in its own formula"),
        ({"u": "v[1] + 1", "v": "[u for t in 1..3]"}, "stands in its own formula|only a loop can be"),
        ({"u": "[1 if t == 1 else v[t] for t in 1..3]", "v": "[u[t - 1] for t in 2..5]"}, "worked from itself"),
        ({"u": "[v for t in 1..2]", "v": "x + 1"}, "`v` is not known here"),
    ],
)
def test_circles_without_a_beginning_are_refused(formulas: Mapping[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=said):
        worked(tmp_path, formulas)


def test_a_formula_between_two_that_need_one_another_keeps_its_meaning(tmp_path: Path) -> None:
    formulas = {"u": "[1 if i == 1 else v[i - 1] for i in 1..3]", "c": "b + 1"}
    formulas |= {"v": "[u[i] * 2 for i in 1..3]", "z": "u[3] * c"}
    made = worked(tmp_path, formulas)
    assert [value(made, name) for name in ("u_3", "v_3", "c", "z")] == [4, 8, 1.5, 6]


def test_long_recurrences_in_both_directions(tmp_path: Path) -> None:
    formulas = {"u": "[b if i == 1 else u[i - 1] + 1 for i in 1..400]"}
    formulas["v"] = "[b if i == 400 else v[i + 1] + 1 for i in 1..400]"
    made = worked(tmp_path, formulas)
    assert value(made, "u_400") == value(made, "v_1") == 399.5


@pytest.mark.parametrize("notation", notation_names())
def test_letters_that_are_also_signs_are_told_apart(notation: str, tmp_path: Path) -> None:
    given = {"mu": "0.5", "l": "0.8", "w": 2, "d": 512, "h": 8, "v": ["2.3", "0.4"]}
    formulas = {"sigma": "exp(l / 2)", "z": "mu + sigma * w", "p": "sigmoid(w * z)", "k": "d / h", "c": "d * mean(v)"}
    formulas |= {"g": "d * w / (d * h)", "q": "sigmoid(v)", "L": "sum(q) + p"}
    made = worked(tmp_path, formulas, notation, givens=given, differentiate={"of": "L", "wrt": ["w", "v"]})
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in READ:
        assert verify(render(made, "solution", format_name), format_name, truth).untrue == ()
    text = render(made, "solution", "terminal")
    assert "σ(" not in text
    assert ("logistic(" in text) == (notation not in ("net_out", "sum_output"))  # which write it out
    assert value(made, "k") == 64


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("mean(S, 0)", r"of each column of `X`, `\[mean\(X.T\[j\]\) for j in 1..3\]`; of each row, .* in 1..2\]`"),
        ("sum(S, 1)", "`sum` is of one vector or matrix: of each column"),
        ("x[1:3:2]", r"all entries from one to another are `x\[1:3\]`; others are `\[x\[2 \* i\] for i in 1..3\]`"),
        ("b && n", "conditions are written"),
        ("b > 1 ? 2 : 3", "conditions are written"),
        ("f'(b)", r"a derivative is written `d\(f, x\)`"),
    ],
)
def test_what_other_languages_have_is_told_in_this_one(formula: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=said):
        worked(tmp_path, {"p": formula})


def listed(folder: Path, formulas: Mapping[str, str]) -> list[list[str]]:
    """The names on the left of each group of rows that stand together."""
    made = worked(folder, formulas)
    setter = Setter(made, format_for("terminal"), load_words("en"))
    blocks = [block for section in made.sections("first") for block in setter.blocks(section)]
    return [[row.left.strip() for row in block.rows if row.left.strip()] for block in blocks]


def test_each_turn_of_several_loops_stands_together(tmp_path: Path) -> None:
    weights, scores = "[1 if i == 1 else w[i - 1] + m[i - 1] for i in 1..6]", "[2 * w[i] for i in 1..6]"
    found = listed(tmp_path, {"w": weights, "a": scores, "p": "[a[i] + b for i in 1..5]", "m": "[-p[i] for i in 1..5]"})
    turns = [[f"{name}{sign}" for name in "wapm"] for sign in "₃₄₅"]
    assert found[-3:] == [*turns[:2], [*turns[2], "w₆", "a₆"]]  # six rows are a group: two whole turns do not fit
    assert [name for group in found[:-3] for name in group] == [f"{name}{sign}" for sign in "₁₂" for name in "wapm"]


def test_loops_worked_one_after_the_other_have_no_turns(tmp_path: Path) -> None:
    found = listed(tmp_path, {"w": "[b * i for i in 1..5]", "a": "[2 * w[i] for i in 1..5]"})
    assert [name for group in found for name in group] == [f"{name}{sign}" for name in "wa" for sign in "₁₂₃₄₅"]
    assert [len(group) for group in found] == [1, 4, 1, 4]  # one worked in full, the others listed
