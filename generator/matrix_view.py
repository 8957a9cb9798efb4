"""Graph and Trace -> Steps in matrices: the sections of `derive`, with whole layers in place of single units."""

from __future__ import annotations

from collections.abc import Iterator

from generator.equations import DELTA, Equations
from generator.formula import Add, Call, Formula, Hadamard, Ref, substitute
from generator.graph import Graph, Role, Tensor, derivative_name, updated_name
from generator.layers import loss_operands
from generator.matrix_equations import MatrixEquations
from generator.notation import Writer
from generator.solve import Trace
from generator.steps import Equation, Section, Step

_ORDER = ("matrix_local_loss", "matrix_gradient_posts", "matrix_local_activation", "matrix_gradient_pres")
_PARAMETERS = ("matrix_gradient_weights", "matrix_gradient_biases")


def derive_matrices(graph: Graph, trace: Trace, writer: Writer, detail: str) -> tuple[Section, ...]:
    """The worked solution in matrices as sections; `detail` as in `derive` (`all` or `first`)."""
    return tuple(_Derivation(graph, trace, writer, detail).sections())


class _Derivation:
    """The derivation being written: remembers which functions and kinds of steps have been shown."""

    def __init__(self, graph: Graph, trace: Trace, writer: Writer, detail: str) -> None:
        self.graph, self.detail, self.writer = graph, detail, writer
        self.scalars = Equations(graph, trace, writer)
        self.equations = MatrixEquations(graph, trace, writer, self.scalars)
        self.groups = list(dict.fromkeys(q.group for q in graph.of_role(Role.FORWARD)))
        self.shown: set[str] = set()
        operands = loss_operands(graph)
        assert operands is not None  # every kind that declares tensors has an output among them
        self.outputs = operands[2].name

    def sections(self) -> Iterator[Section]:
        """All sections, in teaching order."""
        yield Section("matrices", tuple(self._declared()))
        for group in self.groups:
            yield Section("forward", tuple(map(self._step, self._of(Role.FORWARD, group))), group)
        yield Section("error", tuple(self._error(self.graph.loss, self.outputs, "")))
        if self.graph.trained:
            yield Section("matrix_chain_rule", (self._chain_rule(),), names={"loss": self.graph.loss})
            for group in reversed(self.groups):
                steps = tuple(self._backward(group))
                if steps:
                    yield Section("gradients_last" if group == self.groups[-1] else "gradients", steps, group)
        if self.graph.of_role(Role.UPDATE):
            yield Section("update", tuple(self._updates()))
            yield Section("after", tuple(self._after()), names={"loss": self.graph.loss})

    def _of(self, role: Role, group: str) -> list[Tensor]:
        return [tensor for tensor in self.graph.tensors if tensor.role is role and tensor.group == group]

    def _declared(self) -> Iterator[Step]:
        """Which quantities stand in which matrix: the given ones with their values."""
        for tensor in self.graph.tensors:
            if tensor.role in (Role.GIVEN, Role.FORWARD):
                equation = self.equations.entries(tensor.name, valued=tensor.role is Role.GIVEN)
                yield Step("matrices", tensor.name, (equation,), full=False)

    def _step(self, tensor: Tensor, full: bool = True) -> Step:
        names, words = self._speaking(tensor)
        equations = [self.equations.of(tensor.name, full)]
        if tensor.rule == "matrix_activation" and words["function"] not in self.shown:
            self.shown.add(words["function"])
            function = self.equations.function(tensor.name)
            equations = [function, *equations] if function is not None else equations
        return Step(tensor.rule, tensor.name, tuple(equations), names, words, full)

    def _speaking(self, tensor: Tensor) -> tuple[dict[str, str], dict[str, str]]:
        """The quantities and words that the sentence of a step may name."""
        label = tensor.label
        names = {"target": tensor.name, "loss": self.graph.loss}
        names |= {"wrt": label.wrt} if label.wrt else {"old": label.of} if label.of else {}
        if tensor.role is Role.UPDATE:
            names |= {"rate": self.graph.rate, "gradient": derivative_name(self.graph.loss, label.of)}
        call = self.graph.tensor[label.of].formula if label.kind == "slopes" else tensor.formula
        return names, {"function": call.name} if isinstance(call, Call) else {}

    # --- the error ---

    def _error(self, loss: str, outputs: str, after: str) -> Iterator[Step]:
        """The error as one product, or, where it is no sum of squares, output by output."""
        whole = self.equations.loss(loss, outputs)
        if whole is not None:
            yield Step(f"{after}matrix_error", loss, (whole,), {"target": loss}, self._loss_words())
            return
        role = Role.AFTER if after else Role.LOSS
        for quantity in self.graph.of_role(role):
            if quantity.rule in (f"{after}error", f"{after}total"):
                names = {"target": quantity.name}
                yield Step(quantity.rule, quantity.name, (self.scalars.of(quantity.name),), names, self._loss_words())

    def _loss_words(self) -> dict[str, str]:
        found = loss_operands(self.graph)
        return {"function": found[0]} if found else {}

    # --- gradients ---

    def _chain_rule(self) -> Step:
        """What the chain rule says of the last layer and of the one before it (symbols only)."""
        made = [tensor for group in reversed(self.groups) for tensor in self._gradients(group)]
        deltas = [tensor for tensor in made if tensor.rule == "matrix_gradient_pres"]
        shown = [(tensor, self._delta(tensor)) for tensor in deltas[:2]]
        shown += [(tensor, tensor.formula) for rule in _PARAMETERS for tensor in made if tensor.rule == rule][:1]
        shown += [(tensor, tensor.formula) for tensor in made if tensor.rule == _PARAMETERS[1]][:1]
        equations = [self.equations.symbolic(tensor.name, formula) for tensor, formula in shown if formula is not None]
        names = {"loss": self.graph.loss, "delta": deltas[0].name, "wrt": deltas[0].label.wrt}
        return Step("matrix_chain", deltas[0].name, tuple(equations), names)

    def _delta(self, tensor: Tensor) -> Formula | None:
        """A layer's δ with what comes back to its outputs put in: (Wᵀ δ) ⊙ σ′(z)."""
        back: dict[str, Formula] = {}
        for other in self.graph.tensors:
            if other.rule == "matrix_gradient_posts" and other.formula is not None:
                back[other.name] = other.formula
        formula = tensor.formula
        is_sum = any(isinstance(back.get(name), Add) for name in back)
        if isinstance(formula, Hadamard) and not is_sum:
            return substitute(formula, back)
        return formula

    def _gradients(self, group: str) -> list[Tensor]:
        """The tensors of a layer's backward pass in the order of working."""
        found = [*self._of(Role.LOCAL, group), *self._of(Role.GRADIENT, group)]
        return sorted(found, key=lambda tensor: (*_ORDER, *_PARAMETERS).index(tensor.rule))

    def _backward(self, group: str) -> Iterator[Step]:
        yield from map(self._step, self._gradients(group))
        for tensor in self._of(Role.GIVEN, group):
            name = derivative_name(self.graph.loss, tensor.names[0])
            if name in self.graph and derivative_name(self.graph.loss, tensor.name) not in self.graph.tensor:
                yield self._shared(name, tensor)

    def _shared(self, name: str, tensor: Tensor) -> Step:
        """The gradient of one bias for a whole layer: the sum of the layer's δ."""
        pres = next(made for made in self.graph.tensors if made.label.kind == "pres" and made.group == tensor.group)
        formula = Add(tuple(Ref(DELTA + pre) for pre in pres.names))
        names = {"target": name, "wrt": tensor.names[0], "delta": derivative_name(self.graph.loss, pres.name)}
        return Step("matrix_gradient_shared", name, (self.scalars.by_way_of(name, Ref(name), formula),), names)

    # --- update and after ---

    def _updates(self) -> Iterator[Step]:
        for tensor in self.graph.tensors:
            if tensor.role is Role.UPDATE and tensor.formula is not None:
                yield self._step(tensor, self._is_full("matrix_update"))
            elif tensor.role is Role.UPDATE:
                yield self._shared_update(tensor)

    def _shared_update(self, tensor: Tensor) -> Step:
        name, old = tensor.names[0], self.graph[tensor.names[0]].label.of
        gradient = derivative_name(self.graph.loss, old)
        names = {"target": name, "old": old, "rate": self.graph.rate, "gradient": gradient}
        equations: tuple[Equation, ...] = (self.scalars.of(name), self.equations.entries(tensor.name, valued=False))
        return Step("update", name, equations, names, full=self._is_full("update"))

    def _is_full(self, rule: str) -> bool:
        first = rule not in self.shown
        self.shown.add(rule)
        return first or self.detail == "all"

    def _after(self) -> Iterator[Step]:
        for tensor in self.graph.tensors:
            if tensor.role is Role.AFTER:
                yield self._step(tensor, self.detail == "all")
        outputs = updated_name(self.outputs)
        yield from self._error(updated_name(self.graph.loss), outputs, "after_")
