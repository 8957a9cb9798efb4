"""Formulas by token -> quantities that are the entries of a matrix, whose rows, or columns, the tokens are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from generator.definitions.tables import Rows, entries, entry, names
from generator.formula.sums import sum_of
from generator.formula.tree import MINUS_INFINITY, Formula, Mul, Ref, num
from generator.graph.declared import grid, heads, matrix
from generator.graph.quantities import FORBIDDEN, Label, Quantity, Role, Tensor

_T = TypeVar("_T")
Cells = tuple[tuple[str, ...], ...]  # names, token by token; of the weights, by what is taken and what is made
_CONSTANT = {MINUS_INFINITY: FORBIDDEN, num(0): "0"}  # what is at a place of a matrix without being a quantity
Places = Mapping[tuple[int, int], Formula]  # by token and place in it, from 0


class Placed:
    """The quantities in the order of computing, and their matrices.

    `down`: tokens are columns. `shared` says of each matrix how many heads share what the numbers of each token are.
    """

    def __init__(self, down: bool, shared: Mapping[str, int]) -> None:
        self.down, self.shared = down, shared
        self.quantities: list[Quantity] = []
        self.tensors: list[Tensor] = []
        self.givens: dict[str, Fraction] = {}
        self.rows: dict[str, Cells] = {}  # what is given, by its letter

    def given(self, name: str, rows: Rows, kind: str) -> Cells:
        """Given quantities, a list for each token."""
        return turned(self._named(name, turned(rows, self.down), kind, self.down), self.down)

    def weight(self, name: str, rows: Rows, inner: bool) -> Cells:
        """A given matrix, as it is written; `inner`: heads share what it takes, not what it makes."""
        return turned(self._named(name, rows, "weight", inner != self.down), self.down)

    def _named(self, name: str, rows: Rows, kind: str, down: bool) -> Cells:
        """The given quantities of a matrix as it stands on paper; `down`: it is rows that heads share."""
        for own, number in entries(name, rows):
            of = own if kind == "target" else name  # which a target has for itself
            self.quantities.append(Quantity(own, Role.GIVEN, Label(kind, own, own.removeprefix(f"{name}_"), of=of)))
            self.givens[own] = number
        made = grid(names(name, rows), len(rows[0]))
        self.tensors += heads(name, made, self.shared.get(name, 1), down)
        return made

    def made(self, name: str, group: str, rule: str, formulas: Places, head: int = 0) -> Cells:
        """A matrix of quantities from its entries' formulas; what is always zero or −∞ is none, and has no name."""
        height, width = (max(places) + 1 for places in zip(*formulas, strict=True))
        cells, seen = [[""] * width for _ in range(height)], [[""] * width for _ in range(height)]
        for (i, j), formula in formulas.items():
            if formula in _CONSTANT:
                seen[i][j] = _CONSTANT[formula]
                continue
            places = ((i + 1, height), (j + 1, width))
            symbol = entry(name, *(places[::-1] if self.down else places))
            case = str(head) if head else ""
            own = f"{symbol}_h{head}" if head else symbol
            label = Label("value", symbol, symbol.removeprefix(f"{name}_"), of=name, case=case)
            self.quantities.append(Quantity(own, Role.FORWARD, label, formula, rule, group))
            cells[i][j] = seen[i][j] = own
        shown = turned(tuple(map(tuple, seen)), self.down)
        count = self.shared.get(name, 1)
        self.tensors += [matrix(name, shown, str(head))] if head else heads(name, shown, count, self.down)
        return tuple(map(tuple, cells))

    def parts_of_heads(self, cells: Cells, count: int) -> None:
        """What each of `count` heads has of a matrix that it shares with others as it is."""
        names = turned(cells, self.down)
        whole = next(tensor for tensor in self.tensors if tensor.entries == names)
        made = heads(whole.label.name, names, count, self.down)
        self.tensors += [tensor for tensor in made if all(tensor.name != known.name for known in self.tensors)]

    def product(self, name: str, group: str, rows: Cells, weights: Cells, bias: Cells | None) -> Cells:
        """Every token times a matrix, plus a bias where there is one."""
        formulas: dict[tuple[int, int], Formula] = {}
        for i, row in enumerate(rows):
            for j, made in enumerate(zip(*weights, strict=True)):
                terms = self.products(row, made)
                formulas[i, j] = sum_of([*terms, Ref(bias[0][j])] if bias is not None else terms)
        return self.made(name, group, "row_times_column", formulas)

    def products(self, left: Sequence[str], right: Sequence[str]) -> list[Formula]:
        """The products that a row times a column adds up: what is left of rows is right of columns."""
        pairs = zip(right, left, strict=True) if self.down else zip(left, right, strict=True)
        return [Mul((Ref(a), Ref(b))) for a, b in pairs]


def turned(rows: tuple[tuple[_T, ...], ...], down: bool) -> tuple[tuple[_T, ...], ...]:
    """Rows of tokens as they stand on paper (`down`: as columns), or the other way round."""
    return tuple(zip(*rows, strict=True)) if down else rows


def share(rows: Cells, head: int, count: int) -> Cells:
    """What of the numbers of each token belongs to one of `count` heads, from 0."""
    width = len(rows[0]) // count
    return tuple(row[head * width : (head + 1) * width] for row in rows)
