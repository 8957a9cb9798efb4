"""A recurrent network -> what is given as quantities, and the names of its vectors by sequence and time step."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import MutableMapping
from fractions import Fraction

from generator.definitions.tables import entries, entry, names
from generator.graph.declared import grid, matrix, vector
from generator.graph.quantities import Label, Quantity, Role, Tensor
from generator.kinds.recurrent.letters import role_of
from generator.kinds.recurrent.model import (
    Recurrent,
    first_states,
    first_step,
    output_lines,
    output_of,
    worked_steps,
)
from generator.kinds.recurrent.totals import place_of
from generator.learning.batches import at


class Placed:
    """What is given, of all sequences.

    `at` has the entries' names of each vector at each step, in the sequence `case` that is worked; first states are the
    same in all of them.
    """

    def __init__(self, problem: Recurrent) -> None:
        self.problem = problem
        self.output, self.outputs = output_of(problem), output_lines(problem)
        self.given: list[Quantity] = []
        self.givens: dict[str, Fraction] = {}
        self.tensors: list[Tensor] = []
        shared: dict[tuple[str, int], tuple[str, ...]] = {}
        self.sequences: dict[str, MutableMapping[tuple[str, int], tuple[str, ...]]] = {"": shared}
        self.sequences |= {case: ChainMap({}, shared) for case in problem.cases if case}
        self.case, self.at = "", self.sequences[""]
        self._start()

    @property
    def started(self) -> dict[str, tuple[str, ...]]:
        """The entries of all inputs, and of each first state."""
        steps = range(1, self.problem.fed + 1)
        states = {state: self.at[state, first_step(self.problem, state)] for state in self.problem.states}
        inputs = (self.sequences[case]["x", step] for case in self.problem.cases for step in steps)
        return {"x": tuple(name for entries in inputs for name in entries), **states}

    def _given(self, kind: str, name: str, row: tuple[Fraction, ...], step: int, sign: str = "") -> None:
        """One vector at one time step."""
        made, (case, part) = [], self.place(step)
        for index, number in enumerate(row, 1):
            symbol = entry(name, (index, len(row)))
            own = self.named(symbol, step)
            number_of = "" if kind == "target" and len(row) == 1 else str(index)
            of = symbol if kind == "target" else name  # a target is written after its unit
            label = Label(
                kind,
                entry(sign or name, (index, len(row))),
                number_of,
                of=of,
                case=case,
                part=part,
            )
            self._add(Quantity(own, Role.GIVEN, label), number)
            made.append(own)
        self.declare(name, tuple(made), step)  # a target is written after its unit, but is no state

    def declare(self, name: str, made: tuple[str, ...], step: int) -> None:
        """These are the entries of a vector at a time step."""
        self.at[name, step] = made
        self.tensors.append(vector(name, made, self.problem.vectors == "columns", *self.place(step)))

    def place(self, step: int) -> tuple[str, str]:
        """The case and the part of what is worked at a time step; what all sequences share has no case."""
        is_shared = not self.case and len(self.problem.cases) > 1
        return ("", str(step)) if is_shared else place_of(step, self.case)

    def enter(self, case: str) -> None:
        """From here on this sequence is worked."""
        self.case, self.at = case, self.sequences[case]

    def named(self, symbol: str, step: int) -> str:
        """The name of an entry at a time step of the sequence that is worked."""
        return at(f"{symbol}_t{step}", self.case)

    def _add(self, quantity: Quantity, number: Fraction) -> None:
        self.given.append(quantity)
        self.givens[quantity.name] = number

    def _start(self) -> None:
        problem = self.problem
        for case, rows in zip(problem.cases, problem.inputs, strict=True):
            self.enter(case)
            for step, row in enumerate(rows, 1):
                self._given("input", "x", row, step)
        self.enter("")
        for name, rows in problem.weights.items():
            kind = "bias" if name.startswith("b") else "weight"
            for own, number in entries(name, rows):
                label = Label(kind, own, own.removeprefix(name).removeprefix("_"), of=name)
                self._add(Quantity(own, Role.GIVEN, label, group=self._group(name)), number)
            is_column = name[0] in "bp" and problem.vectors == "columns"
            self.tensors.append(matrix(name, grid(names(name, rows), 1 if is_column else len(rows[0]))))
        for state, row in first_states(problem):
            self._given("state", state, row, first_step(problem, state))
        for case, held in problem.held.items():
            self.enter(case)
            for step, row in sorted(held.items()):
                self._given("target", "t", row, step, self.output)

    def _group(self, name: str) -> str:
        """The group of a matrix or bias: one of its own where several time steps use it."""
        of_output = any(role_of(name, self.problem.cell) in line.parameters for line in self.outputs)
        steps = (
            len(worked_steps(self.problem, case)) if of_output else self.problem.times for case in self.problem.cases
        )
        return "shared" if sum(steps) > 1 else ""
