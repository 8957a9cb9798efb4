"""A named formula -> the lines that it is worked in: what a function needs on the way gets a name of its own.

The derivatives of a softmax are told by its inputs and outputs, so both have to be quantities. A determinant that
divides every entry of an inverse is worked once, and so is the mean in every difference of a variance. In a loop each
turn has its own, with the turn's number behind the name; what is the same in every turn is worked once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from generator.errors import FormulaError
from generator.formula.entrywise import entries_of
from generator.formula.grids import Grid, Line, Value
from generator.formula.indices import whole
from generator.formula.inlining import LOOPS, UNROLLED, role_of
from generator.formula.laying import laid
from generator.formula.made import Made
from generator.formula.matrices import is_written_out
from generator.formula.multiplied import is_multiplied, multiplied
from generator.formula.named import Named, solution
from generator.formula.ordering import ORDERED, at_rank, in_order
from generator.formula.recurrences import recurring, recurs
from generator.formula.tree import (
    Add,
    Call,
    Cases,
    Div,
    Formula,
    Neg,
    Num,
    Pow,
    Ref,
    children,
    num,
    rebuild,
    walk,
)
from generator.formula.turns import Turns, places_of, put, taken_of
from generator.formula.vectors import expand, range_of, turn

_MEAN = "mean"  # which a variance is worked by, and which others can then have by its name


def lines(batch: Mapping[str, Formula], known: Mapping[str, Value], made: Made) -> tuple[Line, ...]:
    """What is worked for formulas, mostly for one, line by line: the values of each last, before them what it needs.

    `p: softmax(W @ x)` is two lines, `p_in` and `p`; in `c: softmax(s) @ V` the softmax is a line of its own,
    `c_softmax`. `x: inverse(A) @ b` is `x_det`, `x_inverse` and `x`; `s: std(v)` is `s_mean` and `s`;
    `h: d(d(f, x), x)` is `h_of` and `h`; `H: X.T @ R @ X` is `H_product` and `H`, unless it is short. In
    `p: [softmax(W @ X[t]) for t in 1..3]` the lines `p_in_1`, `p_in_2` and `p_in_3` are the rows of one, `p_in`;
    `x: solve(A, b)` has a line for each multiplier and each new entry. What has a name already keeps it, as `made`
    knows. Raises `FormulaError` as `expand` does.
    """
    work = _Lines(known, made)
    if recurs(batch):
        return recurring(batch, known, lambda *turn: work.turn(batch, *turn), lambda: laid(work.made))
    return tuple(line for name, tree in batch.items() for line in _Lines(known, made).all(name, tree))


class _Lines(Named):
    def all(self, name: str, tree: Formula) -> tuple[Line, ...]:
        self.name = name
        value = expand(self._twice(tree, {}), self.known)
        return (*laid(self.made), Line(name, value))

    def turn(
        self, batch: Mapping[str, Formula], name: str, number: int, place: int, known: Mapping[str, Value]
    ) -> tuple[Value, ...]:
        """What a loop of a batch makes in one turn."""
        self.name = name
        self.known |= {own: known[own] for own in batch}
        body, index, *_ = children(batch[name])
        assert isinstance(index, Ref)
        return turn(self._twice(body, {index.name: (number, place)}), self.known)

    def _twice(self, tree: Formula, turns: Turns) -> Formula:
        """A formula once more where something has got a name: that may stand in what was before it, too."""
        before = len(self.made)
        made = self._whole(tree, turns)
        return self._whole(tree, turns) if len(self.made) > before else made

    def _whole(self, tree: Formula, turns: Turns) -> Formula:
        """A formula, or that of a turn, which has the name already if it is such a function."""
        match tree:
            case Call(name) if name in LOOPS:
                return self._loop(tree, turns, self._whole)
            case Call("when", (test, inner)):
                return self._when(test, inner, turns, self._whole)
            case Cases() if (taken := taken_of(tree, turns)) is not None:
                return self._whole(taken, turns)
        if isinstance(tree, Call) and tree.name == _MEAN:
            return rebuild(tree, lambda part: self._opened(part, turns))
        if not turns and (made := self._eliminated(tree, turns, self.name)):
            return made
        return self._worked(tree, turns) if _is_worked(tree) else self._opened(tree, turns)

    def _opened(self, tree: Formula, turns: Turns) -> Formula:
        """`tree` with names in the places of such functions, and numbers in those of the loops' indices."""
        match tree:
            case _ if not any(map(_is_opened, walk(tree))):
                return put(tree, turns)
            case Call(name) if name in LOOPS:
                return self._loop(tree, turns, self._opened)
            case Call("when", (test, inner)):
                return self._when(test, inner, turns, self._opened)
            case Cases() if (taken := taken_of(tree, turns)) is not None:
                return self._opened(taken, turns)
            case Call("d", (of, wrt)):
                return Call("d", (self._differentiated(of, turns), put(wrt, turns)))
            case _ if role := role_of(tree):
                return self._argument(role, children(tree)[0], turns)
            case Call() if made := self._eliminated(tree, turns):
                return made
            case Call("matmul", (left, right)) if is_multiplied(tree):
                return multiplied(self, self._opened(left, turns), self._opened(right, turns), places_of(tree, turns))
            case Call(name) if _is_worked(tree):
                return self.named(name, self._worked(tree, turns), places_of(tree, turns))
        made = rebuild(tree, lambda part: self._opened(part, turns))
        return self._known_as(made) if isinstance(made, Call) and made.name == _MEAN else made

    def _known_as(self, tree: Formula) -> Formula:
        """The name of a mean that has one."""
        value = expand(tree, self.known)
        return self.named("", tree, ()) if value in self.before.names else tree

    def _loop(self, tree: Call, turns: Turns, inside: Callable[[Formula, Turns], Formula]) -> Formula:
        """A loop with the formulas of all its turns, where something in them gets a name."""
        if not any(map(_is_opened, walk(tree))):
            return put(tree, turns)
        body, *runs = tree.args
        loop = Call(tree.name, (body, *(self._opened(each, turns) for each in runs)))
        numbers = enumerate(range_of(loop, self.known), 1)
        index = runs[0]
        assert isinstance(index, Ref)
        bodies = (inside(body, {**turns, index.name: (number, place)}) for place, number in numbers)
        return Call(f"{UNROLLED}{tree.name}", tuple(bodies))

    def _when(
        self, test: Formula, inner: Formula, turns: Turns, inside: Callable[[Formula, Turns], Formula]
    ) -> Formula:
        """What stands under a condition: where that does not hold, it need not be there."""
        opened = self._opened(test, turns)
        is_out = whole(expand(opened, self.known)) == 0
        return Call("when", (opened, put(inner, turns) if is_out else inside(inner, turns)))

    def _differentiated(self, tree: Formula, turns: Turns) -> Formula:
        """What a derivative is of: a quantity, so a formula, which may be a derivative itself, gets a name."""
        opened = self._opened(tree, turns)
        of = entries_of(expand(opened, self.known))
        is_named = all(isinstance(entry, Ref) for entry in of)
        return opened if is_named else self.named("of", opened, places_of(tree, turns))

    def _worked(self, tree: Formula, turns: Turns) -> Formula:
        """A call of such a function by way of what it needs."""
        assert isinstance(tree, Call)
        first, *others = (self._opened(arg, turns) for arg in tree.args)
        value = expand(first, self.known)
        if not isinstance(value, Grid):
            return Call(tree.name, (first, *others))  # which `expand` refuses, and says why
        simple = Ref if tree.name == "softmax" else Ref | Num
        places = places_of(tree, turns)
        if not all(isinstance(entry, simple) for entry in entries_of(value)):
            first = self.named("in", first, places)
        return _WORKED[tree.name](self, Call(tree.name, (first, *others)), places)

    def _argument(self, role: str, tree: Formula, turns: Turns) -> Formula:
        """The argument of an own function: by its name, unless it is short."""
        opened = self._opened(tree, turns)
        is_short = all(isinstance(entry, Ref | Num) for entry in entries_of(expand(opened, self.known)))
        return opened if is_short else self.named(role, opened, places_of(tree, turns))

    def _eliminated(self, tree: Formula, turns: Turns, own: str = "") -> Formula | None:
        """What solves a system, a large inverse or determinant, by elimination (`None`: it is nothing of these).

        A solution has the name `own`, if that is said, else one that is made for it.
        """
        match tree:
            case Call("solve" | "det" | "inverse" as name, args) if args:
                values = tuple(expand(self._opened(arg, turns), self.known) for arg in args)
            case _:
                return None
        if name != "solve" and is_written_out(values[0]):
            return None
        return solution(self, str(name), values, places_of(tree, turns), own)

    def plain(self, call: Call, places: tuple[int, ...]) -> Formula:
        """A softmax, whose argument has a name by now."""
        return call

    def inverse(self, call: Call, places: tuple[int, ...]) -> Formula:
        """The adjugate over the determinant."""
        expand(call, self.known)  # raises where there is none
        value = expand(Call("det", call.args), self.known)
        assert not isinstance(value, Grid)
        below = value if isinstance(value, Ref | Num) else self.named("det", Call("det", call.args), places)
        if self.before.exactly(value) == 0:
            raise FormulaError("the matrix is singular: its determinant is 0, so that it has no inverse")
        return Div(Call("adjugate", call.args), below)

    def variance(self, call: Call, places: tuple[int, ...]) -> Formula:
        """The squared differences from the mean, summed, over their number (or one less)."""
        expand(call, self.known)  # raises where there is none
        values, *less = call.args
        differences = Add((values, Neg(self.named("mean", Call("mean", (values,)), places))))
        size = len(entries_of(expand(values, self.known))) - (less == [num(1)])
        return Div(Call("sum", (Pow(differences, num(2)),)), num(size))

    def ordered(self, call: Call, places: tuple[int, ...]) -> Formula:
        """The entries of a vector in order, by their ranks."""
        args = tuple(expand(arg, self.known) for arg in call.args)
        expand(call, self.known)  # raises where they do not fit
        ranks = expand(self.named("rank", Call("rank", call.args[:1]), places), self.known)
        self.before.flat += (entry.name for entry in entries_of(ranks) if isinstance(entry, Ref))

        def at(wanted: int, role: str) -> Formula:
            entry = at_rank(args[0], ranks, wanted)
            return self.named(role, self.kept(entry), places) if role else entry

        return self.kept(in_order(call.name, args, at))

    def deviation(self, call: Call, places: tuple[int, ...]) -> Formula:
        """The root of the variance."""
        return Call("sqrt", (self.variance(Call("var", call.args), places),))


_WORKED: Mapping[str, Callable[[_Lines, Call, tuple[int, ...]], Formula]] = {
    "softmax": _Lines.plain,
    "inverse": _Lines.inverse,
    "var": _Lines.variance,
    "std": _Lines.deviation,
    **dict.fromkeys(ORDERED, _Lines.ordered),
}


def _is_worked(tree: Formula) -> bool:
    return isinstance(tree, Call) and tree.name in _WORKED and bool(tree.args)


def _is_opened(tree: Formula) -> bool:
    """Whether something in a formula may get a name."""
    return (
        _is_worked(tree)
        or is_multiplied(tree)
        or bool(role_of(tree))
        or (isinstance(tree, Call) and tree.name in ("d", "det", "solve", _MEAN))
    )
