"""`Worked` -> JSON: every quantity with its formula, the numbers put in, its value and how it is shown."""

from __future__ import annotations

import json

from generator.formula.infix import infix
from generator.formula.tree import substitute
from generator.pipeline import Worked
from generator.solve.traces import relation


def records(worked: Worked) -> list[dict[str, str | None]]:
    """One record for each quantity, in the graph's order.

    `formula` and `substituted` are infix text (none for a given); `value` is a decimal string of at least 17
    significant digits; `shown` is the rounded value, and `relation` says whether the shown numbers give exactly it.
    """
    made: list[dict[str, str | None]] = []
    trace = worked.trace
    for quantity in worked.graph:
        formula = substituted = None
        sign = "="
        if quantity.formula is not None:
            written = worked.writer.formula(quantity.name)
            numbers = substitute(written, {n: trace.number(n) for n in worked.graph.operands[quantity.name]})
            formula, substituted = infix(written), infix(numbers)
            sign = relation(numbers, trace.shown[quantity.name], trace.rounding)
        made.append(
            {
                "name": quantity.name,
                "role": str(quantity.role),
                "formula": formula,
                "substituted": substituted,
                "value": trace.full(quantity.name),
                "shown": trace.shown[quantity.name],
                "relation": sign,
            }
        )
    return made


def as_json(worked: Worked) -> str:
    """The records as JSON text."""
    return json.dumps(records(worked), indent=2, ensure_ascii=False) + "\n"
