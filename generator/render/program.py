"""`Worked` and a flavour -> the problem as a program, printed from the same graph with the same names and order.

Longer than 250 lines because it is one thing: what the templates of programs are given, in the order they print it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from generator.errors import RenderError
from generator.formula.functions import ACTIVATIONS, expand, formula_of
from generator.formula.tree import Call, Ref, walk
from generator.graph.quantities import Graph, Quantity, Role
from generator.notation.writer import Writer
from generator.pipeline import Worked, givens
from generator.render.formats import environment
from generator.render.guards import divides_in_a_case, logarithms_of_zero, shifted
from generator.render.language import Words, load_words
from generator.solve.rounding import Carry
from generator.typeset.python import DIALECTS, WIDTH, Dialect, Printer, comment, identifiers, quoted, real

FLAVOURS = ("python", "numpy")

_STAGES = {
    Role.FORWARD: "forward", Role.LOSS: "error", Role.LOCAL: "backward", Role.GRADIENT: "backward",
    Role.UPDATE: "update", Role.AFTER: "after",
}  # fmt: skip
_STEEP = 700  # exp of a little more is beyond double precision


@dataclass(frozen=True, slots=True)
class Part:
    """The quantities under one heading (`title`: as a string literal), their statements and their entries in a dict."""

    heading: str
    title: str
    quantities: tuple[Quantity, ...]
    statements: tuple[str, ...]
    entries: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A trained parameter: identifiers of its old and its new value, and the names of both as string literals."""

    old: str
    new: str
    old_key: str
    new_key: str


def program(worked: Worked, flavour: str, language: str = "en") -> str:
    """The source of a program that computes every quantity of the problem and repeats its update.

    `flavour` is `python` (standard library only) or `numpy`. Raises `RenderError` for an unknown flavour or language.
    """
    if flavour not in FLAVOURS:
        raise RenderError(f"there is no program flavour `{flavour}`: expected one of {', '.join(FLAVOURS)}")
    listing = Listing(worked, DIALECTS[flavour], load_words(language), language)
    made = environment().get_template(f"programs/{flavour}.j2").render(p=listing, t=listing.word)
    return _tidy(made)


class Listing:
    """What the templates of programs are given: code that is ready to print, and the words beside it."""

    def __init__(self, worked: Worked, dialect: Dialect, words: Words, language: str) -> None:
        self.worked, self._words = worked, words
        own = tuple(q for q in worked.graph if q.role is not Role.CHECK)  # the closing checks are for readers
        self.graph = replace(worked.graph, quantities=own)
        watched = worked.graph.watched
        self.names = identifiers(dict.fromkeys(q.name for q in (*self.graph, *watched)))
        steep = any(value > _STEEP or value < -_STEEP for value in worked.trace.values.values())
        if steep and not dialect.arrays:
            dialect = replace(dialect, functions={**dialect.functions, "exp": "exp"})  # defined in the template
        self._formulas = {q.name: worked.writer.formula(q.name) for q in self.graph if q.formula is not None}
        if steep:
            self._formulas = {name: shifted(tree) for name, tree in self._formulas.items()}
        known, made = worked.trace.values, self._formulas.values()
        self._empty_logs = sorted(logarithms_of_zero(made, known.__getitem__))
        self.guards_cases = dialect.arrays and divides_in_a_case(made)
        self._logs = {name: dialect.functions[name] for name in self._empty_logs}
        dialect = replace(dialect, functions={**dialect.functions, **{name: name for name in self._empty_logs}})
        self._printer = Printer(self.names, dialect)
        problem = worked.problem
        self.title = comment(problem.text(problem.title, language)) or comment(worked.id)
        shown = self.graph.loss or self.graph.quantities[-1].name
        self.loss = self.names[watched.loss or shown]
        self.followed = tuple(self._followed(watched)) if watched is not worked.graph else ()
        self.loss_key = quoted(shown)
        self.width = max(len(repr(q.name)) - 2 for q in self.graph)
        self.parts = tuple(self._parts())
        self.before = [part for part in self.parts if part.quantities[0].role is not Role.AFTER]
        self.after = [part for part in self.parts if part.quantities[0].role is Role.AFTER]
        self.functions = self._functions()
        code = "\n".join([*self.functions, *(line for part in self.parts for line in part.statements)])
        self.guards_exp = steep and "exp(" in code
        self.imports_math = "math." in code or (self.guards_exp and not dialect.arrays)

    # --- words ---

    def word(self, code: str, **fields: str) -> str:
        """A word or phrase of the language, safe in a comment."""
        return comment(self._words(code).format(**fields) if fields else self._words(code))

    def say(self, code: str, **fields: str) -> str:
        """Words as lines of a comment."""
        return "\n".join(f"# {line}" for line in textwrap.wrap(self.word(code, **fields), WIDTH - 2))

    def string(self, code: str, **fields: str) -> str:
        """Words as a string literal."""
        return quoted(self.word(code, **fields))

    def about(self) -> Iterator[str]:
        """What the header says, in paragraphs of comment."""
        yield self.say("program.about")
        again = next((name for name in self.names if name.endswith("_new2")), "")
        if again:
            yield self.say("program.again", identifier=self.names[again], name=again.removesuffix("_new2"))
        slashed = [name for name in self.names if "/" in name]
        if slashed:
            yield self.say("program.names", name=slashed[0], identifier=self.names[slashed[0]])
        if self.worked.trace.rounding.carry is Carry.SHOWN:
            yield self.say("program.carry_shown")

    # --- givens, functions, formulas ---

    def givens(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The given quantities by kind: a heading, and names with values."""
        return [
            (self.word(f"kinds.{kind}"), [(self.names[name], real(self.graph.givens[name])) for name in names])
            for kind, names in givens(self.worked).items()
        ]

    def _functions(self) -> list[str]:
        """The definitions of the functions that the formulas call by name, in the order of their rows."""
        found = {part.name for tree in self._formulas.values() for part in walk(tree) if isinstance(part, Call)}
        used = [name for name in ACTIVATIONS if name in found - set(self._printer.dialect.functions)]
        definitions = [self._function(name) for name in used]
        code = "\n".join([*definitions, *(line for part in self._parts() for line in part.statements)])
        borrowed = self._printer.dialect.borrowed
        logs = map(self._logarithm, self._empty_logs)
        return [*(borrowed[name] for name in borrowed if f"{name}(" in code), *logs, *definitions]

    def _logarithm(self, name: str) -> str:
        """A logarithm that is finite at zero, where what it is multiplied by is zero too."""
        plain = self._logs[name]
        body = f"{plain}(np.where(x > 0, x, 1.0))" if self._printer.dialect.arrays else f"{plain}(x) if x > 0 else 0.0"
        return f"def {name}(x):\n{textwrap.indent(self.say('program.empty_logarithm'), '    ')}\n    return {body}"

    def _function(self, name: str) -> str:
        body = formula_of(Call(name, (Ref("x"),)))
        assert body is not None, name
        return f"def {name}(x):\n    return {replace(self._printer, names={'x': 'x'}).source(expand(body))}"

    def _parts(self) -> Iterator[Part]:
        for heading, quantities in groupby(self._headed(), key=lambda pair: pair[0]):
            chosen = tuple(quantity for _, quantity in quantities)
            statements = tuple(self._printer.assignment(q.name, self._formulas[q.name]) for q in chosen)
            yield Part(heading, quoted(heading), chosen, statements, self.entries(q.name for q in chosen))

    def _followed(self, watched: Graph) -> Iterator[str]:
        """The statements of what training is followed by, where that is not computed anyway."""
        writer = Writer(watched, self.worked.notation)
        for quantity in watched:
            if quantity.formula is not None:
                yield self._printer.assignment(quantity.name, writer.formula(quantity.name))

    def _headed(self) -> Iterator[tuple[str, Quantity]]:
        """Every computed quantity with the heading that it stands under, in an order of computing."""
        computed = [q for q in self.graph if q.formula is not None]
        for (stage, number), quantities in groupby(computed, key=lambda q: (_STAGES[q.role], q.round)):
            here = list(quantities)
            made = self._backward(here) if stage == "backward" else self._plain(stage, here)
            for title, quantity in made:
                several = len(self.graph.rounds) > 1 and stage != "after"
                yield self.word("sections.round", number=str(number + 1), title=title) if several else title, quantity

    def _plain(self, stage: str, quantities: list[Quantity]) -> Iterator[tuple[str, Quantity]]:
        for quantity in quantities:
            group = self._group(quantity.group) if stage == "forward" else ""
            yield self._heading(stage, group), quantity

    def _heading(self, stage: str, group: str, name: str = "") -> str:
        """The heading of a stage (of the group called `name`), in the words of the problem's kind where it has some."""
        own = f"sections.{self.worked.problem.kind}.{stage}"
        codes = (f"{own}_{name}", own, f"sections.{stage}")
        return self.word(next(code for code in codes if self._words.has(code)), group=group)

    def _backward(self, quantities: list[Quantity]) -> Iterator[tuple[str, Quantity]]:
        """The backward pass layer by layer: a local derivative stands with the first gradient that it is made for."""
        number = quantities[0].round
        groups = list(dict.fromkeys(q.group for q in self.graph.of_role(Role.FORWARD) if q.round == number))
        errors = {
            q.group for q in self.graph.of_role(Role.LOSS)
        }  # what their derivatives need stands with the last layer
        places = {**dict.fromkeys(errors, len(groups) - 1), **{group: place for place, group in enumerate(groups)}}
        layer = {q.name: places.get(q.group, 0) for q in quantities}
        for quantity in quantities:  # never nearer to the loss than what it is computed from
            if quantity.role is Role.GRADIENT:
                above = (layer[name] for name in self.graph.operands[quantity.name] if self._is_near(name, layer))
                layer[quantity.name] = min(layer[quantity.name], *above, len(groups))
        for quantity in quantities:
            users = [layer[name] for name in self.graph.consumers[quantity.name] if self._is_near(name, layer)]
            if quantity.role is Role.LOCAL and users:
                layer[quantity.name] = max(users)
        for quantity in sorted(quantities, key=lambda q: -layer[q.name]):
            place = layer[quantity.name]
            code = "gradients_last" if place == len(groups) - 1 else "gradients"
            yield self._heading(code, self._group(groups[place]), groups[place]), quantity

    def _is_near(self, name: str, layer: Mapping[str, int]) -> bool:
        """Whether a quantity is a gradient of the same stretch: updates can stand between two."""
        return name in layer and self.graph[name].role is Role.GRADIENT

    def _group(self, name: str) -> str:
        own = self.worked.problem.heading(name, self._words.language)
        kind, colon, number = name.partition(":")
        if own or colon:
            layer, _, place = number.rpartition(".")
            return own or self._words(f"groups.{kind}").format(layer=layer, number=place)
        code = f"groups.{name}"
        return self._words(code) if self._words.has(code) else self._words("groups.other").format(name=name)

    # --- dicts and training ---

    def entries(self, names: Iterable[str]) -> str:
        """The entries of a dict from each quantity's own name to its value, as many to a line as fit."""
        return _filled(f"{quoted(name)}: {self.names[name]}," for name in names)

    def given_entries(self) -> str:
        """The dict entries of all givens."""
        return self.entries(q.name for q in self.graph if q.formula is None)

    def arguments(self) -> str:
        """The givens as arguments of a function."""
        return _filled(f"{self.names[q.name]}," for q in self.graph if q.formula is None)

    def trained(self) -> list[Parameter]:
        """The trained parameters."""
        moves = self.graph.moves
        return [Parameter(self.names[old], self.names[new], quoted(old), quoted(new)) for old, new in moves]

    def trained_entries(self) -> str:
        """The dict entries of the trained parameters."""
        return self.entries(old for old, _ in self.graph.moves)

    @property
    def example(self) -> str:
        """The given that the example of variants varies."""
        return next(self.names[q.name] for q in self.graph if q.formula is None)

    @property
    def iterations(self) -> int | None:
        """How many updates are made (`None`: there is no training)."""
        training = self.worked.problem.training
        return training.iterations if training and self.graph.moves and self.graph.loss else None

    @property
    def updates(self) -> str:
        """How many updates all iterations make together."""
        return str((self.iterations or 0) * len(self.graph.rounds))

    @property
    def shown(self) -> str:
        """The iterations whose error is shown, as a tuple."""
        training = self.worked.problem.training
        numbers = sorted({0, *training.show, training.iterations}) if training else []
        return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"

    def loss_heading(self) -> str:
        """The heading over the errors of the iterations, as a string literal."""
        return quoted(f"{self.word('labels.iteration'):>{self.iteration_width()}}  {self.worked.graph.watched.loss}")

    def iteration_width(self) -> int:
        """How wide the column of the iterations is."""
        return max(len(self.word("labels.iteration")), len(str(self.iterations)))


def _filled(pieces: Iterable[str]) -> str:
    """`pieces` in lines that are as full as they may be."""
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + 1 + len(piece) <= WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return "\n".join(lines)


def _tidy(text: str) -> str:
    """No blanks at the ends of lines, one empty line in a row (two at the top level), one line break at the end."""
    lines = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return re.sub(r"\n{3,}(?= )", "\n\n", re.sub(r"\n{4,}", "\n\n\n", lines)) + "\n"
