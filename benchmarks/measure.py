"""Functions -> times: contestants take turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class Effort:
    """How long to measure: at most `rounds` rounds, none begun after `seconds` (one is always run)."""

    rounds: int
    seconds: float
    full: bool = True


@dataclass(frozen=True)
class Sample:
    """The wall-clock times of the same work done several times, in seconds."""

    times: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.times)


@dataclass(frozen=True)
class Row:
    """One line of the table; `count` items (called `item`) share the time, `ratio` is to the line called `against`."""

    case: str
    sample: Sample | None = None
    count: int = 0
    item: str = ""
    ratio: float | None = None
    against: str = ""
    note: str = ""


def timed(function: Callable[[], object]) -> float:
    """How many seconds one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def race(
    contestants: Mapping[str, Callable[[], object]], effort: Effort, before: Callable[[], object] | None = None
) -> dict[str, Sample]:
    """Every contestant once per round; `before` is called, untimed, before each call."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    start = time.perf_counter()
    for number in range(effort.rounds):
        if number and time.perf_counter() - start > effort.seconds:
            break
        for name, function in contestants.items():
            if before:
                before()
            times[name].append(timed(function))
    return {name: Sample(tuple(measured)) for name, measured in times.items()}


def once(function: Callable[[], object], effort: Effort) -> Sample:
    """A race of one."""
    return race({"": function}, effort)[""]


def ratio(one: Sample, other: Sample) -> float:
    """How many times as long `one` takes as `other`: the median over rounds, each ratio within its round."""
    return statistics.median(a / b for a, b in zip(one.times, other.times, strict=False))


# --- the table ---

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_HEAD = ("", "median", "min .. max", "per item", "ratio", "")
_LEFT = (0, 5)  # columns of words; the others are numbers


def duration(seconds: float) -> str:
    """Three figures and a unit."""
    size, unit = next((row for row in _UNITS if seconds >= row[0]), _UNITS[-1])
    return f"{_three(seconds / size)} {unit}"


def _three(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _cells(row: Row) -> tuple[str, ...]:
    times = row.sample.times if row.sample else ()
    per = f"{duration(row.sample.median / row.count)} / {row.item}" if row.sample and row.count else ""
    words = f"× {row.against}" if row.ratio is not None else ""
    return (
        row.case,
        duration(row.sample.median) if row.sample else "",
        f"{duration(min(times))} .. {duration(max(times))}" if len(times) > 1 else "",
        per,
        _three(row.ratio) if row.ratio is not None else "",
        "; ".join(filter(None, (words, row.note))),
    )


def table(sections: Mapping[str, list[Row]]) -> str:
    """All sections under one head, as plain text."""
    made = {title: [_cells(row) for row in rows] for title, rows in sections.items()}
    widths = [max(map(len, column)) for column in zip(_HEAD, *(c for rows in made.values() for c in rows), strict=True)]
    set_line = partial(_line, widths=widths)
    lines = [set_line(_HEAD)]
    for title, rows in made.items():
        lines += ["", title, *map(set_line, rows)]
    return "\n".join(lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    sides = ("<" if place in _LEFT else ">" for place in range(len(cells)))
    out = [f"{cell:{side}{width}}" for cell, side, width in zip(cells, sides, widths, strict=True)]
    return ("  " + "  ".join(out)).rstrip()


def record(row: Row) -> dict[str, object]:
    """A row for JSON; times in seconds."""
    times = row.sample.times if row.sample else ()
    return {
        "case": row.case,
        "median": row.sample.median if row.sample else None,
        "times": list(times),
        "count": row.count or None,
        "item": row.item or None,
        "ratio": row.ratio,
        "against": row.against or None,
        "note": row.note or None,
    }
