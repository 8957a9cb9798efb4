"""Gradients -> the lines of an update that keep them short: together no longer than a length, or each within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from generator.formula.infix import parse
from generator.formula.sums import sum_of
from generator.formula.tree import Call, Pow, Ref, num, substitute
from generator.graph.quantities import Label, Update

# What is done to the gradients before they are used: as one vector made no longer than `clip` (Pascanu, Mikolov and
# Bengio, 2013), or each kept between -clip and clip. `norm` is the length of that vector, `c` the clipped gradient.
CLIPS: Mapping[str, Mapping[str, str]] = {
    "norm": {"scale": "clip / norm if norm > clip else 1", "c": "scale * g"},
    "value": {"c": "max(-clip, min(clip, g))"},
}
Clip = tuple[str, Fraction]  # a row of these, and the value of `clip`


def clipped(clip: str, gradients: Mapping[str, str]) -> Iterator[Update]:
    """The lines that clip gradients (their names by parameter) as a row of `CLIPS` says."""
    if clip == "norm":
        squares = tuple(Pow(Ref(name), num(2)) for name in gradients.values())
        length = Call("sqrt", (sum_of(squares),))
        yield Update(length, name="norm", rule="update_norm", label=Label("value", "norm"))
        yield Update(parse(CLIPS[clip]["scale"]), name="scale", rule="update_scale", label=Label("value", "scale"))
    for parameter, gradient in gradients.items():
        own, formula = f"c_{parameter}", substitute(parse(CLIPS[clip]["c"]), {"g": Ref(gradient)})
        yield Update(formula, name=own, rule="update_clipped", label=Label("value", own, of=parameter))
