"""Tensor -> Equation: how whole vectors and matrices are worked on paper, as formula = numbers = result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.equations import Equations
from generator.formula import Call, Formula, MatMul, Matrix, Mul, Num, Pow, Ref, Transpose, num, substitute
from generator.functions import ACTIVATIONS, expand
from generator.graph import Graph, Role
from generator.infix import parse
from generator.layers import loss_operands
from generator.notation import View, Writer
from generator.rounding import Rounding
from generator.solve import Trace, relation
from generator.steps import Equation, Part
from generator.tensors import Room, entrywise, filled_in, in_matrices, put_in


def is_in_matrices(graph: Graph, writer: Writer) -> bool:
    """Whether a problem is worked in matrices: its notation asks for it and its kind says which there are."""
    return writer.notation.view is View.MATRIX and bool(graph.tensors)


def room_for(rounding: Rounding) -> Room:
    """How much of a matrix of rounded numbers is shown."""
    return Room.of(rounding.decimals if rounding.significant is None else rounding.significant)


@dataclass(frozen=True)
class MatrixEquations:
    """The equations in matrices of one problem; `scalars` makes those of single quantities."""

    graph: Graph
    trace: Trace
    writer: Writer
    scalars: Equations

    def of(self, name: str, full: bool = True) -> Equation:
        """A tensor as formula = numbers = result; listed ones leave out what their kind has shown already."""
        tensor, formula = self.graph.tensor[name], self.formula(name)
        assign = self.writer.notation.assign if tensor.role is Role.UPDATE else "="
        parts: list[Part] = []
        if formula is not None:
            parts.append(Part(assign, formula, "formula"))
            if (full or tensor.role not in (Role.FORWARD, Role.AFTER)) and not isinstance(formula, Ref | Num):
                parts.append(Part("=", self._numbers(formula), "numbers"))
        result = filled_in(tensor.entries, self.trace.number, self._room)
        parts.append(Part(self._relation(tensor.entries, formula), result, "result"))
        return Equation(name, Ref(tensor.label.of if assign == ":=" else name), tuple(parts))

    def formula(self, name: str) -> Formula | None:
        """The formula of a tensor in this notation; `None` where none can be written in matrices."""
        tensor = self.graph.tensor[name]
        if tensor.rule.startswith("matrix_local_"):
            formulas = tuple(tuple(map(self.writer.formula, row)) for row in tensor.entries)
            return in_matrices(formulas, self.graph.tensors)
        match tensor.formula:
            case Call(function, (body,)) if not ACTIVATIONS[function].symbol:
                written_out = substitute(parse(ACTIVATIONS[function].formula), {"x": body})
                return in_matrices(((written_out,),), self.graph.tensors)
        return tensor.formula

    def entries(self, name: str, valued: bool) -> Equation:
        """A tensor and its entries by their symbols (a column as a row turned); `valued`: with their values."""
        entries = self.graph.tensor[name].entries

        def written(leaf: Callable[[str], Formula]) -> Formula:
            if len(entries) > 1 and len(entries[0]) == 1:
                return Transpose(filled_in(tuple(zip(*entries, strict=True)), leaf, self._room))
            return filled_in(entries, leaf, self._room)

        parts = [Part("=", written(Ref), "formula")]
        if valued:
            parts.append(Part(self._relation(entries, None), written(self.trace.number), "result"))
        return Equation(name, Ref(name), tuple(parts))

    def symbolic(self, name: str, formula: Formula) -> Equation:
        """A quantity or tensor and a formula of it, in symbols only."""
        return Equation(name, Ref(name), (Part("=", formula, "formula"),))

    def loss(self, name: str, outputs: str) -> Equation | None:
        """The loss, or its value after the update, from the tensor of outputs; `None` where it is no sum of squares."""
        found = loss_operands(self.graph)
        if found is None:
            return None
        function, target, output = found
        call = Call(function, (Ref(target.name), Ref(outputs)))
        formula = _inner_product(self.writer.written(call), column=len(output.entries[0]) == 1)
        if formula is None:
            return None
        ((scalar,),) = self._rows(formula)
        number = self.trace.number(name)
        sign = relation(self.scalars.numbers(scalar), number.text, self.trace.rounding)
        parts = (Part("=", formula, "formula"), Part("=", self._numbers(formula), "numbers"))
        return Equation(name, Ref(name), (*parts, Part(sign, number, "result")))

    def function(self, name: str) -> Equation | None:
        """What the activation of the tensor `name` is, said of its first entry; `None` where its sign says it."""
        entry = self.graph.tensor[name].names[0]
        call = self.graph[entry].formula
        if not isinstance(call, Call) or self.formula(name) != self.graph.tensor[name].formula:
            return None
        written_out = expand(call)
        return None if written_out == call else Equation(entry, call, (Part("=", written_out, "formula"),))

    @property
    def _room(self) -> Room:
        return room_for(self.trace.rounding)

    def _rows(self, formula: Formula) -> tuple[tuple[Formula, ...], ...]:
        worked = entrywise(formula, self.graph.tensor)
        assert isinstance(worked, Matrix)
        return worked.rows

    def _numbers(self, formula: Formula) -> Formula:
        return put_in(formula, self.graph.tensor, self.trace.number, self._room)

    def _relation(self, entries: tuple[tuple[str, ...], ...], formula: Formula | None) -> str:
        """`=` where every entry is exactly what the shown numbers give, else `≈`."""
        forms = self._rows(formula) if formula is not None else tuple(tuple(map(Ref, row)) for row in entries)
        rows = zip(entries, forms, strict=True)
        pairs = (pair for names, others in rows for pair in zip(names, others, strict=True))
        return "=" if all(self._agrees(name, form) for name, form in pairs) else "≈"

    def _agrees(self, name: str, form: Formula) -> bool:
        number = self.trace.number(name)
        if form == Ref(name):
            return self.trace.values[name] == number.value
        return relation(self.scalars.numbers(form), number.text, self.trace.rounding) == "="


def _inner_product(loss: Formula, column: bool) -> Formula | None:
    """A squared difference of vectors as the product of the difference with itself: one row times one column."""
    match loss:
        case Pow(difference, exponent) if exponent == num(2):
            turned = Transpose(difference)
            return MatMul((turned, difference) if column else (difference, turned))
        case Mul((factor, square)) if not isinstance(factor, Pow):
            product = _inner_product(square, column)
            return None if product is None else Mul((factor, product))
    return None
