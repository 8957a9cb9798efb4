"""One statement read from a page -> why it is not true.

In `a = b = c` the first segment is the subject that all the others are about. A formula has to have its value whatever
is given; numbers have to be a formula of it with the shown numbers in the places of the symbols; a single number has to
be what is shown, after `=` exactly where the numbers before it give it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from generator.errors import LonghandError
from generator.formula.infix import infix
from generator.formula.tree import Blank, Formula, Ref, references
from generator.lifting.windowed import SIZED
from generator.reading import Unreadable
from generator.reading.chains import ABOUT, ARROW, ASSIGN, COMPARISONS, EQUAL, Statement
from generator.reading.formula import functions, read_formula
from generator.reading.shape import has_blank, number_of
from generator.solve.exact import bounds, evaluate, precision
from generator.solve.rounding import decimals_of
from generator.typeset.boxes import Op, Word
from generator.verify.examined import Examined
from generator.verify.matrix_statement import check_matrices, is_of_matrices
from generator.verify.shape_statement import check_shapes, is_of_shapes
from generator.verify.truth import Truth

_TINY = Fraction(1, 10**60)  # at the precision of comparisons, values that are equal in theory differ by less


def check(statement: Statement, truth: Truth) -> tuple[int, list[str]]:
    """How many relations of a statement were checked, and why it is not true (nothing: it is)."""
    if statement.problem:
        return 0, [statement.problem]
    if is_of_shapes(statement, truth):
        return check_shapes(statement, truth)
    if ARROW in statement.relations:
        return 0, [f"`{ARROW}` between formulas"]
    (first, *rest) = statement.segments
    if not rest and ((isinstance(first, Word) and first.text in (*functions(), *SIZED)) or isinstance(first, Op)):
        return 0, []  # a function or a sign that a sentence speaks of
    if not rest and (truth.family(first) is not None or truth.is_called(first)):
        return 0, []  # the name of a matrix, over its numbers or in a sentence
    try:
        trees = [read_formula(segment, truth.symbols) for segment in statement.segments]
    except Unreadable as error:
        return 0, [str(error)]
    if any(is_of_matrices(tree, truth) for tree in trees):
        return check_matrices(trees, statement.relations, truth)
    return _examined(trees, statement.relations, truth)


def _examined(trees: list[Formula], relations: tuple[str, ...], truth: Truth) -> tuple[int, list[str]]:
    """A line of single numbers. Between comparisons, as in `a = 0.5 < b = 0.7`, stand statements of their own."""
    ends = [place for place, relation in enumerate(relations) if relation in COMPARISONS]
    starts = [0, *(place + 1 for place in ends)]
    chains = [
        _Chain(trees[start : end + 1], relations[start:end], truth)
        for start, end in zip(starts, [*ends, len(relations)], strict=True)
    ]
    checked, reasons = sum(chain.checked for chain in chains), [each for chain in chains for each in chain.reasons]
    for place, one, other in zip(ends, chains, chains[1:], strict=False):
        compared = _Comparison([], (), truth)
        for left, right in dict.fromkeys(((one.trees[0], other.trees[0]), (one.trees[-1], other.trees[-1]))):
            compared.between(left, relations[place], right)
        checked, reasons = checked + 1, reasons + compared.reasons
    return checked, reasons


@dataclass
class _Chain(Examined):
    """One statement of single numbers under examination."""

    def __post_init__(self) -> None:
        self.subject = self._subject()
        if not self.relations:
            self._zero(self.trees[0])
        for place, relation in enumerate(self.relations, 1):
            self.guarded(partial(self._check, place, relation))

    def _subject(self) -> Formula | None:
        """What the statement is about (`None`: nothing that has a name)."""
        first = self.trees[0]
        if not references(first) or has_blank(first):
            return None
        if not isinstance(first, Ref):
            self.formulas.append(first)
        return self.assigned()

    def _untrue(self, reason: str) -> None:
        self.reasons.append(reason)

    def _check(self, place: int, relation: str) -> None:
        before, tree = self.trees[place - 1], self.trees[place]
        if relation == ASSIGN and place > 1:
            self._untrue("an assignment inside a line")
        elif isinstance(tree, Blank):
            return
        elif references(tree):
            self._formula(before, relation, tree)
        elif number_of(tree) is None:
            self._numbers(before, relation, tree)
        else:
            self._number(place, before, relation, tree)

    def _formula(self, before: Formula, relation: str, tree: Formula) -> None:
        """A formula has the subject's value whatever is given, so `≈` has no place before it."""
        if has_blank(tree) or (self.subject is None and all(map(has_blank, self.trees[: self.trees.index(tree)]))):
            return
        self.checked += 1
        if self.subject is not None and number_of(before) is not None and tree is self.trees[-1]:
            self._same(before, relation, tree)
            return
        if self.subject is None or not (references(before) or isinstance(before, Blank)):
            self._untrue("a formula stands after numbers")
            return
        if relation == ABOUT:
            self._untrue("`≈` between formulas")
        if not self.truth.identical(self.subject, tree):
            self._untrue(f"`{infix(tree)}` is not `{infix(self.subject)}`")
        self.formulas.append(tree)

    def _same(self, before: Formula, relation: str, tree: Formula) -> None:
        """After the subject's value, a formula that has the same value for what is given, if not for everything."""
        assert self.subject is not None
        if not self.truth.equal(self.subject, tree):
            self._untrue(f"`{infix(tree)}` is not `{infix(self.subject)}`")
        value, _ = number_of(before) or (Fraction(0), "")
        self._agree(relation, self.truth.rounds_to(tree, value))

    def _numbers(self, before: Formula, relation: str, tree: Formula) -> None:
        """Numbers stand, in the same order, where a formula of the subject has its symbols."""
        if self.subject is None:
            self._plain(before, relation, tree)
            return
        self.checked += 1
        if relation == ABOUT:
            self._untrue("`≈` before the numbers of a formula")
        forms = [*self.formulas]
        forms += self.truth.forms(self.subject.name) if isinstance(self.subject, Ref) else ()
        if not any(self.truth.stands_for(tree, form) for form in forms) and not self._is_constant(tree):
            wanted = f": expected `{infix(self.truth.with_numbers(forms[-1]))}`" if self.formulas else ""
            self._untrue(f"`{infix(tree)}` cannot be matched with a formula of `{infix(self.subject)}`{wanted}")

    def _is_constant(self, tree: Formula) -> bool:
        """Whether the subject is what these numbers give, whatever is given (a derivative may be 0 + 0 + 1)."""
        assert self.subject is not None
        return not has_blank(tree) and self.truth.identical(self.subject, tree)

    def _number(self, place: int, before: Formula, relation: str, tree: Formula) -> None:
        """A single number: the shown result, or, before another number, the number of the one symbol before it."""
        value, text = number_of(tree) or (Fraction(0), "")
        if self.subject is None:
            self._zero(tree)
            self._plain(before, relation, tree)
            return
        self.checked += 1
        is_last = all(isinstance(later, Blank) or references(later) for later in self.trees[place + 1 :])
        if not is_last and any(self.truth.stands_for(tree, form) for form in self.formulas):
            if relation != EQUAL:
                self._untrue("`≈` before the number of a symbol")
            return
        wanted = self.truth.text(self.subject)
        if text != wanted:
            self._untrue(f"`{infix(self.subject)}` is shown as {wanted}, not as {text}")
        if not has_blank(before) and relation != ASSIGN:
            self._result(before, relation, value)

    def _result(self, before: Formula, relation: str, value: Fraction) -> None:
        """`=` exactly where what stands before gives the result when it is worked from shown numbers and rounded.

        A quantity and a number alone have no working between them: there `=` says that the value has no more digits.
        """
        if len(self.trees) == 2 and isinstance(self.subject, Ref):
            holds = self.truth.is_exactly(self.subject.name, value)
        else:
            holds = self.truth.rounds_to(before, value)
        self._agree(relation, holds)

    def _agree(self, relation: str, holds: bool) -> None:
        if relation == EQUAL and not holds:
            self._untrue("`=` where the sides differ: `≈`")
        if relation == ABOUT and holds:
            self._untrue("`≈` where the sides agree: `=`")

    def _plain(self, before: Formula, relation: str, tree: Formula) -> None:
        """Numbers only: the right side is what the left side gives, rounded where it is a single number."""
        if has_blank(before) or has_blank(tree):
            return
        self.checked += 1
        single = number_of(tree)
        with precision(512):
            low, high = bounds(evaluate(before, _no_name))
            right = bounds(evaluate(tree, _no_name))
        holds = self.truth.rounds_to(before, single[0]) if single else (low, high) == right
        self._agree(relation, holds)
        places = decimals_of(single[1]) if single else self.truth.rounding.decimals
        if relation == ABOUT and max(abs(low - right[1]), abs(high - right[0])) > Fraction(10, 10**places):
            self._untrue("`≈` between sides that are far apart")

    def _zero(self, tree: Formula) -> None:
        number = number_of(tree)
        if number and not number[0] and number[1].startswith("-"):
            self._untrue("a zero with a sign")


@dataclass
class _Comparison(Examined):
    """The comparisons of a line under examination."""

    def between(self, left: Formula, relation: str, right: Formula) -> None:
        """Hold an inequality against the exact values."""
        if not (has_blank(left) or has_blank(right)):
            self.guarded(partial(self._compare, left, relation, right))

    def _compare(self, left: Formula, relation: str, right: Formula) -> None:
        with precision(512):
            values = self.truth.values(0, 512)
            sides = [bounds(evaluate(tree, values.__getitem__)) for tree in (left, right)]
        (low, high), (from_, to) = sides
        same = max(abs(low - to), abs(high - from_)) < _TINY  # no precision tells equal irrational values apart
        holds = {"<": high < from_, ">": low > to, "≠": high < from_ or low > to}
        holds |= {"≤": high <= from_ or same, "≥": low >= to or same}
        if not holds[relation]:
            self.reasons.append(f"`{infix(left)} {relation} {infix(right)}` does not hold")


def _no_name(name: str) -> Fraction:
    raise LonghandError(f"`{name}` is not a number")
