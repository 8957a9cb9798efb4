"""The scalar formulas of a matrix's entries -> one formula over vectors and matrices that says the same.

What is found is proven: worked entry by entry, it is identical to the formulas it was found in.

Longer than 250 lines because a formula is read as a whole, and its rules call one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TypeVar

from generator.errors import FormulaError
from generator.formula.functions import VECTORS
from generator.formula.identity import same
from generator.formula.infix import infix
from generator.formula.sums import sum_of
from generator.formula.tree import (
    MINUS_INFINITY,
    Add,
    Call,
    Cases,
    Div,
    Formula,
    Hadamard,
    MatMul,
    Matrix,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Transpose,
    num,
    references,
    walk,
)
from generator.formula.tree import replace as replace_names
from generator.graph.quantities import FORBIDDEN, Role, Tensor
from generator.lifting.factors import Cube, Factors, added, multiplied, negative, opened, scaled, single, times, turned
from generator.lifting.masked import settled
from generator.lifting.sparse import candidates, without_gaps
from generator.lifting.tensors import Rows, entrywise, ones
from generator.lifting.windowed import stacked

Place = tuple[Tensor, int, int]
_T = TypeVar("_T")
_ONE = num(1)


class Lifter:
    """The vectors and matrices that a formula can be over. `down`: a vector function is of each column, not row.

    `stacks`: the entries of matrices may stand below each other, as vec(P).
    """

    def __init__(self, tensors: Iterable[Tensor], down: bool, stacks: bool = False) -> None:
        self.tensors = {tensor.name: tensor for tensor in tensors}
        self.down, self.stacks = down, stacks
        self._places: dict[str, list[Place]] = {}
        for tensor in self.tensors.values():
            for row, names in enumerate(tensor.entries):
                for column, name in enumerate(names):
                    self._places.setdefault(name, []).append((tensor, row, column))

    def formula(self, rows: Rows) -> Formula | None:
        """The formula over tensors that these entries have; `None` where none is found, or none that is of matrices."""
        flat = tuple(tuple(map(_flat, row)) for row in rows)
        found = self._lift(flat) or self._sparse(flat)
        if found is None or not self.is_matrix(found) or any(isinstance(part, Cases) for part in walk(found)):
            return None
        return found if self.proves(found, rows) else None

    def as_number(self, formula: Formula) -> Formula:
        """A formula with one entry as what adds up to it: a product entry by entry as a row times a column."""
        return self._added_up(formula, 1, 1)

    def proves(self, formula: Formula, rows: Rows) -> bool:
        """Whether a formula over tensors has exactly these entries."""
        try:
            made = entrywise(formula, self.tensors, self.down)
        except FormulaError:
            return False
        grid = made.rows if isinstance(made, Matrix) else ((made,),)
        if (len(grid), len(grid[0])) != (len(rows), len(rows[0])):
            return False
        pairs = (pair for row, others in zip(grid, rows, strict=True) for pair in zip(row, others, strict=True))
        return all(same(one, other) for one, other in pairs)

    def is_matrix(self, tree: Formula) -> bool:
        """Whether there is a vector or matrix in a formula."""
        return any(name in self.tensors for name in references(tree))

    def _is_entry(self, tree: Formula) -> bool:
        return any(name in self._places for name in references(tree))

    def through_shares(self, post: Tensor, back: Tensor, down: bool) -> Formula:
        """What comes back through a softmax, of columns (`down`) or of rows: its values times what came back to them,
        less its mean by their shares.
        """
        values, gradient = Ref(post.name), Ref(back.name)
        size = Ref(ones(len(post.entries) if down else len(post.entries[0])))
        product = Hadamard((values, gradient))
        around = (size, Transpose(size), product) if down else (product, size, Transpose(size))
        shares = times(*around)
        return Hadamard((values, Add((gradient, Neg(shares)))))

    def _sparse(self, rows: Rows) -> Formula | None:
        """What has entries that are always zero or −∞ in it, so that terms are left out."""
        alone = next((made for made in candidates(rows, self.tensors) if self.proves(made, rows)), None)
        return alone or self._sparse_sum(rows)

    def _sparse_sum(self, rows: Rows) -> Formula | None:
        """Several products that are added up, some of them with gaps: terms over the same tensors belong together."""
        sums = [[entry.terms if isinstance(entry, Add) else (entry,) for entry in row] for row in rows]
        kinds = dict.fromkeys(
            self._signature(term) for row in sums for terms in row for term in terms if term != num(0)
        )
        if len(kinds) < 2:
            return None
        found: list[Formula] = []
        for kind in kinds:
            own = [[[term for term in terms if self._signature(term) == kind] for terms in row] for row in sums]
            part = tuple(tuple(sum_of(terms or [num(0)]) for terms in row) for row in own)
            made = self._lift(part) or self._sparse(part)
            if made is None:
                return None
            found.append(made)
        return added(found)

    # --- any formula ---

    def _lift(self, rows: Rows) -> Formula | None:
        """Each entry is the same kind of formula; one that is the same for all of them is a scalar."""
        first, alone = rows[0][0], len(rows) == len(rows[0]) == 1
        entries = [entry for row in rows for entry in row]
        if len(set(entries)) == 1 and (isinstance(first, Num) or not alone or not self._is_entry(first)):
            vector = 1 in (len(rows), len(rows[0])) and self._has_one_entry(first)  # which is set side by side
            return self._repeated(rows) if vector else first
        kinds = {type(entry) for entry in entries}
        if kinds == {Ref, Num} or (kinds == {Ref, Neg} and MINUS_INFINITY in entries):
            return self._named(rows)
        if len(kinds) > 1:
            full = without_gaps(rows) if Num in kinds else None
            if full is not None and full != rows:
                return self._lift(full)
            return self._sum(rows) if Add in kinds else None
        match first:
            case Ref():
                return self._named(rows)
            case Add():
                return self._sum(rows)
            case Mul():
                return self._product(rows)
            case Neg():
                return negative(self._lift(_each(rows, _body)))
            case Div():
                top, bottom = (self._lift(_each(rows, partial(_part, part=part))) for part in ("top", "bottom"))
                return None if top is None or bottom is None else self._quotient(top, bottom)
            case Pow(_, Num(value)) if {entry.exponent for entry in entries if isinstance(entry, Pow)} == {Num(value)}:
                base = self._lift(_each(rows, partial(_part, part="base")))
                return None if base is None else self._power(base, first)
            case Call():
                return self._call(rows, first)
        return None

    def _power(self, base: Formula, like: Pow) -> Formula | None:
        if not self.is_matrix(base):
            return replace(like, base=base)
        return Hadamard((base, base)) if like.exponent == num(2) else None

    def _quotient(self, top: Formula, bottom: Formula) -> Formula:
        if isinstance(top, Neg) and self.is_matrix(top):
            return Neg(self._quotient(top.body, bottom))
        if self.is_matrix(top) and not self.is_matrix(bottom):
            return scaled([], [bottom], top)
        return Div(top, bottom)

    def _call(self, rows: Rows, first: Call) -> Formula | None:
        calls = [entry for row in rows for entry in row if isinstance(entry, Call)]
        if len({(call.name, call.name in VECTORS or len(call.args)) for call in calls}) > 1:
            return None
        own = self._lift(_each(rows, partial(_argument, place=0))) if first.args else None
        if own is None:
            return None
        if first.name in VECTORS:
            forms = (Call(first.name, (own,)), Transpose(Call(first.name, (turned(own),))))
            made = _each(rows, settled)  # of −∞ there is nothing
            return next((form for form in forms if self.is_matrix(own) and self.proves(form, made)), None)
        others = [self._lift(_each(rows, partial(_argument, place=place))) for place in range(1, len(first.args))]
        known = tuple(other for other in others if other is not None)
        return Call(first.name, (own, *known)) if len(known) == len(others) else None

    # --- names ---

    def _named(self, rows: Rows) -> Formula | None:
        """A tensor, one transposed, or a vector that every column or every row is."""
        names = _each(rows, _text)
        turned = tuple(zip(*names, strict=True))
        used = next((name for row in names for name in row if name in self._places), "")
        for tensor, _, _ in self._places.get(used, ()):
            if tensor.entries == names:
                return Ref(tensor.name)
            if tensor.entries == turned:
                return Transpose(Ref(tensor.name))
        column = names if len(rows[0]) == 1 else turned
        if self.stacks and used and len(column[0]) == 1:
            made = stacked([name for (name,) in column], self.tensors.values())
            if made is not None:
                return made if column == names else Transpose(made)
        return self._repeated(rows)

    def _repeated(self, rows: Rows) -> Formula | None:
        """What is the same in every column, or in every row."""
        if len(rows[0]) > 1 and all(len(set(row)) == 1 for row in rows):
            column = self._lift(tuple((row[0],) for row in rows))
            return None if column is None else times(column, Transpose(Ref(ones(len(rows[0])))))
        if len(rows) > 1 and len(set(rows)) == 1:
            row = self._lift(rows[:1])
            return None if row is None else times(Ref(ones(len(rows))), row)
        return None

    # --- sums ---

    def _sum(self, rows: Rows) -> Formula | None:
        """Terms that are alike belong together, as the products that a product of matrices adds up.

        What some entries have in the end and others have not is nothing there: a unit may have no bias.
        """
        sums = [[entry.terms if isinstance(entry, Add) else (entry,) for entry in row] for row in rows]
        most = max(len(terms) for row in sums for terms in row)
        sums = [[(*terms, *(num(0),) * (most - len(terms))) for terms in row] for row in sums]
        grids = [tuple(tuple(terms[at] for terms in row) for row in sums) for at in range(len(sums[0][0]))]
        made: list[Formula] = []
        for _, run in groupby(grids, key=lambda grid: self._signature(grid[0][0])):
            part = self._run(list(run))
            if part is None:
                return None
            made += part
        return added(made)

    def _signature(self, term: Formula) -> Formula:
        """A term with the tensor of each name in its place."""
        places = self._places
        return replace_names(term, lambda ref: Ref(places[ref.name][0][0].name) if ref.name in places else ref)

    def _run(self, grids: list[Rows]) -> list[Formula] | None:
        """Terms that are alike: one product of matrices, or one by one."""
        if len(grids) > 1:
            whole = (self._total(grids) if grids[0] == ((grids[0][0][0],),) else None) or self._contracted(grids)
            if whole is not None:
                return [whole]
        found = [self._lift(grid) for grid in grids]
        known = [part for part in found if part is not None]
        return known if len(known) == len(found) else None

    def _total(self, grids: list[Rows]) -> Formula | None:
        """One number that adds up a formula over all entries of a vector or matrix."""
        terms = [grid[0][0] for grid in grids]
        by_name = {name: term for term in terms for name in references(term)}
        found = (place[0].name for name in references(terms[0]) for place in self._places.get(name, ()))
        for tensor in (self.tensors[name] for name in dict.fromkeys(found)):
            entries, names = tensor.entries, tensor.names
            if len(set(names)) != len(names) or len(terms) != len(names) or not by_name.keys() >= set(names):
                continue
            whole = self._lift(tuple(tuple(by_name[name] for name in row) for row in entries))
            if whole is not None and self.is_matrix(whole):
                return self._added_up(whole, len(entries), len(entries[0]))
        return None

    def _added_up(self, tree: Formula, high: int, wide: int) -> Formula:
        """The sum of all entries of a formula with so many rows and columns."""
        inner = partial(self._added_up, high=high, wide=wide)
        match tree:
            case Neg(body):
                return Neg(inner(body))
            case Add(terms) if all(map(self.is_matrix, terms)):
                return Add(tuple(map(inner, terms)))
            case Div(top, bottom) if not self.is_matrix(bottom):
                return Div(inner(top), bottom)
            case Mul((*scalars, body)) if not any(map(self.is_matrix, scalars)):
                return Mul((*scalars, inner(body)))
            case Hadamard((first, *others)) if 1 in (high, wide):
                rest = others[0] if len(others) == 1 else Hadamard(tuple(others))
                return times(turned(first), rest) if wide == 1 else times(first, turned(rest))
        left = (Transpose(Ref(ones(high))),) if high > 1 else ()
        right = (Ref(ones(wide)),) if wide > 1 else ()
        return times(*left, tree, *right)

    def _contracted(self, grids: list[Rows]) -> Formula | None:
        """Σ_k left[i][k] right[k][j], with what is the same in all terms before it."""
        repeated = self._repeated_run(grids)
        if repeated is not None:
            return repeated
        parts = Factors.of(grids)
        if parts is None:
            return None
        if parts.both:
            return None
        left, middle, right = parts.left, parts.middle, parts.right
        if middle and left and not right:
            middle, right = [], middle
        elif middle and right and not left:
            left, middle = middle, []
        elif middle and not left:
            left, middle, right = middle[:1], [], middle[1:]
        high, wide, count = len(grids[0]), len(grids[0][0]), len(grids)
        if middle or (not left and high > 1) or (not right and wide > 1):
            return None
        columns, rows = range(count), range(wide)
        one = self._lift(tuple(tuple(multiplied(f[i][0][k] for f in left) for k in columns) for i in range(high)))
        other = self._lift(tuple(tuple(multiplied(f[0][j][k] for f in right) for j in rows) for k in columns))
        if not left:
            one = Transpose(Ref(ones(count)))
        if not right:
            other = Ref(ones(count))
        if one is None or other is None or not (self.is_matrix(one) and self.is_matrix(other)):
            return None
        return self._scaled(times(one, other), parts.scalars, parts.divisors)

    def _repeated_run(self, grids: list[Rows]) -> Formula | None:
        """A sum that is the same in every column, or in every row."""
        if len(grids[0][0]) > 1 and all(len(set(row)) == 1 for grid in grids for row in grid):
            column = self._contracted([tuple((row[0],) for row in grid) for grid in grids])
            return None if column is None else times(column, Transpose(Ref(ones(len(grids[0][0])))))
        if len(grids[0]) > 1 and all(len(set(grid)) == 1 for grid in grids):
            row = self._contracted([grid[:1] for grid in grids])
            return None if row is None else times(Ref(ones(len(grids[0]))), row)
        return None

    # --- products ---

    def _product(self, rows: Rows) -> Formula | None:
        """Entry by entry, or a column times a row, with the scalars before it."""
        parts = Factors.of([rows])
        if parts is None:
            return None
        wide, high = len(rows[0]) > 1, len(rows) > 1
        grids = {"both": parts.both, "left": parts.left, "right": parts.right}
        if not (wide and high):  # of a vector, what changes at all changes with its entries
            grids = {"both": [*parts.both, *parts.left, *parts.right], "left": [], "right": []}
        scalars: list[Formula] = []
        units: list[Formula] = []  # vectors of one entry
        for scalar in parts.scalars:
            unit = self._lift(((scalar,),)) if self._is_entry(scalar) and not (wide and high) else None
            whole = not isinstance(scalar, Ref) or self._has_one_entry(scalar)
            if unit is not None and self.is_matrix(unit) and whole:
                units.append(unit)
            else:
                scalars.append(scalar)
        each = [self._lift(single(factor)) for factor in grids["both"]]
        outer = self._outer(grids["left"], grids["right"]) if grids["left"] or grids["right"] else _ONE
        if outer is None or any(factor is None for factor in each):
            return None
        factors = [*([outer] if outer != _ONE else []), *(factor for factor in each if factor is not None)]
        scalars += [factor for factor in factors if not self.is_matrix(factor)]
        matrices = [factor for factor in factors if self.is_matrix(factor)]
        return self._scaled(self._joined(matrices, units, wide), scalars, parts.divisors)

    def _has_one_entry(self, tree: Formula) -> bool:
        places = [place for name in references(tree) for place in self._places.get(name, ())]
        return any(len(tensor.names) == 1 for tensor, _, _ in places)

    def _is_slope(self, tree: Formula) -> bool:
        """Whether a factor is a derivative of each entry of something."""
        if isinstance(tree, Ref):
            return self.tensors[tree.name].role is Role.LOCAL
        return not isinstance(tree, MatMul)

    def _joined(self, matrices: list[Formula], units: list[Formula], wide: bool) -> Formula:
        """Factors entry by entry; a vector of one entry is multiplied as a matrix is."""
        if not matrices and len(units) > 1 and any(self._is_slope(unit) for unit in units):
            return Hadamard(tuple(units))
        found = Hadamard(opened(matrices)) if len(matrices) > 1 else matrices[0] if matrices else _ONE
        if not units:
            return found
        return times(*units, found) if wide and matrices else times(*([found] if matrices else []), *units)

    def _outer(self, left: list[Cube], right: list[Cube]) -> Formula | None:
        """A column times a row; where one of them is missing, of ones."""
        made: list[Formula] = []
        for factors, is_left in ((left, True), (right, False)):
            if not factors:
                cube = (right if is_left else left)[0]
                made.append(Ref(ones(len(cube))) if is_left else Transpose(Ref(ones(len(cube[0])))))
                continue
            grids = [single(factor) for factor in factors]
            rows = [tuple((row[0],) for row in grid) if is_left else grid[:1] for grid in grids]
            places = [[(i, j) for j in range(len(rows[0][0]))] for i in range(len(rows[0]))]
            found = self._lift(tuple(tuple(multiplied(g[i][j] for g in rows) for i, j in line) for line in places))
            if found is None or not self.is_matrix(found):
                return None
            made.append(found)
        return times(*made)

    def _scaled(self, tree: Formula, scalars: Sequence[Formula], divisors: Sequence[Formula]) -> Formula:
        """A product with its scalars before it and under it."""
        minus = isinstance(tree, Neg) ^ (sum(scalar == num(-1) for scalar in scalars) % 2 == 1)
        body = tree.body if isinstance(tree, Neg) else tree
        plain = [scalar for scalar in scalars if scalar not in (num(1), num(-1))]
        if body == _ONE and plain:
            *plain, body = plain
        made = scaled(plain, list(divisors), body)
        return Neg(made) if minus else made


def _each(rows: Rows, change: Callable[[Formula], _T]) -> tuple[tuple[_T, ...], ...]:
    return tuple(tuple(map(change, row)) for row in rows)


def _text(tree: Formula) -> str:
    """What stands at a place of a tensor for a formula."""
    return tree.name if isinstance(tree, Ref) else FORBIDDEN if tree == MINUS_INFINITY else infix(tree)


def _body(tree: Formula) -> Formula:
    assert isinstance(tree, Neg)
    return tree.body


def _part(tree: Formula, part: str) -> Formula:
    found: Formula = getattr(tree, part)
    return found


def _argument(tree: Formula, place: int) -> Formula:
    assert isinstance(tree, Call)
    return tree.args[place]


def _flat(tree: Formula) -> Formula:
    """A formula with the sums in its sum opened, and without factors of one."""
    match tree:
        case Add(terms):
            flat = (_flat(term) for term in terms)
            parts = tuple(part for term in flat for part in (term.terms if isinstance(term, Add) else (term,)))
            return sum_of(parts)
        case Mul(factors):
            kept = tuple(factor for factor in map(_flat, factors) if factor != _ONE)
            return multiplied(kept)
        case Neg(body):
            return Neg(_flat(body))
    return tree
