"""Results -> a terminal: colour where there is one, plain text or JSON elsewhere."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from generator.definitions.course import Entry, topics
from generator.definitions.problem import find_definitions, load
from generator.errors import PublishError
from generator.pipeline import Worked
from generator.views.audit import Audit, Verdict, audit


def show(text: str) -> None:
    """Print a rendered solution with its headings set off."""
    console = Console(highlight=False)
    for line in text.splitlines():
        if line.startswith("#"):
            console.print(Text(line.lstrip("# "), style="bold cyan" if line.startswith("##") else "bold underline"))
        else:
            console.print(_hanging(line, console.width), soft_wrap=True)


def _hanging(line: str, width: int) -> Text:
    """A line of prose in lines as wide as the terminal; what follows a bullet stands below its text."""
    if line.startswith("    "):
        return Text(line)
    indent = "    " if line.startswith("  - ") else ""
    return Text(textwrap.fill(line, width, subsequent_indent=indent, break_on_hyphens=False) if line else line)


def report_audits(problems: list[Worked], as_json: bool) -> int:
    """Print the comparison of each problem with its published example; how many numbers are wrong."""
    found: list[tuple[Worked, Audit]] = []
    for worked in problems:
        result = audit(worked)
        if result is None:
            raise PublishError(f"{worked.definition.claims}: there is no such file, so there is nothing to compare")
        found.append((worked, result))
    if as_json:
        json.dump({worked.id: _records(result) for worked, result in found}, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        for worked, result in found:
            _print(worked, result)
    return sum(len(result.of(Verdict.WRONG)) for _, result in found)


def _records(result: Audit) -> list[dict[str, str | None]]:
    return [
        {
            "quantity": finding.claim.quantity,
            "printed": finding.claim.printed,
            "verdict": str(finding.verdict),
            "right": finding.right or None,
            "where": finding.claim.where,
        }
        for finding in result.findings
    ]


def _print(worked: Worked, result: Audit) -> None:
    console = _console()
    counts = ", ".join(f"{len(result.of(verdict))} {verdict}" for verdict in Verdict)
    console.print(Text(f"{worked.id}: {counts}", style="bold"))
    wrong = result.of(Verdict.WRONG)
    if not wrong:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head, side in (("quantity", "left"), ("printed", "right"), ("right", "right"), ("where", "left")):
        table.add_column(head, justify=side, no_wrap=head != "where")  # type: ignore[arg-type]  # rich's own literal type
    for finding in wrong:
        table.add_row(
            *map(Text, (finding.claim.quantity or "", finding.claim.printed, finding.right, finding.claim.where))
        )
    console.print(table)


def list_definitions(folder: Path, as_json: bool) -> None:
    """Print the problems in a folder, in the order of teaching."""
    if not folder.is_dir():
        raise PublishError(f"{folder}: there is no such folder; expected one with problem definitions")
    definitions = [load(path) for path in find_definitions(folder)]
    taught = topics(folder, [Entry(d.source.file, d.problem) for d in definitions])
    order = [name for topic in taught for name in topic.ids]
    rows = [
        {
            "id": d.id,
            "kind": d.problem.kind,
            "title": d.problem.text(d.problem.title, "en"),
            "level": d.problem.level,
            "minutes": d.problem.minutes,
            "file": str(d.source.file),
        }
        for d in sorted(definitions, key=lambda d: order.index(d.id))
    ]
    if as_json:
        json.dump(rows, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("id", "kind", "title", "level", "minutes", "file"):
        table.add_column(head, overflow="fold", justify="right" if head == "minutes" else "left")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    _console().print(table)


def _console() -> Console:
    """A console as wide as the terminal; elsewhere wide enough that nothing is cut off."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
