"""`Worked` and a document's name -> the document's text in one format and one language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from generator import resources
from generator.blocks import Block, Setter
from generator.diagram import draw_diagram
from generator.drawing import Drawing
from generator.errors import RenderError
from generator.figures import figure
from generator.formats import environment, format_for
from generator.formula import shortest
from generator.functions import ACTIVATIONS
from generator.graph import Role
from generator.language import load_words
from generator.pipeline import Worked, givens
from generator.plot import plot
from generator.rounding import full
from generator.steps import Section
from generator.texts import paragraphs
from generator.typeset.boxes import Digits, Op
from generator.typeset.text import text
from generator.worksheet import Answer, worksheet

DOCUMENTS = ("solution", "worksheet", "key")


@dataclass(frozen=True)
class View:
    """A section ready to set: its heading, its introduction, its blocks, and closing sentences."""

    code: str
    title: str
    introduction: list[str]
    blocks: list[Block]
    closing: list[str]


def render(
    worked: Worked,
    document: str,
    format_name: str,
    language: str = "en",
    *,
    detail: str | None = None,
    level: str | None = None,
    standalone: bool = True,
) -> str:
    """The text of `document` (`solution`, `worksheet` or `key`) in a format and a language.

    `standalone` is false for a part of a page: no title, no preamble. Raises `RenderError` for an unknown document,
    format or language.
    """
    if resources.find("documents", f"{document}.j2") is None:
        known = ", ".join(resources.names("documents", ".j2"))
        raise RenderError(f"there is no document `{document}`: expected one of {known}")
    paper = Paper(worked, format_name, language)
    fill = {"solution": paper.solution, "worksheet": paper.worksheet, "key": paper.key}[document]
    content = fill(detail if document == "solution" else level)
    made = (
        environment()
        .get_template(f"documents/{document}.j2")
        .render(f=paper.macros, t=paper.setter.word, standalone=standalone, paper=paper, **content)
    )
    return _tidy(made)


def _tidy(text: str) -> str:
    """No trailing blanks, no more than one empty line in a row, one line break at the end."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept) + "\n"


class Macros:
    """The format's macros for templates: `f.heading(2, title)`."""

    def __init__(self, macro: Callable[..., str]) -> None:
        self._macro = macro

    def __getattr__(self, name: str) -> Callable[..., str]:
        return lambda *args: self._macro(name, *args)


class Paper:
    """What the document templates of one problem are given, in one format and one language."""

    def __init__(self, worked: Worked, format_name: str, language: str) -> None:
        self.worked, self.language = worked, language
        self.format = format_for(format_name)
        self.words = load_words(language)
        self.setter = Setter(worked, self.format, self.words)
        self.macros = Macros(self.format.macro)

    # --- what every document has ---

    def _common(self, document: str) -> dict[str, Any]:
        problem = self.worked.problem
        return {
            "language": self.language,
            "document": self.setter.word(f"documents.{document}"),
            "title": self.format.escape(problem.text(problem.title, self.language)),
            "plain_title": problem.text(problem.title, self.language),
            "introduction": self._texts(problem.text(problem.introduction, self.language)),
            "givens": self._givens(),
            "network": self._network(),
            "conventions": self._conventions(),
        }

    def _texts(self, text: str) -> list[str]:
        return paragraphs(text, self.setter) if text else []

    def _givens(self) -> list[tuple[str, str]]:
        """The table of givens: a kind's name, and its quantities with their values."""
        rows = []
        for kind, names in givens(self.worked).items():
            values = self.format.macro("enumeration", [self.setter.valued(name) for name in names])
            rows.append((self.setter.word(f"kinds.{kind}"), values))
        return rows

    def _network(self) -> str:
        drawing = network_drawing(self.worked)
        if drawing is None:
            return ""
        return self._figure(drawing, "network", self.setter.words("labels.network_alt"), self._network_description())

    def _network_description(self) -> str:
        """The diagram in words, for those who do not see it."""
        picture = self.worked.graph.diagram
        assert picture is not None
        columns: dict[int, list[str]] = {}
        for node in picture.nodes:
            columns.setdefault(node.column, []).append(text(self.worked.writer.box(node.name)))
        listed = "; ".join(", ".join(names) for _, names in sorted(columns.items()))
        name = self.worked.writer.box
        edges = ", ".join(
            f"{text(name(e.start))}–{text(name(e.end))}" + (f" ({text(name(e.label))})" if e.label else "")
            for e in picture.edges
        )
        return self.words("labels.network_description").format(columns=listed, edges=edges)

    def _figure(self, drawing: Drawing, kind: str, alt: str, description: str) -> str:
        return figure(drawing, self.format, f"{self.worked.id}-{kind}", alt, description)

    def _conventions(self) -> list[str]:
        rounding, say = self.worked.trace.rounding, self.setter.say
        mode = self.setter.word(f"modes.{rounding.mode}")
        digits = rounding.significant if rounding.significant is not None else rounding.decimals
        number = self.format.inline(Digits(str(digits)))
        code = "significant" if rounding.significant is not None else "digits"
        made = [
            say(f"conventions.{code}", mode=mode, decimals=number, significant=number),
            self.setter.word(f"conventions.carry_{rounding.carry}"),
            say("conventions.relations", equal=self.format.inline(Op("=")), near=self.format.inline(Op("≈"))),
        ]
        loss = getattr(self.worked.problem, "loss", "")
        if loss:
            made.append(say("conventions.loss", function=self.setter.word(f"functions.{loss}")))
        used = {step.words.get("function") for section in self.worked.sections() for step in section.walk()}
        for name in sorted(filter(None, used)):
            if name in ACTIVATIONS and ACTIVATIONS[name].kink:
                made.append(say("conventions.kink", function=self.setter.word(f"functions.{name}")))
        if self.worked.graph.of_role(Role.UPDATE):
            made.append(self.setter.word("conventions.updates"))
        return made

    # --- the solution ---

    def solution(self, detail: str | None) -> dict[str, Any]:
        """Everything that the solution's template sets."""
        problem = self.worked.problem
        remarks = [self._texts(problem.text(remark, self.language)) for remark in problem.remarks]
        return {
            **self._common("solution"),
            "sections": [self._view(section, closing=True) for section in self.worked.sections(detail)],
            "training": self._training(),
            "remarks": [paragraph for remark in remarks for paragraph in remark],
        }

    def _view(self, section: Section, closing: bool = False) -> View:
        say, code = self.setter.say, section.code
        title = (
            say(f"sections.{code}", group=self.setter.group(section.group))
            if section.group
            else say(f"sections.{code}")
        )
        names = dict(section.names)
        if code == "update":
            names |= {key: section.steps[0].names[key] for key in ("gradient", "rate")}
        introduction = [say(f"texts.{code}", names)] if self.words.has(f"texts.{code}") else []
        return View(code, title, introduction, self.setter.blocks(section), self._closing(section) if closing else [])

    def _closing(self, section: Section) -> list[str]:
        if section.code != "after":
            return []
        before = section.names["loss"]
        after = f"{before}_new"
        shown = self.worked.trace.number(before).value, self.worked.trace.number(after).value
        change = "same" if shown[0] == shown[1] else "fell" if shown[1] < shown[0] else "rose"
        return [self.setter.say(f"texts.after_{change}", {"before": before, "after": after})]

    def _training(self) -> dict[str, Any] | None:
        history = self.worked.history
        if history is None:
            return None
        rounding, setter = self.worked.trace.rounding, self.setter
        columns = list(history.rows)
        graph = self.worked.graph
        outputs = [name for name in history.names if graph[name].role is Role.FORWARD and self._is_output(name)]
        rows = []
        for name in (graph.loss, *outputs, *graph.trained):
            cells = [self.format.inline(Digits(rounding.text(history.rows[n][name]))) for n in columns]
            rows.append([self.format.inline(setter.symbol(name)), *cells])
        label = setter.word("labels.iteration")
        curve = plot(history.losses, self.words("labels.iteration"), self.worked.writer.box(graph.loss))
        ends = {
            "start": full(history.rows[0][graph.loss], 4),
            "end": full(history.rows[columns[-1]][graph.loss], 4),
            "iterations": str(columns[-1]),
        }
        description = self.words("labels.curve_description").format(**ends)
        return {
            "title": setter.word("sections.training"),
            "text": setter.word("texts.training"),
            "header": [label, *(self.format.inline(Digits(str(n))) for n in columns)],
            "rows": rows,
            "curve": self._figure(curve, "curve", self.words("labels.curve_alt"), description),
        }

    def _is_output(self, name: str) -> bool:
        return any(self.worked.graph[user].role is Role.LOSS for user in self.worked.graph.consumers[name])

    # --- worksheet and key ---

    def worksheet(self, level: str | None) -> dict[str, Any]:
        """Everything that the worksheet's template sets: no value of a blank is in it."""
        chosen = level or self.worked.problem.worksheet.level
        sheet = worksheet(self.worked, chosen)
        return {
            **self._common("worksheet"),
            "level": chosen,
            "instructions": self.setter.word(f"worksheet.{chosen}"),
            "sections": [self._view(section) for section in sheet.sections],
            "room": {"guided": 0, "faded": 1, "open": 3}[chosen],
        }

    def key(self, level: str | None) -> dict[str, Any]:
        """Everything that the key's template sets."""
        chosen = level or self.worked.problem.worksheet.level
        sheet = worksheet(self.worked, chosen)
        return {
            **self._common("key"),
            "level": chosen,
            "answers": [self._answer(answer) for answer in sheet.answers],
            "total": self.format.inline(Digits(_points(sum(answer.points for answer in sheet.answers)))),
        }

    def _answer(self, answer: Answer) -> list[str]:
        trace, inline = self.worked.trace, self.format.inline
        number = trace.number(answer.quantity)
        return [
            inline(Digits(str(answer.number))),
            inline(self.setter.symbol(answer.quantity)),
            inline(Digits(number.text)),
            inline(Digits(trace.full(answer.quantity))),
            inline(Digits(_points(answer.points))),
        ]


def _points(value: Any) -> str:
    return shortest(value) if value else "0"


def network_drawing(worked: Worked) -> Drawing | None:
    """The network with its weights, as solution and worksheet show it."""
    if worked.graph.diagram is None:
        return None
    return draw_diagram(worked.graph.diagram, worked.writer, lambda name: worked.trace.shown[name])
