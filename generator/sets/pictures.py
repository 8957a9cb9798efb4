"""A problem's network and many variants -> the picture of each: drawn once, then only its numbers are filled in.

Where everything stands depends on the longest number alone (`diagram.ROOM`), so for each length the picture is drawn
with marks in place of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from generator.drawings.diagram import ROOM, draw_diagram, letters, numbered
from generator.drawings.svg import identified, number_letters
from generator.pipeline import Worked
from generator.render.figures import image
from generator.render.paper import Paper

_FIRST = 0xE000  # private characters, one for each number
_MARKS = re.compile("([\ue000-\uf8ff])[\ue000-\uf8ff]*")


class Pictures:
    """The network or circuit of one problem as an image file, for any variant; `solved`: with what is worked in it."""

    def __init__(self, worked: Worked, language: str, solved: bool = True) -> None:
        self.worked, self.language, self.solved = worked, language, solved
        self._pieces: dict[int, list[str]] = {}
        self._diagram = worked.diagram(solved)
        self._names = numbered(self._diagram, worked.graph, solved)
        self._paper = Paper(worked, "markdown", language)

    @property
    def kind(self) -> str:
        """The kind of figure that the documents refer to."""
        return self._paper.picture(self.solved)

    def svg(self, text: Callable[[str], str]) -> str | None:
        """The picture with the number that `text` gives of each quantity; none where the problem has no network."""
        if self._diagram is None:
            return None
        if any(set("e/") & set(text(name)) for name in self._names):  # numbers that are more than a text: none is kept
            drawing = draw_diagram(self._diagram, self.worked.writer, text, self.solved)
            return image(drawing, *self._spoken)
        longest = max([ROOM, *(letters(text(name)) for name in self._names)])
        if longest not in self._pieces:
            self._pieces[longest] = self._drawn(longest)
        pieces = list(self._pieces[longest])
        for at in range(1, len(pieces), 2):
            pieces[at] = number_letters(text(self._names[ord(pieces[at]) - _FIRST]))
        return identified("".join(pieces))

    def _drawn(self, longest: int) -> list[str]:
        """Text and marks in turn, of a picture whose longest number has so many letters."""
        assert self._diagram is not None
        marks = {name: chr(_FIRST + number) * longest for number, name in enumerate(self._names)}
        drawing = draw_diagram(self._diagram, self.worked.writer, marks.__getitem__, self.solved)
        return _MARKS.split(image(drawing, *self._spoken))

    @cached_property
    def _spoken(self) -> tuple[str, str]:
        """What the picture is, and its description; the same for all variants."""
        texts = {kind: description for kind, _, description in self._paper.pictures()}
        return self._paper.alt(self.kind), texts.get(self.kind, "")
