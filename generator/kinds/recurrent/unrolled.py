"""A recurrent network -> the quantities of its states, outputs and errors, time step by time step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

from generator.definitions.rows import Chosen, arguments, row_name
from generator.definitions.tables import entry, names, shape
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.formula.infix import parse
from generator.formula.sums import sum_of
from generator.formula.tree import Call, Formula, Mul, Ref, rebuild, references, substitute
from generator.graph.declared import whole
from generator.graph.quantities import Diagram, Label, Quantity, Role
from generator.kinds.recurrent.cells import STATES, Line, before
from generator.kinds.recurrent.model import (
    Level,
    Recurrent,
    below_of,
    cell_lines,
    first_step,
    lengths,
    own_names,
    worked_steps,
)
from generator.kinds.recurrent.placed import Placed
from generator.kinds.recurrent.totals import errors_of, totalled
from generator.kinds.recurrent.unfolding import Gathered, unfolded

MOST_DRAWN = 6  # time steps; a drawing of more could not be read


class Unrolled(Placed):
    """The cells laid out over the time steps, of all sequences or of those of some `cases`, a `batch` called so."""

    def __init__(self, problem: Recurrent, cases: Collection[str] = (), batch: str = "") -> None:
        super().__init__(problem)
        self.sizes, self.own = lengths(problem), own_names(problem)
        self.functions: dict[str, Chosen] = {
            "gate": problem.gate_activation, "squash": problem.activation, "out": problem.output_activation,
        }  # fmt: skip
        self.quantities: list[Quantity] = []
        self.cut: list[str] = []
        self.terms: dict[str, list[Quantity]] = {case: [] for case in cases or problem.cases}
        for work in self._forward():
            for case in self.terms:
                self.enter(case)
                work()
        self.quantities += totalled(problem, self.terms, batch)
        self.enter(problem.cases[0])

    def diagram(self) -> Diagram | None:
        """The network over its time steps: inputs below, states, outputs above; none where there are too many."""
        if self.problem.times > MOST_DRAWN:
            return None
        weights = [own for name, rows in self.problem.weights.items() for own in names(name, rows)]
        return unfolded(tuple(self._nodes()), (*self.given, *self.quantities), weights, whole(self.tensors), self.cut)

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
                    shown = self.output in states and column in worked_steps(self.problem, self.case)
                    kind = "input" if given else "output" if shown else "hidden"
                    yield Gathered(tuple(self.at[state, column] for state in states), column, row, kind)

    # --- the time steps ---

    def _forward(self) -> Iterator[Callable[[], None]]:
        """Step by step through all cells; where they go in both directions, each of them through all steps."""
        steps = range(1, self.problem.times + 1)
        if self.problem.direction == "both":
            for level in self.problem.levels:
                way = "backward" if level.back else "forward"
                for step in reversed(steps) if level.back else steps:
                    group = f"layer_{way}:{level.layer}.{step}" if level.layer else f"{way}:{step}"
                    yield partial(self._below, level, step)
                    yield partial(self._cell, level, step, group)
            yield from (partial(self._output, step, "outputs") for step in steps)
            return
        for step in steps:
            yield from (partial(self._cell, level, step, f"step:{step}") for level in self.problem.levels)
            yield partial(self._output, step, f"step:{step}")

    def _below(self, level: Level, step: int) -> None:
        """What a cell reads of the layer below: the states of both directions, one below the other."""
        if level.source != "x" and (level.source, step) not in self.at:
            below = below_of(self.problem, level)
            self.declare(level.source, tuple(name for each in below for name in self.at[f"h{each.suffix}", step]), step)

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
                label = self._label(symbol, index, name, step)
                made.append(Quantity(self.named(symbol, step), Role.FORWARD, label, Ref(source), "held_state", group))
            self.quantities += made
            self.declare(name, tuple(quantity.name for quantity in made), step)
            self.cut += self.at[name, step]

    def _output(self, step: int, group: str) -> None:
        if step in worked_steps(self.problem, self.case):
            for line in self.outputs:
                self._line(line, step, group)
        if step in self.problem.held.get(self.case, ()):
            outputs, targets = self.at[self.output, step], self.at["t", step]
            self.terms[self.case] += errors_of(self.problem, step, self.case, outputs, targets)

    def _line(self, line: Line, step: int, group: str) -> None:
        size = self.sizes[line.name]
        made = [self._entry(line, index, size, step, group) for index in range(1, size + 1)]
        self.quantities += made
        self.declare(line.name, tuple(quantity.name for quantity in made), step)

    def _vector(self, name: str, step: int) -> tuple[str, ...]:
        """The entries of a vector as a line of a time step reads it."""
        state = before(name)
        if state:
            last = step + (1 if self.problem.states[state].back else -1)
            return self.at.get((f"{state}_cut", last), self.at[state, last])
        if name == "x" and step > self.problem.fed:
            return self.at[self.output, step - 1]
        return self.at[name, step]

    def _entry(self, line: Line, index: int, size: int, step: int, group: str) -> Quantity:
        symbol = entry(line.name, (index, size))
        label = self._label(symbol, index, line.name, step)
        formula = self._formula(line, index, step)
        return Quantity(self.named(symbol, step), Role.FORWARD, label, formula, line.rule, group)

    def _label(self, symbol: str, index: int, of: str, step: int) -> Label:
        case, part = self.place(step)
        return Label("value", symbol, str(index), of=of, case=case, part=part)

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
        return sum_of(terms)

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
