"""Layers that are updated outputs first, by any optimizer, against a plain computation that knows nothing of graphs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.definitions.problem import Definition as Loaded
from generator.definitions.source import Source
from generator.graph.quantities import updated_name
from generator.kinds.network.kind import Definition, check
from generator.notation.writer import Chain
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.truth import Truth

STEPS = 3
LAYERS: list[dict[str, Any]] = [
    {"name": "hidden", "units": {"h1": {"x1": "w1", "x2": "w2"}, "h2": {"x1": "w3", "x2": "w4"}}, "bias": "b1"},
    {"name": "second", "units": {"s1": {"h1": "w5", "h2": "w6"}}},
    {"name": "output", "units": {"o1": {"s1": "w7"}, "o2": {"s1": "w8"}}, "bias": {"o1": "b2", "o2": "b3"}},
]
PARAMETERS = {
    "w1": 0.1, "w2": 0.2, "w3": -0.3, "w4": 0.4, "w5": 0.5, "w6": -0.6, "w7": 0.7, "w8": -0.8,
    "b1": 0.1, "b2": -0.2, "b3": 0.3,
}  # fmt: skip
INPUTS, TARGETS, RATE = {"x1": [0.5, 1.0], "x2": [-1.0, 0.25]}, {"t1": [1.0, 0.0], "t2": [0.5, -1.0]}, 0.3
Rule = Callable[[float, float, dict[str, float], float, int], float]


def momentum(inside: bool, ahead: bool) -> Rule:
    def step(p: float, g: float, memory: dict[str, float], rate: float, k: int) -> float:
        g = rate * g if inside else g
        v = memory["v"] = 0.9 * memory.get("v", 0.0) + g
        way = g + 0.9 * v if ahead else v
        return p - (way if inside else rate * way)

    return step


def adaptive(beta: float | None) -> Rule:
    def step(p: float, g: float, memory: dict[str, float], rate: float, k: int) -> float:
        before = memory.get("s", 0.0)
        s = memory["s"] = before + g * g if beta is None else beta * before + (1 - beta) * g * g
        return p - rate * g / (math.sqrt(s) + 1e-8)

    return step


def adam(decay: float) -> Rule:
    def step(p: float, g: float, memory: dict[str, float], rate: float, k: int) -> float:
        m = memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * g
        s = memory["s"] = 0.999 * memory.get("s", 0.0) + 0.001 * g * g
        way = (m / (1 - 0.9**k)) / (math.sqrt(s / (1 - 0.999**k)) + 1e-8)
        return p - rate * (way + decay * p)

    return step


RULES: dict[str, tuple[dict[str, str], Rule]] = {
    "sgd": ({}, lambda p, g, memory, rate, k: p - rate * g),
    "weight_decay": ({}, lambda p, g, memory, rate, k: p - rate * (g + 0.01 * p)),
    "momentum": ({}, momentum(inside=False, ahead=False)),
    "momentum_rate_inside": ({"velocity": "rate_inside"}, momentum(inside=True, ahead=False)),
    "nesterov": ({}, momentum(inside=False, ahead=True)),
    "nesterov_rate_inside": ({"velocity": "rate_inside"}, momentum(inside=True, ahead=True)),
    "momentum_subtracted": ({"velocity": "subtracted"}, momentum(inside=True, ahead=False)),
    "nesterov_subtracted": ({"velocity": "subtracted"}, momentum(inside=True, ahead=True)),
    "adagrad": ({}, adaptive(None)),
    "rmsprop": ({}, adaptive(0.9)),
    "adam": ({}, adam(0.0)),
    "adamw": ({}, adam(0.01)),
}


def plain(rule: Rule, cases: list[list[int]], shrinking: float = 1.0) -> dict[str, float]:
    """The parameters after as many updates as `cases` has lists of observations."""
    now, memory = dict(PARAMETERS), {name: dict[str, float]() for name in PARAMETERS}
    for k, observed in enumerate(cases, 1):
        outs = [forward(now, case) for case in observed]
        back = [
            {"o1": out["o1"] - TARGETS["t1"][case], "o2": out["o2"] - TARGETS["t2"][case]}
            for out, case in zip(outs, observed, strict=True)
        ]
        for layer in reversed(LAYERS):
            slopes: dict[str, float] = {}
            for out, error in zip(outs, back, strict=True):
                for unit, fed in layer["units"].items():
                    error[unit] *= out[unit] * (1 - out[unit])
                    for source, weight in fed.items():
                        slopes[weight] = slopes.get(weight, 0.0) + error[unit] * out[source]
                    bias = layer.get("bias", {})
                    name = bias if isinstance(bias, str) else bias.get(unit)
                    if name:
                        slopes[name] = slopes.get(name, 0.0) + error[unit]
            for name, slope in slopes.items():
                now[name] = rule(now[name], slope, memory[name], RATE * shrinking ** (k - 1), k)
            for error in back:  # through the weights as they are now
                for unit, fed in layer["units"].items():
                    for source, weight in fed.items():
                        error[source] = error.get(source, 0.0) + error[unit] * now[weight]
    return now


def forward(now: dict[str, float], case: int) -> dict[str, float]:
    out = {name: values[case] for name, values in INPUTS.items()}
    for layer in LAYERS:
        for unit, fed in layer["units"].items():
            bias = layer.get("bias", {})
            name = bias if isinstance(bias, str) else bias.get(unit)
            total = sum(now[weight] * out[source] for source, weight in fed.items()) + (now[name] if name else 0.0)
            out[unit] = 1 / (1 + math.exp(-total))
    return out


def worked(**more: Any) -> Worked:
    data: dict[str, Any] = {
        "kind": "network", "title": "made", "layers": LAYERS, "learning_rate": {"eta": str(RATE)},
        "inputs": {name: list(map(str, values)) for name, values in INPUTS.items()},
        "targets": {name: list(map(str, values)) for name, values in TARGETS.items()},
        "weights": {name: str(value) for name, value in PARAMETERS.items() if name[0] == "w"},
        "biases": {name: str(value) for name, value in PARAMETERS.items() if name[0] == "b"},
        "update_order": "outputs_first", "steps": str(STEPS), **more,
    }  # fmt: skip
    problem = Definition.model_validate(data)
    assert not list(check(problem))
    return work(Loaded(problem=problem, source=Source(Path("made.yml"), data, {})))


def moved(made: Worked) -> dict[str, float]:
    return {name: float(made.trace.full(updated_name(name, STEPS))) for name in PARAMETERS}


@pytest.mark.parametrize("chain", Chain)
@pytest.mark.parametrize("name", RULES)
def test_any_optimizer_moves_the_outputs_first(name: str, chain: Chain) -> None:
    keys, rule = RULES[name]
    notation = {"extends": "default", "chain": str(chain)}
    made = worked(optimizer=name.removesuffix("_rate_inside").removesuffix("_subtracted"), notation=notation, **keys)
    assert moved(made) == pytest.approx(plain(rule, [[0, 1]] * STEPS), rel=1e-9)


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_one_observation_after_the_other(name: str) -> None:
    made = worked(optimizer=name, order=["2", "1", "2"], steps=None, epochs="1")
    assert moved(made) == pytest.approx(plain(RULES[name][1], [[1], [0], [1]]), rel=1e-9)


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adamw"])
def test_with_a_schedule(name: str) -> None:
    made = worked(optimizer=name, schedule="exponential", settings={"gamma": "0.5"})
    assert moved(made) == pytest.approx(plain(RULES[name][1], [[0, 1]] * STEPS, shrinking=0.5), rel=1e-9)


def test_it_is_not_the_same_as_at_once() -> None:
    at_once = {name: worked(optimizer=name, update_order="at_once") for name in ("sgd", "adam")}
    for name, made in at_once.items():
        assert moved(made)["w1"] != pytest.approx(plain(RULES[name][1], [[0, 1]] * STEPS)["w1"], rel=1e-4)
        assert moved(made)["w7"] != pytest.approx(plain(RULES[name][1], [[0, 1]] * STEPS)["w7"], rel=1e-9)


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_its_documents_are_true_and_whole(name: str) -> None:
    """Every value that is updated stands in the solution, in the section of its layer; every line is true."""
    made = worked(optimizer=name, schedule="exponential", steps="2")
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for fmt in ("markdown", "typst", "web"):
        report = verify(render(made, "solution", fmt, detail="all"), fmt, truth)
        assert not report.untrue, report.untrue[0]
        assert report.checked > 200
    steps = [step.target for section in made.sections("all") for step in section.steps]
    lines = [line for line in made.graph.updates if line.old]
    assert {updated_name(line.old, number) for line in lines for number in (1, 2)} <= set(steps)
    for section in made.sections("all"):
        if section.code == "update_in_turn":
            gradient = section.names["gradient"]
            assert made.graph[gradient].group == section.group
