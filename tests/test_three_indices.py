"""Lists of matrices, `P[a, i, j]`: against NumPy, on paper in every format and notation, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.verify.document import FORMATS as READ
from generator.verify.document import verify
from generator.verify.truth import Truth

P = [[[0.9, 0.1, 0], [0.4, 0.6, 0]], [[0.2, 0.3, 0.5], [0.1, 0.9, 0]]]  # an action, a state, the next state
GIVENS: Mapping[str, Any] = {"P": P, "R": [[1, 0], [0, 2]], "v": [1, 2, 3], "k": [2, 1], "g": 0.5}


def worked(folder: Path, formulas: Mapping[str, str], notation: str | None = None, **more: Any) -> Worked:
    data = {"kind": "formulas", "title": "made", "givens": dict(GIVENS), "formulas": dict(formulas), **more}
    file = folder / "made.yml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return work(load(file), notation)


def array(made: Worked, name: str, *sizes: int) -> Any:
    places = [tuple(place) for place in np.argwhere(np.ones(sizes))]
    names = ["_".join((name, *(str(index + 1) for index in place))) for place in places]
    return np.array([float(made.trace.full(own)) for own in names]).reshape(sizes)


FORMULAS = {
    "Q": "[[R[a, s] + g * sum(P[a, s, t] * v[t] for t in 1..3) for a in 1..2] for s in 1..2]",
    "w": "[max(Q[s]) for s in 1..2]",
    "A": "[P[k[s], s] for s in 1..2]",
    "u": "P[2] @ v",
    "S": "[P[a] @ P[a].T for a in 1..2]",
    "H": "2 * P + 1",
    "m": "mean(P)",
    "n": "len(P) + len(P[1]) + len(P[1, 1])",
}


def test_entries_rows_and_matrices_are_those_of_the_list(tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS)
    moves, v = np.array(P), np.array(GIVENS["v"])
    q = np.array(GIVENS["R"]).T + 0.5 * (moves @ v).T
    expected = {
        "Q": q, "w": q.max(axis=1), "A": np.stack([moves[1, 0], moves[0, 1]]), "u": moves[1] @ v,
        "S": moves @ moves.transpose(0, 2, 1), "H": 2 * moves + 1,
    }  # fmt: skip
    for name, values in expected.items():
        np.testing.assert_allclose(array(made, name, *values.shape), values, rtol=1e-12, err_msg=name)
    assert float(made.trace.full("m")) == pytest.approx(moves.mean())
    assert made.trace.full("n") == "7"


@pytest.mark.parametrize("notation", notation_names())
def test_every_line_is_true(notation: str, tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS, notation, claims=["P >= 0", "sum(P[2, 1]) == 1", "H[1] >= 1"])
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in READ:
        for document in ("solution", "worksheet", "key"):
            report = verify(render(made, document, format_name), format_name, truth)
            assert report.untrue == (), (format_name, document)
            assert report.checked > 0 or document == "worksheet"
    text = render(made, "solution", "terminal")
    assert "P_(1,2,1)" in text
    if notation == "matrix":
        assert "P₂v" in text


def test_a_loop_refers_to_its_own_earlier_matrices(tmp_path: Path) -> None:
    formulas = {
        "T": "[P[1] if n == 1 else T[n - 1] / 2 + P[2] for n in 1..3]",
        "Z": "[[[n + j if n == 1 else Z[n - 1, i, 3 - j] * i for j in 1..2] for i in 1..2] for n in 1..3]",
    }
    made = worked(tmp_path, formulas)
    moves = np.array(P)
    second = moves[0] / 2 + moves[1]
    np.testing.assert_allclose(array(made, "T", 3, 2, 3), [moves[0], second, second / 2 + moves[1]], rtol=1e-12)
    first = np.array([[2, 3], [2, 3]])
    turned = first[:, ::-1] * [[1], [2]]
    np.testing.assert_allclose(array(made, "Z", 3, 2, 2), [first, turned, first * [[1], [4]]], rtol=1e-12)


def test_values_are_iterated_in_one_loop(tmp_path: Path) -> None:
    """Q-values round by round, whose next round takes the largest of a row of the round before."""
    formula = (
        "[[[0 if n == 1 else R[a, s] + g * sum(P[a, s, t] * max(Q[n - 1, t]) for t in 1..2)"
        " for a in 1..2] for s in 1..2] for n in 1..4]"
    )
    made = worked(tmp_path, {"Q": formula})
    moves, reward = np.array(P)[:, :, :2], np.array(GIVENS["R"]).T
    rounds = [np.zeros((2, 2))]
    for _ in range(3):
        rounds.append(reward + 0.5 * (moves @ rounds[-1].max(axis=1)).T)
    np.testing.assert_allclose(array(made, "Q", 4, 2, 2), rounds, rtol=1e-12)
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    assert verify(render(made, "solution", "latex"), "latex", truth).untrue == ()


def test_gradients_and_updates_are_of_every_entry(tmp_path: Path) -> None:
    formulas = {"L": "sum(P[a, s, t]**2 * v[t] for a in 1..2 for s in 1..2 for t in 1..3)"}
    by_gradients: dict[str, Any] = {"update": ["P"], "learning_rate": {"eta": 0.1}}
    asked = {"differentiate": {"of": "L", "wrt": ["P"]}}
    made = worked(tmp_path, formulas, **asked, **by_gradients)
    slopes = 2 * np.array(P) * np.array(GIVENS["v"])
    for place, slope in np.ndenumerate(slopes):
        name = "_".join(("P", *(str(index + 1) for index in place)))
        assert float(made.trace.full(f"dL/d{name}")) == pytest.approx(slope)
        assert float(made.trace.full(f"{name}_new")) == pytest.approx(P[place[0]][place[1]][place[2]] - slope / 10)
    own = worked(tmp_path, formulas, **asked, update={"P": "P - 0.1 * d(L, P)"})
    assert own.trace.full("P_2_1_3_new") == made.trace.full("P_2_1_3_new")
    one = worked(tmp_path, formulas, update={"P[2,1]": "v / 6"})
    assert float(one.trace.full("P_2_1_3_new")) == 0.5


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("P[3, 1, 1]", "the index 3, 1, 1 does not fit a list of 2 matrices of 2 by 3"),
        ("P[1, 1, 1, 1]", "the index 1, 1, 1, 1 does not fit a list of 2 matrices of 2 by 3"),
        ("P @ v", "this is of a matrix, not of a list of 2 matrices of 2 by 3: take one of them"),
        ("P.T", "this is of a matrix"),
        ("P + R", "a list of 2 matrices of 2 by 3 and a matrix of 2 by 2 do not go together"),
        ("P + [P[1], P[2], P[1]]", "a list of 3 matrices of 2 by 3 do not go together"),
        ("[P for i in 1..2]", "what a loop makes is a number, a vector or, in a loop by itself, a matrix"),
        ("[P[1], R]", "of matrices of one shape"),
    ],
)
def test_what_does_not_fit_is_explained(formula: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=said):
        worked(tmp_path, {"p": formula})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([[[1, 2], [3, 4]], [[1, 2]]], "matrices of the same shape"),
        ([[[1, 2]], [[1], [2]]], "matrices of the same shape"),
        ([[[1, 2], [3]]], "a matrix whose rows have the same length"),
        ([[[[1]]]], "up to three indices"),
        ([[1, 2], 3], "a number, a list of numbers, or a list of rows"),
        ([[[1, "two"]]], "a number such as"),
    ],
)
def test_a_given_without_a_shape_is_refused(given: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=f"givens.G`.*{said}"):
        worked(tmp_path, {"p": "1 + 1"}, givens={"G": given})
