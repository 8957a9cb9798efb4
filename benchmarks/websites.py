"""Problems -> the website in a temporary folder, and which part of the time goes where."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import mkdocs.commands.build  # noqa: F401 - imported here, so that no build pays for it
from caches import forget
from measure import Effort, Row, Sample, once, timed
from stopwatch import Stopwatch

import generator.publish.plugin  # noqa: F401 - its names are watched too
from generator import pipeline
from generator.derive import sections
from generator.drawings import diagram
from generator.errors import LonghandError
from generator.publish import pages, parts, pdf, site
from generator.render import document
from generator.solve import histories, traces
from generator.verify import document as verify

ROOT = Path(__file__).resolve().parent.parent

# Each part by the functions in which it is spent; what runs inside another part is taken out of that one.
PARTS: dict[str, tuple[Callable[..., Any], ...]] = {
    "solving": (pipeline.work, traces.trace, histories.train),
    "deriving steps": (sections.derive,),
    "drawing networks": (diagram.draw_diagram,),
    "rendering": (pages.generate, parts.part, document.render),
    "verifying": (verify.verify,),
    "Typst": (pdf.typst_pdf,),
}
REST = "MkDocs"
ONE = Effort(1, 0.0)


class OneProcess:
    """Stands in for the pool of processes, so that all work happens where the stopwatch sees it."""

    def __init__(self, **settings: object) -> None:
        del settings  # a pool's

    def __enter__(self) -> OneProcess:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def map(self, function: Callable[[Path], object], paths: list[Path]) -> Iterator[object]:
        """One after the other."""
        return map(function, paths)


def websites(effort: Effort) -> list[Row]:
    """The whole site as `make site` builds it; in a quick run one problem with the shipped configuration."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        if effort.full:
            return [*_command(folder), *_shares("the same in one process", ROOT, folder)]
        (folder / "problems").mkdir()
        shutil.copy(ROOT / "problems" / "first" / "one_unit.yml", folder / "problems")
        return _shares("a site of one small problem", folder, folder)


def _command(folder: Path) -> list[Row]:
    """`longhand build`, start to end, on as many cores as it takes."""
    made: list[subprocess.CompletedProcess[str]] = []
    command = [sys.executable, "-c", "from generator.cli import main; main()", "build", "-o", str(folder / "site")]
    run = partial(subprocess.run, command, cwd=ROOT, check=False, capture_output=True, text=True)
    sample = once(lambda: made.append(run()), ONE)
    if made[0].returncode:
        return [Row("longhand build", note=_failed(made[0].stderr.strip().splitlines()[-1]))]
    count = sum(1 for _ in (folder / "site").rglob("*.html"))
    return [Row("longhand build", sample, count, "page", note=f"{count} pages, with downloads")]


def _failed(reason: str) -> str:
    return textwrap.shorten(f"failed: {reason}", 120)


def _shares(name: str, base: Path, folder: Path) -> list[Row]:
    """One build watched from inside."""
    watch, output = Stopwatch(PARTS, REST), folder / "build" / "site"

    def build() -> None:
        with watch.watching(), patch.object(pages, "ProcessPoolExecutor", OneProcess), watch.part(REST):
            site.build_site(Path("problems"), output)

    logging.getLogger("mkdocs").setLevel(logging.CRITICAL)
    forget()
    try:
        with chdir(base):
            total = timed(build)
    except LonghandError as error:
        return [Row(name, note=_failed(str(error)))]
    count = sum(1 for _ in output.rglob("*.html"))
    whole = Row(name, Sample((total,)), count, "page", note=f"{count} pages, with downloads; caches cold")
    return [whole, *watch.rows(total)]
