"""A directive on a hand-written page -> the generated part it names, as text in the `web` format."""

from __future__ import annotations

from pathlib import Path

from generator.errors import RenderError
from generator.paper import Paper
from generator.pipeline import load_worked
from generator.problem import find_definitions
from generator.publish.artifacts import checked


def part(folder: Path, name: str, wanted: str) -> str:
    """The part `wanted` of the problem called `name`: `network`, `curve`, `source`, or a section as `code` or
    `code/layer`.

    Raises `RenderError` where there is no such problem or part.
    """
    path = next((path for path in find_definitions(folder) if path.stem == name), None)
    if path is None:
        raise RenderError(f"`longhand: {name} {wanted}`: there is no problem `{name}`")
    if wanted == "source":
        return f'```yaml title="{path.name}"\n{path.read_text(encoding="utf-8-sig").strip()}\n```'
    worked = load_worked(path)
    paper = Paper(worked, "web", "en")
    if wanted in ("network", "curve"):
        return paper.figure(wanted)
    code, _, layer = wanted.partition("/")
    for section in worked.sections():
        if section.code == code and (not layer or section.group == layer):
            blocks = "\n\n".join(paper.format.macro("block", block) for block in paper.setter.blocks(section))
            return checked(worked, blocks, "web", f"part {wanted}")
    raise RenderError(f"`longhand: {name} {wanted}`: the problem has no part `{wanted}`")
