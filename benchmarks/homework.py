"""A whole homework set, as a user builds it: PDFs, Markdown sources, certificates; its time and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from measure import Effort, Row, Sample, timed
from stopwatch import Stopwatch

from generator.publish.artifacts import checked
from generator.publish.certify import certified
from generator.publish.files import write_pieces
from generator.publish.homework import SECRET, Order, build, plan
from generator.publish.pdf import has_latex, latex_pdf, typst_pdf
from generator.sets.papers import Press
from generator.sets.records import Options
from generator.variants.shown import shown

ROOT = Path(__file__).resolve().parent.parent
SET = ROOT / "problems" / "sets" / "backpropagation.yml"
# Each part by the functions in which it is spent; what runs inside another part is taken out of that one.
PARTS = {
    "drawing numbers that are acceptable": (plan,),
    "their values": (shown,),
    "filling texts": (Press.bodies, Press.paper),
    "reading back": (checked,),
    "Typst": (typst_pdf,),
    "writing files": (write_pieces,),
}
REST = "all the rest"
# Runs the command and prints the most memory that it and each of its processes took, in MB.
_RUN = """
import resource, sys
sys.path.insert(0, sys.argv.pop(1))
from generator.cli import main
try:
    main()
finally:
    most = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print("memory", *most)
"""


def homework(effort: Effort) -> list[Row]:
    """Three problems for each student of a class list, in all processes."""
    papers, few, many = (300, 1000, 10_000) if effort.full else (16, 100, 400)
    rows = [_built(papers, "pdf", "worksheets and key book, PDF"), _built(few, "markdown", "Markdown and answers")]
    rows.append(_built(many, "markdown", "Markdown and answers"))
    rows += _shares(32 if effort.full else 8)
    draws = 100_000 if effort.full else 5_000
    sample = Sample((timed(lambda: certified(SET, draws)),))
    return [*rows, Row(f"certificate of 3 problems, {draws:,} draws each", sample, 3 * draws, "draw")]


def _shares(students: int) -> list[Row]:
    """Papers in all formats in one process, by what the time goes to; then one of them through LaTeX."""
    watch = Stopwatch(PARTS, REST)
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {SECRET: "a secret for measuring"}):
        roster = _roster(Path(folder), students)
        order = Order(SET, roster, Path(folder) / "out", Options(("pdf", "latex", "markdown"), False), processes=1)

        def work() -> None:
            with watch.watching(), watch.part(REST):
                build(order)

        total = timed(work)
        source = next((Path(folder) / "out" / "students").rglob("*.tex")).read_text(encoding="utf-8")
    what = f"{students} students: PDF, LaTeX and Markdown, in one process"
    rows = [Row(what, Sample((total,)), students, "student"), *watch.rows(total)]
    if has_latex():
        rows.append(Row("  one of the worksheets through LaTeX", Sample((timed(lambda: latex_pdf(source)),))))
    return rows


def _roster(folder: Path, students: int) -> Path:
    path = folder / "roster.csv"
    names = "".join(f"s{number:05},Student Number {number}\n" for number in range(students))
    path.write_text("id,name\n" + names, encoding="utf-8")
    return path


def _built(students: int, kind: str, what: str) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        roster = _roster(Path(folder), students)
        command = [sys.executable, "-c", _RUN, str(ROOT), "set", str(SET), "--roster", str(roster), "--no-solutions"]
        command += ["--format", kind, "-o", str(Path(folder) / "out")]
        before = _processor()
        start = time.perf_counter()
        env = {**os.environ, "LONGHAND_SECRET": "a secret for measuring"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        taken, spent = time.perf_counter() - start, _processor() - before
    own, others = done.stdout.split("memory ")[1].split()
    note = f"{spent:.0f} s of processor time; at most {own} MB, other processes {others} MB each"
    return Row(f"{students:,} students: {what}", Sample((taken,)), students, "student", note=note)


def _processor() -> float:
    """The processor time of all processes that have ended, in seconds."""
    times = os.times()
    return times.children_user + times.children_system
