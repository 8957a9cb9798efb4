"""Graph and Trace -> Steps: which steps there are, in teaching order, and what each one says. No words, no markup.

Longer than 250 lines because the derivation remembers across all its sections what has been shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from generator.derive.equations import DELTA, Equations, is_choice
from generator.derive.firsts import Firsts
from generator.derive.pairs import Logistic, Softmax
from generator.derive.rounds import Round
from generator.derive.shapes import shape_steps
from generator.derive.steps import Equation, Section, Step
from generator.formula.tree import Add, Call, Ref, shortest
from generator.graph.quantities import Check, Graph, Quantity, Role, derivative_name
from generator.graph.windows import made_by_windows
from generator.notation.writer import Working, Writer
from generator.solve.traces import Trace


def derive(graph: Graph, trace: Trace, writer: Writer, detail: str) -> tuple[Section, ...]:
    """The worked solution as sections. `detail`: `all` works every quantity in full, `first` the first of each kind.

    `asked`: the first of each kind whatever its value is, so that all variants of a problem are asked for the same.
    """
    return tuple(Derivation(graph, trace, writer, detail).sections())


class Derivation:
    """The derivation being written: remembers what has been shown already, so that nothing is worked twice."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer, detail: str) -> None:
        self.graph, self.detail, self.notation = graph, detail, writer.notation
        self.equations = Equations(graph, trace, writer)
        self.shown: set[str] = set()
        self.firsts = Firsts(graph, detail, lambda name: detail != "asked" and trace.number(name).value == 0)
        self.rounds = Round.all(graph)
        self.slid = made_by_windows(graph)
        self.round = self.rounds[0]
        self.paired = False  # whether the short way through softmax and cross-entropy has been shown

    def sections(self) -> Iterator[Section]:
        """All sections, in teaching order."""
        for number, same in groupby(self.rounds, key=lambda each: each.number):
            yield from self._round(list(same), number if len(self.graph.rounds) > 1 else None)
        if self.graph.of_role(Role.AFTER):
            yield Section(
                "after", self._plain_steps(Role.AFTER, None, len(self.graph.rounds)), names={"loss": self.graph.loss}
            )
        checks = (*self._checks(), *self._shapes())
        if checks:
            yield Section("checks", checks)

    def _shapes(self) -> Iterator[Step]:
        """The closing lines of shapes."""
        return shape_steps(self.graph, self.equations.writer, None, self.detail)

    def _round(self, rounds: list[Round], number: int | None) -> Iterator[Section]:
        """What is worked between one update and the next; each of `rounds` differentiates one quantity."""
        self.round = rounds[0]
        sections = [
            *(Section("forward", self._plain_steps(Role.FORWARD, group), group) for group in self.round.groups),
            Section(self._ending(), self._plain_steps(Role.LOSS, None)),
        ]
        for self.round in rounds:
            of = self.round.loss if len(rounds) > 1 else ""
            sections += (replace(section, of=of) for section in self._gradients())
        if not self.graph.in_turn:
            sections.append(Section("update", self._plain_steps(Role.UPDATE, None), names=self._updating()))
        for section in sections:
            if section.steps:
                yield replace(section, round=number)

    def _ending(self) -> str:
        """What stands at the end of the forward pass: an error, or a sum that is differentiated in place of one."""
        loss = self.round.loss
        return "weighted_sum" if loss and self.graph[loss].rule == "weighted_total" else "error"

    def _gradients(self) -> Iterator[Section]:
        if self.round.targets:
            if self.round is self.rounds[0] and self._has_chains():
                yield self._chain_rule()
            begun, in_turn = False, self.graph.in_turn
            for group in reversed(self.round.groups):
                before = "gradients_cut" if self._is_cut_off(group) else "gradients"
                code = "gradients_in_turn" if in_turn else before
                steps = tuple(self._backward(group))
                yield Section(code if begun else "gradients_last", steps, group)
                begun = begun or bool(steps)
                if in_turn:
                    code = "update_in_turn" if group != self.round.groups[0] else "update_in_turn_end"
                    yield Section(code, self._plain_steps(Role.UPDATE, group), group, self._updating(group))
            for group in self.round.shared:
                yield Section("gradients_shared", tuple(self._backward(group)), group)

    def _is_cut_off(self, group: str) -> bool:
        """Whether what a group hands on is taken as mere numbers."""
        return any(self.graph[source].group == group for cut in self.graph.cut for source in self.graph.operands[cut])

    def _has_chains(self) -> bool:
        """Whether the chain rule has anything to say: whether a target acts on the loss through something."""
        return any(quantity.rule.startswith("gradient_") for quantity in self.round.gradients)

    def _updating(self, group: str = "") -> dict[str, str]:
        """The first gradient (of those of a group) and the learning rate, as an example of an update."""
        found = [derivative_name(self.round.loss, name) for name in self.round.targets]
        first = next((name for name in found if not group or self.graph[name].group == group), "")
        return {"rate": self.graph.rate, **({"gradient": first} if first else {})}

    # --- forward, error, update, after ---

    def _plain_steps(self, role: Role, group: str | None, number: int | None = None) -> tuple[Step, ...]:
        number = self.round.number if number is None else number
        chosen = [q for q in self.graph.of_role(role) if q.round == number and (group is None or q.group == group)]
        return tuple(self._worked(chosen))

    def _worked(self, quantities: list[Quantity]) -> Iterator[Step]:
        return map(self._plain_step, quantities)

    def _plain_step(self, quantity: Quantity) -> Step:
        cell = self.firsts.cell(quantity)
        full = not cell and self.firsts.is_full(quantity)
        self.shown.add(quantity.name)
        names, words = self._speaking(quantity)
        equation = self.equations.value(quantity.name) if cell else self.equations.of(quantity.name, full)
        return Step(self._forward_rule(quantity), quantity.name, (equation,), names, words, full, cell=cell)

    def _forward_rule(self, quantity: Quantity) -> str:
        """What is said of a quantity; of an update, whether it is against what a cut has left of the gradient."""
        return f"{quantity.rule}_cut" if quantity.rule == "update" and self._is_short(quantity.name) else quantity.rule

    def _is_short(self, name: str) -> bool:
        """Whether a derivative that a quantity is made of leaves out ways through what is cut."""
        labels = (self.graph[operand].label for operand in self.graph.operands[name])
        return any(label.kind == "derivative" and self.graph.is_cut_short(label.of, (label.wrt,)) for label in labels)

    def _speaking(self, quantity: Quantity) -> tuple[dict[str, str], dict[str, str]]:
        """The quantities and words that the sentence of a step may name."""
        names = {"target": quantity.name}
        label = quantity.label
        if label.kind == "derivative":
            names |= {"of": label.of, "wrt": label.wrt}
        if label.kind in ("updated", "after", "later"):
            names |= {"old": label.of}
        formula = self.graph[label.of].formula if quantity.rule.startswith("local_") else quantity.formula
        words = {"function": formula.name} if isinstance(formula, Call) else {}
        used = self.graph.operands[quantity.name]
        if used:
            names["first"] = used[0]
        return names, words

    def _checks(self) -> Iterator[Step]:
        """The closing checks; those that say the same stand under one sentence."""
        groups = groupby(self.graph.checks, key=lambda c: (c.code, c.names, c.numbers, c.claim if c.said else -1))
        for (code, names, numbers, _), same in groups:
            checks = list(same)
            equations = tuple(map(self._checked, _chains(checks)))
            shown = {key: shortest(value) for key, value in numbers.items()}
            rule = "check_claims" if code == "claim" and len(equations) > 1 else f"check_{code}"
            yield Step(rule, checks[0].sides[0], equations, names, numbers=shown)

    def _checked(self, chain: list[Check]) -> Equation:
        written = self.equations.writer.written
        chain = [replace(check, left=written(check.left), right=written(check.right)) for check in chain]
        is_equal = chain[0].relation == "="
        return self.equations.check(chain[0]) if is_equal else self.equations.comparisons(chain)

    # --- gradients ---

    def _chain_rule(self) -> Section:
        """What the chain rule says, with the first parameter nearest the loss as its example (symbols only)."""
        targets = [name for name in self.round.targets if name in self.graph.trained] or list(self.round.targets)
        targets = [name for name in targets if self.graph[name].group in self.round.shared] or targets
        parameter = max(targets, key=lambda name: self.round.place(self._group(name)))
        name = derivative_name(self.round.loss, parameter)
        names = {"loss": self.round.loss, "parameter": parameter, "wrt": parameter, "target": name}
        step = Step("chain_example", name, (self.equations.symbolic(name),), names)
        return Section("chain_rule", (step,), names=names)

    def _group(self, name: str) -> str:
        """The group whose section the derivative with respect to `name` stands in."""
        return self.round.section(self.graph[derivative_name(self.round.loss, name)].group)

    def _backward(self, group: str) -> Iterator[Step]:
        """The steps of one layer: its outputs' gradients (the loss's own derivatives wait for the first weight)."""
        wanted = [q for q in self.round.gradients if self._group(q.label.wrt) == group]
        order = {name: place for place, name in enumerate(self.round.targets)}
        bare = (Role.GIVEN, Role.UPDATE)
        given = [q for q in wanted if q.label.wrt in order and self.graph[q.label.wrt].role in bare]
        parameters = sorted(given, key=lambda q: order[q.label.wrt])
        between = [q for q in wanted if q not in given and (q.label.wrt in order or self._has_own_step(q))]
        steps = between + parameters
        pairs = {q.name: found for q in steps if (found := self._pair(q)) is not None}
        short = [*pairs] if self.paired else [*pairs][1:]
        self.paired = self.paired or bool(pairs)
        if self.notation.working is Working.INLINED:
            needed = [name for q in steps if q.name not in short for name in self._unseen(q.name)]
            yield from (self._listed(self.graph[name]) for name in dict.fromkeys(needed))
        for place, quantity in enumerate(steps):
            if quantity.name in short:
                yield self._in_one_line(quantity, pairs[quantity.name])
                continue
            asides = self._delta_rule(quantity) if self.notation.delta_rule and self._is_first(steps, place) else ()
            first = self._is_first(steps, place)
            ways = self._softmax_rule(quantity) or (self._logistic_rule(quantity) if first else ())
            yield self._gradient(quantity, asides or ways)

    def _wrt_kind(self, quantity: Quantity) -> str:
        """The kind of what a gradient is by, whatever updates that has seen."""
        return self.firsts.base(self.graph[quantity.label.wrt].label).kind

    def _is_first(self, steps: list[Quantity], place: int) -> bool:
        """Whether the step is the first of its layer that is a parameter's."""
        kinds = [self._wrt_kind(q) for q in steps[: place + 1]]
        return kinds[-1] == "weight" and kinds.count("weight") == 1

    def _unseen(self, name: str) -> Iterator[str]:
        """The local gradients and gradients that `name` is made of and that have not been shown."""
        for operand in self.graph.operands[name]:
            quantity = self.graph[operand]
            if quantity.role in (Role.LOCAL, Role.GRADIENT) and operand not in self.shown:
                if quantity.label.wrt not in self.round.targets and self._has_own_step(quantity):
                    continue
                yield operand

    def _has_own_step(self, quantity: Quantity) -> bool:
        """Whether a gradient is a step, not only a factor: of several functions or of what windows made, or gathered
        for shared targets.
        """
        wrt = quantity.label.wrt
        users = [name for name in self.graph.consumers[wrt] if name in self.round.reaching]
        inner = len(users) == 1 and self.graph.operands[users[0]] == (wrt,) and wrt not in self.slid
        if quantity.label.of != self.round.loss:
            return False
        needed = [self.graph[user] for user in self.graph.consumers[quantity.name]]
        gathered = any(q.role is Role.GRADIENT and q.group in self.round.shared for q in needed)
        return gathered or not (inner or quantity.rule == "local_loss")

    def _listed(self, quantity: Quantity) -> Step:
        self.shown.add(quantity.name)
        cell = self.firsts.cell(quantity)
        equation = self.equations.value(quantity.name) if cell else self.equations.of(quantity.name)
        names, words = self._speaking(quantity)
        return Step(quantity.rule, quantity.name, (equation,), names, words, full=False, cell=cell)

    def _gradient(self, quantity: Quantity, asides: tuple[Step, ...] = (), number: int = 0) -> Step:
        """One gradient: what the chain rule says, each factor that is new, and the numbers put together."""
        cell = self.firsts.cell(quantity)
        full = not cell and self.firsts.is_full(quantity)
        names, words = self._speaking(quantity)
        before = tuple(self._factors(quantity, full))
        whole = self.equations.of(quantity.name, full)
        opening: tuple[Equation, ...] = ()
        if full and before:
            opening = (Equation(quantity.name, whole.left, whole.parts[:1]),)
        if full and self.notation.working is not Working.SEPARATE and not isinstance(whole.parts[0].formula, Add):
            whole = self.equations.inlined(whole)
        if not full:
            whole = self.equations.short(whole)
        whole = self.equations.value(quantity.name) if cell else whole
        self.shown.add(quantity.name)
        rule = self._gradient_rule(quantity)
        after = asides if full else ()
        return Step(rule, quantity.name, (whole,), names, words, full, number, before, opening, after, cell)

    def _gradient_rule(self, quantity: Quantity) -> str:
        kind = self._wrt_kind(quantity)
        if quantity.rule == "gradient_none":
            return "gradient_cut" if self._is_cut_short(quantity) else quantity.rule
        special = kind in ("weight", "bias", "gain", "shift", "post", "input")
        rule = f"{quantity.rule}_{kind}" if special else quantity.rule
        return f"{rule}_cut" if rule.startswith("gradient_uses_") and self._is_cut_short(quantity) else rule

    def _is_cut_short(self, quantity: Quantity) -> bool:
        return self.graph.is_cut_short(quantity.label.of, (quantity.label.wrt,))

    def _factors(self, quantity: Quantity, full: bool) -> Iterator[Step]:
        """A step for each factor (or each term) of a gradient that has not been shown yet."""
        components = self.notation.working is Working.COMPONENTS and not isinstance(quantity.formula, Add)
        for number, operand in enumerate(self.graph.operands[quantity.name], 1):
            if operand in self.shown or (not full and operand in self.equations.plain(quantity.name)):
                continue
            made = self.graph[operand]
            if made.role is Role.GRADIENT and made.rule != "local_loss":
                yield self._gradient(made, number=number if components else 0)
            elif made.role in (Role.LOCAL, Role.GRADIENT):
                cell = self.firsts.cell(made)
                worked = full and not cell and self.firsts.is_full(made)
                self.shown.add(operand)
                names, words = self._speaking(made)
                equation = self.equations.value(operand) if cell else self.equations.of(operand, worked)
                place = number if components and full else 0
                step = Step(made.rule, operand, (equation,), names, words, worked, place, cell=cell)
                yield self._chosen(step) if worked and is_choice(made) else step

    def _chosen(self, step: Step) -> Step:
        """A step that says whether an entry is the largest of its window, with the sentence that its value has."""
        of, number = step.names["of"], self.equations.trace.number
        if number(step.target).value == 1:
            return replace(step, rule="local_window_taken", asking=step.rule)
        if number(step.target).value != 0:
            return replace(step, rule="local_window_shared", asking=step.rule)
        for entry in self.graph.operands[of]:
            name = derivative_name(of, entry)
            if name in self.graph and number(name).value == 1:
                names = {**step.names, "top": entry}
                return replace(step, rule="local_window_passed", names=names, asking=step.rule)
        return step

    def _softmax_rule(self, quantity: Quantity) -> tuple[Step, ...]:
        """The same gradient in its short form, where softmax is followed by cross-entropy; elsewhere nothing."""
        found = Softmax.of(self.graph, quantity)
        if found is None or quantity.label.of != self.graph.loss:
            return ()
        ones = found.adds_up(self.graph)
        forms = (found.formula, found.short) if ones and found.targets else (found.formula,)
        equation = self.equations.by_way_of(quantity.name, Ref(quantity.name), *forms)
        names = {"gradient": quantity.name, "post": found.post} | ({"wanted": found.target} if found.targets else {})
        rule = "softmax_rule_class" if not found.targets else "softmax_rule" if ones else "softmax_rule_any"
        return (self._short_way(rule, quantity.name, equation, names, found),)

    def _logistic_rule(self, quantity: Quantity) -> tuple[Step, ...]:
        """The same gradient in its short form, where binary cross-entropy follows on a logistic output."""
        found = Logistic.of(self.graph, quantity)
        if found is None or self.round.number:
            return ()
        equation = self.equations.by_way_of(quantity.name, Ref(quantity.name), self.equations.written(found.formula))
        names = {"gradient": quantity.name, "wrt": quantity.label.wrt, "post": found.post, "wanted": found.target}
        return (self._short_way("logistic_rule", quantity.name, equation, names, found),)

    def _short_way(
        self, rule: str, target: str, equation: Equation, names: dict[str, str], found: Softmax | Logistic
    ) -> Step:
        """The step of a short way; where the error counts with a factor in the whole, that is said too."""
        if found.factor and rule != "softmax_rule_any":  # which says nothing of a difference
            return Step(f"{rule}_scaled", target, (equation,), {**names, "factor": found.factor})
        return Step(rule, target, (equation,), names)

    def _pair(self, quantity: Quantity) -> Softmax | None:
        """The short form of a gradient before a softmax whose targets add up to one (`None`: it has none)."""
        found = Softmax.of(self.graph, quantity) if quantity.label.of == self.round.loss else None
        return found if found is not None and found.adds_up(self.graph) else None

    def _in_one_line(self, quantity: Quantity, pair: Softmax) -> Step:
        """A gradient by the short way, which has been shown; what the long way takes is not worked."""
        cell = self.firsts.cell(quantity)
        self.firsts.is_full(quantity)
        self.shown.add(quantity.name)
        names, words = self._speaking(quantity)
        way = self.equations.by_way_of(quantity.name, Ref(quantity.name), pair.short)
        whole = self.equations.value(quantity.name) if cell else way
        return Step("gradient_short", quantity.name, (whole,), names, words, full=False, cell=cell)

    def _delta_rule(self, quantity: Quantity) -> tuple[Step, ...]:
        """The same gradient by way of the unit's δ; nothing where several units share it or none feels it."""
        users = self.graph.consumers[quantity.label.wrt]
        pre, *others = (name for name in users if self.graph[name].role in (Role.FORWARD, Role.LOSS))
        if others or not self.graph.operands[quantity.name]:  # shared, or of a unit that reaches no output
            return ()
        if self.round.number or not self.equations.has_delta(pre):
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


def _chains(checks: list[Check]) -> list[list[Check]]:
    """Checks one by one; comparisons that go on where the one before ends, as `0 <= H` and `H <= 1`, together."""
    chains: list[list[Check]] = []
    for check in checks:
        last = chains[-1][-1] if chains else None
        goes_on = last is not None and last.right == check.left and {last.relation, check.relation} <= _one_way(check)
        chains = [*chains[:-1], [*chains[-1], check]] if goes_on else [*chains, [check]]
    return chains


def _one_way(check: Check) -> set[str]:
    """The comparisons that can stand in one chain with a check."""
    return next((set(signs) for signs in ("<≤", ">≥") if check.relation in signs), set())
