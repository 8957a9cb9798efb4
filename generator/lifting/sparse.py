"""Entries of which some are always zero, or −∞ -> formulas over matrices that they may have; which, is to be proven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from generator.formula.tree import MINUS_INFINITY, Add, Call, Div, Formula, Hadamard, MatMul, Neg, Ref, Transpose, num
from generator.graph.quantities import FORBIDDEN, Tensor
from generator.lifting.factors import factors_of, scaled
from generator.lifting.tensors import Rows

_ZERO, _ONE = num(0), num(1)


def without_gaps(rows: Rows) -> Rows | None:
    """Functions, or quotients, of which some are zero, with what makes them so: −∞ inside, or nothing on top.

    `None` where they are of another kind.
    """
    kinds = {type(entry) for row in rows for entry in row if entry != _ZERO}
    if kinds not in ({Call}, {Div}):
        return None
    return tuple(
        tuple(_full(entry, row, column) for entry, column in zip(row, zip(*rows, strict=True), strict=True))
        for row in rows
    )


def _full(entry: Formula, row: tuple[Formula, ...], column: tuple[Formula, ...]) -> Formula:
    if entry != _ZERO:
        return entry
    bottoms = [{other.bottom for other in line if isinstance(other, Div)} for line in (row, column)]
    call = next((other for other in row if isinstance(other, Call)), None)
    call = call or next((other for other in column if isinstance(other, Call)), None)
    if call is not None:
        return Call(call.name, (MINUS_INFINITY, *call.args[1:]))
    alone = next((line for line in bottoms if len(line) == 1), None)
    return Div(_ZERO, alone.pop()) if alone else entry


def candidates(rows: Rows, tensors: Mapping[str, Tensor]) -> Iterator[Formula]:
    """Products of two matrices: with a mask of −∞ added, with one that has zeros, or with one multiplied."""
    entries = [entry for row in rows for entry in row]
    free = [entry for entry in entries if entry not in (_ZERO, MINUS_INFINITY)]
    if not free:
        return
    names, made = _products(max(free, key=lambda tree: len(tree.terms) if isinstance(tree, Add) else 1), tensors)
    if MINUS_INFINITY in entries:
        for mask in _of_pattern(rows, MINUS_INFINITY, ("0", FORBIDDEN), tensors):
            yield from (Add((one, Ref(mask))) for one in made)
        return
    if any("0" in row for name in names for row in tensors[name].entries):
        yield from made
    if _ZERO in entries:
        for kept in _of_pattern(rows, _ZERO, ("1", "0"), tensors):
            yield from (Hadamard((Ref(kept), one)) for one in made)


def _of_pattern(rows: Rows, gap: Formula, signs: tuple[str, str], tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """The tensors that have one sign where there is a formula, and the other where there is a gap."""
    wanted = tuple(tuple(signs[entry == gap] for entry in row) for row in rows)
    return (tensor.name for tensor in tensors.values() if tensor.entries == wanted)


def _products(entry: Formula, tensors: Mapping[str, Tensor]) -> tuple[list[str], list[Formula]]:
    """The tensors in a sum of products that an entry is, and the products of two that it may belong to."""
    parts = factors_of(entry)
    whole = next((tree for tree, over in parts if isinstance(tree, Add) and not over), None)
    if isinstance(whole, Add):
        parts = [*(part for part in parts if part[0] != whole), *factors_of(whole.terms[0])]
    used = [tree.name for tree, over in parts if isinstance(tree, Ref) and not over]
    found = [tensor.name for name in used for tensor in tensors.values() if name in tensor.names]
    if len(used) == 1:  # what is added up by a product with ones
        found += [tensor.name for tensor in tensors.values() if tensor.label.kind == "ones"]
    scalars: list[Formula] = [tree for tree, over in parts if not over and not isinstance(tree, Ref)]
    divisors = [tree for tree, over in parts if over]
    negative = scalars.count(num(-1)) % 2 == 1
    scalars = [tree for tree in scalars if tree not in (_ONE, num(-1))]
    sides = [side for name in dict.fromkeys(found) for side in (Ref(name), Transpose(Ref(name)))]
    made = [scaled(scalars, divisors, MatMul(pair)) for pair in product(sides, repeat=2)]
    return found, [Neg(one) for one in made] if negative else made
