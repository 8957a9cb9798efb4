"""One statement about shapes, read from a page -> why it is not true.

A side is the shape of a vector, a matrix or a product of them by name, `shape(W h)`; numbers with crosses between them,
`2 × 3`; or several of these, in parentheses side by side. `=` says that two sides are the same shapes, `→` what a
product comes to. Where windows slide, a vector can be read as a column or as a signal, which is neither row nor column.
"""

from __future__ import annotations

from fractions import Fraction

from generator.derive.shapes import SHAPE, window_sizes
from generator.errors import LonghandError
from generator.formula.tree import Formula, Num
from generator.reading import Unreadable
from generator.reading.chains import ARROW, EQUAL, Statement
from generator.reading.formula import PRODUCTS, TRANSPOSED, Symbols, read_formula
from generator.reading.normal import items
from generator.reading.shape import shape
from generator.solve.exact import Undecided, Undefined, bounds, evaluate
from generator.typeset.boxes import Box, Fence, Op, Row, Word
from generator.verify.truth import Truth

Dims = tuple[int, ...]
_SIGNS = tuple(map(Op, PRODUCTS))


def is_of_shapes(statement: Statement, truth: Truth) -> bool:
    """Whether a statement begins with the shape of something (and not with a quantity of that name)."""
    row = items(statement.segments[0])
    return row[0] == Word(SHAPE) and len(row) == 2 and isinstance(row[1], Fence) and SHAPE not in truth.graph


def check_shapes(statement: Statement, truth: Truth) -> tuple[int, list[str]]:
    """How many relations of a statement were checked, and why it is not true (nothing: it is)."""
    try:
        sides = [_side(segment, truth) for segment in statement.segments]
    except (Unreadable, Undecided, Undefined) as error:
        return 0, [str(error)]
    reasons = [] if statement.relations else ["a shape by itself says nothing"]
    for relation, before, after in zip(statement.relations, sides, sides[1:], strict=False):
        if relation not in (EQUAL, ARROW):
            reasons.append(f"`{relation}` between shapes")
        elif relation == ARROW and len(before) < 2:
            reasons.append(f"`{ARROW}` after a shape that is no product's")
        elif relation == ARROW and _product(before) != after:
            reasons.append(f"{_said(before)} does not make {_said(after)}")
        elif relation == EQUAL and before != after and _product(before) != after:
            reasons.append(f"{_said(before)} is not {_said(after)}")
    return len(statement.relations), [*reasons, *_windows(statement, truth)]


def _said(factors: tuple[Dims, ...]) -> str:
    return "".join(f"({' × '.join(map(str, dims))})" for dims in factors)


def _product(factors: tuple[Dims, ...]) -> tuple[Dims, ...] | None:
    """The shape of a product, where its factors fit together."""
    made = factors[0]
    for dims in factors[1:]:
        if len(made) != 2 or len(dims) != 2 or made[1] != dims[0]:
            return None
        made = (made[0], dims[1])
    return (made,)


# --- sides ---


def _side(segment: Box, truth: Truth) -> tuple[Dims, ...]:
    """The shapes that a side is of: one, or those of the factors of a product."""
    row = items(segment)
    if row[0] == Word(SHAPE) and len(row) == 2 and isinstance(row[1], Fence):
        return tuple(_factors(items(row[1].body), truth))
    fenced = [item.body for item in row if isinstance(item, Fence)]
    if len(row) > 1 and len(fenced) == len(row):
        return tuple(_sizes(body, truth) for body in fenced)
    return (_sizes(segment, truth),)


def _factors(row: tuple[Box, ...], truth: Truth) -> list[Dims]:
    """The shape of each factor of a product by name, of one that is transposed turned round."""
    found: list[Dims] = []
    at = 0
    while at < len(row):
        if found and row[at] in _SIGNS:
            at += 1
            continue
        match = truth.whole_symbols.match(row, at)
        if match is None or match[2] not in (None, TRANSPOSED):
            raise Unreadable("a shape is of vectors and matrices by their names")
        name, length, power = match
        dims = _as_column(truth.dims[name], truth)
        found.append(dims if power is None else dims[::-1])
        at += length
    return found


def _as_column(dims: Dims, truth: Truth) -> Dims:
    return (*dims, 1) if len(dims) == 1 and truth.graph.slidings else dims


def _parts(segment: Box) -> list[Box]:
    """What stands between the crosses of a shape."""
    parts: list[list[Box]] = [[]]
    for item in items(segment):
        if item == Op("×"):
            parts.append([])
        else:
            parts[-1].append(item)
    return [part[0] if len(part) == 1 else Row(tuple(part)) for part in parts]


def _trees(segment: Box) -> list[Formula]:
    return [read_formula(part, Symbols.of(())) for part in _parts(segment)]


def _sizes(segment: Box, truth: Truth) -> Dims:
    return _as_column(tuple(map(_whole, _trees(segment))), truth)


def _whole(tree: Formula) -> int:
    low, high = bounds(evaluate(tree, _no_name))
    if low != high or low.denominator != 1 or low < 1:
        raise Unreadable("a shape is of whole numbers")
    return int(low)


def _no_name(name: str) -> Fraction:
    raise LonghandError(f"`{name}` is not a number")


# --- windows ---


def _windows(statement: Statement, truth: Truth) -> list[str]:
    """Why a shape that is worked is not worked from the sizes that windows had there."""
    (row, *_) = map(items, statement.segments)
    fence = row[1]
    match = truth.whole_symbols.match(items(fence.body), 0) if isinstance(fence, Fence) else None
    made = truth.writer.label_of(match[0]).name if match else ""
    indices = len(truth.dims[match[0]]) if match else 0
    reasons = []
    for segment in statement.segments[1:]:
        parts = items(segment)
        if parts[0] == Word(SHAPE) or (len(parts) > 1 and all(isinstance(part, Fence) for part in parts)):
            continue
        trees = _trees(segment)
        if all(isinstance(tree, Num) for tree in trees):
            continue
        wanted = [list(map(shape, window_sizes(each, indices))) for each in truth.graph.slidings if each.made == made]
        if list(map(shape, trees)) not in wanted:
            reasons.append("a shape is worked from other numbers than those of its windows")
    return reasons
