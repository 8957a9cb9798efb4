"""Worked problem -> its documents for many variants: filled into slots, rendered in full, and by other tools."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import count

from measure import Effort, Row, race, ratio, timed
from measure import Sample as Times
from rendering import LINES
from rivals import handcalcs_way, sympy_latex_way

from generator.pipeline import Worked, work
from generator.render.document import render
from generator.variants.shown import Shown, shown
from generator.variants.slots import BATCH, Slots, variant

DOCUMENTS = (("solution", "latex"), ("solution", "markdown"), ("solution", "typst"), ("worksheet", "latex"))


def variants(example: Worked, effort: Effort) -> list[Row]:
    """Rows for a problem without its training, which would be worked anew for every variant."""
    definition = copy.copy(example.definition)
    object.__setattr__(definition, "problem", example.problem.model_copy(update={"training": None}))
    worked = work(definition)
    givens = homework(worked, BATCH)
    found = shown(worked.graph, worked.notation.rounding, givens)
    rows = []
    for document, name in DOCUMENTS:
        slots = Slots(worked, document, name)
        first = Times((timed(lambda slots=slots: slots.filled(found)),))
        if (document, name) == DOCUMENTS[0]:
            rows += _race(worked, slots, found, givens, effort)
        else:
            again = race({"": lambda slots=slots: slots.filled(found)}, effort)[""]
            rows.append(Row(f"{document}, {name}: text filled in", again, BATCH, "document"))
        rows.append(Row("  the first time, with what is learned", first, BATCH, "document"))
    return rows


def _race(worked: Worked, slots: Slots, found: Shown, givens: dict[str, list[Fraction]], effort: Effort) -> list[Row]:
    number, rounding = count(), worked.notation.rounding

    def values() -> object:
        return shown(worked.graph, rounding, givens)

    def text() -> object:
        return slots.filled(found)

    def both() -> object:
        return list(slots.fill(givens))

    def in_full() -> str:
        return render(variant(worked, found.of(next(number) % BATCH)), slots.document, slots.format)

    wanted = [q for q in worked.graph.of_role(*LINES) if q.formula is not None]
    times = race(
        {
            "values": values,
            "text": text,
            "both": both,
            "full": in_full,
            "handcalcs": handcalcs_way(worked, wanted),
            "sympy": sympy_latex_way(worked, wanted),
        },
        effort,
    )
    each, against = times["both"], "both, per document"
    rows = [
        Row("solution, latex: values and text", each, BATCH, "document", note=_rate(both)),
        Row("  values alone", times["values"], BATCH, "document", note=_rate(values)),
        Row("  text filled in alone", times["text"], BATCH, "document", note=_rate(text)),
        Row("  worked and rendered in full", times["full"], 1, "document", ratio(times["full"], each) * BATCH, against),
    ]
    for name, case in (("handcalcs", "handcalcs, lines only"), ("sympy", "Jinja + sympy.latex, lines only")):
        rows.append(Row(f"  {case}", times[name], 1, "document", ratio(times[name], each) * BATCH, against))
    return rows


def _rate(function: Callable[[], object]) -> str:
    """Documents per second of one processor's own time, which other work on the machine does not count in."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        function()
        taken.append(time.process_time() - start)
    return f"{BATCH / min(taken):,.0f} documents per second and processor"


def homework(worked: Worked, size: int) -> dict[str, list[Fraction]]:
    """Weights and biases in 0.05..0.95, inputs in -2..2 without zero, targets in 0.01..0.99: the same in every run."""
    steps = {"weight": (19, 1, 20), "bias": (19, 1, 20), "input": (40, -40, 20), "target": (99, 1, 100)}
    found: dict[str, list[Fraction]] = {}
    state = 1
    for quantity in worked.graph:
        if quantity.formula is None and quantity.label.kind in steps:
            many, least, whole = steps[quantity.label.kind]
            column: list[Fraction] = []
            for _ in range(size):
                state = state * 6364136223846793005 % 2**64 + 1442695040888963407
                column.append(Fraction((state >> 33) % many + least, whole))
            found[quantity.name] = column
    return found
