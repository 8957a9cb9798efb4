"""Networks with all that a definition can ask for, against plain loops, differences, PyTorch, and their documents."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import HUNDREDTHS, MPMATH, Data, Pick, Space, decimal, torch_space, value, yaml_text
from networks import chosen as parameters_of
from tools import needs_torch

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.formula.functions import ACTIVATIONS, LOSSES
from generator.graph.quantities import Role, derivative_name, updated_name
from generator.notation.writer import Chain
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render
from generator.render.program import FLAVOURS, program
from generator.solve.exact import bounds
from generator.typeset.text import text
from generator.verify.document import verify
from generator.verify.truth import Truth
from generator.views.audit import Verdict, audit

QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
PROBLEMS = Path(__file__).resolve().parents[1] / "problems"

BASE: Data = {
    "kind": "network",
    "title": "made",
    "inputs": {"x1": ["0", "1", "2"], "x2": ["1", "1/2", "-1"]},
    "targets": {"t1": ["1", "0", "1"]},
    "layers": [
        {
            "name": "hidden",
            "units": {"h1": {"x1": "w1", "x2": "w2"}, "h2": {"x1": "w3", "x2": "w4"}},
            "bias": "b1",
            "activation": "tanh",
        },
        {"name": "output", "units": {"o1": {"h1": "w5", "h2": "w6"}}, "bias": "b2", "activation": "identity"},
    ],
    "weights": {"w1": "0.1", "w2": "0.2", "w3": "-0.3", "w4": "0.4", "w5": "0.5", "w6": "-0.6"},
    "biases": {"b1": "0.1", "b2": "0.2"},
    "learning_rate": {"eta": "0.1"},
}
NORMALIZED = {"over": "batch", "variance": "population", "epsilon": "0.01", "gamma": "3/2", "beta": "0.1"}


def with_hidden(**keys: Any) -> Data:
    """The base with more keys in its hidden layer."""
    hidden, output = BASE["layers"]
    return {**BASE, "layers": [{**hidden, **keys}, output]}


def classes(**keys: Any) -> Data:
    """Three softmax outputs with cross-entropy, for two observations."""
    units = {f"o{n}": {"x1": f"w{2 * n - 1}", "x2": f"w{2 * n}"} for n in (1, 2, 3)}
    return {
        **BASE,
        "inputs": {"x1": ["1", "0"], "x2": ["1/2", "1"]},
        "targets": {"t1": ["1", "0"], "t2": ["0", "0"], "t3": ["0", "1"]},
        "layers": [{"name": "output", "units": units, "activation": "softmax"}],
        "biases": {},
        "loss": "cross_entropy",
        **keys,
    }


# What each definition shows off; every one is held against the witnesses, and its documents are read back.
VARIETY: dict[str, Data] = {
    "sum": BASE,
    "mean": {**BASE, "batch": "mean"},
    "threshold": {**BASE, "bias_as": "threshold", "batch": "mean"},
    "softmax": classes(),
    "softmax, mean": classes(batch="mean", regularization={"l2": "0.1"}),
    "mean of outputs": classes(loss="mean_squared_error"),
    "penalties": {
        **BASE, "regularization": {"l1": "0.01", "l2": "0.1", "half": "false"}, "loss": {"huber": {"delta": "1/2"}},
    },
    "skip and dropout": {
        **BASE, "skip": {"h1": "x1", "o1": ["x2", "h2"]},
        "dropout": {"keep": "1/2", "mask": {"h1": ["1", "0", "1"], "h2": "1"}},
    },
    "tied": {**BASE, "weights": {"w1": "0.1", "w2": "0.2", "w5": "-0.6"}, "layers": [
        {
            **BASE["layers"][0], "bias": {"h1": "b1"},
            "units": {"h1": {"x1": "w1", "x2": "w2"}, "h2": {"x1": "w1", "x2": "w2"}},
        },
        {**BASE["layers"][1], "units": {"o1": {"h1": "w5", "h2": "w5"}}},
    ]},
    "batch norm before": with_hidden(normalization=NORMALIZED, activation={"leaky_relu": {"slope": "0.1"}}),
    "batch norm after": with_hidden(normalization={**NORMALIZED, "place": "after", "variance": "sample"}),
    "layer norm": with_hidden(normalization={**NORMALIZED, "over": "layer", "gamma": {"h1": "2", "h2": "1"}}),
    "running": with_hidden(normalization={
        **NORMALIZED, "running": {"mean": {"h1": "0.1", "h2": "0"}, "variance": {"h1": "1", "h2": "2"}},
    }),
}  # fmt: skip
ALL = pytest.mark.parametrize("name", VARIETY)


def worked(data: Data, tmp_path: Path, notation: str | None = None) -> Worked:
    path = tmp_path / "made.yml"
    path.write_text(yaml_text(data), encoding="utf-8")
    return work(load(path), notation)


# --- a witness: the definition read as plain data, and worked as one would write it down -----------------------------


def parameters(data: Data) -> dict[str, str]:
    """Everything that can be trained."""
    found = {**data["weights"], **data["biases"]}
    for layer in data["layers"]:
        how = layer.get("normalization", {})
        for unit in layer["units"] if how else ():
            for key in ("gamma", "beta"):
                number = how.get(key, {"gamma": "1", "beta": "0"}[key])
                found[f"{key}_{unit}"] = number[unit] if isinstance(number, dict) else number
    return found


def loss(data: Data, numbers: Mapping[str, Any], space: Space, cases: list[int] | None = None) -> Any:
    """The whole loss with these parameters: of all observations, or of some of them by number."""
    count = len(next(iter(data["inputs"].values())))
    chosen = list(range(count)) if cases is None else [case - 1 for case in cases]
    now = [{name: space["number"](row[case]) for name, row in data["inputs"].items()} for case in chosen]
    for layer in data["layers"]:
        made = [{u: _sum(data, layer, u, values, numbers) for u in layer["units"]} for values in now]
        how = layer.get("normalization")
        if how and how.get("place", "before") == "before":
            made = _normalized(how, made, numbers, space)
        made = [_activated(layer, values, space) for values in made]
        if how and how.get("place") == "after":
            made = _normalized(how, made, numbers, space)
        for case, values, found in zip(chosen, now, made, strict=True):
            values.update({unit: _passed_on(data, unit, found[unit], values, case, space) for unit in found})
    errors = [_error(data, values, case, space) for case, values in zip(chosen, now, strict=True)]
    total = sum(errors[1:], errors[0])
    total = total / len(errors) if data.get("batch") == "mean" and cases is None else total
    for kind, rate in data.get("regularization", {}).items():
        weights = [numbers[name] for name in data["weights"]]
        if kind == "l1":
            total = total + space["number"](rate) * sum(abs(weight) for weight in weights)
        if kind == "l2":
            half = data["regularization"].get("half") != "false"
            total = total + space["number"](rate) / (2 if half else 1) * sum(weight**2 for weight in weights)
    return total


def _sum(data: Data, layer: Data, unit: str, values: Mapping[str, Any], numbers: Mapping[str, Any]) -> Any:
    total = sum(numbers[weight] * values[source] for source, weight in layer["units"][unit].items())
    bias = layer.get("bias")
    bias = bias.get(unit) if isinstance(bias, dict) else bias
    if not bias:
        return total
    return total - numbers[bias] if data.get("bias_as") == "threshold" else total + numbers[bias]


def _activated(layer: Data, values: dict[str, Any], space: Space) -> dict[str, Any]:
    chosen = layer.get("activation", "logistic")
    if chosen == "softmax":
        whole = sum(space["exp"](x) for x in values.values())
        return {unit: space["exp"](x) / whole for unit, x in values.items()}
    name, given = (chosen, {}) if isinstance(chosen, str) else next(iter(chosen.items()))
    row = ACTIVATIONS[name]
    return {unit: value(row.formula, space, x=x, **parameters_of(row, space, given)) for unit, x in values.items()}


def _normalized(
    how: Data, made: list[dict[str, Any]], numbers: Mapping[str, Any], space: Space
) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = [{} for _ in made]
    for unit in made[0]:
        for place, values in enumerate(made):
            together = [v[unit] for v in made] if how["over"] == "batch" else list(values.values())
            mean = sum(together) / len(together)
            spread = sum((x - mean) ** 2 for x in together) / (len(together) - (how.get("variance") == "sample"))
            if "running" in how:
                mean, spread = (space["number"](how["running"][key][unit]) for key in ("mean", "variance"))
            scaled = (values[unit] - mean) / space["sqrt"](spread + space["number"](how["epsilon"]))
            out[place][unit] = numbers[f"gamma_{unit}"] * scaled + numbers[f"beta_{unit}"]
    return out


def _passed_on(data: Data, unit: str, found: Any, values: Mapping[str, Any], case: int, space: Space) -> Any:
    dropout = data.get("dropout", {"mask": {}})
    if unit in dropout["mask"]:
        mask = dropout["mask"][unit]
        found = (
            found * space["number"](mask if isinstance(mask, str) else mask[case]) / space["number"](dropout["keep"])
        )
    past = data.get("skip", {}).get(unit, [])
    return found + sum(values[source] for source in ([past] if isinstance(past, str) else past))


def _error(data: Data, values: Mapping[str, Any], case: int, space: Space) -> Any:
    chosen = data.get("loss", "half_squared_error")
    name, given = (chosen, {}) if isinstance(chosen, str) else next(iter(chosen.items()))
    row = LOSSES["squared_error" if name == "mean_squared_error" else name]
    outputs = data["layers"][-1]["units"]
    extra = parameters_of(row, space, given)
    errors = [
        value(row.formula, space, t=space["number"](data["targets"][target][case]), y=values[unit], **extra)
        for target, unit in zip(data["targets"], outputs, strict=True)
    ]
    total = sum(errors[1:], errors[0])
    return total / len(errors) if name == "mean_squared_error" else total


def slope(data: Data, numbers: Mapping[str, Any], name: str, cases: list[int] | None = None) -> Any:
    """The derivative of the loss by central differences, to about 25 digits."""
    step = mpmath.mpf(10) ** -20
    up, down = (loss(data, {**numbers, name: numbers[name] + move}, MPMATH, cases) for move in (step, -step))
    return (up - down) / (2 * step)


def start(data: Data, space: Space) -> dict[str, Any]:
    return {name: space["number"](text) for name, text in parameters(data).items()}


def exactly(found: Any) -> Any:
    low, high = bounds(found)
    return mpmath.mpf((low + high).numerator) / (low + high).denominator / 2


def held_against_differences(data: Data, made: Worked) -> None:
    """The loss, each gradient, each update of plain gradient descent, and the loss after it."""
    values, graph = made.trace.values, made.graph
    with mpmath.workdps(60):
        numbers = start(data, MPMATH)
        slopes = {name: slope(data, numbers, name) for name in numbers}
        pairs = [(graph.loss, loss(data, numbers, MPMATH))]
        pairs += [(derivative_name(graph.loss, name), slopes[name]) for name in numbers]
        moved = {name: number - slopes[name] / 10 for name, number in numbers.items()}
        pairs += [(updated_name(name), number) for name, number in moved.items()]
        pairs += [(updated_name(graph.loss), loss(data, moved, MPMATH))]
        for name, expected in pairs:
            assert abs(exactly(values[name]) - expected) < 1e-15 * (1 + abs(expected)), name


@ALL
@pytest.mark.parametrize("notation", [None, "net_out", "sum_output"])
def test_gradients_and_updates_are_those_of_differences(name: str, notation: str | None, tmp_path: Path) -> None:
    held_against_differences(VARIETY[name], worked(VARIETY[name], tmp_path, notation))


@needs_torch
@ALL
def test_gradients_are_those_of_autograd(name: str, tmp_path: Path) -> None:
    made, space = worked(VARIETY[name], tmp_path), torch_space()
    numbers = {name: number.requires_grad_(True) for name, number in start(VARIETY[name], space).items()}
    loss(VARIETY[name], numbers, space).backward()
    for parameter, number in numbers.items():
        found = float(exactly(made.trace.values[derivative_name(made.graph.loss, parameter)]))
        assert math.isclose(found, float(number.grad), rel_tol=1e-10, abs_tol=1e-12), parameter


def rich(pick: Pick) -> Data:
    """A small network in which everything is left to chance."""
    count = pick([2, 3])
    hundredths = [decimal(number) for number in HUNDREDTHS]
    hidden, output = BASE["layers"]
    masks = {"h1": [pick(["0", "1"]) for _ in range(count)], "h2": "1"}
    how = {
        **NORMALIZED,
        "over": pick(["batch", "layer"]),
        "place": pick(["before", "after"]),
        "gamma": pick(hundredths),
    }
    data: Data = {
        **BASE,
        "inputs": {name: [pick(hundredths) for _ in range(count)] for name in ("x1", "x2")},
        "targets": {"t1": [pick(["0", "1", "1/4"]) for _ in range(count)]},
        "layers": [
            {
                **hidden,
                "activation": pick(["tanh", "logistic", "softplus", "silu"]),
                **pick([{}, {"normalization": how}]),
            },
            {**output, "activation": "logistic"},
        ],
        "weights": {name: pick(hundredths) for name in BASE["weights"]},
        "loss": pick(["half_squared_error", "squared_error", "binary_cross_entropy"]),
        "batch": pick(["sum", "mean"]),
        "bias_as": pick(["bias", "threshold"]),
    }
    optional = {"regularization": {"l2": "0.1"}, "dropout": {"keep": "1/2", "mask": masks}, "skip": {"h2": "x1"}}
    return {**data, **{key: extra for key, extra in optional.items() if pick([True, False])}}


@st.composite
def riches(draw: st.DrawFn) -> Data:
    return rich(lambda choices: draw(st.sampled_from(choices)))


@QUICK
@given(data=riches())
def test_random_networks_are_right_and_so_are_their_pages(data: Data, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = worked(data, tmp_path_factory.mktemp("rich"))
    held_against_differences(data, made)
    assert true_lines(made, "solution", "markdown") > 100


# --- pages -----------------------------------------------------------------------------------------------------------


def true_lines(made: Worked, document: str, fmt: str, language: str = "en", **options: str) -> int:
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    text = render(made, document, fmt, language, **options)
    report = verify(text, fmt, truth, made.history)
    assert not report.untrue, report.untrue[0]
    return report.checked


@ALL
def test_every_line_is_true(name: str, tmp_path: Path) -> None:
    made = worked(VARIETY[name], tmp_path)
    for fmt in ("markdown", "latex", "typst", "web"):
        assert true_lines(made, "solution", fmt) > 80
    for level in ("guided", "faded", "open"):
        assert true_lines(made, "worksheet", "latex", "zh", level=level) > 10
        assert true_lines(made, "key", "typst", level=level) > 10


def test_the_first_observation_is_worked_and_the_others_stand_in_tables(tmp_path: Path) -> None:
    made = worked(BASE, tmp_path)
    lines = render(made, "solution", "markdown", "en").splitlines()
    tables = [
        lines[place : place + 3] for place, line in enumerate(lines) if line == "| Observation 2 | Observation 3 |"
    ]
    assert len(tables) > 8
    assert tables[0][2].startswith("| $\\mathit{net}_{h1}^{(2)} = 0.3$ | $\\mathit{net}_{h1}^{(3)} = 0.1$")
    full = render(made, "solution", "markdown", "en", detail="all")
    assert "| Observation" not in full


def test_a_table_has_four_columns_at_most(tmp_path: Path) -> None:
    many = {"inputs": {"x1": list("0123456"), "x2": list("1234567")}, "targets": {"t1": list("0101010")}}
    made = worked({**BASE, **many}, tmp_path)
    text = render(made, "solution", "markdown", "en")
    assert "| Observation 2 | Observation 3 | Observation 4 | Observation 5 |" in text
    assert "\n| Observation 6 | Observation 7 |\n" in text


def test_the_box_states_what_was_chosen(tmp_path: Path) -> None:
    chosen = {
        **VARIETY["batch norm after"], "batch": "mean", "bias_as": "threshold", "optimizer": "momentum",
        "velocity": "rate_inside", "loss": "mean_squared_error", "regularization": {"l2": "0.1"},
        "dropout": {"keep": "1/2", "mask": {"h1": "1"}},
    }  # fmt: skip
    text = render(worked(chosen, tmp_path), "solution", "markdown", "en")
    for said in (
        "mean over all $3$ observations", "less its threshold", "with momentum", "has multiplied already",
        "of the outputs are averaged", "half the sum of the squared weights", "Inverted dropout",
        "after the activation", "one less than the number",
    ):  # fmt: skip
        assert said in text, said


# --- softmax with cross-entropy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("targets", [["1", "0", "0"], ["1/2", "1/4", "1/2"]])
@pytest.mark.parametrize("batch", ["sum", "mean"])
def test_the_short_way_through_softmax_and_cross_entropy(targets: list[str], batch: str, tmp_path: Path) -> None:
    """Also where targets do not add up to one, as no file has them: a graph can be solved with any numbers."""
    path = tmp_path / "made.yml"
    path.write_text(yaml_text(classes(batch=batch)), encoding="utf-8")
    definition, others = load(path), {f"t{n}": (Fraction(text),) * 2 for n, text in enumerate(targets, 1)}
    made = work(definition.model_copy(update={"problem": definition.problem.model_copy(update={"targets": others})}))
    text = render(made, "solution", "markdown", "en")
    assert text.count("The short way.") == 1
    assert ("the targets add up to one" in text) == (sum(map(Fraction, targets)) == 1)
    assert true_lines(made, "solution", "markdown") > 100
    for unit, target in zip(("o1", "o2", "o3"), targets, strict=True):
        p = exactly(made.trace.values[f"out_{unit}_1"])
        whole = float(sum(map(Fraction, targets)))
        found = exactly(made.trace.values[f"dE_total/dnet_{unit}_1"])
        assert math.isclose(found * (2 if batch == "mean" else 1), p * whole - float(Fraction(target)), abs_tol=1e-12)


@pytest.mark.parametrize("keys", [
    {"loss": "squared_error"}, {"loss": {"cross_entropy": {"base": "2"}}}, {"skip": {"o1": "x1"}},
])  # fmt: skip
def test_elsewhere_there_is_no_short_way(keys: Data, tmp_path: Path) -> None:
    made = worked(classes(**keys), tmp_path)
    assert "The short way." not in render(made, "solution", "markdown", "en")
    assert true_lines(made, "solution", "markdown") > 100


# --- updates ---------------------------------------------------------------------------------------------------------

TORCH: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}),
    "weight_decay": ("SGD", {"weight_decay": 0.01}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {"eps": 1e-8}),
    "rmsprop": ("RMSprop", {"alpha": 0.9, "eps": 1e-8}),
    "adam": ("Adam", {"eps": 1e-8}),
    "adamw": ("AdamW", {"eps": 1e-8, "weight_decay": 0.01}),
}


@needs_torch
@pytest.mark.parametrize("optimizer", TORCH)
@pytest.mark.parametrize("order", ["batch", "online"])
@pytest.mark.parametrize("penalty", [{}, {"regularization": {"l2": "0.1"}}], ids=["", "penalty"])
def test_three_steps_of_an_optimizer_are_those_of_torch(
    optimizer: str, order: str, penalty: dict[str, Any], tmp_path: Path
) -> None:
    import torch

    data = {**BASE, **penalty, "optimizer": optimizer, "order": order, "steps": "3"}
    made, space = worked(data, tmp_path), torch_space()
    numbers = {name: number.requires_grad_(True) for name, number in start(data, space).items()}
    name, options = TORCH[optimizer]
    theirs = getattr(torch.optim, name)(list(numbers.values()), lr=0.1, **options)
    for step in range(3):
        theirs.zero_grad()
        loss(data, numbers, space, None if order == "batch" else [step + 1]).backward()
        theirs.step()
    for parameter, number in numbers.items():
        found = float(exactly(made.trace.values[updated_name(parameter, 3)]))
        assert math.isclose(found, number.item(), rel_tol=1e-9), parameter


@pytest.mark.parametrize("optimizer", ["weight_decay", "adamw"])
def test_a_decay_beside_a_penalty_has_a_sign_of_its_own(optimizer: str, tmp_path: Path) -> None:
    for penalty, sign in (({}, "λ"), ({"regularization": {"l1": "0.1"}}, "λ_w")):
        made = worked({**BASE, **penalty, "optimizer": optimizer}, tmp_path)
        assert text(made.writer.box("decay")) == sign
        assert true_lines(made, "solution", "markdown") > 50


@pytest.mark.parametrize("optimizer", ["momentum", "nesterov"])
def test_the_velocity_with_the_rate_inside_takes_the_same_steps(optimizer: str, tmp_path: Path) -> None:
    """As long as the learning rate stays the same; only what is remembered differs."""
    plain = worked({**BASE, "optimizer": optimizer, "steps": "3"}, tmp_path).trace.values
    inside = worked({**BASE, "optimizer": optimizer, "steps": "3", "velocity": "rate_inside"}, tmp_path).trace.values
    assert math.isclose(exactly(plain["w1_new3"]), exactly(inside["w1_new3"]), rel_tol=1e-12)
    assert math.isclose(exactly(plain["v_w1_new3"]) / 10, exactly(inside["v_w1_new3"]), rel_tol=1e-12)


@pytest.mark.parametrize(("order", "turns"), [("online", [1, 2, 3]), (["3", "1", "3"], [3, 1, 3])])
def test_online_learning_is_a_loop_over_observations(order: Any, turns: list[int], tmp_path: Path) -> None:
    data = {**BASE, "order": order, "epochs": "2", "regularization": {"l2": "0.1"}}
    made = worked(data, tmp_path)
    assert len(made.graph.rounds) == 6
    with mpmath.workdps(60):
        numbers = start(data, MPMATH)
        for turn in turns * 2:
            slopes = {name: slope(data, numbers, name, [turn]) for name in numbers}
            numbers = {name: number - slopes[name] / 10 for name, number in numbers.items()}
        for name, expected in numbers.items():
            assert abs(exactly(made.trace.values[updated_name(name, 6)]) - expected) < 1e-15, name
    text = render(made, "solution", "markdown", "en")
    assert f"in the order {', '.join(f'${turn}$' for turn in turns)}." in text
    assert text.count("The error fell") + text.count("The error rose") == 1, "that of all observations"
    assert true_lines(made, "solution", "markdown") > 200


def test_every_observation_has_its_turn_as_often_as_asked(tmp_path: Path) -> None:
    assert worked({**BASE, "order": "online", "steps": "5"}, tmp_path).graph.rounds == (0, 1, 2, 0, 1)
    assert worked({**BASE, "order": "online"}, tmp_path).graph.rounds == (0, 1, 2)
    assert worked({**BASE, "epochs": "4"}, tmp_path).graph.rounds == (0, 0, 0, 0)
    without = {key: part for key, part in BASE.items() if key != "learning_rate"}
    assert worked({**without, "order": "online"}, tmp_path).graph.rounds == (0,)


def test_outputs_first_gives_the_widespread_figures(tmp_path: Path) -> None:
    """The example's final figures come about where hidden weights move by output weights that have been changed."""
    source = PROBLEMS / "networks" / "example_222_net_out.yml"
    after = ("E_total_new", "E_total@10000", "out_o1@10000", "out_o2@10000")

    def verdicts(text: str) -> dict[str | None, Verdict]:
        path = tmp_path / source.name
        path.write_text(text, encoding="utf-8")
        (tmp_path / "example_222_net_out.claims.yml").write_bytes(source.with_suffix(".claims.yml").read_bytes())
        found = audit(load_worked(path))
        assert found is not None
        return {finding.claim.quantity: finding.verdict for finding in found.findings}

    text = source.read_text(encoding="utf-8")
    assert {verdicts(text)[name] for name in after} == {Verdict.WRONG}
    first = verdicts(f"{text}\nupdate_order: outputs_first\n")
    assert {first[name] for name in after} == {Verdict.RIGHT}
    assert first["w1_new"] is Verdict.WRONG


@pytest.mark.parametrize("chain", Chain)
def test_outputs_first_puts_new_weights_into_hidden_gradients(chain: Chain, tmp_path: Path) -> None:
    notation = {"extends": "default", "chain": str(chain)}
    made = worked({**BASE, "update_order": "outputs_first", "notation": notation}, tmp_path)
    values = made.trace.values
    assert exactly(values["dnet_o1_1/dout_h1_1"]) == exactly(values["w5_new"]) != exactly(values["w5"])
    order = [quantity.name for quantity in made.graph]
    assert order.index("w5_new") < order.index("dE_total/dw1")
    text = render(made, "solution", "markdown", "en")
    for said in ("have been updated already", "layer by layer, outputs first"):
        assert said in text
    for said in ("nothing is updated before", "All parameters move at once"):
        assert said not in text
    assert true_lines(made, "solution", "markdown") > 100


# --- programs and training ------------------------------------------------------------------------------------------

PROGRAMS: dict[str, Data] = {
    "online": {**BASE, "order": "online"},
    "outputs first": {**BASE, "update_order": "outputs_first"},
    "adam": {**classes(), "optimizer": "adam", "schedule": "exponential", "steps": "2"},
    "batch norm": {**VARIETY["batch norm before"], "optimizer": "momentum"},
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_agree_with_the_solution(name: str, flavour: str, tmp_path: Path) -> None:
    made = worked({**PROGRAMS[name], "training": {"iterations": "3", "show": ["1"]}}, tmp_path)
    run = subprocess.run([sys.executable, "-c", program(made, flavour)], capture_output=True, text=True, check=True)
    found: dict[str, float] = {}
    for line in run.stdout.splitlines():
        if match := re.match(r"\s*(\S+)\s+= (\S+)$", line):
            found.setdefault(match[1], float(match[2]))
    wanted = {q.name: float(exactly(made.trace.values[q.name])) for q in made.graph if q.role is not Role.CHECK}
    assert found.keys() == wanted.keys()
    for quantity, number in wanted.items():
        assert math.isclose(found[quantity], number, rel_tol=1e-9, abs_tol=1e-12), quantity
    assert made.history is not None
    last = re.findall(r"(?m)^\s*3  (\S+)$", run.stdout)
    assert math.isclose(float(last[0]), made.history.losses[3], rel_tol=1e-9)


def test_training_goes_on_where_the_worked_updates_end(tmp_path: Path) -> None:
    """An iteration is all worked updates: two of them by a rule with a memory are four worked updates."""
    data = {**BASE, "optimizer": "adam", "schedule": "step"}
    made = worked({**data, "steps": "2", "training": {"iterations": "2"}}, tmp_path)
    four = worked({**data, "steps": "4"}, tmp_path)
    assert made.history is not None
    row = made.history.rows[2]
    assert row["k"] == 4
    for name in ("w1", "b2", "m_w1", "s_w1"):
        assert math.isclose(exactly(row[name]), exactly(four.trace.values[updated_name(name, 4)]), rel_tol=1e-12)
    text = render(made, "solution", "markdown", "en")
    assert "The same $2$ updates are made again and again" in text
    assert true_lines(made, "solution", "markdown") > 200


# --- definitions that are not good -----------------------------------------------------------------------------------

BAD: dict[str, tuple[Data, str]] = {
    "targets of another length": ({"targets": {"t1": ["1", "0"]}}, "`targets.t1`: found 2 observations; expected 3"),
    "single and several": ({"targets": {"t1": "1"}}, "found a single number; expected 3 observations"),
    "no such turn": ({"order": ["1", "4"]}, "`order.1`: found 4; expected the number of an observation, 1 to 3"),
    "epochs and steps": ({"epochs": "2", "steps": "2"}, "`epochs` beside `steps`"),
    "optimizer": ({"optimizer": "sdg"}, "`optimizer`: found `sdg`; expected one of sgd"),
    "schedule": ({"schedule": "linaer"}, "`schedule`: found `linaer`"),
    "velocity": ({"velocity": "rate_inside"}, "this optimizer has no velocity"),
    "setting": ({"settings": {"mu": "0.5"}}, "`settings.mu`: found `mu`; expected no settings"),
    "clash": ({"optimizer": "adam", "biases": {"k": "1", "b2": "0"}, "layers": [
        {**BASE["layers"][0], "bias": "k"}, BASE["layers"][1]]}, "`k`, which `biases` has too"),
    "activation": ({"layers": [{**BASE["layers"][0], "activation": {"tanh": {"slope": "1"}}}, BASE["layers"][1]]},
        "`layers.0.activation.tanh.slope`: found `slope`; expected no parameters"),
    "loss": ({"loss": {"huber": {"dleta": "1"}}}, "`loss.huber.dleta`: found `dleta`; expected one of delta"),
    "skip": ({"skip": {"h1": "o1"}}, "`skip.h1`: found `o1`; expected an input or a unit of an earlier layer"),
    "skip of what": ({"skip": {"h9": "x1"}}, "`skip.h9`: found `h9`; expected a unit"),
    "mask": ({"dropout": {"keep": "1/2", "mask": {"h1": "2"}}}, "neither 0 nor 1"),
    "masks": ({"dropout": {"keep": "1/2", "mask": {"h1": ["1", "0"]}}}, "found 2 observations"),
    "mask of what": ({"dropout": {"keep": "1/2", "mask": {"h9": "1"}}}, "dropout.mask.h9"),
    "keep": ({"dropout": {"keep": "0", "mask": {"h1": "1"}}}, "dropout.keep"),
    "no penalty": ({"regularization": {"half": "true"}}, "expected `l1`, `l2` or both"),
    "penalty on nothing": ({"regularization": {"l2": "1"}, "trained": ["b1"]}, "at least one trained weight"),
    "one unit": ({"layers": [BASE["layers"][0], {**BASE["layers"][1], "normalization": {"over": "layer"}}]},
        "`layers.1.normalization.over`: found a layer of one unit"),
    "online batch norm": ({**with_hidden(normalization={"over": "batch"}), "order": "online"}, "a batch of one"),
    "gamma": (with_hidden(normalization={"over": "layer", "gamma": {"h1": "1"}}), "one for each unit: h1, h2"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_definition_is_a_clear_error(name: str, tmp_path: Path) -> None:
    keys, message = BAD[name]
    with pytest.raises(DefinitionError) as raised:
        worked({**BASE, **keys}, tmp_path)
    assert message in str(raised.value)
    assert re.search(r"made\.yml:\d+: ", str(raised.value))


def test_a_step_unit_cannot_be_trained_through(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="step"):
        worked(with_hidden(activation="step"), tmp_path)


def test_a_log_of_zero_is_a_clear_error(tmp_path: Path) -> None:
    data = {**BASE, "loss": "binary_cross_entropy", "weights": dict.fromkeys(BASE["weights"], "0"), "biases": {
        "b1": "0", "b2": "0"}}  # fmt: skip
    with pytest.raises(DefinitionError, match="has no value"):
        worked(data, tmp_path)
