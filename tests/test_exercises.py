"""Exercises of other courses, each a definition of under 40 lines: built, worked, and held against published answers.

`exercises/answers.yml` has the published answers, with the digits that they are known with: a part was read in the
sources, the rest is well known and was written down without them at hand. A value has to round to what was printed;
after `≈`, where the source itself went on with rounded numbers, it may be off by one unit of the last digit. For
exercises without published answers, `exercise_witnesses.py` computes them once more, in NumPy and without Longhand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import yaml
from exercise_witnesses import WITNESSES

from generator.definitions.problem import load
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.render.language import language_names
from generator.verify.document import FORMATS as READ
from generator.verify.document import verify
from generator.verify.truth import Truth
from generator.views.worksheet import LEVELS

FOLDER = Path(__file__).resolve().parent / "exercises"
ANSWERS: Mapping[str, Mapping[str, str | list[str]]] = yaml.safe_load(
    (FOLDER / "answers.yml").read_text(encoding="utf-8")
)
EXERCISES = tuple(sorted(path for path in FOLDER.glob("*.yml") if path.stem != "answers"))
FORMATS, NOTATIONS, LANGUAGES = tuple(READ), notation_names(), language_names()
FEWER_THAN = 40


def lines(path: Path) -> int:
    """How many lines a definition has: all but blank lines and comments."""
    told = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sum(1 for line in told if line and not line.startswith("#"))


def names(worked: Worked, asked: str) -> list[str]:
    """The quantities that a name means: itself, or the entries of a vector or a matrix (`p_new`: `p_1_new`, …)."""
    known = [quantity.name for quantity in worked.graph.quantities]
    if asked in known:
        return [asked]
    stem, step = re.findall(r"^(.+?)((?:_t\d+)?(?:_new\d*)?)$", asked)[0]
    entries = [found for name in known if (found := re.fullmatch(rf"{re.escape(stem)}((?:_\d+)+){step}", name))]
    # Row by row: a problem may work them in another order, such as one head of attention after the other.
    return [found[0] for found in sorted(entries, key=lambda found: [int(part) for part in found[1].split("_")[1:]])]


def values(worked: Worked, asked: str) -> list[Fraction]:
    """Their values, with twenty digits."""
    found = names(worked, asked)
    assert found, f"{worked.id} has no {asked}"
    return [Fraction(worked.trace.full(name)) for name in found]


def agrees(value: Fraction, printed: str) -> bool:
    """Whether a value rounds to what was printed, or after `≈` is off by at most one unit of its last digit."""
    mantissa, _, power = printed.removeprefix("≈").partition("e")
    unit = Fraction(10) ** (int(power or 0) - len(mantissa.partition(".")[2]))
    return abs(value - Fraction(printed.removeprefix("≈"))) <= (unit if printed.startswith("≈") else unit / 2)


def test_every_exercise_has_an_answer_and_every_answer_an_exercise() -> None:
    assert {path.stem for path in EXERCISES} == {*ANSWERS, *WITNESSES}


def test_answers_are_held_to_their_last_digit() -> None:
    assert agrees(Fraction("0.1234"), "0.123")
    assert agrees(Fraction("0.1234"), "≈0.124")
    assert agrees(Fraction("31400"), "3.14e4")
    assert not agrees(Fraction("0.1236"), "0.123")
    assert not agrees(Fraction("0.1234"), "≈0.125")


@pytest.mark.parametrize("path", EXERCISES, ids=[path.stem for path in EXERCISES])
def test_exercise(path: Path) -> None:
    assert lines(path) < FEWER_THAN
    number = EXERCISES.index(path)
    worked = work(load(path), NOTATIONS[number % len(NOTATIONS)])
    for asked, printed in ANSWERS.get(path.stem, {}).items():
        found, told = values(worked, asked), printed if isinstance(printed, list) else [printed]
        assert len(found) == len(told), asked
        wrong = [(str(text), float(value)) for value, text in zip(found, told, strict=True) if not agrees(value, text)]
        assert not wrong, asked
    witness = WITNESSES.get(path.stem, dict)()
    for asked, expected in witness.items():
        np.testing.assert_allclose(
            [float(value) for value in values(worked, asked)], np.ravel(expected), rtol=1e-9, atol=1e-12, err_msg=asked
        )
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    for place, document in enumerate(("solution", "worksheet", "key")):
        format_name = FORMATS[(number + place) % len(FORMATS)]
        language = LANGUAGES[(number // len(FORMATS) + place) % len(LANGUAGES)]
        level = None if document == "solution" else LEVELS[(number + place) % len(LEVELS)]
        report = verify(
            render(worked, document, format_name, language, level=level), format_name, truth, worked.history
        )
        assert report.untrue == (), (document, format_name, language, level)


def test_every_notation_and_format_is_met() -> None:
    met = {(NOTATIONS[number % len(NOTATIONS)], FORMATS[number % len(FORMATS)]) for number in range(len(EXERCISES))}
    assert met == set(chain.from_iterable(((notation, name) for name in FORMATS) for notation in NOTATIONS))
