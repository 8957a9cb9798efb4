"""The keys of a definition that lay out a recurrent network -> its matrices, their shapes, and its time steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.cells import OUTPUT, PLAIN_OUTPUT, STATES, Line, cell
from generator.problem import NUMBER_SCHEMA, Exact, Name, Whole
from generator.tables import Sequence, Table, names, shape
from generator.training import Learning


def _by_step(value: object) -> object:
    """Targets as a list, one for each time step, or by the steps that have one; each a number or a row."""
    if isinstance(value, list):
        value = {str(step): row for step, row in enumerate(value, 1)}
    return value


def _row(value: object) -> object:
    return [value] if isinstance(value, str) else value


_ROW: dict[str, Any] = {"anyOf": [NUMBER_SCHEMA, {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}]}
Row = Annotated[tuple[Exact, ...], BeforeValidator(_row), Field(min_length=1), WithJsonSchema(_ROW)]
_TARGETS: dict[str, Any] = {
    "anyOf": [{"type": "object", "additionalProperties": _ROW}, {"type": "array", "items": _ROW, "minItems": 1}]
}
Targets = Annotated[dict[Whole, Row], BeforeValidator(_by_step), WithJsonSchema(_TARGETS)]


class Recurrent(Learning):
    """A recurrent network: the same cell at every time step, trained through time."""

    cell: Literal["elman", "lstm", "gru"] = "elman"
    inputs: Sequence = Field(description="one row (or number) for each time step")
    weights: dict[Name, Table] = Field(min_length=1, description="matrices as lists of rows: W, U, b (or w, u, b)")
    initial: dict[Literal["h", "c"], Row] = Field(default_factory=dict, description="the first state (default: zero)")
    targets: Targets = Field(default_factory=dict, description="a list with one for each step, or {step: target}")
    activation: str = Field("tanh", description="of the state, or of candidate and cell state")
    gate_activation: str = "logistic"
    output_activation: str = "identity"
    reset: Literal["after", "before"] = Field("after", description="of a GRU: r * (U h + b) or U (r * h)")
    update: Literal["keeps", "admits"] = Field("keeps", description="of a GRU: z keeps the old, or lets the new in")
    vectors: Literal["columns", "rows"] = Field("columns", description="W x, or x W")
    loss: str = "half_squared_error"
    over_time: Literal["sum", "mean"] = Field("sum", description="how the errors of the time steps are put together")
    trained: Literal["all"] | tuple[Name, ...] = "all"
    wanted: tuple[Literal["x", "h", "c"], ...] = Field((), description="also differentiate by inputs, first states")

    @property
    def learned(self) -> tuple[str, ...]:
        """The entries of what is trained; nothing is where there is no error."""
        chosen = tuple(self.weights) if self.trained == "all" else self.trained
        return tuple(own for name in chosen for own in names(name, self.weights[name])) if self.targets else ()


def role_of(name: str) -> str:
    """What a matrix is for: `w`, `u` and `v` are `W`, `U` and `V` in small letters, as single numbers are written."""
    return name[0].upper() + name[1:] if name[0] in "wuv" else name


def own_names(problem: Recurrent) -> dict[str, str]:
    """The author's name of each matrix and bias, by what it is for."""
    return {role_of(name): name for name in problem.weights}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long the vectors are."""

    inputs: int
    hidden: int
    outputs: int

    @classmethod
    def of(cls, problem: Recurrent) -> Sizes:
        """The sizes in a definition; without an output the state is what has targets."""
        own = own_names(problem)
        hidden = next((len(problem.weights[name]) for role, name in own.items() if role.startswith("U")), 1)
        if "V" not in own:
            return cls(len(problem.inputs[0]), hidden, hidden)
        head = shape(problem.weights[own["V"]])
        return cls(len(problem.inputs[0]), hidden, head[0] if problem.vectors == "columns" else head[1])

    def of_vector(self, name: str) -> int:
        """The length of a vector of the cell or the output."""
        return {"x": self.inputs, "s": self.outputs, "y": self.outputs}.get(name.removesuffix("_before"), self.hidden)


def lines_of(problem: Recurrent) -> Iterator[Line]:
    """All that is made at a time step with an output."""
    yield from cell(problem.cell, problem.reset, problem.update, linear=problem.activation == "identity")
    if "V" in own_names(problem):
        yield from output_of(problem)


def output_of(problem: Recurrent) -> tuple[Line, ...]:
    """What stands behind the cell."""
    return PLAIN_OUTPUT if problem.output_activation == "identity" else OUTPUT


def worked_steps(problem: Recurrent, with_output: bool) -> tuple[int, ...]:
    """All time steps, or those whose output is worked: those that have a target (all, where none has)."""
    steps = tuple(range(1, len(problem.inputs) + 1))
    return tuple(sorted(problem.targets)) if with_output and problem.targets else steps


def first_states(problem: Recurrent) -> Iterator[tuple[str, tuple[Fraction, ...]]]:
    """The first state of the cell: what is given of it, else zeros."""
    given = {str(state): row for state, row in problem.initial.items()}
    for state in STATES[problem.cell]:
        yield state, given.get(state, (Fraction(0),) * Sizes.of(problem).hidden)


def shapes_of(problem: Recurrent) -> dict[str, tuple[tuple[int, int], bool]]:
    """For each matrix and bias that the cell and the output can use: its shape, and whether it has to be there."""
    sizes, found = Sizes.of(problem), {}
    for line in lines_of(problem):
        made = sizes.of_vector(line.name)
        for matrix, vector in line.products:
            size = (made, sizes.of_vector(vector))
            found[matrix] = (size if problem.vectors == "columns" else size[::-1], True)
        if line.bias:
            found[line.bias] = ((1, made), False)
    return found


def used_by(line: Line) -> tuple[str, ...]:
    """The matrices and the bias of a line."""
    return (*(matrix for matrix, _ in line.products), *([line.bias] if line.bias else []))
