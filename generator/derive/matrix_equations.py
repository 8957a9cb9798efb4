"""Tensor -> Equation: how whole vectors and matrices are worked on paper, as formula = numbers = result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as replace_parts
from functools import cached_property, partial

from generator.derive.equations import Equations
from generator.derive.pairs import ShortWay, Softmax
from generator.derive.steps import Equation, Part
from generator.formula.functions import ACTIVATIONS, VECTORS, expand, is_signed
from generator.formula.tree import Call, Formula, Matrix, Num, Ref, Transpose, num, references, replace
from generator.graph.quantities import Graph, Role, Tensor, derivative_name, is_constant
from generator.lifting.lift import Lifter
from generator.lifting.sides import on_their_sides
from generator.lifting.sliding import Slider
from generator.lifting.tensors import Room, Rows, entry, entrywise, filled_in, put_in, vector_call
from generator.notation.writer import View, Writer
from generator.solve.rounding import Rounding
from generator.solve.traces import Trace, relation

_DERIVATIVES = (Role.LOCAL, Role.GRADIENT)


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
        self._found: dict[tuple[str, bool], Formula | None] = {}

    @cached_property
    def lifter(self) -> Lifter:
        """What finds the formulas."""
        return Lifter(self.graph.tensors, self.graph.vectors == "column", bool(self.graph.slidings))

    @cached_property
    def slider(self) -> Slider:
        """What finds those of windows."""
        return Slider(self.lifter, self.graph.slidings)

    @cached_property
    def held(self) -> frozenset[str]:
        """The quantities that stand in a tensor."""
        return frozenset(name for tensor in self.graph.tensors for name in tensor.names)

    # --- formulas ---

    def formula(self, name: str, errors: bool = False) -> Formula | None:
        """The formula over tensors of a tensor or a quantity; `None` where there is none.

        In a derivative, others that stand in no tensor have their own formulas in their places; if `errors`, the errors
        of single outputs have in what adds them up.
        """
        key = name, errors
        if key not in self._found:
            tensor = self.graph.tensor.get(name)
            entries = ((name,),) if tensor is None else tensor.entries
            computed = all(self.graph[own].formula is not None for row in entries for own in row if own in self.graph)
            rows = tuple(tuple(self._scalar(own, errors) for own in row) for row in entries) if computed else None
            found = self._searched(name, rows) if rows is not None else None
            self._found[key] = self.lifter.as_number(found) if found is not None and tensor is None else found
        return self._found[key]

    def _scalar(self, name: str, errors: bool = False) -> Formula:
        """The formula of what stands at a place of a tensor, with what stands in none put in."""
        if name not in self.graph:
            return entry(name)
        inside = partial(self._inside, derivatives=self.graph[name].role in _DERIVATIVES, errors=errors)
        return replace(self._written(name), inside)

    def _inside(self, ref: Ref, derivatives: bool = True, errors: bool = False) -> Formula:
        quantity = self.graph[ref.name]
        inner = derivatives and quantity.role in _DERIVATIVES
        inner |= errors and quantity.rule.removeprefix("after_") == "error"
        return self._scalar(ref.name, errors) if inner and ref.name not in self.held else ref

    def _written(self, name: str) -> Formula:
        """A quantity's formula as the notation writes it, but with functions of a whole by their signs."""
        formula = self.graph[name].formula
        if isinstance(formula, Call) and formula.name in VECTORS:
            return formula
        if isinstance(formula, Call) and formula.name in ACTIVATIONS and is_signed(formula):
            return Call(formula.name, formula.args[:1])
        return self.writer.formula(name)

    def _searched(self, name: str, rows: Rows) -> Formula | None:
        found = self.slider.formula(rows) or self.lifter.formula(rows) or self.slider.unstacked(rows)
        if found is None:
            return self._through_shares(name, rows)
        tensor = self.graph.tensor.get(name)
        if tensor is None or tensor.role is not Role.GRADIENT:
            return found
        taught = on_their_sides(tensor, found, self.graph.tensor, self.graph.vectors == "column")
        return taught if taught != found and self.lifter.proves(taught, rows) else found

    def _through_shares(self, name: str, rows: Rows) -> Formula | None:
        """The gradient before a softmax."""
        gradient = self.graph.tensor.get(name)
        if gradient is None or gradient.role is not Role.GRADIENT:
            return None
        for post in self.graph.tensors:
            back = self.graph.tensor.get(derivative_name(gradient.label.of, post.name))
            if back is not None and self._is_shares_of(post, gradient.label.wrt):
                forms = (self.lifter.through_shares(post, back, down) for down in (True, False))
                return next((form for form in forms if self.lifter.proves(form, rows)), None)
        return None

    def _is_shares_of(self, post: Tensor, pre: str) -> bool:
        call = self.graph[post.names[0]].formula
        if not isinstance(call, Call) or call.name not in VECTORS:
            return False
        shared = vector_call(self.formula(post.name))
        return shared is not None and shared.args in ((Ref(pre),), (Transpose(Ref(pre)),))

    def short_softmax(self, name: str) -> ShortWay | None:
        """A gradient before softmax and cross-entropy in its short form (`None`: it has no such form)."""
        entries, names = self.graph.tensor[name].entries, self.graph.tensor[name].names
        found = [short for own in names if (short := Softmax.of(self.graph, self.graph[own]))]
        wide = len(entries[0])
        if len(found) < wide * len(entries):
            return None
        rows = [found[start : start + wide] for start in range(0, len(found), wide)]

        def whole(part: Callable[[Softmax], Formula]) -> Formula | None:
            return self.lifter.formula(tuple(tuple(replace(part(pair), self._inside) for pair in row) for row in rows))

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
            formula, numbers = filled_in(tensor.entries, self._written, self.room), False
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
