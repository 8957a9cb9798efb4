"""Values that are normalized together -> mean, deviations, variance, and each value standardized, scaled and shifted.

Every step is a quantity of its own, as in the worked backward pass of batch normalization (Ioffe and Szegedy 2015): m
the mean, d = x - m, v the mean of d², s = √(v + ε), x̂ = d / s, and γ·x̂ + β. Layer normalization (Ba, Kiros and Hinton
2016) is the same over the units of a layer instead of the observations of a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from pydantic import Field

from generator.definitions.problem import Exact, Finding, Model, Name
from generator.definitions.source import Location
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Formula, Mul, Neg, Num, Pow, Ref, num, shortest
from generator.formula.tree import Div as Quotient
from generator.graph.quantities import Convention, Label, Quantity, Role
from generator.learning.batches import at


class Statistics(Model):
    """What a batch normalization has remembered of each unit from training."""

    mean: dict[Name, Exact]
    variance: dict[Name, Exact]


class Standardization(Model):
    """Which values are brought to mean 0 and variance 1, and how their variance is taken."""

    over: Literal["batch", "layer"] = Field(description="each unit over the observations, or each observation's units")
    variance: Literal["population", "sample"] = Field("population", description="divided by n, or by n - 1")
    epsilon: Exact = Field(Fraction(1, 100000), description="added to the variance under the root", ge=0)

    def count(self, values: int) -> int:
        """What the sum of so many squared deviations is divided by."""
        return values - (self.variance == "sample")

    @property
    def added(self) -> Formula | None:
        """What is added to the variance (`None`: nothing is)."""
        return Num(self.epsilon) if self.epsilon else None


class Normalization(Standardization):
    """How the values of a layer are normalized."""

    place: Literal["before", "after"] = Field("before", description="before or after the activation")
    gamma: Exact | dict[Name, Exact] = Field(Fraction(1), description="the scale, one number or one for each unit")
    beta: Exact | dict[Name, Exact] = Field(Fraction(0), description="the shift, one number or one for each unit")
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
        yield "gain", _scale_of(unit), _per_unit(how.gamma, unit)
        yield "shift", _shift_of(unit), _per_unit(how.beta, unit)
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
    yield from standardization_conventions(how, bool(how.running))


def standardization_conventions(how: Standardization, running: bool) -> Iterator[Convention]:
    """What a document says about the variance, and about what is added to it; `running`: it is given."""
    if how.epsilon:
        yield Convention("epsilon_inside", numbers={"epsilon": shortest(how.epsilon)})
    else:
        yield Convention("epsilon_none")
    if not running:
        yield Convention({"population": "variance_population", "sample": "variance_sample"}[how.variance])


def normalize(how: Normalization, entries: Sequence[Entry], of: str, case: str, group: str) -> Iterator[Quantity]:
    """The quantities that normalize `entries` together; `of` and `case` name their mean and variance.

    Where there are running statistics, mean and variance are given quantities, which are not made here.
    """
    made = _Made(group)
    values = [entry.value for entry in entries]
    names = {
        Part.MEAN: [at(f"{Part.MEAN}_{of}", case)],
        Part.VARIANCE: [at(f"{Part.VARIANCE}_{of}", case)],
        Part.SPREAD: [at(f"{Part.SPREAD}_{of}", case)],
    }
    names |= {
        part: [at(f"{part}_{entry.unit}", entry.case) for entry in entries] for part in (Part.DEVIATION, Part.STANDARD)
    }
    places = [(entry.unit, entry.case) for entry in entries]
    for part in parts(how.running is not None):
        formulas = standardized(part, values, names, how.count(len(values)), how.added)
        for (own, where), tree in zip([(of, case)] if part in STATISTICS else places, formulas, strict=True):
            yield made.quantity(part, own, where, tree, rule_of(part, how))
    for entry, standard in zip(entries, names[Part.STANDARD], strict=True):
        tree = scaled(standard, _scale_of(entry.unit), _shift_of(entry.unit))
        yield made.quantity("norm", entry.unit, entry.case, tree, "norm_scaled")


class Part(StrEnum):
    """What is worked on the way to a normalized value, in the order of working."""

    MEAN = "mean"
    DEVIATION = "dev"
    VARIANCE = "var"
    SPREAD = "std"
    STANDARD = "xhat"


_RULES = {
    Part.MEAN: "norm_mean",
    Part.DEVIATION: "norm_deviation",
    Part.SPREAD: "norm_sd",
    Part.STANDARD: "norm_standardized",
}


STATISTICS = (Part.MEAN, Part.VARIANCE, Part.SPREAD)  # of all values that are normalized together


def parts(running: bool) -> tuple[Part, ...]:
    """What is worked on the way; where there are `running` statistics, mean and variance are given."""
    return tuple(part for part in Part if not (running and part in (Part.MEAN, Part.VARIANCE)))


def rule_of(part: Part, how: Standardization) -> str:
    """The code of the rule that makes one part."""
    return _VARIANCE[how.variance] if part is Part.VARIANCE else _RULES[part]


def standardized(
    part: Part, values: Sequence[str], before: Mapping[Part, Sequence[str]], count: int, epsilon: Formula | None
) -> Iterator[Formula]:
    """The formulas of one part, for all `values` or for each; `before` has the names of the parts before it.

    `count` is what the sum of the squared deviations is divided by; `epsilon` is added to their mean under the root.
    """
    match part:
        case Part.MEAN:
            yield _mean(tuple(map(Ref, values)), len(values))
        case Part.DEVIATION:
            (mean,) = before[Part.MEAN]
            yield from (Add((Ref(value), Neg(Ref(mean)))) for value in values)
        case Part.VARIANCE:
            yield _mean(tuple(Pow(Ref(apart), num(2)) for apart in before[Part.DEVIATION]), count)
        case Part.SPREAD:
            (variance,) = before[Part.VARIANCE]
            yield Call("sqrt", (Add((Ref(variance), epsilon)) if epsilon else Ref(variance),))
        case Part.STANDARD:
            (spread,) = before[Part.SPREAD]
            yield from (Quotient(Ref(apart), Ref(spread)) for apart in before[Part.DEVIATION])


def scaled(standard: str, gain: str, shift: str) -> Formula:
    """A standardized value times its gain, plus its shift (empty: there is none)."""
    made: Formula = Mul((Ref(gain), Ref(standard))) if gain else Ref(standard)
    return Add((made, Ref(shift))) if shift else made


@dataclass(frozen=True, slots=True)
class _Made:
    group: str

    def quantity(self, kind: str, of: str, case: str, formula: Formula, rule: str) -> Quantity:
        label = Label("value", f"{kind}_{of}", of=kind, case=case)
        return Quantity(at(f"{kind}_{of}", case), Role.FORWARD, label, formula, rule, self.group)


def _mean(terms: tuple[Formula, ...], count: int) -> Formula:
    total: Formula = sum_of(terms)
    return total if count == 1 else Quotient(total, num(count))
