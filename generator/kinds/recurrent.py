"""A recurrent network over a few time steps -> the graph of its states, outputs and errors, step by step.

Longer than 250 lines because a kind is one file: its model, its cells, its checks, its graph and its starter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.biases import bias_conventions
from generator.cells import OUTPUT, PLAIN_OUTPUT, STATES, Line, cell
from generator.declared import grid, whole
from generator.declared import matrix as as_matrix
from generator.declared import vector as as_vector
from generator.formula import Add, Call, Div, Formula, Mul, Ref, num, rebuild, substitute
from generator.functions import ACTIVATIONS, LOSSES, VECTORS
from generator.graph import Convention, Graph, Label, Quantity, Role, Tensor
from generator.infix import parse
from generator.losses import loss_conventions
from generator.problem import NUMBER_SCHEMA, Exact, Finding, Name, Whole
from generator.tables import Sequence, Table, entries, entry, names, said, shape
from generator.training import (
    Learning,
    check_brought,
    check_learning,
    check_trained,
    check_training,
    conventions_of,
    plan_of,
)


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


class Definition(Learning):
    """A recurrent network: the same cell at every time step, trained through time."""

    kind: Literal["recurrent"]
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


def _role(name: str) -> str:
    """What a matrix is for: `w`, `u` and `v` are `W`, `U` and `V` in small letters, as single numbers are written."""
    return name[0].upper() + name[1:] if name[0] in "wuv" else name


def _own(problem: Definition) -> dict[str, str]:
    """The author's name of each matrix and bias, by what it is for."""
    return {_role(name): name for name in problem.weights}


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How long the vectors are."""

    inputs: int
    hidden: int
    outputs: int

    @classmethod
    def of(cls, problem: Definition) -> _Sizes:
        own = _own(problem)
        hidden = next((len(problem.weights[name]) for role, name in own.items() if role.startswith("U")), 1)
        if "V" not in own:
            return cls(len(problem.inputs[0]), hidden, hidden)
        head = shape(problem.weights[own["V"]])
        return cls(len(problem.inputs[0]), hidden, head[0] if problem.vectors == "columns" else head[1])

    def of_vector(self, name: str) -> int:
        """The length of a vector of the cell or the output."""
        return {"x": self.inputs, "s": self.outputs, "y": self.outputs}.get(name.removesuffix("_before"), self.hidden)


def _lines(problem: Definition) -> Iterator[Line]:
    """All that is made at a time step with an output."""
    yield from cell(problem.cell, problem.reset, problem.update, linear=problem.activation == "identity")
    if "V" in _own(problem):
        yield from _output(problem)


def _output(problem: Definition) -> tuple[Line, ...]:
    return PLAIN_OUTPUT if problem.output_activation == "identity" else OUTPUT


def _steps(problem: Definition, with_output: bool) -> tuple[int, ...]:
    """All time steps, or those whose output is worked: those that have a target (all, where none has)."""
    steps = tuple(range(1, len(problem.inputs) + 1))
    return tuple(sorted(problem.targets)) if with_output and problem.targets else steps


def _initial(problem: Definition) -> Iterator[tuple[str, tuple[Fraction, ...]]]:
    """The first state of the cell: what is given of it, else zeros."""
    given = {str(state): row for state, row in problem.initial.items()}
    for state in STATES[problem.cell]:
        yield state, given.get(state, (Fraction(0),) * _Sizes.of(problem).hidden)


def _shapes(problem: Definition) -> dict[str, tuple[tuple[int, int], bool]]:
    """For each matrix and bias that the cell and the output can use: its shape, and whether it has to be there."""
    sizes, found = _Sizes.of(problem), {}
    for line in _lines(problem):
        made = sizes.of_vector(line.name)
        for matrix, vector in line.products:
            size = (made, sizes.of_vector(vector))
            found[matrix] = (size if problem.vectors == "columns" else size[::-1], True)
        if line.bias:
            found[line.bias] = ((1, made), False)
    return found


# --- checks ---


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    found = [*_check_weights(problem)]
    yield from found or _check_rest(problem)


def _check_weights(problem: Definition) -> Iterator[Finding]:
    expected = _shapes(problem)
    roles: dict[str, str] = {}
    for name, rows in problem.weights.items():
        role = _role(name)
        if role not in expected:
            known = [*expected, *(other for line in OUTPUT for other in _used(line) if other not in expected)]
            yield ("weights", name), f"`{name}`", f"one of {', '.join(known)}" if role not in known else "`V` beside it"
        elif role in roles:
            yield ("weights", name), f"`{name}` beside `{roles[role]}`", "each matrix once"
        elif shape(rows) != expected[role][0]:
            yield ("weights", name), said(shape(rows)), said(expected[role][0])
        roles[role] = name
    needed = [role for role, (_, must) in expected.items() if must]
    missing = [role for role in needed if role not in roles]
    if missing:
        yield ("weights",), f"no `{missing[0]}`", f"the matrices {', '.join(needed)}"


def _used(line: Line) -> tuple[str, ...]:
    return (*(matrix for matrix, _ in line.products), *([line.bias] if line.bias else []))


def _check_rest(problem: Definition) -> Iterator[Finding]:
    sizes = _Sizes.of(problem)
    for state, row in problem.initial.items():
        if state not in STATES[problem.cell]:
            yield ("initial", state), f"`{state}`", f"a state of this cell: {', '.join(STATES[problem.cell])}"
        elif len(row) != sizes.hidden:
            yield ("initial", state), said((1, len(row))), said((1, sizes.hidden))
    steps = len(problem.inputs)
    for step, row in problem.targets.items():
        if not 1 <= step <= steps:
            yield ("targets",), f"a target at time step {step}", f"time steps from 1 to {steps}"
        elif len(row) != sizes.outputs:
            yield ("targets",), f"{said((1, len(row)))} at time step {step}", said((1, sizes.outputs))
    if not problem.targets and (problem.learning_rate or problem.wanted or problem.training):
        yield ("targets",), "no target", "a target at one time step or more, since gradients are asked for"
    yield from _check_functions(problem)


def _check_functions(problem: Definition) -> Iterator[Finding]:
    rows: Mapping[str, Mapping[str, object]] = {
        "activation": ACTIVATIONS, "gate_activation": ACTIVATIONS, "output_activation": {**ACTIVATIONS, **VECTORS},
        "loss": LOSSES,
    }  # fmt: skip
    found: list[Finding] = []
    for key, known in rows.items():
        name = getattr(problem, key)
        if name not in known:
            found.append(((key,), f"`{name}`", f"one of {', '.join(known)}"))
        elif problem.targets and name in ACTIVATIONS and not ACTIVATIONS[name].derivative:
            found.append(((key,), f"`{name}`, which lets no gradient through", "one that does, or no targets"))
    if problem.output_activation in VECTORS and _Sizes.of(problem).outputs < 2:
        found.append(
            (("output_activation",), f"`{problem.output_activation}` of one output, or without `V`", "two outputs")
        )
    yield from found or _check_training(problem)


def _check_training(problem: Definition) -> Iterator[Finding]:
    yield from check_trained(problem.trained, tuple(problem.weights))
    for number, state in enumerate(problem.wanted):
        if state not in ("x", *STATES[problem.cell]):
            yield ("wanted", number), f"`{state}`", f"one of x, {', '.join(STATES[problem.cell])}"
    found = [*check_learning(problem)]
    yield from found or _check_updates(problem)


def _check_updates(problem: Definition) -> Iterator[Finding]:
    moves = problem.learning_rate is not None and problem.trained != ()
    yield from check_training(problem, moves, "`learning_rate`, and weights that are trained")
    yield from check_brought(problem, {quantity.name for quantity in _Unrolled(problem).quantities}, problem.learned)


# --- the graph ---


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: givens, then each time step's states and outputs, then the errors."""
    made, loss = _Unrolled(problem), LOSS if problem.targets else ""
    work = plan_of(problem, problem.learned, loss)
    wanted = tuple(own for name in problem.wanted for own in made.started[name])
    return Graph(
        (*made.quantities, *work.givens), {**made.givens, **work.values}, loss, problem.learned, problem.rate,
        wanted=wanted, updates=work.updates, rounds=(0,) * (problem.steps or 1),
        conventions=tuple(_conventions(problem)), tensors=whole(made.tensors),
        vectors=problem.vectors.removesuffix("s"),
    )  # fmt: skip


def _conventions(problem: Definition) -> Iterator[Convention]:
    yield Convention("time_steps")
    if problem.cell == "gru":
        yield Convention("reset_after" if problem.reset == "after" else "reset_before")
        yield Convention("update_keeps" if problem.update == "keeps" else "update_admits")
    if _Sizes.of(problem).hidden > 1 or len(problem.inputs[0]) > 1:
        yield Convention("vectors_columns" if problem.vectors == "columns" else "vectors_rows")
    biases = [names(name, rows) for name, rows in problem.weights.items() if name.startswith("b")]
    yield from bias_conventions(biases, problem.learned if problem.learning_rate else ())
    if problem.targets:
        yield from loss_conventions(problem.loss, _Sizes.of(problem).outputs)
    if len(problem.targets) > 1:
        yield Convention("over_time_sum" if problem.over_time == "sum" else "over_time_mean")
    yield from conventions_of(problem)


LOSS = "E_total"


class _Unrolled:
    """The cell laid out over the time steps. `now` has the entries' names of each vector, at this step or before."""

    def __init__(self, problem: Definition) -> None:
        self.problem, self.sizes, self.own = problem, _Sizes.of(problem), _own(problem)
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
        self.now.update((state, self._given("state", state, row, 0)) for state, row in _initial(problem))
        made = "y" if "V" in self.own else "h"
        self.targets = {
            step: self._given("target", "t", row, step, made) for step, row in sorted(problem.targets.items())
        }

    def _group(self, name: str) -> str:
        """The group of a matrix or bias: one of its own where several time steps use it."""
        of_output = any(_role(name) in _used(line) for line in OUTPUT)
        return "shared" if len(_steps(self.problem, of_output)) > 1 else ""

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
        with_output = step in _steps(self.problem, with_output=True)
        for line in _lines(self.problem):
            if line not in _output(self.problem) or with_output:
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


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: recurrent
title: A small recurrent network
introduction: >
  A few sentences that say what is worked here and why. Write [[h_t2]] for a symbol and [[h_t2=]] for a symbol and its
  value: numbers are computed, never typed.

cell: elman # or lstm (W_i, U_i, b_i, and f, g, o alike), gru (r, z, n)
inputs: [1, 0, 1] # one number, or one row of numbers, for each time step
targets: {3: 0.5} # {time step: target}, or a list with one for each
weights: # matrices as lists of rows; single numbers in small letters
  w: 0.5 # from the input
  u: 0.8 # from the state before
  b: 0.1
  v: 1 # to the output; leave it out where the state itself is the output
initial: {h: 0} # the first state
activation: tanh
output_activation: identity

loss: half_squared_error
learning_rate: {eta: 0.1}
trained: all # or a list of matrices
wanted: [x] # also the gradients for the inputs (x) or for the first state (h)

notation: default
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
