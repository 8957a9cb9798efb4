"""Graph and Trace -> Steps: which steps there are, in teaching order, and what each one says. No words, no markup."""

from __future__ import annotations

from collections.abc import Iterator

from generator.derivative import by_terms
from generator.formula import Add, Call, Formula, Mul, Num, Ref, parse, references, substitute
from generator.functions import ACTIVATIONS, LOSSES, expand
from generator.graph import Graph, Quantity, Role, derivative_name
from generator.notation import Working, Writer
from generator.solve import Trace, relation
from generator.steps import Equation, Part, Section, Step

DELTA = "δ:"  # the prefix of a name that stands for a unit's δ, another sign for the gradient of its pre-activation


def derive(graph: Graph, trace: Trace, writer: Writer, detail: str) -> tuple[Section, ...]:
    """The worked solution as sections. `detail`: `all` works every quantity in full, `first` the first of each kind."""
    return tuple(_Derivation(graph, trace, writer, detail).sections())


class _Derivation:
    """The derivation being written: remembers what has been shown already, so that nothing is worked twice."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer, detail: str) -> None:
        self.graph, self.trace, self.writer, self.detail = graph, trace, writer, detail
        self.notation = writer.notation
        self.shown: set[str] = set()
        self.kinds: set[tuple[str, ...]] = set()
        self.functions: set[str] = set()  # those that have been written out once
        targets = [derivative_name(graph.loss, name) for name in graph.trained]
        self.needed = graph.needed(graph.loss, *targets)
        self.groups = list(dict.fromkeys(q.group for q in graph.of_role(Role.FORWARD)))

    def sections(self) -> Iterator[Section]:
        """All sections, in teaching order."""
        for group in self.groups:
            yield Section("forward", self._plain_steps(Role.FORWARD, group), group)
        yield Section("error", self._plain_steps(Role.LOSS, None))
        if self.graph.trained:
            yield self._chain_rule()
            for group in reversed(self.groups):
                steps = tuple(self._backward(group))
                if steps:
                    yield Section("gradients_last" if group == self.groups[-1] else "gradients", steps, group)
        if self.graph.of_role(Role.UPDATE):
            yield Section("update", self._plain_steps(Role.UPDATE, None))
            yield Section("after", self._plain_steps(Role.AFTER, None), names={"loss": self.graph.loss})

    # --- forward, error, update, after ---

    def _plain_steps(self, role: Role, group: str | None) -> tuple[Step, ...]:
        chosen = [q for q in self.graph.of_role(role) if group is None or q.group == group]
        return tuple(self._plain_step(q) for q in chosen)

    def _plain_step(self, quantity: Quantity) -> Step:
        full = self._is_full(quantity)
        self.shown.add(quantity.name)
        names, words = self._speaking(quantity)
        return Step(quantity.rule, quantity.name, (self.equation(quantity.name, full),), names, words, full)

    def _is_full(self, quantity: Quantity) -> bool:
        """Whether a quantity is worked in full: every one, or the first of its kind (its rule, its layer)."""
        wrt = quantity.label.wrt
        kind = (quantity.rule, quantity.group, self.graph[wrt].label.kind if wrt else "")
        if quantity.role is Role.UPDATE:
            kind = (quantity.rule, "", "")
        if quantity.role is Role.AFTER and quantity.rule != "after_total":
            return self.detail == "all"
        first = kind not in self.kinds
        self.kinds.add(kind)
        return first or self.detail == "all"

    def _speaking(self, quantity: Quantity) -> tuple[dict[str, str], dict[str, str]]:
        """The quantities and words that the sentence of a step may name."""
        names = {"target": quantity.name}
        label = quantity.label
        if label.kind == "derivative":
            names |= {"of": label.of, "wrt": label.wrt}
        if label.kind in ("updated", "after"):
            names |= {"old": label.of}
        if quantity.role is Role.UPDATE:
            names |= {"rate": self.graph.rate, "gradient": derivative_name(self.graph.loss, label.of)}
        formula = self.graph[label.of].formula if quantity.rule.startswith("local_") else quantity.formula
        words = {"function": formula.name} if isinstance(formula, Call) else {}
        used = self.graph.operands[quantity.name]
        if used:
            names["first"] = used[0]
        return names, words

    # --- equations ---

    def equation(self, name: str, full: bool = True) -> Equation:
        """A quantity as formula = numbers = result; listed ones leave out what their kind has shown already."""
        quantity = self.graph[name]
        formula = self.writer.formula(name)
        update = quantity.role is Role.UPDATE
        assign = self.notation.assign if update else "="
        left = Ref(quantity.label.of) if update and assign == ":=" else Ref(name)
        parts = [*self._worked(quantity, full)]
        parts.append(Part(assign, formula, "formula"))
        formula = self._introduced(formula) if full else formula
        if formula != parts[-1].formula:
            parts.append(Part("=", formula, "formula"))
        if (full or quantity.role not in (Role.FORWARD, Role.AFTER)) and not isinstance(formula, Num | Ref):
            parts.append(Part("=", self._numbers(formula), "numbers"))
        if not isinstance(formula, Num):
            parts.append(self._result(name, formula))
        parts = [
            Part(assign if not place else part.relation, part.formula, part.kind) for place, part in enumerate(parts)
        ]
        return Equation(name, left, tuple(parts), plain=update and self.notation.plain_updates)

    def _introduced(self, formula: Formula) -> Formula:
        """A function that is written by its sign (σ), written out where it comes up for the first time."""
        if isinstance(formula, Call) and formula.name in ACTIVATIONS and formula.name not in self.functions:
            self.functions.add(formula.name)
            return expand(formula)
        return formula

    def _worked(self, quantity: Quantity, full: bool) -> list[Part]:
        """How a derivative comes about, before it is tidied: the power rule, a sum term by term."""
        if not full or self.notation.working is Working.INLINED or quantity.label.kind != "derivative":
            return []
        of = self.graph[quantity.label.of]
        if quantity.rule == "local_loss":
            (term,) = (u for u in self.graph.consumers[quantity.label.wrt] if self.graph[u].role is Role.LOSS)
            call = self.graph[term].formula
            if isinstance(call, Call) and call.name in LOSSES:
                worked = parse(LOSSES[call.name].worked)
                return [Part("=", substitute(worked, {"t": call.args[0], "y": call.args[1]}), "worked")]
        if quantity.rule == "local_weighted_sum" and isinstance(of.formula, Add) and len(of.formula.terms) <= 6:
            return [Part("=", Add(by_terms(of.formula, quantity.label.wrt)), "worked")]
        return []

    def _numbers(self, formula: Formula) -> Formula:
        return substitute(formula, {name: self.trace.number(self.quantity(name)) for name in references(formula)})

    def _result(self, name: str, formula: Formula) -> Part:
        number = self.trace.number(name)
        sign = relation(self._numbers(formula), number.text, self.trace.rounding)
        return Part(sign, number, "result")

    def quantity(self, name: str) -> str:
        """The quantity that a name in a formula stands for: itself, or the gradient that a δ is."""
        if name.startswith(DELTA):
            return derivative_name(self.graph.loss, name.removeprefix(DELTA))
        return name

    # --- gradients ---

    def _chain_rule(self) -> Section:
        """What the chain rule says, with the first parameter nearest the loss as its example (symbols only)."""
        groups = [self.graph[self.graph.consumers[name][0]].group for name in self.graph.trained]
        nearest = max(range(len(groups)), key=lambda place: (self.groups.index(groups[place]), -place))
        parameter = self.graph.trained[nearest]
        name = derivative_name(self.graph.loss, parameter)
        names = {"loss": self.graph.loss, "parameter": parameter, "wrt": parameter, "target": name}
        example = Equation(name, Ref(name), (Part("=", self.writer.formula(name), "formula"),))
        step = Step("chain_example", name, (example,), names)
        return Section("chain_rule", (step,), names=names)

    def _backward(self, group: str) -> Iterator[Step]:
        """The steps of one layer: its outputs' gradients (the loss's own derivatives wait for the first weight)."""
        wanted = [q for q in self.graph.of_role(Role.GRADIENT) if q.name in self.needed and q.group == group]
        hidden = [q for q in wanted if self._wrt_kind(q) == "post" and q.label.of == self.graph.loss]
        parameters = [q for q in wanted if q.label.wrt in self.graph.trained and q.label.of == self.graph.loss]
        order = {name: place for place, name in enumerate(self.graph.trained)}
        parameters.sort(key=lambda q: order[q.label.wrt])
        steps = [q for q in hidden if q.rule != "local_loss"] + parameters
        if self.notation.working is Working.INLINED:
            needed = [name for q in steps for name in self._unseen(q.name)]
            yield from (self._listed(self.graph[name]) for name in dict.fromkeys(needed))
        for place, quantity in enumerate(steps):
            asides = self._delta_rule(quantity) if self.notation.delta_rule and self._is_first(steps, place) else ()
            yield self._gradient(quantity, asides)

    def _wrt_kind(self, quantity: Quantity) -> str:
        return self.graph[quantity.label.wrt].label.kind

    def _is_first(self, steps: list[Quantity], place: int) -> bool:
        """Whether the step is the first of its layer that is a parameter's."""
        kinds = [self._wrt_kind(q) for q in steps[: place + 1]]
        return kinds[-1] == "weight" and kinds.count("weight") == 1

    def _unseen(self, name: str) -> Iterator[str]:
        """The local gradients and gradients that `name` is made of and that have not been shown."""
        for operand in self.graph.operands[name]:
            quantity = self.graph[operand]
            if quantity.role in (Role.LOCAL, Role.GRADIENT) and operand not in self.shown:
                if quantity.label.wrt not in self.graph.trained and self._has_own_step(quantity):
                    continue
                yield operand

    def _has_own_step(self, quantity: Quantity) -> bool:
        own = quantity.label.of == self.graph.loss and quantity.rule != "local_loss"
        return own and self._wrt_kind(quantity) == "post"

    def _listed(self, quantity: Quantity) -> Step:
        self.shown.add(quantity.name)
        equation = self.equation(quantity.name)
        names, words = self._speaking(quantity)
        return Step(quantity.rule, quantity.name, (equation,), names, words, full=False)

    def _gradient(self, quantity: Quantity, asides: tuple[Step, ...] = (), number: int = 0) -> Step:
        """One gradient: what the chain rule says, each factor that is new, and the numbers put together."""
        full = self._is_full(quantity)
        names, words = self._speaking(quantity)
        before = tuple(self._factors(quantity, full))
        whole = self.equation(quantity.name, full)
        opening: tuple[Equation, ...] = ()
        if full and before:
            opening = (Equation(quantity.name, whole.left, whole.parts[:1]),)
        if full and self.notation.working is not Working.SEPARATE and not isinstance(whole.parts[0].formula, Add):
            whole = self._with_inlined(quantity, whole)
        self.shown.add(quantity.name)
        rule = self._gradient_rule(quantity)
        return Step(rule, quantity.name, (whole,), names, words, full, number, before, opening, asides if full else ())

    def _gradient_rule(self, quantity: Quantity) -> str:
        kind = self._wrt_kind(quantity)
        return f"{quantity.rule}_{kind}" if kind in ("weight", "bias", "post") else quantity.rule

    def _factors(self, quantity: Quantity, full: bool) -> Iterator[Step]:
        """A step for each factor (or each term) of a gradient that has not been shown yet."""
        components = self.notation.working is Working.COMPONENTS and not isinstance(quantity.formula, Add)
        for number, operand in enumerate(self.graph.operands[quantity.name], 1):
            if operand in self.shown:
                continue
            made = self.graph[operand]
            if made.role is Role.GRADIENT and made.rule != "local_loss":
                yield self._gradient(made, number=number if components else 0)
            elif made.role in (Role.LOCAL, Role.GRADIENT):
                worked = full and self._is_full(made)
                self.shown.add(operand)
                names, words = self._speaking(made)
                equation = self.equation(operand, worked)
                yield Step(made.rule, operand, (equation,), names, words, worked, number if components and full else 0)

    def _with_inlined(self, quantity: Quantity, whole: Equation) -> Equation:
        """The equation with the factors' own formulas (and, where they replace the names, their numbers) put in."""
        formula = whole.parts[0].formula
        inner: dict[str, Formula] = {
            name: self.writer.formula(name)
            for name in references(formula)
            if self.graph[name].role is Role.LOCAL or self.graph[name].rule == "local_loss"
        }
        if not inner:
            return whole
        inlined = substitute(formula, inner)
        parts = [whole.parts[0], Part("=", inlined, "formula")]
        if self.notation.working is Working.INLINED:
            parts += [Part("=", self._numbers(inlined), "numbers"), self._result(quantity.name, inlined)]
        else:
            parts += whole.parts[1:]
        return Equation(quantity.name, whole.left, tuple(parts))

    def _delta_rule(self, quantity: Quantity) -> tuple[Step, ...]:
        """The same gradient by way of the unit's δ."""
        (pre, *_) = self.graph.consumers[quantity.label.wrt]
        (post,) = (name for name in self.graph.consumers[pre] if self.graph[name].role is Role.FORWARD)
        local = self.writer.formula(derivative_name(post, pre))
        users = [name for name in self.graph.consumers[post] if self.graph[name].role is Role.FORWARD]
        upstream: Formula
        if users:
            terms = [Mul((Ref(DELTA + user), self._weight(user, post))) for user in users]
            upstream = Add(tuple(terms)) if len(terms) > 1 else terms[0]
        else:
            upstream = self.writer.formula(derivative_name(self.graph.loss, post))
        delta = Mul((upstream, local))
        made = derivative_name(self.graph.loss, pre)
        short = Mul((Ref(DELTA + pre), self._weight(pre, quantity.label.wrt)))
        equations = (
            self._aside(made, Ref(DELTA + pre), delta),
            self._aside(quantity.name, Ref(quantity.name), short),
        )
        names = {"target": quantity.name, "delta": DELTA + pre, "wrt": quantity.label.wrt, "gradient": made}
        return (Step("delta_rule_hidden" if users else "delta_rule", quantity.name, equations, names),)

    def _weight(self, user: str, name: str) -> Formula:
        return self.writer.formula(derivative_name(user, name))

    def _aside(self, target: str, left: Formula, formula: Formula) -> Equation:
        parts = (Part("=", formula, "formula"), Part("=", self._numbers(formula), "numbers"))
        return Equation(target, left, (*parts, self._result(target, formula)))
