"""A folder of definitions -> its topics and problems in the order of teaching."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.definitions.problem import Model, Name, Problem, Texts
from generator.definitions.source import read, validated

COURSE = "course.yml"  # beside the topics' folders: what they are called, in their order

_LEVELS = ("introductory", "intermediate", "advanced")  # the easiest first


class Course(Model):
    """The topics of a folder of problems: each folder's name, and its title."""

    topics: dict[Name, Texts]


@dataclass(frozen=True, slots=True)
class Entry:
    """What decides a problem's place: its file, and what it says of itself."""

    path: Path
    problem: Problem

    @property
    def id(self) -> str:
        """The problem's id: its file's name."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Topic:
    """A folder of problems: its name, its title by language (empty: the name will do), and the ids in their order."""

    name: str
    title: dict[str, str]
    ids: tuple[str, ...]


def topics(folder: Path, entries: Sequence[Entry]) -> tuple[Topic, ...]:
    """The topics that hold problems: those of `course.yml` in its order, then the others by name.

    Within a topic a problem stands after those that it requires; then the easier and the shorter one comes first.
    Raises `DefinitionError` where `course.yml` is not what it should be.
    """
    titles = _titles(folder)
    held: dict[str, list[Entry]] = {}
    for entry in entries:
        held.setdefault(topic_of(folder, entry.path), []).append(entry)
    names = [*(name for name in titles if name in held), *sorted(held.keys() - titles.keys())]
    return tuple(Topic(name, titles.get(name, {}), _ordered(held[name])) for name in names)


def topic_of(folder: Path, path: Path) -> str:
    """The topic of a definition: the folder it is in (empty: it is in none)."""
    parts = path.relative_to(folder).parts[:-1]
    return parts[0] if parts else ""


def _titles(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / COURSE
    return validated(Course, read(path)).topics if path.is_file() else {}


def titles_required(paths: Iterable[Path]) -> dict[Path, dict[str, str]]:
    """For each definition the ids that it requires, and their English titles (an id of no definition has none)."""
    data = {path: read(path).data for path in paths}
    titles = {path.stem: _title(found) for path, found in data.items()}
    return {path: {name: titles.get(name, "") for name in _required(found)} for path, found in data.items()}


def _title(data: object) -> str:
    said = data.get("title", "") if isinstance(data, Mapping) else ""
    return str(said.get("en") or next(iter(said.values()), "") if isinstance(said, Mapping) else said)


def _required(data: object) -> list[str]:
    listed = data.get("requires") if isinstance(data, Mapping) else None
    return [str(name) for name in listed] if isinstance(listed, list) else []


def _ordered(entries: list[Entry]) -> tuple[str, ...]:
    """The ids of one topic, each after what it requires; a circle of requirements is cut where it is met."""
    waiting = {entry.id: entry for entry in sorted(entries, key=_ease)}
    placed: list[str] = []
    while waiting:
        free = [name for name, entry in waiting.items() if not waiting.keys() & set(entry.problem.requires)]
        placed.append((free or list(waiting))[0])
        del waiting[placed[-1]]
    return tuple(placed)


def _ease(entry: Entry) -> tuple[int, int, str]:
    return _LEVELS.index(entry.problem.level), entry.problem.minutes or 0, entry.id
