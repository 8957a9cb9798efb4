"""`Worked`, a format and a language -> what every document has: title, texts, givens, network, conventions, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from generator.drawings.drawing import Drawing
from generator.drawings.plot import plot
from generator.errors import RenderError
from generator.graph.families import families
from generator.graph.quantities import derivative_name
from generator.graph.wholes import wholes
from generator.pipeline import Worked, givens
from generator.render.blocks import Setter
from generator.render.conventions import Conventions
from generator.render.figures import figure
from generator.render.formats import format_for
from generator.render.grids import Grid, grid
from generator.render.language import load_words
from generator.render.texts import paragraphs
from generator.solve.histories import History
from generator.typeset.numerals import numeral
from generator.typeset.text import text
from generator.views.posed import posed


class Macros:
    """The format's macros for templates: `f.heading(2, title)`."""

    def __init__(self, macro: Callable[..., str]) -> None:
        self._macro = macro

    def __getattr__(self, name: str) -> Callable[..., str]:
        return lambda *args: self._macro(name, *args)


class Paper:
    """One problem in one format and one language: the parts that its documents share, ready to set."""

    def __init__(self, worked: Worked, format_name: str, language: str) -> None:
        self.worked, self.language = worked, language
        self.format = format_for(format_name)
        self.words = load_words(language)
        self.setter = Setter(worked, self.format, self.words, self._own_sentence)
        self.macros = Macros(self.format.macro)
        self._conventions = Conventions(self.setter, lambda texts: self.author_texts(texts, secret=True))

    def common(self, solved: bool = False) -> dict[str, Any]:
        """What every template is given; unless `solved`, no value that is computed is in it."""
        problem = self.worked.problem
        title = problem.text(problem.title, self.language)
        return {
            "language": self.language,
            "title": self.format.escape(title),
            "plain_title": title,
            "introduction": self.author_texts(problem.introduction),
            "givens": self._givens(),
            "grids": self._grids(),
            "network": self._network(solved),
            "network_note": self._network_note(solved),
            "conventions": list(self._conventions.all(stated=False)),
            "computed": None,
        }

    def posed(self) -> dict[str, Any]:
        """What is computed, for a document that does not show how; its conventions need not say it again."""
        made = posed(self.worked)
        computed = {
            "title": self.setter.word("labels.computed"),
            "note": self.setter.word("texts.stated_once") if made.others else "",
            "blocks": self.setter.statements(made.steps),
        }
        return {"computed": computed, "conventions": list(self._conventions.all(stated=True))}

    def author_texts(self, texts: Mapping[str, str], secret: bool = False) -> list[str]:
        """The paragraphs of one of the problem's texts, in this language where it has it.

        `secret`: no value that is computed stands in them, even where the text asks for it.
        """
        own = self.worked.problem.text(dict(texts), self.language)
        return paragraphs(own, self.setter, secret) if own else []

    def _own_sentence(self, name: str) -> str:
        """What the author says before a quantity's formula, or before a claim whose left side it is."""
        problem = self.worked.problem
        claims = (check.claim for check in self.worked.graph.checks if check.said and check.sides[0] == name)
        place = next(claims, None)
        own = problem.sentence(name, self.language) if place is None else problem.claim_sentence(place, self.language)
        return " ".join(paragraphs(own, self.setter, secret=True)) if own else ""

    def number(self, value: object) -> str:
        """A number in a sentence or a cell."""
        return self.format.inline(numeral(str(value)))

    def _givens(self) -> list[tuple[str, str]]:
        """The table of givens: a kind's name, and its quantities with their values."""
        rows = []
        in_grids = {name for family in families(self.worked.graph) for name in family.names}
        for kind, names in givens(self.worked).items():
            left = [name for name in names if name not in in_grids]
            title = self.setter.word(f"kinds.{kind}")
            for part in self._lists(left) if kind == "given" else filter(None, [left]):
                rows.append((title, self.format.macro("enumeration", [self.setter.valued(name) for name in part])))
                title = ""
        return rows

    def _lists(self, names: list[str]) -> Iterator[list[str]]:
        """Names in rows: those of each list by themselves, and what stands alone between them together."""
        lists = {name: whole.name for whole in wholes(self.worked.graph) for name in whole.entries}
        for _, part in groupby(names, key=lambda name: lists.get(name, "")):
            yield list(part)

    def _grids(self) -> list[tuple[str, list[Grid]]]:
        """The givens that have rows and columns: a kind's name, and its grids."""
        found: dict[str, list[Grid]] = {}
        for family in families(self.worked.graph):
            found.setdefault(family.label.kind, []).append(grid(self.worked, self.format, family))
        titles = {kind: f"kinds.{kind}_grids" for kind in found}
        titles = {kind: code if self.words.has(code) else f"kinds.{kind}" for kind, code in titles.items()}
        return [(self.setter.word(titles[kind]), grids) for kind, grids in found.items()]

    # --- figures ---

    def pictures(self) -> Iterator[tuple[str, Drawing, str]]:
        """The drawings of the problem: a kind, the drawing, and its description in words."""
        for solved in (True, False) if self._is_circuit else (True,):
            drawing = self.worked.drawing if solved else self.worked.blank_drawing
            if drawing is not None:
                yield self.picture(solved), drawing, self._network_description(solved)
        if self.worked.history is not None:
            yield "curve", self._curve(self.worked.history), self._curve_description(self.worked.history)

    def picture(self, solved: bool) -> str:
        """The kind of figure that a document has which shows the working, or one that asks for it."""
        return ("circuit" if solved else "blanks") if self._is_circuit else "network"

    @property
    def _is_circuit(self) -> bool:
        diagram = self.worked.graph.diagram
        return diagram is not None and bool(diagram.of)

    def figure(self, kind: str) -> str:
        """The figure of a kind (`network`, `circuit`, `blanks` or `curve`) in this format.

        Raises `RenderError` where there is none.
        """
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

    def _network(self, solved: bool) -> str:
        return self.figure(self.picture(solved)) if self.worked.graph.diagram is not None else ""

    def _network_note(self, solved: bool) -> str:
        """What the numbers in a circuit are, or what is to be written into it."""
        diagram = self.worked.graph.diagram
        if diagram is None or not diagram.of:
            return ""
        shown = self.worked.diagram(solved)
        is_back = shown is None or any(shown.shows(derivative_name(shown.of, node.name)) for node in shown.nodes)
        code = self.picture(solved) if is_back else "blanks_forward"
        return self.setter.say(f"texts.{code}", {"of": diagram.of})

    def _network_description(self, solved: bool) -> str:
        """The diagram in words, for those who do not see it."""
        picture, name = self.worked.diagram(solved), self.worked.writer.box
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
        told = self.words(f"labels.{self._drawn(self.picture(True))}_description").format(columns=listed, edges=edges)
        dropped = ", ".join(text(name(node.name)) for node in picture.nodes if node.dropped)
        return told + (self.words("labels.dropped_description").format(units=dropped) if dropped else "")

    def _curve(self, history: History) -> Drawing:
        graph = self.worked.graph
        loss = self.worked.writer.box(graph.watched.loss)
        return plot(history.losses, self.words("labels.updates"), loss, each=len(graph.rounds))

    def _curve_description(self, history: History) -> str:
        graph, last, rounding = self.worked.graph, max(history.rows), self.worked.trace.rounding
        start, end = (rounding.text(history.rows[n][graph.watched.loss]) for n in (0, last))
        updates = last * len(graph.rounds)
        return self.words("labels.curve_description").format(start=start, end=end, iterations=updates)
