"""The keys of a definition that say how parameters are updated -> an optimizer's lines, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.definitions.problem import NUMBER_SCHEMA, Exact, Finding, Name, Problem, Rate, Whole, lower
from generator.definitions.rows import check_name
from generator.errors import FormulaError
from generator.formula.infix import parse
from generator.formula.tree import references
from generator.graph.quantities import Convention, Label, Quantity, Role
from generator.learning.chosen import chosen
from generator.learning.optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    Further,
    Optimizer,
    Plan,
    counts,
    names,
    own_schedule,
    plan,
)

_VELOCITIES = {"plain": "", "rate_inside": "_rate_inside", "subtracted": "_subtracted"}  # the ends of rows' names
_FORMS = tuple(end for end in _VELOCITIES.values() if end)
State = Annotated[dict[Name, Exact] | Exact, WithJsonSchema({"anyOf": [*NUMBER_SCHEMA["anyOf"], {"type": "object"}]})]


class Learning(Problem):
    """What every kind has that updates quantities by the gradients of one loss."""

    learning_rate: Rate | None = None
    optimizer: Annotated[str, BeforeValidator(lower)] = "sgd"
    settings: dict[Name, Exact] = Field(default_factory=dict, description="the optimizer's and the schedule's givens")
    schedule: str = Field("constant", description="a schedule, or a formula over eta, k and settings of your own")
    schedule_per: Literal["update", "epoch"] = Field("update", description="what k counts in the schedule")
    velocity: Literal["plain", "rate_inside", "subtracted"] = Field(
        "plain", description="whether the learning rate is inside it, and the gradient subtracted from it"
    )
    state: dict[Name, State] = Field(
        default_factory=dict, description="what the optimizer remembers: {m: 0.1, s: {w1: 0.2}, k: 4}; zero if left out"
    )
    decayed: Literal["all", "weights"] | tuple[Name, ...] = Field(
        "all", description="which parameters the optimizer's own decay makes smaller"
    )
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

    @property
    def updates_of_epoch(self) -> int:
        """After how many updates everything has had its turn (0: that is not told)."""
        return 0

    @property
    def unweighted(self) -> tuple[str, ...] | None:
        """The parameters that are no weights, as biases (`None`: that is not told)."""
        return None


def optimizer_of(problem: Learning) -> Optimizer:
    """The row of the optimizer, with the velocity as the definition wants it."""
    form = f"{problem.optimizer}{_VELOCITIES[problem.velocity]}"
    return OPTIMIZERS[form if form in OPTIMIZERS else problem.optimizer]


def schedule_of(problem: Learning) -> Optimizer:
    """The row of the schedule, or that of the definition's own formula."""
    if problem.schedule in SCHEDULES:
        return SCHEDULES[problem.schedule]
    return own_schedule(problem.schedule, problem.rate, problem.settings)


# --- checks ---


def check_learning(problem: Learning) -> Iterator[Finding]:
    """What is wrong with the optimizer, its settings and the schedule."""
    known = [name for name in OPTIMIZERS if not name.endswith(_FORMS)]
    if problem.optimizer not in known:
        yield ("optimizer",), f"`{problem.optimizer}`", f"one of {', '.join(known)}"
        return
    wrong = [*_check_schedule(problem)]
    yield from wrong
    if wrong:
        return
    if problem.velocity != "plain" and f"{problem.optimizer}{_VELOCITIES[problem.velocity]}" not in OPTIMIZERS:
        yield ("velocity",), f"`{problem.velocity}`", "`plain`: this optimizer has no velocity"
    yield from _check_state(problem)
    yield from _check_decayed(problem)
    settings = {**optimizer_of(problem).settings, **schedule_of(problem).settings}
    for name in problem.settings:
        if name not in settings:
            yield ("settings", name), f"`{name}`", f"one of {', '.join(settings)}" if settings else "no settings"
    for way, bound in (problem.clip or {}).items():
        if bound <= 0:
            yield ("clip", way), f"{bound}", "a number above 0"
        if way == "norm" and getattr(problem, "update_order", "") == "outputs_first":
            yield ("clip", way), "the length of all gradients", "`update_order: at_once`, which has them all at once"
    for key in ("settings", "steps", "clip", "state"):
        if getattr(problem, key) and problem.learning_rate is None:
            yield (key,), f"`{key}` without a learning rate", "`learning_rate` beside it"


def _check_schedule(problem: Learning) -> Iterator[Finding]:
    """What is wrong with a schedule, which is a row's name or a formula."""
    rows = ", ".join(SCHEDULES)
    if problem.schedule_per == "epoch" and not problem.updates_of_epoch:
        yield ("schedule_per",), "`epoch`", "`update`: there are no epochs"
    if problem.schedule in SCHEDULES:
        return
    try:
        used = references(parse(problem.schedule))
    except FormulaError as error:
        yield ("schedule",), str(error), f"one of {rows}, or a formula over eta and k"
        return
    if not {"k", "eta", problem.rate} & set(used):
        yield ("schedule",), f"`{problem.schedule}`", f"one of {rows}, or a formula over eta and k"
        return
    for name in used:
        if name not in ("k", "eta", problem.rate, *problem.settings):
            yield ("schedule",), f"`{name}`, which has no value", "eta, k, or a name with a value under `settings`"


def _check_state(problem: Learning) -> Iterator[Finding]:
    """What is wrong with what an optimizer is said to remember."""
    optimizer, schedule = optimizer_of(problem), schedule_of(problem)
    known = (*optimizer.states, *(["k"] if counts(optimizer, schedule) else []))
    for name, value in problem.state.items():
        if name not in known:
            expected = f"one of {', '.join(known)}" if known else "no state: this optimizer remembers nothing"
            yield ("state", name), f"`{name}`", expected
        elif name == "k" and (isinstance(value, dict) or value < 0 or value.denominator > 1):
            yield ("state", name), "a number of updates that cannot be", "a whole number, zero or more"
        elif name == "s" and any(one < 0 for one in (value.values() if isinstance(value, dict) else (value,))):
            yield ("state", name), "a mean of squares below zero", "zero or more"


def _check_decayed(problem: Learning) -> Iterator[Finding]:
    """What is wrong with which parameters decay."""
    if problem.decayed == "all":
        return
    if not optimizer_of(problem).undecayed:
        decaying = ", ".join(name for name, row in OPTIMIZERS.items() if row.undecayed)
        yield ("decayed",), f"the optimizer `{problem.optimizer}`, in which nothing decays", f"one of {decaying}"
    if problem.decayed == "weights" and problem.unweighted is None:
        yield ("decayed",), "`weights`", "`all`, or a list of names"


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
    yield from check_name(problem.rate, ("learning_rate", problem.rate), ())
    if problem.rate in taken:
        yield ("learning_rate", problem.rate), f"`{problem.rate}`, which is taken", "a name of its own"
    for name in brought_names(problem, parameters):
        if name in taken or name == problem.rate:
            expected = "names other than those that the optimizer and the schedule bring along"
            yield ("optimizer",), f"`{name}`, which is taken", expected


def brought_names(problem: Learning, parameters: Sequence[str]) -> Iterator[str]:
    """The names that the optimizer and the schedule bring into the problem."""
    if problem.rate and parameters:
        epochs = problem.schedule_per == "epoch"
        yield from names(
            optimizer_of(problem), schedule_of(problem), parameters, next(iter(problem.clip or ()), ""), epochs
        )


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
    optimizer, schedule = optimizer_of(problem), schedule_of(problem)
    clip = next(iter((problem.clip or {}).items()), None)
    each = problem.updates_of_epoch if problem.schedule_per == "epoch" else 0
    how = Further(problem.state, _decayed(problem, parameters), each)
    made = plan(optimizer, schedule, problem.settings, parameters, loss, problem.rate, others, clip, how)
    return replace(made, givens=(rate, *made.givens), values={**problem.learning_rate, **made.values})


def _decayed(problem: Learning, parameters: Sequence[str]) -> tuple[str, ...] | None:
    """The parameters that decay (`None`: all)."""
    if problem.decayed == "weights":
        return tuple(name for name in parameters if name not in (problem.unweighted or ()))
    return None if problem.decayed == "all" else chosen(problem.decayed, parameters, {})


def conventions_of(problem: Learning) -> Iterator[Convention]:
    """What a document says about the form of the update."""
    row = optimizer_of(problem)
    if problem.learning_rate is not None and row.name != "sgd":
        yield Convention("optimizer", {"optimizer": f"optimizers.{problem.optimizer}"})
    if problem.clip and problem.learning_rate is not None:
        yield from (Convention(f"clip_{way}") for way in problem.clip)
    if "v" in row.states and problem.learning_rate is not None:
        yield Convention(f"velocity_{problem.velocity}")
    if row.undecayed and problem.learning_rate is not None:
        some = {"all": "decay_all", "weights": "decay_weights"}
        yield Convention(some.get(problem.decayed, "decay_some") if isinstance(problem.decayed, str) else "decay_some")
