"""Givens and named formulas in plain infix -> the graph of their entries, with what is differentiated and updated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from generator.definitions.nested import flat
from generator.formula.extremes import PLACES
from generator.formula.functions import plain_name
from generator.formula.grids import Grid, Line, Value, names_of, referring
from generator.formula.made import Made
from generator.formula.naming import lines
from generator.formula.ordering import ORDERED
from generator.formula.recurrences import batches, in_order, recurs
from generator.formula.tree import CIRCULAR, Call, Formula, Pow, Ref, rebuild, walk
from generator.formula.vectors import expand
from generator.graph.declared import named as tensors
from generator.graph.quantities import Convention, Differentiated, Graph, Label, Quantity, Role, Update, derivative_name
from generator.kinds.formulas.checks import check
from generator.kinds.formulas.circuit import circuit
from generator.kinds.formulas.entries import entry_names, for_updates, known_givens, moved
from generator.kinds.formulas.model import Definition
from generator.learning.losses import logarithm
from generator.learning.training import conventions_of, plan_of


def _gradients(tree: Formula, asked: tuple[Differentiated, ...]) -> Formula:
    """`tree` with the derivatives that the backward pass finds called by their names (others are worked in place)."""
    match tree:
        case Call("d", (Ref(of), Ref(wrt))) if any(of == done.loss and wrt in done.targets for done in asked):
            return Ref(derivative_name(of, wrt))
    return rebuild(tree, lambda part: _gradients(part, asked))


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: one quantity for each entry of each formula, in the order of the file."""
    givens: dict[str, Fraction] = {}
    quantities: list[Quantity] = []
    known = known_givens(problem)
    handed: set[str] = set()  # what is worked turn by turn with others, so never as a whole
    for name, given in problem.givens.items():
        for (entry, index), number in zip(names_of(name, known[name]), flat(given), strict=True):
            quantities.append(Quantity(entry, Role.GIVEN, Label("given", entry, index, of=name)))
            givens[entry] = number
    made = Made(givens)
    for group, _, formulas in problem.grouped():
        for batch in batches({name: problem.parsed(text) for name, text in formulas.items()}, known):
            found = lines(batch, known, made)
            for line in found:
                made.remember(line)
                known[line.name] = referring(line.name, line.value)
            together = [found] if recurs(batch) else [(line,) for line in found]
            handed.update(line.name for line in (found if recurs(batch) and len(found) > 1 else ()))
            quantities += (quantity for worked in together for quantity in _quantities(worked, group))
    whole = {name: value for name, value in known.items() if name not in handed}
    stated = (*_conventions(problem, known), *((Convention("elimination"),) if made.eliminated else ()))
    graph = replace(_updated(problem, quantities, givens, known, stated), tensors=tensors(whole))
    graph = replace(graph, flat=tuple(dict.fromkeys(made.flat)))
    return replace(graph, diagram=circuit(graph, problem.drawing))


def _quantities(worked: Sequence[Line], group: str) -> Iterator[Quantity]:
    for name, entry, index, formula in in_order(worked):
        label = Label("value", entry, index, of=name)
        yield Quantity(entry, Role.FORWARD, label, formula, "formula", group)


def _updated(
    problem: Definition,
    quantities: list[Quantity],
    givens: Mapping[str, Fraction],
    known: Mapping[str, Value],
    stated: tuple[Convention, ...],
) -> Graph:
    """The graph with what is differentiated and how its givens are updated."""
    first, *also = _asked(problem, quantities, known) or (Differentiated(""),)
    loss = first.loss
    rounds = (0,) * (problem.steps or 1)
    own = isinstance(problem.update, dict)
    trained = () if own else tuple(entry for name in problem.update for entry, _ in names_of(name, known[name]))
    work = plan_of(problem, trained, loss, problem.givens)
    updates = tuple(_own_updates(problem, known, (first, *also))) if own else work.updates
    start, computed = ([q for q in quantities if (q.formula is None) is given] for given in (True, False))
    return Graph(
        (*start, *work.givens, *computed), {**givens, **work.values}, loss, trained, "" if own else problem.rate,
        wanted=first.targets, updates=updates, rounds=rounds, conventions=stated, also=tuple(also), ties=problem.ties,
        closing=problem.closing == "all",
        fixed=tuple(entry for name in sorted(problem.fixed) for entry, _ in names_of(name, known[name])),
        columns=tuple(entry for name in problem.table for entry, _ in names_of(name, known[name])),
    )  # fmt: skip


def _asked(
    problem: Definition, quantities: Sequence[Quantity], known: Mapping[str, Value]
) -> tuple[Differentiated, ...]:
    """What is differentiated, entry by entry, in the graph's order: what comes first can be part of the others."""
    order = {quantity.name: place for place, quantity in enumerate(quantities)}
    made = []
    for _, of, wrt in problem.derivatives():
        targets = tuple(dict.fromkeys(entry for name in wrt for entry, _ in names_of(name, known[name])))
        made += [Differentiated(entry, targets) for entry, _ in names_of(of, known[of])]
    return tuple(sorted(made, key=lambda done: order[done.loss]))


def _conventions(problem: Definition, known: Mapping[str, Value]) -> Iterator[Convention]:
    """What the functions that are used take for granted."""
    texts = [text for _, _, formulas in problem.grouped() for text in formulas.values()]
    texts += problem.update.values() if isinstance(problem.update, dict) else ()
    parts = [part for text in texts for part in walk(problem.parsed(text))]
    called = {plain_name(part.name) for part in parts if isinstance(part, Call)}
    differentiated = problem.differentiate is not None or "d" in called
    if called & set(PLACES) or (differentiated and problem.ties == "first" and called & {"max", "min"}):
        yield Convention("first_of_equals")
    if called & {"rank", *ORDERED}:
        yield Convention("ranks")
    if called >= {"d"} and problem.differentiate is None and problem.ties != "first" and called & {"max", "min"}:
        yield Convention(f"extremes_{problem.ties}")  # of gradients that are quantities, every document says it
    if called & set(CIRCULAR):
        yield Convention("radians")
    for name, base in (("log", ""), ("log2", "2"), ("log10", "10")):
        if name in called:
            yield logarithm(base)
    if any(isinstance(part, Pow) and _is_square(part.base, known) for part in parts):
        yield Convention("powers_by_entry")
    if "matmul" in called:
        yield Convention("vectors_by_place")
    if problem.update and not isinstance(problem.update, dict):
        yield from conventions_of(problem)


def _is_square(tree: Formula, known: Mapping[str, Value]) -> bool:
    """Whether a name is that of a square matrix, of which a power could be a product with itself."""
    value = known.get(tree.name) if isinstance(tree, Ref) else None
    return isinstance(value, Grid) and len(value.sizes) == 2 and len(set(value.sizes)) == 1


def _own_updates(
    problem: Definition, known: Mapping[str, Value], asked: tuple[Differentiated, ...]
) -> Iterator[Update]:
    assert isinstance(problem.update, dict)
    for name, text in problem.update.items():
        value, old = expand(problem.parsed(text), for_updates(problem, known, name)), moved(problem, name)
        assert old is not None
        formulas = value.entries if isinstance(value, Grid) else (value,)
        for entry, formula in zip(entry_names(old), formulas, strict=True):
            yield Update(_gradients(formula, asked), old=entry, rule="update_own")


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: formulas
title: The chain rule on a circuit
introduction: >
  A few sentences that say what is worked here and why. Write [[q]] for a symbol and [[q=]] for a symbol and its value:
  numbers are computed, never typed.

givens: {x: -2, y: 5, z: -4} # a number, a list (a vector), a list of rows (a matrix), or of matrices

formulas: # name: a formula over what stands before it, as `w*x + b`, `exp(-x)`, `W @ x`, `sum(v)`, `a if x > 0 else b`
  q: x + y
  f: q * z

differentiate: {of: f, wrt: [x, y, z]} # or several formulas: {of: [f, q], wrt: [x, y]}
learning_rate: {eta: 0.1}
update: [x, y, z] # one step against the gradient; or new values: {x: x - f / d(f, x)}
steps: 1 # how many updates are worked

notation: default
detail: all # or first: the first of each kind
worksheet: {level: guided} # or faded, or open
"""

__all__ = ["STARTER", "Definition", "build", "check"]
