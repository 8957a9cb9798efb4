"""Pages, and how their mathematics and drawings stay out of the way of whatever makes HTML of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from html import escape

from generator.errors import PublishError

FENCED = r"^(?P<indent> *)(?P<fence>~{3,}|`{3,}).*?^(?P=indent)(?P=fence) *$"
_ELEMENT = re.compile(rf"{FENCED}|<(?P<tag>math|svg)\b.*?</(?P=tag)>", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(r'<span data-lh="(\d+)"></span>')


@dataclass(frozen=True)
class Page:
    """A page of the site: its path below the site's folder, its title in the navigation, and its text.

    The text is Markdown with HTML; mathematics and drawings are taken out of it (`elements`) while Markdown and the
    search index work, and put back by `restored`.
    """

    path: str
    title: str
    text: str
    elements: tuple[str, ...]
    language: str = "en"

    @property
    def whole(self) -> str:
        """The text with its elements in place, as plain Markdown that any Markdown processor leaves alone."""
        return _PLACE.sub(lambda match: _shielded(self.elements[int(match[1])]), self.text)


def stash(path: str, title: str, text: str, head: str = "") -> Page:
    """A page whose mathematics and drawings are set aside; `head` is its title in the browser."""
    elements: list[str] = []

    def aside(match: re.Match[str]) -> str:
        if match["fence"]:
            return match[0]  # in code, an element is a text
        elements.append(match[0])
        return f'<span data-lh="{len(elements) - 1}"></span>'

    front = f"---\ntitle: {json.dumps(escape(head, quote=False), ensure_ascii=False)}\n---\n\n" if head else ""
    return Page(path, title, front + _ELEMENT.sub(aside, text), tuple(elements))


def restored(html: str, page: Page) -> str:
    """A finished HTML page with its elements put back, and its language said where it is not the site's.

    Raises `PublishError` where Markdown, the theme or another plugin left out the place of one, or made two of it.
    """
    places = Counter(int(number) for number in _PLACE.findall(html))
    expected = Counter(range(len(page.elements)))
    if wrong := sorted({*(places - expected), *(expected - places)}):
        raise PublishError(
            f"{page.path}: found {places[wrong[0]]} places for element {wrong[0] + 1} of {len(page.elements)}; "
            "expected one: something that makes HTML of the page (a theme, an extension, another plugin) has changed it"
        )
    if page.language != "en":
        html = html.replace("<article ", f'<article lang="{page.language}" ', 1)
    return _PLACE.sub(lambda match: page.elements[int(match[1])], html)


def _shielded(element: str) -> str:
    """An element in which no character means anything to Markdown."""
    return re.sub(r"(?<=>)[^<]+", lambda match: _entities(match[0]), element).replace("\n", " ")


def _entities(text: str) -> str:
    return re.sub(r"[*_`\[\]|$~\\]", lambda match: f"&#{ord(match[0])};", text)
