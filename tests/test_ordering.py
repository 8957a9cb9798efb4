"""Ranks, sorting, medians and quantiles, and slices: against NumPy, on paper, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.formula.grids import Grid, vector
from generator.formula.infix import parse
from generator.formula.tree import Ref
from generator.formula.vectors import expand
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.solve.exact import evaluate
from generator.verify.document import FORMATS as READ
from generator.verify.document import verify
from generator.verify.truth import Truth

GIVENS: Mapping[str, Any] = {
    "v": [3, 1, 4, 1, 5], "w": [2, 7], "A": [[1, 2, 3], [4, 5, 6]], "P": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "n": 3,
}  # fmt: skip


def worked(folder: Path, formulas: Mapping[str, str], notation: str | None = None, **more: Any) -> Worked:
    data = {"kind": "formulas", "title": "made", "givens": dict(GIVENS), "formulas": dict(formulas), **more}
    file = folder / "made.yml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return work(load(file), notation)


def entries(made: Worked, name: str) -> list[float]:
    """All entries of what is called so, or its one number."""
    names = sorted(q.name for q in made.graph if q.name == name or (q.label.of == name and q.name != name))
    return [float(made.trace.full(own)) for own in names]


NUMBERS = st.lists(st.integers(-4, 4), min_size=1, max_size=6)


def exact(text: str, numbers: Sequence[int]) -> list[Fraction]:
    """What a formula of the vector `v` makes of numbers, by its formulas alone."""
    known = {"v": vector(tuple(Ref(f"v_{place}") for place in range(1, len(numbers) + 1)))}
    values = {f"v_{place}": Fraction(number) for place, number in enumerate(numbers, 1)}
    made = expand(parse(text), known)
    found = []
    for formula in made.entries if isinstance(made, Grid) else (made,):
        value = evaluate(formula, values.__getitem__)
        assert isinstance(value, Fraction)
        found.append(value)
    return found


@settings(deadline=None)
@given(
    NUMBERS,
    st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), Fraction(9, 10), Fraction(1)]),
)
def test_order_is_that_of_numpy(numbers: list[int], share: Fraction) -> None:
    order = np.argsort(numbers, kind="stable")
    assert exact("rank(v)", numbers) == [list(order).index(place) + 1 for place in range(len(numbers))]
    assert exact("sort(v)", numbers) == sorted(numbers)
    assert exact("median(v)", numbers) == [np.median(numbers)]
    (quantile,) = exact(f"quantile(v, {share})", numbers)
    assert float(quantile) == pytest.approx(np.quantile(numbers, float(share)))


FORMULAS = {
    "s": "sort(v)",
    "m": "median(w) + n",
    "q": "quantile(2 * v, 0.3)",
    "z": "[median([v[i] * w[j] for i in 1..3]) for j in 1..2]",
    "D": "median(abs(v - median(v)))",
    "a": "v[2:4]",
    "c": "A[:, 2]",
    "e": "A[1:2, 2:]",
    "f": "P[:, 1, 2] + P[1, 2, :]",
    "g": "P[:, 2]",
    "h": "[v[t] if t == 1 else sum(h[1:t - 1]) for t in 1..5]",
    "k": "[sum(v[t:]) for t in 1..n]",
    "B": "[A[1, 1:2] if t == 1 else 2 * B[t - 1, 1:2] for t in 1..3]",
}


def test_values_are_those_of_numpy(tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS)
    v, a, p = (np.array(GIVENS[name]) for name in ("v", "A", "P"))
    expected: Mapping[str, Any] = {
        "s": [1, 1, 3, 4, 5], "m": [7.5], "q": [np.quantile(2 * v, 0.3)], "z": [6, 21], "D": [2], "a": v[1:4],
        "c": a[:, 1], "e": a[:, 1:], "f": p[:, 0, 1] + p[0, 1], "g": p[:, 1], "h": [3, 3, 6, 12, 24],
        "k": [v[t:].sum() for t in range(3)], "B": [[1, 2], [2, 4], [4, 8]],
    }  # fmt: skip
    for name, numbers in expected.items():
        np.testing.assert_allclose(entries(made, name), np.ravel(numbers), err_msg=name)


def test_ranks_are_worked_once_and_said_how(tmp_path: Path) -> None:
    made = worked(tmp_path, {"s": "sort(v)", "m": "median(v) + n", "q": "quantile(v, 1/8)"})
    ranks = [quantity.name for quantity in made.graph if "rank" in quantity.name]
    assert ranks == [f"s_rank_{place}" for place in range(1, 6)]
    assert set(made.graph.operands["m"]) == {"s_3", "n"}
    assert set(made.graph.operands["q"]) == {"s_1", "s_2"}
    text = render(made, "solution", "terminal")
    assert "Of several that are equal, the first one comes first." in text
    assert "[3 = 1]" in text


@pytest.mark.parametrize("notation", notation_names())
def test_every_line_is_true(notation: str, tmp_path: Path) -> None:
    made = worked(tmp_path, FORMULAS, notation, update={"A[1,:]": "A[2, :]"})
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in READ:
        for document in ("solution", "worksheet", "key"):
            report = verify(render(made, document, format_name), format_name, truth)
            assert report.untrue == (), (format_name, document)
    assert [made.trace.full(f"A_1_{j}_new") for j in (1, 2, 3)] == ["4", "5", "6"]


def test_a_gradient_goes_to_what_stands_at_the_rank(tmp_path: Path) -> None:
    formulas = {"f": "median(w)**2 + sort(v)[4] * quantile(v, 3/4) + v[2:3] @ v[4:5]"}
    made = worked(tmp_path, formulas, differentiate={"of": "f", "wrt": ["v", "w"]})
    slopes = [float(made.trace.full(f"df/dv_{place}")) for place in range(1, 6)]
    assert slopes == [0, 1, 8 + 5, 1, 4]
    assert [float(made.trace.full(f"df/dw_{place}")) for place in (1, 2)] == [4.5, 4.5]
    assert not any("rank" in q.name for q in made.graph if q.label.kind == "derivative")
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    page = render(made, "solution", "markdown")
    assert verify(page, "markdown", truth).untrue == ()
    assert "difference of the two" in page  # the check by a finite difference


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("sort(A)", "`sort` is of a vector, not of a matrix of 2 by 3"),
        ("median()", "`median` is of a vector, not of nothing"),
        ("median(v, 2)", "`median` is of one vector, not of 2 arguments"),
        ("rank(n)", "`rank` is of a vector, not of one number"),
        ("quantile(v, 2)", "a vector and a number from 0 to 1"),
        ("quantile(v)", "a vector and a number from 0 to 1"),
        ("quantile(v, n)", "a vector and a number from 0 to 1"),
        ("v[2:6]", "the index 2:6 does not fit a vector of 5"),
        ("v[0:2]", "the index 0:2 does not fit a vector of 5 .the first entry is 1"),
        ("v[4:2]", "the index 4:2 does not fit"),
        ("A[3:, 1]", "the index 3:, 1 does not fit a matrix of 2 by 3"),
        ("v[1:v[1] / 2]", "an index is no computed number"),
        ("n[1:2]", "an index stands behind a number"),
        ("v[1:3:2]", r"all entries from one to another are `x\[1:3\]`"),
        ("v[:, :]", "does not fit a vector of 5"),
    ],
)
def test_what_does_not_fit_is_explained(formula: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=rf"`formulas.p`.*{said}"):
        worked(tmp_path, {"p": formula})


def test_what_is_being_made_has_slices_with_an_end(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"`p\[1:\]` has no end, or nothing in it"):
        worked(tmp_path, {"p": "[1 if t == 1 else sum(p[1:]) for t in 1..3]"})
