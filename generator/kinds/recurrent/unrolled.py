"""A recurrent network -> the quantities of its states, outputs and errors, time step by time step."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from generator.definitions.rows import Chosen, arguments, row_name
from generator.definitions.tables import entries, entry, names, shape
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.formula.infix import parse
from generator.formula.tree import Add, Call, Formula, Mul, Ref, rebuild, references, substitute
from generator.graph.declared import grid, whole
from generator.graph.declared import matrix as as_matrix
from generator.graph.declared import vector as as_vector
from generator.graph.quantities import Diagram, Label, Quantity, Role, Tensor
from generator.kinds.recurrent.cells import STATES, Line, before
from generator.kinds.recurrent.model import (
    Level,
    Recurrent,
    below_of,
    cell_lines,
    first_states,
    first_step,
    lengths,
    output_lines,
    output_of,
    own_names,
    role_of,
    worked_steps,
)
from generator.kinds.recurrent.totals import errors_of, totalled
from generator.kinds.recurrent.unfolding import Gathered, unfolded

MOST_DRAWN = 6  # time steps; a drawing of more could not be read


class Unrolled:
    """The cells laid out over the time steps. `at` has the entries' names of each vector at each step."""

    def __init__(self, problem: Recurrent) -> None:
        self.problem, self.sizes, self.own = problem, lengths(problem), own_names(problem)
        self.output, self.outputs = output_of(problem), output_lines(problem)
        self.functions: dict[str, Chosen] = {
            "gate": problem.gate_activation, "squash": problem.activation, "out": problem.output_activation,
        }  # fmt: skip
        self.quantities: list[Quantity] = []
        self.givens: dict[str, Fraction] = {}
        self.at: dict[tuple[str, int], tuple[str, ...]] = {}
        self.cut: list[str] = []
        self.terms: list[Quantity] = []
        self.tensors: list[Tensor] = []
        self._start()
        self._forward()
        self.quantities += totalled(problem, self.terms)

    @property
    def started(self) -> dict[str, tuple[str, ...]]:
        """The entries of all inputs, and of each first state."""
        steps = range(1, len(self.problem.inputs) + 1)
        states = {state: self.at[state, first_step(self.problem, state)] for state in self.problem.states}
        return {"x": tuple(name for step in steps for name in self.at["x", step]), **states}

    def diagram(self) -> Diagram | None:
        """The network over its time steps: inputs below, states, outputs above; none where there are too many."""
        if self.problem.times > MOST_DRAWN:
            return None
        weights = [own for name, rows in self.problem.weights.items() for own in names(name, rows)]
        return unfolded(tuple(self._nodes()), self.quantities, weights, whole(self.tensors), self.cut)

    def _nodes(self) -> Iterator[Gathered]:
        steps = range(self.problem.times + 2)
        levels = self.problem.levels
        for column in steps:
            for vector, kind, row in (("x", "input", 0), ("y", "output", len(levels) + 1)):
                if (vector, column) in self.at:
                    yield Gathered((self.at[vector, column],), column, row, kind)
            for row, level in enumerate(levels, 1):
                states = [f"{state}{level.suffix}" for state in STATES[self.problem.cell]]
                if (states[0], column) in self.at:
                    given = column == first_step(self.problem, states[0])
                    shown = self.output in states and column in worked_steps(self.problem)
                    kind = "input" if given else "output" if shown else "hidden"
                    yield Gathered(tuple(self.at[state, column] for state in states), column, row, kind)

    # --- givens ---

    def _given(self, kind: str, name: str, row: tuple[Fraction, ...], step: int, sign: str = "") -> None:
        """One vector at one time step."""
        made = []
        for index, number in enumerate(row, 1):
            symbol = entry(name, (index, len(row)))
            own = f"{symbol}_t{step}"
            number_of = "" if kind == "target" and len(row) == 1 else str(index)
            of = symbol if kind == "target" else name  # a target is written after its unit
            label = Label(kind, entry(sign or name, (index, len(row))), number_of, of=of, case=str(step))
            self._add(Quantity(own, Role.GIVEN, label), number)
            made.append(own)
        self._declare(name, tuple(made), step)  # a target is written after its unit, but is no state

    def _declare(self, name: str, made: tuple[str, ...], step: int) -> None:
        self.at[name, step] = made
        self.tensors.append(as_vector(name, made, self.problem.vectors == "columns", str(step)))

    def _add(self, quantity: Quantity, number: Fraction) -> None:
        self.quantities.append(quantity)
        self.givens[quantity.name] = number

    def _start(self) -> None:
        problem = self.problem
        for step, row in enumerate(problem.inputs, 1):
            self._given("input", "x", row, step)
        for name, rows in problem.weights.items():
            kind = "bias" if name.startswith("b") else "weight"
            for own, number in entries(name, rows):
                label = Label(kind, own, own.removeprefix(name).removeprefix("_"), of=name)
                self._add(Quantity(own, Role.GIVEN, label, group=self._group(name)), number)
            is_column = name[0] in "bp" and problem.vectors == "columns"
            self.tensors.append(as_matrix(name, grid(names(name, rows), 1 if is_column else len(rows[0]))))
        for state, row in first_states(problem):
            self._given("state", state, row, first_step(problem, state))
        for step, row in sorted(problem.held.items()):
            self._given("target", "t", row, step, self.output)

    def _group(self, name: str) -> str:
        """The group of a matrix or bias: one of its own where several time steps use it."""
        of_output = any(role_of(name) in line.parameters for line in self.outputs)
        return "shared" if (len(worked_steps(self.problem)) if of_output else self.problem.times) > 1 else ""

    # --- the time steps ---

    def _forward(self) -> None:
        """Step by step through all cells; where they go in both directions, each of them through all steps."""
        steps = range(1, self.problem.times + 1)
        if self.problem.direction == "both":
            for level in self.problem.levels:
                way = "backward" if level.back else "forward"
                for step in reversed(steps) if level.back else steps:
                    self._below(level, step)
                    self._cell(level, step, f"layer_{way}:{level.layer}.{step}" if level.layer else f"{way}:{step}")
            for step in steps:
                self._output(step, "outputs")
            return
        for step in steps:
            for level in self.problem.levels:
                self._cell(level, step, f"step:{step}")
            self._output(step, f"step:{step}")

    def _below(self, level: Level, step: int) -> None:
        """What a cell reads of the layer below: the states of both directions, one below the other."""
        if level.source != "x" and (level.source, step) not in self.at:
            below = below_of(self.problem, level)
            self._declare(
                level.source, tuple(name for each in below for name in self.at[f"h{each.suffix}", step]), step
            )

    def _cell(self, level: Level, step: int, group: str) -> None:
        if self.problem.truncate and step > 1 and (step - 1) % self.problem.truncate == 0:
            self._held(level, step - 1, group)
        for line in cell_lines(self.problem, level):
            self._line(line, step, group)

    def _held(self, level: Level, step: int, group: str) -> None:
        """The states that one piece of the time steps hands on to the next as numbers."""
        for state in (name for name, own in self.problem.states.items() if own == level):
            name, held = f"{state}_cut", self.at[state, step]
            made = []
            for index, source in enumerate(held, 1):
                symbol = entry(name, (index, len(held)))
                label = Label("value", symbol, str(index), of=name, case=str(step))
                made.append(Quantity(f"{symbol}_t{step}", Role.FORWARD, label, Ref(source), "held_state", group))
            self.quantities += made
            self._declare(name, tuple(quantity.name for quantity in made), step)
            self.cut += self.at[name, step]

    def _output(self, step: int, group: str) -> None:
        if step in worked_steps(self.problem):
            for line in self.outputs:
                self._line(line, step, group)
        if step in self.problem.held:
            self.terms += errors_of(self.problem, step, self.at[self.output, step], self.at["t", step])

    def _line(self, line: Line, step: int, group: str) -> None:
        size = self.sizes[line.name]
        made = [self._entry(line, index, size, step, group) for index in range(1, size + 1)]
        self.quantities += made
        self._declare(line.name, tuple(quantity.name for quantity in made), step)

    def _vector(self, name: str, step: int) -> tuple[str, ...]:
        """The entries of a vector as a line of a time step reads it."""
        state = before(name)
        if state:
            last = step + (1 if self.problem.states[state].back else -1)
            return self.at.get((f"{state}_cut", last), self.at[state, last])
        if name == "x" and step > len(self.problem.inputs):
            return self.at[self.output, step - 1]
        return self.at[name, step]

    def _entry(self, line: Line, index: int, size: int, step: int, group: str) -> Quantity:
        symbol = entry(line.name, (index, size))
        label = Label("value", symbol, str(index), of=line.name, case=str(step))
        return Quantity(f"{symbol}_t{step}", Role.FORWARD, label, self._formula(line, index, step), line.rule, group)

    def _formula(self, line: Line, index: int, step: int) -> Formula:
        terms: list[Formula] = []
        for matrix, vector in line.products:
            terms += self._product(self.own[matrix], self._vector(vector, self._read(line, vector, step)), index)
        for weights, vector in line.scaled:
            found = self._vector(vector, step)
            terms.append(Mul((Ref(entry(self.own[weights], (index, len(found)))), Ref(found[index - 1]))))
        for name in (self.own[bias] for bias in (line.bias, line.other) if bias in self.own):
            terms.append(Ref(entry(name, (index, len(self.problem.weights[name][0])))))
        if line.text:
            terms.append(self._own_part(line.text, index, step))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def _read(self, line: Line, vector: str, step: int) -> int:
        """The time step whose vector a line reads: an output of the last states reads the first one backward."""
        state = self.problem.states.get(vector)
        ends = self.problem.readout == "ends" and line in self.outputs
        return 1 if ends and state is not None and state.back else step

    def _product(self, matrix: str, vector: tuple[str, ...], index: int) -> Iterator[Formula]:
        """The terms of one row of a matrix times a vector (of a column, where vectors are rows)."""
        height, width = shape(self.problem.weights[matrix])
        for place, name in enumerate(vector, 1):
            if self.problem.vectors == "columns":
                yield Mul((Ref(entry(matrix, (index, height), (place, width))), Ref(name)))
            else:
                yield Mul((Ref(name), Ref(entry(matrix, (place, height), (index, width)))))

    def _own_part(self, text: str, index: int, step: int) -> Formula:
        """What a line adds to its products: its formula, over the entries in the same place of all vectors."""
        tree = self._chosen(parse(text), step)
        used = [name for name in references(tree) if (before(name) or name) in self.sizes]
        return substitute(tree, {name: Ref(self._vector(name, step)[index - 1]) for name in used})

    def _chosen(self, tree: Formula, step: int) -> Formula:
        """A line's formula with the functions that the definition chooses; a vector function has all entries."""
        tree = rebuild(tree, lambda part: self._chosen(part, step))
        if not isinstance(tree, Call):
            return tree
        chosen = self.functions[tree.name]
        name = row_name(chosen)
        others = map(Ref, self.at["s", step]) if name in VECTORS else arguments(chosen, ACTIVATIONS)
        return Call(name, (*tree.args, *others))
