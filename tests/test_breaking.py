"""Wide boxes are broken into rows, in brackets and numerators too, and read back as what they were."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.formula.infix import infix, parse
from generator.notation.arrange import Arranger
from generator.notation.breaking import broken
from generator.notation.writer import Product
from generator.reading import Line, Unreadable
from generator.reading.chains import statements
from generator.reading.formula import Symbols, read_formula
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.typst import read_typst
from generator.solve.exact import evaluate
from generator.typeset.boxes import Box, Word
from generator.typeset.latex import latex
from generator.typeset.mathml import mathml
from generator.typeset.text import text, width
from generator.typeset.typst import typst

NAMES = tuple("abcfgh")
SYMBOLS = Symbols.of((Word(name), name) for name in NAMES)
PRINTERS = {"latex": latex, "typst": typst, "web": mathml}
VALUES = {name: Fraction(place + 2, 3) for place, name in enumerate(NAMES)}


def rows_of(source: str, limit: int, product: Product = Product.DOT) -> list[Box]:
    return broken(Arranger(product, Word).box(parse(source)), limit, width)


@pytest.mark.parametrize(
    ("source", "limit", "rows"),
    [
        ("a + b + c", 20, ["a + b + c"]),
        ("a*a + b*b + c*c", 16, ["a · a", " + b · b + c · c"]),
        ("-(a*a + b*b + c*c)", 18, ["−(a · a", " + b · b + c · c)"]),
        ("(a*a + b*b + c*c)/f", 18, ["(a · a", " + b · b + c · c)/f"]),
        ("(a*a + b*b + c*c)/(f + g)", 18, ["(a · a + b · b", " + c · c)/(f + g)"]),
        ("2*((a*a + b*b + c*c)/f)", 18, ["2 · ((a · a", " + b · b", " + c · c)/f)"]),
        ("(a*a + b*b + c*c)**2 * g", 18, ["(a · a + b · b", " + c · c)² · g"]),
        ("log(a*a + b*b + c*c)", 16, ["ln(a · a", " + b · b", " + c · c)"]),
        ("a*b*c*f*g*h", 14, ["a · b · c", " · f · g · h"]),
        ("sqrt(a + b + c + f + g + h)", 10, ["√(a + b + c + f + g + h)"]),  # nothing in a root can be broken
    ],
)
def test_where_a_row_ends(source: str, limit: int, rows: list[str]) -> None:
    assert [text(row) for row in rows_of(source, limit)] == rows


def test_a_short_rest_does_not_stand_alone() -> None:
    rows = [text(row) for row in rows_of("a*a*a*a + b*b*b*b + c", 30)]
    assert rows == ["a · a · a · a", " + b · b · b · b + c"]


def trees() -> st.SearchStrategy[str]:
    """Formulas of sums in sums, in products, in numerators and in powers."""
    leaves = st.sampled_from([*NAMES, "2", "0.25"])

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        several = st.lists(inner, min_size=2, max_size=5)
        return st.one_of(
            several.map(lambda parts: "(" + " + ".join(parts) + ")"),
            several.map(lambda parts: "(" + " - ".join(parts) + ")"),
            st.tuples(inner, inner).map(" * ".join),
            st.tuples(inner, st.sampled_from(["a", "(b + 3)", "7"])).map(lambda pair: f"({pair[0]}) / {pair[1]}"),
            inner.map(lambda part: f"({part})**2"),
            inner.map(lambda part: f"-({part})"),
        )

    return st.recursive(leaves, grown, max_leaves=24)


def display(rows: list[Box], kind: str) -> tuple[Line, ...]:
    """A display of `y = ...` in these rows, printed and taken down in one format."""
    first, *others = (PRINTERS[kind](row) for row in rows)
    if kind == "latex":
        return read_latex(" \\\\ ".join([f"y &= {first}", *(f"& {row}" for row in others)]))
    if kind == "typst":
        return read_typst(" \\\n ".join([f"y &= {first}", *(f"& {row}" for row in others)]))
    cells = [f"<mtd><mi>y</mi></mtd><mtd><mo>=</mo>{first}</mtd>", *(f"<mtd></mtd><mtd>{row}</mtd>" for row in others)]
    return read_mathml(f"<math><mtable>{''.join(f'<mtr>{row}</mtr>' for row in cells)}</mtable></math>")


@settings(max_examples=150)
@given(trees(), st.integers(12, 40), st.sampled_from(list(Product)), st.sampled_from(sorted(PRINTERS)))
def test_broken_rows_read_back_with_the_same_value(source: str, limit: int, product: Product, kind: str) -> None:
    tree = parse(source)
    (statement,) = statements(display(rows_of(source, limit, product), kind))
    assert (statement.problem, statement.relations) == ("", ("=",))
    found = read_formula(statement.segments[1], SYMBOLS)
    assert evaluate(found, VALUES.__getitem__) == evaluate(tree, VALUES.__getitem__), infix(found)


@pytest.mark.parametrize("rows", [["(a + b", "+ c"], ["a + b", "+ c)"], ["((a", "+ b)"]])
def test_a_bracket_that_is_not_closed_or_not_opened_is_seen(rows: list[str]) -> None:
    (statement,) = statements(read_latex(rf"y &= {rows[0]} \\ & {rows[1]}"))
    assert "not closed" in statement.problem or "closes nothing" in statement.problem


@pytest.mark.parametrize("source", ["(a + b)/c d", "2(a + b)/c", "(a + b)/c/f"])
def test_a_slash_has_no_other_factor_beside_it(source: str) -> None:
    (statement,) = statements(read_latex(f"y = {source}"))
    with pytest.raises(Unreadable):
        read_formula(statement.segments[1], SYMBOLS)
