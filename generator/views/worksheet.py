"""`Worked` and a level -> the worksheet's steps with blanks, and the answers that belong on them.

A blank is put in place of a result before anything is printed, so no value that is asked for can reach the text: what
is left of it is a number and a width that depends on the rounding only.

Longer than 250 lines because quantities and the entries of matrices share what is known, printed and asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from generator.derive.equations import as_shown, quantity_of
from generator.derive.matrix_equations import room_for
from generator.derive.runs import in_runs
from generator.derive.steps import Equation, Part, Section, Step
from generator.errors import RenderError
from generator.formula.conditions import planned
from generator.formula.tree import Blank, Formula, Num, Ref, references, substitute, walk
from generator.graph.quantities import PARTS, Role, derivative_name, is_constant
from generator.graph.wholes import entries_called
from generator.lifting.tensors import filled_in, put_in, shown_of
from generator.once import once
from generator.pipeline import Worked
from generator.views.alike import tabled
from generator.views.effort import Effort
from generator.views.posed import posed

LEVELS = ("guided", "faded", "open")


@dataclass(frozen=True, slots=True)
class Answer:
    """What belongs on the blank `number`: the quantity, and what a right answer is worth."""

    number: int
    quantity: str
    points: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet: sections whose steps have blanks, and the answers in the order of the blanks.

    `told` are the quantities whose values worked steps print. `sparing` says that no step is worked to its end.
    """

    sections: tuple[Section, ...]
    answers: tuple[Answer, ...]
    told: tuple[str, ...] = ()
    sparing: bool = False


@once
def worksheet(worked: Worked, level: str) -> Sheet:
    """The worksheet of a problem at a level: `guided`, `faded` or `open`. Raises `RenderError` for another level."""
    if level not in LEVELS:
        raise RenderError(f"there is no worksheet level `{level}`: expected one of {', '.join(LEVELS)}")
    made = _made(worked, _Sheet(worked, level))
    if level == "faded" and not made.answers:  # one step of each kind, and that would be worked
        made = _made(worked, _Sheet(worked, level, sparing=True))
    return made


def _made(worked: Worked, sheet: _Sheet) -> Sheet:
    level = sheet.level
    solved = _solved(worked) if level == "open" else _tabled(worked)
    sections = tuple(sheet.section(section) for section in _wanted(worked, solved, level))
    sections = in_runs(worked.graph, [section for section in sections if _holds(section)])
    return Sheet(sections, tuple(_worth(worked, sheet.answers)), tuple(sheet.printed), sheet.sparing)


def _worth(worked: Worked, answers: Sequence[Answer]) -> Iterator[Answer]:
    """The answers with the points that the definition gives their parts; those of one name are shared by its blanks."""
    said = worked.problem.worksheet.points
    blanks = {answer.quantity for answer in answers}
    shared: dict[str, Fraction] = {}
    for name in (name for name in said if name not in PARTS):
        own = [entry for entry in entries_called(worked.graph, name) if entry in blanks]
        shared |= {entry: said[name] / len(own) for entry in own}
    for answer in answers:
        points = said.get(worked.graph[answer.quantity].role.part, answer.points)
        yield replace(answer, points=shared.get(answer.quantity, points))


def _solved(worked: Worked) -> tuple[Section, ...]:
    return tuple(section for section in worked.sections("asked") if section.code != "checks")


@once
def _tabled(worked: Worked) -> tuple[Section, ...]:
    return tuple(tabled(worked, section) for section in _solved(worked))


def _wanted(worked: Worked, sections: tuple[Section, ...], level: str) -> Iterator[Section]:
    """The sections; where something is asked for and its steps are laid out, only what leads there."""
    asked = worked.asked
    if not asked or level == "open":
        yield from sections
        return
    needed = worked.graph.needed(*(name for name in asked if name in worked.graph))  # another notation has others
    for section in sections:
        yield replace(section, steps=tuple(step for step in section.steps if step.target in needed))


def _holds(section: Section) -> bool:
    return bool(section.steps)


class _Sheet:
    """A worksheet in the making: which blanks there are so far, and which values stand printed.

    A `sparing` one works no step to its end: of a result it prints the first entry, if there is another to ask for.
    """

    def __init__(self, worked: Worked, level: str, *, sparing: bool = False) -> None:
        self.worked, self.level, self.sparing = worked, level, sparing
        self.trace = worked.trace
        self.answers: list[Answer] = []
        self.blanks: dict[str, int] = {}  # quantity: number of its blank
        self.printed: list[str] = []  # the quantities whose values worked steps print
        self.known = {q.name for q in worked.graph if q.formula is None}  # those whose values stand printed
        rounding = self.trace.rounding
        self.room = room_for(rounding)
        self.rules: set[str] = set()  # of the steps in matrices so far, or of those that had a sentence
        self.width = rounding.digits + 3
        self.asked = _asked(worked) if level == "open" else frozenset()
        self.posed = posed(worked) if level == "open" else None
        self.effort = Effort(worked.graph)

    def section(self, section: Section) -> Section:
        """The section with its results blanked."""
        if section.code == "matrices":  # says what stands where; the values stand in the table of givens
            shown = map(_symbols_only, section.steps)
            return replace(section, steps=tuple(step for step in shown if step.equations[0].parts))
        if self.level == "open":
            steps = (step for step in section.walk() if step.rule not in ("chain_example", "matrix_chain"))
            tasks = [task for step in steps for task in self._tasks(step)]
            return replace(section, steps=(*tasks, *self._unworked(section)))
        return replace(section, steps=tuple(self._step(step) for step in section.steps))

    def _step(self, step: Step) -> Step:
        if step.target in self.worked.graph.tensor and self.level == "faded":
            first = step.rule not in self.rules
            self.rules.add(step.rule)
            if not first:
                return replace(self._empty(step), full=step.full)
        before = tuple(self._step(inner) for inner in step.before)
        if step.cell or (self.level == "faded" and not step.full):
            return self._untold(replace(self._empty(step), before=before))
        equations = tuple(self._equation(step, equation) for equation in step.equations)
        return self._untold(replace(step, before=before, equations=equations, after=()))

    def _untold(self, step: Step) -> Step:
        """A step with a sentence that does not say what is asked for."""
        return replace(step, rule=step.asking) if step.asking and step.target in self.blanks else step

    def _equation(self, step: Step, equation: Equation) -> Equation:
        """Guided: formula, slots, blank. Faded: worked, with the numbers of earlier blanks in place of values."""
        formulas = [part for part in equation.parts if part.kind == "formula"]
        if step.rule == "chain_example" or equation.parts[-1].kind != "result":
            return replace(equation, parts=tuple(formulas))
        if equation.target in self.worked.graph.tensor:
            return self._tensor(equation, formulas)
        if not formulas:
            return self._bare(equation)
        formula = self._filled(equation, formulas)
        if isinstance(formula, Ref | Num):
            return replace(equation, parts=tuple(formulas[:1]))  # nothing to compute: the same value under two names
        operands = self._operands(formula)
        parts = [*formulas, Part("=", operands, "numbers")]
        if not self._is_worked(operands) or equation.target in self.blanks:
            return replace(equation, parts=(*parts, Part("=", self._blank(equation.target), "result")))
        self._print(equation.target)
        leaf = references(formula)
        if any(name not in self.worked.graph for name in leaf):  # whole vectors, or units' δ
            return replace(equation, parts=(*parts, equation.parts[-1]))
        numbers = substitute(formula, {name: self.trace.number(name) for name in leaf})
        sign = self.trace.relation(numbers, equation.target)
        return replace(equation, parts=(*parts, Part(sign, self.trace.number(equation.target), "result")))

    def _is_worked(self, operands: Formula) -> bool:
        """Whether the result of what is put in stands printed: a result that a blank goes into would tell the blank."""
        blank = self.sparing or any(isinstance(part, Blank) for part in walk(operands))
        return self.level == "faded" and not blank

    def _print(self, *names: str) -> None:
        self.printed += names
        self.known |= set(names)

    def _bare(self, equation: Equation) -> Equation:
        """A result that no formula leads to: asked for, since what it comes from may be a blank."""
        return replace(equation, parts=(Part("=", self._blank(equation.target), "result"),))

    def _filled(self, equation: Equation, formulas: list[Part]) -> Formula:
        """The formula that the solution puts its numbers into: the last one, unless they stand for another."""
        numbers = [part.formula for part in equation.parts if part.kind == "numbers"]
        for part in reversed(formulas):
            if put_in(part.formula, self.worked.graph.tensor, self._number, self.room) in numbers:
                return part.formula
        return formulas[-1].formula

    def _number(self, name: str) -> Num:
        return self.trace.number(quantity_of(name, self.worked.graph))

    def _operands(self, formula: Formula) -> Formula:
        """`formula` with what stands for its operands in their places."""
        return put_in(planned(formula), self.worked.graph.tensor, self._operand, self.room)

    def _tasks(self, step: Step) -> Iterator[Step]:
        """At level `open`: what the step is about, and a blank; of a matrix asked for in part, those entries."""
        names = self._entries(step.target)
        asked = [name for name in names if name in self.asked - self.blanks.keys()]
        if asked and len(asked) == len(names):
            said = step.rule in self.rules or (self.posed is not None and self.posed.says(step))
            self.rules |= {step.rule} - {"formula"}
            made = replace(self._empty(step), full=step.full and not said, cell=None, number=0)
            yield self._untold(replace(made, work=self.effort.of(names)))
            return
        for name in asked:
            yield self._task(step.rule, name)

    def _task(self, rule: str, name: str) -> Step:
        """A blank and its symbol."""
        blank = Equation(name, Ref(name), (Part("=", self._blank(name), "result"),))
        return Step(rule, name, (blank,), full=False, work=self.effort.of([name]))

    def _unworked(self, section: Section) -> Iterator[Step]:
        """Errors of single outputs that are asked for, which working in matrices passes over."""
        role = {"error": Role.LOSS, "after": Role.AFTER}.get(section.code)
        for quantity in self.worked.graph.of_role(role) if role and self.worked.graph.tensors else ():
            here = role is Role.AFTER or quantity.round == (section.round or 0)
            if here and quantity.name in self.asked - self.blanks.keys():
                yield self._task(quantity.rule, quantity.name)

    # --- vectors and matrices ---

    def _entries(self, target: str) -> list[str]:
        """The quantities that the target of a step shows, each once."""
        tensor = self.worked.graph.tensor.get(target)
        if tensor is None:
            return [target]
        shown = (name for row in shown_of(tensor.entries, self.room) for name in row if isinstance(name, str))
        return list(dict.fromkeys(name for name in shown if not is_constant(name)))

    def _tensor(self, equation: Equation, formulas: list[Part]) -> Equation:
        """The rules of `_equation` for a vector or matrix, whose entries are known, printed or asked for one by one."""
        names = self._entries(equation.target)
        if formulas and isinstance(formulas[-1].formula, Ref):
            return replace(equation, parts=tuple(formulas[:1]))
        operands = self._operands(formulas[-1].formula) if formulas else Blank(0, self.width)
        parts = [*formulas]
        if formulas and references(formulas[-1].formula):
            parts.append(Part("=", operands, "numbers"))
        if self._is_worked(operands) and not any(name in self.blanks for name in names):
            self._print(*names)
            return replace(equation, parts=(*parts, equation.parts[-1]))
        if self.sparing:
            self._print(*names[: min(1, len(names) - 1)])
        return replace(equation, parts=(*parts, Part("=", self._matrix(equation.target), "result")))

    def _matrix(self, target: str) -> Formula:
        """A blank for each entry; an entry that stands above is spoken of by its number, or by its value if printed."""
        return filled_in(self.worked.graph.tensor[target].entries, self._place, self.room)

    def _place(self, name: str) -> Formula:
        if name in self.blanks:
            return Blank(self.blanks[name], self.width, reference=True)
        return self.trace.number(name) if self._is_told(name) else self._blank(name)

    def _operand(self, name: str) -> Formula:
        """What stands for an operand: a slot; faded, its value where that is printed, or a reference to its blank."""
        name = quantity_of(name, self.worked.graph)
        formula = self.worked.graph[name].formula
        if self.level != "faded":
            return Blank(0, self.width)
        if isinstance(formula, Ref):
            under = self._operand(formula.name)  # the same value under two names, each shown in its own way
            return self.trace.number(name) if isinstance(under, Num) else under
        if name in self.known or isinstance(formula, Num):
            return self.trace.number(name)
        return Blank(self.blanks.get(name, 0), self.width, reference=name in self.blanks)

    def _is_told(self, name: str) -> bool:
        return self.level == "faded" and name in self.known

    def _empty(self, step: Step) -> Step:
        """A step with nothing but its blank; what has a place already is a reference, or its value, or its formula."""
        equation = next(made for made in step.equations if made.target == step.target)
        name, relation = equation.target, ":=" if equation.parts[0].relation == ":=" else "="
        formulas = tuple(part for part in equation.parts if part.kind == "formula")[:1]
        if step.cell:  # a table's cell shows no formula unless there is nothing to ask for
            formulas = (Part("=", self.worked.writer.formula(name), "formula"),)
        bare = self.level != "open" and bool(formulas) and isinstance(formulas[0].formula, Ref | Num)
        if bare and step.cell:
            formulas = (Part("=", as_shown(formulas[0].formula, self.trace.number(name)), "formula"),)
        parts: tuple[Part, ...]
        if name in self.worked.graph.tensor:
            told = self.level == "faded" and (bare or all(map(self._is_told, self._entries(name))))
            parts = formulas if told and formulas else (Part(relation, self._matrix(name), "result"),)
        elif bare or (name in self.blanks and not step.cell):
            parts = formulas or (Part("=", Blank(0, self.width), "result"),)
        elif name in self.blanks:
            parts = (Part("=", Blank(self.blanks[name], self.width, reference=True), "result"),)
        elif self._is_told(name):
            parts = equation.parts
        else:
            parts = (Part(relation, self._blank(name), "result"),)
        made = replace(equation, parts=parts)
        return replace(step, equations=(made,), before=(), opening=(), after=(), full=False)

    def _blank(self, name: str) -> Blank:
        if name not in self.blanks:
            number = len(self.answers) + 1
            self.answers.append(Answer(number, name))
            self.blanks[name] = number
        return Blank(self.blanks[name], self.width)


def _symbols_only(step: Step) -> Step:
    made = (
        replace(each, parts=tuple(part for part in each.parts if part.kind == "formula")) for each in step.equations
    )
    return replace(step, equations=tuple(made))


def _asked(worked: Worked) -> frozenset[str]:
    """What an open worksheet asks for: the definition's list, or outputs, error, gradients, updates, error after."""
    listed = worked.asked
    graph = worked.graph
    if listed:
        return frozenset(listed)
    outputs = [
        q.name
        for q in graph.of_role(Role.FORWARD)
        if any(graph[user].role is Role.LOSS for user in graph.consumers[q.name])
    ]
    gradients = [derivative_name(done.loss, name) for done in graph.differentiated for name in done.targets]
    updates = [q.name for q in graph.of_role(Role.UPDATE)]
    after = [q.name for q in graph.of_role(Role.AFTER) if q.label.of == graph.loss]
    ends = [] if graph.loss else [q.name for q in graph if q.formula is not None and not graph.consumers[q.name]]
    return frozenset([*outputs, *(done.loss for done in graph.differentiated), *ends, *gradients, *updates, *after])
