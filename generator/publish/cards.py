"""A problem -> its card in the gallery."""

from __future__ import annotations

from generator.pipeline import Worked
from generator.render.figures import thumbnail
from generator.render.formats import environment
from generator.render.paper import Paper


def card(worked: Worked) -> str:
    """The problem's entry in the gallery."""
    paper = Paper(worked, "web", "en")
    drawing = worked.drawing
    return (
        environment()
        .get_template("pages/card.j2")
        .render(
            id=worked.id,
            picture=thumbnail(drawing) if drawing else "",
            about=about(paper),
            **paper.common(),
        )
    )


def about(paper: Paper) -> list[str]:
    """How hard a problem is, and how long it takes by hand."""
    problem = paper.worked.problem
    level = paper.setter.word(f"difficulty.{problem.level}")
    return [level, paper.setter.say("site.minutes", minutes=str(problem.minutes))] if problem.minutes else [level]
