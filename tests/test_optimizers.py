"""Optimizers and schedules worked in problems, held against PyTorch over several steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tools import needs_torch

from generator.definitions.problem import Definition as Loaded
from generator.definitions.source import Source
from generator.formula.infix import parse
from generator.formula.tree import references
from generator.graph.quantities import Role, updated_name
from generator.kinds.formulas import Definition, check
from generator.learning.clipping import CLIPS
from generator.learning.optimizers import OPTIMIZERS, SCHEDULES, names, plan
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.truth import Truth

STEPS = 3
START = {"x": "1.5", "y": "-0.5"}
FORMULA = "(x - 2)**2 * 2 + (y + x)**2 + x*y"


def descent(**more: Any) -> Worked:
    data = {
        "kind": "formulas", "title": "made", "givens": START, "formulas": {"f": FORMULA},
        "differentiate": {"of": "f", "wrt": ["x", "y"]}, "learning_rate": {"eta": "0.05"}, "update": ["x", "y"],
        "steps": STEPS, **more,
    }  # fmt: skip
    problem = Definition.model_validate(data)
    assert not list(check(problem))
    return work(Loaded(problem=problem, source=Source(Path("made.yml"), data, {})))


def iterates(worked: Worked) -> dict[str, list[float]]:
    return {name: [float(worked.trace.full(updated_name(name, n), 25)) for n in range(1, STEPS + 1)] for name in START}


def torch_iterates(
    make: Callable[[list[Any]], Any],
    schedule: Callable[[Any], Any] | None = None,
    clip: Callable[[list[Any]], Any] | None = None,
) -> Any:
    import torch

    numbers = {name: torch.tensor(float(text), dtype=torch.float64, requires_grad=True) for name, text in START.items()}
    optimizer = make(list(numbers.values()))
    scheduler = schedule(optimizer) if schedule else None
    found: dict[str, list[float]] = {name: [] for name in START}
    for _ in range(STEPS):
        optimizer.zero_grad()
        eval(FORMULA, {}, numbers).backward()  # our own text
        if clip:
            clip(list(numbers.values()))
        optimizer.step()
        if scheduler:
            scheduler.step()
        for name, number in numbers.items():
            found[name].append(float(number.detach()))
    return found


def agree(found: dict[str, list[float]], expected: dict[str, list[float]]) -> None:
    for name, values in expected.items():
        assert all(map(math.isfinite, values))
        assert found[name] == pytest.approx(values, rel=1e-12), name


class Nadam:
    """Dozat, "Incorporating Nesterov Momentum into Adam", with one momentum; PyTorch has a schedule of it."""

    def __init__(self) -> None:
        self.m, self.s, self.k = 0.0, 0.0, 0

    def step(self, g: float) -> float:
        self.m, self.s, self.k = 0.9 * self.m + 0.1 * g, 0.999 * self.s + 0.001 * g * g, self.k + 1
        ahead = 0.9 * self.m / (1 - 0.9**self.k) + 0.1 * g / (1 - 0.9**self.k)
        return float(0.05 * ahead / (math.sqrt(self.s / (1 - 0.999**self.k)) + 1e-8))


class Lion:
    """The program of "Symbolic Discovery of Optimization Algorithms" without decay; PyTorch has none."""

    def __init__(self) -> None:
        self.m = 0.0

    def step(self, g: float) -> float:
        update = math.copysign(1, 0.9 * self.m + 0.1 * g)
        self.m = 0.99 * self.m + 0.01 * g
        return 0.05 * update


def by_hand(parameters: list[Any], rule: Callable[[], Any]) -> Any:
    """An optimizer of PyTorch's kind whose steps are those of a rule."""
    import torch

    class ByHand(torch.optim.Optimizer):
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for parameter in group["params"]:
                    own = self.state.setdefault(parameter, {"rule": rule()})["rule"]
                    parameter.data -= own.step(float(parameter.grad))

    return ByHand(parameters, {})


INSIDE: dict[str, Any] = {"velocity": "rate_inside"}
SUBTRACTED: dict[str, Any] = {"velocity": "subtracted"}
LIKE: dict[str, tuple[dict[str, Any], Callable[[Any], Callable[[list[Any]], Any]]]] = {
    "sgd": ({}, lambda t: lambda p: t.SGD(p, lr=0.05)),
    "weight_decay": ({"settings": {"decay": "0.1"}}, lambda t: lambda p: t.SGD(p, lr=0.05, weight_decay=0.1)),
    "momentum": ({"settings": {"mu": "0.8"}}, lambda t: lambda p: t.SGD(p, lr=0.05, momentum=0.8)),
    "momentum_rate_inside": (INSIDE | {"settings": {"mu": "0.8"}}, lambda t: lambda p: t.SGD(p, lr=0.05, momentum=0.8)),
    "nesterov": ({}, lambda t: lambda p: t.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    "nesterov_rate_inside": (INSIDE, lambda t: lambda p: t.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    "momentum_subtracted": (
        SUBTRACTED | {"settings": {"mu": "0.8"}},
        lambda t: lambda p: t.SGD(p, lr=0.05, momentum=0.8),
    ),
    "nesterov_subtracted": (SUBTRACTED, lambda t: lambda p: t.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    "adagrad": ({"settings": {"epsilon": "1e-3"}}, lambda t: lambda p: t.Adagrad(p, lr=0.05, eps=1e-3)),
    "rmsprop": ({}, lambda t: lambda p: t.RMSprop(p, lr=0.05, alpha=0.9)),
    "adam": ({}, lambda t: lambda p: t.Adam(p, lr=0.05)),
    "nadam": ({}, lambda t: lambda p: by_hand(p, Nadam)),
    "amsgrad": ({"settings": {"beta2": "0.5"}}, lambda t: lambda p: t.Adam(p, lr=0.05, amsgrad=True, betas=(0.9, 0.5))),
    "adamax": ({"settings": {"beta2": "0.5"}}, lambda t: lambda p: t.Adamax(p, lr=0.05, betas=(0.9, 0.5))),
    "adadelta": ({}, lambda t: lambda p: t.Adadelta(p, lr=0.05)),
    "lion": ({}, lambda t: lambda p: by_hand(p, Lion)),
    "adamw": ({"settings": {"decay": "0.2"}}, lambda t: lambda p: t.AdamW(p, lr=0.05, weight_decay=0.2)),
}


@needs_torch
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_moves_as_that_of_pytorch(name: str) -> None:
    import torch

    more, make = LIKE[name]
    own = name.removesuffix("_rate_inside").removesuffix("_subtracted")
    agree(iterates(descent(optimizer=own, **more)), torch_iterates(make(torch.optim)))


@needs_torch
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_that_of_pytorch(name: str, optimizer: str) -> None:
    import torch

    schedules: dict[str, tuple[dict[str, str], Callable[[Any], Any]]] = {
        "constant": ({}, lambda o: torch.optim.lr_scheduler.ConstantLR(o, factor=1)),
        "step": ({"gamma": "0.5", "every": "2"}, lambda o: torch.optim.lr_scheduler.StepLR(o, 2, gamma=0.5)),
        "exponential": ({"gamma": "0.8"}, lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.8)),
        "inverse_time": ({"gamma": "0.5"}, lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda e: 1 / (1 + e / 2))),
        "linear": ({"span": "2"}, lambda o: torch.optim.lr_scheduler.PolynomialLR(o, total_iters=2, power=1)),
        "polynomial": (
            {"span": "4", "power": "3"},
            lambda o: torch.optim.lr_scheduler.PolynomialLR(o, total_iters=4, power=3),
        ),
        "inverse_root": ({}, lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda e: (e + 1) ** -0.5)),
        "cosine": ({"span": "4"}, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 4)),
        "warmup": ({"span": "2"}, lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda e: min(1, (e + 1) / 2))),
    }
    settings, make = schedules[name]
    found = iterates(descent(optimizer=optimizer, schedule=name, settings=settings))
    agree(found, torch_iterates(LIKE[optimizer][1](torch.optim), make))


@pytest.mark.parametrize("text", ["eta / (1 + c * (k - 1))", "x0 / (1 + c * (k - 1))"])
def test_a_schedule_can_be_a_formula(text: str) -> None:
    own = descent(schedule=text, settings={"c": "0.5"}, learning_rate={"x0": "0.05"})
    row = descent(schedule="inverse_time", settings={"gamma": "0.5"})
    assert iterates(own) == iterates(row)
    assert "c" in own.graph.givens


@pytest.mark.parametrize(
    ("schedule", "found"),
    [
        ("slow", "`slow`"),
        ("eta *", "expected an operand"),
        ("eta * c", "`c`, which has no value"),
        ("2 * 3", "`2 * 3`"),
    ],
)
def test_a_wrong_schedule_is_refused(schedule: str, found: str) -> None:
    problem = Definition.model_validate({**descent().problem.model_dump(exclude_unset=True), "schedule": schedule})
    ((place, said, _),) = check(problem)
    assert place == ("schedule",)
    assert found in said or schedule == "eta *"


def test_training_goes_on_from_what_is_remembered() -> None:
    """Three steps of Adam are one step, and two more with its memory given."""
    whole = descent(optimizer="adam")
    values = whole.trace.values
    kept = {
        state: {name: str(float(whole.trace.full(f"{state}_{name}_new"))) for name in START} for state in ("m", "s")
    }
    start = {name: str(float(whole.trace.full(f"{name}_new"))) for name in START}
    rest = descent(optimizer="adam", givens=start, steps=2, state={**kept, "k": "1"})
    assert rest.trace.values["k_new2"] == values["k_new3"] == 3
    for name in START:
        assert float(rest.trace.full(f"{name}_new2")) == pytest.approx(
            float(whole.trace.full(f"{name}_new3")), rel=1e-12
        )
    same = descent(optimizer="momentum", state={"v": "0.25"})
    assert (same.graph.givens["v_x"], same.graph.givens["v_y"]) == (Fraction(1, 4), Fraction(1, 4))


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({"v": "1"}, ("state", "v")),
        ({"k": "-1"}, ("state", "k")),
        ({"k": "0.5"}, ("state", "k")),
        ({"s": "-1"}, ("state", "s")),
    ],
)
def test_a_wrong_memory_is_refused(state: dict[str, str], place: tuple[str, ...]) -> None:
    data = {**descent().problem.model_dump(exclude_unset=True), "optimizer": "adam", "state": state}
    assert [where for where, *_ in check(Definition.model_validate(data))] == [place]


@pytest.mark.parametrize(("optimizer", "without"), [("weight_decay", "sgd"), ("adamw", "adam")])
def test_only_what_is_to_decay_does(optimizer: str, without: str) -> None:
    some = descent(optimizer=optimizer, decayed=["x"], steps=1).trace.values
    all_of_them, none = (descent(optimizer=name, steps=1).trace.values for name in (optimizer, without))
    assert (some["x_new"], some["y_new"]) == (all_of_them["x_new"], none["y_new"])


@needs_torch
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("bound", ["0.5", "2", "100"])
@pytest.mark.parametrize("way", CLIPS)
def test_clipped_gradients_are_those_of_pytorch(way: str, bound: str, optimizer: str) -> None:
    import torch

    value, utils = float(bound), torch.nn.utils

    def by_norm(parameters: list[Any]) -> None:  # PyTorch adds a millionth to the length; this is its rule without it
        norm = torch.sqrt(sum((p.grad**2).sum() for p in parameters))
        for parameter in parameters:
            parameter.grad *= min(1.0, value / norm.item())

    clip = by_norm if way == "norm" else lambda parameters: utils.clip_grad_value_(parameters, value)
    made = descent(optimizer=optimizer, clip={way: bound})
    agree(iterates(made), torch_iterates(LIKE[optimizer][1](torch.optim), clip=clip))
    near = torch_iterates(LIKE[optimizer][1](torch.optim), clip=lambda p: utils.clip_grad_norm_(p, value))
    if way == "norm":
        for name, values in iterates(made).items():
            assert values == pytest.approx(near[name], rel=1e-5)
    unclipped = iterates(descent(optimizer=optimizer))
    assert (iterates(made) == unclipped) == (bound == "100")


@pytest.mark.parametrize("way", CLIPS)
@pytest.mark.parametrize("notation", [None, "matrix"])
def test_every_line_of_clipped_updates_is_true(way: str, notation: str | None) -> None:
    givens = {"w": ["1", "-2"], "x": ["3", "0.5"], "t": "1"}
    lines = {"y": "dot(w, x)", "E": "(y - t)**2"}
    asked = {"of": "E", "wrt": ["w"]}
    more = {"clip": {way: "1.5"}, "notation": notation or "default"}
    made = descent(givens=givens, formulas=lines, differentiate=asked, update=["w"], **more)
    bound, update = made.graph.givens["clip"], [made.trace.values[f"c_w_{place}"] for place in (1, 2)]
    assert bound == Fraction(3, 2)
    assert all(abs(value) <= bound for value in map(float, update))
    for detail in ("first", "all"):
        page = render(made, "solution", "markdown", detail=detail)
        truth = Truth.of(made.graph, made.writer, made.trace.rounding)
        assert not verify(page, "markdown", truth, made.history).untrue
    assert "Gradients are clipped" in page


def test_a_bound_is_checked() -> None:
    data = {
        "kind": "formulas", "title": "made", "givens": START, "formulas": {"f": FORMULA}, "learning_rate": {"eta": "1"},
        "differentiate": {"of": "f", "wrt": ["x", "y"]}, "update": ["x", "y"],
    }  # fmt: skip
    assert [found for found, *_ in check(Definition.model_validate({**data, "clip": {"norm": "0"}}))] == [
        ("clip", "norm")
    ]
    taken = {**data, "givens": {**START, "norm": "1"}, "clip": {"norm": "1"}}
    assert [found for found, *_ in check(Definition.model_validate(taken))] == [("optimizer",)]
    still = {**data, "clip": {"value": "1"}, "learning_rate": None, "update": []}
    assert ("clip",) in [found for found, *_ in check(Definition.model_validate(still))]


@needs_torch
def test_a_wrong_row_would_be_noticed() -> None:
    import torch

    with pytest.raises(AssertionError):
        agree(iterates(descent(optimizer="momentum")), torch_iterates(LIKE["nesterov"][1](torch.optim)))


def test_every_row_is_written_over_its_own_names() -> None:
    for row in (*OPTIMIZERS.values(), *SCHEDULES.values()):
        made = [f"{target}_new" for target in row.lines] + list(row.lines)
        allowed = {"p", "g", "eta", "k", *row.settings, *row.states, *made}
        for target, text in row.lines.items():
            assert _names(text) <= allowed, (row.name, target)
        assert all(Fraction(value) > 0 for value in row.settings.values()), row.name
        assert set(row.states) <= set(row.lines), row.name


def _names(text: str) -> set[str]:
    return set(references(parse(text)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_plan_brings_the_names_that_it_says(name: str) -> None:
    optimizer, schedule = OPTIMIZERS[name], SCHEDULES["exponential"]
    made = plan(optimizer, schedule, {"gamma": Fraction(1, 2)}, ("x", "y"), "f", "eta", clip=("norm", Fraction(1)))
    brought = {q.name for q in made.givens} | {line.name for line in made.updates if line.name}
    assert brought <= set(names(optimizer, schedule, ("x", "y"), "norm"))
    assert made.values["gamma"] == Fraction(1, 2)
    assert [line.old for line in made.updates if line.old in ("x", "y")] == ["x", "y"]


def test_all_parameters_move_with_the_gradients_from_before() -> None:
    worked = descent()
    old = {"x": Fraction(3, 2), "y": Fraction(-1, 2)}
    rate = Fraction(1, 20)
    slopes = {
        "x": 4 * (old["x"] - 2) + 2 * (old["y"] + old["x"]) + old["y"],
        "y": 2 * (old["y"] + old["x"]) + old["x"],
    }
    for name, slope in slopes.items():
        assert worked.trace.values[f"{name}_new"] == old[name] - rate * slope
    assert len(worked.graph.of_role(Role.UPDATE)) == 2 * STEPS
