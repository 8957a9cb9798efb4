"""A named formula -> the lines that it is worked in: what a function needs on the way gets a name of its own.

The derivatives of a softmax are told by its inputs and outputs, so both have to be quantities. A determinant that
divides every entry of an inverse is worked once, and so is the mean in every difference of a variance.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from itertools import count

from generator.formula.entrywise import entries_of
from generator.formula.grids import Grid, Value, referring
from generator.formula.inlining import LOOPS, role_of
from generator.formula.recurrences import recurring, recurs
from generator.formula.tree import Add, Call, Div, Formula, Mul, Neg, Num, Pow, Ref, children, num, rebuild
from generator.formula.vectors import expand

_WRITTEN_OUT = 6  # products that an entry may have of a product of three matrices


def lines(
    batch: Mapping[str, Formula], known: Mapping[str, Value], made: Mapping[Value, str]
) -> tuple[tuple[str, Value], ...]:
    """What is worked for formulas, mostly for one, line by line: the values of each last, before them what it needs.

    `p: softmax(W @ x)` is two lines, `p_in` and `p`; in `c: softmax(s) @ V` the softmax is a line of its own,
    `c_softmax`. `x: inverse(A) @ b` is `x_det`, `x_inverse` and `x`; `s: std(v)` is `s_mean` and `s`;
    `h: d(d(f, x), x)` is `h_of` and `h`; `H: X.T @ R @ X` is `H_product` and `H`, unless it is short. What has a name
    already keeps it: `made` has the names of values by their formulas. Raises `FormulaError` as `expand` does.
    """
    if recurs(batch):
        return tuple(recurring(batch, known).items())
    return tuple(line for name, tree in batch.items() for line in _Lines(name, known, made).all(tree))


class _Lines:
    def __init__(self, name: str, known: Mapping[str, Value], made: Mapping[Value, str]) -> None:
        self.name, self.known, self.names = name, dict(known), dict(made)
        self.made: list[tuple[str, Value]] = []

    def all(self, tree: Formula) -> tuple[tuple[str, Value], ...]:
        whole = self._worked(tree) if _is_worked(tree) else self._opened(tree)
        return (*self.made, (self.name, expand(whole, self.known)))

    def _opened(self, tree: Formula) -> Formula:
        """`tree` with names in the places of such functions; what a loop makes is expanded turn by turn, as it is."""
        if isinstance(tree, Call) and tree.name in LOOPS:
            return tree
        if isinstance(tree, Call) and tree.name == "d" and len(tree.args) == 2:
            return Call("d", (self._differentiated(tree.args[0]), tree.args[1]))
        if role := role_of(tree):
            return self._argument(role, self._opened(children(tree)[0]))
        if isinstance(tree, Call) and tree.name == "matmul":
            return self._product(*tree.args)
        if not _is_worked(tree):
            return rebuild(tree, self._opened)
        assert isinstance(tree, Call)
        return self._named(tree.name, self._worked(tree))

    def _product(self, left: Formula, right: Formula) -> Formula:
        """A product of matrices: signs and numbers stand before it, and a long product in it has its own line."""
        signs, factors, left = self._split(self._opened(left))
        made: Formula = Call("matmul", (self._factor(left), self._factor(self._opened(right))))
        made = Mul((*factors, made)) if factors else made
        return Neg(made) if signs % 2 else made

    def _split(self, tree: Formula) -> tuple[int, tuple[Formula, ...], Formula]:
        """How many minus signs and which numbers a matrix is multiplied with, and the matrix."""
        match tree:
            case Neg(body):
                signs, factors, rest = self._split(body)
                return signs + 1, factors, rest
            case Mul((*numbers, last)) if not any(isinstance(expand(n, self.known), Grid) for n in numbers):
                signs, factors, rest = self._split(last)
                return signs, (*numbers, *factors), rest
        return 0, (), tree

    def _factor(self, tree: Formula) -> Formula:
        """A factor of a product: by its name where it is a product itself that is too long to be written out."""
        if not (isinstance(tree, Call) and tree.name == "matmul"):
            return tree
        value = expand(tree, self.known)
        entries = entries_of(value)
        terms = max(len(entry.terms) if isinstance(entry, Add) else 1 for entry in entries)
        long = isinstance(value, Grid) and max(value.shape) * terms > _WRITTEN_OUT
        return self._named("product", tree) if long else tree

    def _differentiated(self, tree: Formula) -> Formula:
        """What a derivative is of: a quantity, so a formula, which may be a derivative itself, gets a name."""
        opened = self._opened(tree)
        of = entries_of(expand(opened, self.known))
        return opened if all(isinstance(entry, Ref) for entry in of) else self._named("of", opened)

    def _worked(self, tree: Formula) -> Formula:
        """A call of such a function by way of what it needs."""
        assert isinstance(tree, Call)
        first, *others = (self._opened(arg) for arg in tree.args)
        value = expand(first, self.known)
        if not isinstance(value, Grid):
            return tree  # which `expand` refuses, and says why
        simple = Ref if tree.name == "softmax" else Ref | Num
        if not all(isinstance(entry, simple) for entry in entries_of(value)):
            first = self._named("in", first)
        return _WORKED[tree.name](self, Call(tree.name, (first, *others)))

    def _argument(self, role: str, tree: Formula) -> Formula:
        """The argument of an own function: by its name, unless it is short."""
        entries = entries_of(expand(tree, self.known))
        return tree if all(isinstance(entry, Ref | Num) for entry in entries) else self._named(role, tree)

    def _named(self, role: str, tree: Formula) -> Ref:
        """A line of its own for `tree`, or the name that it has."""
        value = expand(tree, self.known)
        if value in self.names:
            return Ref(self.names[value])
        own = _unused(f"{self.name}_{role}", self.known)
        self.made.append((own, value))
        self.known[own] = referring(own, value)
        self.names[value] = own
        return Ref(own)

    def plain(self, call: Call) -> Formula:
        """A softmax, whose argument has a name by now."""
        return call

    def inverse(self, call: Call) -> Formula:
        """The adjugate over the determinant."""
        expand(call, self.known)  # raises where there is none
        determinant = expand(Call("det", call.args), self.known)
        below = self._named("det", Call("det", call.args)) if not isinstance(determinant, Ref | Num) else determinant
        return Div(Call("adjugate", call.args), below)

    def variance(self, call: Call) -> Formula:
        """The squared differences from the mean, summed, over their number (or one less)."""
        expand(call, self.known)  # raises where there is none
        values, *less = call.args
        differences = Add((values, Neg(self._named("mean", Call("mean", (values,))))))
        size = len(entries_of(expand(values, self.known))) - (less == [num(1)])
        return Div(Call("sum", (Pow(differences, num(2)),)), num(size))

    def deviation(self, call: Call) -> Formula:
        """The root of the variance."""
        return Call("sqrt", (self.variance(Call("var", call.args)),))


_WORKED: Mapping[str, Callable[[_Lines, Call], Formula]] = {
    "softmax": _Lines.plain,
    "inverse": _Lines.inverse,
    "var": _Lines.variance,
    "std": _Lines.deviation,
}


def _is_worked(tree: Formula) -> bool:
    return isinstance(tree, Call) and tree.name in _WORKED and bool(tree.args)


def _unused(name: str, taken: Container[str]) -> str:
    """`name`, or the first of `name2`, `name3`, ... that is not taken."""
    names = (f"{name}{number}" if number > 1 else name for number in count(1))
    return next(own for own in names if own not in taken)
