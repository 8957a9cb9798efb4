"""A set and one of its problems -> `Task`: the problem worked once, its blanks, its choices and its requirements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property

from generator.definitions.problem import Worksheet, load
from generator.definitions.source import Location
from generator.errors import FormulaError
from generator.formula.tree import Num, Ref, shortest
from generator.graph.quantities import Role
from generator.graph.wholes import entries_called
from generator.pipeline import Worked, givens, work
from generator.sets.draw import fields, uniform
from generator.sets.model import Exercise, SetFile
from generator.sets.ranges import Choices, choices
from generator.sets.require import Comparison, requirement
from generator.solve.rounding import Carry, Rounding
from generator.solve.traces import Trace, trace
from generator.views.effort import Effort
from generator.views.worksheet import worksheet

# What may be asked for by group: the roles of the quantities in it.
GROUPS: Mapping[str, Role] = {
    "forward": Role.FORWARD,
    "error": Role.LOSS,
    "local": Role.LOCAL,
    "gradients": Role.GRADIENT,
    "updates": Role.UPDATE,
    "after": Role.AFTER,
}
_UNITS = tuple(Fraction(1, parts) for parts in (1, 2, 4, 10, 20, 100))  # in which points are shared out


@dataclass(frozen=True)
class Blank:
    """A blank of the worksheet: its number, the quantity that belongs there, and what it is worth."""

    number: int
    quantity: str
    points: Fraction


@dataclass(frozen=True)
class Task:
    """A problem of a set, ready to be varied: `worked` has the definition's numbers, `choices` says what varies."""

    exercise: Exercise
    worked: Worked
    blanks: tuple[Blank, ...]
    choices: Mapping[str, Choices]
    requirements: tuple[tuple[str, tuple[Comparison, ...]], ...]

    @property
    def id(self) -> str:
        """The problem's id."""
        return self.exercise.id

    @property
    def rounding(self) -> Rounding:
        """How the problem's numbers are shown."""
        return self.worked.trace.rounding

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The quantities of the blanks, in their order."""
        return tuple(blank.quantity for blank in self.blanks)

    @cached_property
    def needed(self) -> frozenset[str]:
        """What is asked and all that it is computed from."""
        return self.worked.graph.needed(*self.asked)

    @cached_property
    def space(self) -> int:
        """How many different variants the choices allow."""
        product = 1
        for one in self.choices.values():
            product *= len(one.values)
        return product

    def drawn(self, secret: bytes, name: str, student: str, attempt: int) -> dict[str, int]:
        """Which of its values each varying given takes, in one draw for a student in the set called `name`."""
        return {
            given: one.place(uniform(secret, fields(name, self.id, student, given), attempt, one.total))
            for given, one in self.choices.items()
        }

    def numbers(self, places: Mapping[str, int]) -> dict[str, Fraction]:
        """The exact values that a draw stands for."""
        return {given: self.choices[given].values[place] for given, place in places.items()}

    def variant(self, values: Mapping[str, Fraction]) -> Worked:
        """The problem with other givens, every digit certain. Raises `SolveError` where a quantity has no value."""
        return _variant(self.worked, values)

    def student(self, variant: Worked) -> Trace:
        """What somebody gets who rounds every step as it is shown."""
        return trace(variant.graph, replace(self.rounding, carry=Carry.SHOWN))

    def tolerance(self, shown: Fraction) -> Fraction:
        """How far an answer may be from the shown value: so many units of its last digit."""
        return self.exercise.tolerance * Fraction(10) ** -self.rounding.unit(shown)

    def allowed(self, shown: str) -> str:
        """The tolerance of an answer as it is printed; with fixed decimals it is the same for every answer."""
        if self.rounding.uniform:
            return self._allowed
        return self.rounding.written(shortest(self.tolerance(Fraction(shown))))

    @cached_property
    def _allowed(self) -> str:
        return shortest(self.tolerance(Fraction(0)))


def tasks(homework: SetFile) -> tuple[Task, ...]:
    """The problems of a set, worked. Raises `DefinitionError` at the line of the set that cannot be used."""
    return tuple(_task(homework, number) for number in range(len(homework.files)))


def _task(homework: SetFile, number: int) -> Task:
    exercise, place = homework.homework.problems[number], ("problems", number)
    definition = load(homework.files[number])
    as_given = work(definition)
    asked = _asked(homework, place, as_given, exercise)
    sheet = Worksheet(level=exercise.level, ask=asked)
    # Remarks speak of the definition's own numbers, and training takes longer than all the rest.
    problem = definition.problem.model_copy(update={"training": None, "remarks": (), "worksheet": sheet})
    problem = problem.varying(_varied(as_given, exercise))
    own = work(definition.model_copy(update={"problem": problem}))
    varied = _choices(homework, (*place, "vary"), own, exercise)
    if own.graph.diagram is not None:
        own = replace(own, graph=replace(own.graph, diagram=own.graph.diagram.varying(varied)))
    asked = tuple(answer.quantity for answer in worksheet(own, exercise.level).answers)
    if not asked:
        raise homework.source.error((*place, "ask"), "a worksheet without a blank", "something that is computed")
    effort = Effort(own.graph)
    points = shared(exercise.points, [effort.of([name]) for name in asked])
    blanks = tuple(
        Blank(number, name, worth) for number, (name, worth) in enumerate(zip(asked, points, strict=True), 1)
    )
    return Task(exercise, own, blanks, varied, tuple(_requirements(homework, place, own, exercise)))


def _varied(worked: Worked, exercise: Exercise) -> Iterator[str]:
    """The givens that vary, by their own name or by their kind, and the vector or matrix that they are entries of."""
    for kind, names in givens(worked).items():
        for name in names:
            if name in exercise.vary or kind in exercise.vary:
                yield name
                yield worked.graph[name].label.of or name


def _variant(worked: Worked, values: Mapping[str, Fraction]) -> Worked:
    graph = replace(worked.graph, givens={**worked.graph.givens, **values})
    return replace(worked, graph=graph, trace=trace(graph, worked.trace.rounding))


def shared(points: Fraction, efforts: Sequence[int]) -> tuple[Fraction, ...]:
    """Points for blanks, in quarters where there are enough of them, so that they can be added up by hand.

    All blanks are worth the same where that is a whole number of quarters. Else the unit is the largest of which each
    blank has two, or at least one; what is over goes, unit by unit, to the blanks that take the most operations.
    """
    count = len(efforts)
    if (points / count * 4).denominator == 1:
        return (points / count,) * count
    split = _UNITS.index(Fraction(1, 4)) + 1  # what can be added up by hand, and what is finer
    tried = ((unit, times) for units in (_UNITS[:split], _UNITS[split:]) for times in (2, 1) for unit in units)
    least = ((unit, times) for unit, times in tried if unit * times * count <= points)
    unit = next(least, (_UNITS[-1], 0))[0]
    each, over = divmod(points / unit, count)
    worth = [each * unit] * count
    hardest = sorted(range(count), key=lambda number: -efforts[number])
    for number in hardest[: int(over)]:
        worth[number] += unit
    worth[hardest[0]] += (over - int(over)) * unit  # what is no whole number of units
    return tuple(worth)


def _asked(homework: SetFile, place: Location, worked: Worked, exercise: Exercise) -> tuple[str, ...]:
    """The quantities that `ask` names, one by one or by groups and steps."""
    found: list[str] = []
    steps: dict[str, list[str]] = {}
    for section in worked.sections("all"):
        targets = [step.target for step in section.walk() if step.rule != "chain_example"]
        steps.setdefault(f"{section.code}/{section.group}" if section.group else section.code, []).extend(targets)
    computed = [q.name for q in worked.graph if q.formula is not None]
    # A constant, or another quantity's value under a new name, is asked for only by its own name.
    worth = {q.name for q in worked.graph if not isinstance(q.formula, Num | Ref | None)}
    for number, name in enumerate(exercise.ask):
        if own := [entry for entry in entries_called(worked.graph, name) if entry in computed]:
            found += own
        elif name in GROUPS:
            found += [q.name for q in worked.graph.of_role(GROUPS[name]) if q.name in worth]
        elif name in steps:
            found += [target for target in steps[name] if target in worth]
        else:
            known = [*computed, *GROUPS, *steps]
            near = get_close_matches(name, known, n=3) or [*GROUPS, *steps]
            raise homework.source.error(
                (*place, "ask", number),
                f"`{name}`",
                f"a computed quantity, a group or a step, such as {', '.join(near)}",
            )
    return tuple(dict.fromkeys(found))


def _choices(homework: SetFile, place: Location, worked: Worked, exercise: Exercise) -> Mapping[str, Choices]:
    """For each given that varies, in the graph's order, what it can be; a name goes before its kind."""
    kinds = givens(worked)
    names = [name for group in kinds.values() for name in group]
    for key in exercise.vary:
        if key in worked.graph.fixed:
            raise homework.source.error((*place, key), f"`{key}`", "a given that is no index and no end of a loop")
        if key not in names and key not in kinds:
            near = get_close_matches(key, [*names, *kinds], n=3) or [*kinds, *names]
            raise homework.source.error((*place, key), f"`{key}`", f"a given or a kind of givens: {', '.join(near)}")
    made: dict[str, Choices] = {}
    for kind, group in kinds.items():
        for name in group:
            key = name if name in exercise.vary else kind
            if key in exercise.vary and name not in worked.graph.fixed:
                made[name] = choices(homework.source, exercise.vary[key], (*place, key))
                endless = next((value for value in made[name].values if "/" in shortest(value)), None)
                if endless is not None:
                    raise homework.source.error((*place, key), f"`{shortest(endless)}`", "decimals that end")
    return made


def _requirements(
    homework: SetFile, place: Location, worked: Worked, exercise: Exercise
) -> Iterator[tuple[str, tuple[Comparison, ...]]]:
    for number, text in enumerate(exercise.require):
        try:
            yield text, requirement(text, [q.name for q in worked.graph])
        except FormulaError as error:
            where = (*place, "require", number)
            raise homework.source.error(where, f"`{text}`", f"a requirement ({error})") from None
