"""Worked problem -> documents: rendered, verified, and the same lines as two other tools print them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from measure import Effort, Row, race, ratio
from rivals import handcalcs_way, sympy_latex_way

from generator.derive.sections import derive
from generator.graph.quantities import Role
from generator.pipeline import Worked
from generator.render.blocks import Line, Setter
from generator.render.document import render
from generator.render.formats import format_for
from generator.render.language import load_words
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

LINES = (Role.FORWARD, Role.LOSS, Role.LOCAL, Role.GRADIENT)


def rendering(worked: Worked, effort: Effort) -> list[Row]:
    """Rows for one worked problem; what its documents share (training, truth) is there before."""
    truth, history = Truth.of(worked.graph, worked.writer, worked.trace.rounding), worked.history
    rows = []
    documents = [("solution", name) for name in FORMATS] + [("worksheet", "latex"), ("key", "latex")]
    for document, name in documents:
        text = render(worked, document, name)
        report = verify(text, name, truth, history)
        report.demand(f"{document}, {name}")
        work: dict[str, Callable[[], object]] = {
            "render": partial(render, worked, document, name),
            "verify": partial(verify, text, name, truth, history),
        }
        found = race(work, effort)
        rows.append(Row(f"{document}, {name}", found["render"], note=f"{len(text) // 1000} kB"))
        factor = ratio(found["verify"], found["render"])
        rows.append(Row("  verified", found["verify"], report.checked, "relation", factor, "render"))
    return rows + _lines(worked, effort)


def _lines(worked: Worked, effort: Effort) -> list[Row]:
    """Nothing but the lines (formula, numbers, result) of the forward pass and the gradients, in LaTeX."""
    ours = list(set_lines(worked))
    wanted = [q for q in worked.graph.of_role(*LINES) if q.formula is not None]
    count = sum(1 for line in ours if line.left)
    found = race(
        {
            "Longhand": lambda: list(set_lines(worked)),
            "handcalcs": handcalcs_way(worked, wanted),
            "Jinja + sympy.latex": sympy_latex_way(worked, wanted),
        },
        effort,
    )
    first, *others = found.items()
    rows = [Row(f"lines only, {first[0]}", first[1], count, "equation", note="in steps; each digit and = or ≈ decided")]
    for name, sample in others:
        factor = ratio(sample, first[1]) * count / len(wanted)
        rows.append(Row(f"  {name}", sample, len(wanted), "equation", factor, "Longhand, per equation"))
    return rows


def set_lines(worked: Worked) -> Iterator[Line]:
    """Every equation of the forward pass and the gradients, worked in full and set in LaTeX."""
    setter = Setter(worked, format_for("latex"), load_words("en"))
    for section in derive(worked.graph, worked.trace, worked.writer, "all"):
        for step in section.walk():
            for equation in (*step.opening, *step.equations):
                if worked.graph[equation.target].role in LINES:
                    yield from setter.rows(equation, compact=False)
