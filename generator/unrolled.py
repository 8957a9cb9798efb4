"""A recurrent network -> the quantities of its states, outputs and errors, time step by time step."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from generator.cells import OUTPUT, STATES, Line
from generator.declared import grid
from generator.declared import matrix as as_matrix
from generator.declared import vector as as_vector
from generator.formula import Add, Call, Div, Formula, Mul, Ref, num, rebuild, substitute
from generator.functions import VECTORS
from generator.graph import Label, Quantity, Role, Tensor
from generator.infix import parse
from generator.recurrences import (
    Recurrent,
    Sizes,
    first_states,
    lines_of,
    output_of,
    own_names,
    role_of,
    used_by,
    worked_steps,
)
from generator.tables import entries, entry, names, shape

LOSS = "E_total"


class Unrolled:
    """The cell laid out over the time steps. `now` has the entries' names of each vector, at this step or before."""

    def __init__(self, problem: Recurrent) -> None:
        self.problem, self.sizes, self.own = problem, Sizes.of(problem), own_names(problem)
        self.functions = {
            "gate": problem.gate_activation, "squash": problem.activation, "out": problem.output_activation,
        }  # fmt: skip
        self.quantities: list[Quantity] = []
        self.givens: dict[str, Fraction] = {}
        self.now: dict[str, tuple[str, ...]] = {}
        self.terms: list[Quantity] = []
        self.tensors: list[Tensor] = []
        self._start()
        self.started = {"x": tuple(q.name for q in self.quantities if q.label.kind == "input"), **self.now}
        for step in range(1, len(problem.inputs) + 1):
            self._step(step)
        self._errors()

    # --- givens ---

    def _given(self, kind: str, name: str, row: tuple[Fraction, ...], step: int, sign: str = "") -> tuple[str, ...]:
        """One vector at one time step."""
        made = []
        for index, number in enumerate(row, 1):
            symbol = entry(name, (index, len(row)))
            own = f"{symbol}_t{step}"
            label = Label(kind, entry(sign or name, (index, len(row))), str(index), of=symbol, case=str(step))
            self._add(Quantity(own, Role.GIVEN, label), number)
            made.append(own)
        self._declare(name, tuple(made), step)  # a target is written after its unit, but is no state
        return tuple(made)

    def _declare(self, name: str, entries: tuple[str, ...], step: int) -> None:
        self.tensors.append(as_vector(name, entries, self.problem.vectors == "columns", str(step)))

    def _add(self, quantity: Quantity, number: Fraction) -> None:
        self.quantities.append(quantity)
        self.givens[quantity.name] = number

    def _start(self) -> None:
        problem = self.problem
        self.inputs = [self._given("input", "x", row, step) for step, row in enumerate(problem.inputs, 1)]
        for name, rows in problem.weights.items():
            kind, of = "bias" if name.startswith("b") else "weight", name if problem.vectors == "rows" else ""
            for own, number in entries(name, rows):
                self._add(Quantity(own, Role.GIVEN, Label(kind, own, of=of), group=self._group(name)), number)
            is_column = kind == "bias" and problem.vectors == "columns"
            self.tensors.append(as_matrix(name, grid(names(name, rows), 1 if is_column else len(rows[0]))))
        self.now.update((state, self._given("state", state, row, 0)) for state, row in first_states(problem))
        made = "y" if "V" in self.own else "h"
        self.targets = {
            step: self._given("target", "t", row, step, made) for step, row in sorted(problem.targets.items())
        }

    def _group(self, name: str) -> str:
        """The group of a matrix or bias: one of its own where several time steps use it."""
        of_output = any(role_of(name) in used_by(line) for line in OUTPUT)
        return "shared" if len(worked_steps(self.problem, of_output)) > 1 else ""

    # --- one time step ---

    def _step(self, step: int) -> None:
        self.now = {"x": self.inputs[step - 1], **{f"{s}_before": self.now[s] for s in STATES[self.problem.cell]}}
        for line in self._lines(step):
            size = self.sizes.of_vector(line.name)
            made = [self._entry(line, index, size, step) for index in range(1, size + 1)]
            self.quantities += made
            self.now[line.name] = tuple(quantity.name for quantity in made)
            self._declare(line.name, self.now[line.name], step)
        if step in self.targets:
            self._error(step)

    def _lines(self, step: int) -> Iterator[Line]:
        """The lines of the cell, and of the output where it is asked for."""
        with_output = step in worked_steps(self.problem, with_output=True)
        for line in lines_of(self.problem):
            if line not in output_of(self.problem) or with_output:
                yield line

    def _entry(self, line: Line, index: int, size: int, step: int) -> Quantity:
        symbol = entry(line.name, (index, size))
        label = Label("value", symbol, str(index), of=line.name, case=str(step))
        formula = self._formula(line, index)
        return Quantity(f"{symbol}_t{step}", Role.FORWARD, label, formula, line.rule, f"step:{step}")

    def _formula(self, line: Line, index: int) -> Formula:
        terms: list[Formula] = []
        for matrix, vector in line.products:
            terms += self._product(self.own[matrix], vector, index)
        if line.bias in self.own:
            name = self.own[line.bias]
            terms.append(Ref(entry(name, (index, len(self.problem.weights[name][0])))))
        if line.text:
            text = self._chosen(parse(line.text))
            here = {name: Ref(found[index - 1]) for name, found in self.now.items() if len(found) >= index}
            terms.append(substitute(text, here))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def _product(self, matrix: str, vector: str, index: int) -> Iterator[Formula]:
        """The terms of one row of a matrix times a vector (of a column, where vectors are rows)."""
        height, width = shape(self.problem.weights[matrix])
        for place, name in enumerate(self.now[vector], 1):
            if self.problem.vectors == "columns":
                yield Mul((Ref(entry(matrix, (index, height), (place, width))), Ref(name)))
            else:
                yield Mul((Ref(name), Ref(entry(matrix, (place, height), (index, width)))))

    def _chosen(self, tree: Formula) -> Formula:
        """A line's formula with the functions that the definition chooses; a vector function has all entries."""
        tree = rebuild(tree, self._chosen)
        if not isinstance(tree, Call):
            return tree
        name = self.functions[tree.name]
        return Call(name, (*tree.args, *map(Ref, self.now["s"])) if name in VECTORS else tree.args)

    # --- errors ---

    def _error(self, step: int) -> None:
        outputs, targets = self.now["y" if "V" in self.own else "h"], self.targets[step]
        for index, (output, target) in enumerate(zip(outputs, targets, strict=True), 1):
            symbol = entry("E", (index, len(outputs)))
            label = Label("value", symbol, str(index), of="E", case=str(step))
            formula = Call(self.problem.loss, (Ref(target), Ref(output)))
            self.terms.append(Quantity(f"{symbol}_t{step}", Role.LOSS, label, formula, "error", "loss"))

    def _errors(self) -> None:
        """Every error, and their sum (a single one is the loss itself)."""
        label = Label("loss", LOSS)
        if len(self.terms) == 1:
            (term,) = self.terms
            self.quantities.append(Quantity(LOSS, Role.LOSS, label, term.formula, "error", "loss"))
        elif self.terms:
            total: Formula = Add(tuple(Ref(term.name) for term in self.terms))
            rule, steps = "total", len(self.targets)
            if self.problem.over_time == "mean" and steps > 1:
                total, rule = Div(total, num(steps)), "mean_total"
            self.quantities += [*self.terms, Quantity(LOSS, Role.LOSS, label, total, rule, "loss")]
