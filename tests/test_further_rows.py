"""Further activations, losses and optimizers in whole problems: every line is true, conventions are stated."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tools import needs_torch

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.truth import Truth

TEXT = """\
kind: network
title: t
inputs: [[0.5, -1], [3, 2]]
layers:
  - {name: hidden, weights: [[1, -2], [2, 1]], activation: FIRST}
  - {name: out, weights: [[0.3, 0.4], [0.1, -0.2]], activation: LAST}
loss: LOSS
targets: HELD
learning_rate: 0.1
optimizer: RULE
steps: 2
"""
USUAL = {"FIRST": "tanh", "LAST": "identity", "LOSS": "squared_error", "HELD": "[[1, -1], [-1, 1]]", "RULE": "sgd"}


def worked(folder: Path, notation: str = "default", **more: str) -> Worked:
    text = TEXT
    for key, own in {**USUAL, **more}.items():
        text = text.replace(key, own)
    path = folder / "made.yml"
    path.write_text(text, encoding="utf-8")
    return load_worked(path, notation)


CASES = {
    **{name: {"FIRST": name} for name in ("selu", "softsign", "mish", "relu6", "hard_swish")},
    **{name: {"RULE": name} for name in ("nadam", "amsgrad", "adamax", "adadelta", "lion")},
    "squared_hinge": {"LOSS": "squared_hinge"},
    "log_cosh": {"LOSS": "logcosh"},
    "kl_divergence": {"LOSS": "kl", "LAST": "softmax", "HELD": "[[0.5, 0.5], [1, 0]]"},
    "poisson": {"LOSS": "poisson", "LAST": "softplus", "HELD": "[[2, 0], [1, 3]]"},
    "focal": {"LOSS": "{focal: {gamma: 1.5}}", "LAST": "softmax", "HELD": "[[0, 1], [1, 0]]"},
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("notation", "form"), [("default", "markdown"), ("matrix", "latex"), ("z_h", "web")])
def test_every_line_of_a_problem_with_a_further_row_is_true(
    tmp_path: Path, name: str, notation: str, form: str
) -> None:
    made = worked(tmp_path, notation, **CASES[name])
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for document, language in (("solution", "en"), ("key", "zh")):
        report = verify(render(made, document, form, language), form, truth, made.history)
        assert not report.untrue
    assert report.checked > 20


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hard_swish", ("At $-3$, a kink of the hard swish function, its", "is taken to be $1$")),
        ("relu6", ("At the kinks of the rectifier that ends at 6, its derivative is taken to be $0$.",)),
        ("selu", ("At the kink of the scaled exponential linear unit, its derivative is taken to be $1.758094282$.",)),
        ("lion", ("Optimizer: Lion.",)),
        ("kl_divergence", ("Kullback–Leibler divergence", "zero times")),
    ],
)
def test_a_further_row_states_its_conventions(tmp_path: Path, name: str, said: tuple[str, ...]) -> None:
    page = render(worked(tmp_path, **CASES[name]), "solution", "markdown").replace("Zero times", "zero times")
    assert all(text in page for text in said)


@needs_torch
def test_the_divergence_of_a_distribution_is_pytorchs(tmp_path: Path) -> None:
    import torch

    made = worked(tmp_path, **CASES["kl_divergence"])
    outputs = [[float(made.trace.full(f"out_o{unit}_{case}")) for unit in (1, 2)] for case in (1, 2)]
    held = torch.tensor([[0.5, 0.5], [1, 0]], dtype=torch.float64)
    logs = torch.tensor(outputs, dtype=torch.float64).log()
    whole = torch.nn.functional.kl_div(logs, held, reduction="sum").item()
    assert float(made.trace.full("E_total")) == pytest.approx(whole, rel=1e-12)
    assert not math.isclose(whole, 0)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"LOSS": "squared_hinge", "HELD": "[[1, 0], [1, 1]]"}, "the target 0 of `squared_hinge`; expected -1 or 1"),
        ({"LOSS": "poisson", "LAST": "softplus"}, "the target -1 of `poisson`; expected a number that is not below 0"),
        ({**CASES["focal"], "HELD": "[[0.5, 1], [1, 0]]"}, "targets of `focal` that add up to 1.5"),
        ({**CASES["kl_divergence"], "HELD": "[[2, -1], [1, 0]]"}, "the target 2 of `kl_divergence`"),
    ],
)
def test_targets_of_further_losses(tmp_path: Path, more: dict[str, str], message: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        worked(tmp_path, **more)
    assert message in str(raised.value)


def test_a_loss_of_shares_wants_outputs_that_are_shares(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(
        "kind: recurrent\ntitle: t\ninputs: [1]\nweights: {w: 1, u: 1, V: [[1], [2]]}\nloss: focal\nclasses: {1: 2}\n",
        encoding="utf-8",
    )
    with pytest.raises(DefinitionError, match="`output_activation: softmax or logistic`"):
        load(path)
