"""A typed recurrent network -> what is wrong with it beyond its types, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from generator.definitions.problem import Finding
from generator.definitions.rows import Rows, check_row, row_name
from generator.definitions.source import Location
from generator.definitions.tables import said, shape
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.kinds.recurrent.letters import role_of
from generator.kinds.recurrent.model import Recurrent, lengths, output_lines, output_of, shapes_of
from generator.kinds.recurrent.unrolled import Unrolled
from generator.learning.batches import check_order
from generator.learning.losses import LOSS_ROWS
from generator.learning.targets import check_targets
from generator.learning.trainable import check_trained
from generator.learning.training import check_brought, check_learning, check_training


def check_recurrent(problem: Recurrent) -> Iterator[Finding]:
    """The cells and their matrices; then what is given at time steps; then functions, and how it learns."""
    found = [*_check_cells(problem)] or [*_check_weights(problem)]
    found = found or [*_check_steps(problem)] or [*_check_functions(problem)]
    found = found or [*_check_training(problem)] or [*check_learning(problem)]
    yield from found or _check_updates(problem)


def _check_cells(problem: Recurrent) -> Iterator[Finding]:
    """What goes with which cell, and what does not go together."""
    if problem.readout == "ends" and problem.direction != "both":
        yield ("readout",), "`ends` of one direction", "`direction: both`; in one, the last state has the last output"
    if problem.peepholes and problem.cell != "lstm":
        yield ("peepholes",), f"peepholes of the cell `{problem.cell}`", "`cell: lstm`, which has a cell state"
    if problem.length is not None and problem.length < problem.fed:
        yield ("length",), f"{problem.length}", f"at least {problem.fed}, the number of inputs"
    if problem.times > problem.fed and problem.direction == "both":
        yield ("length",), "outputs as inputs in both directions", "one direction, or an input for each step"
    if problem.truncate is not None and problem.direction == "both":
        yield ("truncate",), "a truncation in both directions", "one direction"


def _check_weights(problem: Recurrent) -> Iterator[Finding]:
    expected = shapes_of(problem)
    roles: dict[str, str] = {}
    for name, rows in problem.weights.items():
        role = role_of(name, problem.cell)
        if role not in expected:
            heads = [other for line in output_lines(problem, always=True) for other in line.parameters]
            known = [*expected, *(other for other in dict.fromkeys((*heads, "b_y")) if other not in expected)]
            letters = "W is of the input, U of the state before, V of the output"
            expected_names = f"one of {', '.join(known)}: {letters}" if role not in known else "`V` beside it"
            yield ("weights", name), f"`{name}`", expected_names
        elif role in roles:
            yield ("weights", name), f"`{name}` beside `{roles[role]}`", "each matrix once"
        elif shape(rows) != expected[role][0]:
            yield ("weights", name), said(shape(rows)), said(expected[role][0])
        roles[role] = name
    needed = [role for role, (_, must) in expected.items() if must]
    missing = [role for role in needed if role not in roles]
    if missing:
        yield ("weights",), f"no `{missing[0]}`", f"the matrices {', '.join(needed)}"


def _check_steps(problem: Recurrent) -> Iterator[Finding]:
    """First states and targets: whose they are, and how long."""
    sizes = lengths(problem)
    outputs = sizes[output_of(problem)]
    for state, row in problem.initial.items():
        if state not in problem.states:
            yield ("initial", state), f"`{state}`", f"a state of this cell: {', '.join(problem.states)}"
        elif len(row) != sizes[state]:
            yield ("initial", state), said((1, len(row))), said((1, sizes[state]))
    if problem.targets and problem.classes:
        yield ("classes",), "`classes` beside `targets`", "one of them"
    for place, own in enumerate(problem.classes):
        yield from _check_classes(problem, own, outputs, _place(problem, "classes", place))
    for place, own in enumerate(problem.targets):
        yield from _check_targets(problem, own, outputs, _place(problem, "targets", place))
    for number, held in enumerate(problem.held.values()):
        key = "targets" if problem.targets else "classes"
        if not held:
            yield _place(problem, key, number), "no target", "a target at one time step or more"
        for step in held:
            if 1 <= step < problem.times and problem.readout == "ends":
                found = f"a target at time step {step} of one output"
                yield _place(problem, key, number), found, f"one at time step {problem.times}"
    if problem.times > problem.fed and outputs != sizes["x"]:
        yield ("length",), f"outputs of {outputs} as inputs of {sizes['x']}", "as many outputs as inputs"
    if not problem.held and (problem.learning_rate or problem.wanted or problem.training):
        yield ("targets",), "no target", "a target at one time step or more, since gradients are asked for"


def _place(problem: Recurrent, key: str, number: int) -> Location:
    """Where what belongs to a sequence stands, which is in a list where there are several."""
    return (key, number) if len(problem.cases) > 1 else (key,)


def _check_classes(problem: Recurrent, own: Mapping[int, int], outputs: int, place: Location) -> Iterator[Finding]:
    """What is wrong with the classes of one sequence."""
    for step, right in own.items():
        if not 1 <= right <= outputs or outputs < 2:
            expected = f"a class from 1 to {outputs}" if outputs > 1 else "two outputs or more"
            yield place, f"{right} at time step {step}", expected
        if not 1 <= step <= problem.times:
            yield place, f"a class at time step {step}", f"time steps from 1 to {problem.times}"


def _check_targets(
    problem: Recurrent, own: Mapping[int, tuple[Fraction, ...]], outputs: int, place: Location
) -> Iterator[Finding]:
    """What is wrong with the targets of one sequence."""
    for step, row in own.items():
        if not 1 <= step <= problem.times:
            yield place, f"a target at time step {step}", f"time steps from 1 to {problem.times}"
        elif len(row) != outputs:
            one_hot = " (or `classes`, with the number of the output that is right)" if len(row) == 1 else ""
            yield place, f"{said((1, len(row)))} at time step {step}", f"{said((1, outputs))}{one_hot}"


def _check_functions(problem: Recurrent) -> Iterator[Finding]:
    rows: Mapping[str, Rows] = {
        "activation": ACTIVATIONS, "gate_activation": ACTIVATIONS, "output_activation": {**ACTIVATIONS, **VECTORS},
        "loss": LOSS_ROWS,
    }  # fmt: skip
    for key, known in rows.items():
        chosen = getattr(problem, key)
        wrong = [*check_row(chosen, known, (key,))]
        yield from wrong
        name = row_name(chosen)
        if not wrong and problem.held and name in ACTIVATIONS and not ACTIVATIONS[name].derivative:
            yield (key,), f"`{name}`, which lets no gradient through", "one that does, or no targets"
    last = row_name(problem.output_activation)
    if last in VECTORS and lengths(problem).get("y", 1) < 2:
        yield ("output_activation",), f"`{last}` of one output, or without `V`", "two outputs"
    yield from _check_loss(problem)


def _check_loss(problem: Recurrent) -> Iterator[Finding]:
    """A logarithm of outputs is there where each of them is between 0 and 1."""
    loss = row_name(problem.loss)
    has_head, is_elman = bool(output_lines(problem)), problem.cell == "elman"
    made = row_name(problem.output_activation if has_head else problem.activation) if has_head or is_elman else ""
    allowed = {"cross_entropy": ("softmax", "logistic"), "binary_cross_entropy": ("logistic", "softmax")}.get(loss, ())
    if problem.held and allowed and made not in allowed:
        found = f"`{loss}` of outputs that need not lie between 0 and 1"
        key = "output_activation" if has_head else "activation"
        choice = " or ".join(allowed if has_head else ("logistic",))
        yield ("loss",), found, f"`{key}: {choice}`" if has_head or is_elman else "a matrix `V` and `output_activation`"
    for number, own in enumerate(problem.held.values()):
        place = _place(problem, "targets" if problem.targets else "classes", number)
        for step, row in own.items():
            targets = [((*place, str(step), j) if len(row) > 1 else (*place, str(step)), n) for j, n in enumerate(row)]
            yield from check_targets(problem.loss, targets, (*place, str(step)), made in VECTORS)


def _check_training(problem: Recurrent) -> Iterator[Finding]:
    yield from check_order(problem)
    if problem.wanted and problem.turns:
        yield ("wanted",), "inputs of observations that have turns", "`order: batch`"
    yield from check_trained(problem)
    for number, state in enumerate(problem.wanted):
        if state not in ("x", *problem.states):
            yield ("wanted", number), f"`{state}`", f"one of x, {', '.join(problem.states)}"


def _check_updates(problem: Recurrent) -> Iterator[Finding]:
    made = Unrolled(problem)
    moves = problem.learning_rate is not None and bool(problem.chosen)
    yield from check_training(problem, moves, "`learning_rate`, and weights that are trained")
    yield from check_brought(problem, {quantity.name for quantity in (*made.given, *made.quantities)}, problem.learned)
