"""Claims: of whole vectors, of derivatives, in every kind; what does not hold or cannot be read says where and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.definitions.problem import Definition, kind_module
from generator.definitions.source import Source
from generator.errors import DefinitionError
from generator.formula.infix import infix
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.verify.document import verify
from generator.verify.truth import Truth

PROBLEMS = Path(__file__).resolve().parents[1] / "problems"
READ = tuple(name for name in FORMATS if name != "terminal")

MADE = """\
kind: formulas
title: Made
givens: {u: [1, 2, 3], v: [3, 0, -1], M: [[1, 2, 0], [0, 1, 1]], a: 2}
formulas:
  w: M @ u
  L: a * sum(w * w)
differentiate: {of: L, wrt: [u, a]}
learning_rate: {eta: 0.1}
update: [u, a]
claims:
  - CLAIM
"""


def worked(claim: str, folder: Path) -> Worked:
    path = folder / "made.yml"
    path.write_text(MADE.replace("CLAIM", f'"{claim}"'), encoding="utf-8")
    return load_worked(path)


def demand_true(made: Worked) -> None:
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for text_format in READ:
        assert not verify(render(made, "solution", text_format, "en"), text_format, truth, made.history).untrue


@pytest.mark.parametrize(
    ("claim", "checks"),
    [
        ("dot(u, v) == 0", ["u_1 * v_1 + u_2 * v_2 + u_3 * v_3 = 0"]),
        ("sum(u) == 6", ["u_1 + u_2 + u_3 = 6"]),
        ("w > 0", ["w_1 > 0", "w_2 > 0"]),
        ("u @ [1, 0, 2] == a + 5", ["u_1 * 1 + u_2 * 0 + u_3 * 2 = a + 5"]),
        ("M[1] - u == [0, 0, -3]", ["M_1_1 - u_1 = 0", "M_1_2 - u_2 = 0", "M_1_3 - u_3 = -3"]),
        ("v[3] < v[2] < v[1]", ["v_3 < v_2", "v_2 < v_1"]),
        ("M[2] >= 0", ["M_2_1 ≥ 0", "M_2_2 ≥ 0", "M_2_3 ≥ 0"]),
        ("d(L, a) == 50", ["dL/da = 50"]),
        ("d(L, u) > 0", ["dL/du_1 > 0", "dL/du_2 > 0", "dL/du_3 > 0"]),
        ("d(L, u[1]) <= d(L, u[2])", ["dL/du_1 ≤ dL/du_2"]),
        ("a_new == a - eta * d(L, a)", ["a_new = a - eta * dL/da"]),
        ("sum(u_new) < sum(u)", ["u_1_new + u_2_new + u_3_new < u_1 + u_2 + u_3"]),
        ("sum(u[i]**2 for i in 1..3) == 14", ["u_1**2 + u_2**2 + u_3**2 = 14"]),
        ("(1 if a > 1 else 0) == 1", ["1 if a > 1 else 0 = 1"]),
        ("max(u) == 3", ["max(u_1, u_2, u_3) = 3"]),
        ("3 < pi + a", ["3 < pi() + a"]),
    ],
)  # fmt: skip
def test_a_claim_speaks_of_whole_vectors_and_of_derivatives(claim: str, checks: list[str], tmp_path: Path) -> None:
    made = worked(claim, tmp_path)
    found = [f"{infix(c.left)} {c.relation} {infix(c.right)}" for c in made.graph.checks if c.code == "claim"]
    assert found == checks
    demand_true(made)


@settings(max_examples=15)
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3), st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_claims_are_what_numpy_finds(u: list[int], v: list[int]) -> None:
    text = MADE.replace("u: [1, 2, 3], v: [3, 0, -1]", f"u: {u}, v: {v}")
    wanted = {
        f"dot(u, v) == {np.dot(u, v)}": True,
        f"dot(u, v) == {np.dot(u, v) + 1}": False,
        f"M @ u == [{u[0] + 2 * u[1]}, {u[1] + u[2]}]": True,
        f"sum(u - v) > {sum(u) - sum(v)}": False,
        f"d(L, a) == {(u[0] + 2 * u[1]) ** 2 + (u[1] + u[2]) ** 2}": True,
    }
    path = Path("made.yml")
    for claim, holds in wanted.items():
        assert _holds(text.replace("CLAIM", f'"{claim}"'), path) is holds, claim


def _holds(text: str, path: Path) -> bool:
    data = yaml.load(text, Loader=yaml.BaseLoader)
    problem = kind_module("formulas").Definition.model_validate(data)
    try:
        work(Definition(problem=problem, source=Source(path, data, {("claims", 0): 11})))
    except DefinitionError as error:
        assert (error.line, error.key) == (11, "claims.0")  # noqa: PT017 - where it stands, whatever it says
        return False
    return True


@pytest.mark.parametrize(
    ("claim", "found", "expected"),
    [
        ("a + 1", "`a + 1`", "a comparison"),
        ("1 < 2", "`1 < 2`", "that names a quantity"),
        ("b == 1", "`b`", "the name of a quantity, vector or matrix"),
        ("etta == 1", "`etta`", "the closest is `eta`"),
        ("u == M", "a vector of 3 with a matrix of 2 by 3", "the same shape"),
        ("u == w", "a vector of 3 with a vector of 2", "the same shape"),
        ("u[4] == 1", "`u[4]`", "the index 4 does not fit"),
        ("a[1] == 1", "`a[1]`", "an index stands behind a number"),
        ("dot(u, w) == 1", "`dot(u, w)`", "the same length"),
        ("d(L, v) > 0", "`d(L, v_1)`", "a derivative that the problem works; the closest is `d(L, "),
        ("d(M, u) > 0", "`d(M, u)`", "name their entries"),
        ("wrong(u) > 0", "`wrong(u)`", "there is no function `wrong`"),
        ("a +* 2 == 1", "`a +* 2`", "cannot read the formula"),
        ("a == 1", "a = 2 and 1 = 1", "the left side = the right one"),
        ("u < [2, 3, 3]", "u_3 = 3 and 3 = 3", "the left side < the right one"),
    ],
)
def test_a_wrong_claim_is_explained(claim: str, found: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        worked(claim, tmp_path)
    error = caught.value
    assert (error.file, error.line, error.key) == (tmp_path / "made.yml", 11, "claims.0")
    assert found in error.found
    assert expected in error.expected


@pytest.mark.parametrize(
    ("path", "claim"),
    [
        ("networks/example_222_net_out.yml", "d(E_total, w5) > 0"),
        ("networks/example_222_net_out.yml", "d(out_o1, net_o1) == out_o1 * (1 - out_o1)"),
        ("losses/softmax_cross_entropy.yml", "0 < out_o1 < 1"),
        ("attention/two_heads.yml", "sum(A_h1[1]) == 1"),
        ("attention/two_heads.yml", "trace(W_V) == 2"),
        ("attention/attention_by_hand.yml", "A @ V == C"),
        ("convolution/image_edges.yml", "max(h) <= sum(h)"),
        ("convolution/image_edges.yml", "d(E_total, k) <= 0"),
        ("recurrence/elman_memory.yml", "h_t2 < h_t1"),
        ("batches/batch_of_three.yml", "E_total_new < E_total"),
        ("others/gradient_descent_2d.yml", "f_new < f"),
    ],
)
def test_every_kind_has_claims(path: str, claim: str, tmp_path: Path) -> None:
    source = PROBLEMS / path
    text = source.read_text(encoding="utf-8")
    assert "\nclaims:" not in text
    own = tmp_path / source.name
    own.write_text(f'{text.rstrip()}\nclaims: ["{claim}"]\n', encoding="utf-8")
    made = load_worked(own)
    assert any(check.code == "claim" for check in made.graph.checks)
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    assert not verify(render(made, "solution", "markdown", "en"), "markdown", truth, made.history).untrue


def test_a_claim_can_have_a_sentence_of_its_own(tmp_path: Path) -> None:
    """It stands before that claim alone; claims without one stay together under the usual sentence."""
    told = (
        '{holds: "L == a * dot(w, w)", say: {en: "The square of [[w]], [[a]] times:", '
        'zh: "[[a]] 乘以 [[w]] 的平方："}}\n'
        "  - w > 0\n  - a == 2\n"
        '  - {holds: "w_1 + w_2 <= L", say: "No more than that:"}'
    )
    path = tmp_path / "made.yml"
    path.write_text(MADE.replace("CLAIM", told), encoding="utf-8")
    for notation in (None, "z_h", "matrix"):
        made = work(load_worked(path).definition, notation)
        demand_true(made)
        solution = render(made, "solution", "terminal")
        checks = solution.partition("## Checks")[2]
        sentences = [line for line in checks.splitlines() if line.endswith(":") and not line.startswith(" ")]
        own = ["The square of w, a times:", "These have to hold, and they do:", "No more than that:"]
        assert [line for line in sentences if line in own] == own
        assert "a 乘以 w 的平方：" in render(made, "solution", "terminal", "zh")


def test_a_claim_with_a_sentence_says_where_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(MADE.replace("CLAIM", '{holds: "sum(w) == 0", say: "Nothing is left:"}'), encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"made\.yml:11: `claims\.0`: found sum|made\.yml:11: `claims\.0`"):
        load_worked(path)
    path.write_text(MADE.replace("CLAIM", '{holds: "sum(w) == 7"}'), encoding="utf-8")
    with pytest.raises(DefinitionError, match="say"):
        load_worked(path)
