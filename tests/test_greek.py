"""Greek letters that stand for themselves are the names that spell them out, wherever an author writes a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.formula.greek import GREEK, spelled
from generator.formula.infix import parse
from generator.pipeline import load_worked
from generator.render.document import render
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

WRITTEN = """
kind: formulas
title: made
introduction: "What becomes of [[λ=]], [[x_λ]] and [[θ]]?"
givens: {λ: 3, θ: [1, 2], x_λ: 2}
formulas: {α_1: λ * x_λ + sum(θ) + π, L: α_1**2}
differentiate: {of: L, wrt: [λ, θ]}
say: {α_1: "First [[α_1]]:"}
update: {λ: "λ - 0.1 * d(L, λ)", "θ[1]": λ_new}
worksheet: {ask: [α_1]}
claims: [λ > 0]
"""


def test_every_letter_has_its_name_and_others_stay() -> None:
    for name, letter in GREEK.items():
        assert spelled(letter) == (name if letter != "∂" else "∂")
    assert spelled("λ_1 + x_λ*θ2 - 2*μ") == "lambda_1 + x_lambda*theta2 - 2*mu"
    assert spelled("ϵ + ϕ + \u00b5") == "epsilon + phi + mu"
    assert spelled("Δx + λs") == "Δx + λs"
    assert parse("λ * α") == parse("lambda * alpha")


def test_a_problem_in_greek_letters_is_the_one_in_words(tmp_path: Path) -> None:
    for folder in ("greek", "words"):
        (tmp_path / folder).mkdir()
    greek, words = tmp_path / "greek" / "made.yml", tmp_path / "words" / "made.yml"
    greek.write_text(WRITTEN, encoding="utf-8")
    words.write_text(spelled(WRITTEN), encoding="utf-8")
    assert words.read_text(encoding="utf-8").isascii()
    made, other = load_worked(greek), load_worked(words)
    assert made.trace.shown == other.trace.shown
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    for format_name in FORMATS:
        for document in ("solution", "worksheet", "key"):
            page = render(made, document, format_name)
            assert page == render(other, document, format_name)
            assert verify(page, format_name, truth).untrue == ()


def test_a_name_in_both_ways_is_one_name(tmp_path: Path) -> None:
    file = tmp_path / "made.yml"
    file.write_text("kind: formulas\ntitle: made\ngivens:\n  λ: 1\n  lambda: 2\nformulas: {y: λ}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"made.yml:5: .*the key a second time \(first on line 4\)"):
        load(file)
