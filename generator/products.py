"""Graph -> which of its vectors and matrices are products of others, whose entries' formulas are rows times columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from generator.formula import Add, Div, Formula, Mul, Ref
from generator.graph import Graph, Role
from generator.wholes import Whole

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Turned:
    """A whole, as it stands or with its rows as columns (a vector stands as a column)."""

    whole: Whole
    transposed: bool

    def rows(self) -> Rows:
        """The entries in rows."""
        rows = self.whole.rows()
        return tuple(zip(*rows, strict=True)) if self.transposed else rows


@dataclass(frozen=True, slots=True)
class Product:
    """`made` is `left` times `right`; `added` has its shape and is added to it (`None`: nothing is)."""

    left: Turned
    right: Turned
    made: Turned
    added: Turned | None = None


def products(graph: Graph, found: Sequence[Whole]) -> Iterator[Product]:
    """The products of two matrices, or of a matrix and a vector, on the way forward."""
    home = {name: whole for whole in found for name in whole.entries}
    for whole in found:
        if whole.role is Role.FORWARD and len(whole.dims) < 3:
            made = _product(graph, whole, home)
            if made is not None:
                yield made


def _product(graph: Graph, whole: Whole, home: Mapping[str, Whole]) -> Product | None:
    sums = {name: _pairs(graph[name].formula) for name in whole.entries}
    pairs, rest = sums[whole.entries[0]]
    if not pairs or any(len(own) != len(pairs) for own, _ in sums.values()):
        return None
    ways = [(home.get(one), home.get(other)) for one, other in (pairs[0], pairs[0][::-1])]
    for left, right in ((a, b) for a, b in ways if a is not None and b is not None):
        if max(len(left.dims), len(right.dims)) != 2:
            continue
        for turns in product((False, True), repeat=3):
            made, *factors = map(Turned, (whole, left, right), turns)
            if _is_product(made.rows(), factors[0].rows(), factors[1].rows(), sums):
                terms = {name: term for name, (_, own) in sums.items() for term in own[:1]}
                added = home.get(rest[0]) if rest else None
                fits = added is not None and tuple(terms.get(name) for name in whole.entries) == added.entries
                return Product(factors[0], factors[1], made, Turned(added, turns[0]) if added and fits else None)
    return None


def _is_product(made: Rows, left: Rows, right: Rows, sums: Mapping[str, _Sum]) -> bool:
    """Whether every entry is a row of the left factor times a column of the right one, in this order of terms."""
    if (len(left), len(right[0])) != (len(made), len(made[0])) or len(left[0]) != len(right):
        return False
    columns = tuple(zip(*right, strict=True))
    return all(
        {frozenset(pair) for pair in zip(left[row], columns[column], strict=True)} == set(map(frozenset, sums[name][0]))
        for row, names in enumerate(made)
        for column, name in enumerate(names)
    )


_Sum = tuple[tuple[tuple[str, str], ...], tuple[str, ...]]


def _pairs(formula: Formula | None) -> _Sum:
    """The products of two quantities in a sum, and the quantities that are added by themselves (none: another form)."""
    pairs: list[tuple[str, str]] = []
    rest: list[str] = []
    for term in _terms(formula):
        match term:
            case Mul((Ref(one), Ref(other))):
                pairs.append((one, other))
            case Ref(name):
                rest.append(name)
            case _:
                return (), ()
    return tuple(pairs), tuple(rest)


def _terms(formula: Formula | None) -> Iterator[Formula]:
    """The terms of a sum, of sums inside it too; a score that is scaled counts as what is scaled."""
    match formula:
        case Add(terms):
            for term in terms:
                yield from _terms(term)
        case Div(Add() | Mul() as top):
            yield from _terms(top)
        case None:
            return
        case _:
            yield formula
