"""Penalties on the weights that are trained -> their rates, and what each of them adds to the error."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from pydantic import Field

from generator.definitions.problem import Exact, Finding, Model, Name
from generator.formula.sums import sum_of
from generator.formula.tree import Call, Div, Formula, Mul, Pow, Ref, num
from generator.graph.quantities import Convention, Label, Quantity, Role
from generator.learning.losses import DATA, GROUP


class Regularization(Model):
    """Penalties on the trained weights, added to the error."""

    l1: Exact | None = Field(None, gt=0, description="times the sum of the weights' sizes")
    l2: Exact | None = Field(None, gt=0, description="times the sum of the weights' squares")
    on: Literal["weights", "all"] | tuple[Name, ...] = Field(
        "weights", description="what they are on: all trained weights, biases too, or a list of layers and parameters"
    )
    half: bool = Field(True, description="whether the sum of squares is halved")

    @property
    def rates(self) -> Mapping[str, Fraction]:
        """The rate of each penalty by its name: `lambda`, or `lambda_1` and `lambda_2` where there are both."""
        rates = [rate for rate in (self.l1, self.l2) if rate is not None]
        return dict(zip(("lambda_1", "lambda_2") if len(rates) > 1 else ("lambda",), rates, strict=False))

    @property
    def names(self) -> tuple[str, ...]:
        """What is computed for the penalties, besides the loss: the error without them, and each of them."""
        return (DATA, *map(_penalty_of, self.rates))


def check_penalties(how: Regularization | None, weights: Sequence[str], known: Container[str]) -> Iterator[Finding]:
    """What is wrong with penalties on `weights`, those that are trained; `known` is what can be named."""
    for number, name in enumerate(how.on if how is not None and isinstance(how.on, tuple) else ()):
        if name not in known:
            yield ("regularization", "on", number), f"`{name}`", "a layer, a weight or a bias"
    if how is not None and not how.rates:
        yield ("regularization",), "no penalty", "`l1`, `l2` or both"
    if how is not None and not weights:
        yield ("regularization",), "a penalty on trained weights", "at least one trained weight"


def penalties(how: Regularization | None, weights: Sequence[str]) -> Iterator[Quantity]:
    """R = λ · Σ |w|, and R = λ/2 · Σ w² or without the half."""
    if how is None:
        return
    rates = iter(how.rates)
    if how.l1 is not None:
        rate = next(rates)
        yield _penalty(rate, Ref(rate), [Call("abs", (Ref(weight),)) for weight in weights], "penalty_l1")
    if how.l2 is not None:
        rate = next(rates)
        factor = Div(Ref(rate), num(2)) if how.half else Ref(rate)
        yield _penalty(rate, factor, [Pow(Ref(weight), num(2)) for weight in weights], "penalty_l2")


def _penalty_of(rate: str) -> str:
    return rate.replace("lambda", "R")


def _penalty(rate: str, factor: Formula, terms: Sequence[Formula], rule: str) -> Quantity:
    total = sum_of(terms)
    name = _penalty_of(rate)
    return Quantity(name, Role.LOSS, Label("penalty", name), Mul((factor, total)), rule, GROUP)


def penalty_conventions(how: Regularization | None) -> Iterator[Convention]:
    """What a document says about penalties."""
    if how is not None and how.l1 is not None:
        yield Convention("penalty_kink", numbers={"value": "0"})
    if how is not None and how.l2 is not None:
        yield Convention("penalty_half" if how.half else "penalty_whole")
