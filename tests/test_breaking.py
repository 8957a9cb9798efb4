"""Wide boxes are broken into rows, in brackets and numerators too, and read back as what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
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
from generator.solve.exact import ball, bounds, evaluate
from generator.typeset.boxes import Box, Stack, Word
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
        ("(a*a + b*b + c*c)**2 * g", 18, ["(a · a + b · b", " + c · c)² · g"]),
        ("log(a*a + b*b + c*c)", 16, ["ln(a · a", " + b · b", " + c · c)"]),
        ("a*b*c*f*g*h", 14, ["a · b · c", " · f · g · h"]),
        ("sqrt(a + b + c + f + g + h)", 10, ["√(a + b + c + f + g + h)"]),  # it is set in rows below the root
        ("max(a*a + b, b*b, c*c + a, f)", 18, ["max(a · a + b, ", "b · b, ", "c · c + a, f)"]),
        ("(a*a + b)*(c*c + f)*(g*g + h)", 14, ["(a · a + b)", " · (c · c + f)", " · (g · g + h)"]),
        ("exp(a*a + b*b + c*c)", 14, ["exp(a · a", " + b · b", " + c · c)"]),
    ],
)
def test_where_a_row_ends(source: str, limit: int, rows: list[str]) -> None:
    assert [text(row) for row in rows_of(source, limit)] == rows


@pytest.mark.parametrize(
    ("source", "wide"),
    [
        ("2*((a*a + b*b + c*c + a*b + b*c)/f)", 22),
        ("a/(a*a + b*b + c*c + a*b + b*c)", 22),
        ("(a*a + b*b + c*c)/(a*b + b*c + c*a + f)", 22),
        ("sqrt(a*a + b*b + c*c + a*b + b*c)", 22),
        ("log((a*a + b*b + c*c + a*b)/f)", 24),
        ("a*a + b*b + c*c + a*b if a*a + b*b + c*c + a*b > 0 else f", 44),
        ("f if a*a + b*b > 0 and b*b + c*c > 0 and a*b > 3 else g", 34),
        ("(a*a + b*b + c*c + a*b)/f*log((a*a + b*b + c*c + a*b)/g)", 26),
    ],
)
def test_what_no_row_can_end_in_is_set_in_rows_itself(source: str, wide: int) -> None:
    assert max(map(width, rows_of(source, wide))) <= wide
    for kind in PRINTERS:
        (statement,) = statements(display(rows_of(source, wide), kind))
        found = read_formula(statement.segments[1], SYMBOLS)
        low, high = bounds(
            ball(evaluate(found, VALUES.__getitem__)) - ball(evaluate(parse(source), VALUES.__getitem__))
        )
        assert low <= 0 <= high
    plain = broken(Arranger(Product.DOT, Word).box(parse(source)), wide, width, stacks=False)
    assert not any(isinstance(part, Stack) for row in plain for part in inside(row))


def inside(box: Box) -> Iterator[Box]:
    yield box
    for field in fields(box):
        value = getattr(box, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        flat = (part for each in parts for part in (each if isinstance(each, tuple) else (each,)))
        for part in flat:
            if is_dataclass(part) and not isinstance(part, type):
                yield from inside(part)  # type: ignore[arg-type]  # a dataclass in a box is a box


@pytest.mark.parametrize(
    ("read", "source"),
    [
        (read_latex, r"\frac{\begin{array}{l} a \\ b \end{array}}{c}"),
        (read_latex, r"\begin{array}{ll} a & + b \\ + c & + f \end{array}"),
        (read_latex, r"\begin{array}{c} a \\ + b \end{array}"),
        (read_typst, "frac(stacked(a, b), c)"),
        (read_mathml, '<math><mtable class="lh-stack"><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr>'
         "</mtable><mi>c</mi></math>"),
    ],
)  # fmt: skip
def test_a_row_inside_a_formula_that_begins_with_no_sign_is_refused(
    read: Callable[[str], tuple[Line, ...]], source: str
) -> None:
    with pytest.raises(Unreadable):
        read(source)


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
            inner.map(lambda part: f"sqrt(({part})**2)"),
            st.tuples(inner, inner).map(lambda pair: f"{pair[0]} / ({pair[1]} + 50)"),
            st.tuples(inner, inner, inner).map(
                lambda part: f"({part[0]} if {part[1]} > {part[2]} + 50 else {part[2]})"
            ),
            st.lists(inner, min_size=2, max_size=4).map(lambda parts: f"max({', '.join(parts)})"),
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
