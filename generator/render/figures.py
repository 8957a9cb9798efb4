"""Drawing -> a figure in a format: inline SVG on pages, an image file beside Markdown, TikZ, Typst."""

from __future__ import annotations

from generator.drawings.drawing import Drawing
from generator.drawings.svg import svg
from generator.drawings.tikz import tikz
from generator.drawings.typst import typst_drawing
from generator.render.formats import Format

_CLASSES = {"circuit": "lh-diagram lh-circuit", "blanks": "lh-diagram lh-circuit", "curve": "lh-plot"}


def figure(drawing: Drawing, fmt: Format, name: str, alt: str, description: str) -> str:
    """A drawing as a figure; Markdown refers to the file `<name>.svg` (see `image`) beside the document."""
    match fmt.name:
        case "web":
            css = _CLASSES.get(name.rpartition("-")[2], "lh-diagram")
            made = svg(drawing, alt, description, css)
        case "latex":
            made = tikz(drawing)
        case "typst":
            made = typst_drawing(drawing)
        case _:
            made = f"{name}.svg"
    return fmt.macro("figure", made, fmt.escape(alt))


def image(drawing: Drawing, alt: str, description: str) -> str:
    """A drawing as the text of an SVG file that needs no style sheet."""
    return svg(drawing, alt, description, "lh-figure", standalone=True)


def thumbnail(drawing: Drawing) -> str:
    """A drawing without words of its own, for a card that says what it shows."""
    return svg(drawing, "", "", "lh-diagram")
