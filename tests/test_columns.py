"""The decimal points of a matrix's columns stand under one another, and the room for it is not read as anything."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.notation.columns import aligned
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.typst import read_typst
from generator.typeset.boxes import Box, Digits, Fence, Gap, Grid, Op, Row, Strut, Word, symbol
from generator.typeset.latex import latex
from generator.typeset.mathml import mathml
from generator.typeset.text import text
from generator.typeset.typst import typst

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,5})?", fullmatch=True)
ROWS = st.integers(1, 4).flatmap(
    lambda wide: st.lists(st.lists(NUMBERS, min_size=wide, max_size=wide), min_size=1, max_size=4)
)
PRINTED = {"latex": (latex, read_latex), "typst": (typst, read_typst), "web": (mathml, read_mathml)}


def _grid(rows: list[list[str]]) -> Grid:
    return Grid(tuple(tuple(map(Digits, row)) for row in rows))


def _all_text(box: Box) -> str:
    """The characters of an entry, with those that are only room for others."""
    match box:
        case Row(items):
            return "".join(map(_all_text, items))
        case Digits(text) | Strut(text):
            return text
    raise AssertionError(box)


def _number(box: Box) -> Fraction:
    match box:
        case Row(items):
            return Fraction("".join(item.text.replace("−", "-") for item in items if isinstance(item, Digits | Op)))
        case Digits(text):
            return Fraction(text)
    raise AssertionError(box)


@given(ROWS)
def test_every_entry_of_a_column_has_the_same_signs_digits_and_point(rows: list[list[str]]) -> None:
    for column in zip(*aligned(_grid(rows).rows), strict=True):
        texts = list(map(_all_text, column))
        assert len({(text.count("-"), len(text)) for text in texts}) == 1
        from_point = {len(text) - text.index(".") if "." in text else 0 for text in texts}
        assert len(from_point) == 1


@pytest.mark.parametrize("form", PRINTED)
@given(rows=ROWS)
def test_the_room_is_not_read_as_part_of_a_number(form: str, rows: list[list[str]]) -> None:
    write, read = PRINTED[form]
    printed = write(Row((Word("A"), Op("="), Grid(aligned(_grid(rows).rows)))))
    if form == "web":
        printed = f'<math xmlns="http://www.w3.org/1998/Math/MathML">{printed}</math>'
        ElementTree.fromstring(printed)  # it is a document by itself
    (line,) = read(printed)
    (grid,) = [part for part in _parts(line.left) + _parts(line.right) if isinstance(part, Grid)]
    assert [[_number(entry) for entry in row] for row in grid.rows] == [list(map(Fraction, row)) for row in rows]


def _parts(box: Box) -> list[Box]:
    return [own for part in box.items for own in _parts(part)] if isinstance(box, Row) else [box]


def test_columns_that_have_no_need_of_it_stay_as_they_are() -> None:
    equal = _grid([["0.5", "-1"], ["0.2", "-3"]]).rows
    assert aligned(equal) == equal
    named: tuple[tuple[Box, ...], ...] = ((Digits("10"),), (Word("x"),))
    assert aligned(named) == named


def test_dots_and_blanks_stand_among_numbers() -> None:
    made = aligned(((Digits("1"),), (Op("⋮"),), (Gap(3, 4),), (Digits("-20"),)))
    assert [row[0] for row in made] == [Row((Strut("-0"), Digits("1"))), Op("⋮"), Gap(3, 4), Digits("-20")]
    assert text(Grid(made)).replace(" ", "").startswith("[1;⋮;")


def test_a_minus_sign_after_room_is_no_subtraction() -> None:
    """After a digit, even an invisible one, TeX and Typst would set a minus sign apart as they do between terms."""
    made = Grid(aligned(_grid([["-1"], ["20"]]).rows))
    assert latex(made) == r"\begin{bmatrix} \mathopen{\phantom{0}}-1 \\ \phantom{-}20 \end{bmatrix}"
    assert typst(made) == 'mat(delim: "[", class("opening", room(0)) -1 ; room(-) 20)'


def test_an_index_does_not_run_into_the_next_symbol() -> None:
    assert text(Row((symbol("w_i"), symbol("x")))) == "w_i x"
    assert text(Row((symbol("w_i"), Fence(symbol("x"), "(", ")")))) == "w_i(x)"
    assert text(Row((symbol("w_1"), symbol("x")))) == "w₁x"
    assert text(Row((symbol("w_{h1}"), symbol("x_1")))) == "w_h1 x₁"
