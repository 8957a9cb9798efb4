"""Softmax before a logarithm, as formulas have them: the short form of the gradient is found, true, and no other is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.derive.pairs import Softmax
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.solve.exact import evaluate
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

LOGITS = {"z": [1, 2, "0.5"], "y": [0, 1, 0], "q": ["0.2", "0.5", "0.1"]}
MATRIX = {"Z": [[1, 2], ["0.5", -1]], "Y": [[0, 1], [1, 0]]}


def made(folder: Path, loss: str, wrt: str = "z", p: str = "softmax(z)", notation: str = "default") -> Worked:
    data = {
        "kind": "formulas", "title": "made", "givens": LOGITS | MATRIX, "formulas": {"p": p, "L": loss},
        "differentiate": {"of": "L", "wrt": [wrt]},
    }  # fmt: skip
    path = folder / "made.yml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return load_worked(path, notation)


def short(worked: Worked, name: str) -> Softmax | None:
    return Softmax.of(worked.graph, worked.graph[f"dL/d{name}"])


@pytest.mark.parametrize("notation", ["default", "matrix"])
@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("-log(p[2])", "less 1 if"),
        ("-sum(y * log(p))", "so it is nothing but"),
        ("-sum(q * log(p))", "comes down to one line"),
        ("-(y[1] * log(p[1]) + y[2] * log(p[2]) + y[3] * log(p[3]))", "so it is nothing but"),
    ],
)
def test_the_short_way_is_said_and_true(loss: str, said: str, notation: str, tmp_path: Path) -> None:
    worked = made(tmp_path, loss, notation=notation)
    assert said in render(worked, "solution", "markdown") or notation == "matrix"
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    for document in ("solution", "worksheet", "key"):
        for format_name in FORMATS:
            assert verify(render(worked, document, format_name), format_name, truth).untrue == ()
    z = np.array([1, 2, 0.5])
    p = np.exp(z) / np.exp(z).sum()
    weights = {"q": [0.2, 0.5, 0.1]}.get(loss[5], [0, 1, 0])
    found = [float(worked.trace.full(f"dL/dz_{k}")) for k in (1, 2, 3)]
    assert found == pytest.approx(p * np.sum(weights) - weights)


def test_of_the_output_itself_one_is_taken_away(tmp_path: Path) -> None:
    text = render(made(tmp_path, "-log(p[2])"), "solution", "terminal")
    assert "∂L/∂z₁ = p₁\n           = 0.2312\n" in text
    assert "∂L/∂z₂ = p₂ − 1 = 0.6285 − 1 = −0.3715" in text


def test_a_batch_has_it_row_by_row(tmp_path: Path) -> None:
    worked = made(tmp_path, "-sum(Y * log(p))", "Z", "softmax(Z)")
    assert all(short(worked, f"Z_{row}_{column}") for row in (1, 2) for column in (1, 2))


@pytest.mark.parametrize(
    "loss",
    [
        "-log2(p[2])",  # another logarithm
        "log(p[2])",  # not less it
        "-sum(y * log(p)) + p[1]",  # the output acts on something else too
        "-2 * log(p[2])",  # two of them
        "-log(p[2]) * z[1]",  # a factor that depends on what it is of
        "-log(p[1]) - log(p[2])",  # of two outputs
        "sum((p - y)**2)",
    ],
)
def test_what_is_no_cross_entropy_has_no_short_way(loss: str, tmp_path: Path) -> None:
    assert short(made(tmp_path, loss), "z_1") is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-30, 30), min_size=2, max_size=5), st.data())
def test_the_short_form_is_the_gradient(
    tmp_path_factory: pytest.TempPathFactory, tenths: list[int], data: st.DataObject
) -> None:
    place = data.draw(st.integers(1, len(tenths)))
    folder = tmp_path_factory.mktemp("made")
    logits = [f"{number / 10}" for number in tenths]
    text = yaml.safe_dump(
        {
            "kind": "formulas", "title": "made", "givens": {"z": logits},
            "formulas": {"p": "softmax(z)", "L": f"-log(p[{place}])"}, "differentiate": {"of": "L", "wrt": ["z"]},
        },
        sort_keys=False,
    )  # fmt: skip
    (folder / "made.yml").write_text(text, encoding="utf-8")
    worked = load_worked(folder / "made.yml")
    for number in range(1, len(tenths) + 1):
        pair = short(worked, f"z_{number}")
        assert pair is not None
        value = float(evaluate(pair.short, worked.trace.values.__getitem__))
        assert value == pytest.approx(float(worked.trace.full(f"dL/dz_{number}")), abs=1e-12)
