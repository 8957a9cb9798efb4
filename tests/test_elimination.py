"""Systems of equations, large inverses and determinants by elimination: against NumPy, on paper, and refused ones."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.formula.elimination import is_odd, order_of
from generator.formula.tree import Formula, Num
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.verify.document import FORMATS as READ
from generator.verify.document import verify
from generator.verify.truth import Truth

A = [[2, 1, -1], [-3, -1, 2], [-2, 1, 2]]
Z = [[0, 1, 2], [1, 0, 3], [4, -3, 8]]  # whose first pivot is zero
LARGE = [[4, 1, 0, 2, 1], [1, 3, 1, 0, 0], [0, 2, 5, 1, 1], [2, 0, 1, 6, 1], [1, 1, 0, 1, 4]]
GIVENS: Mapping[str, Any] = {"A": A, "Z": Z, "L": LARGE, "b": [8, -11, -3], "c": [1, 2, 3, 4, 5], "t": "0.5"}


def worked(folder: Path, formulas: Mapping[str, str], notation: str | None = None, **more: Any) -> Worked:
    data = {"kind": "formulas", "title": "made", "givens": dict(GIVENS), "formulas": dict(formulas), **more}
    file = folder / "made.yml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return work(load(file), notation)


def entries(made: Worked, name: str) -> list[float]:
    """All entries of what is called so, by their names."""
    names = sorted(quantity.name for quantity in made.graph if quantity.label.of == name)
    return [float(made.trace.full(own)) for own in names]


FORMULAS = {
    "x": "solve(A, b)",
    "y": "2 * solve(Z, b) + solve(A, b)",
    "X": "solve(A, [b, b + 1].T)",
    "N": "inverse(L)",
    "D": "det(L) + 1",
    "w": "inverse(L) @ c",
    "s": "[solve(A + n * eye(3), b) for n in 1..2]",
    "v": "[b if n == 1 else solve(Z, v[n - 1]) for n in 1..3]",
}


def test_solutions_are_those_of_numpy(tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS)
    a, z, large, b, c = (np.array(GIVENS[name], dtype=float) for name in ("A", "Z", "L", "b", "c"))
    once = np.linalg.solve(z, b)
    expected = {
        "x": [2, 3, -1],
        "y": 2 * once + [2, 3, -1],
        "X": np.linalg.solve(a, np.array([b, b + 1]).T),
        "N": np.linalg.inv(large),
        "w": np.linalg.solve(large, c),
        "s": [np.linalg.solve(a + n * np.eye(3), b) for n in (1, 2)],
        "v": [b, once, np.linalg.solve(z, once)],
    }
    for name, numbers in expected.items():
        np.testing.assert_allclose(entries(made, name), np.ravel(numbers), rtol=1e-10, atol=1e-12, err_msg=name)
    assert float(made.trace.full("D")) == pytest.approx(np.linalg.det(large) + 1)


def test_every_step_is_a_quantity_and_the_last_unknown_comes_first(tmp_path: Path) -> None:
    made = worked(tmp_path, {"x": "solve(A, b)"})
    assert [quantity.name for quantity in made.graph if quantity.name.startswith("x")] == [
        "x_m_2_1", "x_A1_2_2", "x_A1_2_3", "x_b1_2", "x_m_3_1", "x_A1_3_2", "x_A1_3_3", "x_b1_3",
        "x_m_3_2", "x_A2_3_3", "x_b2_3", "x_3", "x_2", "x_1",
    ]  # fmt: skip
    assert [made.trace.full(name) for name in ("x_m_2_1", "x_A1_2_2", "x_A2_3_3")] == ["-1.5", "0.5", "-1"]


def test_rows_are_exchanged_where_a_pivot_would_be_zero(tmp_path: Path) -> None:
    made = worked(tmp_path, {"x": "solve(Z, b)"})
    assert [made.trace.full(f"x_A_{row}_1") for row in (1, 2, 3)] == ["1", "0", "4"]
    assert [made.trace.full(f"x_b_{row}") for row in (1, 2, 3)] == ["-11", "8", "-3"]
    text = render(made, "solution", "terminal")
    assert "Where a pivot would be zero, the rows are put in another order." in text
    exchanged = [LARGE[place] for place in (1, 0, 2, 3, 4)]
    exchanged[0] = [0, *exchanged[0][1:]]
    made = worked(tmp_path, {"D": "det(L)"}, givens={"L": exchanged})
    assert float(made.trace.full("D")) == pytest.approx(np.linalg.det(np.array(exchanged, dtype=float)))


@pytest.mark.parametrize("notation", notation_names())
def test_every_line_is_true(notation: str, tmp_path: Path) -> None:
    formulas = {key: FORMULAS[key] for key in ("x", "y", "X", "D", "w", "s", "v")}
    made = worked(tmp_path, formulas, notation, claims=["A @ x == b"])
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in READ:
        for document in ("solution", "worksheet", "key"):
            report = verify(render(made, document, format_name), format_name, truth)
            assert report.untrue == (), (format_name, document)


def test_gradients_are_those_of_the_adjoint_system(tmp_path: Path) -> None:
    formulas = {"x": "solve(Z, b)", "q": "[b[1] * i for i in 1..3]", "f": "sum(x**3) + det(L * t)"}
    made = worked(tmp_path, formulas, differentiate={"of": "f", "wrt": ["Z", "b", "t"]})
    z, b = np.array(Z, dtype=float), np.array(GIVENS["b"], dtype=float)
    x = np.linalg.solve(z, b)
    back = np.linalg.solve(z.T, 3 * x**2)  # the gradient by b; that by the matrix is its product with -x
    for row in range(3):
        assert float(made.trace.full(f"df/db_{row + 1}")) == pytest.approx(back[row])
        for column in range(3):
            name = f"df/dZ_{row + 1}_{column + 1}"
            assert float(made.trace.full(name)) == pytest.approx(-back[row] * x[column]), name
    slope = 5 * np.linalg.det(np.array(LARGE) * 0.5) / 0.5
    assert float(made.trace.full("df/dt")) == pytest.approx(slope)


NUMBERS = st.integers(-3, 3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_order_has_no_zero_pivot_or_the_matrix_is_singular(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 5))
    numbers = data.draw(st.lists(st.lists(NUMBERS, min_size=size, max_size=size), min_size=size, max_size=size))
    rows = tuple(tuple(Num(Fraction(number)) for number in row) for row in numbers)

    def exactly(tree: Formula) -> Fraction:
        assert isinstance(tree, Num)
        return tree.value

    if round(np.linalg.det(np.array(numbers, dtype=float))) == 0:
        with pytest.raises(Exception, match="the matrix is singular"):
            order_of(rows, exactly)
        return
    order = order_of(rows, exactly)
    turned = np.array([numbers[place] for place in order], dtype=float)
    assert all(abs(np.linalg.det(turned[:count, :count])) > 1e-9 for count in range(1, size + 1))
    sign = np.linalg.det(turned) / np.linalg.det(np.array(numbers, dtype=float))
    assert is_odd(order) == (sign < 0)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("solve([[1, 2], [2, 4]], [1, 1])", "the matrix is singular: .* column 2 has no pivot"),
        ("solve(A - A, b)", "the matrix is singular: .* column 1 has no pivot"),
        ("det(L - L)", "the matrix is singular"),
        ("inverse([[1, 2], [2, 4]] * t)", "the matrix is singular: its determinant is 0, so that it has no inverse"),
        ("solve(A, c)", "as many equations as `A` has rows, 3, but b is a vector of 5"),
        ("solve(A, t)", "but b is one number"),
        ("solve(A)", "of a matrix and a vector, not of 1 arguments"),
        ("solve(b, b)", "`solve` is of a square matrix, not of a vector of 3"),
        ("inverse(outer(c, b))", "of a square matrix, not of a matrix of 5 by 3"),
        ("solve(eye(13), zeros(13))", "a system of 13 equations: expected at most 12"),
    ],
)
def test_what_cannot_be_solved_is_explained(formula: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=rf"made.yml:\d+: `formulas.p`.*{said}"):
        worked(tmp_path, {"p": formula})


def test_a_new_value_takes_the_name_of_a_solution(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="`solve` is worked in lines of its own: give it a formula"):
        worked(tmp_path, {"p": "t + 1"}, update={"b": "solve(A, b)"})
    made = worked(tmp_path, {"p": "solve(A, b)"}, update={"b": "p"}, steps=2)
    twice = np.linalg.solve(np.array(A), np.linalg.solve(np.array(A), GIVENS["b"]))
    assert [float(made.trace.full(f"b_{row}_new2")) for row in (1, 2, 3)] == pytest.approx(twice.tolist())


def test_a_pivot_that_becomes_zero_later_is_an_error_with_its_line(tmp_path: Path) -> None:
    formulas = {"p": "solve([[t, 1], [1, 1]], [1, 2])"}
    with pytest.raises(DefinitionError, match=r"made.yml.*division by zero"):
        worked(tmp_path, formulas, update={"t": "0 * t"}, steps=2)
