"""Outputs, targets and penalties -> the errors, and what adds them up over outputs, observations and penalties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from generator.definitions.own import ForEach, Function, Own, each
from generator.definitions.rows import Chosen, Rows, arguments, row_name
from generator.formula.functions import LOSSES, Loss
from generator.formula.tree import Add, Call, Formula, Mul, Num, Ref, num, shortest
from generator.formula.tree import Div as Quotient
from generator.graph.quantities import Convention, Label, Quantity, Role
from generator.learning.batches import at

GROUP = "loss"
DATA = "E_data"  # the loss without its penalties
MEAN = "mean_squared_error"  # no row: squared errors, averaged over the outputs
LOSS_ROWS: Rows = {**LOSSES, MEAN: LOSSES["squared_error"]}


@dataclass(frozen=True, slots=True)
class Output:
    """One output of one observation: its unit, the unit's number, and the formula, name and rule of its error."""

    unit: str
    index: int
    formula: Formula
    error: str
    rule: str = "error"


@dataclass(frozen=True, slots=True)
class Losses:
    """How errors are added up: the name of the whole, means or sums, and what an output's error is multiplied by."""

    name: str
    mean_outputs: bool = False
    mean_batch: bool = False
    weights: Mapping[str, Fraction] = field(default_factory=dict)


def error_of(chosen: Chosen, target: str, value: str) -> Formula:
    """The error of one output by the loss that a definition chooses."""
    return Call(LOSS_ROWS[row_name(chosen)].name, (Ref(target), Ref(value), *arguments(chosen, LOSS_ROWS)))


def averages(chosen: Chosen) -> bool:
    """Whether a loss is the mean of the outputs' errors, and not their sum."""
    return row_name(chosen) == MEAN


def losses_conventions(chosen: Function, outputs: Sequence[str], weighted: bool) -> Iterator[Convention]:
    """What a document says about the loss that a definition chooses for its outputs, or about those that it chooses."""
    if not isinstance(chosen, Own | ForEach) and not weighted:
        yield from loss_conventions(chosen, len(outputs))
        return
    made: list[Convention] = []
    for own in each(chosen, tuple(outputs)).values():
        made += loss_conventions(own, 1) if not isinstance(own, Own) else ()
    several = isinstance(chosen, ForEach) and len({str(own) for _, own in chosen.functions}) > 1
    for convention in {str(convention): convention for convention in made}.values():
        yield replace(convention, code="loss_some") if several and convention.code == "loss" else convention
    if len(outputs) > 1:
        yield Convention("outputs_weighted" if weighted else "outputs_sum")


def loss_conventions(chosen: Chosen, outputs: int) -> Iterator[Convention]:
    """What a document says about the loss that a definition chooses, for so many outputs."""
    name = row_name(chosen)
    row = LOSS_ROWS[name]
    yield Convention("loss", {"function": f"functions.{row.name}"})
    if isinstance(row, Loss) and "base" in row.parameters:
        given = {} if isinstance(chosen, str) else chosen[name]
        yield logarithm(shortest(given["base"]) if "base" in given else "")
    if isinstance(row, Loss) and "kink" in row.parameters:
        given = {} if isinstance(chosen, str) else chosen[name]
        yield Convention(
            f"kink_{row.name}", numbers={"value": shortest(given.get("kink", Fraction(row.parameters["kink"])))}
        )
    if outputs > 1 or name == MEAN:
        yield Convention("outputs_mean" if name == MEAN else "outputs_sum")


def logarithm(base: str) -> Convention:
    """What a document says about logarithms to a base (empty: they are natural)."""
    return Convention("logarithm_base", numbers={"base": base}) if base else Convention("logarithm_natural")


def losses(
    how: Losses, observations: Mapping[str, Sequence[Output]], penalties: Sequence[Quantity] = (), batch: str = ""
) -> Iterator[Quantity]:
    """Errors, the loss of each observation, the loss of the data, and the whole loss; a sum of one term is left out.

    `batch` says which observations the whole is the loss of, beside those of others: one, or a mini-batch (empty: it is
    that of all data).
    """
    (case, *others) = observations
    whole = at(how.name, batch)
    label = Label("observed" if batch and not others else "loss", how.name, case=batch)
    data, data_label = (at(DATA, batch), Label("data", DATA, case=batch)) if penalties else (whole, label)
    if others and how.mean_batch and not penalties:
        data_label = Label("mean", how.name, case=batch)
    if not others:
        yield from _observation(how, observations[case], case, data, data_label)
    else:
        names = [at(how.name, case) for case in observations]
        for case, name in zip(observations, names, strict=True):
            yield from _observation(how, observations[case], case, name, Label("observed", how.name, case=case))
        yield _summed(data, data_label, names, "batch_mean" if how.mean_batch else "batch")
    if penalties:
        yield from penalties
        terms = tuple(Ref(name) for name in (data, *(penalty.name for penalty in penalties)))
        yield Quantity(whole, Role.LOSS, label, Add(terms), "penalized", GROUP)


def over_observations(name: str, errors: Sequence[str], mean: bool, batch: str = "") -> Quantity:
    """The sum or the mean of the errors of all observations, or of those of a mini-batch."""
    label = Label("mean" if mean else "loss", name, case=batch)
    return _summed(at(name, batch), label, errors, "batch_mean" if mean else "batch")


def _observation(how: Losses, outputs: Sequence[Output], case: str, name: str, label: Label) -> Iterator[Quantity]:
    """The errors of one observation's outputs and what adds them up (for a single output: the error itself)."""
    several = len(outputs) > 1
    for output in outputs:
        made = output.error if several else name
        own = Label("term" if several else label.kind, output.unit, str(output.index), case=label.case or case)
        label_of = own if several or label.kind != "data" else label
        yield Quantity(made, Role.LOSS, label_of, output.formula, output.rule, GROUP)
    if several and how.weights:
        terms = tuple(_weighted(Ref(output.error), how.weights.get(output.unit, Fraction(1))) for output in outputs)
        yield Quantity(name, Role.LOSS, label, Add(terms), "total_weighted", GROUP)
    elif several:
        rule = "total_mean" if how.mean_outputs else "total"
        yield _summed(name, label, [output.error for output in outputs], rule)


def _weighted(error: Formula, weight: Fraction) -> Formula:
    return error if weight == 1 else Mul((Num(weight, shortest(weight)), error))


def _summed(name: str, label: Label, terms: Sequence[str], rule: str) -> Quantity:
    total: Formula = Add(tuple(map(Ref, terms)))
    if rule in ("batch_mean", "total_mean"):
        total = Quotient(total, num(len(terms)))
    return Quantity(name, Role.LOSS, label, total, rule, GROUP)
