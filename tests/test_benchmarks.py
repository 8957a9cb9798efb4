"""The benchmarks begin and measure: they use the package's inner parts, which move. Nothing here is about a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools import need

ROOT = Path(__file__).parents[1]


def ran(*arguments: str) -> str:
    need("handcalcs")
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_every_benchmark_finds_what_it_measures() -> None:
    """All of them are imported before anything is asked for."""
    assert "--quick" in ran("--help")


def test_a_section_is_measured(tmp_path: Path) -> None:
    found = tmp_path / "times.json"
    table = ran("--quick", "--only", "solve", "--json", str(found))
    (rows,) = json.loads(found.read_text(encoding="utf-8"))["sections"].values()
    assert rows
    assert all(row["case"] in table and all(time > 0 for time in row["times"]) for row in rows)
