"""`Worked` and a flavour -> the problem as a program, printed from the same graph with the same names and order."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from generator.errors import RenderError
from generator.formats import environment
from generator.formula import Call, Formula, Ref, parse, walk
from generator.functions import ACTIVATIONS, LOSSES
from generator.graph import Quantity, Role, updated_name
from generator.language import Words, load_words
from generator.pipeline import Worked, givens
from generator.rounding import Carry
from generator.typeset.python import DIALECTS, WIDTH, Dialect, Printer, comment, identifiers, quoted, real

FLAVOURS = ("python", "numpy")

_STEEP = 700  # exp of a little more is beyond double precision


@dataclass(frozen=True, slots=True)
class Part:
    """The quantities under one heading (`title`: as a string literal), their statements and their entries in a dict."""

    heading: str
    title: str
    quantities: tuple[Quantity, ...]
    statements: tuple[str, ...]
    entries: str


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
        self.worked, self.graph, self._words = worked, worked.graph, words
        self.names = identifiers(q.name for q in self.graph)
        self.steep = any(abs(value) > _STEEP for value in worked.trace.values.values())
        if self.steep and not dialect.arrays:
            dialect = replace(dialect, functions={**dialect.functions, "exp": "exp"})  # the program's own, see template
        self._printer = Printer(self.names, dialect)
        self._formulas = {q.name: worked.writer.formula(q.name) for q in self.graph if q.formula is not None}
        problem = worked.problem
        self.title = comment(problem.text(problem.title, language)) or comment(worked.id)
        self.loss = self.names[self.graph.loss]
        self.loss_key = quoted(self.graph.loss)
        self.width = max(len(repr(q.name)) - 2 for q in self.graph)
        self.parts = tuple(self._parts())
        self.before = [part for part in self.parts if part.quantities[0].role is not Role.AFTER]
        self.after = [part for part in self.parts if part.quantities[0].role is Role.AFTER]
        self._source = "\n".join([*self.functions(), *(line for part in self.parts for line in part.statements)])

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

    def uses(self, text: str) -> bool:
        """Whether the code of the formulas contains `text`."""
        return re.search(rf"(?<!\w){re.escape(text)}", self._source) is not None

    def functions(self) -> list[str]:
        """The definitions of the functions that the formulas call by name, in the order of their rows."""
        found = {part.name for tree in self._formulas.values() for part in walk(tree) if isinstance(part, Call)}
        used = found - set(self._printer.dialect.functions)
        rows: dict[str, tuple[str, str]] = {name: ("x", row.formula) for name, row in ACTIVATIONS.items()}
        rows |= {name: ("t, y", row.formula) for name, row in LOSSES.items()}
        return [self._function(name, *rows[name]) for name in rows if name in used]

    def _function(self, name: str, arguments: str, formula: str) -> str:
        body: Formula = parse(formula)
        names = {part.name: part.name for part in walk(body) if isinstance(part, Ref)}
        return f"def {name}({arguments}):\n    return {replace(self._printer, names=names).source(body)}"

    def _parts(self) -> Iterator[Part]:
        for heading, quantities in groupby(self._headed(), key=lambda pair: pair[0]):
            chosen = tuple(quantity for _, quantity in quantities)
            statements = tuple(self._printer.assignment(q.name, self._formulas[q.name]) for q in chosen)
            yield Part(heading, quoted(heading), chosen, statements, self.entries(q.name for q in chosen))

    def _headed(self) -> Iterator[tuple[str, Quantity]]:
        """Every computed quantity in the graph's order with the heading that it stands under.

        In the backward pass a local derivative stands with the gradient that it is made for, and a heading never
        returns to a layer that has been left.
        """
        groups = list(dict.fromkeys(q.group for q in self.graph.of_role(Role.FORWARD)))
        computed = [q for q in self.graph if q.formula is not None]
        layer = len(groups) - 1
        for place, quantity in enumerate(computed):
            if quantity.role in (Role.LOCAL, Role.GRADIENT):
                rest = (q.group for q in computed[place:] if q.role is Role.GRADIENT)
                layer = min(layer, groups.index(next(rest, quantity.group)))
                code = "gradients_last" if layer == len(groups) - 1 else "gradients"
                yield self.word(f"sections.{code}", group=self._group(groups[layer])), quantity
            elif quantity.role is Role.FORWARD:
                yield self.word("sections.forward", group=self._group(quantity.group)), quantity
            else:
                code = {Role.LOSS: "error", Role.UPDATE: "update", Role.AFTER: "after"}[quantity.role]
                yield self.word(f"sections.{code}"), quantity

    def _group(self, name: str) -> str:
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

    def trained(self) -> list[tuple[str, str, str]]:
        """Each trained parameter: its identifier, that of its updated value, and the updated value's own name."""
        updated = {name: updated_name(name) for name in self.graph.trained if updated_name(name) in self.graph}
        return [(self.names[name], self.names[new], quoted(new)) for name, new in updated.items()]

    @property
    def iterations(self) -> int | None:
        """How many updates are made (`None`: there is no training)."""
        training = self.worked.problem.training
        return training.iterations if training and self.graph.rate else None

    def shown(self) -> str:
        """The iterations whose error is shown, as a tuple."""
        training = self.worked.problem.training
        assert training is not None
        numbers = sorted({0, *training.show, training.iterations})
        return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"


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
    """No blanks at the ends of lines, at most two empty lines in a row, one line break at the end."""
    lines = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return re.sub(r"\n{4,}", "\n\n\n", lines) + "\n"
