"""Every shipped problem in every notation: each document is made and every line of it is true.

Formats, languages and levels take turns, so that each of them meets each notation many times over.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from shipped import ALL, ROOT

from generator.definitions.problem import load
from generator.notation.files import notation_names
from generator.notation.writer import Writer
from generator.pipeline import work
from generator.render.document import render
from generator.render.language import language_names
from generator.solve.rounding import Carry, Rounding
from generator.solve.traces import trace
from generator.verify.document import FORMATS as READ
from generator.verify.document import verify
from generator.verify.truth import Truth
from generator.views.worksheet import LEVELS

FORMATS, NOTATIONS, LANGUAGES = tuple(READ), notation_names(), language_names()
DOCUMENTS = ("solution", "worksheet", "key")
PAIRS = tuple(product(ALL, NOTATIONS))


def turn(path: Path, notation: str) -> tuple[tuple[str, str, str, str], ...]:
    """What is made of a problem in a notation: (document, format, language, level)."""
    number, other = ALL.index(path), NOTATIONS.index(notation)
    return tuple(
        (
            document,
            FORMATS[(number + other + place) % len(FORMATS)],
            LANGUAGES[(number // len(FORMATS) + other + place) % len(LANGUAGES)],
            LEVELS[(number + other // 2 + place) % len(LEVELS)],
        )
        for place, document in enumerate(DOCUMENTS)
    )


def test_every_look_meets_every_notation() -> None:
    met = Counter((notation, *look[:3]) for path, notation in PAIRS for look in turn(path, notation))
    assert set(met) == set(product(NOTATIONS, DOCUMENTS, FORMATS, LANGUAGES))
    levels = {(notation, look[0], look[3]) for path, notation in PAIRS for look in turn(path, notation)}
    assert levels == set(product(NOTATIONS, DOCUMENTS, LEVELS))


@pytest.mark.parametrize(
    ("path", "notation"), PAIRS, ids=[f"{path.relative_to(ROOT).with_suffix('')}-{name}" for path, name in PAIRS]
)
def test_every_line_is_true_in_every_notation(path: Path, notation: str) -> None:
    definition = load(path)
    problem = definition.problem.model_copy(update={"training": None})  # which would take longer than all the rest
    worked = work(definition.model_copy(update={"problem": problem}), notation)
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    for document, format_name, language, level in turn(path, notation):
        text = render(worked, document, format_name, language, level=None if document == "solution" else level)
        report = verify(text, format_name, truth, worked.history)
        assert report.untrue == (), (document, format_name, language, level)
        assert report.checked > 5 or document != "solution"


COARSE = (Rounding(decimals=1), Rounding(significant=2), Rounding(decimals=1, carry=Carry.SHOWN))


FOURTH = ALL[::4]


@pytest.mark.parametrize("path", FOURTH, ids=[str(path.relative_to(ROOT).with_suffix("")) for path in FOURTH])
def test_every_line_is_true_where_numbers_have_more_digits_than_are_shown(path: Path) -> None:
    number = FOURTH.index(path)
    definition = load(path)
    problem = definition.problem.model_copy(update={"training": None})
    made = work(definition.model_copy(update={"problem": problem}), NOTATIONS[number % len(NOTATIONS)])
    rounding = COARSE[number % len(COARSE)]
    notation = replace(made.notation, rounding=rounding)
    worked = replace(made, notation=notation, trace=trace(made.graph, rounding), writer=Writer(made.graph, notation))
    truth = Truth.of(worked.graph, worked.writer, rounding)
    for document, level in (("solution", None), *(("worksheet", level) for level in LEVELS)):
        text = render(worked, document, "markdown", level=level)
        report = verify(text, "markdown", truth)
        assert report.untrue == (), (document, level)
