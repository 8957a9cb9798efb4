"""Drawing -> Typst: a box in which everything is placed, no wider than the line."""

from __future__ import annotations

from generator.drawings.drawing import (
    Arrow,
    Circle,
    Curve,
    Drawing,
    Frame,
    Item,
    Line,
    Mark,
    Point,
    headed,
    width_of,
)
from generator.drawings.drawing import decimal as d
from generator.typeset.boxes import Box
from generator.typeset.typst import typst

UNIT = 0.625  # points in a unit of length, so that a symbol in a node is set in 10 pt

_STYLES = {
    "edge": 'stroke: 0.6pt + rgb("#4a4e58")',
    "edge-bias": 'stroke: (paint: rgb("#4a4e58"), thickness: 0.5pt, dash: (2.4pt, 1.8pt))',
    "edge-cut": 'stroke: (paint: rgb("#4a4e58"), thickness: 0.5pt, dash: (2.4pt, 1.8pt))',
    "edge-back": 'stroke: (paint: rgb("#1f4e96"), thickness: 0.5pt, dash: (1.8pt, 1.2pt))',
    "axis": 'stroke: 0.6pt + rgb("#4a4e58")',
    "grid": 'stroke: 0.4pt + rgb("#c9ccd4")',
    "curve": 'stroke: (paint: rgb("#1f4e96"), thickness: 1.1pt, cap: "round", join: "round")',
    "node-input": 'stroke: 0.6pt + rgb("#4a4e58"), fill: rgb("#e4edf8")',
    "node-hidden": 'stroke: 0.6pt + rgb("#4a4e58"), fill: rgb("#f8efdc")',
    "node-output": 'stroke: 0.6pt + rgb("#4a4e58"), fill: rgb("#e3f2e4")',
    "node-bias": 'stroke: 0.6pt + rgb("#4a4e58"), fill: rgb("#edeef1")',
    "node-target": 'stroke: 0.6pt + rgb("#4a4e58"), fill: white',
    "node-dropped": 'stroke: (paint: rgb("#4a4e58"), thickness: 0.6pt, dash: (1.8pt, 1.8pt)), fill: white',
    "cross": 'stroke: 0.6pt + rgb("#4a4e5899")',
    "dots": 'fill: rgb("#4a4e58")',
    "point": 'fill: rgb("#1f4e96")',
    "blank": 'stroke: 0.5pt + rgb("#4a4e58"), fill: white',
    "blank-back": 'stroke: (paint: rgb("#4a4e58"), thickness: 0.5pt, dash: (1.8pt, 1.2pt)), fill: white',
}
_HEADS = {"edge-back": "#1f4e96"}  # of arrows, where they are not of the colour of lines
_INKS = {"back": ', fill: rgb("#1f4e96")'}


def typst_drawing(drawing: Drawing) -> str:
    """`drawing` as Typst markup, shrunk as a whole where the line is too short for it."""
    width, height = _length(drawing.width), _length(drawing.height)
    lines = "\n".join(f"  {_item(item)}" for item in drawing.items)
    # So much leading makes Typst take a formula to be as tall as its capitals, whatever its scripts.
    paragraph = "set par(leading: 9em, first-line-indent: 0pt, hanging-indent: 0pt, justify: false)"
    return (
        f"#layout(size => scale(calc.min(1, size.width / {width}) * 100%, reflow: true, "
        f"box(width: {width}, height: {height}, {{\n"
        "  set align(top + left)\n"
        f"  {paragraph}\n"
        f"{lines}\n}})))"
    )


def _length(units: float) -> str:
    return f"{d(units * UNIT)}pt"


def _item(item: Item) -> str:
    match item:
        case Line(start, end, style):
            return f"place(line(start: {_point(start)}, end: {_point(end)}, {_STYLES[style]}))"
        case Curve(points, style):
            return f"place({_curve(points, style)})"
        case Arrow(points, style):
            line, head = headed(points)
            corners = ", ".join(map(_point, head))
            colour = _HEADS.get(style, "#4a4e58")
            return f'place({_curve(line, style)}); place(polygon({corners}, fill: rgb("{colour}")))'
        case Circle((x, y), radius, style):
            place = f"dx: {_length(x - radius)}, dy: {_length(y - radius)}"
            return f"place({place}, circle(radius: {_length(radius)}, {_STYLES[style]}))"
        case Frame((x, y), width, height, style):
            place = f"dx: {_length(x - width / 2)}, dy: {_length(y - height / 2)}"
            size = f"width: {_length(width)}, height: {_length(height)}"
            return f"place({place}, rect({size}, {_STYLES[style]}))"
        case Mark():
            return _mark(item)


def _point(point: Point) -> str:
    return f"({_length(point[0])}, {_length(point[1])})"


def _curve(points: tuple[Point, ...], style: str) -> str:
    rest = ", ".join(f"curve.line({_point(point)})" for point in points[1:])
    return f"curve(curve.move({_point(points[0])}), {rest}, {_STYLES[style]})"


def _mark(mark: Mark) -> str:
    """A label in a wide, flat box around its anchor, so that it never breaks."""
    wide = 2 * width_of(mark.room or mark.content, mark.size) + 80
    shift = {"start": 0.0, "middle": wide / 2, "end": wide}[mark.anchor]
    side = {"start": "left", "middle": "center", "end": "right"}[mark.anchor]
    text = "".join(map(_part, mark.content if isinstance(mark.content, tuple) else (mark.content,)))
    ink = _INKS.get(mark.style, "")
    inside = f"place({side} + horizon, text(size: {_length(mark.size)}{ink})[{text}])"
    if mark.halo:
        size = (
            f"width: {_length(width_of(mark.room or mark.content, mark.size) + 5)}, height: {_length(1.05 * mark.size)}"
        )
        inside = f"place({side} + horizon, dy: {_length(0.08 * mark.size)}, rect({size}, fill: white)); {inside}"
    inside = f"box(width: {_length(wide)}, height: 0pt, {{{inside}}})"
    if mark.rotation:
        inside = f"rotate({d(mark.rotation)}deg, origin: {side}, {inside})"
    return f"place(dx: {_length(mark.at[0] - shift)}, dy: {_length(mark.at[1])}, {inside})"


def _part(content: Box | str) -> str:
    return f"#{_string(content)}" if isinstance(content, str) else f"${typst(content)}$"


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
