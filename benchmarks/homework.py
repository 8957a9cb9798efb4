"""A whole homework set, as a user builds it: PDFs, Markdown sources, certificates; its time and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import Effort, Row, Sample, timed

from generator.publish.certify import certified

ROOT = Path(__file__).resolve().parent.parent
SET = ROOT / "problems" / "sets" / "backpropagation.yml"
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
    draws = 100_000 if effort.full else 5_000
    sample = Sample((timed(lambda: certified(SET, draws)),))
    return [*rows, Row(f"certificate of 3 problems, {draws:,} draws each", sample, 3 * draws, "draw")]


def _built(students: int, kind: str, what: str) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        roster = Path(folder) / "roster.csv"
        names = "".join(f"s{number:05},Student Number {number}\n" for number in range(students))
        roster.write_text("id,name\n" + names, encoding="utf-8")
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
