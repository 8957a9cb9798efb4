"""Fractions and powers of ten: every document with them is true, and planted errors are seen."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sets import SECRET, made

from generator.definitions.problem import Definition as Loaded
from generator.definitions.source import Source
from generator.errors import DefinitionError
from generator.formula.infix import parse
from generator.formula.tree import shortest
from generator.kinds.formulas import Definition, check
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.reading import Unreadable
from generator.reading.formula import Symbols, read_formula
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.typst import read_typst
from generator.render.document import render
from generator.render.formats import FORMATS as PRINTED
from generator.solve.exact import evaluate
from generator.solve.rounding import Carry, Mode, Rounding, scientific
from generator.solve.traces import given_text, relation
from generator.typeset.numerals import numeral
from generator.variants.slots import Slots, variant
from generator.verify.document import FORMATS, Report, verify
from generator.verify.truth import Truth

PIECES = (
    "{a} + {b}", "{a} * {b}", "{a} / {b}", "{a} - {b}", "{a}**2 / 3", "-{a} * {b} + 1/7", "{a} / 3 - {b}",
    "exp({a} / (1 + {a}**2))", "max({a}, {b})", "[{a}, 2 * {b}]", "abs({a}) * log2(1 + {b}**2)", "1 / (1 + {a}**2)",
)  # fmt: skip


@st.composite
def numbers(draw: st.DrawFn) -> str:
    top = draw(st.integers(-9, 9).filter(bool))
    match draw(st.integers(0, 4)):
        case 0:
            return shortest(Fraction(top, draw(st.integers(2, 30))))
        case 1:
            return f"{top}e{draw(st.sampled_from([-9, -7, 8, 12]))}"
        case 2:
            return shortest(Fraction(top, 10 ** draw(st.integers(0, 3))))
        case 3:
            return shortest(Fraction(draw(st.integers(-(10**9), 10**9).filter(bool)), 10 ** draw(st.integers(0, 3))))
    return str(top)


@pytest.mark.parametrize(
    ("number", "latex", "typst", "web"),
    [
        ("1234.5678", "1234.5678", "1234.5678", "<mn>1234.5678</mn>"),
        ("12345", r"12\thinspace 345", "12 thin 345", "<mn>12\u2009345</mn>"),
        ("-124439808.25", r"-124\thinspace 439\thinspace 808.25", "-124 thin 439 thin 808.25",
         '<mrow><mo form="prefix">−</mo><mn>124\u2009439\u2009808.25</mn></mrow>'),
        ("0.123456", "0.123456", "0.123456", "<mn>0.123456</mn>"),
        ("10000/30001", r"\frac{10\thinspace 000}{30\thinspace 001}", "frac(10 thin 000, 30 thin 001)",
         "<mfrac><mn>10\u2009000</mn><mn>30\u2009001</mn></mfrac>"),
    ],
)  # fmt: skip
def test_long_whole_numbers_stand_in_groups_of_three_digits(number: str, latex: str, typst: str, web: str) -> None:
    for name, wanted, read in (
        ("latex", latex, read_latex), ("markdown", latex, read_latex), ("typst", typst, read_typst), ("web", web, None),
    ):  # fmt: skip
        printed = PRINTED[name].math(numeral(number))
        assert printed == wanted
        (line,) = read(printed) if read else read_mathml(f"<math>{printed}</math>")
        assert evaluate(read_formula(line.left, Symbols.of(())), {}.__getitem__) == Fraction(number)
    assert PRINTED["terminal"].math(numeral(number)).replace("\u2009", "").replace("−", "-") == number


@pytest.mark.parametrize("source", [r"12\,34", r"1\,2345", r"1234\,567", r"1\,234\,5"])
def test_other_digits_side_by_side_are_no_number(source: str) -> None:
    (line,) = read_latex(source)
    with pytest.raises(Unreadable):
        read_formula(line.left, Symbols.of(()))


def test_a_very_long_number_with_zeros_at_its_end_has_a_power_of_ten() -> None:
    assert scientific("1234567890123000") == "1.234567890123e15"
    assert scientific("123456789000") == "123456789000"
    assert scientific("1234567890123400") == "1234567890123400"


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    """A few givens of every look, formulas over them, and a rounding that shows what they give in every look."""
    data: dict[str, Any] = {"kind": "formulas", "title": "Made"}
    data["givens"] = {name: draw(numbers()) for name in "abc"}
    known, formulas = ["a", "b", "c"], dict[str, str]()
    for place in range(draw(st.integers(2, 5))):
        piece = draw(st.sampled_from(PIECES))
        one, other = draw(st.sampled_from(known)), draw(st.sampled_from(known))
        formulas[f"f{place}"] = piece.format(a=one, b=other)
        if not piece.startswith("["):
            known.append(f"f{place}")
    data["formulas"] = formulas
    return data


def worked_of(data: dict[str, Any], rounding: dict[str, Any], notation: str = "default", **more: str) -> Worked:
    whole = data | {"notation": {"extends": notation, "rounding": rounding, **more}}
    problem = Definition.model_validate(whole)
    assert not list(check(problem)), data
    return work(Loaded(problem=problem, source=Source(Path("made.yml"), whole, {})))


ROUNDINGS = (
    {"fractions": "1000"},
    {"fractions": "50", "decimals": "2", "carry": "shown"},
    {"significant": "3"},
    {"least": "2", "fractions": "20"},
    {"significant": "2", "carry": "shown", "mode": "toward_zero"},
)


def reports(made: Worked, documents: Sequence[str], formats: Sequence[str]) -> list[tuple[str, str, Report]]:
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    found = []
    for document in documents:
        for fmt in formats:
            text = render(made, document, fmt, "en", level=None if document == "solution" else "guided")
            found.append((document, text, verify(text, fmt, truth, made.history)))
    return found


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=problems(), rounding=st.sampled_from(ROUNDINGS), notation=st.sampled_from(notation_names()))
@example(
    data={"givens": {"a": "9", "b": "14", "c": "-2/7"}, "formulas": {"p": "a / b", "q": "c / p", "r": "p + q * c**2"}}
    | {"kind": "formulas", "title": "Made"},
    rounding={"fractions": "1000"},
    notation="default",
)
def test_every_line_of_a_document_with_them_is_true(
    data: dict[str, Any], rounding: dict[str, Any], notation: str
) -> None:
    try:
        made = worked_of(data, rounding, notation)
    except DefinitionError as error:
        if "has no value" in str(error):  # a division by zero
            return
        raise
    for document, text, report in reports(made, ("solution", "worksheet", "key"), FORMATS):
        assert not report.untrue, (document, report.untrue[:2], text)
        assert report.checked or document != "solution"


def test_a_power_of_ten_in_a_formula_is_a_factor_whatever_the_sign_of_a_product() -> None:
    data = {"kind": "formulas", "title": "Made", "givens": {"x": "6", "n": "8"}}
    formulas = {"a": "x * 10**8", "b": "x * 10**n", "c": "a / (x * 10**7)", "d": "6 * 10**9 + x"}
    for product in ("times", "dot", "asterisk", "juxtaposed"):
        made = worked_of(data | {"formulas": formulas}, {"significant": "3"}, product=product)
        for _, text, report in reports(made, ("solution", "worksheet", "key"), FORMATS):
            assert not report.untrue, (product, report.untrue[:2], text)


PLANTED = (
    ({"fractions": "1000"}, r"\frac{9}{14}", r"\frac{9}{13}"),
    ({"fractions": "1000"}, r"\frac{45}{196}", r"\frac{46}{196}"),
    ({"significant": "3"}, r"2 \times 10^{-8}", r"2 \times 10^{-7}"),
    ({"significant": "3"}, r"1.29 \times 10^{-8}", r"1.28 \times 10^{-8}"),
)


@pytest.mark.parametrize(("rounding", "right", "wrong"), PLANTED)
@pytest.mark.parametrize("document", ["solution", "key"])
def test_a_planted_error_is_found(rounding: dict[str, Any], right: str, wrong: str, document: str) -> None:
    data = {"kind": "formulas", "title": "Made", "givens": {"a": "9", "b": "5", "n": "14", "eps": "2e-8"}}
    formulas = {"p": "a / n", "q": "b / n", "r": "p * q", "s": "p * eps"}
    made = worked_of(data | {"formulas": formulas}, rounding)
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    text = render(made, document, "markdown", "en", level=None if document == "solution" else "guided")
    assert not verify(text, "markdown", truth, made.history).untrue
    if document == "key" and "eps" in formulas["s"] and right.startswith("2 "):
        assert right not in text  # given, so no answer
        return
    assert right in text
    places = [place for place in range(len(text)) if text.startswith(right, place)]
    for place in places:
        spoilt = text[:place] + wrong + text[place + len(right) :]
        assert verify(spoilt, "markdown", truth, made.history).untrue, text[place - 60 : place + 60]


def test_a_fraction_is_shown_where_the_decimals_go_on() -> None:
    rounding = Rounding(decimals=2, fractions=20)
    wanted = {
        "1/3": "1/3",
        "-5/18": "-5/18",
        "1/4": "0.25",
        "1/8": "1/8",
        "1/21": "0.05",
        "2": "2",
        "7/5": "1.4",
        "1/16": "1/16",
    }
    assert {text: rounding.text(Fraction(text)) for text in wanted} == wanted
    assert Rounding(decimals=2).text(Fraction(1, 3)) == "0.33"
    assert Rounding(decimals=2, fractions=1000).text(Fraction("0.123")) == "0.12"
    assert given_text(Fraction(1, 3), Rounding()) == "1/3"
    assert given_text(Fraction(1, 10**7 + 1), Rounding()) == "0.0000"


@given(value=st.fractions(-3, 3, max_denominator=60), other=st.fractions(-3, 3, max_denominator=60))
def test_what_is_shown_as_a_fraction_is_equal_to_that_alone(value: Fraction, other: Fraction) -> None:
    for mode in Mode:
        rounding = Rounding(decimals=3, fractions=40, mode=mode, carry=Carry.EXACT)
        shown = Fraction(rounding.text(value))
        assert rounding.gives(value, shown)
        if rounding.is_fraction(value):
            assert shown == value
            assert rounding.gives(other, shown) == (other == value)
        else:
            assert shown == Rounding(decimals=3, mode=mode).number(value)


def test_equals_stands_before_a_fraction_only_where_it_is_exact() -> None:
    rounding = Rounding(fractions=100)
    assert relation(parse("1/3 + 2/7"), "13/21", rounding) == "="
    assert relation(parse("0.3333 + 2/7"), "13/21", rounding) == "≈"
    assert relation(parse("0.3333 * 2"), "0.6666", rounding) == "="


GIVENS = {
    "a": [Fraction("0.5"), Fraction(1, 3), Fraction("0.0000001"), Fraction(-2), Fraction(5, 7), Fraction("0.25")],
    "b": [Fraction(2), Fraction("0.125"), Fraction(3), Fraction(10**9), Fraction("1.5"), Fraction("-0.75")],
}


@pytest.mark.parametrize("rounding", ROUNDINGS, ids=str)
@pytest.mark.parametrize("fmt", ["markdown", "typst"])
def test_variants_filled_into_templates_are_as_rendered(rounding: dict[str, Any], fmt: str) -> None:
    """A given that never changes may have a power of ten in a template; what varies is rendered in full then."""
    data = {"kind": "formulas", "title": "Made", "givens": {"a": "0.5", "b": "2", "eps": "1e-8", "third": "1/3"}}
    formulas = {"p": "a * b + eps", "q": "p * third", "r": "sqrt(abs(q)) + eps"}
    made = worked_of(data | {"formulas": formulas}, rounding)
    for document, choice in (("solution", "all"), ("worksheet", "faded"), ("key", "guided")):
        found = list(Slots(made, document, fmt, "en", choice).fill(GIVENS))
        detail, level = (choice, None) if document == "solution" else (None, choice)
        for number, text in enumerate(found):
            one = variant(made, {name: values[number] for name, values in GIVENS.items()})
            assert text == render(one, document, fmt, "en", detail=detail, level=level)


TENNIS = """\
kind: formulas
title: Tennis
givens: {yes: 9, no: 5}
formulas: {n: yes + no, p: yes / n, q: no / n, H: -p * log2(p) - q * log2(q)}
notation: {rounding: {fractions: 100}}
"""
GAS = """\
kind: formulas
title: Gas
givens: {N: 6.022e23, k: 1.381e-23, T: 300, V: 0.0248}
formulas: {P: N * k * T / V, E: 3/2 * k * T}
notation: {rounding: {significant: 4}}
"""
SET = """\
title: A set
course: Physics
date: today
problems:
  - {id: tennis, points: 8, level: guided, vary: {"yes": {from: 3, to: 9, step: 1}, "no": {from: 2, to: 9, step: 1}}}
  - {id: gas, points: 4, level: guided, vary: {T: {from: 250, to: 400, step: 10}}}
copies: 8
"""


def test_a_set_of_them_has_true_papers_and_answers_that_a_spreadsheet_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entropy asks whether a share is zero, which a template cannot always tell; 5/11 is no day in May."""
    monkeypatch.setenv("LONGHAND_SECRET", SECRET)
    (tmp_path / "tennis.yml").write_text(TENNIS, encoding="utf-8")
    (tmp_path / "gas.yml").write_text(GAS, encoding="utf-8")
    (tmp_path / "small.yml").write_text(SET, encoding="utf-8")
    made(tmp_path, None, "markdown", thorough=True)
    with (tmp_path / "out" / "instructor" / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 * 6
    for student in {row["student"] for row in rows}:
        own = {row["quantity"]: row for row in rows if row["student"] == student}
        value = {name: float(row["value"]) for name, row in own.items()}
        off = {name: float(row["tolerance"]) for name, row in own.items()}
        assert value["p"] + value["q"] == pytest.approx(1, abs=1e-9)
        entropy = -value["p"] * math.log2(value["p"]) - value["q"] * math.log2(value["q"])
        assert abs(value["H"] - entropy) < 1e-4
        temperature = value["E"] / 1.5 / 1.381e-23
        pressure = 6.022e23 * 1.381e-23 * round(temperature / 10) * 10 / 0.0248
        assert abs(value["P"] - pressure) < off["P"] == pytest.approx(5 * 10 ** (math.floor(math.log10(pressure)) - 3))
        assert off["E"] == pytest.approx(5 * 10 ** (math.floor(math.log10(value["E"])) - 3))
    book = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out" / "instructor").rglob("*.md"))
    assert r"\frac{" in book
    assert r"±$5 \times 10^{-24}$" in book
