"""Equation -> its aligned rows, laid out in boxes once for all formats, and printed once for all languages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from generator.derive.equations import DELTA
from generator.derive.steps import Equation, Part
from generator.formula.tree import Num
from generator.graph.quantities import Role
from generator.notation.arrange import Arranger, row
from generator.once import once
from generator.pipeline import Worked
from generator.render.formats import Format
from generator.render.layout import Line
from generator.typeset.boxes import Box, Op, Script
from generator.typeset.text import width

LINE = 84  # about how many characters an equation's line may be wide, its left side included, before it is broken
_LEAST = 40  # what its right side may be wide, however wide the left one is


class Arrangers(NamedTuple):
    """How the formulas of a problem are set: with the symbols of quantities, and with parameters by bare names."""

    named: Arranger
    bare: Arranger


@once
def arrangers(worked: Worked, otherwise: str) -> Arrangers:
    """Made once for each problem, because its symbols are looked through; and language, which says `otherwise`."""
    writer, graph = worked.writer, worked.graph
    product, powers = worked.notation.product, worked.notation.rounding.scientific
    taken = frozenset(_letter(writer.box(quantity.name)) for quantity in graph)

    def symbol(name: str) -> Box:
        return writer.delta(name.removeprefix(DELTA)) if name.startswith(DELTA) else writer.box(name)

    def bare(name: str) -> Box:
        return writer.bare(name) if graph[name].role is Role.GIVEN else writer.box(name)

    named, own = (Arranger(product, symbol_of, taken, powers, otherwise) for symbol_of in (symbol, bare))
    return Arrangers(named, own)


class _Row(NamedTuple):
    """One row of an equation in boxes; one with no left side and no relation goes on with the row above."""

    left: Box | None
    relation: str
    right: Box


@dataclass(frozen=True)
class _Kept:
    """The rows of equations, told apart by identity, for looking them up by all that is in them would take as long as
    laying out some. Each stands with its equation, so that no other can come to have its place.
    """

    laid: dict[tuple[int, bool, bool, str], tuple[Equation, tuple[_Row, ...]]] = field(default_factory=dict)
    printed: dict[tuple[int, bool, str, str], tuple[Equation, tuple[Line, ...]]] = field(default_factory=dict)


@once
def _kept(worked: Worked) -> _Kept:
    return _Kept()


def printed(worked: Worked, fmt: Format, equation: Equation, compact: bool, otherwise: str) -> tuple[Line, ...]:
    """The rows of an equation in a format, where cases say `otherwise`: the same in every document that has it."""
    kept, key = _kept(worked).printed, (id(equation), compact, fmt.name, otherwise)
    if key not in kept:
        lines = (
            Line("" if left is None else fmt.math(left), relation and fmt.math(Op(relation)), fmt.math(right))
            for left, relation, right in _laid(worked, equation, compact, fmt.stacks, otherwise)
        )
        kept[key] = equation, tuple(lines)
    return kept[key][1]


def _laid(worked: Worked, equation: Equation, compact: bool, stacks: bool, otherwise: str) -> tuple[_Row, ...]:
    """The rows of an equation in boxes: the same in all formats that can set rows inside (`stacks`), or cannot."""
    kept, key = _kept(worked).laid, (id(equation), compact, stacks, otherwise)
    if key not in kept:
        kept[key] = equation, _laid_out(worked, equation, compact, stacks, otherwise)
    return kept[key][1]


def _laid_out(worked: Worked, equation: Equation, compact: bool, stacks: bool, otherwise: str) -> tuple[_Row, ...]:
    both = arrangers(worked, otherwise)
    arranger = both.bare if equation.plain else both.named
    left = arranger.box(equation.left)
    equation = _once(equation, arranger)
    for parts in _shorter(equation) if compact else ():
        flat: list[Box] = []
        for place, part in enumerate(parts):
            flat += [Op(_sign(part.relation))] if place else []
            flat.append(arranger.box(part.formula))
        whole = row(flat)
        if width(left) + width(whole) + 3 <= LINE:
            return (_Row(left, _sign(parts[0].relation), whole),)
    laid: list[_Row] = []
    for part in _shorter(equation)[-1] if compact else equation.parts:
        first, *others = arranger.rows(part.formula, max(_LEAST, LINE - width(left) - 3), width, stacks)
        laid.append(_Row(None if laid else left, _sign(part.relation), first))
        laid += (_Row(None, "", piece) for piece in others)
    return tuple(laid)


def _once(equation: Equation, arranger: Arranger) -> Equation:
    """`equation` without its result where that is a fraction which the numbers before it are already: 9/14."""
    *before, result = equation.parts
    number = result.formula
    is_fraction = bool(before) and isinstance(number, Num) and "/" in number.text
    if is_fraction and arranger.box(before[-1].formula) == arranger.box(number):
        return replace(equation, parts=tuple(before))
    return equation


def _shorter(equation: Equation) -> list[tuple[Part, ...]]:
    """The parts of an equation, and those that stay where it has to be brief."""
    kept = tuple(part for part in equation.parts if part.kind != "numbers")
    return [equation.parts, kept] if equation.brief else [equation.parts]


def _sign(relation: str) -> str:
    return "≔" if relation == ":=" else relation


def _letter(symbol: Box) -> Box:
    return symbol.base if isinstance(symbol, Script) else symbol
