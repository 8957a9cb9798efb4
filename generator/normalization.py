"""Values that are normalized together -> mean, deviations, variance, and each value standardized, scaled and shifted.

Every step is a quantity of its own, as in the worked backward pass of batch normalization (Ioffe and Szegedy 2015): m
the mean, d = x - m, v the mean of d², s = √(v + ε), z = d / s, and γ·z + β. Layer normalization (Ba, Kiros and Hinton
2016) is the same over the units of a layer instead of the observations of a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import Field

from generator.batches import at
from generator.formula import Add, Call, Formula, Mul, Neg, Num, Pow, Ref, num, shortest
from generator.formula import Div as Quotient
from generator.graph import Convention, Label, Quantity, Role
from generator.problem import Exact, Finding, Model, Name
from generator.source import Location


class Statistics(Model):
    """What a batch normalization has remembered of each unit from training."""

    mean: dict[Name, Exact]
    variance: dict[Name, Exact]


class Normalization(Model):
    """How the values of a layer are normalized."""

    over: Literal["batch", "layer"] = Field(description="each unit over the observations, or each observation's units")
    place: Literal["before", "after"] = Field("before", description="before or after the activation")
    gamma: Exact | dict[Name, Exact] = Field(Fraction(1), description="the scale, one number or one for each unit")
    beta: Exact | dict[Name, Exact] = Field(Fraction(0), description="the shift, one number or one for each unit")
    variance: Literal["population", "sample"] = Field("population", description="divided by n, or by n - 1")
    epsilon: Exact = Field(Fraction(1, 100000), description="added to the variance under the root", ge=0)
    running: Statistics | None = Field(None, description="over a batch: statistics to use instead of the batch's own")


_OVER = {"batch": "normalized_batch", "layer": "normalized_layer", "running": "normalized_running"}
_VARIANCE = {"population": "norm_variance_population", "sample": "norm_variance_sample"}  # what is said of it


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the values that are normalized together: its unit, its observation, the name of the value."""

    unit: str
    case: str
    value: str


def normalized_name(unit: str, case: str) -> str:
    """The name of a normalized value."""
    return at(f"norm_{unit}", case)


def check_normalization(
    how: Normalization, units: Collection[str], several: bool, place: Location
) -> Iterator[Finding]:
    """What is wrong with a layer's normalization, at `place`; `several`: observations are learned from at once."""
    running = how.running
    for key, numbers, where in (
        ("gamma", how.gamma, (*place, "gamma")),
        ("beta", how.beta, (*place, "beta")),
        ("mean", running.mean if running else None, (*place, "running", "mean")),
        ("variance", running.variance if running else None, (*place, "running", "variance")),
    ):
        if isinstance(numbers, dict) and set(numbers) != set(units):
            yield where, f"`{key}` for {', '.join(numbers)}", f"one for each unit: {', '.join(units)}"
    if running is not None and how.over == "layer":
        yield (*place, "running"), "running statistics over a layer", "none: each observation has its own"
    if running is not None and any(number < 0 for number in running.variance.values()):
        yield (*place, "running", "variance"), "a variance below zero", "zero or more"
    if running is None and how.over == "batch" and not several:
        yield (*place, "over"), "a batch of one observation", "several observations at once, or `running` statistics"
    if how.over == "layer" and len(units) < 2:
        yield (*place, "over"), "a layer of one unit", "several units"


def normalization_givens(how: Normalization, units: Collection[str]) -> Iterator[tuple[str, str, Fraction]]:
    """What is given for the units of a normalized layer: kind, name and number of each."""
    for unit in units:
        yield "weight", _scale_of(unit), _per_unit(how.gamma, unit)
        yield "bias", _shift_of(unit), _per_unit(how.beta, unit)
        if how.running:
            yield "statistic", f"mean_{unit}", how.running.mean[unit]
            yield "statistic", f"var_{unit}", how.running.variance[unit]


def _scale_of(unit: str) -> str:
    return f"gamma_{unit}"


def _shift_of(unit: str) -> str:
    return f"beta_{unit}"


def _per_unit(value: Fraction | dict[str, Fraction], unit: str) -> Fraction:
    return value[unit] if isinstance(value, dict) else value


def normalization_conventions(how: Normalization) -> Iterator[Convention]:
    """What a document says about a normalization."""
    over = "running" if how.running else how.over
    yield Convention(_OVER[over], {"place": f"places.{how.place}"})
    if how.epsilon:
        yield Convention("epsilon_inside", numbers={"epsilon": shortest(how.epsilon)})
    else:
        yield Convention("epsilon_none")
    if not how.running:
        yield Convention({"population": "variance_population", "sample": "variance_sample"}[how.variance])


def normalize(how: Normalization, entries: Sequence[Entry], of: str, case: str, group: str) -> Iterator[Quantity]:
    """The quantities that normalize `entries` together; `of` and `case` name their mean and variance.

    Where there are running statistics, mean and variance are given quantities, which are not made here.
    """
    made = _Made(group)
    mean, variance, deviation = at(f"mean_{of}", case), at(f"var_{of}", case), at(f"sd_{of}", case)
    devs = [at(f"dev_{entry.unit}", entry.case) for entry in entries]
    if how.running is None:
        values = tuple(Ref(entry.value) for entry in entries)
        yield made.quantity("mean", of, case, _mean(values, len(values)), "norm_mean")
    for entry in entries:
        yield made.quantity("dev", entry.unit, entry.case, Add((Ref(entry.value), Neg(Ref(mean)))), "norm_deviation")
    if how.running is None:
        squares = tuple(Pow(Ref(dev), num(2)) for dev in devs)
        count = len(devs) - (how.variance == "sample")
        yield made.quantity("var", of, case, _mean(squares, count), _VARIANCE[how.variance])
    inside = Add((Ref(variance), Num(how.epsilon))) if how.epsilon else Ref(variance)
    yield made.quantity("sd", of, case, Call("sqrt", (inside,)), "norm_sd")
    for entry, dev in zip(entries, devs, strict=True):
        yield made.quantity("std", entry.unit, entry.case, Quotient(Ref(dev), Ref(deviation)), "norm_standardized")
    for entry in entries:
        scaled = Mul((Ref(_scale_of(entry.unit)), Ref(at(f"std_{entry.unit}", entry.case))))
        shifted = Add((scaled, Ref(_shift_of(entry.unit))))
        yield made.quantity("norm", entry.unit, entry.case, shifted, "norm_scaled")


@dataclass(frozen=True, slots=True)
class _Made:
    group: str

    def quantity(self, kind: str, of: str, case: str, formula: Formula, rule: str) -> Quantity:
        label = Label("value", f"{kind}_{of}", of=kind, case=case)
        return Quantity(at(f"{kind}_{of}", case), Role.FORWARD, label, formula, rule, self.group)


def _mean(terms: tuple[Formula, ...], count: int) -> Formula:
    total: Formula = Add(terms) if len(terms) > 1 else terms[0]
    return total if count == 1 else Quotient(total, num(count))
