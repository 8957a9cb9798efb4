"""Outputs and targets of time steps -> their errors, and what adds them up or takes their mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.definitions.tables import entry
from generator.formula.tree import Add, Div, Formula, Ref, num
from generator.graph.quantities import Label, Quantity, Role
from generator.kinds.recurrent.model import Recurrent
from generator.learning.losses import averages, error_of

LOSS = "E_total"


def errors_of(problem: Recurrent, step: int, outputs: Sequence[str], targets: Sequence[str]) -> Iterator[Quantity]:
    """The error of each output of a time step."""
    for index, (output, target) in enumerate(zip(outputs, targets, strict=True), 1):
        symbol = entry("E", (index, len(outputs)))
        label = Label("value", symbol, str(index), of="E", case=str(step))
        formula = error_of(problem.loss, target, output)
        yield Quantity(f"{symbol}_t{step}", Role.LOSS, label, formula, "error", "loss")


def totalled(problem: Recurrent, terms: Sequence[Quantity]) -> Iterator[Quantity]:
    """Every error, and what puts them together (a single one is the loss itself; of none there is nothing)."""
    label = Label("loss", LOSS)
    if len(terms) == 1:
        yield Quantity(LOSS, Role.LOSS, label, terms[0].formula, "error", "loss")
    elif terms:
        rule, count = _mean(problem, len(terms))
        total: Formula = Add(tuple(Ref(term.name) for term in terms))
        yield from terms
        yield Quantity(LOSS, Role.LOSS, label, Div(total, num(count)) if count > 1 else total, rule, "loss")


def _mean(problem: Recurrent, count: int) -> tuple[str, int]:
    """How errors are put together, and what their sum is divided by: over outputs, time steps, both, or not at all."""
    steps = len(problem.held)
    outputs = count // steps if averages(problem.loss) else 1
    times = steps if problem.over_time == "mean" else 1
    if steps == 1:
        return "total_mean" if outputs > 1 else "total_outputs", outputs
    rules = {(False, True): "mean_total", (True, False): "mean_outputs", (True, True): "mean_all"}
    return rules.get((outputs > 1, times > 1), "total"), outputs * times
