"""A named formula -> the lines that it is worked in: what a function needs on the way gets a name of its own.

The derivatives of a softmax are told by its inputs and outputs, so both have to be quantities. A determinant that
divides every entry of an inverse is worked once, and so is the mean in every difference of a variance. In a loop each
turn has its own, with the turn's number behind the name; what is the same in every turn is worked once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count

from generator.formula.entrywise import entries_of
from generator.formula.grids import Grid, Line, Value, referring
from generator.formula.indices import whole
from generator.formula.inlining import LOOPS, UNROLLED, role_of
from generator.formula.laying import laid
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


def lines(batch: Mapping[str, Formula], known: Mapping[str, Value], made: Mapping[Value, str]) -> tuple[Line, ...]:
    """What is worked for formulas, mostly for one, line by line: the values of each last, before them what it needs.

    `p: softmax(W @ x)` is two lines, `p_in` and `p`; in `c: softmax(s) @ V` the softmax is a line of its own,
    `c_softmax`. `x: inverse(A) @ b` is `x_det`, `x_inverse` and `x`; `s: std(v)` is `s_mean` and `s`;
    `h: d(d(f, x), x)` is `h_of` and `h`. In `p: [softmax(W @ X[t]) for t in 1..3]` the lines `p_in_1`, `p_in_2` and
    `p_in_3` are the rows of one, `p_in`. What has a name already keeps it: `made` has the names of values by their
    formulas. Raises `FormulaError` as `expand` does.
    """
    work = _Lines(known, made)
    if recurs(batch):
        return recurring(batch, known, lambda *turn: work.turn(batch, *turn), lambda: laid(work.made))
    return tuple(line for name, tree in batch.items() for line in _Lines(known, made).all(name, tree))


def remember(line: Line, made: dict[Value, str]) -> None:
    """Keep the name of what a line works, and of its entries, rows or matrices, by their formulas."""
    made.setdefault(line.value, line.name)
    if isinstance(line.value, Grid):
        for place, part in enumerate(line.value.parts, 1):
            if not all(isinstance(entry, Ref | Num) for entry in entries_of(part)):
                made.setdefault(part, f"{line.name}_{place}")


class _Lines:
    def __init__(self, known: Mapping[str, Value], made: Mapping[Value, str]) -> None:
        self.name, self.known, self.names = "", dict(known), dict(made)
        self.indices: dict[str, int] = {}  # how many stand behind each name that has been given
        self.made: list[Line] = []

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
            case Call(name) if _is_worked(tree):
                return self._named(name, self._worked(tree, turns), places_of(tree, turns))
        made = rebuild(tree, lambda part: self._opened(part, turns))
        return self._known_as(made) if isinstance(made, Call) and made.name == _MEAN else made

    def _known_as(self, tree: Formula) -> Formula:
        """The name of a mean that has one."""
        value = expand(tree, self.known)
        return self._named("", tree, ()) if value in self.names else tree

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
        return opened if is_named else self._named("of", opened, places_of(tree, turns))

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
            first = self._named("in", first, places)
        return _WORKED[tree.name](self, Call(tree.name, (first, *others)), places)

    def _argument(self, role: str, tree: Formula, turns: Turns) -> Formula:
        """The argument of an own function: by its name, unless it is short."""
        opened = self._opened(tree, turns)
        entries = entries_of(expand(opened, self.known))
        is_short = all(isinstance(entry, Ref | Num) for entry in entries)
        return opened if is_short else self._named(role, opened, places_of(tree, turns))

    def _named(self, role: str, tree: Formula, places: tuple[int, ...]) -> Ref:
        """A line of its own for `tree`, or the name that it has."""
        value = expand(tree, self.known)
        if value not in self.names:
            of = self._unused(f"{self.name}_{role}", value, places)
            self.names[value] = own = "_".join((of, *map(str, places)))
            self.made.append(Line(own, value, of if places else "", places))
        own = self.names[value]
        self.known.setdefault(own, referring(own, value))
        return Ref(own)

    def _unused(self, name: str, value: Value, places: tuple[int, ...]) -> str:
        """`name`, or the first of `name2`, `name3`, ... that is free, or has other turns with as many indices."""
        size = len(places) + (len(value.sizes) if isinstance(value, Grid) else 0)
        for number in count(1):
            own = f"{name}{number}" if number > 1 else name
            is_free = "_".join((own, *map(str, places))) not in self.known and own not in self.known
            if is_free and self.indices.setdefault(own, size) == size:
                break
        return own

    def plain(self, call: Call, places: tuple[int, ...]) -> Formula:
        """A softmax, whose argument has a name by now."""
        return call

    def inverse(self, call: Call, places: tuple[int, ...]) -> Formula:
        """The adjugate over the determinant."""
        expand(call, self.known)  # raises where there is none
        determinant = expand(Call("det", call.args), self.known)
        named = isinstance(determinant, Ref | Num)
        below = determinant if named else self._named("det", Call("det", call.args), places)
        assert not isinstance(below, Grid)
        return Div(Call("adjugate", call.args), below)

    def variance(self, call: Call, places: tuple[int, ...]) -> Formula:
        """The squared differences from the mean, summed, over their number (or one less)."""
        expand(call, self.known)  # raises where there is none
        values, *less = call.args
        differences = Add((values, Neg(self._named("mean", Call("mean", (values,)), places))))
        size = len(entries_of(expand(values, self.known))) - (less == [num(1)])
        return Div(Call("sum", (Pow(differences, num(2)),)), num(size))

    def deviation(self, call: Call, places: tuple[int, ...]) -> Formula:
        """The root of the variance."""
        return Call("sqrt", (self.variance(Call("var", call.args), places),))


_WORKED: Mapping[str, Callable[[_Lines, Call, tuple[int, ...]], Formula]] = {
    "softmax": _Lines.plain,
    "inverse": _Lines.inverse,
    "var": _Lines.variance,
    "std": _Lines.deviation,
}


def _is_worked(tree: Formula) -> bool:
    return isinstance(tree, Call) and tree.name in _WORKED and bool(tree.args)


def _is_opened(tree: Formula) -> bool:
    """Whether something in a formula may get a name."""
    return _is_worked(tree) or bool(role_of(tree)) or (isinstance(tree, Call) and tree.name in ("d", _MEAN))
