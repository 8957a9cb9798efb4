"""Short forms of a network's definition, the forward pass alone, gradients of inputs, and where skips are added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.graph.quantities import Graph
from generator.kinds.network.kind import build
from generator.kinds.network.model import Network
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

MATRICES = """
kind: network
title: made
inputs: {x1: 1, x2: 2}
targets: {t1: 1}
layers:
- {name: hidden, weights: {V: [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]]}, biases: [0.1, 0.2, 0.3], activation: tanh}
- {name: output, weights: [[1, 0.5, -1]], activation: identity}
"""
RESIDUAL = """
kind: network
title: made
inputs: {x1: [1, 2], x2: [-1, 0.5]}
targets: {t1: [1, 0]}
layers:
- name: hidden
  units: {h1: {x1: w1, x2: w2}, h2: {x1: w3, x2: w4}}
  activation: relu
- {name: output, units: {o1: {h1: w5, h2: w6}}, activation: identity}
weights: {w1: 0.1, w2: -0.2, w3: -0.3, w4: 0.4, w5: 0.5, w6: 0.6}
skip: {h1: x1, h2: x2}
"""
HEADS = """
kind: network
title: made
inputs: {x1: [1, 0.5], x2: [-0.5, 2]}
layers:
- {name: hidden, weights: {W: [[0.2, 0.4], [-0.3, 0.1]]}, biases: {b: [0.1, 0]}, activation: tanh}
- name: heads
  units: {r: {h1: a1, h2: a2}, c1: {h1: u1, h2: u2}, c2: {h1: u3, h2: u4}, c3: {h1: u5, h2: u6}}
  activation: {r: identity, c1: softmax, c2: softmax, c3: softmax}
weights: {a1: 0.5, a2: 1, u1: 0.1, u2: 0.2, u3: 0.3, u4: -0.1, u5: 0, u6: 0.4}
targets: {r: [1, 2], c1: [0, 1], c2: [1, 0], c3: [0, 0]}
loss: {r: half_squared_error, c1: cross_entropy, c2: cross_entropy, c3: cross_entropy}
loss_weights: {r: 0.5}
learning_rate: {eta: 0.1}
"""


def worked(folder: Path, text: str, notation: str | None = None) -> Worked:
    file = folder / "made.yml"
    file.write_text(text, encoding="utf-8")
    return work(load(file), notation)


def graph(folder: Path, text: str) -> Graph:
    file = folder / "made.yml"
    file.write_text(text, encoding="utf-8")
    return build(load(file).problem)  # type: ignore[arg-type]  # it is a network


def true(folder: Path, text: str) -> str:
    for notation in ("matrix", "default"):
        done = worked(folder, text, notation)
        truth = Truth.of(done.graph, done.writer, done.notation.rounding)
        for document in ("solution", "worksheet", "key"):
            for format in FORMATS:
                assert verify(render(done, document, format, "en"), format, truth).untrue == ()
    return render(done, "solution", "markdown", "en")


def refused(folder: Path, text: str, expected: str) -> None:
    with pytest.raises(DefinitionError, match=expected):
        worked(folder, text)


def test_a_matrix_is_its_units_and_weights(tmp_path: Path) -> None:
    made = graph(tmp_path, MATRICES)
    assert [made.givens[f"V_{unit}_{fed}"] * 10 for unit in (1, 2, 3) for fed in (1, 2)] == [1, 2, 3, -4, 5, 6]
    assert made.operands["net_h3"] == ("V_3_1", "x1", "V_3_2", "x2", "b_1_3")
    assert made.operands["net_o1"] == ("w_2_1_1", "out_h1", "w_2_1_2", "out_h2", "w_2_1_3", "out_h3")
    assert made.tensor["W:hidden"].entries[1] == ("V_2_1", "V_2_2")
    true(tmp_path, MATRICES)


def test_of_rows_a_matrix_has_a_column_for_each_unit(tmp_path: Path) -> None:
    turned = MATRICES.replace("[[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]]", "[[0.1, 0.3, 0.5], [0.2, -0.4, 0.6]]")
    turned = turned.replace("[[1, 0.5, -1]]", "[[1], [0.5], [-1]]") + "vectors: row\n"
    made = graph(tmp_path, turned)
    assert made.operands["net_h3"] == ("V_1_3", "x1", "V_2_3", "x2", "b_1_3")
    values = [worked(tmp_path, text).trace.full("E_total") for text in (turned, MATRICES)]
    assert values[0] == values[1]
    assert made.tensor["W:hidden"].entries == (("V_1_1", "V_1_2", "V_1_3"), ("V_2_1", "V_2_2", "V_2_3"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[0.3, -0.4]", "[0.3]", "layers.0.weights.*1 numbers for a unit.*one for each of x1, x2"),
        ("[[1, 0.5, -1]]", "[1, 0.5, -1]", "layers.1.weights.*no matrix"),
        ("biases: [0.1, 0.2, 0.3]", "biases: [0.1]", "layers.0.biases.*biases that do not fit"),
        ("weights: [[1, 0.5, -1]]", "weights: [[1, 0.5, a]]", "a number such as"),
    ],
)
def test_a_wrong_matrix_is_refused_at_its_line(old: str, new: str, expected: str, tmp_path: Path) -> None:
    refused(tmp_path, MATRICES.replace(old, new), expected)


CLASSES = MATRICES.replace("targets: {t1: 1}", "classes: 2").replace("[[1, 0.5, -1]]", "[[1, 0.5, -1], [0, 1, 0]]")
CLASSES = CLASSES.replace("identity", "softmax") + "loss: cross_entropy\n"


def test_a_class_is_a_target_for_each_output(tmp_path: Path) -> None:
    assert [graph(tmp_path, CLASSES).givens[f"t{n}"] for n in (1, 2)] == [0, 1]
    several = CLASSES.replace("{x1: 1, x2: 2}", "{x1: [1, 2, 0], x2: [2, 1, 0]}")
    several = several.replace("classes: 2", "classes: [o2, 1, 2]")
    made = graph(tmp_path, several)
    assert [[made.givens[f"t{n}_{case}"] for n in (1, 2)] for case in (1, 2, 3)] == [[0, 1], [1, 0], [0, 1]]
    refused(tmp_path, CLASSES.replace("classes: 2", "classes: 3"), "classes.*`3`.*a number from 1 to 2, or o1, o2")
    refused(tmp_path, CLASSES + "targets: {t1: 0, t2: 1}\n", "`classes` beside `targets`")


def test_without_targets_there_is_the_forward_pass(tmp_path: Path) -> None:
    text = true(tmp_path, MATRICES.replace("targets: {t1: 1}", ""))
    assert "The error" not in text
    assert "\\partial" not in text
    refused(tmp_path, MATRICES.replace("targets: {t1: 1}", "learning_rate: {eta: 1}"), "`targets` beside it")


def test_gradients_of_inputs_are_finite_differences(tmp_path: Path) -> None:
    made = worked(tmp_path, MATRICES + "wanted: [x1, x2]\ntrained: []\n")

    def error(**inputs: str) -> float:
        text = MATRICES
        for name, value in inputs.items():
            text = text.replace(f"{name}: {1 if name == 'x1' else 2}", f"{name}: {value}", 1)
        return float(worked(tmp_path, text).trace.full("E_total"))

    for name, (low, high) in {"x1": ("0.999", "1.001"), "x2": ("1.999", "2.001")}.items():
        slope = (error(**{name: high}) - error(**{name: low})) / 0.002
        assert float(made.trace.full(f"dE_total/d{name}")) == pytest.approx(slope, rel=1e-5)
    text = true(tmp_path, MATRICES + "wanted: [x1, x2]\ntrained: []\n")
    assert "The input $x_1$ acts on" in text
    refused(tmp_path, MATRICES + "wanted: [h1]\n", "one of the inputs: x1, x2")


@pytest.mark.parametrize(
    ("more", "formulas"),
    [
        ("", {"skip_h1_1": ("out_h1_1", "x1_1"), "out_h1_1": ("net_h1_1",)}),
        ("skip_before: activation\n", {"skip_h1_1": ("net_h1_1", "x1_1"), "out_h1_1": ("skip_h1_1",)}),
    ],
)
def test_a_skip_is_added_where_the_definition_says(more: str, formulas: dict[str, Any], tmp_path: Path) -> None:
    made = graph(tmp_path, RESIDUAL + more)
    assert {name: made.operands[name] for name in formulas} == formulas
    true(tmp_path, RESIDUAL + more)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_skip_before_a_norm_is_normalized_with_the_rest(place: str, tmp_path: Path) -> None:
    norm = f"  activation: relu\n  normalization: {{over: layer, place: {place}}}\n"
    text = RESIDUAL.replace("  activation: relu\n", norm) + "skip_before: normalization\n"
    made = graph(tmp_path, text)
    assert made.operands["mean_hidden_1"] == ("skip_h1_1", "skip_h2_1")
    first = {"before": "net_h1_1", "after": "out_h1_1"}[place]
    assert made.operands["skip_h1_1"] == (first, "x1_1")
    true(tmp_path, text)
    refused(tmp_path, RESIDUAL + "skip_before: normalization\n", "whose layer has no normalization")


def test_with_softmax_a_skip_before_the_activation_counts_in_all_shares(tmp_path: Path) -> None:
    made = graph(tmp_path, RESIDUAL.replace("activation: relu", "activation: softmax") + "skip_before: activation\n")
    assert made.operands["out_h1_1"] == ("skip_h1_1", "skip_h2_1")


@pytest.mark.parametrize("activation", ["step", "sign"])
def test_what_cannot_be_trained_is_named_with_its_line(activation: str, tmp_path: Path) -> None:
    text = RESIDUAL.replace("activation: identity", f"activation: {activation}")
    refused(tmp_path, text, f"layers.1.activation.*`{activation}`, which lets no gradient through.*`perceptron`")
    worked(tmp_path, text + "trained: []\n")
    refused(tmp_path, text + "trained: []\nwanted: [x1]\n", "lets no gradient through to x1")


def test_a_definition_is_a_network_by_either_form() -> None:
    assert set(Network.model_fields) >= {"classes", "wanted", "skip_before"}


BARE = MATRICES.replace("{x1: 1, x2: 2}", "[1, 2]").replace("{t1: 1}", "1")
SOFTMAX = MATRICES.replace("[[1, 0.5, -1]], activation: identity", "[[1, 0.5, -1], [0, 1, 1]], activation: Softmax")
SOFTMAX += "loss: Cross-Entropy\nlearning_rate: 0.5\noptimizer: SGD\n"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (BARE, MATRICES.replace("t1: 1", "t: 1")),
        (BARE.replace("targets: 1", "targets: [1]"), MATRICES),
        (
            BARE.replace("[1, 2]", "[[1, 2], [0, 3]]").replace("targets: 1", "targets: [1, 0]"),
            MATRICES.replace("{x1: 1, x2: 2}", "{x1: [1, 0], x2: [2, 3]}").replace("{t1: 1}", "{t: [1, 0]}"),
        ),
        (SOFTMAX.replace("{t1: 1}", "[0, 1]"), SOFTMAX.replace("{t1: 1}", "{t1: 0, t2: 1}")),
        (
            SOFTMAX.replace("{x1: 1, x2: 2}", "[[1, 2], [0, 3]]").replace("{t1: 1}", "[[0, 1], [1, 0]]"),
            SOFTMAX.replace("{x1: 1, x2: 2}", "{x1: [1, 0], x2: [2, 3]}").replace(
                "{t1: 1}", "{t1: [0, 1], t2: [1, 0]}"
            ),
        ),
    ],
)
def test_lists_without_names_are_inputs_and_targets_in_their_order(short: str, long: str, tmp_path: Path) -> None:
    assert graph(tmp_path, short) == graph(tmp_path, long)
    if "SGD" in short:
        true(tmp_path, short)


def test_inputs_that_are_no_list_and_have_no_names_are_told(tmp_path: Path) -> None:
    refused(tmp_path, MATRICES.replace("{x1: 1, x2: 2}", "3"), "`inputs`: found no inputs; expected their numbers, as")


def test_a_softmax_can_be_of_some_units_beside_a_head_for_regression(tmp_path: Path, torch: Any) -> None:
    x = torch.tensor([[1.0, -0.5], [0.5, 2.0]], dtype=torch.float64)
    hidden = torch.tensor([[0.2, 0.4], [-0.3, 0.1]], dtype=torch.float64, requires_grad=True)
    heads = torch.tensor([[0.5, 1], [0.1, 0.2], [0.3, -0.1], [0, 0.4]], dtype=torch.float64, requires_grad=True)
    out = torch.tanh(x @ hidden.T + torch.tensor([0.1, 0.0], dtype=torch.float64)) @ heads.T
    classes = torch.nn.functional.cross_entropy(out[:, 1:], torch.tensor([1, 0]), reduction="sum")
    (0.25 * (out[:, 0] - torch.tensor([1.0, 2.0])).square().sum() + classes).backward()
    sums = r"\mathit{out}_{c1}^{(1)} + \mathit{out}_{c2}^{(1)} + \mathit{out}_{c3}^{(1)} &= "
    assert sums in true(tmp_path, HEADS)  # the shares of the classes, without the other head
    trace = worked(tmp_path, HEADS).trace
    names = ("a1", "a2", "u1", "u2", "u3", "u4", "u5", "u6", "W_1_1", "W_1_2", "W_2_1", "W_2_2")
    found = [float(trace.full(f"dE_total/d{name}")) for name in names]
    assert found == pytest.approx([*heads.grad.flatten().tolist(), *hidden.grad.flatten().tolist()], abs=1e-12)
