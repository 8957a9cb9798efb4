"""Which units are dropped -> the givens of their masks, and what a unit passes on then."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction

from pydantic import Field

from generator.definitions.problem import Exact, Finding, Model, Name
from generator.formula.tree import Div, Formula, Mul, Ref
from generator.learning.batches import Observed, at, number_at

_KEEP = "keep"


class Dropout(Model):
    """Which units are dropped: what a unit passes on is multiplied by its mask and divided by the share kept."""

    keep: Exact = Field(gt=0, le=1, description="the share of units that are kept")
    mask: dict[Name, Observed] = Field(min_length=1, description="unit: 1 if it is kept, 0 if it is dropped")


@dataclass(frozen=True, slots=True)
class Mask:
    """A given of the dropout: the quantity's name, its own name without an observation, its observation, its number."""

    name: str
    own: str
    case: str
    number: Fraction


def check_dropout(how: Dropout | None, units: Collection[str], cases: tuple[str, ...]) -> Iterator[Finding]:
    """What is wrong with the masks of some of the `units`."""
    for unit, numbers in how.mask.items() if how else ():
        if unit not in units:
            yield ("dropout", "mask", unit), f"`{unit}`", f"a unit: {', '.join(units)}"
        listed = numbers if isinstance(numbers, tuple) else (numbers,)
        if any(number not in (0, 1) for number in listed):
            yield ("dropout", "mask", unit), "a number that is neither 0 nor 1", "1 for kept, 0 for dropped"
        if isinstance(numbers, tuple) and ("" in cases or len(numbers) != len(cases)):
            found = f"{len(numbers)} observations"
            yield ("dropout", "mask", unit), found, "one number, or one for each observation"


def masks(how: Dropout | None, cases: tuple[str, ...]) -> Iterator[Mask]:
    """What is given: the share kept, and for each observation the mask of each unit that has one."""
    if how is None:
        return
    yield Mask(_KEEP, _KEEP, "", how.keep)
    for case in cases:
        for unit, numbers in how.mask.items():
            yield Mask(at(f"mask_{unit}", case), f"mask_{unit}", case, number_at(numbers, case))


def always_dropped(how: Dropout | None, cases: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The units that no observation keeps, and the masks that say so."""
    found: dict[str, list[Mask]] = {}
    for mask in masks(how, cases):
        if mask.name != _KEEP:
            found.setdefault(mask.own.removeprefix("mask_"), []).append(mask)
    return {
        unit: tuple(mask.name for mask in own) for unit, own in found.items() if not any(mask.number for mask in own)
    }


def dropped(unit: str, value: str, case: str) -> Formula:
    """Inverted dropout (Srivastava and others 2014, scaled in training as is usual now): m/p · h."""
    return Mul((Div(Ref(at(f"mask_{unit}", case)), Ref(_KEEP)), Ref(value)))
