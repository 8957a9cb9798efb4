"""Tensor -> Equation: how whole vectors and matrices are worked on paper, as formula = numbers = result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as replace_parts

from generator.derive.equations import Equations
from generator.derive.matrix_formulas import matrix_formulas
from generator.derive.pairs import ShortWay, Softmax
from generator.derive.steps import Equation, Part
from generator.formula.functions import VECTORS, expand
from generator.formula.tree import Call, Formula, Matrix, Num, Ref, Transpose, num, references, replace
from generator.graph.quantities import Graph, Role, Tensor, is_constant
from generator.lifting.tensors import Room, Rows, entry, entrywise, filled_in, put_in, vector_call
from generator.notation.writer import View, Writer
from generator.solve.rounding import Rounding
from generator.solve.traces import Trace, relation


def is_in_matrices(graph: Graph, writer: Writer) -> bool:
    """Whether a problem is worked in matrices: its notation asks for it and its kind says which there are."""
    return writer.notation.view is View.MATRIX and bool(graph.tensors)


def room_for(rounding: Rounding) -> Room:
    """How much of a matrix of rounded numbers is shown."""
    return Room.of(rounding.digits)


class MatrixEquations:
    """The equations in matrices of one problem; `scalars` makes those of single quantities."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer, scalars: Equations) -> None:
        self.graph, self.trace, self.writer, self.scalars = graph, trace, writer, scalars
        self.room = room_for(trace.rounding)
        self.formulas = matrix_formulas(writer)

    # --- formulas ---

    @property
    def held(self) -> frozenset[str]:
        """The quantities that stand in a tensor."""
        return self.formulas.held

    def formula(self, name: str, errors: bool = False) -> Formula | None:
        """The formula over tensors of a tensor or a quantity, as `MatrixFormulas` finds it."""
        return self.formulas.formula(name, errors)

    def short_softmax(self, name: str) -> ShortWay | None:
        """A gradient before softmax and cross-entropy in its short form (`None`: it has no such form)."""
        entries, names = self.graph.tensor[name].entries, self.graph.tensor[name].names
        found = [short for own in names if (short := Softmax.of(self.graph, self.graph[own]))]
        wide = len(entries[0])
        if len(found) < wide * len(entries) or not all(pair.targets for pair in found):
            return None
        rows = [found[start : start + wide] for start in range(0, len(found), wide)]

        def whole(part: Callable[[Softmax], Formula]) -> Formula | None:
            entries = tuple(tuple(replace(part(pair), self.formulas.inside) for pair in row) for row in rows)
            return self.formulas.lifter.formula(entries)

        post, target = whole(lambda pair: Ref(pair.post)), whole(lambda pair: Ref(pair.target))
        ones = all(pair.adds_up(self.graph) for pair in found)
        forms = [whole(lambda pair: pair.formula), *([whole(lambda pair: pair.short)] if ones else [])]
        if None in forms or not isinstance(post, Ref) or not isinstance(target, Ref):
            return None
        made = [self._worked(name, Ref(name), form, "=", entries) for form in forms]
        first = replace_parts(made[-1], parts=(*(each.parts[0] for each in made[:-1]), *made[-1].parts))
        return ShortWay(first, made[-1], ones, post.name, target.name, found[0])

    # --- equations ---

    def of(self, name: str, full: bool = True) -> Equation:
        """A tensor as formula = numbers = result; listed ones leave out what their kind has shown already."""
        tensor, formula = self.graph.tensor[name], self.formula(name)
        assign = self.writer.notation.assign if tensor.label.kind == "updated" else "="
        left = Ref(tensor.label.of if assign == ":=" else name)
        numbers = full or tensor.role not in (Role.FORWARD, Role.AFTER)
        if formula is None and self._is_of_numbers(tensor):
            formula, numbers = filled_in(tensor.entries, self.formulas.written, self.room), False
        return self._worked(name, left, formula, assign, tensor.entries, numbers)

    def _is_of_numbers(self, tensor: Tensor) -> bool:
        """Whether every entry is worked from numbers alone, as the places of tokens are."""
        formulas = [self.graph[own].formula for own in tensor.names if own in self.graph]
        return all(form is not None and not references(form) for form in formulas) and not all(
            isinstance(form, Num) for form in formulas
        )

    def single(self, name: str, errors: bool = False) -> Equation:
        """A quantity by its formula over tensors, which it must have; `errors` as in `formula`."""
        quantity = self.graph[name]
        assign = self.writer.notation.assign if quantity.label.kind == "updated" else "="
        left = Ref(quantity.label.of if assign == ":=" else name)
        return self._worked(name, left, self.formula(name, errors), assign, ((name,),))

    def _worked(
        self,
        name: str,
        left: Formula,
        formula: Formula | None,
        assign: str,
        entries: tuple[tuple[str, ...], ...],
        numbers: bool = True,
    ) -> Equation:
        parts: list[Part] = []
        if formula is not None:
            parts.append(Part(assign, formula, "formula"))
            if numbers and not isinstance(formula, Ref | Num):
                parts.append(Part("=", put_in(formula, self.graph.tensor, self.trace.number, self.room), "numbers"))
        is_tensor = name in self.graph.tensor
        result = filled_in(entries, self.trace.number, self.room) if is_tensor else self.trace.number(name)
        parts.append(Part(self._relation(entries, formula), result, "result"))
        return Equation(name, left, tuple(parts))

    def entries(self, name: str, named: bool, valued: bool) -> Equation:
        """A tensor and its entries (a column as a row turned), `named` by their symbols, `valued` with their values."""
        entries = self.graph.tensor[name].entries

        def written(leaf: Callable[[str], Formula]) -> Formula:
            if len(entries) > 1 and len(entries[0]) == 1:
                return Transpose(filled_in(tuple(zip(*entries, strict=True)), leaf, self.room))
            return filled_in(entries, leaf, self.room)

        parts = [Part("=", written(Ref), "formula")] if named else []
        if valued:
            parts.append(Part(self._relation(entries, None), written(self.trace.number), "result"))
        return Equation(name, Ref(name), tuple(parts))

    def symbolic(self, name: str, formula: Formula) -> Equation:
        """A quantity or tensor and a formula of it, in symbols only."""
        return Equation(name, Ref(name), (Part("=", formula, "formula"),))

    def function(self, name: str) -> Equation | None:
        """What the activation of the tensor `name` is, said of one entry; `None` where its sign says it."""
        forms = {own: self.graph[own].formula for own in self.graph.tensor[name].names}
        own = max(forms, key=lambda own: len(references(forms[own] or num(0))))  # the first that is of the most
        call = forms[own]
        formula = self.formula(name)
        formula = vector_call(formula) or formula
        if not isinstance(call, Call) or not isinstance(formula, Call) or formula.name != call.name:
            return None
        written_out = expand(call)
        left = Ref(own) if call.name in VECTORS else call  # a vector function says where it is taken in its first entry
        return None if written_out == call else Equation(own, left, (Part("=", written_out, "formula"),))

    def _rows(self, formula: Formula) -> Rows:
        worked = entrywise(formula, self.graph.tensor, self.graph.vectors == "column")
        return worked.rows if isinstance(worked, Matrix) else ((worked,),)

    def _relation(self, entries: tuple[tuple[str, ...], ...], formula: Formula | None) -> str:
        """`=` where every entry is exactly what the shown numbers give, else `≈`."""
        forms = self._rows(formula) if formula is not None else tuple(tuple(map(entry, row)) for row in entries)
        rows = zip(entries, forms, strict=True)
        pairs = (pair for names, others in rows for pair in zip(names, others, strict=True))
        return "=" if all(self._agrees(name, form) for name, form in pairs) else "≈"

    def _agrees(self, name: str, form: Formula) -> bool:
        if is_constant(name):
            return True
        number = self.trace.number(name)
        if form == Ref(name):
            return self.trace.values[name] == number.value
        return relation(self.scalars.numbers(form), number.text, self.trace.rounding) == "="
