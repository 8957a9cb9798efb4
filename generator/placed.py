"""Formulas by place -> quantities that are the entries of a matrix, and the matrix that they stand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from generator.declared import grid, heads, matrix
from generator.formula import Add, Formula, Mul, Ref
from generator.graph import Label, Quantity, Role, Tensor
from generator.tables import Rows, entries, entry, names

Cells = tuple[tuple[str, ...], ...]  # the names of a matrix's entries, row by row
Places = Mapping[tuple[int, int], Formula]  # by row and column, from 0


class Placed:
    """The quantities in the order of computing, and their matrices; `shared` are those whose columns heads share."""

    def __init__(self, count: int, shared: Sequence[str]) -> None:
        self.count, self.shared = count, shared
        self.quantities: list[Quantity] = []
        self.tensors: list[Tensor] = []
        self.givens: dict[str, Fraction] = {}

    def given(self, name: str, rows: Rows, kind: str, down: bool = False) -> Cells:
        """The given rows as quantities; `down`: it is rows that heads share."""
        for own, number in entries(name, rows):
            of = name if kind == "weight" else own  # an entry of a matrix, or (for a target) its own name
            self.quantities.append(Quantity(own, Role.GIVEN, Label(kind, own, own.removeprefix(f"{name}_"), of=of)))
            self.givens[own] = number
        made = grid(names(name, rows), len(rows[0]))
        self.tensors += heads(name, made, self.count if name in self.shared else 1, down)
        return made

    def made(self, name: str, group: str, rule: str, formulas: Places, head: int = 0) -> Cells:
        """A matrix of quantities from its entries' formulas; an entry without one has no name."""
        height, width = max(i for i, _ in formulas) + 1, max(j for _, j in formulas) + 1
        cells = [[""] * width for _ in range(height)]
        for (i, j), formula in formulas.items():
            symbol = entry(name, (i + 1, height), (j + 1, width))
            case = str(head) if head else ""
            own = f"{symbol}_h{head}" if head else symbol
            label = Label("value", symbol, symbol.removeprefix(f"{name}_"), of=name, case=case)
            self.quantities.append(Quantity(own, Role.FORWARD, label, formula, rule, group))
            cells[i][j] = own
        made = tuple(map(tuple, cells))
        seen = made if name != "A" else tuple(tuple(own or "0" for own in row) for row in made)
        self.tensors += (
            [matrix(name, seen, str(head))] if head else heads(name, seen, self.count if name in self.shared else 1)
        )
        return made

    def product(self, name: str, group: str, rows: Cells, weights: Cells, bias: Cells | None) -> Cells:
        """Every row times a matrix, plus a bias where there is one."""
        formulas: dict[tuple[int, int], Formula] = {}
        for i, row in enumerate(rows):
            for j, column in enumerate(zip(*weights, strict=True)):
                terms: list[Formula] = [dot(row, column)]
                if bias is not None:
                    terms = [*summands(terms[0]), Ref(bias[0][j])]
                formulas[i, j] = total(terms)
        return self.made(name, group, "row_times_column", formulas)


def total(terms: Sequence[Formula]) -> Formula:
    """The sum of some terms."""
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def summands(tree: Formula) -> tuple[Formula, ...]:
    """The terms of a sum; what is none is a single one."""
    return tree.terms if isinstance(tree, Add) else (tree,)


def dot(left: Sequence[str], right: Sequence[str]) -> Formula:
    """The products of two rows of quantities, added up."""
    return total([Mul((Ref(a), Ref(b))) for a, b in zip(left, right, strict=True)])


def columns(rows: Cells, head: int, count: int) -> Cells:
    """The columns of one of `count` heads, from 0."""
    width = len(rows[0]) // count
    return tuple(row[head * width : (head + 1) * width] for row in rows)


def each(places: Mapping[tuple[int, int], str], change: Callable[[str], Formula]) -> dict[tuple[int, int], Formula]:
    """A formula of the quantity at each place."""
    return {place: change(own) for place, own in places.items()}
