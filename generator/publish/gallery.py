"""Generated problems -> the page that shows them all, topic by topic."""

from __future__ import annotations

from html import escape
from pathlib import Path

from generator.definitions.course import topics
from generator.publish.elements import Page, stash
from generator.publish.pages import Generated
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


def overviews(folder: Path, made: tuple[Generated, ...], sets: tuple[Generated, ...]) -> tuple[Page, ...]:
    """The pages that show all problems, and all homework sets where there are any."""
    return (gallery(folder, made), *([sets_page(sets)] if sets else ()))


def sets_page(sets: tuple[Generated, ...]) -> Page:
    """The page that shows all homework sets, by title."""
    words = load_words("en")
    cards = [one.card for one in sorted(sets, key=lambda one: one.title)]
    text = (
        environment()
        .get_template("pages/gallery.j2")
        .render(title=words("sets.sets"), introduction=words("site.sets"), topics=[("", cards)])
    )
    return stash("problems/sets/index.md", words("sets.sets"), text)


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
