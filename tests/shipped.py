"""The shipped problems: all of them, and a sample with every kind for tests that take each one through everything."""

from __future__ import annotations

from pathlib import Path

from generator.definitions.problem import find_definitions, load

ROOT = Path(__file__).resolve().parents[1] / "problems"
ALL = find_definitions(ROOT)
EXAMPLES = tuple(path for path in ALL if path.with_suffix(".claims.yml").is_file())


def _sample() -> tuple[Path, ...]:
    """The published examples, the smallest problem, and the shortest definition of each kind."""
    shortest: dict[str, Path] = {}
    for path in sorted(ALL, key=lambda path: (path.stat().st_size, path.stem)):
        shortest.setdefault(load(path).problem.kind, path)
    return tuple(sorted({*EXAMPLES, ROOT / "first" / "one_unit.yml", *shortest.values()}))


SAMPLE = _sample()
