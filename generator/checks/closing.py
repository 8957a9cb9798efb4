"""Graph -> Graph with what a reader can check at the end: gradients by differences, claims, errors between updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import product

from generator.checks.claims import claimed
from generator.checks.invariants import invariants
from generator.errors import SolveError
from generator.formula.tree import Add, Div, Formula, Mul, Neg, Num, Ref, num
from generator.formula.tree import replace as replace_names
from generator.graph.quantities import Check, Graph, Label, Quantity, Role, derivative_name, followed_name, updated_name
from generator.solve.exact import Exact, ball, bounds
from generator.solve.traces import solve

_STEPS = (Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000))  # the first that comes close enough is taken
_TRIED = 4  # targets, of which the first one that is felt is taken
_CLOSE = Fraction(1, 20)  # part of the gradient that a difference may be away from it
_FELT = 1e-6  # a smaller gradient is not worth a check
_TINY = Fraction(1, 10**20)  # values that are equal in theory differ by less


def with_checks(graph: Graph, claims: tuple[tuple[str, bool], ...] = ()) -> Graph:
    """`graph` with the quantities of its closing checks, and the checks. Raises `ClaimError` for a claim unread.

    A claim comes with whether its author has a sentence for it.
    """
    own = list(claimed(claims, graph))
    said = [(check.left, check.relation, check.right) for check in own]
    always = [check for check in invariants(graph) if (check.left, check.relation, check.right) not in said]
    checks = [*graph.checks, *always, *own]
    for name, step in product(_moved(graph), _STEPS):
        shifted = _difference(graph, name, step)
        if shifted is not None:
            more, check = shifted
            graph, checks = graph.extended(*more), [check, *checks]
            break
    graph = _valued(graph, checks)
    return graph.extended(*(quantity for count in range(len(graph.rounds) + 1) for quantity in _followed(graph, count)))


def _valued(graph: Graph, checks: list[Check]) -> Graph:
    """The graph with a quantity for each side of a check."""
    made: list[Quantity] = []
    valued: list[Check] = []
    for number, check in enumerate(checks, 1):
        names = (f"check{number}_left", f"check{number}_right")
        for name, side in zip(names, (check.left, check.right), strict=True):
            made.append(Quantity(name, Role.CHECK, Label("check", name), side, "check"))
        valued.append(replace(check, sides=names))
    return replace(graph.extended(*made), checks=tuple(valued))


def failed(check: Check, values: Mapping[str, Exact]) -> bool:
    """Whether a check does not hold for exact values; what no precision decides counts as holding."""
    low, high = bounds(ball(values[check.sides[0]]) - ball(values[check.sides[1]]))
    return {
        "=": low > _TINY or high < -_TINY,
        "≤": low > _TINY,
        "≥": high < -_TINY,
        "<": low >= 0,
        ">": high <= 0,
    }[check.relation]


# --- the error of all observations ---


def _followed(graph: Graph, count: int) -> Iterator[Quantity]:
    """What training is followed by, worked with the parameters after `count` of the updates."""
    if graph.followed is None or not graph.moves:
        return
    now: dict[str, Formula] = {old: Ref(updated_name(old, count)) for old, _ in graph.moves}
    for quantity in graph.followed.quantities:
        assert quantity.formula is not None
        name, label = followed_name(quantity.name, count), quantity.label
        formula = replace_names(quantity.formula, lambda ref: now.get(ref.name, ref))
        now[quantity.name] = Ref(name)
        kind = "later" if quantity.name == graph.followed.loss else "at"  # which is never written
        label = Label(kind, label.name, str(count), of=quantity.name)
        yield Quantity(name, Role.CHECK, label, formula, "check", quantity.group)


# --- a gradient by a finite difference ---


def _moved(graph: Graph) -> list[str]:
    """What may be made larger and smaller: of the first targets that are given, those that the loss feels."""
    if not graph.differentiated or graph.in_turn or graph.cut:
        return []
    loss, targets = graph.differentiated[0].loss, graph.differentiated[0].targets
    given = (name for name in targets if graph[name].formula is None)
    acting = [name for name in given if graph.operands[derivative_name(loss, name)]][:_TRIED]
    try:
        values = solve(graph) if acting else {}
    except SolveError:
        return []
    return [name for name in acting if abs(float(values[derivative_name(loss, name)][0])) > _FELT]


def _difference(graph: Graph, name: str, step: Fraction) -> tuple[tuple[Quantity, ...], Check] | None:
    """The loss with a target a little larger and a little smaller, and their difference as a check."""
    done = graph.differentiated[0]
    gradient = derivative_name(done.loss, name)
    above, below = (tuple(_shifted(graph, done.loss, name, sign * step, kind)) for sign, kind in _SIDES)
    up, down = Ref(above[-1].name), Ref(below[-1].name)
    quotient = Div(Add((up, Neg(down))), Mul((num(2), Num(step))))
    names = {"loss": done.loss, "parameter": name, "gradient": gradient, "up": up.name, "down": down.name}
    check = Check("difference", quotient, "=", quotient, names, {"step": step})
    more = (*above, *below)
    return (more, check) if _is_close(graph.extended(*more), quotient, gradient) else None


_SIDES = ((1, "above"), (-1, "below"))


def _shifted(graph: Graph, loss: str, name: str, shift: Fraction, kind: str) -> Iterator[Quantity]:
    """What the loss is computed from, where `name` differs by `shift`."""
    moved: dict[str, Formula] = {}
    amount: Formula = Num(abs(shift))
    needed = graph.needed(loss)
    for quantity in graph:
        if quantity.name == name:
            moved[name] = Add((Ref(name), amount if shift > 0 else Neg(amount)))
        elif quantity.formula and quantity.name in needed and set(quantity.operands) & moved.keys():
            made = f"{quantity.name}_{kind}"
            formula = replace_names(quantity.formula, lambda ref: moved.get(ref.name, ref))
            moved[quantity.name] = Ref(made)
            label = Label(kind, quantity.label.name, quantity.label.index, of=quantity.name)
            yield Quantity(made, Role.CHECK, label, formula, "check", quantity.group)


def _is_close(graph: Graph, quotient: Formula, gradient: str) -> bool:
    """Whether the difference comes near the gradient: not across a kink."""
    probe = Quantity("probe", Role.CHECK, Label("check"), quotient)
    try:
        values = solve(graph.extended(probe))
    except SolveError:
        return False
    found, wanted = float(values["probe"][0]), float(values[gradient][0])
    return abs(found - wanted) <= _CLOSE * abs(wanted)
