"""An equation with marks for numbers -> how its rows break for numbers of other lengths, for many variants at once.

The longer its numbers, the earlier a row is full. So where the shortest and the longest of some numbers break alike,
all between them do, and nothing is set for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from generator.derive.steps import Equation, Part, Section
from generator.formula.tree import Formula, Num, Ref, rebuild, walk
from generator.render.blocks import Setter
from generator.variants.digits import Flags
from generator.variants.probe import FIRST_NUMBER, Digits
from generator.variants.shown import Shown

MARK = re.compile("([\U000f0000-\U000ffffd])\\1*|[\U00100000-\U0010fffd]")
_MARK_OR_END = re.compile(
    rf"{MARK.pattern}|\\\\|</mtr>|,"
)  # also where a row inside a formula may end, in every format

Shape = tuple[bool, int]  # whether a number is negative, and how long it is without its sign
Outcome = tuple[tuple[str, ...], ...]  # the marks of each row


def printed(sections: tuple[Section, ...]) -> Iterator[tuple[Equation, bool]]:
    """The equations of some sections, and whether each is set on one line where it fits."""
    for section in sections:
        for step in section.walk():
            yield from ((equation, equation.short or step.compact) for equation in step.equations)
            yield from ((equation, True) for equation in step.opening)


class Shapes:
    """The signs and lengths of the numbers of many variants."""

    def __init__(self, shown: Shown) -> None:
        self.negative = shown.negative
        self.length = {name: np.fromiter(map(len, sizes), np.int64, shown.count) for name, sizes in shown.sizes.items()}
        self.least = {name: (bool(shown.negative[name].all()), int(self.length[name].min())) for name in shown.sizes}
        self.most = {name: (bool(shown.negative[name].any()), int(self.length[name].max())) for name in shown.sizes}


class Breaks:
    """How one equation breaks, remembered for all lengths that have been met."""

    def __init__(self, setter: Setter, equation: Equation, compact: bool) -> None:
        self.setter, self.equation, self.compact = setter, equation, compact
        self.names = tuple(dict.fromkeys(_marked(equation)))
        self.key = _with(equation, Ref), compact  # the same for equations that break alike
        self._known: dict[tuple[Shape, ...], Outcome] = {}

    def outcome(self, shapes: tuple[Shape, ...]) -> Outcome:
        """How it breaks for numbers of such shapes, in the order of `names`."""
        if shapes not in self._known:
            texts = {
                name: "-" * negative + chr(FIRST_NUMBER + place) * length
                for place, (name, (negative, length)) in enumerate(zip(self.names, shapes, strict=True))
            }
            marked = _with(self.equation, lambda name: Num(Fraction(0), texts[name]))
            lines = self.setter.rows(marked, self.compact)
            rows = (_MARK_OR_END.finditer(line.left + line.relation + line.right) for line in lines)
            self._known[shapes] = tuple(tuple(mark[0][0] for mark in marks) for marks in rows)
        return self._known[shapes]

    def alike(self, outcome: Outcome, shapes: Shapes) -> Flags | bool:
        """In which variants it breaks in this way (a single truth where that is so for all of them, or for none)."""
        least, most = (tuple(side[name] for name in self.names) for side in (shapes.least, shapes.most))
        if self.outcome(least) == self.outcome(most):
            return self.outcome(least) == outcome
        codes = np.stack([2 * shapes.length[name] + shapes.negative[name] for name in self.names])
        different, which = np.unique(codes, axis=1, return_inverse=True)
        found = [tuple((bool(code % 2), int(code // 2)) for code in column) for column in different.T]
        return np.array([self.outcome(one) == outcome for one in found])[which.ravel()]


def _marked(equation: Equation) -> Iterator[str]:
    for part in equation.parts:
        for tree in walk(part.formula):
            if isinstance(tree, Num) and isinstance(tree.text, Digits):
                yield tree.text.quantity


def _with(equation: Equation, leaf: Callable[[str], Formula]) -> Equation:
    """The equation with something else in place of its marks, and one sign for all its relations."""

    def put(tree: Formula) -> Formula:
        if isinstance(tree, Num) and isinstance(tree.text, Digits):
            return leaf(tree.text.quantity)
        return rebuild(tree, put)

    parts = tuple(Part("=", put(part.formula), part.kind) for part in equation.parts)
    return replace(equation, parts=parts)
