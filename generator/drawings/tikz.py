"""Drawing -> a TikZ picture (`tikz` with its library `arrows.meta`), no wider than the line."""

from __future__ import annotations

from generator.drawings.drawing import (
    CAP_MIDDLE,
    HALF_HEAD,
    HEAD,
    Arrow,
    Circle,
    Curve,
    Drawing,
    Frame,
    Item,
    Line,
    Mark,
    Point,
)
from generator.drawings.drawing import decimal as d
from generator.typeset.boxes import Box
from generator.typeset.latex import latex

UNIT = 0.625  # points in a unit of length, so that a symbol in a node is set in 10 pt and a small one in 8 pt

_LINE = "{rgb,255:red,74;green,78;blue,88}"
_FAINT = "{rgb,255:red,201;green,204;blue,212}"
_ACCENT = "{rgb,255:red,31;green,78;blue,150}"
_STYLES = {
    "edge": f"draw={_LINE}, line width=0.6pt",
    "edge-bias": f"draw={_LINE}, line width=0.5pt, dash pattern=on 2.4pt off 1.8pt",
    "edge-cut": f"draw={_LINE}, line width=0.5pt, dash pattern=on 2.4pt off 1.8pt",
    "edge-back": f"draw={_ACCENT}, line width=0.5pt, dash pattern=on 1.8pt off 1.2pt",
    "axis": f"draw={_LINE}, line width=0.6pt",
    "grid": f"draw={_FAINT}, line width=0.4pt",
    "curve": f"draw={_ACCENT}, line width=1.1pt, line join=round, line cap=round",
    "node-input": f"draw={_LINE}, line width=0.6pt, fill={{rgb,255:red,228;green,237;blue,248}}",
    "node-hidden": f"draw={_LINE}, line width=0.6pt, fill={{rgb,255:red,248;green,239;blue,220}}",
    "node-output": f"draw={_LINE}, line width=0.6pt, fill={{rgb,255:red,227;green,242;blue,228}}",
    "node-bias": f"draw={_LINE}, line width=0.6pt, fill={{rgb,255:red,237;green,238;blue,241}}",
    "node-target": f"draw={_LINE}, line width=0.6pt, fill=white",
    "node-dropped": f"draw={_LINE}, line width=0.6pt, dash pattern=on 1.8pt off 1.8pt, fill=white",
    "cross": f"draw={_LINE}, draw opacity=0.6, line width=0.6pt",
    "dots": f"fill={_LINE}",
    "point": f"fill={_ACCENT}",
    "blank": f"draw={_LINE}, line width=0.5pt, fill=white",
    "blank-back": f"draw={_LINE}, line width=0.5pt, dash pattern=on 1.8pt off 1.2pt, fill=white",
}
_INKS = {"back": f"text={_ACCENT}"}
_HEAD = f"-{{Stealth[length={d(HEAD * UNIT)}pt, width={d(2 * HALF_HEAD * UNIT)}pt, inset=0pt]}}"
_SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip


def tikz(drawing: Drawing) -> str:
    """`drawing` as a `tikzpicture`, shrunk as a whole where the line is too short for it."""
    width, height = d(drawing.width), d(drawing.height)
    lines = [_item(item) for item in drawing.items]
    return (
        f"\\begingroup\\pgfmathsetmacro{{\\lhscale}}{{min(1, \\linewidth/{d(drawing.width * UNIT)}pt)}}%\n"
        f"\\begin{{tikzpicture}}[x={UNIT}pt, y=-{UNIT}pt, scale=\\lhscale, every node/.style={{transform shape, "
        "inner sep=1pt, outer sep=0pt}]\n"
        f"\\useasboundingbox (0,0) rectangle ({width},{height});\n"
        + "\n".join(lines)
        + "\n\\end{tikzpicture}\\endgroup"
    )


def _item(item: Item) -> str:
    match item:
        case Line(start, end, style):
            return f"\\path[{_STYLES[style]}] {_path((start, end))};"
        case Curve(points, style):
            return f"\\path[{_STYLES[style]}] {_path(points)};"
        case Arrow(points, style):
            return f"\\path[{_STYLES[style]}, {_HEAD}] {_path(points)};"
        case Circle(centre, radius, style):
            return f"\\path[{_STYLES[style]}] {_point(centre)} circle[radius={d(radius * UNIT)}pt];"
        case Frame((x, y), width, height, style):
            corners = (_point((x + side * width / 2, y + side * height / 2)) for side in (-1, 1))
            return f"\\path[{_STYLES[style]}] {' rectangle '.join(corners)};"
        case Mark():
            return _mark(item)


def _point(point: Point) -> str:
    return f"({d(point[0])},{d(point[1])})"


def _path(points: tuple[Point, ...]) -> str:
    return " -- ".join(map(_point, points))


def _mark(mark: Mark) -> str:
    text = "".join(map(_part, mark.content if isinstance(mark.content, tuple) else (mark.content,)))
    options = ["anchor=" + {"start": "base west", "middle": "base", "end": "base east"}[mark.anchor]]
    if mark.style in _INKS:
        options.append(_INKS[mark.style])
    if mark.halo:
        options.append("fill=white")
    if mark.rotation:
        options.append(f"rotate={d(-mark.rotation)}")
    points = round(mark.size * UNIT)
    font = f"\\fontsize{{{points}}}{{{round(1.2 * points)}}}\\selectfont "
    x, y = mark.at
    return f"\\node[{', '.join(options)}] at {_point((x, y + CAP_MIDDLE * mark.size))} {{{font}{text}}};"


def _part(content: Box | str) -> str:
    if isinstance(content, str):
        return "".join(_SPECIAL.get(letter, letter) for letter in content)
    return f"${latex(content)}$"
