"""Formulas with vectors and matrices, entry by entry, against NumPy; and what does not fit together."""

# ruff: noqa: N803 - matrices are called by capital letters

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.errors import FormulaError
from generator.formula.grids import Grid, Value, named, names_of, referring, vector
from generator.formula.infix import infix, parse
from generator.formula.matrices import MATRIX
from generator.formula.tree import Call, Formula, Ref
from generator.formula.vectors import expand
from generator.formula.whole import VECTOR
from generator.solve.exact import Undefined, ball, bounds, evaluate

KNOWN: Mapping[str, Value] = {
    "a": referring("a", parse("1")),
    "v": referring("v", vector((parse("1"),) * 3)),
    "w": referring("w", vector((parse("1"),) * 3)),
    "u": referring("u", vector((parse("1"),) * 2)),
    "M": referring("M", Grid(((parse("1"),) * 3,) * 2)),
    "S": referring("S", Grid(((parse("1"),) * 2,) * 2)),
}
NUMBERS = st.integers(-9, 9).map(lambda n: Fraction(n, 2))


@st.composite
def values(draw: st.DrawFn) -> dict[str, Fraction]:
    return {name: draw(NUMBERS) for known, value in KNOWN.items() for name, _ in names_of(known, value)}


def array(name: str, numbers: Mapping[str, Fraction]) -> Any:
    """What is called `name`, for NumPy."""
    value = KNOWN[name]
    flat = np.array([float(numbers[entry]) for entry, _ in names_of(name, value)])
    return flat[0] if not isinstance(value, Grid) else flat if value.vector else flat.reshape(value.shape)


def computed(value: Value, numbers: Mapping[str, Fraction]) -> Any:
    def single(tree: Formula) -> float:
        low, high = bounds(ball(evaluate(tree, numbers.__getitem__)))
        return float((low + high) / 2)

    if not isinstance(value, Grid):
        return single(value)
    made = np.array([[single(entry) for entry in row] for row in value.rows])
    return made[:, 0] if value.vector else made


SAME = {
    "a * v + w": lambda a, v, w, u, M, S: a * v + w,
    "v * w - v**2": lambda a, v, w, u, M, S: v * w - v**2,
    "-M + a": lambda a, v, w, u, M, S: -M + a,
    "M @ v": lambda a, v, w, u, M, S: M @ v,
    "u @ M": lambda a, v, w, u, M, S: u @ M,
    "v @ w": lambda a, v, w, u, M, S: v @ w,
    "zeros(3) + ones(3) * v": lambda a, v, w, u, M, S: v,
    "ones(2, 3) * M": lambda a, v, w, u, M, S: M,
    "mean_squared_error(v, w)": lambda a, v, w, u, M, S: np.mean((v - w) ** 2),
    "clip(v, a - 1, a)": lambda a, v, w, u, M, S: np.clip(v, a - 1, a),
    "factorial(4) * comb(5, 2) + a": lambda a, v, w, u, M, S: 240 + a,
    "e^v * norm(w - v)^2": lambda a, v, w, u, M, S: np.exp(v) * np.sum((w - v) ** 2),
    "[sum(v[j] for j in 1..i - 1) + a for i in 1..3]": lambda a, v, w, u, M, S: a + np.cumsum([0, *v[:2]]),
    "prod(v[i] for i in 2..1) * a": lambda a, v, w, u, M, S: a,
    "[v[max(i - 1, 1)] if i > 1 else w[i + 1] for i in 1..3]": lambda a, v, w, u, M, S: np.array([w[1], v[0], v[1]]),
    "S @ M": lambda a, v, w, u, M, S: S @ M,
    "u @ S @ u": lambda a, v, w, u, M, S: u @ S @ u,
    "u @ transpose(v)": lambda a, v, w, u, M, S: np.outer(u, v),
    "transpose(M) @ u": lambda a, v, w, u, M, S: M.T @ u,
    "dot(v, w) + sum(M)": lambda a, v, w, u, M, S: v @ w + M.sum(),
    "mean(v) * prod(u)": lambda a, v, w, u, M, S: v.mean() * u.prod(),
    "norm(v) + len(v)": lambda a, v, w, u, M, S: np.linalg.norm(v) + 3,
    "len(M) + trace(S)": lambda a, v, w, u, M, S: 2 + np.trace(S),
    "det(S)": lambda a, v, w, u, M, S: np.linalg.det(S),
    "max(v) - min(M)": lambda a, v, w, u, M, S: v.max() - M.min(),
    "argmax(v) + 10 * argmin(w)": lambda a, v, w, u, M, S: v.argmax() + 1 + 10 * (w.argmin() + 1),
    "[a, 2, v[3]]": lambda a, v, w, u, M, S: np.array([a, 2, v[2]]),
    "[v, w]": lambda a, v, w, u, M, S: np.array([v, w]),
    "M[2] * v": lambda a, v, w, u, M, S: M[1] * v,
    "M[2, 3] + v[1]": lambda a, v, w, u, M, S: M[1, 2] + v[0],
    "(M @ v)[2]": lambda a, v, w, u, M, S: (M @ v)[1],
    "sum(v[i] * w[4 - i] for i in 1..3)": lambda a, v, w, u, M, S: v @ w[::-1],
    "[v[i + 1] - v[i] for i in 1..len(v) - 1]": lambda a, v, w, u, M, S: np.diff(v),
    "sum(M[i, j] * i**j for i in 1..2 for j in 1..3)": lambda a, v, w, u, M, S: (
        sum(M[i, j] * (i + 1) ** (j + 1) for i in range(2) for j in range(3))
    ),
    "[M[i] @ v for i in 1..2]": lambda a, v, w, u, M, S: M @ v,
    "v if a > 0 else w": lambda a, v, w, u, M, S: v if a > 0 else w,
    "(v > w) + (v < 0)": lambda a, v, w, u, M, S: (v > w) * 1.0 + (v < 0),
    "abs(v) * exp(-v**2)": lambda a, v, w, u, M, S: np.abs(v) * np.exp(-(v**2)),
    "a * pi + pi()": lambda a, v, w, u, M, S: (a + 1) * np.pi,
    "M.T @ u": lambda a, v, w, u, M, S: M.T @ u,
    "outer(u, v) * M": lambda a, v, w, u, M, S: np.outer(u, v) * M,
    "eye(3) - diag(v)": lambda a, v, w, u, M, S: np.eye(3) - np.diag(v),
    "diag(S) + u": lambda a, v, w, u, M, S: np.diag(S) + u,
    "det(outer(v, w) + eye(3))": lambda a, v, w, u, M, S: 1 + v @ w,
    "det(diag(concat(v, a)))": lambda a, v, w, u, M, S: v.prod() * a,
    "adjugate(S) @ S": lambda a, v, w, u, M, S: np.linalg.det(S) * np.eye(2),
    "adjugate(outer(v, w) + eye(3))": lambda a, v, w, u, M, S: (1 + v @ w) * np.eye(3) - np.outer(v, w),
    "var(v) + var(w, 1)": lambda a, v, w, u, M, S: v.var() + w.var(ddof=1),
    "std(v) - std(M, 1)": lambda a, v, w, u, M, S: v.std() - M.std(ddof=1),
    "cumsum(v) * cumprod(w)": lambda a, v, w, u, M, S: v.cumsum() * w.cumprod(),
    "onehot(argmax(w), 3) @ v": lambda a, v, w, u, M, S: v[w.argmax()],
    "onehot(argmin(v), 3) @ M.T": lambda a, v, w, u, M, S: M.T[v.argmin()],
    "[[sum(v[i] * w[k - i + 1] for i in 1..3 if 1 <= k - i + 1 <= 3) for k in 1..6] for j in 1..2]": (
        lambda a, v, w, u, M, S: np.array([[*np.convolve(v, w), 0]] * 2)
    ),
    "sum(v[i] * w[j] for i in 1..3 for j in 1..3 if i + j == 4 if i > 1)": (
        lambda a, v, w, u, M, S: v[1] * w[1] + v[2] * w[0]
    ),
    "sum(v[i] for i in 1..3 if i > 5) + a": lambda a, v, w, u, M, S: a,
    "onehot(2, 3) @ v": lambda a, v, w, u, M, S: v[1],
    "concat(v, a, u)": lambda a, v, w, u, M, S: np.array([*v, a, *u]),
    "round(v) - ceil(w)": lambda a, v, w, u, M, S: np.floor(v + 0.5) - np.ceil(w),
    "mod(v, 3)": lambda a, v, w, u, M, S: v % 3,
    "sigmoid(v)": lambda a, v, w, u, M, S: 1 / (1 + np.exp(-v)),
    "a + sum(v) - sum(w)": lambda a, v, w, u, M, S: a + v.sum() - w.sum(),
    "[[i + j * a for j in 1..3] for i in 1..2]": lambda a, v, w, u, M, S: (
        np.array([[i + j * a for j in (1, 2, 3)] for i in (1, 2)])
    ),
    "[M[i] * v for i in 1..2]": lambda a, v, w, u, M, S: M * v,
    "sum(v[i] for i in 1..3 if w[i] > 0)": lambda a, v, w, u, M, S: v[w > 0].sum(),
    "sum(1 for i in 1..3 if v[i] < w[i] or v[i] > 2)": lambda a, v, w, u, M, S: float(((v < w) | (v > 2)).sum()),
    "sum(v[i] * w[j] for i in 1..3 for j in 1..3 if i != j)": lambda a, v, w, u, M, S: v.sum() * w.sum() - v @ w,
    "[v[i] for i in 1..3 if i != 2]": lambda a, v, w, u, M, S: v[[0, 2]],
    "M + [v]": lambda a, v, w, u, M, S: M + v,
    "v.T * M - transpose([u])": lambda a, v, w, u, M, S: v * M - u[:, None],
    "transpose([v]) ^ 2 * [w] / 2": lambda a, v, w, u, M, S: np.outer(v**2, w) / 2,
    "2 ^ 3 ^ 2 * a - v ^ 2": lambda a, v, w, u, M, S: 512 * a - v**2,
    "logistic(M)": lambda a, v, w, u, M, S: 1 / (1 + np.exp(-M)),
}  # fmt: skip


@pytest.mark.parametrize("text", SAME)
@settings(max_examples=25, deadline=None)
@given(numbers=values())
def test_entries_are_those_that_numpy_finds(text: str, numbers: dict[str, Fraction]) -> None:
    found = computed(expand(parse(text), KNOWN), numbers)
    expected = SAME[text](**{name: array(name, numbers) for name in KNOWN})
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(numbers=values())
def test_an_inverse_is_one_where_there_is_one(numbers: dict[str, Fraction]) -> None:
    inverse = expand(parse("inverse(S)"), KNOWN)
    if numbers["S_1_1"] * numbers["S_2_2"] == numbers["S_1_2"] * numbers["S_2_1"]:
        with pytest.raises(Undefined, match="division by zero"):
            computed(inverse, numbers)
    else:
        np.testing.assert_allclose(computed(inverse, numbers) @ array("S", numbers), np.eye(2), atol=1e-9)


def test_of_equal_entries_the_first_is_taken() -> None:
    numbers = {"v_1": Fraction(1), "v_2": Fraction(3), "v_3": Fraction(3)}
    assert computed(expand(parse("argmax(v)"), KNOWN), numbers) == 2
    assert computed(expand(parse("argmin(-v)"), KNOWN), numbers) == 2


def test_derivatives_are_named_entry_by_entry() -> None:
    def shown(text: str) -> Any:
        value = expand(parse(text), KNOWN)
        return [[infix(entry) for entry in row] for row in value.rows] if isinstance(value, Grid) else infix(value)

    assert shown("d(a, a)") == "d(a, a)"
    assert shown("d(a, u)") == [["d(a, u_1)"], ["d(a, u_2)"]]
    assert shown("d(u, a)") == [["d(u_1, a)"], ["d(u_2, a)"]]
    assert shown("d(u, v)") == [[f"d(u_{i}, v_{j})" for j in (1, 2, 3)] for i in (1, 2)]
    assert shown("d(a, S)") == [[f"d(a, S_{i}_{j})" for j in (1, 2)] for i in (1, 2)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("b", "`b` is not known here: expected one of a, v, w"),
        ("f(a)", "there is no function `f`: expected one of .*sum"),
        ("v + u", "a vector of 3 and a vector of 2 do not go together"),
        ("M + v", "what goes with every row is a row, `v.T`"),
        ("M + transpose([v])", "a matrix of 3 by 1 and a matrix of 2 by 3 do not go together"),
        ("M + S", "a matrix of 2 by 3 and a matrix of 2 by 2 do not go"),
        ("M @ u", "`@` is a product .* not of a matrix of 2 by 3 and a vector of 2"),
        ("a @ v", "`@` is a product .* not of one number and a vector of 3"),
        ("v @ u", "`dot` is of two vectors of the same length, not of 3 and 2"),
        ("dot(v, M)", "`dot` is of two vectors, not of a vector of 3, a matrix"),
        ("dot(v)", "`dot` is of two vectors, not of a vector of 3"),
        ("sum(a)", "`sum` is of one vector or matrix, not of one number"),
        ("mean()", "`mean` is of one vector or matrix, not of nothing"),
        ("v[4]", "the index 4 does not fit a vector of 3"),
        ("v[0]", "the index 0 does not fit a vector of 3"),
        ("v[a]", "an index is no computed number: take"),
        ("v[1/2]", "an index does not fit a vector of 3"),
        ("v[1, 1]", "the index 1, 1 does not fit a vector of 3"),
        ("M[1, 4]", "the index 1, 4 does not fit a matrix of 2 by 3"),
        ("a[1]", "an index stands behind a number"),
        ("det(M)", "`det` is of a square matrix, not of a matrix of 2 by 3"),
        ("det(v)", "`det` is of a square matrix, not of a vector"),
        ("inverse([i == j for i in 1..5 for j in 1..5])", "`inverse` is of a square matrix, not of a vector of 25"),
        ("det(eye(5))", "`det` is of a matrix of at most 4 by 4, not of 5 rows"),
        ("eye(a)", "`eye.n.` is the identity matrix"),
        ("onehot(4, 3)", "`onehot.k, n.` is of two whole numbers"),
        ("outer(v, M)", "`outer` is of two vectors, not of a vector of 3, a matrix"),
        ("var(v, 2)", "`var` is of a vector of two or more"),
        ("concat(M)", "`concat` is of vectors and numbers, not of a matrix"),
        ("mod(a)", "`mod` is of two numbers"),
        ("round(a, a)", "`round` is not of 2 arguments"),
        ("[v[i] for i in 1..3 if v[i] > 0]", "can stand in a `sum` only"),
        ("[i for i in 1..3 if i > 5]", "the loop never runs, or its condition never holds"),
        ("logisitc(a)", "there is no function `logisitc`; the closest is `logistic`"),
        ("argmax(M)", "`argmax` is of a vector, not of a matrix"),
        ("[a, v]", "`...` is of numbers, of vectors of one length or of"),
        ("[v, u]", "`...` is of numbers, of vectors of one length or of"),
        ("[]", "`...` is of numbers"),
        ("exp(a, a)", "`exp` is not of 2 arguments"),
        ("log()", "`log` is not of 0 arguments"),
        ("max()", "`max` is not of 0 arguments"),
        ("logistic(a, a)", "`logistic` has 2 arguments: expected x"),
        ("softmax(2 * v)", "`softmax` is of a vector that has a name"),
        ("d(a)", "a derivative is written"),
        ("d(2 * a, a)", "a derivative is written"),
        ("d(M, v)", "has no derivatives of a matrix of 2 by 3 with respect to a vector of 3"),
        ("sum(v[i] for i in 1..a)", "the index `i` runs over whole numbers"),
        ("[v[i] for i in 3..1]", "the loop never runs, or its condition never holds"),
        ("prod(v[i] for i in 1..a)", "the index `i` runs over whole numbers"),
        ("factorial(a)", "`factorial` is of one whole number"),
        ("comb(2, 3)", "k at most n"),
        ("clip(v, 1)", "`clip` is of three"),
        ("zeros(a)", "`zeros` is of the number of entries"),
        ("mean_squared_error(v, u)", "`mean_squared_error` is of two vectors of one length"),
        ("sum(v[i] * sum(v[i] for i in 1..3) for i in 1..3)", "that of the loop around it: take another letter"),
        ("e + 1", "or e.x, which is exp"),
        ("sum(i for i in 1..99999)", "the index `i` runs over whole numbers"),
        ("sum(i for i in 1..5000 for j in 1..5)", "more than 10000"),
        ("sum(v[a] for a in 1..3)", "the index `a` is the name of something else"),
        ("[M for i in 1..2 for j in 1..2]", "what a loop makes is a number, a vector or, in a loop"),
        ("each(a)", "a loop is written"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(text: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said.replace("`...`", r"`\[\.\.\.\]`")):
        expand(parse(text), KNOWN)


def test_a_softmax_of_a_matrix_is_that_of_each_row_and_of_a_single_column_that_of_the_column() -> None:
    rows = expand(parse("softmax(M)"), KNOWN)
    assert isinstance(rows, Grid)
    assert rows.rows[1] == tuple(
        Call("softmax", (Ref(f"M_2_{j}"), *(Ref(f"M_2_{k}") for k in (1, 2, 3)))) for j in (1, 2, 3)
    )
    column = expand(parse("softmax(C)"), {"C": Grid(((Ref("a"),), (Ref("b"),)))})
    assert isinstance(column, Grid)
    assert column.entries == (
        Call("softmax", (Ref("a"), Ref("a"), Ref("b"))),
        Call("softmax", (Ref("b"), Ref("a"), Ref("b"))),
    )


def test_values_are_named_in_words() -> None:
    assert [named(KNOWN[name]) for name in ("a", "v", "M")] == ["one number", "a vector of 3", "a matrix of 2 by 3"]


def test_every_function_of_a_whole_is_tested_here() -> None:
    tested = " ".join([*SAME, "inverse(S)"])  # `@` and `[...]` have signs; `solve` is worked in lines of its own
    assert all(f"{name}(" in tested for name in (*VECTOR, *MATRIX) if name not in ("matmul", "vector", "solve"))
