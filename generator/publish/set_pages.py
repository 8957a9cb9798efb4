"""Homework sets -> their pages on the site: a sample paper, the set's file, and its certificate."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from html import escape
from multiprocessing import get_context
from pathlib import Path

from generator.publish.certify import as_json, certified
from generator.publish.elements import stash
from generator.publish.files import Artifact
from generator.publish.pages import Generated
from generator.publish.pdf import typst_page, typst_pdf
from generator.publish.progress import Report
from generator.publish.shards import Job, Workshop
from generator.render.formats import environment
from generator.render.language import load_words
from generator.sets.certificate import DRAWS
from generator.sets.judge import Judge
from generator.sets.model import find_sets, load_set
from generator.sets.papers import Press
from generator.sets.records import Options
from generator.sets.report import report
from generator.sets.roster import Student
from generator.sets.seats import seats

_SECRET = b"the numbers of the sample on the site are no secret"
_SAMPLE = Student("s1815", "Ada Lovelace", (), 0)
_PICTURE = "worksheet.svg"

_made: dict[tuple[Path, str], Generated] = {}


def generate_sets(folder: Path, tell: Report = lambda name, done, total: None) -> tuple[Generated, ...]:
    """The pages of every set below a folder, with a certificate of 100,000 draws each.

    What has been made before in this process is not made again while its files stay the same. Raises `LonghandError`
    where a set is wrong or a line of its sample is not true.
    """
    paths = find_sets(folder)
    keys = {path: (path, load_set(path).digest) for path in paths}
    new = [path for path in paths if keys[path] not in _made]
    if len(new) > 1:
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            for done, (path, made) in enumerate(zip(new, pool.map(_generated, new), strict=True), 1):
                tell(path.stem, done, len(new))
                _made[keys[path]] = made
    else:
        for path in new:
            _made[keys[path]] = _generated(path)
            tell(path.stem, 1, 1)
    return tuple(_made[key] for key in keys.values())


def forget_sets() -> None:
    """Make every set's pages anew: a template has changed."""
    _made.clear()


def _generated(path: Path) -> Generated:
    shop = Workshop(Job(path, Options(), _SECRET))
    homework, found = certified(path, DRAWS)
    title = homework.homework.text(homework.homework.title)
    (seat,) = seats(_SECRET, homework.id, [Judge(task) for task in shop.tasks], [_SAMPLE])
    (sample,) = shop.papers([seat])
    sheets = {Path(file.path).name: file.content for file in sample.files}
    language = homework.homework.language
    downloads = [Artifact(name, content) for name, content in sheets.items()]
    downloads.append(Artifact(_PICTURE, typst_page(shop.worksheet(seat), language).encode()))
    downloads.append(Artifact("certificate.pdf", typst_pdf(report(homework, found, "typst"), language)))
    downloads.append(Artifact("certificate.json", as_json(homework, found).encode()))
    press = Press(homework, shop.tasks, "web")
    listed = [(code, name) for code, name in _DOWNLOADS if name in {file.path for file in downloads}]
    text = (
        environment()
        .get_template("pages/set.j2")
        .render(
            f=press.macros,
            t=press.word,
            title=press.format.escape(title),
            instructions=press.instructions,
            picture=_PICTURE,
            downloads=[(press.word(code), name) for code, name in listed],
            source=path.read_text(encoding="utf-8-sig").strip(),
            certificate=report(homework, found, "web", standalone=False),
        )
    )
    words = load_words("en")
    page = stash(f"problems/sets/{homework.id}/index.md", title, text, f"{words('sets.set')}: {title}")
    card = {"id": homework.id, "picture": "", "title": press.format.escape(title), "about": _about(shop)}
    made = environment().get_template("pages/card.j2").render(**card, introduction=press.instructions[:1])
    return Generated(f"sets/{homework.id}", title, (page,), tuple(downloads), made)


def _about(shop: Workshop) -> list[str]:
    """The titles of a set's problems."""
    problems = [task.worked.problem for task in shop.tasks]
    return [escape(problem.text(problem.title, "en")) for problem in problems]


_DOWNLOADS = (
    ("sets.files.worksheet", "worksheet.pdf"),
    ("sets.files.solution", "solution.pdf"),
    ("sets.files.key", "key.pdf"),
    ("sets.files.certificate", "certificate.pdf"),
    ("sets.files.data", "certificate.json"),
)
