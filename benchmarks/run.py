"""Everything that is worth timing, in one run: one readable table, or JSON. Nothing here asserts a time."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package beside this folder, installed or not

# What follows needs the line above: hence the marks.
from graphs import graphs  # noqa: E402
from homework import homework  # noqa: E402
from kinds import kinds  # noqa: E402
from measure import Effort, Row, duration, record, table  # noqa: E402
from pdfs import pdfs  # noqa: E402
from rendering import rendering  # noqa: E402
from solving import solving  # noqa: E402
from startups import startups  # noqa: E402
from variants import variants  # noqa: E402
from websites import websites  # noqa: E402

from generator.pipeline import load_worked  # noqa: E402

EXAMPLE = "example_222_net_out"


def main() -> None:
    """Measure what is asked for, print the table, write the JSON."""
    arguments = _arguments()
    effort = Effort(3, 0.25, full=False) if arguments.quick else Effort(9, 3.0)
    start = time.perf_counter()
    sections: dict[str, list[Row]] = {}
    for title, measure in _sections(effort).items():
        if arguments.only and not any(word in title for word in arguments.only):
            continue
        print(f"{title} ...", file=sys.stderr)
        sections[title] = measure()
    machine = _machine()
    print(f"{'quick' if arguments.quick else 'full'} run of {duration(time.perf_counter() - start)}; {machine}\n")
    print(table(sections))
    if arguments.json:
        made = {title: [record(row) for row in rows] for title, rows in sections.items()}
        text = json.dumps(
            {"machine": machine, "quick": arguments.quick, "sections": made}, indent=2, ensure_ascii=False
        )
        arguments.json.write_text(text + "\n", encoding="utf-8")


def _sections(effort: Effort) -> dict[str, Callable[[], list[Row]]]:
    files = sorted((ROOT / "problems" / "networks").glob("example_*[0-9a-z].yml"))
    files = [file for file in files if not file.name.endswith(".claims.yml")]
    problems = [load_worked(file) for file in files]
    example = next(worked for worked in problems if worked.id == EXAMPLE)
    return {
        "1 definition -> graph with gradients": lambda: graphs(effort),
        f"2 solve {EXAMPLE}": lambda: solving(example, effort),
        f"3 render {EXAMPLE}": lambda: rendering(example, effort),
        "4 PDF": lambda: pdfs(problems if effort.full else [example], effort),
        "5 site": lambda: websites(effort),
        "6 start-up": lambda: startups(effort),
        f"7 variants of {EXAMPLE}": lambda: variants(example, effort),
        "8 homework sets": lambda: homework(effort),
        "9 every kind, in growing sizes": lambda: kinds(effort),
    }


def _machine() -> str:
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors{load}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions, one small site: under 20 s when idle")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every single time here")
    parser.add_argument(
        "--only", nargs="+", metavar="WORD", help="only the sections with one of these words in their title"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
