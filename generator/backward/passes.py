"""Graph -> Graph with its backward pass: gradients, updates, further rounds of both, and the values after them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from generator.backward.gradients import gradients
from generator.backward.slopes import written_out
from generator.formula.tree import Formula, Ref, references, substitute
from generator.formula.tree import replace as replace_names
from generator.graph.quantities import (
    Differentiated,
    Graph,
    Label,
    Quantity,
    Role,
    Update,
    derivative_name,
    updated_name,
)
from generator.lifting.gradients import backward_tensors
from generator.notation.writer import Chain


def backward(graph: Graph, chain: Chain = Chain.FACTORS) -> Graph:
    """`graph` followed by every local gradient, gradient, update and value after the update, round by round."""
    made = _Rounds(written_out(graph), chain).run()
    return backward_tensors(made) if chain is Chain.DELTA else made  # by other ways there is not all that it takes


class _Rounds:
    """The rounds under construction. `now` maps a name of the graph as it was built to what has taken its place."""

    def __init__(self, graph: Graph, chain: Chain) -> None:
        self.start, self.graph, self.chain = graph, graph, chain
        self.now: dict[str, str] = {}
        self.moved = frozenset(line.old for line in graph.updates if line.old)
        self.single = len(graph.rounds) == 1

    def run(self) -> Graph:
        """The whole graph."""
        done: list[Differentiated] = []
        for number, place in enumerate(self.start.rounds):
            loss = self._forward(place, number, number)
            done.append(self._gradients(loss, number))
            done += (self._more(more, number) for more in self.start.also)
            self._update(number)
        if self.start.updates and self.start.closing:
            self._after()
        return replace(self.graph, differentiated=tuple(done))

    def _add(self, quantities: Iterable[Quantity]) -> None:
        self.graph = self.graph.extended(*quantities)

    # --- forward ---

    def _pass(self, place: int) -> tuple[tuple[Quantity, ...], str]:
        if place == 0:
            return self.start.quantities, self.start.loss
        made = self.start.passes[place - 1]
        return made.quantities, made.loss

    def _forward(self, place: int, updates: int, number: int, role: Role | None = None) -> str:
        """Compute a pass with what has taken the givens' places after `updates` rounds; the name of its loss now."""
        quantities, loss = self._pass(place)
        self._add(self._computed(quantities, updates, number, role))
        return self.now.get(loss, loss)

    def _computed(
        self, quantities: tuple[Quantity, ...], updates: int, number: int, role: Role | None
    ) -> Iterator[Quantity]:
        changed = set(self.moved) if updates else set()
        for quantity in quantities:
            formula = quantity.formula
            if formula is None or not changed.intersection(quantity.operands):
                if quantity.name not in self.graph:
                    yield quantity
                continue
            changed.add(quantity.name)
            if quantity.name not in self.graph:  # the first time that this pass has its turn
                yield replace(quantity, formula=self._current(formula), round=number)
                continue
            name = updated_name(quantity.name, updates)
            if name in self.graph:  # another pass has it too
                continue
            label = self._label("after", quantity, updates)
            self.now[quantity.name] = name
            rule = f"after_{quantity.rule}" if role else quantity.rule
            yield Quantity(name, role or quantity.role, label, self._current(formula), rule, quantity.group, number)

    def _label(self, kind: str, quantity: Quantity, updates: int) -> Label:
        label = quantity.label
        if self.single:
            return Label(kind, label.name, label.index, of=quantity.name)
        return Label("later", label.name, str(updates), of=quantity.name)

    def _current(self, formula: Formula) -> Formula:
        return replace_names(formula, lambda ref: Ref(self.now.get(ref.name, ref.name)))

    # --- backward ---

    def _more(self, more: Differentiated, number: int) -> Differentiated:
        """The derivatives of another quantity than the loss."""
        of, now = self.now.get(more.loss, more.loss), [self.now.get(name, name) for name in more.targets]
        self._add(self._made(of, now))
        for name, current in zip(more.targets, now, strict=True):
            self.now[derivative_name(more.loss, name)] = derivative_name(of, current)
        return Differentiated(of, tuple(now), number)

    def _made(self, loss: str, targets: list[str]) -> tuple[Quantity, ...]:
        """The gradients of `loss`, none of which goes through what is cut, or what is flat."""
        cut = tuple(self.now.get(name, name) for name in (*self.start.cut, *self.start.flat))
        return gradients(replace(self.graph, loss=loss, cut=cut), targets, self.chain)

    def _gradients(self, loss: str, number: int) -> Differentiated:
        targets = tuple(dict.fromkeys((*self.start.trained, *self.start.wanted)))
        if not loss or not targets:
            return Differentiated(loss, round=number)
        now = [self.now.get(name, name) for name in targets]
        made = self._made(loss, now)
        for name, current in zip(targets, now, strict=True):
            self.now[derivative_name(self.start.loss, name)] = derivative_name(loss, current)
        self._add(self._in_turn(made, loss, dict(zip(now, targets, strict=True))) if self.start.in_turn else made)
        return Differentiated(loss, tuple(now), number)

    def _in_turn(self, made: Iterable[Quantity], loss: str, names: dict[str, str]) -> Iterator[Quantity]:
        """Gradients, and as soon as those of a group are there its updates; later ones go through the new values.

        `names` maps what is differentiated by to its name in the graph as it was built.
        """
        gradient_of = {derivative_name(loss, current): current for current in names}
        waiting = [(q.group, q.name) for q in made if q.name in gradient_of]
        moved: dict[str, Formula] = {}
        ready: list[str] = []
        worked: set[str] = set()
        for quantity in made:
            formula = quantity.formula
            if formula is not None and quantity.role is Role.LOCAL and quantity.label.wrt not in names:
                formula = substitute(formula, moved)
            yield replace(quantity, formula=formula)
            if quantity.name in gradient_of:
                waiting.remove((quantity.group, quantity.name))
                ready.append(gradient_of[quantity.name])
                if quantity.group not in [group for group, _ in waiting]:
                    for line in self._lines({names[current] for current in ready}):
                        update = self._updated(line, quantity.round)
                        moved[self.now.get(line.old, line.old)] = Ref(update.name)
                        if update.name not in worked:  # such as the count of updates, which all parameters share
                            worked.add(update.name)
                            yield replace(update, group=quantity.group)
                    ready = []

    # --- update and after ---

    def _lines(self, parameters: Container[str]) -> list[Update]:
        """The lines of the update that some parameters' new values are made of, in order."""
        found: list[Update] = []
        needed: set[str] = set()
        for line in reversed(self.start.updates):
            if line.old in parameters or _made(line) in needed:
                needed.update(references(line.formula))
                found.append(line)
        return found[::-1]

    def _update(self, number: int) -> None:
        made: dict[str, str] = {}  # what takes the places when all lines are worked
        worked: list[Quantity] = []
        for line in self.start.updates:
            quantity = self._updated(line, number)
            if quantity.name not in self.graph:  # in turn, it has been worked among the gradients
                worked.append(quantity)
            if line.old:
                made[line.old] = quantity.name
        self._add(worked)
        self.now |= made

    def _updated(self, line: Update, number: int) -> Quantity:
        """What one line of the update makes; the lines after it are computed with that."""
        name = updated_name(line.old, number + 1) if line.old else _on_the_way(line.name, number)
        label, group = self._update_label(line, number), self._group(line.old)
        made = Quantity(name, Role.UPDATE, label, self._current(line.formula), line.rule, group, number)
        self.now[_made(line)] = name
        return made

    def _update_label(self, line: Update, number: int) -> Label:
        if line.old:
            return self._label("updated", self.start[line.old], number + 1)
        label = line.label or Label("value", line.name)
        if line.stepped:
            return label if self.single else replace(label, step=str(number + 1))
        return label if not number else Label("later", line.name, str(number), of=line.name)

    def _group(self, name: str) -> str:
        """The group of an updated quantity: its own, or that of the first one that uses it."""
        users = self.start.consumers[name] if name else ()
        own = self.start[name].group if name else ""
        return own or (self.start[users[0]].group if users else "")

    def _after(self) -> None:
        """The forward passes once more, with what the last round made."""
        rounds = len(self.start.rounds)
        for place in dict.fromkeys(self.start.rounds):
            self._forward(place, rounds, rounds, Role.AFTER)


def _made(line: Update) -> str:
    """What the lines after it call what a line makes."""
    return updated_name(line.old) if line.old else line.name


def _on_the_way(name: str, number: int) -> str:
    return updated_name(name, number) if number else name
