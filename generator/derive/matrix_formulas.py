"""Tensor -> its formula over vectors and matrices: found in the formulas of its entries, proven, and kept.

It does not depend on what is given or on how much is shown: it is that of every variant and of every document.
"""

from __future__ import annotations

from functools import cached_property, partial

from generator.formula.functions import ACTIVATIONS, VECTORS, is_signed
from generator.formula.tree import Call, Formula, Ref, Transpose, replace
from generator.graph.quantities import Role, Tensor, derivative_name
from generator.lifting.lift import Lifter
from generator.lifting.sides import on_their_sides
from generator.lifting.sliding import Slider
from generator.lifting.tensors import Rows, entry, vector_call
from generator.notation.writer import Writer
from generator.once import once

_DERIVATIVES = (Role.LOCAL, Role.GRADIENT)


class MatrixFormulas:
    """The formulas in matrices of one problem in one notation."""

    def __init__(self, writer: Writer) -> None:
        self.graph, self.writer = writer.graph, writer
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
        inside = partial(self.inside, derivatives=self.graph[name].role in _DERIVATIVES, errors=errors)
        return replace(self.written(name), inside)

    def inside(self, ref: Ref, derivatives: bool = True, errors: bool = False) -> Formula:
        """What stands for a reference: the formula of what is in no tensor where it can be put in, else itself."""
        quantity = self.graph[ref.name]
        inner = derivatives and quantity.role in _DERIVATIVES
        inner |= errors and quantity.rule.removeprefix("after_") == "error"
        return self._scalar(ref.name, errors) if inner and ref.name not in self.held else ref

    def written(self, name: str) -> Formula:
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


@once
def matrix_formulas(writer: Writer) -> MatrixFormulas:
    """The formulas of what a writer writes: the search for each is made once."""
    return MatrixFormulas(writer)
