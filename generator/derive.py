"""Graph and Trace -> Steps: which steps there are, in teaching order, and what each one says. No words, no markup."""

from __future__ import annotations

from collections.abc import Iterator

from generator.equations import DELTA, Equations
from generator.formula import Add, Call, Ref
from generator.graph import Graph, Quantity, Role, derivative_name
from generator.matrix_equations import is_in_matrices
from generator.matrix_view import derive_matrices
from generator.notation import Working, Writer
from generator.solve import Trace
from generator.steps import Equation, Section, Step


def derive(graph: Graph, trace: Trace, writer: Writer, detail: str) -> tuple[Section, ...]:
    """The worked solution as sections. `detail`: `all` works every quantity in full, `first` the first of each kind."""
    if is_in_matrices(graph, writer):
        return derive_matrices(graph, trace, writer, detail)
    return tuple(_Derivation(graph, trace, writer, detail).sections())


class _Derivation:
    """The derivation being written: remembers what has been shown already, so that nothing is worked twice."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer, detail: str) -> None:
        self.graph, self.detail, self.notation = graph, detail, writer.notation
        self.equations = Equations(graph, trace, writer)
        self.shown: set[str] = set()
        self.kinds: set[tuple[str, ...]] = set()
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
        return Step(quantity.rule, quantity.name, (self.equations.of(quantity.name, full),), names, words, full)

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

    # --- gradients ---

    def _chain_rule(self) -> Section:
        """What the chain rule says, with the first parameter nearest the loss as its example (symbols only)."""
        groups = [self.graph[self.graph.consumers[name][0]].group for name in self.graph.trained]
        nearest = max(range(len(groups)), key=lambda place: (self.groups.index(groups[place]), -place))
        parameter = self.graph.trained[nearest]
        name = derivative_name(self.graph.loss, parameter)
        names = {"loss": self.graph.loss, "parameter": parameter, "wrt": parameter, "target": name}
        step = Step("chain_example", name, (self.equations.symbolic(name),), names)
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
        equation = self.equations.of(quantity.name)
        names, words = self._speaking(quantity)
        return Step(quantity.rule, quantity.name, (equation,), names, words, full=False)

    def _gradient(self, quantity: Quantity, asides: tuple[Step, ...] = (), number: int = 0) -> Step:
        """One gradient: what the chain rule says, each factor that is new, and the numbers put together."""
        full = self._is_full(quantity)
        names, words = self._speaking(quantity)
        before = tuple(self._factors(quantity, full))
        whole = self.equations.of(quantity.name, full)
        opening: tuple[Equation, ...] = ()
        if full and before:
            opening = (Equation(quantity.name, whole.left, whole.parts[:1]),)
        if full and self.notation.working is not Working.SEPARATE and not isinstance(whole.parts[0].formula, Add):
            whole = self.equations.inlined(whole)
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
                equation = self.equations.of(operand, worked)
                yield Step(made.rule, operand, (equation,), names, words, worked, number if components and full else 0)

    def _delta_rule(self, quantity: Quantity) -> tuple[Step, ...]:
        """The same gradient by way of the unit's δ; nothing where several units share it or none feels it."""
        users = self.graph.consumers[quantity.label.wrt]
        pre, *others = (name for name in users if self.graph[name].role is Role.FORWARD)
        if others or not self.graph.operands[quantity.name]:  # shared, or of a unit that reaches no output
            return ()
        delta, hidden = self.equations.delta(pre)
        made = derivative_name(self.graph.loss, pre)
        short = self.equations.through_delta(pre, quantity.label.wrt)
        equations = (
            self.equations.by_way_of(made, Ref(DELTA + pre), delta),
            self.equations.by_way_of(quantity.name, Ref(quantity.name), short),
        )
        names = {"target": quantity.name, "delta": DELTA + pre, "wrt": quantity.label.wrt, "gradient": made}
        return (Step("delta_rule_hidden" if hidden else "delta_rule", quantity.name, equations, names),)
