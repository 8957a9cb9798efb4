"""Small homework sets for tests, and what is built from them."""

from __future__ import annotations

import shutil
from pathlib import Path

from generator.publish.books import Shelf
from generator.publish.homework import Order, build
from generator.sets.records import Options

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a secret that only the tests know"
SMALL = """\
title: A small set
course: {en: Networks}
date: today
instructions: Work *carefully*.
problems:
  - id: one_unit
    points: 7
    level: guided
    vary:
      x1: {from: 0.1, to: 0.9, step: 0.1}
      weight: {from: -0.9, to: 0.9, step: 0.05, without: [0]}
      b1: {from: -0.5, to: 0.5, step: 0.1, without: [0]}
      t1: [0.1, 0.9]
    require: [abs(net_o1) < 2, abs(dE_total/dw1) >= 0.0005]
copies: 5
"""
ROSTER = "id,name,group\nada,Ada Lovelace,A\ngrace,Grace Hopper,B\nemmy,Emmy Noether,A\n"


def set_file(folder: Path, text: str = SMALL, *problems: str) -> Path:
    """A set file in `folder`, with the definitions it needs beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in problems or ("one_unit",):
        (found,) = [path for path in (ROOT / "problems").rglob(f"{name}.yml") if "sets" not in path.parts]
        shutil.copy(found, folder)
    path = folder / "small.yml"
    path.write_text(text, encoding="utf-8")
    return path


def roster_file(folder: Path, text: str = ROSTER) -> Path:
    path = folder / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


def made(
    folder: Path,
    roster: str | None = ROSTER,
    formats: str = "pdf",
    *,
    text: str = SMALL,
    reissue: bool = False,
    solutions: bool = True,
    processes: int = 1,
    thorough: bool | None = None,
) -> Shelf:
    """Build the small set in `folder/out`."""
    file = folder / "small.yml" if (folder / "small.yml").exists() else set_file(folder, text)
    students = roster_file(folder, roster) if roster is not None else None
    options = Options(tuple(formats.split(",")), solutions)
    return build(Order(file, students, folder / "out", options, reissue, processes, thorough))


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
