"""The keys of a definition that lay out a recurrent network -> its cells, their matrices, and its time steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from generator.definitions.problem import Name, Whole, lower
from generator.definitions.rows import Chosen, row_name
from generator.definitions.tables import Sequences, Table, entry, names, shape
from generator.kinds.recurrent.cells import STATES, Line, cell, output
from generator.kinds.recurrent.letters import role_of
from generator.kinds.recurrent.steps import Classes, Row, Targets
from generator.learning.batches import Batches
from generator.learning.chosen import Groups


@dataclass(frozen=True, slots=True)
class Level:
    """A cell on its way through time: what its names end with, what it reads, and whether it begins at the end.

    `layer` is the number of its layer where there are several.
    """

    suffix: str = ""
    source: str = "x"
    back: bool = False
    layer: int = 0


class Recurrent(Batches):
    """A recurrent network: the same cell at every time step, trained through time on one sequence or several."""

    cell: Annotated[Literal["elman", "lstm", "gru"], BeforeValidator(lower)] = "elman"
    inputs: Sequences = Field(description="one row (or number) for each time step; or a list of such sequences")
    weights: dict[Name, Table] = Field(min_length=1, description="matrices as lists of rows: W, U, b (or w, u, b)")
    initial: dict[Name, Row] = Field(default_factory=dict, description="the first state, h or c (default: zero)")
    targets: Targets = Field(
        (), description="a list with one for each step, or {step: target}; of several sequences, a list of these"
    )
    classes: Classes = Field(
        (), description="instead of targets: the number of the right output, from 1; its target is 1"
    )
    layers: Whole = Field(1, description="cells on top of each other: W_1, U_1, b_1, W_2, ...", ge=1, le=4)
    direction: Literal["forward", "both"] = Field(
        "forward", description="both: W_fwd, U_fwd, b_fwd, V_fwd, W_bwd, ...; in layers W_1_fwd, ..."
    )
    readout: Literal["step", "ends"] = Field(
        "step", description="in both directions: outputs of the states of their step, or one of the last state of each"
    )
    length: Whole | None = Field(
        None, description="time steps; where inputs end, each output is the next input", ge=1, le=50
    )
    truncate: Whole | None = Field(None, description="no gradient goes back past every so many time steps", ge=1)
    activation: Chosen = Field("tanh", description="of the state, or of candidate and cell state")
    gate_activation: Chosen = "logistic"
    output_activation: Chosen = "identity"
    peepholes: bool = Field(False, description="of an LSTM: its gates look at the cell state, by p_i, p_f and p_o")
    reset: Literal["after", "before"] = Field("after", description="of a GRU: r * (U h + b) or U (r * h)")
    update: Literal["keeps", "admits"] = Field("keeps", description="of a GRU: z keeps the old, or lets the new in")
    vectors: Literal["columns", "rows"] = Field("columns", description="W x, or x W")
    loss: Chosen = "half_squared_error"
    over_time: Literal["sum", "mean"] = Field("sum", description="how the errors of the time steps are put together")
    wanted: tuple[Name, ...] = Field((), description="also differentiate by inputs (x), first states (h, c)")

    @property
    def times(self) -> int:
        """How many time steps there are."""
        return self.length or self.fed

    @property
    def fed(self) -> int:
        """How many time steps have an input of their own, in every sequence."""
        return len(self.inputs[0])

    @property
    def cases(self) -> tuple[str, ...]:
        """The numbers of the sequences."""
        count = len(self.inputs)
        return tuple(str(number) for number in range(1, count + 1)) if count > 1 else ("",)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The cells: one on top of the other, or one in each direction."""
        ways = (("_fwd", False), ("_bwd", True)) if self.direction == "both" else (("", False),)
        if self.layers == 1:
            return tuple(Level(way, back=back) for way, back in ways)
        sources = ("x", *(f"h_{n}" for n in range(1, self.layers)))
        return tuple(Level(f"_{n}{way}", read, back, n) for n, read in enumerate(sources, 1) for way, back in ways)

    @property
    def top(self) -> tuple[Level, ...]:
        """The cells whose states outputs are made of: that of the last layer, or both of them."""
        return self.levels[-2:] if self.direction == "both" else self.levels[-1:]

    @property
    def held(self) -> Mapping[str, Mapping[int, tuple[Fraction, ...]]]:
        """What the outputs of each time step are held against, sequence by sequence: the targets, or a 1 for the right
        class and zeros. Nothing where there is no error.
        """
        count = lengths(self)[output_of(self)]
        given = self.targets or tuple(
            {step: tuple(Fraction(n == right) for n in range(1, count + 1)) for step, right in classes.items()}
            for classes in self.classes
        )
        return dict(zip(self.cases, given, strict=True)) if any(given) else {}

    @property
    def states(self) -> dict[str, Level]:
        """The states that are carried from step to step, each with its cell."""
        return {f"{state}{level.suffix}": level for level in self.levels for state in STATES[self.cell]}

    @property
    def learned(self) -> tuple[str, ...]:
        """The entries of what is trained; nothing is where there is no error."""
        return self.chosen if self.held else ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The entries of all matrices and biases."""
        return tuple(own for name, rows in self.weights.items() for own in names(name, rows))

    @property
    def unweighted(self) -> tuple[str, ...]:
        """The entries of biases."""
        return tuple(own for name, rows in self.weights.items() if name[0] == "b" for own in names(name, rows))

    @property
    def groups(self) -> Groups:
        """Weights and biases, and the entries of each first state, which `all` leaves as they are."""
        return {**super().groups, **{state: first_entries(self, state) for state in self.states}}


def first_entries(problem: Recurrent, state: str) -> tuple[str, ...]:
    """The entries of a first state."""
    size, step = lengths(problem)[state], first_step(problem, state)
    return tuple(f"{entry(state, (i, size))}_t{step}" for i in range(1, size + 1))


def own_names(problem: Recurrent) -> dict[str, str]:
    """The author's name of each matrix and bias, by what it is for."""
    return {role_of(name, problem.cell): name for name in problem.weights}


def cell_lines(problem: Recurrent, level: Level) -> tuple[Line, ...]:
    """What one cell makes at a time step."""
    linear = row_name(problem.activation) == "identity"
    found = cell(problem.cell, problem.reset, problem.update, linear, problem.peepholes)
    return tuple(line.placed(level.suffix, level.source) for line in found) if level.suffix else found


def output_lines(problem: Recurrent, always: bool = False) -> tuple[Line, ...]:
    """What is made of the last states at a time step with an output; nothing where they are the output themselves."""
    both = problem.direction == "both"
    if not (always or both or "V" in own_names(problem)):
        return ()
    ways = ("_fwd", "_bwd") if both else ("",)
    states = tuple((f"V{way}", f"h{level.suffix}") for way, level in zip(ways, problem.top, strict=True))
    return output(states, row_name(problem.output_activation) == "identity")


def output_of(problem: Recurrent) -> str:
    """The vector that is held against the targets."""
    return "y" if output_lines(problem) else f"h{problem.levels[-1].suffix}"


def lengths(problem: Recurrent) -> dict[str, int]:
    """How long each vector is."""
    own, found = own_names(problem), {"x": shape(problem.inputs[0])[1]}
    for level in problem.levels:
        inner = [name for role, name in own.items() if role.startswith("U") and role.endswith(level.suffix)]
        hidden = len(problem.weights[inner[0]]) if inner else 1
        found |= {line.name: hidden for line in cell_lines(problem, level)}
        found |= {f"{state}{level.suffix}": hidden for state in STATES[problem.cell]}
    for level in problem.levels:
        if level.source != "x":  # what the layer below has made, in one direction or in both
            found[level.source] = sum(found[f"h{below.suffix}"] for below in below_of(problem, level))
    head = next((problem.weights[name] for role, name in own.items() if role.startswith("V")), None)
    if head is not None:
        found |= dict.fromkeys(("s", "y"), shape(head)[0 if problem.vectors == "columns" else 1])
    return found


def below_of(problem: Recurrent, level: Level) -> tuple[Level, ...]:
    """The cells whose states a cell of a higher layer reads, in the order that it reads them in."""
    return tuple(other for other in problem.levels if other.layer == level.layer - 1)


def worked_steps(problem: Recurrent, case: str) -> tuple[int, ...]:
    """The time steps whose output is worked in a sequence: with a target (all, where none has), or read at the next."""
    steps, held = range(1, problem.times + 1), problem.held
    read = range(problem.fed, problem.times)
    if problem.readout == "ends":
        return (problem.times,)
    return tuple(step for step in steps if not held or step in held[case] or step in read)


def first_step(problem: Recurrent, state: str) -> int:
    """The number of the time step that a state has before the first one on its way."""
    return problem.times + 1 if problem.states[state].back else 0


def first_states(problem: Recurrent) -> Iterator[tuple[str, tuple[Fraction, ...]]]:
    """The first states: what is given of them, else zeros."""
    sizes = lengths(problem)
    for state in problem.states:
        yield state, problem.initial.get(state, (Fraction(0),) * sizes[state])


def shapes_of(problem: Recurrent) -> dict[str, tuple[tuple[int, int], bool]]:
    """For each matrix and bias that the cells and the output can use: its shape, and whether it has to be there."""
    sizes, found = lengths(problem), {}
    lines = [line for level in problem.levels for line in cell_lines(problem, level)]
    for line in (*lines, *output_lines(problem)):
        made = sizes.get(line.name, 1)
        for matrix, vector in line.products:
            size = (made, sizes[vector.removesuffix("_before")])
            found[matrix] = (size if problem.vectors == "columns" else size[::-1], True)
        found |= {weights: ((1, made), True) for weights, _ in line.scaled}
        found |= {bias: ((1, made), False) for bias in (line.bias, line.other) if bias}
    return found
