"""`Worked` and a document's name -> the document's text in one format and one language."""

from __future__ import annotations

from generator import resources
from generator.errors import RenderError
from generator.pipeline import Worked, own_notation
from generator.render.contents import CONTENTS, SOLVED
from generator.render.formats import environment
from generator.render.paper import Paper

DOCUMENTS = tuple(CONTENTS)
_PARTS = ("statement",)  # templates that others include


def document_names() -> tuple[str, ...]:
    """The documents there are: the shipped ones in their own order, then yours."""
    found = resources.names("documents", ".j2")
    return (*DOCUMENTS, *(name for name in found if name not in (*DOCUMENTS, *_PARTS)))


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
    """The text of `document` (`solution`, `worksheet`, `key`, `audit`, or a template of your own).

    `detail` is the solution's (`all` or `first`), `level` that of worksheet and key (`guided`, `faded`, `open`); the
    definition's own where they are not given. `standalone` is false for a part of a page: no title, no preamble.
    Raises `RenderError` for an unknown document, format, language or level.
    """
    if document not in document_names():
        raise RenderError(f"there is no document `{document}`: expected one of {', '.join(document_names())}")
    if document == "audit":
        worked = own_notation(worked)
    paper = Paper(worked, format_name, language)
    fill = CONTENTS.get(document)
    content = fill(paper, detail if document == "solution" else level) if fill else {}
    code = f"documents.{document}"
    name = paper.setter.word(code) if paper.words.has(code) else document  # a document of your own may have no word
    template = environment().get_template(f"documents/{document}.j2")
    given = {"f": paper.macros, "t": paper.setter.word, "standalone": standalone, "document": name}
    return tidy(template.render(given | paper.common(document in SOLVED) | content))


def tidy(text: str) -> str:
    """`text` with no trailing blanks, no more than one empty line in a row, and one line break at the end."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    kept = [line for place, line in enumerate(lines) if line or lines[place - 1]]
    return "\n".join(kept) + "\n"
