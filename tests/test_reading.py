"""The way back from each format: what the printers write is read as what was meant, by rules of the formats' own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.formula.functions import ACTIVATIONS, LOSSES, loss_formula, textbook_derivative
from generator.formula.infix import infix, parse
from generator.formula.tree import CIRCULAR, Add, Blank, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref
from generator.graph.quantities import Graph, Label, Quantity, Role
from generator.notation.arrange import Arranger
from generator.notation.writer import Notation, Product, Writer
from generator.reading import Unreadable
from generator.reading.chains import statements
from generator.reading.find import find_html, find_latex, find_markdown, find_typst
from generator.reading.formula import Symbols, read_formula
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.shape import alike, shape
from generator.reading.typst import read_typst
from generator.solve.exact import Exact, Undecided, Undefined, ball, bounds, evaluate, precision
from generator.typeset.boxes import Box, Frac, Op, Row, Word, symbol
from generator.typeset.latex import latex
from generator.typeset.mathml import mathml
from generator.typeset.text import text as plain_text
from generator.typeset.typst import typst

BOXES: Mapping[str, Box] = {
    "x": symbol("x"),
    "rate": symbol(r"\eta"),
    "w": symbol("w_1"),
    "w10": symbol("w_{10}"),
    "unit": symbol("h1"),
    "net": symbol("net_{h1}"),
    "new": symbol("w_1^+"),
    "greek": symbol(r"new\_\mu"),
    "primed": symbol("z_{h_1}'"),
    "bare": symbol(r"new\_w5"),
    "slope": Frac(Row((Word("∂"), symbol("E_{total}"))), Row((Word("∂"), symbol("w_1")))),
    "straight": Frac(Row((Word("d"), symbol("h1"))), Row((Word("d"), symbol("z_{h_1}")))),
}
SYMBOLS = Symbols.of((box, name) for name, box in BOXES.items())
VALUES = {name: Fraction(7 * place - 25, 3 * place + 11) for place, name in enumerate(BOXES)}
FORMATS = {
    "latex": (latex, read_latex),
    "typst": (typst, read_typst),
    "web": (lambda box: f"<math>{mathml(box)}</math>", read_mathml),
}


def back(text: str, format: str) -> Formula:
    (line,) = FORMATS[format][1](text)
    (statement,) = statements([line])
    (segment,) = statement.segments
    return read_formula(segment, SYMBOLS)


def value(tree: Formula) -> Exact | None:
    return at(tree, VALUES)


def at(tree: Formula, values: Mapping[str, Fraction]) -> Exact | None:
    with precision(192):
        try:
            found = evaluate(tree, values.__getitem__)
            return found if isinstance(found, Fraction) or found.is_finite() else None
        except (Undefined, Undecided, OverflowError):
            return None


numbers = st.one_of(
    st.integers(-12, 12).map(lambda n: Num(Fraction(n))),
    st.decimals(-3, 3, places=4).map(lambda d: Num(Fraction(d), f"{d:.4f}" if d else "0.0000")),
    st.fractions(-2, 2, max_denominator=9).map(Num),
    st.sampled_from(["6.3e-8", "-1e-6", "3.00e8", "-1.5e12"]).map(lambda text: Num(Fraction(text), text)),
)
leaves = st.one_of(numbers, st.sampled_from([*(Ref(name) for name in BOXES), Call("pi", ())]))


SIGNED = ["exp", "log", "log2", "log10", "sqrt", "abs", "erf", "floor", "sinh", "cosh", *CIRCULAR]
SIGNED += [row.name for row in ACTIVATIONS.values() if row.symbol]


def three(left: Formula, right: Formula, ops: list[str], first: Formula, second: Formula, third: Formula) -> Formula:
    """One value for each order of two numbers, as a sign has it."""
    return Cases(left, ops[0], right, first, Cases(left, ops[1], right, second, third))


def counted(left: Formula, op: str, right: Formula, more: Formula | None) -> Formula:
    """A condition, or two of which both have to hold, as 1 or 0 beside a number."""
    holds: Formula = Num(Fraction(1))
    for other in (left, *([more] if more is not None else [])):
        holds = Cases(other, op, right, holds, Num(Fraction(0)))
    return Mul((Num(Fraction(2)), holds))


def grown(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    some = st.lists(inner, min_size=2, max_size=4).map(tuple)
    terms = st.lists(inner | inner.map(Neg), min_size=2, max_size=4).map(tuple)
    one = st.sampled_from(SIGNED)
    return st.one_of(
        terms.map(Add),
        some.map(Mul),
        inner.map(Neg),
        st.builds(Div, inner, inner),
        st.builds(Pow, inner, st.integers(-2, 3).map(lambda n: Num(Fraction(n))) | inner),
        st.builds(lambda name, arg: Call(name, (arg,)), one, inner),
        st.builds(Call, st.sampled_from(["max", "min", "argmax", "argmin"]), some),
        st.builds(Cases, inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner, inner),
        st.builds(counted, inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, st.just(None) | inner),
        st.builds(three, inner, inner, st.permutations(["<", "==", ">"]), inner, inner, inner),
    )


trees = st.recursive(leaves, grown, max_leaves=9)


@given(tree=trees, product=st.sampled_from(Product))
@settings(max_examples=900, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_printed_formula_reads_back_with_the_same_value_in_every_format(tree: Formula, product: Product) -> None:
    box = Arranger(product, BOXES.__getitem__).box(tree)
    for name, (write, _) in FORMATS.items():
        text = write(box)
        found = back(text, name)
        if shape(found) == shape(tree):
            continue  # the same operations on the same numbers in the same order
        got, meant = value(found), value(tree)
        assert (got is None) == (meant is None), text
        if got is not None and meant is not None:
            low, high = bounds(ball(got) - ball(meant))
            assert low <= 0 <= high, text


@pytest.mark.parametrize("format", FORMATS)
def test_a_condition_that_counts_is_short_and_eulers_number_is_told_from_e(format: str) -> None:
    write, _ = FORMATS[format]
    plain = write(Arranger(Product.DOT, BOXES.__getitem__).box(parse("2 * (w > net)")))
    assert shape(back(plain, format)) == shape(parse("2 * (w > net)"))
    assert "cases" not in plain
    assert "mtable" not in plain
    exponential = Arranger(Product.DOT, BOXES.__getitem__, taken=frozenset({Word("e")})).box(parse("exp(w)"))
    assert plain_text(exponential) == "exp(w₁)"
    assert shape(back(write(exponential), format)) == shape(parse("exp(w)"))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("source", ["6 * 10**8", "-6 * 10**8", "w * 10**8", "2 * 6 * 10**-7 * w", "1 / (6 * 10**9)"])
def test_a_product_with_a_power_of_ten_is_no_number(source: str, product: Product, format: str) -> None:
    write, _ = FORMATS[format]
    tree = parse(source)
    assert shape(back(write(Arranger(product, BOXES.__getitem__).box(tree)), format)) == shape(tree)


def of_rows() -> Iterator[tuple[str, Formula]]:
    """Every formula that a row can put on a page: its own and its derivative, with its parameters and other ones."""
    x, t = Ref("net"), Ref("rate")
    own = {"slope": "0.3", "kink": "0.25", "alpha": "1.7", "delta": "0.4", "base": "2", "at_zero": "0.5"}
    for row in (*ACTIVATIONS.values(), *LOSSES.values()):
        arguments = (x,) if row.name in ACTIVATIONS else (t, x)
        for parameters in ((), tuple(parse(own.get(name, "0.7")) for name in row.parameters)):
            call = Call(row.name, (*arguments, *parameters))
            yield row.name, call
            if row.name in LOSSES:
                yield row.name, loss_formula(call, output_first=True)
            for first in (False, True) if row.name in LOSSES or row.derivative else ():
                slope = textbook_derivative(call, "net", "unit", output_first=first)
                assert slope is not None
                yield row.name, slope
    softmax = Call("softmax", (x, x, t, Ref("w")))
    yield from (("softmax", tree) for tree in (softmax, textbook_derivative(softmax, "rate", "unit")) if tree)


ROWS = list(of_rows())
GRAPH = Graph(tuple(Quantity(name, Role.GIVEN, Label("input", name)) for name in BOXES), VALUES, "net")
WRITTEN = Notation("plain", {}), Notation("plain", {}, activation="written_out", difference="output_first")


@pytest.mark.parametrize(("name", "tree"), ROWS, ids=[name for name, _ in ROWS])
@pytest.mark.parametrize("notation", WRITTEN, ids=["signs", "written_out"])
def test_every_row_reads_back_in_every_format(name: str, tree: Formula, notation: Notation) -> None:
    """As any notation writes it, at places between and on the kinks."""
    written = Writer(GRAPH, notation).written(tree)
    for product, (format, (write, _)) in itertools.product(Product, FORMATS.items()):
        found = back(write(Arranger(product, BOXES.__getitem__).box(written)), format)
        for net in ("-3.5", "-3", "-0.3", "0", "0.25", "0.75", "1", "3"):
            values = {**VALUES, "net": Fraction(net), "rate": Fraction("0.35"), "unit": Fraction("0.6")}
            got, meant = at(found, values), at(tree, values)
            assert (got is None) == (meant is None), net
            if got is not None and meant is not None:
                low, high = bounds(ball(got) - ball(meant))
                assert low <= 0 <= high, net


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \\ 0 & x \ge 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \\ 2 & x > 0 \\ 0 & x \le 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \\ 2 & w_1 = 0 \\ 0 & x < 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \end{cases}",
        r"\log(x)",
        r"\log_3(x)",
        r"\lfloor x )",
        r"\pi(x) 2",
    ],
)
def test_cases_of_which_not_exactly_one_holds_and_unknown_signs_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        back(text, "latex")


@pytest.mark.parametrize(
    ("format", "text", "wanted"),
    [
        ("latex", r"\log_2(x)", "log2(x)"),
        ("latex", r"\log_{10} \left( x \right)", "log10(x)"),
        ("latex", r"\lfloor \pi x \rfloor", "floor(pi() * x)"),
        ("latex", r"\left\lfloor \frac{x}{w_1} \right\rfloor", "floor(x / w)"),
        ("latex", r"\sin(x) \cos(x) \operatorname{erf}(x)", "sin(x) * cos(x) * erf(x)"),
        ("latex", r"\operatorname{sgn}(x)", "sign(x)"),
        ("latex", r"\begin{cases} 1 & \text{if } x > 0 \\ x & x = 0 \\ w_1 & x < 0 \end{cases}",
         "1 if x > 0 else x if x == 0 else w"),
        ("typst", "log_2(x) + log_(10)(x)", None),  # Typst takes `2(x)` as one thing, which is easily not meant
        ("typst", "log_(2) (x) + floor(pi)", "log2(x) + floor(pi())"),
        ("typst", "cases(1 quad x != 0, 0 quad x = 0)", "1 if x != 0 else 0"),
        ("web", "<math><msub><mi>log</mi><mn>2</mn></msub><mo>(</mo><mi>x</mi><mo>)</mo></math>", "log2(x)"),
        ("web", "<math><mo>⌊</mo><mi>π</mi><mo>⌋</mo></math>", "floor(pi())"),
    ],
)  # fmt: skip
def test_functions_as_their_formats_write_them(format: str, text: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(Unreadable):
            back(text, format)
        return
    assert infix(back(text, format)) == wanted


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("latex", r"\frac{\partial E}{\partial w_1}"),
        ("latex", r"\foo"),
        ("latex", r"2\frac{1}{2}"),
        ("latex", r"x 2"),
        ("latex", r"0.1 \cdot - 0.2"),
        ("latex", r"(x"),
        ("latex", r"x)"),
        ("latex", r"w_10"),  # TeX takes one digit: w with the index 1, and a nought beside it
        ("latex", r"\mathrm{nan}"),
        ("latex", r"\infty"),
        ("latex", r"\sigma x"),
        ("latex", r"\text{about } 3"),
        ("typst", r"h1"),
        ("typst", r"x 2"),
        ("typst", r"frac(1\, 2)"),
        ("typst", r"2 frac(1, 2)"),
        ("typst", r'"words" x'),
        ("typst", r"w_1(x)"),
        ("typst", r"nan"),
        ("web", "<math><mi>q</mi></math>"),
        ("web", "<math><mn>2</mn><mfrac><mn>1</mn><mn>2</mn></mfrac></math>"),
        ("web", "<math><mn>NaN</mn></math>"),
        ("web", "<math><mtext>so</mtext></math>"),
        ("web", "<math><mrow><mi>x</mi></math>"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(format: str, text: str) -> None:
    with pytest.raises((Unreadable, ValueError)):
        back(text, format)


@pytest.mark.parametrize(
    ("format", "text", "wanted"),
    [
        ("latex", r"w_1x", Mul((Ref("w"), Ref("x")))),
        ("latex", r"w_{10} x^2", Mul((Ref("w10"), Pow(Ref("x"), Num(Fraction(2), "2"))))),
        ("latex", r"w_1^23", None),  # TeX raises to one digit only: the 3 stands beside it
        ("latex", r"h1^{2}", Pow(Ref("unit"), Num(Fraction(2), "2"))),
        ("latex", r"x \times \left( x + 1 \right)", Mul((Ref("x"), Add((Ref("x"), Num(Fraction(1), "1")))))),
        ("latex", r"- x^2", Neg(Pow(Ref("x"), Num(Fraction(2), "2")))),
        ("typst", r"w_1 x", Mul((Ref("w"), Ref("x")))),
        ("typst", r"w_10 w_(10)", Mul((Ref("w10"), Ref("w10")))),  # Typst raises and lowers whole numbers
        ("typst", r"sigma(x)", Call("logistic", (Ref("x"),))),
        ("typst", r"x' + z_(h_1)'", None),
        ("web", "<math><mi>w</mi><mo>&#8290;</mo><mi>x</mi></math>", None),
    ],
)
def test_reading_follows_the_rules_of_the_format(format: str, text: str, wanted: Formula | None) -> None:
    if wanted is None:
        with pytest.raises(Unreadable):
            back(text, format)
    else:
        assert back(text, format) == wanted


def test_relations_inside_a_display_cut_it_into_statements() -> None:
    lines = read_latex(
        "\\begin{aligned}\nx &= w_1 + x \\\\\n &\\qquad + 2 \\\\[0.35em]\n &\\approx 3 \\\\\n"
        "w_1 &\\mathrel{:=} x\n\\end{aligned}"
    )
    first, second = statements(lines)
    assert first.relations == ("=", "≈")
    assert first.segments[1] == Row((symbol("w_1"), Op("+"), Word("x"), Op("+"), first.segments[1].items[-1]))
    assert second.relations == ("≔",)
    assert (first.offset, second.offset) == (1, 4)


def test_a_row_without_a_left_side_has_to_go_on_with_something() -> None:
    (statement,) = statements(read_typst("x &= w_1 \\\n &quad x"))
    assert statement.problem


def found(finder: object, text: str) -> list[tuple[str, int]]:
    return [(piece.text.strip(), piece.line) for piece in finder(text)]


def test_markdown_code_and_comments_are_passed_over() -> None:
    text = (
        "a $x$ `$y$` \\$5\n\n```python\n$z$\n```\n$$\nu\n$$\n<!-- $v$ -->\n> $$\n> a \\\\\n> b\n> $$\n$t$, 5$ or 6$\n"
    )
    assert found(find_markdown, text) == [("x", 1), ("u", 6), ("a \\\\\nb", 10), ("t", 14)]


def test_latex_preamble_comments_and_verbatim_are_passed_over() -> None:
    text = "\\title{$p$}\n\\begin{document}\n$x$ % $y$\n\\verb|$z$| \\$ \\[ u \\]\n"
    text += "\\begin{align*}v\\end{align*} \\(w\\)\n\\end{document}"
    assert found(find_latex, text) == [("x", 3), ("u", 4), ("v", 5), ("w", 5)]


def test_typst_strings_raw_text_and_definitions_are_passed_over() -> None:
    text = (
        '#let f(n) = box[$n$]\n#set text(font: ("A $", "B"))\na "$x$" `$y$` // $z$\n'
        '#step[\n  #f("$") $u$ \\$\n]\n#table(columns: 2, [$v$], $w$, "$q$")\nhttp://a.b $t$\n'
    )
    assert found(find_typst, text) == [("x", 3), ("u", 5), ("v", 7), ("w", 7), ("t", 8)]


def test_html_code_and_comments_are_passed_over() -> None:
    text = "<p><math><mi>x</mi></math></p>\n<code><math></math></code><!-- <math> -->\n<math display='block'></math>"
    assert [piece.line for piece in find_html(text)] == [1, 3]


@pytest.mark.parametrize(
    ("finder", "text"),
    [
        (find_markdown, "$$ x"),
        (find_latex, "\\[ x"),
        (find_latex, "$x"),
        (find_typst, "a $ x"),
        (find_html, "<math><mi>x"),
    ],
)
def test_mathematics_without_an_end_is_reported(finder: object, text: str) -> None:
    assert [piece.problem for piece in finder(text)] != [""]


def test_a_blank_stands_for_a_negative_number_in_a_product_inside_a_product() -> None:
    wanted = Mul((Num(Fraction(2)), Mul((Num(Fraction(-3), "-3"), Num(Fraction(-4), "-4")))))
    blank = Blank(0, 3)
    assert alike(shape(Mul((blank, Mul((blank, blank))))), shape(wanted))
    assert alike(shape(Mul((Num(Fraction(2)), Mul((blank, Num(Fraction(-4))))))), shape(wanted))
    assert not alike(shape(Mul((Num(Fraction(2)), Mul((blank, Num(Fraction(4))))))), shape(wanted))


@pytest.mark.parametrize("format", FORMATS)
def test_a_name_of_several_letters_may_have_a_greek_one(format: str) -> None:
    write, _ = FORMATS[format]
    assert back(write(BOXES["greek"]), format) == Ref("greek")
    assert format != "latex" or write(BOXES["greek"]).isascii()
