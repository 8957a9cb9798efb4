"""`and` and `or` in a formula: one pair of cases with a condition that has both, read back as what it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.formula.conditions import indicated, planned
from generator.formula.infix import parse
from generator.formula.tree import Blank, Cases, Formula, num, substitute
from generator.notation.arrange import Arranger
from generator.notation.writer import Product
from generator.reading import Unreadable
from generator.reading.formula import Symbols, read_formula
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.shape import alike, shape
from generator.reading.typst import read_typst
from generator.typeset.boxes import Word
from generator.typeset.latex import latex, plain_gap
from generator.typeset.mathml import mathml
from generator.typeset.text import text
from generator.typeset.typst import typst

NAMES = tuple("atuvw")
SYMBOLS = Symbols.of((Word(name), name) for name in NAMES)
PLAIN, WORDED = (Arranger(Product.DOT, Word, otherwise=word) for word in ("", "otherwise"))


def read_back(tree: Formula, arranger: Arranger) -> list[Formula]:
    box = arranger.box(tree)
    (in_latex,), (in_typst,) = read_latex(latex(box, plain_gap)), read_typst(typst(box))
    (on_web,) = read_mathml(f"<math>{mathml(box)}</math>")
    return [read_formula(line.left, SYMBOLS) for line in (in_latex, in_typst, on_web)]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("v <= t and (u <= t or a == 0)", "1 (v ≤ t ∧ (u ≤ t ∨ a = 0)); 0 (otherwise)"),
        ("0 if u > 1 or v > 1 else w", "0 (u > 1 ∨ v > 1); w (otherwise)"),
        ("w if u > 1 and v > 1 or a < 0 else 0", "w ((u > 1 ∧ v > 1) ∨ a < 0); 0 (otherwise)"),
        ("w if (u > 1 or v > 1) and a < 0 else t", "w ((u > 1 ∨ v > 1) ∧ a < 0); t (otherwise)"),
        ("w if 0 < v < 1 else u", "w (0 < v ∧ v < 1); u (otherwise)"),
        ("not (u > 2 or v > 3)", "1 (u ≤ 2 ∧ v ≤ 3); 0 (otherwise)"),
        ("w if v > 2 else u", "w (v > 2); u (v ≤ 2)"),
        ("1 if v > 0 else 0 if v == 0 else -1", "1 (v > 0); 0 (v = 0); −1 (v < 0)"),
        ("w if u > 2 else v if a > 2 else t", "w (u > 2); v (u ≤ 2 ∧ a > 2); t (otherwise)"),
        ("a if u > 1 or v > 1 else t if w > 0 else 0", "a (u > 1 ∨ v > 1); t (u ≤ 1 ∧ v ≤ 1 ∧ w > 0); 0 (otherwise)"),
        ("w*(u > 2 and (v <= t or a == 0))", "w · [u > 2 ∧ (v ≤ t ∨ a = 0)]"),
        ("(u > 2 or v > 3) + 1", "[u > 2 ∨ v > 3] + 1"),
    ],
)
def test_what_stands_on_the_page(source: str, shown: str) -> None:
    assert text(WORDED.box(parse(source))) == shown


def test_without_a_word_the_last_condition_is_written_out() -> None:
    shown = "1 (v ≤ t ∧ (u ≤ t ∨ a = 0)); 0 (v > t ∨ (u > t ∧ a ≠ 0))"
    assert text(PLAIN.box(parse("v <= t and (u <= t or a == 0)"))) == shown


def test_many_cases_stay_inside_one_another() -> None:
    source = "1 if a > 1 else 2 if t > 1 else 3 if u > 1 else 4 if v > 1 else 5"
    assert text(PLAIN.box(parse(source))).startswith("1 (a > 1); 2 (t > 1); ")


def test_numbers_that_are_equal_by_chance_stand_in_the_rows_of_the_symbols() -> None:
    tree = planned(parse("0 if u < 0 else a if u < 1 else 1"))
    for value in (0, 1, 2):
        shown = text(WORDED.box(substitute(tree, {"u": num(3), "a": num(value)})))
        assert shown == f"0 (3 < 0); {value} (3 ≥ 0 ∧ 3 < 1); 1 (otherwise)"


def conditions() -> st.SearchStrategy[str]:
    sides = st.sampled_from([*NAMES, "0", "1"])
    signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    return st.recursive(
        st.tuples(st.sampled_from(NAMES), signs, sides).map(" ".join),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
            inner.map(lambda part: f"not ({part})"),
        ),
        max_leaves=5,
    )


@given(
    st.lists(st.tuples(st.sampled_from(["0", "1", "a", "w*u"]), conditions()), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0, 1, 2])),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_condition_reads_back_as_what_it_was(rows: list[tuple[str, str]], values: dict[str, int]) -> None:
    source = "".join(f"{value} if {condition} else (" for value, condition in rows) + "v" + ")" * len(rows)
    tree = parse(source)
    numbers = substitute(planned(tree), {name: num(value) for name, value in values.items()})
    for arranger in (PLAIN, WORDED):
        for printed in (tree, numbers):
            for found in read_back(printed, arranger):
                assert alike(shape(found), shape(printed)), source


def test_blanks_in_a_condition_need_not_be_equal() -> None:
    tree = parse("v <= t and (u <= t or a == 0)")
    slots = substitute(planned(tree), {name: Blank(0, 4) for name in NAMES})
    for found in read_back(slots, WORDED):
        assert isinstance(found, Cases)
        assert alike(shape(found), shape(tree))


@pytest.mark.parametrize(
    "source",
    [
        r"\begin{cases} 1 & \text{otherwise} \\ 0 & a > 0 \end{cases}",
        r"\begin{cases} 1 & \text{otherwise} \end{cases}",
        r"\begin{cases} 1 & a > 0 \\ 2 & a > 0 \land t > 0 \\ 3 & \text{otherwise} \end{cases}",
        r"\begin{cases} 1 & a > 0 \land t > 0 \\ 0 & a \le 0 \land t \le 0 \end{cases}",
        r"\begin{cases} 1 & a > 0 \lor t \\ 0 & \text{otherwise} \end{cases}",
    ],
)
def test_rows_of_which_not_always_one_holds_are_refused(source: str) -> None:
    (line,) = read_latex(source)
    with pytest.raises(Unreadable):
        read_formula(line.left, SYMBOLS)


def test_words_outside_of_a_condition_are_refused() -> None:
    with pytest.raises(Unreadable, match="words in a formula"):
        read_typst('a + "b"')
    with pytest.raises(Unreadable, match="words in a formula"):
        read_mathml("<math><mi>a</mi><mtext>b</mtext></math>")
    with pytest.raises(Unreadable, match="cannot read"):
        read_latex(r"a + \text{b}")


def test_one_and_zero_alone_are_a_condition() -> None:
    assert indicated(parse("a > 1 or t > 1")) is not None
    assert indicated(parse("2 if a > 1 or t > 1 else 0")) is None
    assert indicated(parse("1 if a > 1 else 0 if a == 1 else 1 if t > 1 else 0")) is None  # three rows say it better
