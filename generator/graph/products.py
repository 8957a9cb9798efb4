"""Graph -> which of its vectors and matrices are products of others, whose entries' formulas are rows times columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from generator.formula.tree import Add, Div, Formula, Mul, Ref
from generator.graph.quantities import Graph, Role
from generator.graph.wholes import Whole

Rows = tuple[tuple[str, ...], ...]
Pair = tuple[str, str]  # the factors of one product of two quantities


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
    """The products of two matrices, or of a matrix and a vector, on the way forward; of a sum of them each one."""
    home = {name: whole for whole in found for name in whole.entries}
    for whole in found:
        if whole.role is Role.FORWARD and len(whole.dims) < 3:
            yield from _products(graph, whole, home)


def _products(graph: Graph, whole: Whole, home: Mapping[str, Whole]) -> Iterator[Product]:
    sums = {name: _pairs(graph[name].formula) for name in whole.entries}
    by_factors = {name: _by_factors(pairs, home) for name, (pairs, _) in sums.items()}
    first = by_factors[whole.entries[0]]
    if any(list(own) != list(first) for own in by_factors.values()):
        return
    rest = tuple(terms[:1] for _, terms in sums.values())
    added = home.get(rest[0][0]) if all(rest) else None
    if added is not None and tuple(name for (name,) in rest) != added.entries:
        added = None
    for (one, other), ((left, right), *_) in first.items():
        named = {name: own[one, other] for name, own in by_factors.items()}
        made = _product(whole, (home[left], home[right]), named)
        if made is not None:
            yield replace(made, added=Turned(added, made.made.transposed)) if added else made


def _by_factors(pairs: Iterable[Pair], home: Mapping[str, Whole]) -> dict[Pair, list[Pair]]:
    """The products of a sum by the names of the wholes that their factors are entries of; of others there are none."""
    found: dict[Pair, list[Pair]] = {}
    for one, other in pairs:
        if one in home and other in home:
            found.setdefault((home[one].name, home[other].name), []).append((one, other))
    return found


def _product(whole: Whole, factors: tuple[Whole, Whole], sums: Mapping[str, list[Pair]]) -> Product | None:
    """How `whole` is a product of two factors, in one order or the other, as they stand or turned."""
    if max(len(factor.dims) for factor in factors) != 2:
        return None
    for left, right in (factors, factors[::-1]):
        for turns in product((False, True), repeat=3):
            made, one, other = map(Turned, (whole, left, right), turns)
            if _is_product(made.rows(), one.rows(), other.rows(), sums):
                return Product(one, other, made)
    return None


def _is_product(made: Rows, left: Rows, right: Rows, sums: Mapping[str, list[Pair]]) -> bool:
    """Whether every entry is a row of the left factor times a column of the right one, in this order of terms."""
    if (len(left), len(right[0])) != (len(made), len(made[0])) or len(left[0]) != len(right):
        return False
    columns = tuple(zip(*right, strict=True))
    return all(
        {frozenset(pair) for pair in zip(left[row], columns[column], strict=True)} == set(map(frozenset, sums[name]))
        for row, names in enumerate(made)
        for column, name in enumerate(names)
    )


def _pairs(formula: Formula | None) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """The products of two quantities in a sum, and the quantities that are added by themselves (none: another form)."""
    pairs: list[Pair] = []
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
