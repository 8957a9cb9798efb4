"""Graph -> Graph with its backward pass: local gradients, gradients, updates, and the forward pass after the update.

Reverse mode over the list of quantities. Each local gradient is the derivative of one short formula; nothing is ever
substituted into anything. How products are grouped (`Chain`) is a matter of notation, so it is an argument here:
it changes which named gradients a formula goes through, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.derivative import derivative
from generator.formula import Add, Formula, Mul, Neg, Ref, num, replace
from generator.graph import Graph, Label, Quantity, Role, derivative_name, updated_name
from generator.notation import Chain
from generator.tensor_gradients import backward_tensors


def backward(graph: Graph, chain: Chain = Chain.FACTORS) -> Graph:
    """`graph` followed by every local gradient, gradient, update and value after the update."""
    made = _Backward(graph, chain).run()
    return backward_tensors(made) if chain is Chain.DELTA else made  # only it has all that matrices are made of


class _Backward:
    """The backward pass under construction: quantities are appended in the order of computing."""

    def __init__(self, graph: Graph, chain: Chain) -> None:
        self.graph, self.chain = graph, chain
        self.made: dict[str, Quantity] = {}
        self.trainable = frozenset(graph.trained)
        self.active = self._active()
        self.terms = self._terms()
        self.reached = self._reached()

    def run(self) -> Graph:
        loss = self.graph.loss
        forward = [q.name for q in self.graph.of_role(Role.FORWARD) if q.name in self.active]
        for name in self._last_group_first([*forward, *self.graph.trained]):
            self._gradient(loss, name)
        updates = [self._update(name) for name in self.graph.trained] if self.graph.rate else []
        return self.graph.extended(*self.made.values(), *updates, *(self._after() if updates else ()))

    def _last_group_first(self, names: list[str]) -> list[str]:
        """`names` from the group nearest the loss to the first; within a group in the graph's order."""
        groups = list(dict.fromkeys(q.group for q in self.graph if q.group))
        place = {group: -number for number, group in enumerate(groups)}
        return sorted(names, key=lambda name: place.get(self._group(name), 0))

    # --- what depends on what ---

    def _active(self) -> frozenset[str]:
        """Trained parameters and everything computed from them: where gradients flow."""
        found = set(self.trainable)
        for quantity in self.graph:
            if any(name in found for name in self.graph.operands[quantity.name]):
                found.add(quantity.name)
        return frozenset(found & self.graph.needed(self.graph.loss))

    def _terms(self) -> tuple[str, ...]:
        """The error terms that the loss adds up; none where the loss is not a plain sum of losses."""
        formula = self.graph[self.graph.loss].formula
        if isinstance(formula, Add) and all(isinstance(term, Ref) for term in formula.terms):
            return self.graph.operands[self.graph.loss]
        return ()

    def _reached(self) -> dict[str, tuple[str, ...]]:
        """For each quantity, the error terms that it feeds, in the loss's order."""
        feeds = {name: self.graph.needed(name) for name in self.terms}
        return {q.name: tuple(term for term in self.terms if q.name in feeds[term]) for q in self.graph}

    def _users(self, source: str, name: str) -> list[str]:
        """What uses `name` on the way to `source` (the loss or one error term)."""
        users = [user for user in self.graph.consumers[name] if user in self.active]
        return users if source == self.graph.loss else [u for u in users if source in self.reached[u] or u == source]

    # --- gradients ---

    def _gradient(self, source: str, name: str) -> str:
        """Make sure that the gradient of `source` with respect to `name` is there; its name."""
        key = derivative_name(source, name)
        if key in self.made:
            return key
        if source in self.graph.consumers[name] and len(self._users(source, name)) == 1:
            return self._local(source, name)
        label = Label("derivative", of=source, wrt=name)
        if self._is_term(source, name):
            (term,) = self._users(source, name)
            formula = derivative(self.graph[term], name)
            return self._make(key, Role.GRADIENT, formula, "local_loss", label, name)
        products = self._products(source, name)
        rule = "gradient_sum" if len(products) > 1 else "gradient_chain"
        return self._make(key, Role.GRADIENT, _sum(products), rule, label, name)

    def _is_term(self, source: str, name: str) -> bool:
        """Whether `name` is an output whose error term is all that it feeds, so that its gradient is a derivative."""
        users = self._users(source, name)
        return len(users) == 1 and (users[0] in self.terms or users[0] == source)

    def _products(self, source: str, name: str) -> list[list[Formula]]:
        """The gradient of `source` with respect to `name`, as a sum of products."""
        reached = self.reached[name]
        if source == self.graph.loss and len(reached) > 1 and self._per_term(name):
            return [[Ref(self._gradient(term, name))] for term in reached]
        users = self._users(source, name)
        return [[*self._upstream(source, user), Ref(self._local(user, name))] for user in users]

    def _per_term(self, name: str) -> bool:
        """Whether the chain style works `name` for each error term by itself."""
        if self.chain is Chain.TERMS:
            return not self._is_inner(name)
        # Named paths: only where each error term comes along a path of its own.
        users = self._users(self.graph.loss, name)
        return self.chain is Chain.PATHS and all(len(self.reached[user]) == 1 for user in users)

    def _upstream(self, source: str, user: str) -> list[Formula]:
        """The factors of the gradient of `source` with respect to `user`: one name, or its own factors inlined."""
        if user == source or (user in self.terms and source == self.graph.loss):
            return []  # the loss is the plain sum of its terms: its derivative by a term is one
        if self._is_inlined(source, user):
            (product,) = self._products(source, user)
            return product
        return [Ref(self._gradient(source, user))]

    def _is_inner(self, name: str) -> bool:
        """Whether all that `name` feeds is one function of it alone, as a pre-activation does."""
        users = self.graph.consumers[name]
        return len(users) == 1 and self.graph.operands[users[0]] == (name,)

    def _is_inlined(self, source: str, user: str) -> bool:
        if self.chain is Chain.DELTA or (self.chain is Chain.PATHS and source != self.graph.loss):
            return False
        if self.chain is Chain.TERMS and source != self.graph.loss:
            return len(self._users(source, user)) == 1 and not self._is_term(source, user)
        return self._is_inner(user) and len(self._users(source, user)) == 1

    # --- local gradients ---

    def _local(self, user: str, name: str) -> str:
        """Make sure that the derivative of `user`'s own formula with respect to `name` is there; its name."""
        key = derivative_name(user, name)
        if key in self.made:
            return key
        role = Role.GRADIENT if user == self.graph.loss else Role.LOCAL
        kind = "loss" if self._is_term(user, name) and user in (*self.terms, self.graph.loss) else self.graph[user].rule
        formula = derivative(self.graph[user], name)
        like = name if kind == "loss" else user
        return self._make(key, role, formula, f"local_{kind}", Label("derivative", of=user, wrt=name), like)

    def _make(self, key: str, role: Role, formula: Formula, rule: str, label: Label, like: str) -> str:
        self.made[key] = Quantity(key, role, label, formula, rule, self._group(like))
        return key

    def _group(self, name: str) -> str:
        """The group of a quantity; a parameter's is that of the first quantity that uses it."""
        users = self.graph.consumers[name]
        return self.graph[name].group or (self.graph[users[0]].group if users else "")

    # --- update and after ---

    def _update(self, name: str) -> Quantity:
        step = Mul((Ref(self.graph.rate), Ref(derivative_name(self.graph.loss, name))))
        formula = Add((Ref(name), Neg(step)))
        label = Label("updated", self.graph[name].label.name, of=name)
        return Quantity(updated_name(name), Role.UPDATE, label, formula, "update", self._group(name))

    def _after(self) -> Iterable[Quantity]:
        """The forward pass once more, with the updated parameters."""
        renamed = {name: updated_name(name) for name in self.active | self.trainable}
        for quantity in self.graph:
            if quantity.name in self.active and quantity.formula is not None:
                formula = replace(quantity.formula, lambda ref: Ref(renamed.get(ref.name, ref.name)))
                label = Label("after", quantity.label.name, quantity.label.index, of=quantity.name)
                yield Quantity(
                    renamed[quantity.name], Role.AFTER, label, formula, f"after_{quantity.rule}", quantity.group
                )


def paths(graph: Graph, source: str, name: str) -> Iterator[tuple[str, ...]]:
    """Every way from `name` forward to `source`, as the names passed through, one path at a time."""
    if name == source:
        yield (name,)
        return
    for user in graph.consumers[name]:
        if graph[user].role in (Role.FORWARD, Role.LOSS):
            for rest in paths(graph, source, user):
                yield (name, *rest)


def _sum(products: list[list[Formula]]) -> Formula:
    made = [product[0] if len(product) == 1 else Mul(tuple(product)) for product in products if product]
    if not made:
        return num(0)  # nothing on the way to the loss uses it
    return made[0] if len(made) == 1 else Add(tuple(made))
