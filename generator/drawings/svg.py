"""Drawing -> SVG: inline in a page, or as a file of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from html import escape

from generator.drawings.drawing import (
    CAP_MIDDLE,
    NODE,
    SMALL,
    Arrow,
    Circle,
    Curve,
    Drawing,
    Frame,
    Item,
    Line,
    Mark,
    Point,
    Run,
    bounds,
    headed,
    runs,
)
from generator.drawings.drawing import decimal as d
from generator.typeset.numerals import grouped

_CLASSES = {
    "edge": 'class="lh-stroke"',
    "edge-bias": 'class="lh-stroke" stroke-dasharray="4 3"',
    "edge-cut": 'class="lh-stroke" stroke-dasharray="4 3"',
    "edge-back": 'class="lh-back" stroke-dasharray="3 2"',
    "axis": 'class="lh-stroke"',
    "grid": 'class="lh-faint"',
    "curve": 'class="lh-accent"',
    "node-input": 'class="lh-fill-input"',
    "node-hidden": 'class="lh-fill-hidden"',
    "node-output": 'class="lh-fill-output"',
    "node-bias": 'class="lh-fill-bias"',
    "node-target": 'class="lh-fill"',
    "node-dropped": 'class="lh-fill" stroke-dasharray="3 3"',
    "cross": 'class="lh-stroke" stroke-opacity="0.6"',
    "dots": 'class="lh-arrow"',
    "point": 'class="lh-dot"',
    "blank": 'class="lh-fill"',
    "blank-back": 'class="lh-fill" stroke-dasharray="3 2"',
    "label": "lh-text",
    "small": "lh-text-small",
    "back": "lh-text-small lh-back-ink",
}
_SIZES = {"label": NODE, "small": SMALL, "back": SMALL}  # what the classes set
_HEAD = "lh-arrow"
_HEADS = {"edge-back": "lh-back-ink"}  # what fills the heads of arrows, where it is not the colour of lines

_NAMES = ("ink", "soft", "line", "faint", "paper", "accent", "input", "hidden", "output", "bias")
_LIGHT = ("1c1d21", "5a5e68", "4a4e58", "c9ccd4", "ffffff", "1f4e96", "e4edf8", "f8efdc", "e3f2e4", "edeef1")
_DARK = ("e4e5ea", "a4a8b4", "a4a8b4", "474b58", "0d1117", "93b8f2", "243a57", "4a3d22", "24452f", "393c47")


def _colours(colours: tuple[str, ...]) -> str:
    return "svg{" + ";".join(f"--{name}:#{code}" for name, code in zip(_NAMES, colours, strict=True)) + "}"


_ID = "lh-figure-id"  # stands for what the ids begin with until the contents are known
_ELEMENT = re.compile(r'<svg [^>]*aria-labelledby="(lh-[-\w]+)-t .*?</svg>', re.DOTALL)

STYLE = f"""\
{_colours(_LIGHT)}
@media (prefers-color-scheme:dark){{{_colours(_DARK)}}}
text{{font-family:"STIX Two Text","STIX Two Math",Cambria,"Times New Roman",Times,serif}}
.lh-stroke{{stroke:var(--line);stroke-width:1.25;fill:none}}
.lh-faint{{stroke:var(--faint);stroke-width:1;fill:none}}
.lh-accent{{stroke:var(--accent);stroke-width:2;fill:none;stroke-linecap:round;stroke-linejoin:round}}
.lh-fill,.lh-fill-input,.lh-fill-hidden,.lh-fill-output,.lh-fill-bias{{fill:var(--paper);stroke:var(--line);stroke-width:1.25}}
.lh-fill-input{{fill:var(--input)}}.lh-fill-hidden{{fill:var(--hidden)}}
.lh-fill-output{{fill:var(--output)}}.lh-fill-bias{{fill:var(--bias)}}
.lh-arrow{{fill:var(--line)}}.lh-dot{{fill:var(--accent);stroke:var(--paper);stroke-width:1.5}}
.lh-text{{fill:var(--ink);font-size:16px}}.lh-text-small{{fill:var(--soft);font-size:13px}}
.lh-halo{{fill:var(--paper);stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}}
.lh-var{{font-style:italic}}
"""
_BACK_STYLE = """\
.lh-back{stroke:var(--accent);stroke-width:1;fill:none}.lh-back-ink{fill:var(--accent)}
"""


def svg(drawing: Drawing, title: str, description: str, css_class: str, standalone: bool = False) -> str:
    """`drawing` as one `svg` element. `title` names it and `description` says what it shows to who cannot see it.
    Without a title it is decoration, which nobody is told of.

    Colours come from the page's style sheet (classes `lh-*`); `standalone` puts them in, for light and dark pages.
    The ids are made from the contents; the class on the whole is `css_class`.
    """
    body = "\n".join(_item(item) for item in drawing.items)
    wide, high = d(drawing.width), d(drawing.height)
    told = f'<title id="{_ID}-t">{escape(title)}</title>\n<desc id="{_ID}-d">{escape(description)}</desc>\n'
    named = f'role="img" aria-labelledby="{_ID}-t {_ID}-d"' if title else 'aria-hidden="true"'
    return identified(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{escape(css_class)}" '
        f'{named} viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">\n'
        + (told if title else "")
        + (f"<style>\n{STYLE}{_BACK_STYLE if 'lh-back' in body else ''}</style>\n" if standalone else "")
        + f"{body}\n</svg>"
    )


def identified(text: str) -> str:
    """`text` with the ids of every `svg` element in it made from the element's contents as they are now."""

    def named(found: re.Match[str]) -> str:
        element = found[0].replace(found[1], _ID)
        return element.replace(_ID, "lh-" + sha256(element.encode()).hexdigest()[:12])

    return _ELEMENT.sub(named, text)


def unidentified(text: str) -> str:
    """`text` with the same id in every `svg` element, whatever is in it, for `identified` to replace."""
    return _ELEMENT.sub(lambda found: found[0].replace(found[1], _ID), text)


def _item(item: Item) -> str:
    match item:
        case Line((a, b), (x, y), style):
            return f'<line {_CLASSES[style]} x1="{d(a)}" y1="{d(b)}" x2="{d(x)}" y2="{d(y)}"/>'
        case Curve(points, style):
            return f'<polyline {_CLASSES[style]} points="{_points(points)}"/>'
        case Arrow(points, style):
            line, head = headed(points)
            drawn = f'<polyline {_CLASSES[style]} points="{_points(line)}"/>'
            return f'{drawn}<polygon class="{_HEADS.get(style, _HEAD)}" points="{_points(head)}"/>'
        case Circle((x, y), radius, style):
            return f'<circle {_CLASSES[style]} cx="{d(x)}" cy="{d(y)}" r="{d(radius)}"/>'
        case Frame((x, y), width, height, style):
            at = f'x="{d(x - width / 2)}" y="{d(y - height / 2)}"'
            return f'<rect {_CLASSES[style]} {at} width="{d(width)}" height="{d(height)}" rx="2"/>'
        case Mark():
            return _mark(item)


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{d(x)},{d(y)}" for x, y in points)


def _mark(mark: Mark) -> str:
    """A label as text; what lies behind one with a halo is covered by a rectangle (with the stroke of its class)."""
    x, y = mark.at
    turn = f' transform="rotate({d(mark.rotation)} {d(x)} {d(y)})"' if mark.rotation else ""
    side = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
    own = f' style="font-size:{d(mark.size)}px"' if mark.size != _SIZES[mark.style] else ""
    place = f'x="{d(x)}" y="{d(y + CAP_MIDDLE * mark.size)}"{side}{turn}{own}'
    drawn = f'<text class="{_CLASSES[mark.style]}" {place}>{_pieces(runs(mark.content), mark.size)}</text>'
    if not mark.halo:
        return drawn
    left, top, right, bottom = bounds(replace(mark, rotation=0))
    room = f'x="{d(left)}" y="{d(top + 1)}" width="{d(right - left)}" height="{d(bottom - top - 2)}"'
    return f'<rect class="lh-halo" {room}{turn}/>{drawn}'


def _pieces(found: tuple[Run, ...], size: float) -> str:
    """Pieces as tspans: `dy` goes from one baseline to the next."""
    out, rise = "", 0.0
    for run in found:
        attributes = ' class="lh-var"' if run.slanted else ""
        if run.bold:
            attributes += ' font-weight="bold"'
        if run.rise != rise:
            attributes += f' dy="{d((rise - run.rise) * size)}"'
        if run.kern:
            attributes += f' dx="{d(run.kern * size)}"'
        if run.size != 1:
            attributes += f' font-size="{d(run.size * size)}"'
        letters = number_letters(run.text) if _is_number(run.text) else escape(run.text)
        out += f"<tspan{attributes}>{letters}</tspan>" if attributes else letters
        rise = run.rise
    return out


def number_letters(text: str) -> str:
    """A number as it stands in the text of a picture."""
    return escape(grouped(text).replace("-", "−"))


def _is_number(text: str) -> bool:
    return not text.lstrip("-")[:1].isalpha()
