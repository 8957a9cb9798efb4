"""`Worked`, a format and a language -> what a document says about how its numbers come about and how to read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from generator.backward.derivative import kinks, value_at
from generator.derive.matrix_equations import is_in_matrices
from generator.formula.extremes import is_extreme
from generator.formula.functions import ACTIVATIONS, VECTORS, expand
from generator.formula.indicators import has_indicator
from generator.formula.tree import Call, Cases, Dots, Formula, Ref, references, shortest, walk
from generator.graph.quantities import Graph, Quantity, Role, updated_name
from generator.lifting import windowed
from generator.notation.arrange import sign_of
from generator.once import once
from generator.pipeline import Worked
from generator.render.blocks import Setter
from generator.render.guards import logarithms_of_zero
from generator.typeset.boxes import Digits, Op

_SEPARATED = re.compile(r"[^,; ]+")  # one of the numbers that a convention lists


class Conventions:
    """The conventions of one problem; `author_texts` sets what its author says about some of them."""

    def __init__(self, setter: Setter, author_texts: Callable[[Mapping[str, str]], list[str]]) -> None:
        self.worked, self.setter, self.author_texts = setter.worked, setter, author_texts

    def _number(self, value: object) -> str:
        return self.setter.format.inline(Digits(str(value)))

    def all(self, stated: bool) -> Iterator[str]:
        """How to read the numbers, and what functions there are, unless their formulas are `stated`."""
        rounding, setter = self.worked.trace.rounding, self.setter
        code = "digits" if rounding.uniform else "significant" if rounding.significant else "least"
        yield setter.say(
            f"conventions.{code}",
            mode=setter.word(f"modes.{rounding.mode}"),
            digits=self._number(rounding.digits),
            least=self._number(rounding.least),
        )
        if rounding.fractions is not None:
            yield setter.say("conventions.fractions", largest=self._number(rounding.fractions))
        yield setter.word(f"conventions.carry_{rounding.carry}")
        equal, near = (self.setter.format.inline(Op(sign)).strip() for sign in "=≈")
        yield setter.say("conventions.relations", equal=equal, near=near)
        graph = self.worked.graph
        yield from () if stated else self._layers()
        for convention in graph.conventions:
            if convention.code == "loss" and stated:
                continue
            texts = {key: setter.word(code) for key, code in convention.words.items()}
            texts |= {
                key: _SEPARATED.sub(lambda found: self._number(found[0]), text)
                for key, text in convention.numbers.items()
            }
            if convention.code == "loss":
                texts["formula"] = next(setter.defined(q.name) for q in graph.of_role(Role.LOSS) if q.rule == "error")
            yield setter.say(f"conventions.{convention.code}", None, **texts)
        if _indicates(graph):
            yield setter.word("conventions.indicators")
        for own in self.worked.problem.conventions:
            yield from self.author_texts(own)
        for call in _functions(graph):
            slopes, texts = kinks(call), {"function": setter.word(f"functions.{call.name}")}
            for at, slope in slopes.items() if len(set(slopes.values())) > 1 else ():
                texts |= {"place": self._number(shortest(at)), "value": self._number(shortest(slope))}
                yield setter.say("conventions.kink_at", None, **texts)
            if len(set(slopes.values())) == 1:
                texts |= {"value": self._number(shortest(next(iter(slopes.values()))))}
                yield setter.say("conventions.kinks" if len(slopes) > 1 else "conventions.kink", None, **texts)
            if "at_zero" in ACTIVATIONS[call.name].parameters:
                texts = {"function": setter.word(f"functions.{call.name}"), "value": self._number(value_at(call, 0))}
                yield setter.say("conventions.jump", None, **texts)
        if _has_logarithms_of_zero(self.worked):
            yield setter.word("conventions.zero_logarithm")
        if _differentiates(graph, is_extreme, layers=True):
            yield setter.word(f"conventions.extremes_{graph.ties}")
        if _differentiates(graph, _is_size):
            yield setter.word("conventions.size_kink")
        if _differentiates(graph, _is_split):
            yield setter.word("conventions.cases")
        if graph.of_role(Role.UPDATE):
            by_gradients = "conventions.updates_in_turn" if graph.in_turn else "conventions.updates"
            by_formulas = "conventions.updates_own_in_turn" if _uses_new_values(graph) else "conventions.updates_own"
            yield setter.word(by_gradients if graph.trained else by_formulas)
        yield from self._of_matrices()

    def _layers(self) -> Iterator[str]:
        """Which function each layer passes its sums through, with the formula of the first of its units."""
        said: dict[tuple[str, str], str] = {}
        for quantity in self.worked.graph.of_role(Role.FORWARD):
            call = quantity.formula
            if not isinstance(call, Call) or call.name not in (*ACTIVATIONS, *VECTORS) or not _is_of_layer(quantity):
                continue
            numbered = ":" in quantity.group  # a time step is like the others
            said.setdefault((call.name, "" if numbered else quantity.group), quantity.name)
        for (name, group), unit in said.items():
            texts = {"function": self.setter.word(f"functions.{name}"), "formula": self.setter.defined(unit)}
            if group:
                yield self.setter.say("conventions.layer", None, group=self.setter.group(group), **texts)
            else:
                yield self.setter.say("conventions.function", None, **texts)

    def _of_matrices(self) -> Iterator[str]:
        """Which way vectors stand, and what ones, masks and dots mean where there are any."""
        graph, setter = self.worked.graph, self.setter
        if not is_in_matrices(graph, self.worked.writer):
            return
        yield setter.word(f"conventions.vectors_{graph.vectors}")
        if any(isinstance(q.formula, Call) and q.formula.name in VECTORS for q in graph):
            yield setter.word(f"conventions.softmax_{graph.vectors}")
        written = _written(self.worked)
        for tensor in (tensor for tensor in graph.tensors if tensor.name in written.names and not tensor.names):
            yield setter.say(f"conventions.{tensor.label.kind}", {tensor.label.kind: tensor.name})
        for name in (name for name in windowed.CALLS if name in written.called):
            sign = {"sign": self.setter.format.inline(sign_of(name, self.worked.notation.product))}
            yield setter.say(f"conventions.call_{name}", None, **sign)
        if written.dots:
            yield setter.word("conventions.dots")


# --- what there is to say something about: asked for by every document, and the same in all of them ---


class _Written(NamedTuple):
    """What stands in the formulas of a solution: names, functions, and whether there are dots."""

    names: frozenset[str]
    called: frozenset[str]
    dots: bool


@once
def _written(worked: Worked) -> _Written:
    steps = (step for section in worked.sections() for step in section.walk())
    formulas = (part.formula for step in steps for equation in step.equations for part in equation.parts)
    parts = [part for formula in formulas for part in walk(formula)]
    names = frozenset(part.name for part in parts if isinstance(part, Ref))
    called = frozenset(part.name for part in parts if isinstance(part, Call))
    return _Written(names, called, any(isinstance(part, Dots) for part in parts))


@once
def _indicates(graph: Graph) -> bool:
    """Whether a condition counts as 1 or 0 somewhere."""
    return any(q.formula is not None and has_indicator(q.formula) for q in graph)


@once
def _has_logarithms_of_zero(worked: Worked) -> bool:
    found = ((q, q.formula) for q in worked.graph if q.formula is not None)
    formulas = (expand(formula) if q.role is Role.LOSS else formula for q, formula in found)
    return bool(logarithms_of_zero(formulas, worked.trace.values.__getitem__))


@once
def _differentiates(graph: Graph, wanted: Callable[[Formula], bool], *, layers: bool = False) -> bool:
    """Whether the derivative of an author's formula (or of a layer's too) with a `wanted` part is on the page."""
    made = (graph[q.label.of] for q in graph.of_role(Role.LOCAL, Role.GRADIENT) if q.label.of)
    formulas = (q.formula for q in made if q.formula is not None and (layers or not _is_of_layer(q)))
    return any(wanted(part) for formula in formulas for part in walk(formula))


@once
def _functions(graph: Graph) -> tuple[Call, ...]:
    """The activations that the problem uses (each without its input), sorted by name."""
    calls = (quantity.formula for quantity in graph.of_role(Role.FORWARD))
    used = {Call(c.name, (Ref(""), *c.args[1:])) for c in calls if isinstance(c, Call) and c.name in ACTIVATIONS}
    return tuple(sorted(used, key=lambda call: (call.name, repr(call.args))))


def _is_size(part: Formula) -> bool:
    return isinstance(part, Call) and part.name == "abs"


def _is_split(part: Formula) -> bool:
    return isinstance(part, Cases)


def _is_of_layer(quantity: Quantity) -> bool:
    """Whether a rule makes a quantity of its formula: an author's own formulas say themselves what they are."""
    return quantity.rule != "formula"


@once
def _uses_new_values(graph: Graph) -> bool:
    """Whether a new value is computed from another one."""
    new = {updated_name(update.old) for update in graph.updates if update.old}
    return any(not new.isdisjoint(references(update.formula)) for update in graph.updates)
