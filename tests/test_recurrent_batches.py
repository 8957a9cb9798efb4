"""Recurrent networks over several sequences: PyTorch's modules on a batch, and each sequence by itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_unrolled import GATES, cell_weights, check_gradients, definition, graph_of, module_of, rows_of, tensors

from generator.errors import DefinitionError
from generator.graph.quantities import Role, derivative_name, updated_name
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth


def batch_of(rows: Any, count: int, steps: int, width: int) -> list[list[list[str]]]:
    return [rows(steps, width) for _ in range(count)]


@pytest.mark.parametrize("batch", ["sum", "mean"])
@pytest.mark.parametrize("cell", GATES)
def test_a_batch_is_that_of_pytorch(torch: Any, cell: str, batch: str) -> None:
    rows, n, m, steps = rows_of(f"batch {cell}"), 2, 2, 3
    weights = cell_weights(rows, cell, "", n, m) | {"V": rows(2, n), "b_y": rows(1, 2)[0]}
    inputs, targets = batch_of(rows, 3, steps, m), batch_of(rows, 3, steps, 2)
    data = definition(weights, cell=cell, inputs=inputs, targets=targets, batch=batch, wanted=["x"])
    made = tensors(torch, weights)
    x = tensors(torch, {"x": inputs})["x"]
    states = module_of(torch, cell, m, n, {"l0": ""}, made)(x.transpose(0, 1))[0]  # time comes first there
    out = (states @ made["V"].T + made["b_y"]).transpose(0, 1)
    goal = torch.tensor([[[float(number) for number in row] for row in own] for own in targets], dtype=torch.float64)
    loss = 0.5 * ((out - goal) ** 2).sum() / (3 if batch == "mean" else 1)
    graph = graph_of(data)
    check_gradients(graph, loss, made)
    values = solve(graph)
    for place, step, entry in ((0, 0, 0), (1, 2, 1), (2, 1, 0)):
        name = derivative_name("E_total", f"x_{entry + 1}_t{step + 1}_{place + 1}")
        assert values[name][0] == pytest.approx(float(x.grad[place, step, entry]), abs=1e-12)


def test_classes_at_the_last_step_are_those_of_pytorch(torch: Any) -> None:
    rows, n, m = rows_of("batch classes"), 2, 2
    weights = cell_weights(rows, "gru", "_fwd", n, m) | cell_weights(rows, "gru", "_bwd", n, m)
    weights |= {"V_fwd": rows(3, n), "V_bwd": rows(3, n)}
    inputs = batch_of(rows, 2, 3, m)
    graph = graph_of(
        definition(
            weights, cell="gru", direction="both", readout="ends", inputs=inputs, classes=[{"3": "2"}, {"3": "1"}],
            output_activation="softmax", loss="cross_entropy", batch="mean",
        )
    )  # fmt: skip
    made = tensors(torch, weights)
    module = module_of(torch, "gru", m, n, {"l0": "_fwd", "l0_reverse": "_bwd"}, made)
    last = module(tensors(torch, {"x": inputs})["x"].transpose(0, 1))[1]
    logits = last[0] @ made["V_fwd"].T + last[1] @ made["V_bwd"].T
    check_gradients(graph, torch.nn.functional.cross_entropy(logits, torch.tensor([1, 0])), made)


@st.composite
def batches(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A network of one unit over several sequences of numbers, and one for each sequence by itself."""

    def number() -> str:
        return str(Fraction(draw(st.integers(-8, 8)), 4))

    count, steps = draw(st.integers(2, 3)), draw(st.integers(1, 3))
    weights = {name: number() for name in ("w", "u", *(["b"] if draw(st.booleans()) else []))}
    more: dict[str, Any] = {
        "kind": "recurrent", "title": "Made", "weights": weights, "learning_rate": {"eta": "1/2"},
        "activation": draw(st.sampled_from(["identity", "relu"])), "over_time": draw(st.sampled_from(["sum", "mean"])),
        "initial": {"h": number()}, "wanted": ["x", "h"],
    }  # fmt: skip
    sequences = [[[number()] for _ in range(steps)] for _ in range(count)]
    held = [draw(st.sets(st.integers(1, steps), min_size=1)) for _ in range(count)]
    targets = [{str(step): number() for step in sorted(own)} for own in held]
    batch = draw(st.sampled_from(["sum", "mean"]))
    single = [{**more, "inputs": rows, "targets": own} for rows, own in zip(sequences, targets, strict=True)]
    return {**more, "inputs": sequences, "targets": targets, "batch": batch}, single


@given(batches())
@settings(max_examples=30)
def test_a_batch_is_the_sum_or_the_mean_of_its_sequences(made: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    data, single = made
    whole, alone = solve(graph_of(data)), [solve(graph_of(one)) for one in single]
    share = 1 / len(single) if data["batch"] == "mean" else 1.0
    shared = ("E_total", *(derivative_name("E_total", name) for name in (*data["weights"], "h_t0")))
    for name in shared:
        assert whole[name][0] == pytest.approx(share * sum(values[name][0] for values in alone), abs=1e-12), name
    for place, values in enumerate(alone, 1):
        assert whole[f"E_total_{place}"][0] == pytest.approx(values["E_total"][0], abs=1e-12)
        own = derivative_name("E_total", f"x_t1_{place}")
        assert whole[own][0] == pytest.approx(share * values[derivative_name("E_total", "x_t1")][0], abs=1e-12)


@pytest.mark.parametrize("order", [[[1], [2]], [[2, 1], [1]]])
def test_sequences_have_their_turns(torch: Any, order: list[list[int]]) -> None:
    rows, n, m = rows_of("batch turns"), 2, 2
    weights = cell_weights(rows, "elman", "", n, m)
    inputs, targets = batch_of(rows, 2, 2, m), batch_of(rows, 2, 2, n)
    turns = [[str(number) for number in turn] for turn in order]
    graph = graph_of(definition(weights, inputs=inputs, targets=targets, order=turns))
    made = tensors(torch, weights)
    goal = tensors(torch, {"t": targets})["t"]
    for turn in order:
        chosen = [number - 1 for number in turn]
        x = tensors(torch, {"x": [inputs[place] for place in chosen]})["x"].transpose(0, 1)
        out = module_of(torch, "elman", m, n, {"l0": ""}, made)(x)[0].transpose(0, 1)
        steps = torch.autograd.grad(0.5 * ((out - goal[chosen]) ** 2).sum(), list(made.values()))
        made = {
            name: (tensor - 0.5 * step).detach().requires_grad_()
            for (name, tensor), step in zip(made.items(), steps, strict=True)
        }
    values = solve(graph)
    for i in range(2):
        for j in range(2):
            name = updated_name(f"U_{i + 1}_{j + 1}", len(order))
            assert values[name][0] == pytest.approx(made["U"][i, j].item(), abs=1e-12)


# --- documents ---

SCALARS = """\
kind: recurrent
title: T
inputs: [[[1], [0]], [[0.5], [1]]]
targets: [{2: 0.5}, {1: 1, 2: 0}]
weights: {w: 1, u: 0.5, b: 0, v: 1}
batch: mean
activation: relu
learning_rate: {eta: 0.1}
"""
VECTORS = """\
kind: recurrent
title: T
cell: gru
inputs: [[[1, 0], [0, 1]], [[0, 1], [1, 1]]]
classes: [{2: 1}, {2: 2}]
weights:
  {W_r: [[1, 0], [0, 1]], U_r: [[0.5, 0], [0, 0.5]], W_z: [[1, -1], [0, 1]], U_z: [[0.5, 0], [1, 0.5]],
  W_n: [[1, 0.5], [0, 1]], U_n: [[0.5, 0], [0, 0.5]], V: [[1, -1], [0.5, 1]]}
output_activation: softmax
loss: cross_entropy
learning_rate: {eta: 0.5}
"""
DIRECTIONS = """\
kind: recurrent
title: T
direction: both
inputs: [[[1], [0.5], [0]], [[0], [1], [1]]]
targets: [[[1], [0], [1]], [[0], [0], [1]]]
weights: {w_fwd: 1, u_fwd: 0.5, w_bwd: 0.8, u_bwd: -0.5, V_fwd: 1, V_bwd: 0.5}
learning_rate: {eta: 0.5}
"""
TURNS = SCALARS.replace("batch: mean", "order: [[2, 1], [1]]\ntraining: {iterations: 3, show: [1, 3]}")


def made(folder: Path, text: str, notation: str | None = None) -> Worked:
    path = folder / "made.yml"
    path.write_text(text, encoding="utf-8")
    return load_worked(path, notation)


@pytest.mark.parametrize("notation", ["default", "matrix"])
@pytest.mark.parametrize("text", [SCALARS, VECTORS, DIRECTIONS, TURNS])
def test_every_line_of_a_document_is_true(tmp_path: Path, text: str, notation: str) -> None:
    found, checked = made(tmp_path, text, notation), 0
    truth = Truth.of(found.graph, found.writer, found.notation.rounding)
    for document, text_format, language in (
        ("solution", "web", "zh"),
        ("solution", "markdown", "en"),
        ("worksheet", "typst", "en"),
        ("key", "latex", "en"),
    ):
        report = verify(render(found, document, text_format, language), text_format, truth, found.history)
        assert not report.untrue
        checked += report.checked
    assert checked > 200


def test_the_page_says_what_the_numbers_above_a_symbol_are(tmp_path: Path) -> None:
    found = made(tmp_path, SCALARS)
    text = render(found, "solution", "terminal")
    assert "Each sequence is an observation. Of two raised numbers in brackets" in text
    assert "The error is the mean over all 2 observations." in text
    assert "h^((1,1)) = ReLU(a^((1,1)))" in text
    assert "Observation 2\n    a^((2,1)) = 0.5\n    h^((2,1)) = 0.5\n" in text
    assert [q.name for q in found.graph.of_role(Role.GIVEN)][:4] == ["x_t1_1", "x_t2_1", "x_t1_2", "x_t2_2"]


def test_in_matrices_gradients_are_sums_over_sequences_and_steps(tmp_path: Path) -> None:
    text = render(made(tmp_path, VECTORS, "matrix"), "solution", "terminal")
    assert "∂E/∂V = ∂E/∂s^((1,2)) · h^((1,2)⊤) + ∂E/∂s^((2,2)) · h^((2,2)⊤)" in text


def test_a_list_of_one_sequence_is_one_sequence(tmp_path: Path) -> None:
    one = SCALARS.replace("[[[1], [0]], [[0.5], [1]]]", "[[[1], [0]]]").replace("[{2: 0.5}, {1: 1, 2: 0}]", "{2: 0.5}")
    plain = one.replace("[[[1], [0]]]", "[1, 0]")
    assert render(made(tmp_path, one), "solution", "markdown") == render(made(tmp_path, plain), "solution", "markdown")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[{2: 0.5}, {1: 1, 2: 0}]", "{2: 1}", "`targets`: found a mapping; expected a list of 2, with one for each"),
        ("[{2: 0.5}, {1: 1, 2: 0}]", "[{2: 1}, {2: a}]", "`targets.1.2.0`: found `a`; expected a number"),
        ("[{2: 0.5}, {1: 1, 2: 0}]", "[{2: 1}, {3: 1}]", "`targets.1`: found a target at time step 3; expected time"),
        ("[{2: 0.5}, {1: 1, 2: 0}]", "[{2: 1}, {}]", "`targets.1`: found no target; expected a target at one time"),
        ("[{2: 0.5}, {1: 1, 2: 0}]", "[{2: 1}, {2: [1, 2]}]", "`targets.1`: found 1 row of 2 numbers at time step 2"),
        ("[[0.5], [1]]", "[[0.5]]", "`inputs`: found a list; expected sequences of the same length"),
        ("batch: mean", "order: [3]", "`order.0`: found 3; expected the number of an observation, 1 to 2"),
        ("batch: mean", "order: online\nwanted: [x]", "`wanted`: found inputs of observations that have turns"),
        ("batch: mean", "batch: all", "`batch`: found `all`; expected 'sum' or 'mean'"),
        ("batch: mean", "bach: mean", "`bach`: found an unknown key; expected `batch`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SCALARS
    with pytest.raises(DefinitionError) as caught:
        made(tmp_path, SCALARS.replace(old, new, 1))
    assert said in str(caught.value)
    assert "made.yml:" in str(caught.value)
