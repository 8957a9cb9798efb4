"""What functions need on the way in loops: named turn by turn, worked once, against NumPy and finite differences."""

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
from generator.views.worksheet import LEVELS

Q = np.array([[1.0, 2, 4], [3, 5, 7]])
W = np.array([[1, 2], [0.5, 1]])
GIVENS: Mapping[str, Any] = {"Q": Q.tolist(), "W": W.tolist(), "x": [1, 2, 3], "q": [1, 2], "b": 0.5}
FORMULAS = {
    "p": "[softmax(b * Q[t]) for t in 1..2]",
    "c": "[dot(softmax(Q[t]), x) + norm(2 * Q[t]) + argmax(x * Q[t]) for t in 1..2]",
    "s": "[var(Q[t]) + std(x) for t in 1..2]",
    "n": "[N(Q[t] * x) for t in 1..2]",
    "h": "[H(Q[t, 1] + i) + H(x[i] + 1) for t in 1..2 for i in 1..3]",
    "a": "[q if t == 1 else softmax(W @ a[t - 1]) for t in 1..3]",
    "k": "sum(softmax(2 * Q[t])[1] for t in 1..2 if t != 1)",
    "l": "[inverse(W + t * eye(2)) @ q for t in 1..2]",
}
FUNCTIONS = {"H(p)": "p * log(p) + p^2", "N(v)": "(v - mean(v)) / std(v)"}


def worked(folder: Path, formulas: Mapping[str, str], notation: str | None = None, **more: Any) -> Worked:
    data: dict[str, Any] = {"kind": "formulas", "title": "made", "givens": dict(GIVENS), "functions": FUNCTIONS}
    file = folder / "made.yml"
    file.write_text(yaml.safe_dump({**data, "formulas": dict(formulas), **more}, sort_keys=False), encoding="utf-8")
    return work(load(file), notation)


def values(made: Worked, *names: str) -> list[float]:
    return [float(made.trace.full(name)) for name in names]


def entries(made: Worked, name: str) -> list[float]:
    """All entries of what is called so, in the graph's order."""
    names = (quantity.name for quantity in made.graph if quantity.label.of == name)
    return values(made, *names)


def softmax(scores: Any) -> Any:
    made = np.exp(np.array(scores) - np.max(scores))
    return made / made.sum()


def test_each_turn_is_what_numpy_says(tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS)
    x, q = np.array([1, 2, 3]), np.array([1, 2])

    def own(p: Any) -> Any:
        return p * np.log(p) + p**2

    states = [q]
    for _ in range(2):
        states.append(softmax(W @ states[-1]))
    products = Q * x
    expected = {
        "p": [softmax(0.5 * row) for row in Q],
        "c": [softmax(row) @ x + np.linalg.norm(2 * row) + np.argmax(x * row) + 1 for row in Q],
        "s": Q.var(axis=1) + x.std(),
        "n": (products - products.mean(axis=1, keepdims=True)) / products.std(axis=1, keepdims=True),
        "h": [own(Q[t, 0] + i) + own(x[i - 1] + 1) for t in (0, 1) for i in (1, 2, 3)],
        "a": states,
        "l": [np.linalg.solve(W + t * np.eye(2), q) for t in (1, 2)],
    }
    for name, numbers in expected.items():
        np.testing.assert_allclose(entries(made, name), np.ravel(numbers), rtol=1e-10, err_msg=name)
    assert values(made, "k") == pytest.approx([softmax(2 * Q[1])[0]])


def test_what_a_turn_needs_is_worked_once_and_is_called_after_it(tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS)
    names = [quantity.name for quantity in made.graph]
    assert {"p_in_2_3", "c_softmax_1_2", "s_mean_2", "n_v_2_3", "n_mean_1", "n_std_2", "l_in_2_1_1", "l_det_1"} <= {
        *names
    }
    assert [name for name in names if name.startswith("s_")] == [
        "s_mean_1", "s_mean_2", "s_var_1", "s_var_2", "s_mean2", "s_std", "s_1", "s_2",
    ]  # fmt: skip
    assert [name for name in names if name.startswith("h_p")] == [
        *(f"h_p_{t}_{i}" for t in (1, 2) for i in (1, 2, 3)), "h_p2_1", "h_p2_2", "h_p2_3",
    ]  # fmt: skip
    assert [name for name in names if name.startswith("a_")] == [
        "a_1_1", "a_1_2", "a_in_2_1", "a_in_2_2", "a_2_1", "a_2_2", "a_in_3_1", "a_in_3_2", "a_3_1", "a_3_2",
    ]  # fmt: skip
    assert [name for name in names if name.startswith("k_in")] == ["k_in_2_1", "k_in_2_2", "k_in_2_3"]
    assert set(made.graph.operands["n_2_1"]) == {"n_v_2_1", "n_mean_2", "n_std_2"}
    assert made.graph["a_in_3_2"].label.of == "a_in"
    assert made.graph["a_in_3_2"].label.index == "3,2"


def test_a_mean_that_has_a_name_keeps_it_in_every_turn(tmp_path: Path) -> None:
    made = worked(tmp_path, {"m": "[mean(Q[t]) for t in 1..2]", "v": "[var(Q[t]) for t in 1..2]"})
    assert {"m_1", "Q_1_1"} <= set(made.graph.operands["v_1"])
    assert not any(quantity.name.startswith("v_mean") for quantity in made.graph)


@pytest.mark.parametrize("notation", notation_names())
def test_every_line_is_true(notation: str, tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS, notation)
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in READ:
        for document in ("solution", "worksheet", "key"):
            report = verify(render(made, document, format_name), format_name, truth)
            assert report.untrue == (), (format_name, document)


def test_gradients_go_through_what_the_turns_need(tmp_path: Path) -> None:
    formulas = {key: FORMULAS[key] for key in ("p", "c", "s", "n", "a", "l")}
    formulas["L"] = "sum(p**2) + sum(c) + sum(s) + n[2, 1] * n[1, 3] + a[3, 1] + l[1, 1] * l[2, 2]"
    made = worked(tmp_path, formulas, differentiate={"of": "L", "wrt": ["Q", "b", "W"]})

    def at(name: str, place: tuple[int, int], move: float) -> float:
        moved = np.array(GIVENS[name], dtype=float)
        moved[place] += move
        return values(worked(tmp_path, formulas, givens={**GIVENS, name: moved.tolist()}), "L")[0]

    for name, place in (("Q", (0, 0)), ("Q", (1, 2)), ("W", (0, 1)), ("W", (1, 1))):
        slope = (at(name, place, 1e-4) - at(name, place, -1e-4)) / 2e-4
        found = values(made, f"dL/d{name}_{place[0] + 1}_{place[1] + 1}")
        assert found == pytest.approx([slope], rel=1e-5), (name, place)


def test_a_name_that_a_turn_would_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"`p_in_1_2`, which is taken|`p_in`, which is taken"):
        worked(tmp_path, {"p": FORMULAS["p"], "p_in_1_2": "b + 1"})


def test_turns_of_different_lengths_keep_lines_of_their_own(tmp_path: Path) -> None:
    made = worked(tmp_path, {"p": "[softmax([b * Q[t, i] for i in 1..t + 1])[1] for t in 1..2]"})
    names = [quantity.name for quantity in made.graph if quantity.name.startswith("p_in")]
    assert names == ["p_in_1_1", "p_in_1_2", "p_in_2_1", "p_in_2_2", "p_in_2_3"]
    expected = [softmax(0.5 * Q[t, : t + 2])[0] for t in (0, 1)]
    assert values(made, "p_1", "p_2") == pytest.approx(expected)


def test_worksheets_with_conditions_are_read_back_where_numbers_are_equal_by_chance(tmp_path: Path) -> None:
    """Blanks that look alike, and two zeros that are those of different symbols, decide nothing."""
    formulas = {
        "s": "x[1] > 5", "r": "x[2] > 5",
        "u": "x[1] <= b + 1 and (x[2] <= b or s == 0) and (x[3] <= b or r == 0)",
        "Y": "[relu(Q[1, t] * x[1] + Q[2, t] * x[2]) if x[t] >= b else relu(Q[1, t] * x[2] + b * x[1]) for t in 1..2]",
    }  # fmt: skip
    for notation in ("default", "net_out"):
        made = worked(tmp_path, formulas, notation)
        truth = Truth.of(made.graph, made.writer, made.notation.rounding)
        for format_name in READ:
            for level in LEVELS:
                page = render(made, "worksheet", format_name, level=level)
                assert verify(page, format_name, truth).untrue == (), (notation, format_name, level)
