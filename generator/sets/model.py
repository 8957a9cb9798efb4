"""YAML file -> `HomeworkSet`: what a set of problems asks, what varies, and what every variant has to satisfy."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from generator import resources
from generator.definitions.problem import Exact, Language, Model, Texts, Whole, find_definitions
from generator.definitions.source import Source, read, validated

Allowed = Literal["zero", "unchanged", "saturated", "dead", "equal", "tolerance", "difficulty"]


class Exercise(Model):
    """One problem of a set."""

    id: str = Field(description="the problem's id: the name of its file")
    points: Exact = Field(Fraction(10), gt=0, description="what the problem is worth; shared out among its blanks")
    level: Literal["guided", "faded", "open"] = "guided"
    ask: tuple[str, ...] = Field(
        (), description="quantities, groups (`forward`, `gradients`), steps (`forward/hidden`)"
    )
    vary: dict[str, Any] = Field(min_length=1, description="a given, or a kind of givens: the values it can take")
    require: tuple[str, ...] = Field((), description="formulas that hold in every variant: `abs(net_h1) < 3`")
    allow: tuple[Allowed, ...] = Field((), description="which of the built-in requirements are waived")
    tolerance: Whole = Field(5, description="how many units of its last digit an answer may be off")
    difficulty: Exact = Field(
        Fraction(1, 4), ge=0, description="how far the difficulty may be from the definition's own"
    )


class HomeworkSet(Model):
    """What a set file says."""

    title: Texts
    course: Texts = Field(default_factory=dict)
    date: str = Field("", description="as it is to be printed")
    instructions: Texts = Field(default_factory=dict)
    language: Language = "en"
    problems: tuple[Exercise, ...] = Field(min_length=1)
    copies: Whole | None = Field(None, ge=1, le=100_000, description="how many papers, where there is no roster")
    secret: str | None = Field(None, description="the file that holds the secret, relative to this file")
    acceptance: Exact = Field(
        Fraction(1, 20), gt=0, le=1, description="the least share of draws that has to be acceptable"
    )

    def text(self, texts: dict[str, str]) -> str:
        """One of the set's texts in its language, else in the first language it has."""
        return texts.get(self.language) or next(iter(texts.values()), "")


@dataclass(frozen=True)
class SetFile:
    """A set as read from its file, and the definition files of its problems, in its order."""

    homework: HomeworkSet
    source: Source
    files: tuple[Path, ...]

    @property
    def id(self) -> str:
        """The set's id: its file's name."""
        return self.source.file.stem

    @property
    def digest(self) -> str:
        """What the set and its problems say, as a hash: any change in a file changes it."""
        parts = [sha256(file.read_bytes()).digest() for file in (self.source.file, *self.files)]
        return sha256(b"".join(parts)).hexdigest()


def load_set(path: Path) -> SetFile:
    """Read and type a set file, and find its problems. Raises `DefinitionError` naming file, line, key."""
    source = read(path)
    if not isinstance(source.data, dict):
        raise source.error((), "no mapping", "the keys of a homework set: title, problems, ...")
    homework = validated(HomeworkSet, source)
    known = _problems(path)
    files: list[Path] = []
    for number, exercise in enumerate(homework.problems):
        place = ("problems", number, "id")
        if exercise.id not in known:
            raise source.error(
                place, f"`{exercise.id}`", f"the id of a problem: {', '.join(sorted(known)) or 'none is there'}"
            )
        if known[exercise.id] in files:
            raise source.error(place, f"`{exercise.id}` a second time", "each problem once")
        files.append(known[exercise.id])
    return SetFile(homework, source, tuple(files))


def _problems(path: Path) -> dict[str, Path]:
    """The problems that a set may name: those around it first, then the shipped ones."""
    folder = path.resolve().parent
    own = folder.parent if folder.name == "sets" else folder
    found: dict[str, Path] = {}
    for base in (own, resources.shipped("problems")):
        for file in find_definitions(base) if base.is_dir() else ():
            if file.resolve() != path.resolve():
                found.setdefault(file.stem, file)
    return found


def find_sets(folder: Path) -> tuple[Path, ...]:
    """All set files under `folder`, sorted by path: those in folders named `sets`."""
    return tuple(
        path
        for path in sorted(folder.rglob("*.yml"))
        if path.is_file() and path.relative_to(folder).parts[-2:-1] == ("sets",)
    )
