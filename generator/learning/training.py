"""The keys of a definition that say how parameters are updated -> an optimizer's lines, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from generator.definitions.problem import Exact, Finding, Name, Problem, Rate, Whole
from generator.graph.quantities import Convention, Label, Quantity, Role
from generator.learning.optimizers import OPTIMIZERS, SCHEDULES, Optimizer, Plan, names, plan

_INSIDE = "_rate_inside"


class Learning(Problem):
    """What every kind has that updates quantities by the gradients of one loss."""

    learning_rate: Rate | None = None
    optimizer: str = "sgd"
    settings: dict[Name, Exact] = Field(default_factory=dict, description="the optimizer's and the schedule's givens")
    schedule: str = "constant"
    velocity: Literal["plain", "rate_inside"] = Field("plain", description="whether the learning rate is inside it")
    steps: Whole | None = Field(
        None, description="how many updates are worked (default: one, or one epoch)", ge=1, le=50
    )

    clip: Annotated[dict[Literal["norm", "value"], Exact], Field(min_length=1, max_length=1)] | None = Field(
        None, description="{norm: 1}: all gradients together are no longer; {value: 1}: none is beyond"
    )

    @property
    def rate(self) -> str:
        """The name of the learning rate (empty: there is none)."""
        return next(iter(self.learning_rate or {}), "")


def optimizer_of(problem: Learning) -> Optimizer:
    """The row of the optimizer, with the velocity as the definition wants it."""
    inside = f"{problem.optimizer}{_INSIDE}"
    return OPTIMIZERS[inside if problem.velocity == "rate_inside" and inside in OPTIMIZERS else problem.optimizer]


# --- checks ---


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
    for way, bound in (problem.clip or {}).items():
        if bound <= 0:
            yield ("clip", way), f"{bound}", "a number above 0"
        if way == "norm" and getattr(problem, "update_order", "") == "outputs_first":
            yield ("clip", way), "the length of all gradients", "`update_order: at_once`, which has them all at once"
    for key in ("settings", "steps", "clip"):
        if getattr(problem, key) and problem.learning_rate is None:
            yield (key,), f"`{key}` without a learning rate", "`learning_rate` beside it"


def check_trained(trained: str | Sequence[str], known: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with a list of what is trained; `known` is all that can be."""
    if isinstance(trained, str):
        return
    for number, name in enumerate(trained):
        if name not in known:
            yield ("trained", number), f"`{name}`", f"one of {', '.join(known) or 'no weights'}"
    if len(set(trained)) < len(trained):
        yield ("trained",), "a name twice", "each name once"


def check_training(problem: Problem, moves: bool, needed: str) -> Iterator[Finding]:
    """What is wrong with a training; `moves` says whether it has updates to repeat, `needed` what makes some."""
    training = problem.training
    if training is None:
        return
    if not moves:
        yield ("training",), "a training without updates by gradients", needed
    for number, iteration in enumerate(training.show):
        if iteration > training.iterations:
            yield ("training", "show", number), f"iteration {iteration}", f"at most {training.iterations}"


def check_brought(problem: Learning, taken: Container[str], parameters: Sequence[str]) -> Iterator[Finding]:
    """Where the names of the learning rate and of what comes with the optimizer are taken by others."""
    if problem.rate in taken:
        yield ("learning_rate", problem.rate), f"`{problem.rate}`, which is taken", "a name of its own"
    for name in brought_names(problem, parameters):
        if name in taken or name == problem.rate:
            expected = "names other than those that the optimizer and the schedule bring along"
            yield ("optimizer",), f"`{name}`, which is taken", expected


def brought_names(problem: Learning, parameters: Sequence[str]) -> Iterator[str]:
    """The names that the optimizer and the schedule bring into the problem."""
    if problem.rate and parameters:
        yield from names(optimizer_of(problem), SCHEDULES[problem.schedule], parameters, *(problem.clip or ()))


# --- the graph ---


def plan_of(problem: Learning, parameters: Sequence[str], loss: str, others: Container[str] = ()) -> Plan:
    """The update of `parameters` by the gradients of `loss`, whose first given is the learning rate.

    `others` are the names of the problem's other givens.

    Nothing but that where there are no parameters, and nothing at all without a learning rate.
    """
    if not problem.learning_rate:
        return Plan((), {}, ())
    rate = Quantity(problem.rate, Role.GIVEN, Label("rate", problem.rate))
    if not parameters:
        return Plan((rate,), problem.learning_rate, ())
    optimizer, schedule = optimizer_of(problem), SCHEDULES[problem.schedule]
    clip = next(iter((problem.clip or {}).items()), None)
    made = plan(optimizer, schedule, problem.settings, parameters, loss, problem.rate, others, clip)
    return replace(made, givens=(rate, *made.givens), values={**problem.learning_rate, **made.values})


def conventions_of(problem: Learning) -> Iterator[Convention]:
    """What a document says about the form of the update."""
    row = optimizer_of(problem)
    if problem.learning_rate is not None and row.name != "sgd":
        yield Convention("optimizer", {"optimizer": f"optimizers.{problem.optimizer}"})
    if problem.clip and problem.learning_rate is not None:
        yield from (Convention(f"clip_{way}") for way in problem.clip)
    if "v" in row.states and problem.learning_rate is not None:
        yield Convention({"plain": "velocity_plain", "rate_inside": "velocity_rate_inside"}[problem.velocity])
