"""Brackets stand where they are needed, and once."""

from __future__ import annotations

import pytest

from generator.formula.infix import parse
from generator.formula.tree import Add, Call, num
from generator.notation.arrange import Arranger
from generator.notation.writer import Product, indexed
from generator.typeset.boxes import Word, symbol
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


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a + (x if x > 0 else 0)", "a + (x (x > 0); 0 (x ≤ 0))"),
        ("(x if x > 0 else 0) + a", "(x (x > 0); 0 (x ≤ 0)) + a"),
        ("(x if x > 0 else 0) - (a if x > 0 else 0)", "(x (x > 0); 0 (x ≤ 0)) − (a (x > 0); 0 (x ≤ 0))"),
        ("(x if x > 0 else 0)*a", "(x (x > 0); 0 (x ≤ 0)) · a"),
        ("x if x > 0 else 0", "x (x > 0); 0 (x ≤ 0)"),
    ],
)
def test_cases_in_a_sum_or_product_hold_together(source: str, shown: str) -> None:
    """Else `x (x > 0); 0 (x ≤ 0) + a` reads as x, or 0 + a; and so does a single brace with a sum behind it."""
    box = ARRANGER.box(parse(source))
    assert text(box) == shown
    assert latex(box).count(r"\left( \begin{cases}") == latex(box).count(r"\begin{cases}") * (source[0] != "x")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("exp(0 - 1)", "e^(0 − 1)"),
        ("exp(1 + 0.5)", "e^(1 + 0.5)"),
        ("a**(3 - 1)", "a^(3 − 1)"),
        ("a**(-1)", "a⁻¹"),
        ("a**2", "a²"),
    ],
)
def test_a_sum_in_an_exponent_is_written_in_one_way(source: str, shown: str) -> None:
    assert text(ARRANGER.box(parse(source))) == shown


def test_a_negative_number_in_an_exponent_is_written_in_the_same_way() -> None:
    shown = Call("exp", (Add((num(0), num(-1))),))
    assert text(ARRANGER.box(shown)) == "e^(0 + (−1))"


@pytest.mark.parametrize(
    ("source", "dotted", "juxtaposed"),
    [
        ("d*(1 + x)", "d · (1 + x)", "d(1 + x)"),
        ("p_1*(1 - p_1)", "p₁ · (1 − p₁)", "p₁(1 − p₁)"),
        ("a*d*(1 + x)**2", "a · d · (1 + x)²", "ad(1 + x)²"),
        ("y*(1 - y)", "y(1 − y)", "y(1 − y)"),
        ("2*(1 - d)", "2(1 − d)", "2(1 − d)"),
        ("out*(1 - out)", "out(1 − out)", "out(1 − out)"),
    ],
)
def test_the_letter_of_a_function_has_a_sign_before_a_bracket(source: str, dotted: str, juxtaposed: str) -> None:
    """Where products have a sign at all: f(y − 1) reads as a value of f."""
    named = {product: Arranger(product, lambda name: symbol(indexed(name))) for product in Product}
    assert text(named[Product.DOT].box(parse(source))) == dotted
    assert text(named[Product.TIMES].box(parse(source))) == dotted.replace("·", "×")
    assert text(named[Product.JUXTAPOSED].box(parse(source))) == juxtaposed
