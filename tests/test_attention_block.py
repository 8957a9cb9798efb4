"""Whole blocks and other forms of attention, against PyTorch; what masks of −∞ leave in matrices; clear errors."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from test_attention import Data, _rows, _tensor, graph_of

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.graph.quantities import derivative_name
from generator.pipeline import load_worked
from generator.render.document import render
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth

WIDTH, HIDDEN = 4, 3


def _block(pick: Any, order: str) -> Data:
    weights = {f"W_{letter}": _rows(pick, WIDTH, WIDTH) for letter in "QKVO"}
    weights |= {f"b_{letter}": _rows(pick, 1, WIDTH) for letter in "QKVO"}
    weights |= {"W_1": _rows(pick, WIDTH, HIDDEN), "b_1": _rows(pick, 1, HIDDEN)}
    weights |= {"W_2": _rows(pick, HIDDEN, WIDTH), "b_2": _rows(pick, 1, WIDTH)}
    weights |= {f"{name}{end}": _rows(pick, 1, WIDTH) for name in ("gamma", "beta") for end in ("", "_f")}
    return {
        "kind": "attention", "title": "made", "heads": "2", "inputs": _rows(pick, 3, WIDTH), "weights": weights,
        "residual": "true", "normalization": order, "epsilon": "0.00001", "feed_forward": "gelu",
        "targets": _rows(pick, 3, WIDTH), "learning_rate": {"eta": "0.1"},
    }  # fmt: skip


@pytest.mark.parametrize("order", ["after", "before"])
def test_a_block_is_pytorchs_encoder_layer(torch: Any, order: str) -> None:
    data = _block(random.Random(order).choice, order)
    weights, values = data["weights"], solve(graph_of(data))
    torch.set_num_threads(1)
    layer = torch.nn.TransformerEncoderLayer(
        WIDTH, 2, HIDDEN, dropout=0, activation="gelu", batch_first=True, norm_first=order == "before",
        dtype=torch.float64,
    )  # fmt: skip
    at, ours = layer.self_attn, {name: _tensor(torch, rows) for name, rows in weights.items()}
    with torch.no_grad():
        at.in_proj_weight.copy_(torch.cat([ours[f"W_{letter}"].T for letter in "QKV"]))
        at.in_proj_bias.copy_(torch.cat([ours[f"b_{letter}"][0] for letter in "QKV"]))
        for module, matrix, bias in (
            (at.out_proj, "W_O", "b_O"),
            (layer.linear1, "W_1", "b_1"),
            (layer.linear2, "W_2", "b_2"),
        ):
            module.weight.copy_(ours[matrix].T)
            module.bias.copy_(ours[bias][0])
        for module, end in ((layer.norm1, ""), (layer.norm2, "_f")):
            module.weight.copy_(ours[f"gamma{end}"][0])
            module.bias.copy_(ours[f"beta{end}"][0])
    made = layer(_tensor(torch, data["inputs"])[None])[0]
    loss = (0.5 * (made - _tensor(torch, data["targets"])) ** 2).sum()
    loss.backward()
    assert values["E_total"][0] == pytest.approx(loss.item(), abs=1e-9)
    matrices = {
        "W_1": layer.linear1.weight.grad.T,
        "W_2": layer.linear2.weight.grad.T,
        "W_O": at.out_proj.weight.grad.T,
    }
    for name, gradient in matrices.items():
        for i, row in enumerate(gradient.tolist()):
            found = [values[derivative_name("E_total", f"{name}_{i + 1}_{j + 1}")][0] for j in range(len(row))]
            assert found == pytest.approx(row, abs=1e-9)
    for name, gradient in (
        ("gamma", layer.norm1.weight.grad),
        ("gamma_f", layer.norm2.weight.grad),
        ("b_1", layer.linear1.bias.grad),
    ):
        found = [values[derivative_name("E_total", f"{name}_{j + 1}")][0] for j in range(len(gradient))]
        assert found == pytest.approx(gradient.tolist(), abs=1e-9)


def test_scores_have_a_bias_a_scale_a_mask_and_padding_as_in_pytorch(torch: Any) -> None:
    pick = random.Random("bias").choice
    q, k, v, bias, upstream = (_rows(pick, 3, width) for width in (2, 2, 2, 3, 2))
    data: Data = {
        "kind": "attention", "title": "made", "queries": q, "keys": k, "values": v, "upstream": upstream, "scale": "2",
        "scores_bias": bias, "mask": "causal", "padding": ["1", "0", "1"], "wanted": ["Q", "K", "V"],
    }  # fmt: skip
    values = solve(graph_of(data))
    tensors = {name: _tensor(torch, rows, grad=True) for name, rows in (("Q", q), ("K", k), ("V", v))}
    seen = torch.ones(3, 3).tril().bool() & torch.tensor([True, False, True])
    hidden = _tensor(torch, bias).masked_fill(~seen, float("-inf"))
    made = torch.nn.functional.scaled_dot_product_attention(*tensors.values(), attn_mask=hidden, scale=0.5)
    (made * _tensor(torch, upstream)).sum().backward()
    for name, tensor in tensors.items():
        for i, row in enumerate(tensor.grad.tolist()):
            found = [values[derivative_name("L", f"{name}_{i + 1}_{j + 1}")][0] for j in range(len(row))]
            assert found == pytest.approx(row, abs=1e-12)


def test_an_output_layer_says_a_class_for_every_token(torch: Any) -> None:
    pick = random.Random("head").choice
    weights = {"W_V": _rows(pick, 2, 2), "W_P": _rows(pick, 2, 3), "b_P": _rows(pick, 1, 3)}
    inputs = _rows(pick, 2, 2)
    data: Data = {
        "kind": "attention", "title": "made", "inputs": inputs, "weights": weights, "output_activation": "softmax",
        "loss": "cross_entropy", "targets": [["0", "1", "0"], ["0", "0", "1"]], "learning_rate": {"eta": "0.1"},
    }  # fmt: skip
    values = solve(graph_of(data))
    made = {name: _tensor(torch, rows, grad=True) for name, rows in weights.items()}
    x = _tensor(torch, inputs)
    mixed = torch.nn.functional.scaled_dot_product_attention(x, x, x @ made["W_V"])
    logits = mixed @ made["W_P"] + made["b_P"]
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([1, 2]), reduction="sum")
    loss.backward()
    assert values["E_total"][0] == pytest.approx(loss.item(), abs=1e-12)
    for name in ("W_V", "W_P"):
        for i, row in enumerate(made[name].grad.tolist()):
            found = [values[derivative_name("E_total", f"{name}_{i + 1}_{j + 1}")][0] for j in range(len(row))]
            assert found == pytest.approx(row, abs=1e-12)


# --- documents ---

BLOCK = """\
inputs: [[1, 0], [0.5, 1]]
weights:
  {W_Q: [[1, 0], [1, 1]], W_K: [[0, 1], [1, 0]], W_V: [[1, 1], [0, 1]], W_O: [[1, 0], [0.5, 1]],
  W_1: [[1, -1, 0.5], [0.5, 1, 0]], b_1: [0.3, 0.5, 0.1], W_2: [[1, 0], [-1, 1], [0, 0.5]], b_2: [0.5, 0],
  W_P: [[1, 0, 0.5], [0, 1, -0.5]], b_P: [0, 0.1, 0]}
residual: true
normalization: after
epsilon: 0.01
feed_forward: relu
output_activation: softmax
loss: cross_entropy
targets: [[1, 0, 0], [0, 0, 1]]
learning_rate: {eta: 0.1}
"""
MASKED = "inputs: [[1, 0], [0, 1], [1, 1]]\nweights: {W_V: [[1, 2], [3, 4]]}\nmask: causal\nwanted: [X]\n"
FORMS = {
    "block": BLOCK,
    "masked": f"{MASKED}targets: [[1, 2], [2, 1], [0, 1]]\n",
    "padded": f"{MASKED}padding: [1, 1, 0]\nscale: 2\nscores_bias: [[0, -1, -2], [-1, 0, -1], [-2, -1, 0]]\n"
    "upstream: [[1, 0], [0, 1], [1, 1]]\n",
    "one mask": "inputs: [[1, 0], [0.5, 1], [0, 1]]\nmask: [1, 0, 1]\nsoftmax: steps\nvectors: column\n"
    "loss: mean_squared_error\ntargets: [[1, 2], [2, 1], [0, 1]]\nwanted: [X]\n",
}


def _load(tmp_path: Path, text: str, notation: str | None = None) -> Any:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: attention\ntitle: t\n{text}", encoding="utf-8")
    return load_worked(path, notation)


@pytest.mark.parametrize("notation", ["default", "matrix"])
@pytest.mark.parametrize("form", FORMS)
def test_every_line_of_a_document_is_true(tmp_path: Path, form: str, notation: str) -> None:
    worked, checked = _load(tmp_path, FORMS[form], notation), 0
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    for document, text_format, language in (
        ("solution", "web", "zh"),
        ("solution", "markdown", "en"),
        ("worksheet", "typst", "en"),
        ("key", "latex", "en"),
    ):
        report = verify(render(worked, document, text_format, language), text_format, truth, worked.history)
        assert not report.untrue
        checked += report.checked
    assert checked > 100


def test_what_a_mask_leaves_is_worked_in_matrices(tmp_path: Path) -> None:
    text = render(_load(tmp_path, FORMS["masked"], "matrix"), "solution", "terminal")
    assert "A = softmax(S)\n" in text
    assert "∂E/∂S = A ⊙ (∂E/∂A − (A ⊙ ∂E/∂A)𝟏₃𝟏₃ᵀ)" in text
    assert "∂A_(2,1)" not in text


def test_a_block_is_worked_in_matrices(tmp_path: Path) -> None:
    text = render(_load(tmp_path, BLOCK, "matrix"), "solution", "terminal")
    for line in (
        "F = NW₁ + 𝟏₂b₁",
        "J = ReLU(F)",
        "O_f = JW₂ + 𝟏₂b₂",
        "H_f = N + O_f",
        "P = N_f W_P + 𝟏₂b_P",
        "p = softmax(P)",
    ):
        assert line in text
    assert "∂E/∂P = (T𝟏₃𝟏₃ᵀ) ⊙ p − T\n          = p − T\n" in text
    scalars = render(_load(tmp_path, BLOCK), "solution", "terminal")
    assert "= p_(1,1) − T_(1,1)" in scalars
    assert "∂p_(2,3)" not in scalars


def test_a_share_of_one_score_alone_is_exactly_one(tmp_path: Path) -> None:
    worked = _load(tmp_path, "inputs: [[1, 0], [0.5, 1]]\nsoftmax: steps\nmask: causal\n")
    assert worked.trace.values["A_1_1"] == 1
    text = render(worked, "solution", "terminal")
    assert re.search(r"A_\(1,1\) = R_\(1,1\)/Z₁\n +  = (\S+)/\1\n +  = 1\n", text)


def test_a_sum_that_is_no_error_is_not_called_one(tmp_path: Path) -> None:
    worked = _load(tmp_path, "inputs: [[1, 0], [0.5, 1]]\nupstream: [[-1, 0], [1, -2]]\nwanted: [X]\n")
    text = render(worked, "solution", "terminal")
    assert "## The sum that is differentiated" in text
    assert "The error" not in text
    assert "E_total" not in text
    assert "∂L/∂X_(1,1)" in text


# --- errors ---

GOOD = """\
kind: attention
title: t
inputs: [[1, 2], [3, 4]]
weights: {W_Q: [[1, 0], [0, 1]], W_V: [[1, 0], [2, 1]]}
targets: [[1, 1], [2, 0]]
"""
MISTAKES = {
    "causal memory": ("targets", "memory: [[1, 2]]\nmask: causal\ntargets", "`mask`", "`causal` beside", "`none`"),
    "causal queries": (
        "targets", "keys: [[1, 1]]\nvalues: [[1, 1]]\nmask: causal\ntargets", "`mask`", "2 queries", "as many",
    ),
    "idle inputs": ("weights: {W_Q: [[1, 0], [0, 1]], W_V: [[1, 0], [2, 1]]}",
                    "queries: [[1, 1], [0, 1]]\nmemory: [[1, 2]]", "`inputs`", "nothing uses", "or no `inputs`"),
    "padding": ("targets", "padding: [1]\ntargets", "`padding`", "a list of 1", "2 numbers"),
    "all padding": ("targets", "padding: [0, 0]\ntargets", "`padding`", "nothing that token 1", "a 1 for one key"),
    "scale": ("targets", "scale: -1\ntargets", "`scale`", "not above zero", "`sqrt`"),
    "scores' bias": ("targets", "scores_bias: [[1]]\ntargets", "`scores_bias`", "1 row of 1", "2 rows of 2"),
    "no network": ("targets", "feed_forward: relu\ntargets", "`weights`", "no `W_1`", "`W_2`"),
    "network of another width": (
        "W_V:", "W_1: [[1], [1]], W_2: [[1, 1, 1]], W_V:", "`weights.W_1`", "`W_1`", "one of W_Q",
    ),
    "loss": ("targets", "loss: cross_entropy\ntargets", "`loss`", "between 0 and 1", "softmax or logistic"),
    "activation": ("targets", "output_activation: sofmax\ntargets", "`output_activation`", "`sofmax`", "softmax"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_bad_definition_is_told_where_and_what(tmp_path: Path, name: str) -> None:
    old, new, *parts = MISTAKES[name]
    assert old in GOOD
    path = tmp_path / "bad.yml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    for part in parts:
        assert part in str(caught.value)
