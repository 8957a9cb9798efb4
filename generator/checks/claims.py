"""A definition's claims and its graph -> checks: comparisons of quantities, of whole vectors, and of gradients.

A claim speaks the language of formulas: `0 <= H <= log(3)`, `sum(p) == 1`, `dot(u, v) == 0`, `d(E_total, w5) > 0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod

from generator.errors import ClaimError, FormulaError, nearest
from generator.formula.grids import Grid, Value, named, vector
from generator.formula.infix import parse
from generator.formula.inlining import LOOPS
from generator.formula.tree import Call, Formula, Ref, rebuild, references, walk
from generator.formula.vectors import expand
from generator.graph.quantities import Check, Graph, Role, derivative_name
from generator.graph.wholes import Whole, updated, wholes

_SIGNS = {"==": "=", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}
_COMPARISON = re.compile(r"==|<=|>=|<|>")


def claimed(texts: tuple[tuple[str, bool], ...], graph: Graph) -> Iterator[Check]:
    """The comparisons of all claims, one by one and entry by entry. Raises `ClaimError` for one that is unread."""
    known = _known(graph) if texts else {}
    for place, (text, said) in enumerate(texts):
        sides, signs = _split(text)
        if not signs:
            raise ClaimError(place, f"`{text}`", "a comparison: ==, <=, >=, < or > between two formulas")
        values = [_value(place, side, graph, known) for side in sides]
        for left, sign, right in zip(values, signs, values[1:], strict=False):
            for one, other in _pairs(place, text, left, right):
                if not (references(one) or references(other)):
                    raise ClaimError(place, f"`{text}`", "a comparison that names a quantity of the problem")
                yield Check("claim", one, _SIGNS[sign], other, claim=place, said=said)


def _split(text: str) -> tuple[list[str], list[str]]:
    """The sides of a claim and the signs between them; what stands in parentheses or brackets belongs to a side."""
    sides, signs, start = list[str](), list[str](), 0
    for sign in _COMPARISON.finditer(text):
        before = text[: sign.start()]
        if all(before.count(opening) == before.count(closing) for opening, closing in ("()", "[]")):
            sides.append(text[start : sign.start()])
            signs.append(sign[0])
            start = sign.end()
    return [*sides, text[start:]], signs


def _known(graph: Graph) -> dict[str, Value]:
    """What a claim can name: quantities, and the vectors and matrices that they are entries of, after updates too."""
    found = wholes(graph)
    made: dict[str, Value] = {}
    for whole in (*found, *updated(graph, found)):
        grid = _grid(whole)
        if grid is not None:
            made[whole.called] = grid
    return {**made, **{quantity.name: Ref(quantity.name) for quantity in graph if quantity.role is not Role.CHECK}}


def _grid(whole: Whole) -> Grid | None:
    """A vector, a matrix or a list of matrices; of more dimensions there are only entries."""
    if len(whole.dims) == 1:
        return vector(tuple(map(Ref, whole.entries)))
    if len(whole.dims) > 3:
        return None
    depth = whole.dims[0] if len(whole.dims) == 3 else 0
    return Grid(tuple(tuple(map(Ref, row)) for row in whole.rows()), depth=depth)


def _value(place: int, text: str, graph: Graph, known: Mapping[str, Value]) -> Value:
    """One side of a claim: a number, or the entries of a vector or a matrix."""
    side = text.strip()
    try:
        tree = parse(side)
        _check_names(place, tree, known)
        value = expand(tree, known)
    except FormulaError as error:
        raise ClaimError(place, f"`{side}`", f"a formula that can be worked: {error}") from None
    if isinstance(value, Grid):
        return replace(value, rows=tuple(tuple(_worked(place, e, graph) for e in row) for row in value.rows))
    return _worked(place, value, graph)


def _check_names(place: int, tree: Formula, known: Mapping[str, Value]) -> None:
    indices = {part.args[1] for part in walk(tree) if isinstance(part, Call) and part.name in LOOPS}
    for name in references(tree):
        if name not in known and name != "pi" and Ref(name) not in indices:
            raise ClaimError(place, f"`{name}`", f"the name of a quantity, vector or matrix{nearest(name, known)}")


def _worked(place: int, tree: Formula, graph: Graph) -> Formula:
    """`tree` with every derivative as the quantity that the backward pass has found it as."""
    match tree:
        case Call("d", (Ref(of), Ref(wrt))):
            name = derivative_name(of, wrt)
            if name not in graph:
                made = (q.label for q in graph if q.label.kind == "derivative")
                worked = [f"d({label.of}, {label.wrt})" for label in made]
                near = nearest(f"d({of}, {wrt})", worked)
                raise ClaimError(place, f"`d({of}, {wrt})`", f"a derivative that the problem works{near}")
            return Ref(name)
    return rebuild(tree, lambda part: _worked(place, part, graph))


def _pairs(place: int, text: str, left: Value, right: Value) -> Iterator[tuple[Formula, Formula]]:
    """What is compared with what: the entries at the same places; one number with every entry."""
    sizes = [side.sizes for side in (left, right) if isinstance(side, Grid)]
    if len(set(sizes)) > 1:
        found = f"`{text}`, which compares {named(left)} with {named(right)}"
        raise ClaimError(place, found, "two sides of the same shape, or a number on one side")
    count = prod(sizes[0]) if sizes else 1
    one, other = (side.entries if isinstance(side, Grid) else (side,) * count for side in (left, right))
    yield from zip(one, other, strict=True)
