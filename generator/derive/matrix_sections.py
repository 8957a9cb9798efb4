"""Graph and Trace -> Steps in matrices: the sections of `derive`, with whole tensors in place of their entries.

What stands in no tensor is worked as ever, and so are the entries of a tensor that has no formula in matrices.

Longer than 250 lines because the derivation remembers across all its sections what has been shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.derive.matrix_equations import MatrixEquations
from generator.derive.pairs import ShortWay
from generator.derive.sections import Derivation
from generator.derive.shapes import shape_steps
from generator.derive.steps import Section, Step
from generator.formula.functions import VECTORS
from generator.formula.tree import Call, Formula, Hadamard, Neg, Ref, references, substitute
from generator.graph.families import families
from generator.graph.quantities import Graph, Quantity, Role, Tensor, derivative_name
from generator.lifting.gradients import DELTAS
from generator.lifting.tensors import shown_of, vector_call
from generator.notation.writer import Writer
from generator.solve.traces import Trace

_NAMED = ("states", "ones")  # whose entries have names that say where they stand
_CHAIN = 4  # so many gradients stand as examples of the chain rule


def derive_matrices(graph: Graph, trace: Trace, writer: Writer, detail: str) -> tuple[Section, ...]:
    """The worked solution in matrices as sections; `detail` as in `derive`."""
    return tuple(_InMatrices(graph, trace, writer, detail).sections())


class _InMatrices(Derivation):
    """The derivation being written: also remembers which functions have been explained."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer, detail: str) -> None:
        super().__init__(graph, trace, writer, detail)
        self.matrices = MatrixEquations(graph, trace, writer, self.equations)
        self.tensor_of: dict[str, Tensor] = {}  # what a computed quantity is worked with
        for tensor in graph.tensors:
            for name in tensor.names:
                if graph[name].formula is not None and graph[name].role is tensor.role:
                    self.tensor_of.setdefault(name, tensor)
        self.explained: set[str] = set()

    def sections(self) -> Iterator[Section]:
        """All sections, in teaching order."""
        declared = tuple(self._declared())
        if declared:
            yield Section("matrices", declared)
        yield from super().sections()

    def _shapes(self) -> Iterator[Step]:
        formulas = {tensor.name: self.matrices.formula(tensor.name) for tensor in self.graph.tensors}
        return shape_steps(self.graph, self.equations.writer, formulas, self.detail)

    def _declared(self) -> Iterator[Step]:
        """Which quantities stand in which matrix: the given ones with their values."""
        used, grids = self._used(), {family.rows for family in families(self.graph)}
        for tensor in self.graph.tensors:
            if not tensor.names:  # nothing but what is always there
                if tensor.name in used and tensor.label.kind not in _NAMED:
                    yield Step("matrices", tensor.name, (self.matrices.entries(tensor.name, False, True),), full=False)
                continue
            is_given = tensor.role is Role.GIVEN
            first = self.graph[tensor.names[0]].label
            is_whole = first.of in ("", tensor.label.name) or first.kind == "target"  # not put together from several
            own = (tensor.label.case, tensor.label.part)
            by_place = tensor.label.kind == "tensor" and own == (first.case, first.part) and is_whole
            is_told = is_given or (tensor.role is Role.FORWARD and not by_place)
            if is_given and by_place and tensor.entries in grids:
                continue  # it stands among the givens just so
            if is_told and tensor.round == 0 and tensor.label.kind not in _NAMED:
                equation = self.matrices.entries(tensor.name, named=not by_place, valued=is_given)
                yield Step("matrices", tensor.name, (equation,), full=False)

    def _used(self) -> frozenset[str]:
        """What the formulas of tensors speak of."""
        formulas = (self.matrices.formula(tensor.name) for tensor in self.graph.tensors if tensor.names)
        return frozenset(name for formula in formulas if formula is not None for name in references(formula))

    # --- forward, error, update, after ---

    def _worked(self, quantities: list[Quantity]) -> Iterator[Step]:
        absorbed = self._absorbed(quantities)
        for item in self._in_order([q for q in quantities if q.name not in absorbed]):
            if isinstance(item, Tensor):
                yield from self._tensor(item)
            elif self.matrices.formula(item.name) or self.matrices.formula(item.name, errors=True):
                yield self._single(item)
            else:
                yield self._plain_step(item)

    def _absorbed(self, quantities: list[Quantity]) -> frozenset[str]:
        """The errors of single outputs that the formula of the whole error has in it."""
        found: set[str] = set()
        for quantity in quantities:
            loose = [name for name in self.graph.operands[quantity.name] if name not in self.matrices.held]
            if loose and not self.matrices.formula(quantity.name) and self.matrices.formula(quantity.name, errors=True):
                found |= set(loose)
        return frozenset(found)

    def _in_order(self, quantities: list[Quantity]) -> list[Tensor | Quantity]:
        """Tensors in place of their entries, each after what it is made of."""
        here = {quantity.name: quantity for quantity in quantities}
        made: dict[str, Tensor | Quantity] = {}
        entered: set[str] = set()

        def enter(quantity: Quantity) -> None:
            item = self._item(quantity, here)
            if item.name in entered:
                return
            entered.add(item.name)
            for name in item.names if isinstance(item, Tensor) else (item.name,):
                for operand in self._operands(name):
                    if operand in here:
                        enter(here[operand])
            made[item.name] = item

        for quantity in quantities:
            enter(quantity)
        return list(made.values())

    def _item(self, quantity: Quantity, here: Iterable[str]) -> Tensor | Quantity:
        """The tensor that a quantity is worked with, where all that is in it is worked here."""
        tensor = self.tensor_of.get(quantity.name)
        return tensor if tensor is not None and set(tensor.names) <= set(here) else quantity

    def _operands(self, name: str) -> Iterator[str]:
        """What a quantity is made of, through derivatives that stand in no tensor."""
        for operand in self.graph.operands[name]:
            yield operand
            if operand not in self.matrices.held and self.graph[operand].role in (Role.LOCAL, Role.GRADIENT):
                yield from self._operands(operand)

    def _tensor(self, tensor: Tensor) -> Iterator[Step]:
        """A tensor by its formula; without one, entry by entry, and then as a whole."""
        if self.matrices.formula(tensor.name) is None and any(self.graph.operands[name] for name in tensor.names):
            yield from self._entry_by_entry(tensor)
            full = False
        else:
            full = self.firsts.is_full(self.firsts.telling(tensor.names))
        self.shown |= {tensor.name, *tensor.names}
        names, words = self._said(tensor)
        equations = [self.matrices.of(tensor.name, full)]
        function = words.get("function", "")
        if tensor.role is Role.FORWARD and full and function not in self.explained:
            self.explained.add(function)
            told = self.matrices.function(tensor.name)
            equations = [told, *equations] if told is not None else equations
        after = self._in_short(tensor) if full and tensor.role is Role.GRADIENT else ()
        yield Step(self._rule(tensor), tensor.name, tuple(equations), names, words, full, after=after)

    def _entry_by_entry(self, tensor: Tensor) -> Iterator[Step]:
        shown = {name for row in shown_of(tensor.entries, self.matrices.room) for name in row}
        for name in self._one_by_one(tensor):
            if name in shown and name not in self.shown:
                is_gradient = tensor.role is Role.GRADIENT
                made = self._gradient(self.graph[name]) if is_gradient else self._plain_step(self.graph[name])
                yield made

    def _one_by_one(self, tensor: Tensor) -> Iterator[str]:
        """The entries of a tensor, each behind those that it is made of."""
        place = {quantity.name: number for number, quantity in enumerate(self.graph)}
        own = frozenset(tensor.names)
        is_made_of_own = any(not own.isdisjoint(self._operands(name)) for name in tensor.names)
        return iter(sorted(tensor.names, key=place.__getitem__) if is_made_of_own else tensor.names)

    def _single(self, quantity: Quantity) -> Step:
        """A quantity that is a formula of whole tensors."""
        self.shown.add(quantity.name)
        names, words = self._speaking(quantity)
        errors = self.matrices.formula(quantity.name) is None
        rule = quantity.rule
        if errors:
            rule = "after_matrix_error" if quantity.role is Role.AFTER else "matrix_error"
            words = {"function": self._function(quantity)}
        equation = self.matrices.single(quantity.name, errors)
        return Step(rule, quantity.name, (equation,), names, words)

    def _function(self, quantity: Quantity) -> str:
        """The function of the errors that a quantity adds up."""
        formulas = (self.graph[name].formula for name in (quantity.name, *self.graph.operands[quantity.name]))
        return next((formula.name for formula in formulas if isinstance(formula, Call)), "")

    def _rule(self, tensor: Tensor) -> str:
        """The code of what is said of a tensor."""
        formula = self.matrices.formula(tensor.name)
        match tensor.role:
            case Role.GRADIENT:
                return self._gradient_code(tensor, formula)
            case Role.LOCAL:
                return tensor.rule
            case Role.LOSS:
                is_later = tensor.label.kind == "later"  # the same with other parameters
                return f"matrix_{(self.graph.tensor[tensor.label.of] if is_later else tensor).label.kind}"
            case Role.AFTER:
                return f"after_matrix_{tensor.rule.removeprefix('after_')}"
        if vector_call(formula) is not None:
            return "matrix_softmax"
        return f"matrix_{self._forward_rule(self.graph[tensor.names[0]])}"

    def _gradient_code(self, tensor: Tensor, formula: Formula | None) -> str:
        """What is said of a gradient: how it comes from others, or that it comes from the error itself."""
        used = references(formula) if formula is not None else (derivative_name(self.round.loss, ""),)
        if not any(name.startswith(derivative_name(self.round.loss, "")) for name in used):
            return "matrix_local_loss"
        if isinstance(formula, Ref) and tensor.rule != "matrix_gradient_biases":
            return "matrix_gradient_same"
        if tensor.rule == "matrix_gradient_biases" and not isinstance(formula, Ref):
            is_subtracted = isinstance(formula, Neg) and isinstance(formula.body, Ref)
            return "matrix_gradient_thresholds" if is_subtracted else "matrix_gradient_shared"
        if isinstance(formula, Hadamard) and self._is_through_shares(tensor):
            return "matrix_gradient_shares"
        if tensor.rule == "matrix_gradient_pres" and not isinstance(formula, Hadamard):
            return "matrix_gradient"
        return tensor.rule

    def _is_through_shares(self, tensor: Tensor) -> bool:
        """Whether what a gradient is of goes into a softmax."""
        users = self.graph.consumers[self.graph.tensor[tensor.label.wrt].names[0]]
        return any(isinstance(call := self.graph[user].formula, Call) and call.name in VECTORS for user in users)

    def _said(self, tensor: Tensor) -> tuple[dict[str, str], dict[str, str]]:
        """The quantities and words that the sentence of a step may name."""
        label, names = tensor.label, {"target": tensor.name}
        if label.wrt:
            names |= {"wrt": label.wrt, "of": label.of}
        elif label.of:
            names["old"] = label.of
        first = self.graph[tensor.names[0]]
        formula = self.graph[first.label.of].formula if tensor.role is Role.LOCAL else first.formula
        inside = self.matrices.formula(tensor.name)
        used = references(inside) if inside is not None else ()
        names |= {"first": used[0]} if used else {}
        return names, {"function": formula.name} if isinstance(formula, Call) else {}

    def _updating(self, group: str = "") -> dict[str, str]:
        names = super()._updating(group)
        gradient = self.tensor_of.get(names.get("gradient", ""))
        return {**names, "gradient": gradient.name} if gradient is not None else names

    # --- gradients ---

    def _chain_rule(self) -> Section:
        """What the chain rule says of the last layers, in symbols only."""
        loss = self.round.loss
        made = [t for t in self.graph.tensors if t.role is Role.GRADIENT and t.label.of == loss and self._chained(t)]
        place = {name: number for number, name in enumerate(self.round.groups)}
        made.sort(key=lambda tensor: -place.get(tensor.group, -1))
        deltas = [tensor for tensor in made if tensor.label.kind in DELTAS.values()][:2]
        targets = [tensor for tensor in made if set(tensor.names) <= set(self._target_gradients())]
        kinds = {self.graph.tensor[tensor.label.wrt].label.kind: tensor for tensor in reversed(targets)}
        shown = (deltas + list(reversed(kinds.values())))[:_CHAIN]
        if not shown:
            return super()._chain_rule()
        equations = tuple(self.matrices.symbolic(tensor.name, self._put_together(tensor)) for tensor in shown)
        names = {"loss": loss, "delta": shown[0].name, "wrt": shown[0].label.wrt}
        rule = "matrix_chain" if deltas else "matrix_chain_plain"
        return Section("matrix_chain_rule", (Step(rule, shown[0].name, equations, names),), names=names)

    def _chained(self, tensor: Tensor) -> bool:
        return tensor.rule != "matrix_local_loss" and self.matrices.formula(tensor.name) is not None

    def _target_gradients(self) -> list[str]:
        return [derivative_name(self.round.loss, name) for name in self.round.targets]

    def _put_together(self, tensor: Tensor) -> Formula:
        """A layer's δ with what comes back to its outputs put in: (Wᵀ δ) ⊙ σ′(z)."""
        formula = self.matrices.formula(tensor.name)
        assert formula is not None
        if not isinstance(formula, Hadamard) or tensor.label.kind not in DELTAS.values():
            return formula
        back: dict[str, Formula] = {}
        for name in references(formula):
            other = self.graph.tensor.get(name)
            inside = self.matrices.formula(name) if other is not None and other.role is Role.GRADIENT else None
            if inside is not None and other is not None and other.rule != "matrix_local_loss":
                back[name] = inside
        return substitute(formula, back)

    def _backward(self, group: str) -> Iterator[Step]:
        """The gradients of one group: tensors, and parameters that stand in none."""
        wanted = [q for q in self.round.gradients if self._group(q.label.wrt) == group]
        targets = frozenset(self._target_gradients())
        items = self._in_order(wanted)
        short = self._shortened(items)
        passed = {derivative_name(self.graph.tensor[name].label.of, way.post) for name, way in short.items()}
        for item in items:
            if item.name in passed:
                continue
            if item.name in short:
                yield self._in_line(item.name, short[item.name])
            elif isinstance(item, Tensor):
                yield from self._slopes(item)
                yield from self._tensor(item)
            elif item.name in targets and item.name not in self.shown:
                yield self._loose(item)

    def _shortened(self, items: Iterable[Tensor | Quantity]) -> dict[str, ShortWay]:
        """The gradients that go by the short way through softmax and cross-entropy, once that has been shown."""
        tensors = (item.name for item in items if isinstance(item, Tensor) and item.role is Role.GRADIENT)
        pairs = {name: way for name in tensors if (way := self.matrices.short_softmax(name)) and way.adds_up}
        short = pairs if self.paired else dict([*pairs.items()][1:])
        self.paired = self.paired or bool(pairs)
        return short

    def _in_line(self, name: str, way: ShortWay) -> Step:
        tensor = self.graph.tensor[name]
        self.firsts.is_full(self.firsts.telling(tensor.names))
        self.shown |= {name, *tensor.names}
        names, words = self._said(tensor)
        return Step("gradient_short", name, (way.later,), names, words, full=False)

    def _slopes(self, tensor: Tensor) -> Iterator[Step]:
        """The derivatives of functions that a gradient has in it, where they have not been shown."""
        formula = self.matrices.formula(tensor.name)
        for name in references(formula) if formula is not None else ():
            made = self.graph.tensor.get(name)
            if made is not None and made.role is Role.LOCAL and name not in self.shown:
                yield from self._tensor(made)

    def _loose(self, quantity: Quantity) -> Step:
        """The gradient of a parameter that stands in no tensor."""
        if self.matrices.formula(quantity.name) is None:
            return self._gradient(quantity)
        self.shown.add(quantity.name)
        names, words = self._speaking(quantity)
        equation = self.matrices.single(quantity.name)
        return Step("matrix_gradient_shared", quantity.name, (equation,), names, words)

    def _in_short(self, tensor: Tensor) -> tuple[Step, ...]:
        """The short form of a gradient before softmax and cross-entropy."""
        found = self.matrices.short_softmax(tensor.name)
        if found is None:
            return ()
        names = {"gradient": tensor.name, "post": found.post, "wanted": found.target}
        rule = "softmax_rule" if found.adds_up else "softmax_rule_any"
        return (self._short_way(rule, tensor.name, found.first, names, found.pair),)
