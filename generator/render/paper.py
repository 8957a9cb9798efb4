"""`Worked`, a format and a language -> what every document has: title, texts, givens, network, conventions, figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from generator.backward.derivative import kinks, value_at
from generator.derive.matrix_equations import is_in_matrices
from generator.drawings.drawing import Drawing
from generator.drawings.plot import plot
from generator.errors import RenderError
from generator.formula.extremes import is_extreme
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.formula.indicators import has_indicator
from generator.formula.tree import Call, Dots, Ref, shortest, walk
from generator.graph.families import families
from generator.graph.quantities import Role
from generator.lifting import windowed
from generator.notation.arrange import sign_of
from generator.pipeline import Worked, givens
from generator.render.blocks import Setter
from generator.render.figures import figure
from generator.render.formats import format_for
from generator.render.language import load_words
from generator.render.texts import paragraphs
from generator.solve.traces import History
from generator.typeset.boxes import Digits, Op
from generator.typeset.text import text

_SEPARATED = re.compile(r"[^,; ]+")  # one of the numbers that a convention lists


class Macros:
    """The format's macros for templates: `f.heading(2, title)`."""

    def __init__(self, macro: Callable[..., str]) -> None:
        self._macro = macro

    def __getattr__(self, name: str) -> Callable[..., str]:
        return lambda *args: self._macro(name, *args)


class Grid(NamedTuple):
    """A small table of numbers: in its header a symbol and the columns' numbers, in each row its number and values."""

    header: list[str]
    body: list[list[str]]


class Paper:
    """One problem in one format and one language: the parts that its documents share, ready to set."""

    def __init__(self, worked: Worked, format_name: str, language: str) -> None:
        self.worked, self.language = worked, language
        self.format = format_for(format_name)
        self.words = load_words(language)
        self.setter = Setter(worked, self.format, self.words, self._own_sentence)
        self.macros = Macros(self.format.macro)

    def common(self) -> dict[str, Any]:
        """What every template is given."""
        problem = self.worked.problem
        title = problem.text(problem.title, self.language)
        return {
            "language": self.language,
            "title": self.format.escape(title),
            "plain_title": title,
            "introduction": self.author_texts(problem.introduction),
            "givens": self._givens(),
            "grids": self._grids(),
            "network": self._network(),
            "conventions": list(self._conventions()),
        }

    def author_texts(self, texts: Mapping[str, str], secret: bool = False) -> list[str]:
        """The paragraphs of one of the problem's texts, in this language where it has it.

        `secret`: no value that is computed stands in them, even where the text asks for it.
        """
        own = self.worked.problem.text(dict(texts), self.language)
        return paragraphs(own, self.setter, secret) if own else []

    def _own_sentence(self, name: str) -> str:
        """What the author says before a quantity's formula."""
        own = self.worked.problem.sentence(name, self.language)
        return " ".join(paragraphs(own, self.setter, secret=True)) if own else ""

    def number(self, value: object) -> str:
        """A number in a sentence or a cell."""
        return self.format.inline(Digits(str(value)))

    def _givens(self) -> list[tuple[str, str]]:
        """The table of givens: a kind's name, and its quantities with their values."""
        rows = []
        in_grids = {name for family in families(self.worked.graph) for name in family.names}
        for kind, names in givens(self.worked).items():
            values = [self.setter.valued(name) for name in names if name not in in_grids]
            if values:
                rows.append((self.setter.word(f"kinds.{kind}"), self.format.macro("enumeration", values)))
        return rows

    def _grids(self) -> list[tuple[str, list[Grid]]]:
        """The givens that have rows and columns: a kind's name, and its grids."""
        found: dict[str, list[Grid]] = {}
        for family in families(self.worked.graph):
            corner = self.format.inline(self.worked.writer.label_box(family.label))
            header = [corner, *(self.number(place) for place in range(1, len(family.rows[0]) + 1))]
            values = ([self.worked.trace.shown[name] for name in row] for row in family.rows)
            body = [[self.number(cell) for cell in (place, *row)] for place, row in enumerate(values, 1)]
            found.setdefault(family.label.kind, []).append(Grid(header, body))
        return [(self.setter.word(f"kinds.{kind}"), grids) for kind, grids in found.items()]

    # --- how to read the numbers ---

    def _conventions(self) -> Iterator[str]:
        rounding, setter = self.worked.trace.rounding, self.setter
        significant = rounding.significant is not None
        digits = self.number(rounding.significant if significant else rounding.decimals)
        yield setter.say(
            "conventions.significant" if significant else "conventions.digits",
            mode=setter.word(f"modes.{rounding.mode}"),
            decimals=digits,
            significant=digits,
        )
        yield setter.word(f"conventions.carry_{rounding.carry}")
        equal, near = (self.format.inline(Op(sign)) for sign in "=≈")
        yield setter.say("conventions.relations", equal=equal, near=near)
        graph = self.worked.graph
        for convention in graph.conventions:
            texts = {key: setter.word(code) for key, code in convention.words.items()}
            texts |= {
                key: _SEPARATED.sub(lambda found: self.number(found[0]), text)
                for key, text in convention.numbers.items()
            }
            yield setter.say(f"conventions.{convention.code}", None, **texts)
        if any(q.formula is not None and has_indicator(q.formula) for q in graph):
            yield setter.word("conventions.indicators")
        for own in self.worked.problem.conventions:
            yield from self.author_texts(own, secret=True)
        for call in self._functions():
            slopes = list(kinks(call).values())
            for slope in sorted(set(slopes)):
                texts = {"function": setter.word(f"functions.{call.name}"), "value": self.number(shortest(slope))}
                yield setter.say("conventions.kinks" if slopes.count(slope) > 1 else "conventions.kink", None, **texts)
            if "at_zero" in ACTIVATIONS[call.name].parameters:
                texts = {"function": setter.word(f"functions.{call.name}"), "value": self.number(value_at(call, 0))}
                yield setter.say("conventions.jump", None, **texts)
        if self._differentiates_extremes():
            yield setter.word(f"conventions.extremes_{graph.ties}")
        if graph.of_role(Role.UPDATE):
            by_gradients = "conventions.updates_in_turn" if graph.in_turn else "conventions.updates"
            yield setter.word(by_gradients if graph.trained else "conventions.updates_own")
        yield from self._of_matrices()

    def _of_matrices(self) -> Iterator[str]:
        """Which way vectors stand, and what ones, masks and dots mean where there are any."""
        graph, setter = self.worked.graph, self.setter
        if not is_in_matrices(graph, self.worked.writer):
            return
        yield setter.word(f"conventions.vectors_{graph.vectors}")
        if any(isinstance(q.formula, Call) and q.formula.name in VECTORS for q in graph):
            yield setter.word(f"conventions.softmax_{graph.vectors}")
        steps = (step for section in self.worked.sections() for step in section.walk())
        formulas = (part.formula for step in steps for equation in step.equations for part in equation.parts)
        parts = [part for formula in formulas for part in walk(formula)]
        constant = (part.name for part in parts if isinstance(part, Ref) and part.name in graph.tensor)
        spoken_of = set(constant)
        for tensor in (tensor for tensor in graph.tensors if tensor.name in spoken_of and not tensor.names):
            yield setter.say(f"conventions.{tensor.label.kind}", {tensor.label.kind: tensor.name})
        called = {part.name for part in parts if isinstance(part, Call)}
        for name in (name for name in windowed.CALLS if name in called):
            sign = {"sign": self.format.inline(sign_of(name, self.worked.notation.product))}
            yield setter.say(f"conventions.call_{name}", None, **sign)
        if any(isinstance(part, Dots) for part in parts):
            yield setter.word("conventions.dots")

    def _differentiates_extremes(self) -> bool:
        """Whether the derivative of a `max` or `min` is on the page."""
        graph = self.worked.graph
        made = (graph[q.label.of].formula for q in graph.of_role(Role.LOCAL, Role.GRADIENT) if q.label.of)
        return any(is_extreme(part) for formula in made if formula is not None for part in walk(formula))

    def _functions(self) -> list[Call]:
        """The activations that the problem uses (each without its input), sorted by name."""
        calls = (quantity.formula for quantity in self.worked.graph.of_role(Role.FORWARD))
        used = {Call(c.name, (Ref(""), *c.args[1:])) for c in calls if isinstance(c, Call) and c.name in ACTIVATIONS}
        return sorted(used, key=lambda call: (call.name, repr(call.args)))

    # --- figures ---

    def pictures(self) -> Iterator[tuple[str, Drawing, str]]:
        """The drawings of the problem: a kind, the drawing, and its description in words."""
        drawing = self.worked.drawing
        if drawing is not None:
            yield "network", drawing, self._network_description()
        if self.worked.history is not None:
            yield "curve", self._curve(self.worked.history), self._curve_description(self.worked.history)

    def figure(self, kind: str) -> str:
        """The figure of a kind (`network` or `curve`) in this format. Raises `RenderError` where there is none."""
        for found, drawing, description in self.pictures():
            if found == kind:
                return figure(drawing, self.format, f"{self.worked.id}-{kind}", self.alt(kind), description)
        raise RenderError(f"`{self.worked.id}` has no figure `{kind}`")

    def alt(self, kind: str) -> str:
        """What a figure is, in a few words."""
        return self.words(f"labels.{self._drawn(kind)}_alt")

    def _drawn(self, kind: str) -> str:
        """What a kind of figure shows: a network, or one that is unrolled on a grid."""
        diagram = self.worked.graph.diagram
        return "unrolled" if kind == "network" and diagram is not None and diagram.on_grid else kind

    def _network(self) -> str:
        return self.figure("network") if self.worked.graph.diagram is not None else ""

    def _network_description(self) -> str:
        """The diagram in words, for those who do not see it."""
        picture, name = self.worked.graph.diagram, self.worked.writer.box
        assert picture is not None
        columns: dict[int, list[str]] = {}
        for node in picture.nodes:
            columns.setdefault(node.column, []).extend(text(name(one)) for one in (node.name, *node.others))
        listed = "; ".join(", ".join(names) for _, names in sorted(columns.items()))
        edges = ", ".join(
            f"{text(name(e.start))}–{text(name(e.end))}"
            + (f" ({', '.join(text(name(label)) for label in e.labels)})" if e.label else "")
            for e in picture.edges
        )
        return self.words(f"labels.{self._drawn('network')}_description").format(columns=listed, edges=edges)

    def _curve(self, history: History) -> Drawing:
        return plot(
            history.losses, self.words("labels.iteration"), self.worked.writer.box(self.worked.graph.watched.loss)
        )

    def _curve_description(self, history: History) -> str:
        graph, last, rounding = self.worked.graph, max(history.rows), self.worked.trace.rounding
        start, end = (rounding.text(history.rows[n][graph.watched.loss]) for n in (0, last))
        updates = last * len(graph.rounds)
        return self.words("labels.curve_description").format(start=start, end=end, iterations=updates)
