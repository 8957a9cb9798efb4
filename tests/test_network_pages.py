"""What the pages of networks say: short ways, conventions, transposes, headings, and the author's own names."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.render.program import program
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

SOFTMAX = """
kind: network
title: made
inputs: {x1: [1, 2], x2: [0, 1]}
targets: {t1: [1, 0], t2: [0, 1]}
layers: [{name: output, units: {o1: {x1: w1, x2: w2}, o2: {x1: w3, x2: w4}}, activation: softmax}]
weights: {w1: 1, w2: 0.5, w3: 0.1, w4: -0.2}
loss: cross_entropy
learning_rate: {alpha: 0.1}
"""
LOGISTIC = """
kind: network
title: made
inputs: {x1: [1, 2], x2: [0, 1]}
targets: {t1: [1, 0]}
layers: [{name: output, units: {o1: {x1: w1, x2: w2}}, activation: logistic, bias: b}]
weights: {w1: 1, w2: 0.5}
biases: {b: 0.5}
loss: binary_cross_entropy
learning_rate: {alpha: 0.1}
"""
NARROW = """
kind: network
title: made
inputs: {x1: 1, x2: 2}
targets: {t1: 1, t2: 0}
layers:
- {name: hidden, units: {h1: {x1: w1, x2: w2}}, activation: tanh, bias: b}
- {name: output, units: {o1: {h1: w3}, o2: {h1: w4}}, activation: logistic, bias: {o1: c1, o2: c2}}
weights: {w1: 1, w2: 0.5, w3: 1, w4: 0.1}
biases: {b: 0.5, c1: 0.1, c2: 0.2}
bias_as: threshold
learning_rate: {eta: 0.1}
"""


def worked(folder: Path, text: str, notation: str | None = None) -> Worked:
    file = folder / "made.yml"
    file.write_text(text, encoding="utf-8")
    return work(load(file), notation)


def page(done: Worked, language: str = "en") -> str:
    """The solution in Markdown, every line of which is true, as it is in the other formats."""
    truth = Truth.of(done.graph, done.writer, done.notation.rounding)
    for format in FORMATS:
        assert verify(render(done, "solution", format, language), format, truth, done.history).untrue == ()
    return render(done, "solution", "markdown", language)


@pytest.mark.parametrize("notation", ["default", "matrix"])
def test_the_short_way_of_softmax_has_the_factor_of_a_mean(tmp_path: Path, notation: str) -> None:
    summed = page(worked(tmp_path, SOFTMAX, notation))
    assert "so it is nothing but" in summed
    mean = page(worked(tmp_path, SOFTMAX + "batch: mean\n", notation))
    assert "nothing but" not in mean
    assert "times what the error of one observation counts in the whole, $" in mean
    assert "= 0.5$." in mean


def test_a_logistic_output_and_binary_cross_entropy_have_a_short_way(tmp_path: Path) -> None:
    text = page(worked(tmp_path, LOGISTIC))
    assert "their derivatives multiply to $" in text
    assert r"(\mathit{out}_{o1}^{(1)} - t_1^{(1)}) \cdot x_1^{(1)} +" in text
    mean = page(worked(tmp_path, LOGISTIC + "batch: mean\n"))
    assert "made of that, times what" in mean
    zh = page(worked(tmp_path, LOGISTIC), "zh")
    assert "二元交叉熵配合使用" in zh
    for other in ("loss: {binary_cross_entropy: {base: 2}}", "loss: half_squared_error"):
        assert "multiply to" not in page(worked(tmp_path, LOGISTIC.replace("loss: binary_cross_entropy", other)))


@pytest.mark.parametrize(
    ("vectors", "forms"),
    [
        (
            "column",
            [r"\mathbf{W}^{(2) \top}\boldsymbol{\delta}^{(2)}", r"\boldsymbol{\delta}^{(2)}\mathbf{h}^{(1) \top}"],
        ),
        ("row", [r"\boldsymbol{\delta}^{(2)}\mathbf{W}^{(2) \top}", r"\mathbf{h}^{(1) \top}\boldsymbol{\delta}^{(2)}"]),
    ],
)
def test_a_layer_of_one_unit_has_its_transposes(tmp_path: Path, vectors: str, forms: list[str]) -> None:
    text = page(worked(tmp_path, f"{NARROW}vectors: {vectors}\n", "matrix"))
    for form in forms:
        assert form in text, form


def test_the_gradient_of_thresholds_has_the_other_sign(tmp_path: Path) -> None:
    text = page(worked(tmp_path, NARROW, "matrix"))
    assert "A threshold is subtracted as it is, so the gradient for $\\mathbf{b}^{(2)}$" in text
    assert "$\\mathbf{b}^{(2)}$ is used in several places" not in text


def test_a_learning_rate_has_its_own_name_in_matrices(tmp_path: Path) -> None:
    assert r"\alpha" in page(worked(tmp_path, SOFTMAX, "matrix"))


def test_the_last_layer_on_the_way_back_has_none_before_it(tmp_path: Path) -> None:
    text = page(worked(tmp_path, NARROW + "update_order: outputs_first\n"))
    assert text.count("before the gradients of the layer before it are worked") == 1
    assert text.count("the last one on the way back") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("loss: absolute_error", "the derivative of their absolute difference is taken to be $0$"),
        ("loss: {absolute_error: {kink: 1}}", "the derivative of their absolute difference is taken to be $1$"),
        ("loss: {hinge: {kink: -1}}", "the derivative of the hinge loss is taken to be $-1$"),
        ("regularization: {l1: 0.1}", "the derivative of the size of a weight is taken to be $0$"),
    ],
)
def test_a_kink_of_an_error_is_a_convention(tmp_path: Path, more: str, said: str) -> None:
    made = NARROW.replace("t2: 0", "t2: -1") if "hinge" in more else NARROW  # whose targets are -1 and 1
    assert said in page(worked(tmp_path, f"{made}{more}\n"))


def test_a_hard_sigmoid_has_two_kinks(tmp_path: Path) -> None:
    assert "At the kinks of the hard sigmoid" in page(worked(tmp_path, NARROW.replace("tanh", "hard_sigmoid")))
    assert "At the kink of the rectifier" in page(worked(tmp_path, NARROW.replace("tanh", "relu")))


def test_a_program_of_a_batch_has_gradients_under_their_own_layers(tmp_path: Path) -> None:
    batch = NARROW.replace("inputs: {x1: 1, x2: 2}", "inputs: {x1: [1, 2], x2: [2, 3]}")
    batch = batch.replace("targets: {t1: 1, t2: 0}", "targets: {t1: [1, 0], t2: [0, 1]}")
    for more in ("", "batch: mean\n"):
        text = program(worked(tmp_path, batch + more), "python")
        output, hidden = (text.index(f"# Backward pass: {layer} layer") for layer in ("output", "hidden"))
        assert output < text.index("dE_total_dw3 =") < hidden < text.index("dE_total_dw1 =")


def test_names_of_the_author_are_on_the_page(tmp_path: Path) -> None:
    done = worked(tmp_path, LOGISTIC + 'batch: mean\nnames: {pre: "z_<unit>", post: "a_<unit>", loss: J}\n')
    text = page(done)
    assert "z_{o1}^{(1)}" in text
    assert "a_{o1}^{(2)}" in text
    assert "$J$ is the mean over the observations" in text
    assert r"\mathit{net}" not in text
    own = 'notation: {extends: matrix, symbols: {pre: "s_<name>"}}\n'
    done = worked(tmp_path, f'{LOGISTIC}names: {{pre: "z_<unit>", loss: J}}\n{own}')
    assert (done.notation.symbols["pre"], done.notation.symbols["loss"]) == ("s_<name>", "J")


def test_who_asks_by_a_symbol_is_told_the_name(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="`E_total` is the name of what is written E_mean"):
        worked(tmp_path, LOGISTIC + "batch: mean\nworksheet: {ask: [E_mean]}\n")


def test_scales_and_shifts_of_a_norm_have_words_and_derivatives_of_their_own(tmp_path: Path) -> None:
    norm = "normalization: {over: batch, gamma: 0.5, beta: 0.25}"
    text = LOGISTIC.replace("bias: b}", f"bias: b, {norm}}}").replace("x2: [0, 1]", "x2: [0, 3]")
    made = page(worked(tmp_path, text))
    assert "| Scales of normalized values | $\\gamma_{o1} = 0.5$ |" in made
    assert "| Weights | $w_1 = 1$, $w_2 = 0.5$ |" in made
    assert "The scale $\\gamma_{o1}$ multiplies a normalized value of each observation" in made
    assert "How does the normalized value change with $\\gamma_{o1}$" in made
    assert "How does the normalized value change with $\\beta_{o1}$" in made
