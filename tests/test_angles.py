"""Sines, cosines and tangents of fractions of π are exact where they are plain numbers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from generator.definitions.problem import Definition as Loaded
from generator.definitions.source import Source
from generator.formula.infix import parse
from generator.formula.tree import Call
from generator.kinds.formulas import Definition
from generator.pipeline import work
from generator.render.document import render
from generator.solve.elementary import circular
from generator.solve.exact import ball, bounds, evaluate, precision
from generator.variants.slots import Slots, variant
from generator.verify.document import verify
from generator.verify.truth import Truth


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
@pytest.mark.parametrize("twelfths", range(-25, 26))
def test_what_is_known_is_in_the_ball_and_nothing_rational_is_missed(name: str, twelfths: int) -> None:
    turns = Fraction(twelfths, 12)
    known = circular(name, turns)
    if name == "tan" and turns % 1 == Fraction(1, 2):
        assert known is None
        return
    with precision(200):
        angle = ball(turns) * evaluate(Call("pi", ()), {}.__getitem__)
        low, high = bounds({"sin": angle.sin, "cos": angle.cos, "tan": angle.tan}[name]())
    halves = round(low + high)
    assert (low <= Fraction(halves, 2) <= high) == (known is not None)
    assert known is None or low <= known <= high


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("cos(2*pi*1*1/4)", "0"),
        ("cos(2*pi*k/n)", "-1"),
        ("sin(pi/6)", "1/2"),
        ("sin(-pi/6 + 2*pi)", "-1/2"),
        ("tan(pi*0.25)", "1"),
        ("sin(k*(pi/n))", "1"),
        ("cos(pi - pi/3)", "-1/2"),
        ("cos(2*pi/4)*7 + 10", "10"),
    ],
)
def test_an_angle_that_is_written_with_pi_is_known(source: str, value: str) -> None:
    values = {"k": Fraction(3), "n": Fraction(6)}
    assert evaluate(parse(source.replace("pi", "pi()")), values.__getitem__) == Fraction(value)


@pytest.mark.parametrize(
    "source", ["sin(pi()/5)", "cos(pi()*pi())", "sin(1 + pi())", "cos(2/pi())", "cos(pi()*sqrt(2))"]
)
def test_other_angles_are_enclosed(source: str) -> None:
    assert not isinstance(evaluate(parse(source), {}.__getitem__), Fraction)


def test_documents_of_variants_show_what_is_exact() -> None:
    data = {
        "kind": "formulas",
        "title": "Made",
        "givens": {"k": "1", "a": "2"},
        "formulas": {"c": "cos(2*pi*k/12)", "s": "a*sin(2*pi*k/12) + 10"},
    }
    worked = work(Loaded(problem=Definition.model_validate(data), source=Source(Path("made.yml"), data, {})))
    givens = {"k": [Fraction(place) for place in range(13)], "a": [Fraction(7, 2)] * 13}
    filled = list(Slots(worked, "solution", "markdown").fill(givens))
    for place, text in enumerate(filled):
        one = variant(worked, {name: values[place] for name, values in givens.items()})
        assert text == render(one, "solution", "markdown", "en")
        assert not verify(text, "markdown", Truth.of(one.graph, one.writer, one.trace.rounding)).untrue
    assert "= 10\n" in filled[0]
    assert "= 0.5\n" in filled[2]
