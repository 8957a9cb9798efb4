"""What `longhand render` and `longhand new` write."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from generator.definitions.problem import kind_module, kind_names
from generator.errors import PublishError, RenderError
from generator.pipeline import Worked
from generator.publish.artifacts import artifacts, checked, documents_of, pictures, truth_of
from generator.publish.files import Artifact, write, write_file
from generator.publish.pdf import latex_pdf, typst_pdf
from generator.render.document import document_names, render
from generator.render.formats import FORMATS, format_for
from generator.render.program import program


def render_files(
    worked: Worked,
    document: str,
    text_format: str,
    language: str,
    detail: str | None,
    level: str | None,
    engine: str,
    flavour: str,
    output: Path | None,
) -> None:
    """Render what is asked: everything into a folder, or one document into a file or onto standard output."""
    if document == "all" and text_format == "all" and not (detail or level or language != "en"):
        _report(write(output or Path("build") / worked.id, artifacts(worked)))
        return
    documents = documents_of(worked) if document == "all" else (document,)
    formats = ("markdown", "latex", "pdf") if text_format == "all" else (text_format,)
    made = [
        _one(worked, name, kind, language, detail, level, engine, flavour)
        for name in documents
        for kind in (formats if name != "program" else ("program",))
    ]
    if len(made) > 1 or (output is not None and (output.is_dir() or not output.suffix)):
        shown = [picture for picture in pictures(worked, language) if _refer(made, picture)]
        _report(write(output or Path("build") / worked.id, (*made, *shown)))
    elif output is not None:
        _report([write_file(output, made[0].content)])
    elif text_format == "pdf":
        raise RenderError("a PDF goes to a file: say where with -o")
    else:
        sys.stdout.write(made[0].content.decode())


def _refer(made: list[Artifact], picture: Artifact) -> bool:
    return any(f"]({picture.path})".encode() in artifact.content for artifact in made)


def _report(paths: list[Path]) -> None:
    for path in paths:
        print(path)


def _one(
    worked: Worked,
    document: str,
    kind: str,
    language: str,
    detail: str | None,
    level: str | None,
    engine: str,
    flavour: str,
) -> Artifact:
    if document == "program":
        return Artifact(f"{worked.id}-{flavour}.py", program(worked, flavour, language).encode())
    if document not in document_names():
        known = ", ".join((*document_names(), "program", "all"))
        raise RenderError(f"--document: found `{document}`; expected one of {known}")
    if kind != "pdf" and kind not in FORMATS:
        raise RenderError(f"--format: found `{kind}`; expected one of {', '.join((*FORMATS, 'pdf', 'all'))}")
    text_format = engine if kind == "pdf" else kind
    text = render(worked, document, text_format, language, detail=detail, level=level)
    if text_format != "terminal":
        checked(worked, text, text_format, document, truth_of(worked, document))
    stem = "-".join(filter(None, (worked.id, document, level))) + ("" if language == "en" else f".{language}")
    if kind != "pdf":
        return Artifact(stem + format_for(kind).suffix, text.encode())
    return Artifact(f"{stem}.pdf", {"typst": typst_pdf, "latex": latex_pdf}[engine](text, language))


def new_definition(kind: str, folder: Path, name: str) -> Path:
    """Write the starter definition of a kind. Raises `PublishError` where the file is there already."""
    if kind not in kind_names():
        raise PublishError(f"kind: found `{kind}`; expected one of {', '.join(kind_names())}")
    if not re.fullmatch(r"[A-Za-z0-9][\w-]*", name):
        raise PublishError(f"--name: found `{name}`; expected letters, digits, `-` and `_`")
    path = folder / f"{name}.yml"
    if path.exists():
        raise PublishError(f"{path}: there is such a file already; expected a new name (--name)")
    return write_file(path, kind_module(kind).STARTER.encode())
