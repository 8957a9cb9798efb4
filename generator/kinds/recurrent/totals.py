"""Outputs and targets of time steps -> their errors, and what adds them up or takes their mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from generator.definitions.tables import entry
from generator.formula.tree import Add, Div, Formula, Ref, num
from generator.graph.quantities import Label, Quantity, Role
from generator.kinds.recurrent.model import Recurrent
from generator.learning.batches import at
from generator.learning.losses import averages, error_of, over_observations

LOSS = "E_total"


def errors_of(
    problem: Recurrent, step: int, case: str, outputs: Sequence[str], targets: Sequence[str]
) -> Iterator[Quantity]:
    """The error of each output of a time step of a sequence."""
    for index, (output, target) in enumerate(zip(outputs, targets, strict=True), 1):
        symbol = entry("E", (index, len(outputs)))
        # Of several sequences, E with two numbers above it could be the error of a mini-batch of the two.
        own = Label("value", symbol, str(index), of="E", case=str(step))
        label = Label("value", f"{symbol}_t{step}", str(index), of="E", case=case) if case else own
        formula = error_of(problem.loss, target, output)
        yield Quantity(at(f"{symbol}_t{step}", case), Role.LOSS, label, formula, "error", "loss")


def place_of(step: int, case: str) -> tuple[str, str]:
    """The case and the part of what belongs to a time step: of several sequences, its number is the case."""
    return (case, str(step)) if case else (str(step), "")


def totalled(problem: Recurrent, terms: Mapping[str, Sequence[Quantity]], batch: str) -> Iterator[Quantity]:
    """Every error, and what puts those of each sequence together, and the sequences (of one error it is itself; of none
    there is nothing). `batch` is what these sequences are called beside others (empty: they are all).
    """
    if not any(terms.values()):
        return
    for case, own in terms.items():
        yield from _totalled(problem, case, own)
    if len(terms) > 1:
        yield over_observations(LOSS, [at(LOSS, case) for case in terms], problem.batch == "mean", batch)


def _totalled(problem: Recurrent, case: str, terms: Sequence[Quantity]) -> Iterator[Quantity]:
    """The errors of one sequence, and what puts them together."""
    name, label = at(LOSS, case), Label("observed" if case else "loss", LOSS, case=case)
    if len(terms) == 1:
        yield Quantity(name, Role.LOSS, label, terms[0].formula, "error", "loss")
        return
    rule, count = _mean(problem, len(terms), len(problem.held[case]))
    total: Formula = Add(tuple(Ref(term.name) for term in terms))
    yield from terms
    yield Quantity(name, Role.LOSS, label, Div(total, num(count)) if count > 1 else total, rule, "loss")


def _mean(problem: Recurrent, count: int, steps: int) -> tuple[str, int]:
    """How errors are put together, and what their sum is divided by: over outputs, time steps, both, or not at all."""
    outputs = count // steps if averages(problem.loss) else 1
    times = steps if problem.over_time == "mean" else 1
    if steps == 1:
        return "total_mean" if outputs > 1 else "total_outputs", outputs
    rules = {(False, True): "mean_total", (True, False): "mean_outputs", (True, True): "mean_all"}
    return rules.get((outputs > 1, times > 1), "total"), outputs * times
