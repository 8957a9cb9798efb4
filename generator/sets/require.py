"""Requirement text -> comparisons of formulas over the quantities of a graph: `abs(dE_total/dw1) >= 0.0005`.

A quantity's name may hold a slash. Where a name begins, the longest name of the graph that stands there is read, so
`dE_total/dw1` is the derivative where the graph has it; with spaces around the slash (`a / b`) it is a division.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from generator.errors import FormulaError
from generator.formula.functions import ACTIVATIONS
from generator.formula.infix import parse
from generator.formula.tree import ELEMENTARY, Add, Call, Formula, Neg, Ref, references, replace, walk

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r"<=|>=|!=|==|<|>")
_ONE = ("exp", "log", "tanh", "sqrt", "abs", *ACTIVATIONS)  # functions of one number; `max` and `min` take two


@dataclass(frozen=True)
class Comparison:
    """`left <op> right`, where `op` is one of `<`, `<=`, `>`, `>=`, `!=`."""

    left: Formula
    op: str
    right: Formula

    @property
    def difference(self) -> Formula:
        """The formula whose sign decides."""
        return Add((self.left, Neg(self.right)))


def requirement(text: str, names: Iterable[str]) -> tuple[Comparison, ...]:
    """The comparisons that a requirement states; `0 < a < b` states two.

    Raises `FormulaError` where it cannot be read or names a quantity that is not among `names`.
    """
    known = sorted(names, key=len, reverse=True)
    parts = _OPERATOR.split(text)
    signs = _OPERATOR.findall(text)
    if not signs or "==" in signs:
        raise FormulaError(f"the requirement `{text}`: expected formulas with <, <=, >, >= or != between them")
    sides = [_formula(part, known, text) for part in parts]
    return tuple(Comparison(left, op, right) for (left, right), op in zip(pairwise(sides), signs, strict=True))


def _formula(part: str, known: list[str], text: str) -> Formula:
    marked, found = _marked(part, known)
    tree = replace(parse(marked), lambda ref: Ref(found.get(ref.name, ref.name)))
    for name in references(tree):
        if name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise FormulaError(f"the requirement `{text}` names `{name}`, which is no quantity of the problem{hint}")
    for call in walk(tree):
        if isinstance(call, Call):
            wanted = 1 if call.name in _ONE else 2 if call.name in ELEMENTARY else 0
            if len(call.args) != wanted:
                raise FormulaError(
                    f"the requirement `{text}`: found `{call.name}` of {len(call.args)}; expected one of "
                    f"{', '.join(f'{name}(x)' for name in _ONE)}, max(x, y), min(x, y)"
                )
    return tree


def _marked(part: str, known: list[str]) -> tuple[str, dict[str, str]]:
    """`part` with each name of a quantity replaced by one that a formula can hold, and what these stand for."""
    found: dict[str, str] = {}
    out, at = "", 0
    while at < len(part):
        word = _WORD.match(part, at)
        if word is None:
            out, at = out + part[at], at + 1
            continue
        name = next((name for name in known if part.startswith(name, at) and _ends(part, at + len(name))), "")
        if name:
            mark = f"quantity_{len(found)}"
            found[mark] = name
            out, at = out + mark, at + len(name)
        else:
            out, at = out + word[0], word.end()
    return out, found


def _ends(part: str, at: int) -> bool:
    """Whether no letter or digit follows that would make the name another one."""
    return at >= len(part) or not (part[at].isalnum() or part[at] == "_")
