"""Set file -> its certificates: a report in the terminal, JSON and a PDF in a folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from generator.publish.files import write_file
from generator.publish.pdf import typst_pdf
from generator.publish.progress import Report
from generator.render.language import load_words
from generator.sets.certificate import Certificate, certify
from generator.sets.judge import Judge
from generator.sets.model import SetFile, load_set
from generator.sets.report import percent, report
from generator.sets.task import tasks

_MOST = 8  # reasons that the terminal lists for each problem


def certified(
    file: Path, draws: int, students: int = 0, tell: Report = lambda name, done, total: None
) -> tuple[SetFile, list[Certificate]]:
    """The certificates of a set's problems."""
    homework = load_set(file)
    found = []
    judges = [Judge(task) for task in tasks(homework)]
    for done, judge in enumerate(judges):
        tell(judge.task.id, done, len(judges))
        found.append(certify(homework, judge, draws, students))
    return homework, found


def as_json(homework: SetFile, found: list[Certificate]) -> str:
    """The certificates as JSON."""
    data = {"set": homework.id, "passed": all(one.passed for one in found), "problems": [one.data() for one in found]}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def write_certificate(folder: Path, homework: SetFile, found: list[Certificate]) -> list[Path]:
    """Write `certificate.json` and `certificate.pdf`."""
    pdf = typst_pdf(report(homework, found, "typst"), homework.homework.language)
    made = write_file(folder / "certificate.json", as_json(homework, found).encode())
    return [made, write_file(folder / "certificate.pdf", pdf)]


def show_certificates(found: list[Certificate]) -> None:
    """Print what matters: the share of acceptable draws, the most common reasons, and advice."""
    words = load_words("en")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
    for one in found:
        verdict = words("sets.passed" if one.passed else "sets.failed")
        console.print(Text(f"{one.task.id}: {percent(one.acceptance)} of {one.draws} draws. {verdict}", style="bold"))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for head in ("sets.reason", "sets.about", "sets.share"):
            table.add_column(words(head))
        for code, about, count in one.refused[:_MOST]:
            table.add_row(*map(Text, (words(f"sets.checks.{code}"), about, percent(count / one.draws))))
        if one.refused:
            console.print(table)
        for code in one.advice:
            console.print(Text(words(f"sets.advice.{code}")))
