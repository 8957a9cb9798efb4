"""The command -> how soon it answers, against a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from measure import Effort, Row, duration, race, ratio


def startups(effort: Effort) -> list[Row]:
    """`longhand --help` in a process of its own; the best time is what the machine can do, so it is noted."""
    script = Path(sys.executable).with_name("longhand")
    command = [str(script)] if script.is_file() else [sys.executable, "-c", "from generator.cli import main; main()"]
    run = partial(subprocess.run, check=True, capture_output=True)
    found = race(
        {
            "help": partial(run, [*command, "--help"]),
            "solve": partial(run, [*command, "schema"]),
            "python": partial(run, [sys.executable, "-c", "pass"]),
        },
        Effort(11 if effort.full else 5, 30.0),
    )
    return [
        Row(
            name,
            found[key],
            ratio=ratio(found[key], found["python"]),
            against="python -c pass",
            note=_best(found[key].times),
        )
        for name, key in (("longhand --help", "help"), ("longhand schema", "solve"))
    ] + [Row("python -c pass", found["python"], note=_best(found["python"].times))]


def _best(times: tuple[float, ...]) -> str:
    return f"best of {len(times)}: {duration(min(times))}"
