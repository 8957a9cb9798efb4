"""Rows of dark and light squares -> SVG, Typst and TikZ: vectors that print sharply at any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

Rows = Sequence[Sequence[bool]]
MARGIN = 4  # squares left light around the code, as its standard asks
MILLIMETRES = 18


def squares_svg(rows: Rows) -> str:
    """An SVG element of dark squares on white, with a light margin."""
    side = len(rows) + 2 * MARGIN
    path = "".join(f"M{x + MARGIN} {y + MARGIN}h{wide}v1h-{wide}z" for x, y, wide in _runs(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{4 * side}" height="{4 * side}" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path d="{path}"/></svg>'
    )


def squares_typst(rows: Rows, alt: str) -> str:
    """A Typst call (for markup) that places the squares as an image without pixels."""
    svg = squares_svg(rows).replace("\\", "\\\\").replace('"', '\\"')
    spoken = alt.replace("\\", "\\\\").replace('"', '\\"')
    return f'#image(bytes("{svg}"), format: "svg", width: {MILLIMETRES}mm, alt: "{spoken}")'


def squares_tikz(rows: Rows) -> str:
    """A TikZ picture of the squares, with the light margin."""
    side = len(rows) + 2 * MARGIN
    unit = MILLIMETRES / side
    filled = "\n".join(
        f"\\fill ({x + MARGIN},{y + MARGIN}) rectangle ({x + MARGIN + wide},{y + MARGIN + 1});"
        for x, y, wide in _runs(rows)
    )
    return (
        f"\\begin{{tikzpicture}}[x={unit:.4f}mm, y=-{unit:.4f}mm]\n"
        f"\\useasboundingbox (0,0) rectangle ({side},{side});\n{filled}\n\\end{{tikzpicture}}"
    )


def _runs(rows: Rows) -> Iterator[tuple[int, int, int]]:
    """Dark squares side by side, as (column, row, how many)."""
    for y, row in enumerate(rows):
        x = 0
        for dark, group in groupby(row):
            wide = len(list(group))
            if dark:
                yield x, y, wide
            x += wide
