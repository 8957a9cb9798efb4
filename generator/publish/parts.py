"""A directive on a hand-written page -> the generated part it names, as text in the `web` format."""

from __future__ import annotations

from pathlib import Path

from generator.definitions.problem import find_definitions
from generator.errors import RenderError
from generator.pipeline import Worked, load_worked
from generator.publish.artifacts import checked
from generator.render.paper import Paper


def part(folder: Path, name: str, wanted: str, notation: str | None = None) -> str:
    """The part `wanted` of the problem called `name`, in its own or another notation: `network`, `circuit`, `blanks`,
    `curve`, `source`, the name of a quantity (in matrices: of a tensor, `W:hidden`) for the step that works it, or a
    section as `code` or `code/layer`.

    Raises `RenderError` where there is no such problem or part.
    """
    path = next((path for path in find_definitions(folder) if path.stem == name), None)
    if path is None:
        raise RenderError(f"`longhand: {name} {wanted}`: there is no problem `{name}`")
    if wanted == "source":
        return f'```yaml title="{path.name}"\n{path.read_text(encoding="utf-8-sig").strip()}\n```'
    worked = load_worked(path, notation)
    paper = Paper(worked, "web", "en")
    if wanted in ("network", "circuit", "blanks", "curve"):
        return paper.figure(wanted)
    if wanted in worked.graph or wanted in worked.graph.tensor:
        return _quantity(worked, paper, wanted)
    code, _, layer = wanted.partition("/")
    for section in worked.sections():
        if section.code == code and (not layer or section.group == layer):
            blocks = "\n\n".join(paper.format.macro("block", block) for block in paper.setter.blocks(section))
            return checked(worked, blocks, "web", f"part {wanted}")
    raise RenderError(f"`longhand: {name} {wanted}`: the problem has no part `{wanted}`")


def _quantity(worked: Worked, paper: Paper, name: str) -> str:
    """The last block of the step that works the quantity `name`."""
    for section in worked.sections():
        for step in section.walk():
            if step.target == name and step.rule != "chain_example":
                text = paper.format.macro("block", paper.setter.conclusion(step))
                return checked(worked, text, "web", f"part {name}")
    raise RenderError(f"`{worked.id}`: no step of the solution works `{name}`")
