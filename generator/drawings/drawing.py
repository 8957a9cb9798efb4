"""Drawing: lines, circles and labels in no particular format, and how much room a label takes.

Lengths are in units (a web pixel; 5/8 pt on paper), y points downwards. A `style` is a plain name that every emitter
knows: `edge`, `edge-bias`, `edge-cut`, `edge-back`, `axis`, `grid`, `curve`, `node-input`, `node-hidden`,
`node-output`, `node-bias`, `node-target`, `node-dropped`, `cross`, `dots`, `point`, `blank`, `blank-back`, `label`,
`small`, `back`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, hypot, radians, sin
from typing import Literal

from generator.typeset.boxes import Box, Fence, Op, Row, Script, Word
from generator.typeset.text import text

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]
Bounds = tuple[float, float, float, float]  # left, top, right, bottom
Content = Box | str | tuple[Box | str, ...]  # a symbol, words, or several of them side by side

NODE, SMALL = 16.0, 13.0  # sizes of the symbols in nodes and of everything beside them
HEAD, HALF_HEAD = 8.0, 3.0  # length and half the width of an arrow's head
CAP_MIDDLE = 0.33  # how far the middle of a capital stands above the baseline, in ems


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    start: Point
    end: Point
    style: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line through `points` with a head whose tip is the last one."""

    points: tuple[Point, ...]
    style: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through many points."""

    points: tuple[Point, ...]
    style: str


@dataclass(frozen=True, slots=True)
class Circle:
    """A filled circle."""

    centre: Point
    radius: float
    style: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle to write in."""

    centre: Point
    width: float
    height: float
    style: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label: a symbol (a box), words (a string), or several of both. `at` is its anchor, halfway up its capitals.

    `halo` clears what lies behind it; `rotation` is in degrees, clockwise. `room` is what it takes room for, where that
    is not its content: numbers of different lengths stand in the same place. `number` names the quantity of the number
    at its end.
    """

    content: Content
    at: Point
    style: str = "small"
    anchor: Anchor = "middle"
    size: float = SMALL
    halo: bool = False
    rotation: float = 0.0
    room: Box | None = None
    number: str = ""


Item = Line | Arrow | Curve | Circle | Frame | Mark


@dataclass(frozen=True, slots=True)
class Drawing:
    """Items in painting order on a sheet of `width` by `height`."""

    width: float
    height: float
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a label in one font: `size`, `rise` above the baseline and `kern` before it are in ems."""

    text: str
    slanted: bool = False
    size: float = 1.0
    rise: float = 0.0
    kern: float = 0.0
    bold: bool = False


def runs(content: Content, size: float = 1.0, rise: float = 0.0) -> tuple[Run, ...]:
    """A label as pieces side by side; what does not stand on one line (a fraction) is written with a slash."""
    match content:
        case str():
            return (Run(content, False, size, rise),)
        case tuple():
            return tuple(run for part in content for run in runs(part, size, rise))
        case Word(word, False, True):
            return (Run(word, False, size, rise, bold=True),)
        case Word(word, False):
            letters = word[:1] if word[1:].isdigit() else word  # h1: a letter and a number
            name, digits = Run(letters, True, size, rise), Run(word[len(letters) :], False, size, rise)
            return (name, digits) if digits.text else (name,)
        case Row(items):
            return tuple(run for item in items for run in runs(item, size, rise))
        case Fence(body, left, right):
            return (Run(left, False, size, rise), *runs(body, size, rise), Run(right, False, size, rise))
        case Script(base, sub, Op("′")):
            return runs(Row((Script(base, sub), Word("′", function=True))), size, rise)
        case Script(base, sub, sup):
            apart = 0.06 * size if sub is not None and sup is not None else 0.0
            low = runs(sub, 0.7 * size, rise - 0.2 * size - apart) if sub is not None else ()
            high = runs(sup, 0.7 * size, rise + 0.38 * size + apart) if sup is not None else ()
            first, second = sorted((low, high), key=_advance)  # stacked: the narrower one, then back over it
            if first:
                head = second[0]
                back = replace(head, kern=-_advance(first))
                second = (back, *second[1:])
            return (*runs(base, size, rise), *first, *second)
        case Op(sign) if size < 1:  # no space around signs in scripts
            return (Run(sign, False, size, rise),)
        case _:
            return (Run(text(content), False, size, rise),)


_WIDTHS = ((" .,:;'|ijl·′", 0.27), ("frstI()[]-/", 0.36), ("mwM", 0.76), ("+−=×∗≈<>∂", 0.6), ("W", 0.95), ("…", 1.0))
_WIDTH = {letter: width for letters, width in _WIDTHS for letter in letters}


def _advance(pieces: tuple[Run, ...]) -> float:
    """About how wide pieces stand in a Times-like font, in ems."""
    return sum(run.kern + run.size * sum(map(_letter, run.text)) for run in pieces)


def _letter(letter: str) -> float:
    if letter in _WIDTH:
        return _WIDTH[letter]
    if ord(letter) >= 0x2E80:  # Chinese, Japanese, Korean
        return 1.0
    return 0.7 if letter.isupper() else 0.5


def width_of(content: Content, size: float = SMALL) -> float:
    """About how wide a label is."""
    return _advance(runs(content)) * size


def bounds(mark: Mark) -> Bounds:
    """About the room that a label takes."""
    wide, (x, y) = width_of(mark.room or mark.content, mark.size), mark.at
    left = {"start": 0.0, "middle": -wide / 2, "end": -wide}[mark.anchor]
    angle = radians(mark.rotation)
    corners = [(a, b) for a in (left, left + wide) for b in (-0.45 * mark.size, 0.6 * mark.size)]
    across = [x + a * cos(angle) - b * sin(angle) for a, b in corners]
    down = [y + a * sin(angle) + b * cos(angle) for a, b in corners]
    return min(across), min(down), max(across), max(down)


def around(circle: Circle) -> Bounds:
    """The room that a circle takes."""
    (x, y), r = circle.centre, circle.radius
    return x - r, y - r, x + r, y + r


def crossed_out(circle: Circle) -> tuple[Circle, Line, Line]:
    """A circle, dashed and crossed out."""
    (x, y), a = circle.centre, circle.radius / 2**0.5
    fall, rise = (Line((x - a, y + side * a), (x + a, y - side * a), "cross") for side in (-1, 1))
    return replace(circle, style="node-dropped"), fall, rise


def framed(items: tuple[Item, ...]) -> Drawing:
    """`items` moved onto a sheet that holds them all."""
    boxes = [_room(item) for item in items]
    left, top = min(box[0] for box in boxes) - 4, min(box[1] for box in boxes) - 4
    right, bottom = max(box[2] for box in boxes) + 4, max(box[3] for box in boxes) + 4
    return Drawing(right - left, bottom - top, tuple(_moved(item, -left, -top) for item in items))


def _room(item: Item) -> Bounds:
    match item:
        case Mark():
            return bounds(item)
        case Circle():
            return around(item)
        case Frame((x, y), width, height):
            return x - width / 2, y - height / 2, x + width / 2, y + height / 2
        case Line(start, end):
            (a, b), (c, d) = start, end
            return min(a, c), min(b, d), max(a, c), max(b, d)
        case Arrow(points) | Curve(points):
            across, down = [x for x, _ in points], [y for _, y in points]
            return min(across), min(down), max(across), max(down)


def _moved(item: Item, dx: float, dy: float) -> Item:
    match item:
        case Mark(_, (x, y)):
            return replace(item, at=(x + dx, y + dy))
        case Circle((x, y)) | Frame((x, y)):
            return replace(item, centre=(x + dx, y + dy))
        case Line((a, b), (c, d)):
            return replace(item, start=(a + dx, b + dy), end=(c + dx, d + dy))
        case Arrow(points) | Curve(points):
            return replace(item, points=tuple((x + dx, y + dy) for x, y in points))


def headed(points: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[Point, Point, Point]]:
    """An arrow's line, cut where its head begins, and the corners of the head, the tip first."""
    (x, y), tip = points[-2], points[-1]
    length = hypot(tip[0] - x, tip[1] - y) or 1.0
    across, down = (tip[0] - x) / length, (tip[1] - y) / length
    foot = (tip[0] - HEAD * across, tip[1] - HEAD * down)
    left = (foot[0] + HALF_HEAD * down, foot[1] - HALF_HEAD * across)
    right = (foot[0] - HALF_HEAD * down, foot[1] + HALF_HEAD * across)
    neck = (foot[0] + across, foot[1] + down)  # the line ends inside the head, so that no gap shows
    return (*points[:-1], neck), (tip, left, right)


def decimal(value: float, places: int = 2) -> str:
    """A coordinate, rounded, without needless zeros."""
    rounded = f"{value:.{places}f}"
    if "." in rounded:
        rounded = rounded.rstrip("0").rstrip(".")
    return "0" if rounded in ("-0", "") else rounded
