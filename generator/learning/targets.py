"""Targets, and the loss that they are for -> what is wrong where a loss is not made for such numbers.

A loss says in its row which targets it takes: cross-entropies take shares, a hinge takes -1 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from generator.definitions.problem import Finding
from generator.definitions.rows import Chosen, row_name
from generator.definitions.source import Location
from generator.formula.functions import Loss
from generator.formula.tree import shortest
from generator.learning.losses import LOSS_ROWS

# By what a row says of its targets: whether a number is one, and what is expected instead.
_TAKEN: Mapping[str, tuple[Callable[[Fraction], bool], str]] = {
    "share": (lambda number: 0 <= number <= 1, "a number from 0 to 1"),
    "sign": (lambda number: number in (-1, 1), "-1 or 1"),
    "count": (lambda number: number >= 0, "a number that is not below 0"),
}


def activations_for(chosen: Chosen) -> tuple[str, ...]:
    """The activations whose values a loss of shares takes, the usual one first (none: it takes any numbers)."""
    row = LOSS_ROWS.get(row_name(chosen))
    if not isinstance(row, Loss) or row.targets != "share":
        return ()
    return ("logistic", "softmax") if row.name == "binary_cross_entropy" else ("softmax", "logistic")


def check_targets(
    chosen: Chosen, targets: Sequence[tuple[Location, Fraction]], place: Location, whole: bool = False
) -> Iterator[Finding]:
    """What is wrong with the targets of one observation for the loss that their outputs have, each with its place.

    `whole`: the outputs are shares of a whole, those of a softmax, so that targets between 0 and 1 add up to 1; what is
    wrong with all of them together stands at `place`.
    """
    name = row_name(chosen)
    row = LOSS_ROWS.get(name)
    if not isinstance(row, Loss) or not row.targets:
        return
    taken, expected = _TAKEN[row.targets]
    for own, number in targets:
        if not taken(number):
            yield own, f"the target {shortest(number)} of `{name}`", f"{expected}, which `{name}` is made for"
            return
    total = sum((number for _, number in targets), Fraction(0))
    if whole and row.targets == "share" and total != 1:
        found = f"targets of `{name}` that add up to {shortest(total)}"
        yield place, found, "shares that add up to 1, as the outputs of the softmax do (a third is 1/3)"
