"""Activations and losses by formulas, and for single units: held against the shipped rows and finite differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

TASKS = """
kind: network
title: made
inputs: {x1: [1, 2], x2: [2, 0]}
targets: {t1: [0.5, 1], t2: [1, 0]}
layers:
- {name: hidden, weights: {V: [[0.1, 0.2], [0.3, -0.4]]}, biases: [0.1, 0.2], activation: tanh}
- {name: output, units: {r: {h1: w1, h2: w2}, c: {h1: w3, h2: w4}}, activation: {r: identity, c: logistic}}
weights: {w1: 1, w2: 2, w3: 0.1, w4: -0.5}
loss: {r: squared_error, c: binary_cross_entropy}
learning_rate: {eta: 0.1}
"""
OWN = TASKS.replace("activation: tanh", 'activation: {formula: "(exp(x) - exp(-x)) / (exp(x) + exp(-x))"}')
OWN = OWN.replace("c: logistic", 'c: {formula: "1 / (one + exp(-x))", one: 1}')
OWN = OWN.replace(
    "loss: {r: squared_error, c: binary_cross_entropy}",
    'loss: {r: {formula: "(t - y)**2"}, c: {formula: "-a * t * log(y) - (1 - t) * log(1 - y)", a: 1}}',
)


def worked(folder: Path, text: str, notation: str | None = None) -> Worked:
    file = folder / "made.yml"
    file.write_text(text, encoding="utf-8")
    return work(load(file), notation)


def refused(folder: Path, text: str, expected: str) -> None:
    with pytest.raises(DefinitionError, match=expected):
        worked(folder, text)


def test_a_formula_is_worth_what_the_row_is(tmp_path: Path) -> None:
    rows, own = (worked(tmp_path, text) for text in (TASKS, OWN))
    for name in ("E_total", "w1_new", "w4_new", "V_1_1_new", "b_1_2_new", "E_total_new"):
        assert float(own.trace.full(name)) == pytest.approx(float(rows.trace.full(name)), rel=1e-12), name


def test_errors_are_weighted(tmp_path: Path) -> None:
    plain = worked(tmp_path, TASKS).trace
    weighted = worked(tmp_path, TASKS + "loss_weights: {c: 0.25}\n").trace
    for case in (1, 2):
        expected = float(plain.full(f"E_r_{case}")) + float(plain.full(f"E_c_{case}")) / 4
        assert float(weighted.full(f"E_total_{case}")) == pytest.approx(expected, rel=1e-12)
    for weight, factor in (("w1", 1), ("w4", 1 / 4)):
        slopes = [float(trace.full(f"dE_total/d{weight}")) for trace in (plain, weighted)]
        assert slopes[1] == pytest.approx(factor * slopes[0], rel=1e-12)


@pytest.mark.parametrize("notation", ["default", "matrix", "z_h"])
@pytest.mark.parametrize("text", [TASKS, OWN, TASKS + "loss_weights: {r: 2, c: 0.25}\nbatch: mean\n"])
def test_every_line_is_true(text: str, notation: str, tmp_path: Path) -> None:
    done = worked(tmp_path, text, notation)
    truth = Truth.of(done.graph, done.writer, done.notation.rounding)
    for language in ("en", "zh"):
        for format in FORMATS:
            for document in ("solution", "worksheet"):
                page = render(done, document, format, language)
                assert verify(page, format, truth).untrue == ()


def test_the_page_says_what_each_output_is_measured_by(tmp_path: Path) -> None:
    page = render(worked(tmp_path, TASKS), "solution", "markdown")
    assert "The error of some outputs is the squared difference" in page
    assert "The error of some outputs is the binary cross-entropy" in page
    # among the conventions, in symbols and in numbers: the second function of a layer is worked too
    assert page.count(r"= \frac{1}{1 + e^{-") == 3
    own = render(worked(tmp_path, OWN + "loss_weights: {c: 2}\n"), "solution", "markdown")
    assert "The activation turns" in own
    assert "The errors of the outputs are weighted and added up." in own


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "activation: tanh",
            'activation: {formula: "a * x"}',
            "layers.0.activation.formula.*`a`.*one of x, or a number",
        ),
        ("activation: tanh", 'activation: {formula: "2 +"}', "layers.0.activation.formula"),
        ("activation: tanh", 'activation: {formula: "2"}', "a formula in which x stands"),
        ("activation: tanh", "activation: {h1: tanh}", "a function for h1.*one for each unit: h1, h2"),
        ("c: logistic", "c: sigmoids", "layers.1.activation.c.*`sigmoids`"),
        ("c: logistic", "c: softmax", "`softmax` of one unit; expected `softmax` for all the units that share it"),
        ("c: logistic", "c: tanh", "loss.c.*what `tanh` makes, which can be below 0"),
        ("loss: {r:", "loss: {q:", "a function for q, c.*one for each unit: r, c"),
        ("loss: {r: squared_error", "loss: {r: mean_squared_error", "`mean_squared_error`"),
        ("learning_rate", "loss_weights: {h1: 2}\nlearning_rate", "loss_weights.h1.*an output: r, c"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, expected: str, tmp_path: Path) -> None:
    refused(tmp_path, TASKS.replace(old, new), expected)
