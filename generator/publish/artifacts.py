"""`Worked` -> the files of one problem: documents in every format, PDFs, programs and pictures, all verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.once import once
from generator.pipeline import Worked, own_notation
from generator.publish.files import Artifact
from generator.publish.pdf import CJK_FONT, has_font, typst_pdf
from generator.render.document import render
from generator.render.figures import image
from generator.render.formats import format_for
from generator.render.language import language_names
from generator.render.paper import Paper
from generator.render.program import FLAVOURS, program
from generator.verify.document import verify
from generator.verify.truth import Truth
from generator.views.worksheet import LEVELS

TEXTS = ("markdown", "latex", "typst")


def truth_of(worked: Worked, document: str = "") -> Truth:
    """What the rendered lines of a problem's document are held against (an audit is in the problem's own notation)."""
    return _truth(own_notation(worked) if document == "audit" else worked)


@once
def _truth(worked: Worked) -> Truth:
    return Truth.of(worked.graph, worked.writer, worked.trace.rounding)


def checked(worked: Worked, text: str, format_name: str, name: str, truth: Truth | None = None) -> str:
    """`text` itself, when every line of it is true. Raises `UntrueLineError` naming the lines that are not."""
    report = verify(text, format_name, truth or truth_of(worked), history=worked.history)
    report.demand(f"{worked.id}, {name}")
    return text


def languages_of(worked: Worked) -> tuple[str, ...]:
    """The languages that both the problem and the templates speak."""
    title = worked.problem.title
    return tuple(language for language in language_names() if language in title) or ("en",)


def documents_of(worked: Worked) -> tuple[str, ...]:
    """The documents a problem has."""
    base = ("solution", "worksheet", "key")
    return (*base, "audit") if worked.definition.claims.is_file() else base


@dataclass(frozen=True, slots=True)
class Variety:
    """One document of a problem as it is written: in which language and, for worksheet and key, at which level."""

    document: str
    language: str
    level: str | None = None

    def stem(self, name: str) -> str:
        """The name of its files for the problem `name`, without their endings."""
        parts = (name, self.document, *filter(None, (self.level,)))
        return "-".join(parts) + ("" if self.language == "en" else f".{self.language}")


def varieties(worked: Worked) -> Iterator[Variety]:
    """Every document of a problem, in every language it speaks and at every level."""
    for language in languages_of(worked):
        for document in documents_of(worked):
            for level in LEVELS if document in ("worksheet", "key") else (None,):
                yield Variety(document, language, level)


def artifacts(worked: Worked) -> Iterator[Artifact]:
    """Every file of a problem, in a fixed order; Chinese PDFs only where their font is installed.

    Raises `UntrueLineError` before the first file where a line of a document is not true.
    """
    truths = {document: truth_of(worked, document) for document in ("", "audit")}
    for variety in varieties(worked):
        stem = variety.stem(worked.id)
        for format_name in TEXTS:
            text = render(worked, variety.document, format_name, variety.language, level=variety.level)
            checked(worked, text, format_name, stem, truths.get(variety.document, truths[""]))
            if format_name != "typst":
                yield Artifact(stem + format_for(format_name).suffix, text.encode())
            elif can_set(variety.language):
                yield Artifact(f"{stem}.pdf", typst_pdf(text, variety.language))
    for flavour in FLAVOURS:
        yield Artifact(f"{worked.id}-{flavour}.py", program(worked, flavour).encode())
    yield from pictures(worked)


def can_set(language: str) -> bool:
    """Whether this machine has the fonts for PDFs in `language`."""
    return language != "zh" or has_font(CJK_FONT)


def pictures(worked: Worked, language: str = "en") -> Iterator[Artifact]:
    """The pictures that the Markdown documents refer to."""
    paper = Paper(worked, "markdown", language)
    for kind, drawing, description in paper.pictures():
        yield Artifact(f"{worked.id}-{kind}.svg", image(drawing, paper.alt(kind), description).encode())
