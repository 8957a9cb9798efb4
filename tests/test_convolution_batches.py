"""Pipelines over several observations: against PyTorch, and against each observation by itself; every line is true."""

from __future__ import annotations

import importlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_convolution import (
    Data,
    as_floats,
    entries,
    given_families,
    holds,
    numbers,
    pipelines,
    plainly_max,
    torch_loss,
    worked,
)
from test_convolution import loss as loss_of_one
from tools import needs_torch

from generator.errors import DefinitionError
from generator.graph.quantities import Role, derivative_name, updated_name
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.render.language import language_names
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth

# --- random batches --------------------------------------------------------------------------------------------------


def like(draw: st.DrawFn, value: Any) -> Any:
    """Other numbers in lists of the same shape."""
    return [like(draw, part) for part in value] if isinstance(value, list) else numbers(draw)


@st.composite
def batches(draw: st.DrawFn, small: bool = False) -> tuple[Data, list[Data]]:
    """A definition with two or three observations, and one for each of them by itself."""
    first = draw(pipelines(small=small))
    others = [
        {**first, "input": {"x": like(draw, first["input"]["x"])}, "targets": {"t": like(draw, first["targets"]["t"])}}
        for _ in range(draw(st.integers(1, 1 if small else 2)))
    ]
    single = [first, *others]
    whole = {key: value for key, value in first.items() if key != "input"}
    whole |= {
        "inputs": {"x": [data["input"]["x"] for data in single]},
        "targets": {"t": [data["targets"]["t"] for data in single]},
        "batch": draw(st.sampled_from(["sum", "mean"])),
    }
    return whole, single


def share(data: Data, single: list[Data]) -> Fraction:
    """What the error of one observation counts in the whole."""
    return Fraction(1, len(single)) if data["batch"] == "mean" else Fraction(1)


@given(batches())
@settings(max_examples=25)
def test_the_loss_is_the_sum_or_the_mean_of_those_of_the_observations(made: tuple[Data, list[Data]]) -> None:
    data, single = made
    values = worked(data).trace.values
    errors = []
    for number, alone in enumerate(single, 1):
        families = {name: exact(value) for name, value in given_families(alone).items()}
        errors.append(Fraction(loss_of_one(alone, families, plainly_max)))
        assert values[f"E_total_{number}"] == errors[-1]
    assert values["E_total"] == sum(errors) * share(data, single)


def exact(value: Any) -> Any:
    return [exact(part) for part in value] if isinstance(value, list) else Fraction(value)


@needs_torch
@given(batches())
@settings(max_examples=25)
def test_gradients_are_those_of_torch(made: tuple[Data, list[Data]]) -> None:
    torch: Any = importlib.import_module("torch")
    data, single = made
    found = worked(data)
    tensors = {
        name: torch.tensor(as_floats(value), dtype=torch.float64, requires_grad=True)
        for name, value in given_families(single[0]).items()
    }
    tensors["x"] = torch.tensor(as_floats(data["inputs"]["x"]), dtype=torch.float64, requires_grad=True)
    alone = [torch_loss(torch, one, {**tensors, "x": tensors["x"][place]}) for place, one in enumerate(single)]
    (sum(alone) * float(share(data, single))).backward()
    values = solve(found.graph)
    for family, tensor in tensors.items():
        gradients = [float(values[derivative_name("E_total", name)][0]) for name in entries(found, family)]
        wanted = tensor.grad.flatten().tolist() if tensor.grad is not None else [0.0] * len(gradients)
        assert gradients == pytest.approx(wanted, rel=1e-12, abs=1e-12), family


@given(batches(small=True), st.sampled_from(notation_names()), st.sampled_from(language_names()))
@settings(max_examples=6)
def test_every_line_of_every_document_is_true(made: tuple[Data, list[Data]], notation: str, language: str) -> None:
    holds(worked(made[0], notation), language)


# --- a small classifier ----------------------------------------------------------------------------------------------

CLASSIFIER = """\
kind: convolution
title: T
inputs:
  x: [[[1, 0, 2, 0], [0, 1, 0, 1], [2, 0, 1, 0], [0, 2, 0, 1]],
      [[0, 1, 1, 0], [3, 0, 0, 1], [1, 1, 0, 2], [0, 0, 1, 0]]]
layers:
- convolution: {name: z, filters: {k: [[[1, 0.25], [0, -1]], [[0.5, 1], [-1, 0]]]}, biases: {b: [0.1, -0.2]}}
- activation: {name: h, function: {leaky_relu: {slope: 0.1}}}
- max_pooling: {name: p, size: 3}
- flatten: {}
- dense: {name: s, weights: {W: [[0.1, 0.2], [-0.1, 0.2], [0.1, 0.4]]}, biases: {c: [0, 0.1, 0]}}
- activation: {name: y, function: softmax}
classes: [3, 1]
loss: cross_entropy
batch: mean
differentiate: [filters, biases, weights, inputs]
learning_rate: 0.5
update: [filters, biases, weights]
"""


def made(folder: Path, text: str, notation: str | None = None) -> Worked:
    path = folder / "made.yml"
    path.write_text(text, encoding="utf-8")
    return load_worked(path, notation)


def definition_tensors(torch: Any) -> dict[str, Any]:
    """The parameters of the classifier as PyTorch has them, and its images in one tensor."""
    given: dict[str, Any] = {
        "x": [[[[1, 0, 2, 0], [0, 1, 0, 1], [2, 0, 1, 0], [0, 2, 0, 1]]], [[[0, 1, 1, 0], [3, 0, 0, 1], [1, 1, 0, 2],
               [0, 0, 1, 0]]]],
        "k": [[[[1, 0.25], [0, -1]]], [[[0.5, 1], [-1, 0]]]],
        "b": [0.1, -0.2],
        "W": [[0.1, 0.2], [-0.1, 0.2], [0.1, 0.4]],
        "c": [0, 0.1, 0],
    }  # fmt: skip
    return {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in given.items()}


def logits(torch: Any, t: dict[str, Any]) -> Any:
    functional = torch.nn.functional
    h = functional.leaky_relu(functional.conv2d(t["x"], t["k"], t["b"]), 0.1)
    return functional.linear(functional.max_pool2d(h, 3).flatten(1), t["W"], t["c"])


@pytest.mark.parametrize("batch", ["sum", "mean"])
def test_a_classifier_of_a_batch_is_that_of_torch(tmp_path: Path, torch: Any, batch: str) -> None:
    found = made(tmp_path, CLASSIFIER.replace("batch: mean", f"batch: {batch}"))
    t = definition_tensors(torch)
    loss = torch.nn.functional.cross_entropy(logits(torch, t), torch.tensor([2, 0]), reduction=batch)
    loss.backward()
    assert float(found.trace.full("E_total")) == pytest.approx(loss.item(), rel=1e-12)
    for family, tensor in t.items():
        gradients = [float(found.trace.full(derivative_name("E_total", name))) for name in entries(found, family)]
        assert gradients == pytest.approx(tensor.grad.flatten().tolist(), rel=1e-10, abs=1e-12), family


@pytest.mark.parametrize("order", [[[1], [2]], [[2], [1]], [[2, 1], [1]]])
def test_observations_have_their_turns(tmp_path: Path, torch: Any, order: list[list[int]]) -> None:
    text = CLASSIFIER.replace(", inputs]", "]").replace("batch: mean", f"batch: mean\norder: {order}")
    found = made(tmp_path, text)
    t = definition_tensors(torch)
    own = {name: tensor for name, tensor in t.items() if name != "x"}
    for turn in order:
        chosen = [number - 1 for number in turn]
        out = logits(torch, {**t, "x": t["x"][chosen]})
        loss = torch.nn.functional.cross_entropy(out, torch.tensor([[2, 0][place] for place in chosen]))
        steps = torch.autograd.grad(loss, list(own.values()))
        with torch.no_grad():
            for tensor, step in zip(own.values(), steps, strict=True):
                tensor.sub_(0.5 * step)
    for family, tensor in own.items():
        names = [updated_name(name, len(order)) for name in entries(found, family)]
        assert [float(found.trace.full(name)) for name in names] == pytest.approx(tensor.flatten().tolist(), rel=1e-10)


@pytest.mark.parametrize(
    ("notation", "order"), [("default", [[2, 1], [1]]), ("matrix", "online"), ("matrix", "batch"), ("z_h", "batch")]
)
def test_every_line_is_true_in_every_order(tmp_path: Path, notation: str, order: Any) -> None:
    text = CLASSIFIER.replace(", inputs]", "]") + f"order: {order}\ntraining: {{iterations: 3, show: [1, 3]}}\n"
    found = made(tmp_path, text, notation)
    truth = Truth.of(found.graph, found.writer, found.notation.rounding)
    checked = 0
    for document, format_name, language in (
        ("solution", "markdown", "en"), ("solution", "web", "zh"), ("worksheet", "typst", "en"), ("key", "latex", "en")
    ):  # fmt: skip
        report = verify(render(found, document, format_name, language), format_name, truth, found.history)
        assert not report.untrue
        checked += report.checked
    assert checked > 100


def test_the_first_observation_is_worked_and_the_others_are_tables(tmp_path: Path) -> None:
    text = render(made(tmp_path, CLASSIFIER), "solution", "terminal")
    assert "The error is the mean over all 2 observations." in text
    assert "The numbers in parentheses above the entry of a map are those of the observation and of the channel" in text
    assert "z_(1,1)^((1,1)) = k_(1,1)⁽¹⁾ · x_(1,1)⁽¹⁾ + " in text
    assert "    z^((2,2))   " in text  # a grid of its values
    assert "Observation 2\n    s₁⁽²⁾ " in text
    assert "Observation 2\n    ∂E_mean/∂k" not in text  # the second filter is none


def test_in_matrices_the_gradient_of_a_filter_is_a_sum_over_observations(tmp_path: Path) -> None:
    text = render(made(tmp_path, CLASSIFIER, "matrix"), "solution", "terminal")
    assert "∂E_mean/∂k⁽¹⁾ = x⁽¹⁾ ⋆ ∂E_mean/∂z^((1,1)) + x⁽²⁾ ⋆ ∂E_mean/∂z^((2,1))" in text


def test_a_pipeline_of_one_layer_has_tables_of_several_observations(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        "kind: convolution\ntitle: T\ninputs: {x: [[1, 2], [0, 1]]}\n"
        "layers: [{convolution: {name: z, filters: {k: [1, -1]}}}]\ntargets: {t: [0, 0]}\ndifferentiate: [filters]\n",
    )
    assert "Observation 2\n    z₁⁽²⁾ = −1" in render(found, "solution", "terminal")


def test_one_class_is_a_target_of_one(tmp_path: Path) -> None:
    image = "input: {x: [[1, 0, 2, 0], [0, 1, 0, 1], [2, 0, 1, 0], [0, 2, 0, 1]]}"
    one = f"kind: convolution\ntitle: T\n{image}\n{CLASSIFIER[CLASSIFIER.index('layers') :]}".replace(
        "batch: mean\n", ""
    )
    classes = made(tmp_path, one.replace("[3, 1]", "3"))
    targets = made(tmp_path, one.replace("classes: [3, 1]", "targets: {t: [0, 0, 1]}"))
    assert render(classes, "solution", "markdown") == render(targets, "solution", "markdown")
    with pytest.raises(
        DefinitionError, match="`classes`: found 2 classes; expected one, or several observations under"
    ):
        made(tmp_path, one)


def test_given_gradients_are_those_of_each_observation(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        "kind: convolution\ntitle: T\ninputs: {x: [[1, 2, 3], [0, 1, 0]]}\n"
        "layers: [{convolution: {name: z, filters: {k: [1, -1]}}}]\n"
        "upstream: {g: [[1, 0], [2, -1]]}\ndifferentiate: [filters]\n",
    )
    # the first filter entry: 1·1 + 0·2 of the first signal, 2·0 − 1·1 of the second
    assert [found.trace.values[derivative_name("E_total", f"k_{place}")] for place in (1, 2)] == [0, 2 + 2]
    assert len([q for q in found.graph.of_role(Role.GIVEN) if q.label.kind == "upstream"]) == 4


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("classes: [3, 1]", "classes: 3", "`classes`: found a single number; expected 2 observations, as for `x`"),
        ("classes: [3, 1]", "classes: [3, 1, 2]", "`classes`: found 3 observations; expected 2 observations"),
        ("classes: [3, 1]", "classes: [3, 4]", "`classes`: found the class 4; expected a number from 1 to 3"),
        ("classes: [3, 1]", "targets: {t: [[1, 0, 0]]}", "`targets.t`: found 1 observations; expected 2 observations"),
        ("classes: [3, 1]", "targets: {t: [[1, 0], [0, 1]]}", "`targets.t`: found 2 targets; expected one for each"),
        ("classes", "targets: {t: [[1, 0, 0], [0, 0, 1]]}\nclasses", "`classes`: found `classes` beside `targets`"),
        ("classes", "input: {u: [1, 2]}\nclasses", "`inputs`: found `inputs` beside `input`; expected one of them"),
        ("batch: mean", "order: [3]", "`order.0`: found 3; expected the number of an observation, 1 to 2"),
        ("batch: mean", "order: online", "`differentiate`: found inputs of observations that have turns"),
        ("batch: mean", "batch: all", "`batch`: found `all`; expected 'sum' or 'mean'"),
        ("[2, 0, 1, 0], [0, 2, 0, 1]]", "[2, 0, 1, 0]]", "`inputs.x`: found a list; expected a list of numbers, or of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CLASSIFIER
    text = CLASSIFIER.replace(old, new, 1)
    with pytest.raises(DefinitionError) as caught:
        made(tmp_path, text)
    assert said in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_without_an_input_there_is_nothing(tmp_path: Path) -> None:
    text = "kind: convolution\ntitle: T\nlayers: [{convolution: {name: z, filters: {k: [1, -1]}}}]\n"
    with pytest.raises(
        DefinitionError, match=r"`input`: found nothing; expected `input`, or `inputs` with one for each"
    ):
        made(tmp_path, text)


def test_a_given_gradient_has_no_batch(tmp_path: Path) -> None:
    text = (
        "kind: convolution\ntitle: T\ninputs: {x: [[1, 2, 3], [0, 1, 0]]}\nbatch: mean\n"
        "layers: [{convolution: {name: z, filters: {k: [1, -1]}}}]\nupstream: {g: [[1, 0], [2, -1]]}\n"
    )
    with pytest.raises(DefinitionError, match="`batch` beside `upstream`"):
        made(tmp_path, text)


def test_a_name_for_every_observation(tmp_path: Path) -> None:
    found = made(tmp_path, CLASSIFIER)
    assert {"x_1_2_1", "x_4_4_2", "z_2_3_3_1", "y_3_2", "t_1_1", "E_1_2", "E_total_2", "E_total"} <= {
        q.name for q in found.graph
    }
