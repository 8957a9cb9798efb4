"""One statement in matrices, read from a page -> why it is not true.

The rules are those of `statement`, held against every entry: formulas are worked as far as their entries, numbers stand
in the places of the symbols in matrices of the same shapes, and `=` before a result says that every entry agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from generator.errors import FormulaError
from generator.formula.infix import infix
from generator.formula.tree import (
    MINUS_INFINITY,
    Blank,
    Dots,
    Formula,
    Matrix,
    Num,
    Ref,
    Transpose,
    references,
    replace,
    walk,
)
from generator.lifting.tensors import Room, entrywise, filled_in
from generator.lifting.windowed import shown_laid_out
from generator.reading.chains import ABOUT, ASSIGN, COMPARISONS, EQUAL
from generator.reading.shape import Rows, alike, filled, has_blank, shape
from generator.verify.examined import Examined
from generator.verify.truth import Truth


def is_of_matrices(tree: Formula, truth: Truth) -> bool:
    """Whether a formula has a matrix in it, by name or written out."""
    tensors = truth.graph.tensor
    return any(isinstance(part, Matrix) or (isinstance(part, Ref) and part.name in tensors) for part in walk(tree))


def check_matrices(trees: list[Formula], relations: tuple[str, ...], truth: Truth) -> tuple[int, list[str]]:
    """How many relations of a statement were checked, and why it is not true (nothing: it is)."""
    chain = _Chain([_turned(tree) for tree in trees], relations, truth)
    chain.guarded(chain.check)
    return chain.checked, chain.reasons


@dataclass
class _Chain(Examined):
    """One statement under examination. `subject` is what it is about, entry by entry."""

    subject: Rows = ()

    def __post_init__(self) -> None:
        self.about = self.trees[0]

    def check(self) -> None:
        """Examine every relation."""
        (first, *rest) = self.trees
        if not references(first) or has_blank(first):
            if rest or isinstance(first, Matrix):
                self.reasons.append("a statement in matrices begins with no name")
            return
        self.about = first = self.assigned()
        self.subject = self._rows(first)
        for place, (relation, tree) in enumerate(zip(self.relations, rest, strict=True), 1):
            self.checked += 1
            if relation in COMPARISONS or (relation == ASSIGN and place > 1):
                self.reasons.append(f"`{relation}` between matrices")
            elif references(tree) or _is_to_be_worked(tree, self.truth):
                self._formula(relation, tree)
            else:
                self._numbers(place, relation, tree)

    def _rows(self, tree: Formula) -> Rows:
        """The entries of a formula; a scalar is a single one."""
        worked = entrywise(tree, self.truth.graph.tensor, self.truth.graph.vectors == "column")
        return worked.rows if isinstance(worked, Matrix) else ((worked,),)

    def _entries(self, tree: Formula) -> Rows:
        """The entries of a side, one for each of the subject. Raises `FormulaError` where they are not as many."""
        rows = tree.rows if isinstance(tree, Matrix) else self._rows(tree)
        found = filled(rows, len(self.subject), len(self.subject[0]))
        if found is None:
            sizes = " and ".join(f"{len(rows)} × {len(rows[0])}" for rows in (self.subject, rows))
            raise FormulaError(f"the sides have different shapes: {sizes}")
        return found

    def _formula(self, relation: str, tree: Formula) -> None:
        """A formula has the subject's value whatever is given, at every entry."""
        if relation == ABOUT:
            self.reasons.append("`≈` between formulas")
        found = self._entries(tree)
        for subjects, entries in zip(self.subject, found, strict=True):
            for subject, entry in zip(subjects, entries, strict=True):
                if not has_blank(entry) and not self._same(subject, entry):
                    self.reasons.append(f"`{infix(entry)}` is not `{infix(subject)}`")
        if any(isinstance(part, Dots) for part in walk(tree)):  # what they leave out is what the subject has there
            pairs = (zip(entries, subjects, strict=True) for entries, subjects in zip(found, self.subject, strict=True))
            tree = Matrix(tuple(tuple(b if isinstance(a, Blank) else a for a, b in row) for row in pairs))
        if not has_blank(tree):
            self.formulas.append(tree)

    def _same(self, subject: Formula, entry: Formula) -> bool:
        """Whether two entries are equal whatever is given. −∞ has no value: it is equal to nothing but itself."""
        if MINUS_INFINITY in (subject, entry):
            return subject == entry
        return self.truth.identical(subject, entry)

    def _numbers(self, place: int, relation: str, tree: Formula) -> None:
        """The result, or numbers in the places of the symbols of a formula."""
        later = self.trees[place + 1 :]
        is_result = isinstance(tree, Matrix) or self.truth.number(tree) is not None or isinstance(tree, Blank)
        if is_result and all(map(_is_empty, later)):
            self._result(place, relation, tree)
            return
        if relation != EQUAL:
            self.reasons.append("`≈` before the numbers of a formula")
        if not any(self._stands_for(tree, form) for form in self.formulas):
            self.reasons.append(f"`{infix(tree)}` cannot be matched with a formula of `{infix(self.about)}`")

    def _stands_for(self, numbers: Formula, formula: Formula) -> bool:
        return alike(shape(numbers), shape(shown_laid_out(replace(formula, self._shown))))

    def _shown(self, ref: Ref) -> Formula:
        tensor = self.truth.graph.tensor.get(ref.name)
        number = self.truth.shown.number
        return number(ref.name) if tensor is None else filled_in(tensor.entries, number, Room.everything())

    def _result(self, place: int, relation: str, tree: Formula) -> None:
        """Every entry as it is shown, after `=` exactly where the numbers before it give every entry."""
        entries = self._entries(tree)
        for subjects, found in zip(self.subject, entries, strict=True):
            for subject, entry in zip(subjects, found, strict=True):
                self._entry(subject, entry)
        written = [part for part in walk(tree) if not isinstance(part, Dots)]
        if relation == ASSIGN or any(isinstance(part, Blank) for part in written) or has_blank(self.trees[place - 1]):
            return
        before = self._rows(self.formulas[-1]) if self.formulas else self.subject
        holds = all(
            self._agrees(subject, form)
            for subjects, forms in zip(self.subject, before, strict=True)
            for subject, form in zip(subjects, forms, strict=True)
        )
        if holds != (relation == EQUAL):
            self.reasons.append("`≈` where the sides agree: `=`" if holds else "`=` where the sides differ: `≈`")

    def _entry(self, subject: Formula, entry: Formula) -> None:
        if isinstance(entry, Blank):
            return
        number = self.truth.number(entry)
        if MINUS_INFINITY in (subject, entry):
            if subject != entry:
                self.reasons.append(f"`{infix(entry)}` stands where {infix(subject)} is")
        elif isinstance(subject, Num):
            if number is None or number[0] != subject.value:
                self.reasons.append(f"`{infix(entry)}` stands where {infix(subject)} always is")
        elif number is None:
            self.reasons.append(f"`{infix(entry)}` is no number")
        elif number[1] != self.truth.text(subject):
            self.reasons.append(f"`{infix(subject)}` is shown as {self.truth.text(subject)}, not as {number[1]}")

    def _agrees(self, subject: Formula, form: Formula) -> bool:
        """Whether shown numbers give the shown entry; what stands for itself has to have no more digits."""
        if MINUS_INFINITY in (subject, form):
            return subject == form
        if isinstance(subject, Num):
            return self.truth.identical(subject, form)
        value = Fraction(self.truth.text(subject))
        if form == subject and isinstance(subject, Ref):
            return self.truth.is_exactly(subject.name, value)
        return self.truth.rounds_to(form, value)


def _turned(tree: Formula) -> Formula:
    """A written matrix with its sign of transposition as the matrix that is meant; other formulas as they are."""
    if isinstance(tree, Transpose) and isinstance(tree.body, Matrix):
        return Matrix(tuple(zip(*tree.body.rows, strict=True)))
    return tree


def _is_to_be_worked(tree: Formula, truth: Truth) -> bool:
    """Whether a written matrix has formulas of numbers in it, as sin(1), and not only what they come to."""
    entries = [entry for row in tree.rows for entry in row] if isinstance(tree, Matrix) else []
    known = (truth.number(entry) is not None or entry == MINUS_INFINITY for entry in entries)
    return any(not is_known and not isinstance(e, Blank | Dots) for is_known, e in zip(known, entries, strict=True))


def _is_empty(tree: Formula) -> bool:
    """Whether a side is nothing but blanks."""
    return all(isinstance(part, Matrix | Blank | Dots) for part in walk(tree))
