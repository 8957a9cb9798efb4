"""Givens and named formulas in plain infix -> the graph of their entries, with what is differentiated and updated.

Longer than 250 lines because a kind is one file: its model, its checks, its graph and its starter definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from generator.definitions.problem import NUMBER_SCHEMA, Finding, Model, Name, Texts, exact
from generator.definitions.source import Location
from generator.errors import FormulaError, nearest
from generator.formula.extremes import Ties
from generator.formula.functions import SYNONYMS
from generator.formula.grids import Grid, Value, named, names_of, referring, vector
from generator.formula.infix import parse
from generator.formula.inlining import OwnFunction, inlined, own_functions, with_named_logarithms
from generator.formula.naming import lines
from generator.formula.tree import CIRCULAR, Call, Formula, MatMul, Ref, rebuild, references, walk
from generator.formula.vectors import expand, function_names
from generator.graph.declared import named as tensors
from generator.graph.quantities import Convention, Differentiated, Graph, Label, Quantity, Role, Update, derivative_name
from generator.learning.losses import logarithm
from generator.learning.training import Learning, check_brought, check_learning, check_training, conventions_of, plan_of


def _given(value: object) -> object:
    """A number, a list of numbers (a vector) or a list of lists of the same length (a matrix), exact."""
    if not isinstance(value, list):
        return exact(value)
    if value and all(isinstance(row, list) for row in value):
        if len({len(row) for row in value}) != 1 or not value[0]:
            raise ValueError("a matrix whose rows have the same length")
        return tuple(tuple(exact(entry) for entry in row) for row in value)
    if not value or any(isinstance(entry, list) for entry in value):
        raise ValueError("a number, a list of numbers, or a list of rows")
    return tuple(exact(entry) for entry in value)


_NUMBERS: dict[str, Any] = {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}
_GIVEN_SCHEMA = {"anyOf": [NUMBER_SCHEMA, _NUMBERS, {"type": "array", "items": _NUMBERS, "minItems": 1}]}
Given = Annotated[Any, BeforeValidator(_given), WithJsonSchema(_GIVEN_SCHEMA)]


class Part(Model):
    """Formulas under one heading."""

    title: Texts
    formulas: dict[Name, str] = Field(min_length=1)


class Derivative(Model):
    """What is differentiated (all of it, where it is a vector or several), and with respect to what."""

    of: Name | Annotated[tuple[Name, ...], Field(min_length=1)]
    wrt: tuple[Name, ...] = Field(min_length=1)


class Definition(Learning):
    """Any computation by named formulas, with derivatives and repeated updates where they are asked for."""

    kind: Literal["formulas"]
    givens: dict[Name, Given] = Field(min_length=1)
    functions: dict[str, str] = Field(
        default_factory=dict, description="`f(x, y)`: a formula over x and y, which formulas then can call"
    )
    formulas: dict[Name, str] = Field(default_factory=dict, description="name: a formula over what stands before it")
    parts: tuple[Part, ...] = Field((), description="formulas under headings, instead of `formulas`")
    say: dict[Name, Texts] = Field(default_factory=dict, description="name: the sentence before its formula")
    differentiate: Derivative | Annotated[tuple[Derivative, ...], Field(min_length=1)] | None = Field(
        None, description="`{of: f, wrt: [x]}`, or several: `{of: [f, g], wrt: [x]}`, or a list of these"
    )
    update: tuple[Name, ...] | dict[Name, str] = Field(
        (), description="givens that take gradient steps; or given: its new value, where d(f, x) is a derivative"
    )
    closing: Literal["all", "none"] = Field("all", description="what is computed once more with the last new values")
    table: tuple[Name, ...] = Field((), description="what the table of the values, update by update, has")
    ties: Ties = Field("first", description="whose slope a max or min has where several of its arguments are equal")

    @cached_property
    def own(self) -> Mapping[str, OwnFunction]:
        """The author's own functions."""
        return own_functions(self.functions)

    def parsed(self, text: str) -> Formula:
        """A formula with the author's own functions written out."""
        return with_named_logarithms(inlined(parse(text), self.own))

    def derivatives(self) -> Iterator[tuple[Location, str, tuple[str, ...]]]:
        """What is differentiated, one formula after the other: where it is asked for, its name, by which givens."""
        asked = self.differentiate
        listed = asked if isinstance(asked, tuple) else () if asked is None else (asked,)
        for number, each in enumerate(listed):
            place: Location = ("differentiate", number) if isinstance(asked, tuple) else ("differentiate",)
            if isinstance(each.of, str):
                yield (*place, "of"), each.of, each.wrt
            else:
                yield from (((*place, "of", at), name, each.wrt) for at, name in enumerate(each.of))

    def heading(self, group: str, language: str) -> str:
        """The title of the part that a group is."""
        place = group.removeprefix("part:")
        return self.text(self.parts[int(place)].title, language) if group != place else ""

    def sentence(self, name: str, language: str) -> str:
        """What the author says before a formula, in every round; before a vector or matrix, or its first entry."""
        name = re.sub(r":?(_new\d*)?$", "", name)  # a whole vector or matrix is called `v:`
        said = name if name in self._formulas() else re.sub(r"(_1){1,2}$", "", name)
        return self.text(self.say[said], language) if said in self.say else ""

    def _formulas(self) -> set[str]:
        return {name for _, _, formulas in self.grouped() for name in formulas}

    def grouped(self) -> Iterator[tuple[str, Location, Mapping[str, str]]]:
        """The formulas by group, and where they stand."""
        if self.formulas:
            yield "formulas", ("formulas",), self.formulas
        for number, part in enumerate(self.parts):
            yield f"part:{number}", ("parts", number, "formulas"), part.formulas


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    known = {name: _value(name, value) for name, value in problem.givens.items()}
    taken = {entry for name, value in known.items() for entry, _ in names_of(name, value)}
    try:
        names = problem.own
    except FormulaError as error:
        yield ("functions",), f"{len(problem.functions)} functions", f"functions that can be worked: {error}"
        return
    for name in names:
        if name in function_names():
            yield ("functions",), f"`{name}`", "a name that no function has yet"
    if not (problem.formulas or problem.parts or problem.update):
        yield (), "no formula", "`formulas`, or `parts` with formulas, or `update`"
    if problem.formulas and problem.parts:
        yield ("parts",), "parts beside `formulas`", "one of the two"
    made: dict[Formula, str] = {}  # single numbers by their formulas
    for _, place, formulas in problem.grouped():
        for name, text in formulas.items():
            try:
                worked = lines(name, problem.parsed(text), known, made)
            except FormulaError as error:
                yield (*place, name), f"`{text}`", f"a formula that can be worked: {error}"
                return
            for own, value in worked:
                entries = {entry for entry, _ in names_of(own, value)}
                if own in known or taken & entries:
                    yield (*place, name), f"`{own}`, which is taken", "a name of its own"
                    return
                known[own] = referring(own, value)
                taken |= entries
                if not isinstance(value, Grid):
                    made.setdefault(value, own)
    for name in problem.say:
        if name not in known or name in problem.givens:
            yield ("say", name), f"`{name}`", "the name of a formula"
    changing = _changing(problem)
    for number, name in enumerate(problem.table):
        if name not in changing:
            near = nearest(name, changing)
            yield ("table", number), f"`{name}`", f"what is updated, or a formula that changes with it{near}"
    yield from _check_derivatives(problem, known)
    yield from _check_updates(problem, known, taken)


def _changing(problem: Definition) -> list[str]:
    """What has other values after an update: what is updated, and the formulas with that in them."""
    found = list(problem.update)
    for _, _, formulas in problem.grouped():
        found += (name for name, text in formulas.items() if set(references(problem.parsed(text))) & set(found))
    return found


def _check_derivatives(problem: Definition, known: Mapping[str, Value]) -> Iterator[Finding]:
    seen: set[str] = set()
    by_gradients = isinstance(problem.update, tuple) and bool(problem.update)
    for place, of, wrt in problem.derivatives():
        if of not in known or of in problem.givens:
            near = nearest(of, (name for name in known if name not in problem.givens))
            yield place, f"`{of}`", f"the name of a formula{near}"
        elif by_gradients and isinstance(known[of], Grid):
            found, expected = f"`{of}`, which is {known[of]}", "a formula that is one number"
            yield place, found, f"{expected}, where givens take gradient steps"
        elif of in seen or (seen and by_gradients):
            found = f"`{of}` a second time" if of in seen else f"`{of}` beside `{min(seen)}`"
            yield place, found, "one formula, where givens take gradient steps" if by_gradients else "each formula once"
        seen.add(of)
        start = place[: place.index("of")]
        for number, name in enumerate(wrt):
            before = list(known)[: list(known).index(of)] if of in known else list(known)
            if name not in before:
                found, near = f"`{name}`", nearest(name, before)
                yield (*start, "wrt", number), found, f"the name of a given or of a formula before `{of}`{near}"


def _check_updates(problem: Definition, known: Mapping[str, Value], taken: set[str]) -> Iterator[Finding]:
    for number, name in enumerate(problem.update):
        place = number if isinstance(problem.update, tuple) else name
        if name not in problem.givens:
            yield ("update", place), f"`{name}`", f"one of the givens: {', '.join(problem.givens)}"
            return
    moves = bool(problem.update) and problem.differentiate is not None
    yield from check_training(problem, moves, "`update`, and `differentiate` for what is to become small")
    trained = [entry for name in problem.update for entry, _ in names_of(name, known[name])]
    if isinstance(problem.update, dict):
        yield from check_brought(problem, taken, ())
        for name, text in problem.update.items():
            try:
                value = expand(problem.parsed(text), _for_updates(problem, known))
            except FormulaError as error:
                yield ("update", name), f"`{text}`", f"a formula that can be worked: {error}"
                return
            if _shape(value) != _shape(known[name]):
                yield ("update", name), f"`{text}`, which is {named(value)}", named(known[name])
        return
    if problem.update and (problem.learning_rate is None or problem.differentiate is None):
        yield ("update",), "an update by gradients", "`differentiate` and `learning_rate` beside it"
    found = [*check_learning(problem)]
    yield from found or check_brought(problem, taken, trained)


def _shape(value: Value) -> tuple[int, int] | None:
    return value.shape if isinstance(value, Grid) else None


def _value(name: str, given: object) -> Value:
    """References to the entries of a given."""
    if not isinstance(given, tuple):
        return Ref(name)
    if isinstance(given[0], tuple):
        return referring(name, Grid(tuple(tuple(Ref(name) for _ in row) for row in given)))
    return referring(name, vector(tuple(Ref(name) for _ in given)))


def _for_updates(problem: Definition, known: Mapping[str, Value]) -> dict[str, Value]:
    """What a new value may be computed from: everything that has a name."""
    return {**known, **{name: Ref(name) for name in problem.learning_rate or {}}}


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
    known: dict[str, Value] = {}
    made: dict[Formula, str] = {}  # single numbers by their formulas
    for name, given in problem.givens.items():
        known[name] = _value(name, given)
        numbers = _flat(given)
        for (entry, index), number in zip(names_of(name, known[name]), numbers, strict=True):
            quantities.append(Quantity(entry, Role.GIVEN, Label("given", entry, index, of=name)))
            givens[entry] = number
    for group, _, formulas in problem.grouped():
        for name, text in formulas.items():
            for own, value in lines(name, problem.parsed(text), known, made):
                made |= {} if isinstance(value, Grid) or value in made else {value: own}
                quantities += _quantities(own, value, group)
                known[own] = referring(own, value)
    return replace(_updated(problem, quantities, givens, known), tensors=tensors(known))


def _flat(given: Any) -> tuple[Fraction, ...]:
    if not isinstance(given, tuple):
        return (given,)
    return tuple(number for row in given for number in (row if isinstance(row, tuple) else (row,)))


def _quantities(name: str, value: Value, group: str) -> Iterator[Quantity]:
    formulas = value.entries if isinstance(value, Grid) else (value,)
    for (entry, index), formula in zip(names_of(name, value), formulas, strict=True):
        label = Label("value", entry, index, of=name)
        yield Quantity(entry, Role.FORWARD, label, formula, "formula", group)


def _updated(
    problem: Definition, quantities: list[Quantity], givens: Mapping[str, Fraction], known: Mapping[str, Value]
) -> Graph:
    """The graph with what is differentiated and how its givens are updated."""
    first, *also = _asked(problem, quantities, known) or (Differentiated(""),)
    loss = first.loss
    stated = tuple(_conventions(problem))
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


def _conventions(problem: Definition) -> Iterator[Convention]:
    """What the functions that are used take for granted."""
    texts = [text for _, _, formulas in problem.grouped() for text in formulas.values()]
    texts += problem.update.values() if isinstance(problem.update, dict) else ()
    parts = [part for text in texts for part in walk(problem.parsed(text))]
    called = {SYNONYMS.get(part.name, part.name) for part in parts if isinstance(part, Call)}
    differentiated = problem.differentiate is not None or "d" in called
    if called & {"argmax", "argmin"} or (differentiated and problem.ties == "first" and called & {"max", "min"}):
        yield Convention("first_of_equals")
    if called >= {"d"} and problem.differentiate is None and problem.ties != "first" and called & {"max", "min"}:
        yield Convention(f"extremes_{problem.ties}")  # of gradients that are quantities, every document says it
    if called & set(CIRCULAR):
        yield Convention("radians")
    for name, base in (("log", ""), ("log2", "2"), ("log10", "10")):
        if name in called:
            yield logarithm(base)
    if any(isinstance(part, MatMul) for part in parts):
        yield Convention("vectors_by_place")
    if problem.update and not isinstance(problem.update, dict):
        yield from conventions_of(problem)


def _own_updates(
    problem: Definition, known: Mapping[str, Value], asked: tuple[Differentiated, ...]
) -> Iterator[Update]:
    assert isinstance(problem.update, dict)
    for name, text in problem.update.items():
        value = expand(problem.parsed(text), _for_updates(problem, known))
        formulas = value.entries if isinstance(value, Grid) else (value,)
        for (entry, _), formula in zip(names_of(name, known[name]), formulas, strict=True):
            yield Update(_gradients(formula, asked), old=entry, rule="update_own")


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: formulas
title: The chain rule on a circuit
introduction: >
  A few sentences that say what is worked here and why. Write [[q]] for a symbol and [[q=]] for a symbol and its value:
  numbers are computed, never typed.

givens: {x: -2, y: 5, z: -4} # a number, a list (a vector) or a list of rows (a matrix)

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
