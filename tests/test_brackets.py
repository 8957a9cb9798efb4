"""Brackets stand where they are needed, and once."""

from __future__ import annotations

import pytest

from generator.formula.infix import parse
from generator.notation.arrange import Arranger
from generator.notation.writer import Product
from generator.typeset.boxes import Word
from generator.typeset.latex import latex
from generator.typeset.text import text

ARRANGER = Arranger(Product.DOT, Word)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("(-a*b - c) + (-a*c - b)", "−a · b - c + (−a · c - b)"),
        ("a - (-b + c)", "a - (−b + c)"),
        ("a*(-b + c)", "a(−b + c)"),
        ("a*b*(-b + c)", "a · b(−b + c)"),
        ("(-a + b)*c", "(−a + b) · c"),
        ("(-a + b)**2", "(−a + b)^2"),
        ("a - (-b)", "a - (-b)"),
        ("a*(-b)", r"a \cdot (-b)"),
        ("(-a)**2", "(-a)^2"),
    ],
)
def test_a_sum_in_brackets_begins_without_brackets(source: str, shown: str) -> None:
    assert latex(ARRANGER.box(parse(source))) == shown.replace("−", "-").replace("·", r"\cdot")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("(a - 1)**2/2", "(a − 1)²/2"),
        ("2/(a - 1)**2", "2/(a − 1)²"),
        ("log(a - 1)/b", "ln(a − 1)/b"),
        ("abs(a - 1)/b", "|a − 1|/b"),
        ("(a - 1)/(b - 1)", "(a − 1)/(b − 1)"),
        ("a*(b - 1)/c", "(a(b − 1))/c"),
        ("a/b/c", "(a/b)/c"),
        ("a/(b/c)", "a/(b/c)"),
        ("(a - 1)*(b - 1)/c", "((a − 1) · (b − 1))/c"),
    ],
)
def test_a_half_of_a_fraction_that_holds_together_has_no_more_brackets(source: str, shown: str) -> None:
    assert text(ARRANGER.box(parse(source))) == shown
