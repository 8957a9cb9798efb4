"""A product of matrices -> the same with signs and numbers before it, and a long product in it by a name of its own."""

from __future__ import annotations

from generator.formula.entrywise import entries_of
from generator.formula.grids import Grid
from generator.formula.named import Named
from generator.formula.tree import Add, Call, Formula, Mul, Neg
from generator.formula.vectors import expand

_WRITTEN_OUT = 6  # products that an entry may have of a product of three matrices


def is_multiplied(tree: Formula) -> bool:
    """Whether a product has something in it that is written before it, or another product."""
    if not (isinstance(tree, Call) and tree.name == "matmul"):
        return False
    return isinstance(tree.args[0], Neg | Mul) or any(isinstance(a, Call) and a.name == "matmul" for a in tree.args)


def multiplied(work: Named, left: Formula, right: Formula, places: tuple[int, ...]) -> Formula:
    """The product of two matrices, in which `places` are the turns of the loops around it."""
    signs, numbers, left = _split(work, left)
    made: Formula = Call("matmul", (_factor(work, left, places), _factor(work, right, places)))
    made = Mul((*numbers, made)) if numbers else made
    return Neg(made) if signs % 2 else made


def _split(work: Named, tree: Formula) -> tuple[int, tuple[Formula, ...], Formula]:
    """How many minus signs and which numbers a matrix is multiplied with, and the matrix."""
    match tree:
        case Neg(body):
            signs, numbers, rest = _split(work, body)
            return signs + 1, numbers, rest
        case Mul((*before, last)) if not any(isinstance(expand(each, work.known), Grid) for each in before):
            signs, numbers, rest = _split(work, last)
            return signs, (*before, *numbers), rest
    return 0, (), tree


def _factor(work: Named, tree: Formula, places: tuple[int, ...]) -> Formula:
    """A factor: by its name where it is a product itself that is too long to be written out."""
    if not (isinstance(tree, Call) and tree.name == "matmul"):
        return tree
    value = expand(tree, work.known)
    terms = max(len(entry.terms) if isinstance(entry, Add) else 1 for entry in entries_of(value))
    is_long = isinstance(value, Grid) and max(value.shape) * terms > _WRITTEN_OUT
    return work.named("product", tree, places) if is_long else tree
