"""Problem definitions -> the pages and downloads of a site: each a path and its content, nothing written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from html import escape
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

from generator.definitions.course import Entry, titles_required
from generator.definitions.problem import find_definitions
from generator.errors import LonghandError, PublishError
from generator.pipeline import Worked, load_worked
from generator.publish.artifacts import artifacts, can_set, checked, documents_of, languages_of, truth_of, varieties
from generator.publish.cards import about, card
from generator.publish.elements import FENCED, Page, stash
from generator.publish.files import Artifact
from generator.publish.pdf import CJK_FONT
from generator.publish.progress import Report
from generator.render.contents import comparison
from generator.render.document import render, tidy
from generator.render.formats import environment
from generator.render.language import load_words
from generator.render.paper import Paper
from generator.render.program import FLAVOURS, program


@dataclass(frozen=True)
class Generated:
    """Everything that one problem brings to the site."""

    id: str
    title: str
    pages: tuple[Page, ...]
    downloads: tuple[Artifact, ...]
    card: str
    entry: Entry | None = None  # a homework set has no place among the problems


def generate(folder: Path, report: Report = lambda name, done, total: None) -> tuple[Generated, ...]:
    """Work every problem in a folder, on all cores. `report` is told each problem's id when it is done.

    What has been made before in this process is not made again while its files stay the same. Raises `LonghandError`
    where a definition is wrong, two have the same id, or a rendered line is not true.
    """
    if not folder.is_dir():
        raise PublishError(f"{folder}: there is no such folder; expected one with problem definitions")
    paths = find_definitions(folder)
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(path.stem, path)
        if other != path:
            raise LonghandError(f"{path}: {other} has the same name; a file's name is the problem's id")
    required = titles_required(paths)
    # Read once: a file may change while the others are worked.
    states = {path: (*_state(path), repr(required[path]).encode()) for path in paths}
    new = [path for path in paths if (path, states[path]) not in _made]
    if len(new) > 1:
        # Fresh processes: forking one that has threads (Typst, MkDocs' server) is not safe.
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            results = zip(new, pool.map(_generated, new, [required[path] for path in new]), strict=True)
            for done, (path, made) in enumerate(results, 1):
                report(path.stem, done, len(new))
                _made[path, states[path]] = made
    else:
        for path in new:
            _made[path, states[path]] = _generated(path, required[path])
            report(path.stem, 1, 1)
    return tuple(_made[path, states[path]] for path in paths)


_made: dict[tuple[Path, tuple[bytes, ...]], Generated] = {}


def _state(path: Path) -> tuple[bytes, ...]:
    """What a problem's output depends on besides the templates: its definition and its claims."""
    claims = path.with_suffix(".claims.yml")
    return tuple(file.read_bytes() for file in (path, claims) if file.is_file())


def _generated(path: Path, required: Mapping[str, str]) -> Generated:
    worked = load_worked(path)
    title = worked.problem.text(worked.problem.title, "en")
    files = tuple(artifacts(worked))
    entry = Entry(path, worked.problem)
    return Generated(worked.id, title, tuple(_pages(worked, files, required)), files, card(worked), entry)


def forget() -> None:
    """Work every problem anew: a template has changed."""
    _made.clear()


def _pages(worked: Worked, files: tuple[Artifact, ...], required: Mapping[str, str]) -> Iterator[Page]:
    truth, base = truth_of(worked), f"problems/{worked.id}"
    words, title = load_words("en"), worked.problem.text(worked.problem.title, "en")
    yield _template_page(f"{base}/index.md", words("site.overview"), "overview", worked, files, required)
    for document in documents_of(worked):
        text = checked(worked, render(worked, document, "web"), "web", f"page {document}", truth)
        name, text = words(f"documents.{document}"), _with_files(text, worked, files, document, "en")
        yield stash(f"{base}/{document}.md", name, text, f"{name}: {title}")
        if document == "key":
            yield _template_page(f"{base}/program.md", words("documents.program"), "program", worked, files)
    for language in languages_of(worked):
        if language != "en":
            text = checked(worked, render(worked, "solution", "web", language), "web", f"page {language}", truth)
            name = load_words(language)("documents.solution")
            text = _with_files(text, worked, files, "solution", language)
            head = f"{name}: {worked.problem.text(worked.problem.title, language)}"
            yield replace(stash(f"{base}/solution-{language}.md", name, text, head), language=language)


def _with_files(text: str, worked: Worked, files: tuple[Artifact, ...], document: str, language: str) -> str:
    """The page of a document with links to its PDFs below its title, at every level that it has."""
    paper, there = Paper(worked, "web", language), {file.path for file in files}
    found = [v for v in varieties(worked) if (v.document, v.language) == (document, language)]
    named = [
        (paper.setter.word(f"levels.{one.level}" if one.level else f"documents.{document}"), path)
        for one in found
        if (path := f"{one.stem(worked.id)}.pdf") in there
    ]
    links = environment().get_template("pages/files.j2").render(files=named, missing=_without_pdf(language))
    kind = text.index("</p>", text.index('<p class="lh-kind">')) + len("</p>")
    return f"{text[:kind]}\n\n{links.strip()}\n{text[kind:]}"


def _without_pdf(language: str) -> str:
    """Why there are no PDFs in a language, where there are none."""
    if can_set(language):
        return ""
    return escape(load_words(language)("site.no_pdf").format(font=CJK_FONT))


def _template_page(
    path: str,
    title: str,
    template: str,
    worked: Worked,
    files: tuple[Artifact, ...],
    required: Mapping[str, str] = MappingProxyType({}),
) -> Page:
    paper = Paper(worked, "web", "en")
    text = (
        environment()
        .get_template(f"pages/{template}.j2")
        .render(
            f=paper.macros,
            t=paper.setter.word,
            id=worked.id,
            languages=[(other, load_words(other)) for other in languages_of(worked) if other != "en"],
            documents=documents_of(worked),
            source=worked.definition.source.file.read_text(encoding="utf-8-sig"),
            programs=[(flavour, program(worked, flavour)) for flavour in FLAVOURS],
            downloads=_downloads(worked, paper, files),
            about=about(paper),
            requires=[(name, escape(title)) for name, title in required.items()],
            missing=[(other, text) for other in languages_of(worked) if (text := _without_pdf(other))],
            published=comparison(paper, None) if worked.definition.claims.is_file() else None,
            **(paper.common() | paper.posed()),
        )
    )
    own = worked.problem.text(worked.problem.title, "en")
    return stash(path, title, _tidied(text), own if template == "overview" else f"{title}: {own}")


def _downloads(worked: Worked, paper: Paper, files: tuple[Artifact, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The files to download: for each document its name and its files, by kind."""
    there = {file.path for file in files}
    listed = []
    for variety in varieties(worked):
        words = load_words(variety.language)
        name = words(f"documents.{variety.document}")
        if variety.level:
            name += f" ({words(f'levels.{variety.level}')})"
        stem = variety.stem(worked.id)
        kinds = (("PDF", f"{stem}.pdf"), ("LaTeX", f"{stem}.tex"), ("Markdown", f"{stem}.md"))
        listed.append((paper.format.escape(name), [(kind, path) for kind, path in kinds if path in there]))
    programs = [(paper.setter.word(f"site.{flavour}"), f"{worked.id}-{flavour}.py") for flavour in FLAVOURS]
    return [*listed, (paper.setter.word("documents.program"), programs)]


def _tidied(text: str) -> str:
    """A page's text, tidy but for the code in it, which stays as it is."""
    pieces, at = [], 0
    for code in re.finditer(FENCED, text, re.DOTALL | re.MULTILINE):
        pieces += [tidy(text[at : code.start()]), code[0] + "\n"]
        at = code.end()
    return "\n".join([*pieces, tidy(text[at:])]).rstrip() + "\n"
