"""Numbers given for several observations -> a name and a number for each; the order of updates that learn from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.definitions.problem import NUMBER_SCHEMA, Finding, Name, Whole, exact
from generator.graph.quantities import Convention
from generator.learning.trainable import Trainable

_LIST: dict[str, Any] = {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}


def _observed(value: object) -> object:
    """A number, or a list with a number for each observation, exact."""
    if not isinstance(value, list):
        return exact(value)
    if not value or any(isinstance(entry, list) for entry in value):
        raise ValueError("a number, or a list with a number for each observation")
    return tuple(exact(entry) for entry in value)


def _batch(value: object) -> object:
    """The observations of one update: a number is that of one alone."""
    return (value,) if isinstance(value, str) else value


_OBSERVED: dict[str, Any] = {"anyOf": [NUMBER_SCHEMA, _LIST]}
_NAMED = [{"type": "object", "additionalProperties": _OBSERVED}, {"type": "array", "items": _OBSERVED}, NUMBER_SCHEMA]
_OR_LISTED = WithJsonSchema({"anyOf": _NAMED})
_OR_INPUTS = WithJsonSchema({"anyOf": [*_NAMED, {"const": "inputs"}]})  # which are to be given back
Number = Annotated[Whole, Field(ge=1)]
_BATCH_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "array", "items": {"type": "integer"}}]}
Batch = Annotated[tuple[Number, ...], BeforeValidator(_batch), WithJsonSchema(_BATCH_SCHEMA)]
Numbers = Fraction | tuple[Fraction, ...]
Observed = Annotated[Any, BeforeValidator(_observed), WithJsonSchema({"anyOf": [NUMBER_SCHEMA, _LIST]})]


def cases_of(given: Iterable[Numbers]) -> tuple[str, ...]:
    """The numbers of the observations, from `1` (`("",)`: there is one observation, which needs no number)."""
    longest = max((len(numbers) for numbers in given if isinstance(numbers, tuple)), default=0)
    return tuple(str(number) for number in range(1, longest + 1)) or ("",)


def at(name: str, case: str) -> str:
    """The name of a quantity of one observation, `net_h1_2`, or `net_h1` where there is only one; of the error of a
    mini-batch, `E_total_1_2`.
    """
    return f"{name}_{case.replace(', ', '_')}" if case else name


def batch_name(cases: tuple[str, ...]) -> str:
    """What a mini-batch is called: `1, 2`."""
    return ", ".join(cases)


def number_at(numbers: Numbers, case: str) -> Fraction:
    """The number of one observation; a single number is that of every one."""
    return numbers[int(case) - 1] if isinstance(numbers, tuple) else numbers


class Batches(Trainable):
    """What every kind has that learns from observations, from all of them at once or from one after the other."""

    batch: Literal["sum", "mean"] = Field("sum", description="how the losses of several observations are put together")
    order: Literal["batch", "online"] | tuple[Batch, ...] = Field(
        "batch",
        description="all observations at once; one after the other, in the order given or in this one; or in"
        " mini-batches: [[1, 2], [3]]",
    )
    epochs: Whole | None = Field(None, description="how often all observations have their turn", ge=1, le=50)

    @property
    def cases(self) -> tuple[str, ...]:
        """The numbers of the observations."""
        return ("",)

    @property
    def turns(self) -> tuple[tuple[str, ...], ...]:
        """The observations of each update of an epoch, in order (none: they are learned from all at once)."""
        if self.order == "batch":
            return ()
        if isinstance(self.order, str):
            return tuple((case,) for case in self.cases)
        return tuple(tuple(map(str, batch)) for batch in self.order)

    @property
    def updates_of_epoch(self) -> int:
        """How many updates there are until all observations have had their turn."""
        return len(self.turns) or 1

    @property
    def in_batches(self) -> bool:
        """Whether some update learns from a mini-batch: from several observations, but not from all as `batch` does."""
        return any(len(turn) > 1 for turn in self.turns)

    @property
    def passes(self) -> tuple[tuple[str, ...], ...]:
        """The observations of each forward pass: each turn by itself, or all together."""
        return tuple(dict.fromkeys(self.turns)) or (self.cases,)

    @property
    def rounds(self) -> tuple[int, ...]:
        """The pass of each update."""
        if self.learning_rate is None:
            return (0,)
        passes = list(dict.fromkeys(self.turns))
        once = [passes.index(turn) for turn in self.turns] or [0]
        epochs = self.epochs or (1 if self.steps is None else self.steps)
        return tuple((once * epochs)[: self.steps])


class Observations(Batches):
    """Observations whose inputs and targets are single numbers with names."""

    inputs: Annotated[dict[Name, Observed], _OR_LISTED] = Field(
        min_length=1, description="a number, or a list with one for each observation; or a list, called x1, x2, ..."
    )
    targets: Annotated[dict[Name, Observed], _OR_INPUTS] = Field(
        default_factory=dict,
        description="one for each unit of the last layer, in its order; none: only the forward pass",
    )

    @property
    def cases(self) -> tuple[str, ...]:
        """The numbers of the observations."""
        return cases_of([*self.inputs.values(), *self.targets.values()])


def check_observations(problem: Observations) -> Iterator[Finding]:
    """What is wrong with how much is given, and with how often and in which order there are updates."""
    yield from _check_lengths({"inputs": problem.inputs, "targets": problem.targets})
    yield from check_order(problem)


def check_order(problem: Batches) -> Iterator[Finding]:
    """What is wrong with how often and in which order there are updates."""
    count = len(problem.cases)
    for number, batch in enumerate(problem.order if isinstance(problem.order, tuple) else ()):
        for turn in batch:
            if str(turn) not in problem.cases:
                several = f"the number of an observation, 1 to {count}"
                yield ("order", number), f"{turn}", several if count > 1 else "`batch`: there is one observation"
        if not batch or len(set(batch)) < len(batch):
            yield ("order", number), "no observation" if not batch else "an observation twice", "each of a batch once"
    if problem.order == () or (problem.order == "online" and problem.cases == ("",)):
        yield ("order",), "an order without observations", "lists under `inputs` and `targets`, or `batch`"
    if problem.epochs is not None and problem.steps is not None:
        yield ("epochs",), "`epochs` beside `steps`", "one of the two"
    if problem.epochs is not None and problem.learning_rate is None:
        yield ("epochs",), "`epochs` without a learning rate", "`learning_rate` beside it"


def _check_lengths(groups: Mapping[str, Mapping[str, Numbers]]) -> Iterator[Finding]:
    """What is wrong where not everything is given for the same observations: `groups` are keys of the definition."""
    wanted = None
    for group, given in groups.items():
        for name, numbers in given.items():
            count = len(numbers) if isinstance(numbers, tuple) else None
            if wanted is None:
                wanted = (count, name)
            elif count != wanted[0]:
                yield (group, name), _said(count), f"{_said(wanted[0])}, as for `{wanted[1]}`"
                return


def _said(count: int | None) -> str:
    return "a single number" if count is None else f"{count} observations"


def conventions_of_observations(problem: Batches) -> Iterator[Convention]:
    """What a document says about several observations."""
    count = len(problem.cases)
    if count > 1 and problem.order == "batch":
        code = {"sum": "batch_sum", "mean": "batch_mean"}[problem.batch]
        yield Convention(code, numbers={"count": str(count)})
    elif count > 1:
        yield from _turns(problem)


def _turns(problem: Batches) -> Iterator[Convention]:
    """Whether there is an update after each observation or after each mini-batch, whose errors are put together."""
    if problem.in_batches:
        order = "; ".join(map(batch_name, problem.turns))
        code = {"sum": "mini_batches_sum", "mean": "mini_batches_mean"}[problem.batch]
        yield Convention(code, numbers={"order": order})
    else:
        yield Convention("online", numbers={"order": ", ".join(map(batch_name, problem.turns))})
