"""The same formulas -> LaTeX lines in two other ways: handcalcs, and Jinja with `sympy.latex` in its loop."""

from __future__ import annotations

import linecache
import math
import re
from collections.abc import Callable, Sequence

import jinja2
import sympy
from handcalcs.decorator import handcalc

from generator.backward.symbolic import to_sympy
from generator.formula.functions import expand
from generator.formula.infix import infix
from generator.formula.tree import Formula, Ref, replace
from generator.graph.quantities import Quantity
from generator.pipeline import Worked


def identifier(name: str) -> str:
    """A quantity's name as a Python name: `dE_total/dw5` becomes `dE_total_dw5`."""
    return re.sub(r"\W", "_", name)


def handcalcs_way(worked: Worked, wanted: Sequence[Quantity]) -> Callable[[], str]:
    """A decorated function with one line per quantity, and the call that renders it."""
    arguments = [identifier(name) for name in worked.graph.givens]
    lines = [f"    {identifier(q.name)} = {infix(formula_of(q))}" for q in wanted]
    last = identifier(wanted[-1].name)
    source = "\n".join([f"def lines({', '.join(arguments)}):", *lines, f"    return {last}", ""])
    # handcalcs reads the function's own source, so the source must be found where `inspect` looks for it.
    linecache.cache["<lines>"] = (len(source), None, source.splitlines(keepends=True), "<lines>")
    scope: dict[str, object] = {"exp": math.exp}
    exec(compile(source, "<lines>", "exec"), scope)  # our own source, made from a checked graph
    decorated = handcalc(precision=9)(scope["lines"])
    values = [float(value) for value in worked.graph.givens.values()]
    return lambda: str(decorated(*values)[0])


def formula_of(quantity: Quantity) -> Formula:
    """A quantity's formula in elementary functions, every name an identifier."""
    assert quantity.formula is not None
    return replace(expand(quantity.formula), lambda ref: Ref(identifier(ref.name)))


_TEMPLATE = jinja2.Template(
    r"""\begin{aligned}
{% for q in quantities %}{{ latex(q.symbol) }} &= {{ latex(q.formula) }} \\
  &= {{ latex(q.formula, symbol_names=numbers) }} \\
  &= {{ "%.9f" | format(q.value) }} \\
{% endfor %}\end{aligned}"""
)


def sympy_latex_way(worked: Worked, wanted: Sequence[Quantity]) -> Callable[[], str]:
    """SymPy expressions made once; every document prints each of them with symbols and again with numbers."""
    shown = {sympy.Symbol(identifier(name), real=True): text for name, text in worked.trace.shown.items()}
    rows = [
        {
            "symbol": sympy.Symbol(identifier(q.name), real=True),
            "formula": to_sympy(formula_of(q)),
            "value": float(worked.trace.full(q.name)),
        }
        for q in wanted
    ]
    return lambda: _TEMPLATE.render(quantities=rows, latex=sympy.latex, numbers=shown)
