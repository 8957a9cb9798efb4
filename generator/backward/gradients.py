"""Graph -> the local gradients and gradients of one of its quantities: reverse mode over the list of quantities.

Each local gradient is the derivative of one short formula; nothing is ever substituted into anything. How products are
grouped (`Chain`) is a matter of notation, so it is an argument here: it changes which named gradients a formula goes
through, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.backward.derivative import derivative
from generator.formula.functions import LOSSES
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import Add, Call, Formula, Ref, num
from generator.graph.quantities import Graph, Label, Quantity, Role, derivative_name
from generator.graph.windows import made_by_windows
from generator.notation.writer import Chain


def gradients(graph: Graph, targets: Iterable[str], chain: Chain) -> tuple[Quantity, ...]:
    """The derivatives of `graph.loss` with respect to `targets` and to all that stands between them and the loss."""
    return _Gradients(graph, tuple(targets), chain).run()


class _Gradients:
    """The backward pass under construction: quantities are appended in the order of computing."""

    def __init__(self, graph: Graph, targets: tuple[str, ...], chain: Chain) -> None:
        self.graph, self.targets, self.chain = graph, targets, chain
        self.made: dict[str, Quantity] = {}
        self.needed = graph.computing(graph.loss)
        self.calls: dict[Formula, str] = {q.formula: q.name for q in graph if isinstance(q.formula, Call)}
        self.active = self._active()
        self.terms = self._terms()
        self.reached = self._reached()
        self.shared = self._shared()
        self.slid = made_by_windows(graph)  # inlined, it would be written out in the sum of every weight of a filter
        self.round = graph[graph.loss].round

    def run(self) -> tuple[Quantity, ...]:
        """Every gradient on the way from the loss to the targets, and the local gradients that they are made of."""
        loss = self.graph.loss
        targets = frozenset(self.targets)
        between = [q.name for q in self.graph if q.name in self.active and q.name not in targets]
        forward = [name for name in between if self.graph[name].role is Role.FORWARD and name != loss]
        for name in self._last_group_first([*forward, *self.targets]):
            self._gradient(loss, name)
        return tuple(self.made.values())

    def _last_group_first(self, names: list[str]) -> list[str]:
        """`names` from the group nearest the loss to the first; within a group in the graph's order."""
        groups = list(dict.fromkeys(q.group for q in self.graph if q.group))
        place = {group: -number for number, group in enumerate(groups)}
        return sorted(names, key=lambda name: place.get(self._group(name), 0))

    # --- what depends on what ---

    def _active(self) -> frozenset[str]:
        """The targets and everything computed from them on the way to the loss: where gradients flow."""
        found, flows = set(self.targets), self.needed.difference(self.graph.cut)
        for quantity in self.graph:
            is_computed = quantity.name in flows and quantity.role is not Role.UPDATE
            if is_computed and any(name in found for name in self.graph.operands[quantity.name]):
                found.add(quantity.name)
        return frozenset(found & self.needed)

    def _terms(self) -> tuple[str, ...]:
        """The error terms that the loss adds up; none where the loss is not a plain sum of losses."""
        return tuple(dict.fromkeys(self._leaves(self.graph.loss))) if self._is_plain_sum(self.graph.loss) else ()

    def _leaves(self, name: str) -> Iterator[str]:
        """What a loss adds up, where that is itself a sum of losses what that one adds up."""
        if self._is_plain_sum(name):
            for term in self.graph.operands[name]:
                yield from self._leaves(term)
        else:
            yield name

    def _is_plain_sum(self, name: str) -> bool:
        """Whether a quantity is nothing but a sum of different losses."""
        formula, terms = self.graph[name].formula, self.graph.operands[name]
        if not isinstance(formula, Add) or len(terms) != len(formula.terms):
            return False
        plain = all(isinstance(term, Ref) for term in formula.terms)
        return plain and all(self.graph[term].role is Role.LOSS for term in terms)

    def _reached(self) -> dict[str, tuple[str, ...]]:
        """For each quantity, the error terms that it feeds, in the loss's order."""
        feeds = {name: self.graph.computing(name) for name in self.terms}
        return {q.name: tuple(term for term in self.terms if q.name in feeds[term]) for q in self.graph}

    def _shared(self) -> frozenset[str]:
        """The targets that several groups use, as every time step uses the same weights."""
        places = {
            name: {self.graph[user].group for user in self.graph.consumers[name] if user in self.active}
            for name in self.targets
        }
        return frozenset(name for name, groups in places.items() if len(groups) > 1)

    def _users(self, source: str, name: str) -> list[str]:
        """What uses `name` on the way to `source` (the loss or one error term)."""
        users = [user for user in self.graph.consumers[name] if user in self.active]
        users = [user for user in users if self.graph[user].role is not Role.UPDATE]  # that belongs to a round before
        return users if source == self.graph.loss else [u for u in users if source in self.reached[u] or u == source]

    # --- gradients ---

    def _gradient(self, source: str, name: str) -> str:
        """Make sure that the gradient of `source` with respect to `name` is there; its name."""
        key = derivative_name(source, name)
        if self._is_there(key):
            return key
        if source in self.graph.consumers[name] and len(self._users(source, name)) == 1:
            return self._local(source, name)
        label = Label("derivative", of=source, wrt=name)
        if self._is_term(source, name):
            (term,) = self._users(source, name)
            formula = derivative(self.graph[term], name, self._find, self.graph.ties)
            rule = "local_loss" if self._is_error(term) else f"local_{self.graph[term].rule}"
            return self._make(key, Role.GRADIENT, formula, rule, label, name)
        products = self._products(source, name)
        rule = self._gradient_rule(source, name, len(products)) if products else "gradient_none"
        return self._make(key, Role.GRADIENT, _sum(products), rule, label, name)

    def _gradient_rule(self, source: str, name: str, products: int) -> str:
        """What is said of a gradient: one product, or a sum over paths or over the uses of one value."""
        if products == 1:
            return "gradient_chain"
        users = [self.graph[user] for user in self._users(source, name)]
        many = len(users) > 1 and self._first_label(name).kind == "weight"
        labels = [self._first_label(user.name) for user in users]
        cases = {(label.case, label.part) for label in labels}
        same = len(users) > 1 and len(cases) == len(users) and all(label.case for label in labels)
        return "gradient_uses" if many or same else "gradient_sum"

    def _first_label(self, name: str) -> Label:
        """The label that a quantity had before all updates."""
        label = self.graph[name].label
        while label.kind in ("updated", "later"):
            label = self.graph[label.of].label
        return label

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
        if len(users) > 1 and source in users:
            # Of a quantity that it also depends on by other ways, the loss's own derivative has no name to itself.
            own = derivative(self.graph[source], name, self._find, self.graph.ties)
            return [[own] if user == source else self._product(source, user, name) for user in users]
        return [self._product(source, user, name) for user in users]

    def _product(self, source: str, user: str, name: str) -> list[Formula]:
        """What comes from `source` by way of `user`, times the user's own derivative."""
        return [*self._upstream(source, user), self._factor(user, name)]

    def _factor(self, user: str, name: str) -> Formula:
        """The user's own derivative: by name, unless the name is taken by the derivative along all its ways."""
        key = derivative_name(user, name)
        if key in self.graph and self.graph[key].role is Role.GRADIENT:  # it was differentiated itself
            own = derivative(self.graph[user], name, self._find, self.graph.ties)
            return Ref(key) if self.graph[key].formula == own else own
        return Ref(self._local(user, name))

    def _per_term(self, name: str) -> bool:
        """Whether the chain style works `name` for each error term by itself."""
        if self.chain is Chain.TERMS:
            return not self._is_inner(name)
        # Named paths: only where each error term comes along a path of its own.
        users = self._users(self.graph.loss, name)
        return self.chain is Chain.PATHS and all(len(self.reached[user]) == 1 for user in users)

    def _upstream(self, source: str, user: str) -> list[Formula]:
        """The factors of the gradient of `source` with respect to `user`: one name, or its own factors inlined."""
        while user != source:  # a plain sum hands on to each of its terms what comes back to it
            users = self._users(source, user)
            if len(users) != 1 or not self._is_plain_sum(users[0]):
                break
            (user,) = users
        if user == source:
            return []
        if self._is_inlined(source, user):
            return self._products(source, user)[0]  # it has one user
        return [Ref(self._gradient(source, user))]

    def _is_inner(self, name: str) -> bool:
        """Whether all that `name` feeds is one function of it alone, as a pre-activation does."""
        users = self.graph.consumers[name]
        return len(users) == 1 and self.graph.operands[users[0]] == (name,)

    def _is_inlined(self, source: str, user: str) -> bool:
        if user in self.slid or self.chain is Chain.DELTA or (self.chain is Chain.PATHS and source != self.graph.loss):
            return False
        if self.chain is Chain.TERMS and source != self.graph.loss:
            return len(self._users(source, user)) == 1 and not self._is_term(source, user)
        if not self.shared.isdisjoint(self.graph.operands[user]):
            return False  # each use has a name of its own in the sum over the uses
        return self._is_inner(user) and len(self._users(source, user)) == 1

    def _find(self, formula: Formula) -> str | None:
        """The quantity with this formula: a derivative of one output of softmax names the others."""
        return self.calls.get(formula)

    # --- local gradients ---

    def _is_error(self, name: str) -> bool:
        """Whether a quantity is the error of one output: a loss's row with the output in it."""
        formula = self.graph[name].formula
        return isinstance(formula, Call) and formula.name in LOSSES

    def _local(self, user: str, name: str) -> str:
        """Make sure that the derivative of `user`'s own formula with respect to `name` is there; its name."""
        key = derivative_name(user, name)
        if self._is_there(key):
            return key
        role = Role.GRADIENT if user == self.graph.loss else Role.LOCAL
        kind = "loss" if self.graph[user].role is Role.LOSS and self._is_error(user) else self.graph[user].rule
        formula = derivative(self.graph[user], name, self._find, self.graph.ties)
        like = name if kind == "loss" else user
        return self._make(key, role, formula, f"local_{kind}", Label("derivative", of=user, wrt=name), like)

    def _is_there(self, key: str) -> bool:
        """Whether a derivative is worked already: here, or in a round before, of what has not changed since."""
        return key in self.made or key in self.graph

    def _make(self, key: str, role: Role, formula: Formula, rule: str, label: Label, like: str) -> str:
        self.made[key] = Quantity(key, role, label, formula, rule, self._group(like), self.round)
        return key

    def _group(self, name: str) -> str:
        """The group of a quantity; a parameter's is that of the first quantity that uses it."""
        users = [user for user in self.graph.consumers[name] if user in self.active]
        return self.graph[name].group or (self.graph[users[0]].group if users else "")


def _sum(products: list[list[Formula]]) -> Formula:
    made = [product_of(product) for product in products if product]
    if not made:
        return num(0)  # nothing on the way to the loss uses it
    return sum_of(made)
