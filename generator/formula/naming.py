"""A named formula -> the lines that it is worked in: what a softmax is of gets a name, and so does its result.

The derivatives of a softmax are told by its inputs and outputs, so both have to be quantities.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import count

from generator.formula.entrywise import entries_of
from generator.formula.grids import Value, referring
from generator.formula.inlining import LOOPS
from generator.formula.tree import Call, Formula, Ref, rebuild
from generator.formula.vectors import expand

_FUNCTION = "softmax"


def lines(name: str, tree: Formula, known: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
    """What is worked for the formula `tree` called `name`, line by line: its values last, before them what it needs.

    `p: softmax(W @ x)` is two lines, `p_in` and `p`; in `c: softmax(s) @ V` the softmax is a line of its own,
    `c_softmax`. Raises `FormulaError` as `expand` does.
    """
    return _Lines(name, known).all(tree)


class _Lines:
    def __init__(self, name: str, known: Mapping[str, Value]) -> None:
        self.name, self.known = name, dict(known)
        self.made: list[tuple[str, Value]] = []

    def all(self, tree: Formula) -> tuple[tuple[str, Value], ...]:
        whole = self._of_names(tree) if _is_softmax(tree) else self._opened(tree)
        return (*self.made, (self.name, expand(whole, self.known)))

    def _opened(self, tree: Formula) -> Formula:
        """`tree` with the names of softmaxes in their places; what a loop makes is expanded turn by turn, as it is."""
        if isinstance(tree, Call) and tree.name in LOOPS:
            return tree
        return self._named("softmax", self._of_names(tree)) if _is_softmax(tree) else rebuild(tree, self._opened)

    def _of_names(self, call: Formula) -> Formula:
        """A softmax whose argument's entries are all quantities."""
        assert isinstance(call, Call)
        (argument,) = (self._opened(arg) for arg in call.args)
        value = expand(argument, self.known)
        if all(isinstance(entry, Ref) for entry in entries_of(value)):
            return Call(call.name, (argument,))
        return Call(call.name, (self._named("in", argument),))

    def _named(self, role: str, tree: Formula) -> Ref:
        own = _unused(f"{self.name}_{role}", self.known)
        value = expand(tree, self.known)
        self.made.append((own, value))
        self.known[own] = referring(own, value)
        return Ref(own)


def _is_softmax(tree: Formula) -> bool:
    return isinstance(tree, Call) and tree.name == _FUNCTION and len(tree.args) == 1


def _unused(name: str, taken: Container[str]) -> str:
    """`name`, or the first of `name2`, `name3`, ... that is not taken."""
    names = (f"{name}{number}" if number > 1 else name for number in count(1))
    return next(own for own in names if own not in taken)
