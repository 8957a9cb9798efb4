"""Generated problems -> the page that shows them all, topic by topic."""

from __future__ import annotations

from html import escape
from pathlib import Path

from generator.definitions.course import topics
from generator.publish.pages import Generated, Page, stash
from generator.render.formats import environment
from generator.render.language import load_words


def by_topic(folder: Path, made: tuple[Generated, ...]) -> tuple[tuple[str, tuple[Generated, ...]], ...]:
    """The problems under the titles of their topics, in the order of teaching."""
    found = {one.id: one for one in made}
    listed = topics(folder, [one.entry for one in made if one.entry is not None])
    return tuple(
        (topic.title.get("en") or topic.name.replace("_", " ").capitalize(), tuple(found[name] for name in topic.ids))
        for topic in listed
    )


def gallery(folder: Path, made: tuple[Generated, ...]) -> Page:
    """The page that shows all problems, topic by topic."""
    words = load_words("en")
    text = (
        environment()
        .get_template("pages/gallery.j2")
        .render(
            title=words("site.problems"),
            introduction=words("site.gallery"),
            topics=[(escape(title), [one.card for one in ones]) for title, ones in by_topic(folder, made)],
        )
    )
    return stash("problems/index.md", words("site.problems"), text)
