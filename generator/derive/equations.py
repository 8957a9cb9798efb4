"""Quantity -> Equation: how a quantity is worked on paper, as formula = numbers = result, in one notation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import ge, gt, le, lt

from generator.backward.derivative import by_terms
from generator.derive.steps import Equation, Part
from generator.formula.conditions import planned
from generator.formula.functions import ACTIVATIONS, LOSSES, expand, worked_derivative
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Div, Formula, Mul, Num, Ref, num, references, shortest, substitute, walk
from generator.graph.quantities import Check, Graph, Quantity, Role, derivative_name
from generator.notation.writer import Working, Writer
from generator.solve.traces import Trace

DELTA = "δ:"  # the prefix of a name that stands for a unit's δ, another sign for the gradient of its pre-activation
_HOLDS = {"≤": le, "≥": ge, "<": lt, ">": gt}
_BRIEF = 6  # operands whose numbers are put in again where a kind of formula has been worked before
_TERMS = 6  # a longer sum is not differentiated term by term on the page


def as_shown(formula: Formula, shown: Num) -> Formula:
    """A decimal that has more digits than are shown of it as a quotient, which it is exactly; else as it is."""
    if not isinstance(formula, Num) or formula.value == shown.value or "/" in shortest(formula.value):
        return formula
    return Div(num(formula.value.numerator), num(formula.value.denominator))


class Equations:
    """The equations of one problem. Remembers which functions have been written out, so that each is once."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer) -> None:
        self.graph, self.trace, self.writer = graph, trace, writer
        self.notation = writer.notation
        self._introduced: set[str] = set()
        self._reaching = graph.needed(
            *(done.loss for done in graph.differentiated if done.loss)
        )  # what the loss is computed from: gradients come along nothing else

    def of(self, name: str, full: bool = True) -> Equation:
        """A quantity as formula = numbers = result; listed ones leave out what their kind has shown already."""
        quantity = self.graph[name]
        if is_choice(quantity):
            return self.value(name)
        formula = self.writer.formula(name)
        update = quantity.role is Role.UPDATE
        assign = self.notation.assign if quantity.label.kind == "updated" else "="
        left = Ref(quantity.label.of) if update and assign == ":=" else Ref(name)
        parts = [*self._worked(quantity, full), Part(assign, formula, "formula")]
        formula = self._written_out(formula) if full else formula
        if formula != parts[-1].formula:
            parts.append(Part("=", formula, "formula"))
        brief = not full and quantity.role in (Role.FORWARD, Role.AFTER)
        worked = not brief or _operands(formula) <= _BRIEF
        if worked and not isinstance(formula, Ref) and references(formula):  # without any, it is in numbers already
            parts.append(Part("=", self.numbers(formula), "numbers"))
        shown = self.trace.number(name)
        if not isinstance(formula, Num):
            parts.append(self.result(name, formula))
        elif (quotient := as_shown(formula, shown)) != formula:
            parts = [replace(parts[-1], formula=quotient), self.result(name, quotient)]
        first, *rest = parts
        whole = (Part(assign, first.formula, first.kind), *rest)
        return Equation(name, left, whole, plain=update and self.notation.plain_updates, brief=brief)

    def value(self, name: str) -> Equation:
        """A quantity and its value alone: `=` where the value has no more digits, else `≈`."""
        number = self.trace.number(name)
        sign = "=" if self.trace.values[name] == number.value else "≈"
        return Equation(name, Ref(name), (Part(sign, number, "result"),))

    def written(self, formula: Formula) -> Formula:
        """`formula` as the notation writes it."""
        return self.writer.written(formula)

    def symbolic(self, name: str) -> Equation:
        """A quantity and its formula, in symbols only."""
        return Equation(name, Ref(name), (Part("=", self.writer.formula(name), "formula"),))

    def by_way_of(self, target: str, left: Formula, *forms: Formula) -> Equation:
        """`target`, written as `left`, worked by other formulas than its own, the last of them in numbers."""
        parts = [Part("=", form, "formula") for form in forms]
        if not isinstance(forms[-1], Ref):  # whose number is the result
            parts.append(Part("=", self.numbers(forms[-1]), "numbers"))
        return Equation(target, left, (*parts, self.result(target, forms[-1])))

    def check(self, check: Check) -> Equation:
        """A closing check that says what equals what: the left side, its value, and the right side if it is a formula.

        `a · b = 14 = c − d`; the last sign is `≈` where the shown numbers of the right side give other digits.
        """
        (left, right), (one, other) = check.sides, (check.left, check.right)
        if not references(one):
            one, other, left = other, one, right
        whole = self._valued(one, left)
        if references(other) and other != one:
            first = replace(whole.parts[0], relation="=") if isinstance(one, Ref) else whole.parts[0]
            last = Part(self.trace.relation(self.numbers(other), left), other, "formula")
            whole = replace(whole, parts=(first, *whole.parts[1:], last))
        claimed = check.code == "claim"
        return replace(whole, short=claimed, brief=claimed)

    def comparisons(self, checks: Sequence[Check]) -> Equation:
        """Closing checks, `a < b` and `b < c`, as one chain: `a = 0.5 < b = 0.7 < 1`.

        Without the numbers where the digits that are shown do not tell.
        """
        first = checks[0]
        values = [self.trace.number(first.sides[0]), *(self.trace.number(check.sides[1]) for check in checks)]
        pairs = zip(checks, values, values[1:], strict=False)
        told = all(_HOLDS[check.relation](one.value, other.value) for check, one, other in pairs)
        parts = list(self._value(first.left, first.sides[0])) if told else []
        for check in checks:
            parts.append(Part(check.relation, check.right, "formula"))
            parts += self._value(check.right, check.sides[1]) if told else ()
        return Equation(first.sides[0], first.left, tuple(parts), short=True)

    def _value(self, formula: Formula, name: str) -> tuple[Part, ...]:
        """The value of a side that the quantity `name` holds; nothing where the side is a number itself."""
        return () if isinstance(formula, Num) else self._valued(formula, name).parts[-1:]

    def _valued(self, formula: Formula, name: str) -> Equation:
        """A formula's numbers and its value, which the quantity `name` holds."""
        if isinstance(formula, Ref):
            return self.value(formula.name)
        return Equation(name, formula, (Part("=", self.numbers(formula), "numbers"), self.result(name, formula)))

    def inlined(self, whole: Equation) -> Equation:
        """A gradient's equation with its factors' own formulas (and, if the notation says so, their numbers) put in."""
        formula = whole.parts[0].formula
        inner: dict[str, Formula] = {
            name: self.writer.formula(name)
            for name in references(formula)
            if self.graph[name].rule == "local_loss"
            or (self.graph[name].role is Role.LOCAL and not is_choice(self.graph[name]))
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

    def plain(self, name: str) -> tuple[str, ...]:
        """The local derivatives in a sum over paths that are one symbol or number: they can be put in."""
        if self.notation.working is Working.INLINED or not isinstance(self.graph[name].formula, Add):
            return ()
        made = (self.graph[operand] for operand in self.graph.operands[name])
        return tuple(q.name for q in made if q.role is Role.LOCAL and isinstance(q.formula, Num | Ref))

    def short(self, whole: Equation) -> Equation:
        """A gradient's equation with its plain local derivatives in their places from the start."""
        names = self.plain(whole.target)
        if not names:
            return whole
        put_in = substitute(whole.parts[0].formula, {name: self.writer.formula(name) for name in names})
        first = replace(whole.parts[0], formula=put_in)
        numbers = Part("=", self.numbers(put_in), "numbers")
        return replace(whole, parts=(first, numbers, self.result(whole.target, put_in)))

    def numbers(self, formula: Formula) -> Formula:
        """`formula` with the shown values in place of the names."""
        return substitute(
            planned(formula), {name: self.trace.number(quantity_of(name, self.graph)) for name in references(formula)}
        )

    def result(self, name: str, formula: Formula) -> Part:
        """The shown value of `name`, after `=` where the shown numbers in `formula` give exactly it, else `≈`."""
        return Part(self.trace.relation(self.numbers(formula), name), self.trace.number(name), "result")

    def has_delta(self, pre: str) -> bool:
        """Whether `pre` feeds one activation alone, which feeds pre-activations or the error and nothing else."""
        posts = self._forward_users(pre)
        users = [user for post in posts for user in self._forward_users(post)]
        return len(posts) == 1 and all(self.graph[name].label.kind == "pre" for name in (pre, *users))

    def delta(self, pre: str) -> tuple[Formula, bool]:
        """The δ of the unit whose pre-activation is `pre`, as a formula; whether it goes through the next layer's."""
        (post,) = self._forward_users(pre)
        local = self.writer.formula(derivative_name(post, pre))
        users = self._forward_users(post)
        upstream: Formula
        if users:
            terms = [Mul((Ref(DELTA + user), self._local(user, post))) for user in users]
            upstream = sum_of(terms)
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
                worked = worked_derivative(call, self.notation.difference == "output_first")
                return [Part("=", worked, "worked")] if worked is not None else []
        of = self.graph[quantity.label.of].formula
        if quantity.rule == "local_weighted_sum" and isinstance(of, Add) and len(of.terms) <= _TERMS:
            if not set(references(self.writer.formula(quantity.name))) <= set(references(of)):
                return []  # it goes through values that have been updated since
            return [Part("=", Add(by_terms(of, quantity.label.wrt)), "worked")]
        return []


def _operands(formula: Formula) -> int:
    """How many places for numbers a formula has."""
    return sum(isinstance(part, Ref) for part in walk(formula))


def is_choice(quantity: Quantity) -> bool:
    """Whether a quantity says if an entry is the largest of its window: its formula asks for all others there."""
    return quantity.rule == "local_window_max" and not isinstance(quantity.formula, Num)


def quantity_of(name: str, graph: Graph) -> str:
    """The quantity that a name in a formula stands for: itself, or the gradient that a δ is."""
    return derivative_name(graph.loss, name.removeprefix(DELTA)) if name.startswith(DELTA) else name
