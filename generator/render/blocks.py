"""Steps -> blocks: sentences and aligned rows in one format and one language, in the order of reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby

from generator.derive.runs import headed, kind_of
from generator.derive.steps import Equation, Section, Step
from generator.errors import RenderError
from generator.formula.functions import ACTIVATIONS, expand
from generator.formula.tree import Call
from generator.graph.wholes import turns
from generator.notation.arrange import row
from generator.pipeline import Worked
from generator.render.cells import Cells
from generator.render.formats import Format
from generator.render.grids import grid
from generator.render.language import Words
from generator.render.layout import Block, Line, lines_for, merged, said_once
from generator.render.rows import arrangers, printed
from generator.typeset.boxes import Box, Op, Row
from generator.typeset.numerals import numeral


class Setter:
    """Sets the steps of one problem in one format and one language."""

    def __init__(self, worked: Worked, fmt: Format, words: Words, own: Callable[[str], str] = lambda name: "") -> None:
        self.worked, self.format, self.words = worked, fmt, words
        self._own = own  # the author's sentence before a quantity's formula, already set (empty: none)
        self._otherwise = words("labels.otherwise")
        self._arranger = arrangers(worked, self._otherwise).named
        self.symbol = self._arranger.symbol_of

    # --- sentences ---

    def say(self, code: str, names: Mapping[str, str] | None = None, **texts: str) -> str:
        """The words of `code` in this format: `names` are quantities (set as symbols), `texts` are already set."""
        out = ""
        for words, key, valued in self.words.pieces(code):
            out += self.literal(words)
            if key in texts:
                out += texts[key]
            elif names and key in names:
                out += self.valued(names[key]) if valued else self.format.inline(self.symbol(names[key]))
            elif key:
                raise RenderError(f"the text `{code}` speaks of `{{{key}}}`, which is not known there")
        return out

    def literal(self, words: str) -> str:
        """Words as they are, with the spaces at their ends (escaping folds the ones inside)."""
        if not words.strip():
            return " " if words else ""
        before = " " if words[0].isspace() else ""
        after = " " if words[-1].isspace() else ""
        return f"{before}{self.format.escape(words)}{after}"

    def valued(self, name: str) -> str:
        """A symbol with its value, as a true statement: `=` where the value is exact, `≈` where it is rounded."""
        number = self.worked.trace.number(name)
        sign = "=" if self.worked.trace.values[name] == number.value else "≈"
        return self.format.inline(Row((self.symbol(name), Op(sign), numeral(number.text))))

    def defined(self, name: str) -> str:
        """A symbol and its formula, a function in it also written out."""
        formula = self.worked.writer.formula(name)
        whole: list[Box] = [self.symbol(name), Op("="), self._arranger.box(formula)]
        if isinstance(formula, Call) and formula.name in ACTIVATIONS and expand(formula) != formula:
            whole += [Op("="), self._arranger.box(expand(formula))]
        return self.format.inline(row(whole))

    def word(self, code: str) -> str:
        """A word or phrase without fields, in this format."""
        return self.format.escape(self.words(code))

    def group(self, name: str) -> str:
        """What a layer, or another group of quantities, is called."""
        own = self.worked.problem.heading(name, self.words.language)
        if own:
            return self.format.escape(own)
        kind, colon, number = name.partition(":")
        if colon:
            layer, _, own = number.rpartition(".")
            return self.say(f"groups.{kind}", layer=self.format.escape(layer), number=self.format.escape(own))
        if self.words.has(f"groups.{name}"):
            return self.word(f"groups.{name}")
        return self.say("groups.other", name=self.format.escape(name.replace("_", " ")))

    def sentence(self, step: Step) -> str:
        """What the author says before the quantity, else what the step's rule says."""
        own = self._own(step.target)
        if own and (step.rule == "check_claim" or not step.rule.startswith("check_")):
            return own
        codes = {key: f"functions.{code}" for key, code in step.words.items()}  # ln or max has no words of its own
        texts = {key: self.word(code) for key, code in codes.items() if self.words.has(code)}
        texts |= {key: self.format.inline(numeral(number)) for key, number in step.numbers.items()}
        return self.say(self._rule(step.rule), step.names, **texts)

    def _rule(self, rule: str) -> str:
        """The code of a rule's sentence: the kind's own, the rule's, or what is said of any formula."""
        own, plain = f"steps.{self.worked.problem.kind}.{rule}", f"steps.{rule}"
        single = rule.replace("matrix_", "", 1)  # of a whole vector or matrix, what is said of an entry
        of_gradients = ("steps.matrix_gradient",) if rule.startswith("matrix_gradient_") else ()
        codes = (own, plain, *of_gradients, f"steps.{self.worked.problem.kind}.{single}", f"steps.{single}")
        codes = (*codes, f"steps.{rule.partition('_')[0]}_formula")
        return next((code for code in codes if self.words.has(code)), plain)

    # --- rows ---

    def rows(self, equation: Equation, compact: bool) -> tuple[Line, ...]:
        """An equation as aligned rows; `compact`: on one line where it fits."""
        return printed(self.worked, self.format, equation, compact, self._otherwise)

    # --- blocks ---

    def blocks(self, section: Section) -> list[Block]:
        """The blocks of a section; listed quantities that follow one another are aligned together."""
        steps = headed(self.worked.graph, section.steps)
        return list(said_once(merged(list(self._steps(steps, 0)))))

    def statements(self, steps: Iterable[Step]) -> list[Block]:
        """What is computed, without any numbers: a formula of which nothing is to be said stands by itself."""
        made = []
        for step in steps:
            said = self._own(step.target) or self._rule(step.rule) != "steps.formula"
            rows = tuple(line for equation in step.equations for line in self.rows(equation, compact=True))
            made.append(Block("step" if said else "listed", self.sentence(step) if said else "", rows))
        return list(said_once(merged(made)))

    def conclusion(self, step: Step) -> Block:
        """What a step says and its last equation, without what is worked on the way."""
        rows = [line for equation in step.equations for line in self.rows(equation, compact=not step.full)]
        return Block("step", self.sentence(step), tuple(rows))

    def _steps(self, steps: Iterable[Step], depth: int) -> Iterator[Block]:
        """The blocks of steps; those that are cells of a table and follow one another make one table."""
        for (is_table, table), group in groupby(steps, key=lambda step: (step.cell is not None, step.table)):
            if is_table:
                cells = [cell for step in group for cell in step.walk() if cell.cell]
                yield from (Block("table", text, (), depth) for text in self._cells.tables(cells, table))
            else:
                for step in group:
                    yield from self._step(step, depth)

    @cached_property
    def _cells(self) -> Cells:
        return Cells(self.worked, self.format, self._arranger, self.word, self.group)

    def _step(self, step: Step, depth: int) -> Iterator[Block]:
        if step.grid:
            whole = grid(self.worked, self.format, step.grid)
            yield Block("table", self.format.macro("grids", self.sentence(step), [whole]), (), depth)
            return
        own = [line for made in step.equations for line in self.rows(made, compact=made.short or step.compact)]
        alike = kind_of(self.worked.graph, step)
        if step.again and not self._own(step.target):
            yield Block("listed", "", tuple(own), depth, joins=True, alike=alike)
            return
        if not step.full:
            before = list(self._steps(step.before, depth))
            yield from before
            begins = step.target in turns(self.worked.graph)
            heading = self.sentence(step) if step.heads else ""
            yield Block(
                "listed",
                heading,
                tuple(own),
                depth,
                room=lines_for(step.work),
                turns=begins,
                alike=alike,
                uses=len(before),
            )
            return
        title = self.say("labels.component", number=str(step.number)) if step.number else ""
        if step.before and step.opening:
            opening = [line for equation in step.opening for line in self.rows(equation, compact=True)]
            yield Block("step", self.sentence(step), tuple(opening), depth, title)
            yield from self._steps(step.before, depth + 1)
            yield Block("step", self.word("texts.together"), tuple(own), depth)
        else:
            sentence = "" if step.said else self.sentence(step)
            yield Block("step", sentence, tuple(own), depth, title, lines_for(step.work))
        for inner in step.after:
            yield from self._aside(inner, depth)

    def _aside(self, step: Step, depth: int) -> Iterator[Block]:
        rows = tuple(line for equation in step.equations for line in self.rows(equation, compact=False))
        title = self.word("labels.aside_softmax" if step.rule.startswith(("softmax", "logistic")) else "labels.aside")
        yield Block("aside", self.say(f"texts.{step.rule}", step.names), rows, depth, title)
