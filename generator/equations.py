"""Quantity -> Equation: how a quantity is worked on paper, as formula = numbers = result, in one notation."""

from __future__ import annotations

from generator.derivative import by_terms
from generator.formula import Add, Call, Formula, Mul, Num, Ref, references, substitute
from generator.functions import ACTIVATIONS, LOSSES, expand
from generator.graph import Graph, Quantity, Role, derivative_name
from generator.infix import parse
from generator.notation import Working, Writer
from generator.solve import Trace
from generator.steps import Equation, Part

DELTA = "δ:"  # the prefix of a name that stands for a unit's δ, another sign for the gradient of its pre-activation
_TERMS = 6  # a longer sum is not differentiated term by term on the page


class Equations:
    """The equations of one problem. Remembers which functions have been written out, so that each is once."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer) -> None:
        self.graph, self.trace, self.writer = graph, trace, writer
        self.notation = writer.notation
        self._introduced: set[str] = set()
        self._reaching = graph.needed(graph.loss)  # what the loss is computed from: gradients come along nothing else

    def of(self, name: str, full: bool = True) -> Equation:
        """A quantity as formula = numbers = result; listed ones leave out what their kind has shown already."""
        quantity = self.graph[name]
        formula = self.writer.formula(name)
        update = quantity.role is Role.UPDATE
        assign = self.notation.assign if update else "="
        left = Ref(quantity.label.of) if update and assign == ":=" else Ref(name)
        parts = [*self._worked(quantity, full), Part(assign, formula, "formula")]
        formula = self._written_out(formula) if full else formula
        if formula != parts[-1].formula:
            parts.append(Part("=", formula, "formula"))
        if (full or quantity.role not in (Role.FORWARD, Role.AFTER)) and not isinstance(formula, Num | Ref):
            parts.append(Part("=", self.numbers(formula), "numbers"))
        if not isinstance(formula, Num):
            parts.append(self.result(name, formula))
        first, *rest = parts
        whole = (Part(assign, first.formula, first.kind), *rest)
        return Equation(name, left, whole, plain=update and self.notation.plain_updates)

    def symbolic(self, name: str) -> Equation:
        """A quantity and its formula, in symbols only."""
        return Equation(name, Ref(name), (Part("=", self.writer.formula(name), "formula"),))

    def by_way_of(self, target: str, left: Formula, formula: Formula) -> Equation:
        """`target`, written as `left`, worked by another formula than its own."""
        parts = (Part("=", formula, "formula"), Part("=", self.numbers(formula), "numbers"))
        return Equation(target, left, (*parts, self.result(target, formula)))

    def inlined(self, whole: Equation) -> Equation:
        """A gradient's equation with its factors' own formulas (and, if the notation says so, their numbers) put in."""
        formula = whole.parts[0].formula
        inner: dict[str, Formula] = {
            name: self.writer.formula(name)
            for name in references(formula)
            if self.graph[name].role is Role.LOCAL or self.graph[name].rule == "local_loss"
        }
        if not inner:
            return whole
        put_in = substitute(formula, inner)
        parts = [whole.parts[0], Part("=", put_in, "formula")]
        if self.notation.working is Working.INLINED:
            parts += [Part("=", self.numbers(put_in), "numbers"), self.result(whole.target, put_in)]
        else:
            parts += whole.parts[1:]
        return Equation(whole.target, whole.left, tuple(parts))

    def numbers(self, formula: Formula) -> Formula:
        """`formula` with the shown values in place of the names."""
        return substitute(formula, {name: self.trace.number(self._quantity(name)) for name in references(formula)})

    def result(self, name: str, formula: Formula) -> Part:
        """The shown value of `name`, after `=` where the shown numbers in `formula` give exactly it, else `≈`."""
        return Part(self.trace.relation(self.numbers(formula), name), self.trace.number(name), "result")

    def delta(self, pre: str) -> tuple[Formula, bool]:
        """The δ of the unit whose pre-activation is `pre`, as a formula; whether it goes through the next layer's."""
        (post,) = self._forward_users(pre)
        local = self.writer.formula(derivative_name(post, pre))
        users = self._forward_users(post)
        upstream: Formula
        if users:
            terms = [Mul((Ref(DELTA + user), self._local(user, post))) for user in users]
            upstream = Add(tuple(terms)) if len(terms) > 1 else terms[0]
        else:
            upstream = self.writer.formula(derivative_name(self.graph.loss, post))
        return Mul((upstream, local)), bool(users)

    def through_delta(self, pre: str, parameter: str) -> Formula:
        """The gradient of a parameter that only `pre` uses, by way of the unit's δ."""
        return Mul((Ref(DELTA + pre), self._local(pre, parameter)))

    def _forward_users(self, name: str) -> list[str]:
        users = self.graph.consumers[name]
        return [user for user in users if self.graph[user].role is Role.FORWARD and user in self._reaching]

    def _local(self, user: str, name: str) -> Formula:
        return self.writer.formula(derivative_name(user, name))

    def _quantity(self, name: str) -> str:
        """The quantity that a name in a formula stands for: itself, or the gradient that a δ is."""
        return derivative_name(self.graph.loss, name.removeprefix(DELTA)) if name.startswith(DELTA) else name

    def _written_out(self, formula: Formula) -> Formula:
        """A function that is written by its sign (σ), written out where it comes up for the first time."""
        if isinstance(formula, Call) and formula.name in ACTIVATIONS and formula.name not in self._introduced:
            self._introduced.add(formula.name)
            return expand(formula)
        return formula

    def _worked(self, quantity: Quantity, full: bool) -> list[Part]:
        """How a derivative comes about, before it is tidied: the power rule, a sum term by term."""
        if not full or self.notation.working is Working.INLINED or quantity.label.kind != "derivative":
            return []
        if quantity.rule == "local_loss":
            (term,) = (u for u in self.graph.consumers[quantity.label.wrt] if self.graph[u].role is Role.LOSS)
            call = self.graph[term].formula
            if isinstance(call, Call) and call.name in LOSSES:
                worked = parse(LOSSES[call.name].worked)
                return [Part("=", substitute(worked, {"t": call.args[0], "y": call.args[1]}), "worked")]
        of = self.graph[quantity.label.of].formula
        if quantity.rule == "local_weighted_sum" and isinstance(of, Add) and len(of.terms) <= _TERMS:
            return [Part("=", Add(by_terms(of, quantity.label.wrt)), "worked")]
        return []
