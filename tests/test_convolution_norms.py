"""Normalizations in pipelines: against PyTorch's layers, in training and after it; every line is true."""

from __future__ import annotations

import contextlib
import importlib
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_convolution import Data, as_floats, entries, numbers, worked
from tools import needs_torch

from generator.errors import DefinitionError
from generator.graph.quantities import derivative_name
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.render.program import FLAVOURS, program
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth


@st.composite
def normed(draw: st.DrawFn) -> Data:
    """A batch of images or signals, a convolution, a normalization, and targets for every entry of it."""
    dimensions, filters, count = (draw(st.integers(low, high)) for low, high in ((1, 2), (1, 2), (2, 3)))
    sides = [draw(st.integers(2, 3)) for _ in range(dimensions)]
    size = [draw(st.integers(1, side)) for side in sides]
    left = [side - own + 1 for side, own in zip(sides, size, strict=True)]
    over = draw(st.sampled_from(["batch", "layer", "running", "instance", "group"]))
    shape = [*([filters] if filters > 1 else []), *left]
    outputs = filters
    for side in left:
        outputs *= side
    if (over == "layer" and outputs == 1) or (over in ("instance", "group") and outputs == filters):
        over = "batch"
    each = shape if over == "layer" else [filters]
    norm: Data = {"name": "n", "over": over.replace("running", "batch"), "epsilon": "0.5"}
    norm |= {"gamma": numbers(draw, *each), "beta": numbers(draw, *each)}
    if over == "group":
        norm["groups"] = f"{draw(st.integers(1, filters))}"
    if over == "running":
        variances = [str(abs(Fraction(number)) + 1) for number in numbers(draw, filters)]
        norm["running"] = {"mean": numbers(draw, filters), "variance": variances}
    kernel = numbers(draw, *([filters] if filters > 1 else []), *size)
    return {
        "kind": "convolution",
        "title": "Made",
        "dimensions": str(dimensions),
        "inputs": {"x": numbers(draw, count, *sides)},
        "layers": [{"convolution": {"name": "z", "filters": {"k": kernel}}}, {"normalization": norm}],
        "targets": {"t": numbers(draw, count, outputs)},
        "batch": draw(st.sampled_from(["sum", "mean"])),
        "differentiate": ["inputs", "filters", "biases"],
    }


@needs_torch
@given(normed())
@settings(max_examples=40)
def test_values_and_gradients_are_those_of_torch(data: Data) -> None:
    torch: Any = importlib.import_module("torch")
    made = worked(data)
    ((_, norm),) = data["layers"][1].items()
    (k,) = data["layers"][0]["convolution"]["filters"].values()
    t = {
        name: torch.tensor(as_floats(value), dtype=torch.float64, requires_grad=True)
        for name, value in (("x", data["inputs"]["x"]), ("k", k), ("gamma_n", norm["gamma"]), ("beta_n", norm["beta"]))
    }
    dimensions, functional = int(data["dimensions"]), torch.nn.functional
    convolve = functional.conv1d if dimensions == 1 else functional.conv2d
    z = convolve(t["x"][:, None], t["k"].reshape(-1, 1, *t["k"].shape[-dimensions:]))
    if norm["over"] == "layer":
        shape = z.shape[1:]
        out = functional.layer_norm(z, shape, t["gamma_n"].reshape(shape), t["beta_n"].reshape(shape), eps=0.5)
    elif norm["over"] == "instance":
        out = functional.instance_norm(z, weight=t["gamma_n"], bias=t["beta_n"], eps=0.5)
    elif norm["over"] == "group":
        out = functional.group_norm(z, int(norm["groups"]), t["gamma_n"], t["beta_n"], eps=0.5)
    else:
        running = norm.get("running", {})
        mean, variance = (
            torch.tensor(as_floats(running[key]), dtype=torch.float64) if running else None
            for key in ("mean", "variance")
        )
        out = functional.batch_norm(z, mean, variance, t["gamma_n"], t["beta_n"], training=not running, eps=0.5)
    targets = torch.tensor(as_floats(data["targets"]["t"]), dtype=torch.float64)
    loss = ((targets - out.flatten(1)) ** 2).sum() / 2 / (len(targets) if data["batch"] == "mean" else 1)
    loss.backward()
    values = solve(made.graph)
    assert float(values["E_total"][0]) == pytest.approx(loss.item(), rel=1e-10, abs=1e-12)
    for family, tensor in t.items():
        found = [float(values[derivative_name("E_total", name)][0]) for name in entries(made, family)]
        assert found == pytest.approx(tensor.grad.flatten().tolist(), rel=1e-9, abs=1e-10), family


NETWORK = """\
kind: convolution
title: T
inputs: {x: [[[0, 1, 0], [0, 1, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 1], [0, 0, 2]]]}
layers:
- convolution: {name: z, filters: {k: [[[1, -1], [1, 1]], [[-1, -1], [1, 1]]]}}
- normalization: {name: n, over: batch, epsilon: 0}
- activation: {name: h, function: relu}
- average_pooling: {name: p, size: all}
- flatten: {}
- dense: {name: y, weights: {W: [[1, 2]]}, biases: {c: 0}}
targets: {t: [1, 0]}
batch: mean
differentiate: [filters, biases, weights]
learning_rate: {eta: 0.1}
update: [filters, biases, weights]
"""
NORM = "{name: n, over: batch, epsilon: 0}"
FORMS = {
    "channels": NORM,
    "remembered": "{name: n, over: batch, running: {mean: [1, 0], variance: [4, 1]}, gamma: [1, 2], beta: 1}",
    "entries": "{name: n, over: layer, variance: sample}",
}


def made(folder: Path, text: str, notation: str | None = None) -> Worked:
    path = folder / "made.yml"
    path.write_text(text, encoding="utf-8")
    return load_worked(path, notation)


@pytest.mark.parametrize("notation", ["default", "matrix"])
@pytest.mark.parametrize("form", FORMS)
def test_every_line_is_true(tmp_path: Path, form: str, notation: str) -> None:
    found = made(tmp_path, NETWORK.replace(NORM, FORMS[form]), notation)
    truth = Truth.of(found.graph, found.writer, found.notation.rounding)
    for document, format_name, language in (
        ("solution", "web", "zh"),
        ("worksheet", "typst", "en"),
        ("key", "latex", "en"),
    ):
        report = verify(render(found, document, format_name, language), format_name, truth, found.history)
        assert not report.untrue
        assert report.checked > 100


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_programs_compute_the_same_numbers(tmp_path: Path, flavour: str) -> None:
    found = made(tmp_path, NETWORK)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program(found, flavour), "made", "exec"), {})  # the program that is shipped to readers
    assert "E_total" in printed.getvalue()
    lines = dict(line.split("=", 1) for line in printed.getvalue().splitlines() if "=" in line)
    shown = {name.strip(): value for name, value in lines.items()}
    assert float(shown["E_total"]) == pytest.approx(float(found.trace.full("E_total")), rel=1e-12)


def test_what_is_normalized_together_is_said(tmp_path: Path) -> None:
    said = {
        "channels": "mean and variance of each channel are those of all its entries, in all observations of the batch",
        "remembered": "as it is used after training: mean and variance are those remembered",
        "entries": "layer normalization: mean and variance of each observation are those of all its entries",
    }
    for form, sentence in said.items():
        text = render(made(tmp_path, NETWORK.replace(NORM, FORMS[form])), "solution", "terminal")
        assert sentence in text


def test_behind_flatten_each_entry_is_normalized_over_the_batch(tmp_path: Path) -> None:
    text = (
        "kind: convolution\ntitle: T\ninputs: {x: [[1, 2], [3, 6]]}\n"
        "layers: [{flatten: {}}, {normalization: {name: n, over: batch, epsilon: 0}}]\n"
    )
    found = made(tmp_path, text)
    assert [found.trace.values[f"n_{place}_{case}"] for case in (1, 2) for place in (1, 2)] == [-1, -1, 1, 1]
    assert "mean and variance of each entry are those of all observations" in render(found, "solution", "terminal")


@pytest.mark.parametrize(
    ("norm", "said"),
    [
        ("{name: n, over: batch, gamma: [1, 2, 3]}", "normalization.gamma`: found numbers of shape (3,); expected one "
         "number, or one for each channel: 2"),
        ("{name: n, over: layer, beta: [1, 2]}", "one number, or one for each entry: 8"),
        ("{name: n, over: layer, running: {mean: 0, variance: 1}}", "`layers.1.normalization.running`: found running"),
        ("{name: n, over: batch, running: {mean: 0, variance: -1}}", "running.variance`: found a variance below zero"),
        ("{name: n, over: channel}", "`layers.1.normalization.over`: found `channel`; expected 'batch', 'layer', 'ins"),
        ("{name: z, over: batch}", "`z_1_1_1_1`, which is taken"),
        ("{name: n, over: batch, gama: 1}", "an unknown key; expected `gamma`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, norm: str, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        made(tmp_path, NETWORK.replace(NORM, norm))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NETWORK.replace("batch: mean", "order: online"), "observations that have turns; expected `order: batch`"),
        ("kind: convolution\ntitle: T\ninput: {x: [1, 2]}\nlayers: [{flatten: {}}, {normalization: "
         "{name: n, over: batch}}]\n", "one number by itself; expected several observations at once, or `running`"),
        ("kind: convolution\ntitle: T\ninput: {x: [1]}\nlayers: [{normalization: {name: n, over: layer}}]\n",
         "one number by itself; expected several entries"),
    ],
)  # fmt: skip
def test_what_cannot_be_normalized_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        made(tmp_path, text)
    assert said in str(caught.value)


GROUPED = """\
kind: convolution
title: t
input: [[[1, 2], [0, 1]], [[3, 1], [1, 0]], [[0, 2], [1, 1]], [[2, 2], [1, 0]]]
layers:
  - NORM
  - flatten
  - dense: {weights: [1, 2, 0, 1, 1, 0, 2, 1, 1, 0, 1, 1, 0, 1, 2, 1]}
targets: 1
learning_rate: 0.1
"""


@pytest.mark.parametrize(
    ("norm", "said", "count"),
    [
        ("GroupNorm: {groups: 2}", "the channels of an observation are in $2$ groups", 2),
        ("InstanceNorm2d", "instance normalization: mean and variance of each channel", 4),
        ("normalization: {over: group}", "the channels of an observation are in $1$ groups", 1),
    ],
)
def test_groups_of_channels_are_stated_and_true(tmp_path: Path, norm: str, said: str, count: int) -> None:
    path = tmp_path / "made.yml"
    path.write_text(GROUPED.replace("NORM", norm), encoding="utf-8")
    made = load_worked(path)
    page = render(made, "solution", "markdown")
    assert said in page
    assert sum(q.label.of == "var_n" for q in made.graph.quantities if not q.round) == count
    assert not verify(page, "markdown", Truth.of(made.graph, made.writer, made.notation.rounding)).untrue


@pytest.mark.parametrize(
    ("old", "new", "found", "expected"),
    [
        ("NORM", "GroupNorm: {groups: 3}", "3 groups of 4 channels", "divides the channels"),
        ("NORM", "BatchNorm: {groups: 2}", "groups over `batch`", "`over: group`"),
        ("NORM\n  - flatten", "flatten\n  - InstanceNorm", "`instance` after `flatten`", "`layer` or `batch`"),
    ],
)
def test_groups_that_do_not_fit(tmp_path: Path, old: str, new: str, found: str, expected: str) -> None:
    path = tmp_path / "made.yml"
    path.write_text(GROUPED.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError) as raised:
        load_worked(path)
    assert found in raised.value.found
    assert expected in raised.value.expected
