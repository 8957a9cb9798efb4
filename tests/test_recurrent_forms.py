"""Further forms of recurrent networks: second biases, classes, layers in both directions, readouts, other functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_unrolled import (
    GATES,
    cell_weights,
    check_gradients,
    definition,
    graph_of,
    module_of,
    rows_of,
    squared,
    tensors,
)

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.pipeline import load_worked
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.truth import Truth

BIASES = {"elman": ("b_hh",), "lstm": ("b_hi", "b_hf", "b_hg", "b_ho"), "gru": ("b_hr", "b_hz", "b_hn")}


@pytest.mark.parametrize("cell", GATES)
def test_two_biases_are_those_of_pytorch(torch: Any, cell: str) -> None:
    rows, n, m = rows_of(f"biases {cell}"), 2, 3
    weights = cell_weights(rows, cell, "", n, m) | {name: rows(1, n)[0] for name in BIASES[cell]}
    if cell == "elman":
        weights["b_ih"] = weights.pop("b")
    inputs, targets = rows(2, m), rows(2, n)
    data = definition(weights, cell=cell, inputs=inputs, targets={"1": targets[0], "2": targets[1]})
    graph = graph_of(data)
    made = tensors(torch, weights)
    kind = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    firsts = ["b_ih"] if cell == "elman" else [f"b{gate}" for gate in GATES[cell]]
    state = {
        "weight_ih_l0": torch.cat([made[f"W{gate}"] for gate in GATES[cell]]),
        "weight_hh_l0": torch.cat([made[f"U{gate}"] for gate in GATES[cell]]),
        "bias_ih_l0": torch.cat([made[name] for name in firsts]),
        "bias_hh_l0": torch.cat([made[name] for name in BIASES[cell]]),
    }
    module = kind(m, n, dtype=torch.float64)
    out = torch.func.functional_call(module, state, (tensors(torch, {"x": inputs})["x"],))[0]
    check_gradients(graph, squared(torch, out, targets), made)


@pytest.mark.parametrize("cell", GATES)
def test_two_layers_in_both_directions_are_those_of_pytorch(torch: Any, cell: str) -> None:
    rows, n, m = rows_of(f"stacked {cell}"), 2, 2
    weights: dict[str, Any] = {}
    for layer, width in ((1, m), (2, 2 * n)):
        for way in ("fwd", "bwd"):
            weights |= cell_weights(rows, cell, f"_{layer}_{way}", n, width)
    weights |= {"V_fwd": rows(2, n), "V_bwd": rows(2, n), "b_y": rows(1, 2)[0]}
    inputs, targets = rows(3, m), rows(2, 2)
    graph = graph_of(
        definition(
            weights, cell=cell, layers="2", direction="both", inputs=inputs,
            targets={"1": targets[0], "3": targets[1]},
        )
    )  # fmt: skip
    made = tensors(torch, weights)
    ends = {"l0": "_1_fwd", "l0_reverse": "_1_bwd", "l1": "_2_fwd", "l1_reverse": "_2_bwd"}
    out = module_of(torch, cell, m, n, ends, made)(tensors(torch, {"x": inputs})["x"])[0]
    outputs = out @ torch.cat([made["V_fwd"], made["V_bwd"]], dim=1).T + made["b_y"]
    check_gradients(graph, squared(torch, outputs[[0, 2]], targets), made)


def test_one_output_of_the_last_state_of_each_direction(torch: Any) -> None:
    rows, n, m = rows_of("ends"), 2, 2
    weights = cell_weights(rows, "gru", "_fwd", n, m) | cell_weights(rows, "gru", "_bwd", n, m)
    weights |= {"V_fwd": rows(3, n), "V_bwd": rows(3, n)}
    inputs = rows(3, m)
    graph = graph_of(
        definition(
            weights, cell="gru", direction="both", readout="ends", inputs=inputs, classes={"3": 2},
            output_activation="softmax", loss="cross_entropy",
        )
    )  # fmt: skip
    made = tensors(torch, weights)
    module = module_of(torch, "gru", m, n, {"l0": "_fwd", "l0_reverse": "_bwd"}, made)
    last = module(tensors(torch, {"x": inputs})["x"])[1]  # of each direction, where it ends
    logits = made["V_fwd"] @ last[0] + made["V_bwd"] @ last[1]
    loss = torch.nn.functional.cross_entropy(logits[None], torch.tensor([1]))
    check_gradients(graph, loss, made)


@pytest.mark.parametrize(("over_time", "share"), [("sum", 2), ("mean", 4)])
def test_functions_have_parameters_and_errors_are_averaged(torch: Any, over_time: str, share: int) -> None:
    rows, n, m = rows_of("functions"), 2, 2
    weights = cell_weights(rows, "elman", "", n, m)
    inputs, targets = rows(2, m), rows(2, n)
    more = {"inputs": inputs, "targets": {"1": targets[0], "2": targets[1]}, "over_time": over_time}
    graph = graph_of(
        definition(weights, activation={"leaky_relu": {"slope": "0.2"}}, loss="mean_squared_error", **more)
    )
    made = tensors(torch, weights)
    h, out = torch.zeros(n, dtype=torch.float64), []
    for x in tensors(torch, {"x": inputs})["x"]:
        h = torch.nn.functional.leaky_relu(made["W"] @ x + made["U"] @ h + made["b"], 0.2)
        out.append(h)
    check_gradients(graph, 2 * squared(torch, torch.stack(out), targets) / share, made)
    huber = graph_of(definition(weights, loss={"huber": {"delta": "0.1"}}, **{**more, "over_time": "sum"}))
    made = tensors(torch, weights)
    h, out = torch.zeros(n, dtype=torch.float64), []
    for x in tensors(torch, {"x": inputs})["x"]:
        h = torch.tanh(made["W"] @ x + made["U"] @ h + made["b"])
        out.append(h)
    wanted = torch.tensor([[float(number) for number in row] for row in targets], dtype=torch.float64)
    loss = torch.nn.functional.huber_loss(torch.stack(out), wanted, reduction="sum", delta=0.1)
    check_gradients(huber, loss, made)


STACKED = """\
direction: both
layers: 2
inputs: [[1, 0], [0.5, 1]]
classes: {1: 2, 2: 1}
output_activation: softmax
loss: cross_entropy
weights:
  {W_1_fwd: [[1, 0.5], [0, 1]], U_1_fwd: [[0.5, 0], [0, 1]], b_ih_1_fwd: [0.1, 0], b_hh_1_fwd: [-0.1, 1],
  W_1_bwd: [[0.8, -0.5], [0, 1]], U_1_bwd: [[0.3, 1], [0, 0]], W_2_fwd: [[0.5, 0.7, 1, 0]], U_2_fwd: [[0.2]],
  W_2_bwd: [[-0.5, 0.4, 0, 1]], U_2_bwd: [[0.6]], V_fwd: [[1], [0.5]], V_bwd: [[0.3], [-1]]}
"""
FORMS = {
    "layers in both directions": STACKED,
    "ends": "direction: both\nreadout: ends\nactivation: {leaky_relu: {slope: 0.1}}\ninputs: [1, -0.5, 0.3]\n"
    "targets: {3: [1, 0]}\nloss: mean_squared_error\n"
    "weights: {w_fwd: 1, u_fwd: 0.5, w_bwd: 0.8, u_bwd: -0.5, V_fwd: [[1], [0.5]], V_bwd: [[0.3], [-1]]}\n",
    "functions": "cell: gru\ninputs: [1, -0.5]\ntargets: [[1, 0], [0.5, 1]]\nloss: {huber: {delta: 2}}\n"
    "over_time: mean\nweights: {w_r: 1, u_r: 0.5, b_r: 0.1, b_hr: 0.2, w_z: 0.8, u_z: -0.5, b_hz: 0.1, w_n: 1,"
    " u_n: 0.4, b_n: 0.2, b_hn: -0.2, V: [[1], [0.5]]}\n",
    "means": "inputs: [1, -0.5]\ntargets: [[1, 0], [0.5, 1]]\nloss: mean_squared_error\nover_time: mean\n"
    "weights: {w: 1, u: 0.5, V: [[1], [0.5]]}\n",
}


@pytest.mark.parametrize("notation", ["default", "matrix"])
@pytest.mark.parametrize("form", FORMS)
def test_every_line_of_a_document_is_true(tmp_path: Path, form: str, notation: str) -> None:
    path, checked = tmp_path / "made.yml", 0
    path.write_text(f"kind: recurrent\ntitle: t\n{FORMS[form]}learning_rate: {{eta: 0.5}}\n", encoding="utf-8")
    worked = load_worked(path, notation)
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


def test_what_a_higher_layer_reads_is_one_vector(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: recurrent\ntitle: t\n{STACKED}learning_rate: {{eta: 0.5}}\n", encoding="utf-8")
    text = render(load_worked(path, "matrix"), "solution", "terminal")
    first = "h_(1,fwd,1)⁽¹⁾, h_(1,fwd,2)⁽¹⁾, h_(1,bwd,1)⁽¹⁾, h_(1,bwd,2)⁽¹⁾"
    assert f"h₁⁽¹⁾ = [{first}]ᵀ" in text
    assert "## Forward pass: layer 2, time step 1, forward in time" in text
    assert "the states of both directions of the layer below it, as one vector" in text


def test_how_errors_are_put_together_is_said(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: recurrent\ntitle: t\n{FORMS['means']}learning_rate: {{eta: 0.5}}\n", encoding="utf-8")
    text = render(load_worked(path), "solution", "terminal")
    assert "The error is the mean over all outputs of all time steps with a target." in text
    assert "divided by the number of time steps" not in text
    assert "/4\n" in text


GOOD = """\
kind: recurrent
title: t
inputs: [1, 2]
targets: [[1, 0], [0, 1]]
weights: {w: 1, u: 0.5, V: [[1], [0.5]]}
learning_rate: {eta: 0.1}
"""
MISTAKES = {
    "cross-entropy of any": ("inputs", "loss: cross_entropy\ninputs", "`loss`", "`cross_entropy` of", "softmax or"),
    "class as target": ("[[1, 0], [0, 1]]", "[1, 2]", "`targets`", "1 row of 1 number", "`classes`"),
    "no such class": ("targets: [[1, 0], [0, 1]]", "classes: [1, 3]", "`classes`", "3 at time step 2", "1 to 2"),
    "class of no step": ("targets: [[1, 0], [0, 1]]", "classes: {3: 1}", "`classes`", "time step 3", "from 1 to 2"),
    "both": ("inputs", "classes: [1, 2]\ninputs", "`classes`", "beside `targets`", "one of them"),
    "parameter": (
        "inputs", "activation: {leaky_relu: {slop: 1}}\ninputs", "`activation.leaky_relu.slop`", "one of slope",
    ),
    "loss": ("inputs", "loss: hubert\ninputs", "`loss`", "`hubert`", "huber"),
    "ends of one direction": ("inputs", "readout: ends\ninputs", "`readout`", "one direction", "`direction: both`"),
    "bias twice": ("u: 0.5", "u: 0.5, b: 1, b_ih: 2", "`weights.b_ih`", "`b_ih` beside `b`", "each matrix once"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_bad_definition_is_told_where_and_what(tmp_path: Path, name: str) -> None:
    old, new, *parts = MISTAKES[name]
    path = tmp_path / "bad.yml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    for part in (str(path), *parts):
        assert part in str(caught.value)


def test_two_steps_read_of_the_ends_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.yml"
    text = FORMS["ends"].replace("{3: [1, 0]}", "{2: [1, 0]}")
    path.write_text(f"kind: recurrent\ntitle: t\n{text}", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"a target at time step 2 of one output; expected one at time step 3"):
        load(path)


def test_an_error_without_a_value_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "bad.yml"
    text = GOOD.replace("inputs: [1, 2]", "inputs: [0, 0]\noutput_activation: softmax\nloss: cross_entropy")
    path.write_text(f"{text}claims: [1 / h_t1 > 0]\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"found that `.*` has no value: division by zero; expected numbers with"):
        load_worked(path)
