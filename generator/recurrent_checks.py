"""A typed recurrent network -> what is wrong with it beyond its types, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.cells import OUTPUT, STATES
from generator.functions import ACTIVATIONS, LOSSES, VECTORS
from generator.problem import Finding
from generator.recurrences import Recurrent, Sizes, role_of, shapes_of, used_by
from generator.tables import said, shape
from generator.training import check_brought, check_learning, check_trained, check_training
from generator.unrolled import Unrolled


def check_recurrent(problem: Recurrent) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    found = [*_check_weights(problem)]
    yield from found or _check_rest(problem)


def _check_weights(problem: Recurrent) -> Iterator[Finding]:
    expected = shapes_of(problem)
    roles: dict[str, str] = {}
    for name, rows in problem.weights.items():
        role = role_of(name)
        if role not in expected:
            known = [*expected, *(other for line in OUTPUT for other in used_by(line) if other not in expected)]
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


def _check_rest(problem: Recurrent) -> Iterator[Finding]:
    sizes = Sizes.of(problem)
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


def _check_functions(problem: Recurrent) -> Iterator[Finding]:
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
    if problem.output_activation in VECTORS and Sizes.of(problem).outputs < 2:
        found.append(
            (("output_activation",), f"`{problem.output_activation}` of one output, or without `V`", "two outputs")
        )
    yield from found or _check_training(problem)


def _check_training(problem: Recurrent) -> Iterator[Finding]:
    yield from check_trained(problem.trained, tuple(problem.weights))
    for number, state in enumerate(problem.wanted):
        if state not in ("x", *STATES[problem.cell]):
            yield ("wanted", number), f"`{state}`", f"one of x, {', '.join(STATES[problem.cell])}"
    found = [*check_learning(problem)]
    yield from found or _check_updates(problem)


def _check_updates(problem: Recurrent) -> Iterator[Finding]:
    moves = problem.learning_rate is not None and problem.trained != ()
    yield from check_training(problem, moves, "`learning_rate`, and weights that are trained")
    yield from check_brought(problem, {quantity.name for quantity in Unrolled(problem).quantities}, problem.learned)
