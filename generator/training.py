"""The keys of a definition that say how parameters are updated -> an optimizer's lines, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from generator.graph import Convention
from generator.optimizers import OPTIMIZERS, SCHEDULES, Optimizer, Plan, names, plan
from generator.problem import Exact, Finding, Name, Problem, Rate, Whole

_INSIDE = "_rate_inside"


class Learning(Problem):
    """What every kind has that trains parameters by the gradients of one loss."""

    learning_rate: Rate | None = None
    optimizer: str = "sgd"
    settings: dict[Name, Exact] = Field(default_factory=dict, description="the optimizer's and the schedule's givens")
    schedule: str = "constant"
    velocity: Literal["plain", "rate_inside"] = Field("plain", description="whether the learning rate is inside it")
    steps: Whole | None = Field(
        None, description="how many updates are worked (default: one, or one epoch)", ge=1, le=50
    )


def optimizer_of(problem: Learning) -> Optimizer:
    """The row of the optimizer, with the velocity as the definition wants it."""
    inside = f"{problem.optimizer}{_INSIDE}"
    return OPTIMIZERS[inside if problem.velocity == "rate_inside" and inside in OPTIMIZERS else problem.optimizer]


def check_learning(problem: Learning) -> Iterator[Finding]:
    """What is wrong with the optimizer, its settings and the schedule."""
    known = [name for name in OPTIMIZERS if not name.endswith(_INSIDE)]
    for key, row, rows in (
        ("optimizer", problem.optimizer, known),
        ("schedule", problem.schedule, list(SCHEDULES)),
    ):
        if row not in rows:
            yield (key,), f"`{row}`", f"one of {', '.join(rows)}"
            return
    if problem.velocity == "rate_inside" and f"{problem.optimizer}{_INSIDE}" not in OPTIMIZERS:
        yield ("velocity",), f"`{problem.velocity}`", "`plain`: this optimizer has no velocity"
    settings = {**optimizer_of(problem).settings, **SCHEDULES[problem.schedule].settings}
    for name in problem.settings:
        if name not in settings:
            yield ("settings", name), f"`{name}`", f"one of {', '.join(settings)}" if settings else "no settings"
    for key in ("settings", "steps"):
        if getattr(problem, key) and problem.learning_rate is None:
            yield (key,), f"`{key}` without a learning rate", "`learning_rate` beside it"


def brought_names(problem: Learning, parameters: Sequence[str]) -> Iterator[str]:
    """The names that the optimizer and the schedule bring into the problem."""
    if problem.learning_rate is not None and parameters:
        yield from names(optimizer_of(problem), SCHEDULES[problem.schedule], parameters)


def plan_of(problem: Learning, parameters: Sequence[str], loss: str) -> Plan:
    """The update of `parameters` by the gradients of `loss` (of nothing, where there is no learning rate)."""
    rate = next(iter(problem.learning_rate or {}), "")
    optimizer, schedule = optimizer_of(problem), SCHEDULES[problem.schedule]
    if not rate or not parameters:
        return Plan((), {}, ())
    return plan(optimizer, schedule, problem.settings, parameters, loss, rate)


def conventions_of(problem: Learning) -> Iterator[Convention]:
    """What a document says about the form of the update."""
    row = optimizer_of(problem)
    if problem.learning_rate is not None and row.name != "sgd":
        yield Convention("optimizer", {"optimizer": f"optimizers.{problem.optimizer}"})
    if "v" in row.states and problem.learning_rate is not None:
        yield Convention({"plain": "velocity_plain", "rate_inside": "velocity_rate_inside"}[problem.velocity])
