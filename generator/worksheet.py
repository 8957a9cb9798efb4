"""`Worked` and a level -> the worksheet's steps with blanks, and the answers that belong on them.

A blank is put in place of a result before anything is printed, so no value that is asked for can reach the text: what
is left of it is a number and a width that depends on the rounding only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from generator.errors import RenderError
from generator.formula import Blank, Formula, Num, Ref, references, substitute
from generator.graph import Role, derivative_name
from generator.pipeline import Worked
from generator.steps import Equation, Part, Section, Step

LEVELS = ("guided", "faded", "open")
_ROLE_KEYS = {Role.LOCAL: "local", Role.AFTER: "after"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What belongs on the blank `number`: the quantity, and what a right answer is worth."""

    number: int
    quantity: str
    points: Fraction


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet: sections whose steps have blanks, and the answers in the order of the blanks."""

    sections: tuple[Section, ...]
    answers: tuple[Answer, ...]


def worksheet(worked: Worked, level: str) -> Sheet:
    """The worksheet of a problem at a level: `guided`, `faded` or `open`. Raises `RenderError` for another level."""
    if level not in LEVELS:
        raise RenderError(f"there is no worksheet level `{level}`: expected one of {', '.join(LEVELS)}")
    sheet = _Sheet(worked, level)
    detail = "all" if level == "guided" else "first"
    sections = tuple(sheet.section(section) for section in _wanted(worked, worked.sections(detail), level))
    return Sheet(tuple(section for section in sections if _holds(section)), tuple(sheet.answers))


def _wanted(worked: Worked, sections: tuple[Section, ...], level: str) -> Iterator[Section]:
    """The sections; where something is asked for and its steps are laid out, only what leads there."""
    asked = worked.problem.worksheet.ask
    if not asked or level == "open":
        yield from sections
        return
    needed = worked.graph.needed(*asked)
    for section in sections:
        yield replace(section, steps=tuple(step for step in section.steps if step.target in needed))


def _holds(section: Section) -> bool:
    return bool(section.steps)


class _Sheet:
    """A worksheet in the making: which blanks there are so far, and which values stand printed."""

    def __init__(self, worked: Worked, level: str) -> None:
        self.worked, self.level = worked, level
        self.trace = worked.trace
        self.answers: list[Answer] = []
        self.blanks: dict[str, int] = {}  # quantity: number of its blank
        self.printed: list[str] = []  # the quantities whose values worked steps print
        graph = worked.graph
        self.givens = [q.name for q in graph if q.formula is None]
        self.known = set(self.givens)  # quantities whose values stand printed
        rounding = self.trace.rounding
        self.width = (rounding.decimals if rounding.significant is None else rounding.significant) + 3
        self.asked = _asked(worked) if level == "open" else frozenset()

    def section(self, section: Section) -> Section:
        """The section with its results blanked."""
        if self.level == "open":
            steps = (step for step in section.walk() if step.rule != "chain_example")
            tasks = [self._task(step) for step in steps if step.target in self.asked - self.blanks.keys()]
            return replace(section, steps=tuple(tasks))
        return replace(section, steps=tuple(self._step(step) for step in section.steps))

    def _step(self, step: Step) -> Step:
        before = tuple(self._step(inner) for inner in step.before)
        if self.level == "faded" and not step.full and not step.before:
            return self._empty(step)
        if self.level == "faded" and not step.full:
            equations = self._empty(step).equations
        else:
            equations = tuple(self._equation(step, equation) for equation in step.equations)
        return replace(step, before=before, equations=equations, after=())

    def _equation(self, step: Step, equation: Equation) -> Equation:
        """Guided: formula, slots, blank. Faded: worked, with the numbers of earlier blanks in place of values."""
        formulas = [part for part in equation.parts if part.kind == "formula"]
        if step.rule == "chain_example" or equation.parts[-1].kind != "result":
            return replace(equation, parts=tuple(formulas))
        formula = self._filled(equation, formulas)
        if isinstance(formula, Ref | Num):
            return replace(equation, parts=tuple(formulas[:1]))  # nothing to compute: the same value under two names
        worked = self.level == "faded" and not self._is_hidden(equation.target)
        leaf = {name: self._operand(name, worked) for name in references(formula)}
        parts = [*formulas, Part("=", substitute(formula, leaf), "numbers")]
        if worked:
            self.printed.append(equation.target)
            self.known.add(equation.target)
            numbers = substitute(formula, {name: self.trace.number(name) for name in leaf})
            sign = self.trace.relation(numbers, equation.target)
            return replace(equation, parts=(*parts, Part(sign, self.trace.number(equation.target), "result")))
        return replace(equation, parts=(*parts, Part("=", self._blank(equation.target), "result")))

    def _filled(self, equation: Equation, formulas: list[Part]) -> Formula:
        """The formula that the solution puts its numbers into: the last one, unless they stand for another."""
        numbers = [part.formula for part in equation.parts if part.kind == "numbers"]
        for part in reversed(formulas):
            leaf: dict[str, Formula] = {name: self.trace.number(name) for name in references(part.formula)}
            if substitute(part.formula, leaf) in numbers:
                return part.formula
        return formulas[-1].formula

    def _task(self, step: Step) -> Step:
        """At level `open`: what the step is about, and a blank."""
        return replace(self._empty(step), full=True)

    def _operand(self, name: str, worked: bool) -> Formula:
        """What stands for an operand: its value where that is printed anyway, a reference to its blank, or a slot."""
        formula = self.worked.graph[name].formula if name in self.worked.graph else None
        if worked and isinstance(formula, Ref):
            return self._operand(formula.name, worked)  # the same value under two names
        printed = name in self.known or isinstance(formula, Num) or self.trace.same_size(name, self.printed)
        if worked and printed:
            return self.trace.number(name)
        if worked and name in self.blanks:
            return Blank(self.blanks[name], self.width, reference=True)
        return Blank(0, self.width)

    def _empty(self, step: Step) -> Step:
        """A step with nothing but its blank; where its value stands printed already, with its formula alone."""
        (equation, *_) = step.equations
        formulas = tuple(part for part in equation.parts if part.kind == "formula")[:1]
        bare = isinstance(formulas[0].formula, Ref | Num)
        if equation.target in self.blanks or (self.level == "faded" and (bare or self._stands_printed(equation))):
            return replace(step, equations=(replace(equation, parts=formulas),), before=(), opening=(), after=())
        parts = (Part(equation.parts[0].relation, self._blank(equation.target), "result"),)
        made = replace(equation, parts=parts)
        return replace(step, equations=(made,), before=(), opening=(), after=(), full=False)

    def _stands_printed(self, equation: Equation) -> bool:
        target, trace = equation.target, self.trace
        return trace.same_size(target, self.printed) or trace.same_text(target, self.givens)

    def _is_hidden(self, name: str) -> bool:
        """Whether a value is that of a blank, or its negative: -0.12 would tell 0.12."""
        return self.trace.same_size(name, self.blanks)

    def _points(self, part: str) -> Fraction:
        """What a blank of a part of the worksheet is worth: what the definition says, else one point."""
        said = self.worked.problem.worksheet.points
        return next((points for key, points in said.items() if key == part), Fraction(1))

    def _blank(self, name: str) -> Blank:
        if name not in self.blanks:
            number = len(self.answers) + 1
            role = self.worked.graph[name].role
            self.answers.append(Answer(number, name, self._points(_ROLE_KEYS.get(role, role.value))))
            self.blanks[name] = number
        return Blank(self.blanks[name], self.width)


def _asked(worked: Worked) -> frozenset[str]:
    """What an open worksheet asks for: the definition's list, or outputs, error, gradients, updates, error after."""
    listed = worked.problem.worksheet.ask
    graph = worked.graph
    if listed:
        return frozenset(listed)
    outputs = [
        q.name
        for q in graph.of_role(Role.FORWARD)
        if any(graph[user].role is Role.LOSS for user in graph.consumers[q.name])
    ]
    gradients = [derivative_name(graph.loss, name) for name in graph.trained]
    updates = [q.name for q in graph.of_role(Role.UPDATE)]
    after = [q.name for q in graph.of_role(Role.AFTER) if q.label.of == graph.loss]
    return frozenset([*outputs, graph.loss, *gradients, *updates, *after])
