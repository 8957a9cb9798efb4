"""Formulas: text to tree and back, in written order, and nothing is ever run."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.backward.derivative import derivative
from generator.backward.symbolic import from_sympy, to_sympy
from generator.errors import FormulaError, LonghandError
from generator.formula.functions import ACTIVATIONS, LOSSES, VECTORS, expand
from generator.formula.infix import infix, parse
from generator.formula.tree import (
    CIRCULAR,
    Add,
    Blank,
    Call,
    Cases,
    Div,
    Formula,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    children,
    num,
    rebuild,
    references,
    replace,
    shortest,
    substitute,
    walk,
)
from generator.graph.quantities import Label, Quantity, Role
from generator.solve.exact import Exact, Undefined, ball, bounds, evaluate, precision

A, B, C, D = map(Ref, "abcd")
VALUES = {"a": Fraction(3, 2), "b": Fraction(-2, 5), "c": Fraction(7), "d": Fraction(1, 3), "x": Fraction(1, 4)}

leaves = st.one_of(
    st.sampled_from([A, B, C, D]),
    st.integers(-9, 9).map(num),
    st.fractions(-3, 3, max_denominator=12).map(num),
    st.sampled_from(["0.10", "2.50", "1e-3", ".5"]).map(lambda text: num(text, text)),
)


def grown(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    comparison = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    one = st.sampled_from(["tanh", "erf", "sinh", "cosh", "log2", "log10", "floor", *CIRCULAR])
    return st.one_of(
        several.map(Add),
        several.map(Mul),
        inner.map(Neg),
        st.builds(Div, inner, inner),
        st.builds(Pow, inner, st.sampled_from([num(2), num(3), num(-1), Neg(num(2))])),
        st.builds(lambda name, part: Call(name, (part,)), one, inner),
        st.builds(lambda *parts: Call("max", parts), inner, inner),
        st.builds(Cases, inner, comparison, inner, inner, inner),
    )


trees = st.recursive(leaves, grown, max_leaves=12)


def value(tree: Formula) -> Exact | str:
    with precision(200):
        try:
            return evaluate(tree, VALUES.__getitem__)
        except LonghandError as error:
            return type(error).__name__


def same(one: Exact | str, other: Exact | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    (low, high), (other_low, other_high) = bounds(one), bounds(other)
    return low <= other_high and other_low <= high


# --- round trip ----------------------------------------------------------------------------------------------------


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=trees)
def test_what_is_written_is_read_back_with_the_same_value(tree: Formula) -> None:
    text = infix(tree)
    again = parse(text)
    assert same(value(tree), value(again)), text
    assert references(again) == references(tree)
    assert same(value(again), value(parse(infix(again))))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=trees)
def test_python_reads_it_as_the_same_number(tree: Formula) -> None:
    """The text means to anybody else what it means here."""
    exact = value(tree)
    if isinstance(exact, str) or not isinstance(exact, Fraction) or abs(exact) > 10**9:
        return
    names = {name: float(number) for name, number in VALUES.items()}
    text = infix(tree)
    try:
        found = eval(text, {"__builtins__": {}}, {**vars(math), **names, "max": max})  # our own text
    except (ZeroDivisionError, OverflowError, ValueError):
        return
    if not any(word in text for word in ("if", "max", "floor")):  # where float noise may choose the other case
        assert math.isclose(found, exact, rel_tol=1e-6, abs_tol=1e-6), text


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b - c", Add((A, B, Neg(C)))),
        ("c - b + a", Add((C, Neg(B), A))),
        ("-a + b", Add((Neg(A), B))),
        ("a + (b + c)", Add((A, Add((B, C))))),
        ("a - (b - c)", Add((A, Neg(Add((B, Neg(C))))))),
        ("a * b * c", Mul((A, B, C))),
        ("(a * b) * c", Mul((Mul((A, B)), C))),
        ("a * (b * c)", Mul((A, Mul((B, C))))),
        ("((a * b)) * c", Mul((Mul((A, B)), C))),
        ("(a) * b * c", Mul((A, B, C))),
        ("(a * b) * (c * d)", Mul((Mul((A, B)), Mul((C, D))))),
        ("(a*b)*c*d", Mul((Mul((A, B)), C, D))),
        ("a * b / c", Div(Mul((A, B)), C)),
        ("a / b * c", Mul((Div(A, B), C))),
        ("a / (b * c)", Div(A, Mul((B, C)))),
        ("a / b / c", Div(Div(A, B), C)),
        ("-a**2", Neg(Pow(A, num(2)))),
        ("(-a)**2", Pow(Neg(A), num(2))),
        ("a**b**c", Pow(A, Pow(B, C))),
        ("(a**b)**c", Pow(Pow(A, B), C)),
        ("a**(2 - 1)", Pow(A, Add((num(2), Neg(num(1)))))),
        ("-(a - b)", Neg(Add((A, Neg(B))))),
        ("2 * (-1)", Mul((num(2), Neg(num(1))))),
        ("a if b > c else d", Cases(B, ">", C, A, D)),
        ("a if b == c else d", Cases(B, "==", C, A, D)),
        ("a if b != c else d", Cases(B, "!=", C, A, D)),
        ("a if b > c else b if b == c else d", Cases(B, ">", C, A, Cases(B, "==", C, B, D))),
        ("pi()", Call("pi", ())),
        ("exp(-a)", Call("exp", (Neg(A),))),
        ("max(0, a)", Call("max", (num(0), A))),
        ("  a\t+  b ", Add((A, B))),
        ("1_000", num(1000)),
        ("0.10", num("0.1")),
        (".5", num("0.5")),
        ("5.", num(5)),
        ("1E-3", num("0.001")),
        ("1e400", num(10**400)),
        ("é * ü", Mul((Ref("é"), Ref("ü")))),
        ("(é * ü) * é", Mul((Mul((Ref("é"), Ref("ü"))), Ref("é")))),
    ],
)
def test_what_is_read_is_what_was_written(text: str, tree: Formula) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "a + b - c", "a - (b - c)", "a * (b * c)", "a / (b * c)", "(-a)**2", "-a**2", "a**(2 - 1)", "-(a - b)",
        "a * (-b)", "a**b**c", "(a**b)**c", "1 if a > 0 else 0", "1 / (1 + exp(-a))", "(a if b > c else d) + 1",
        "a if (b if c > d else a) < b else c", "a if b > c else b if c > d else d",
        "(a if b < c else d) if c < d else a",
    ],
)  # fmt: skip
def test_needed_parentheses_stay_and_no_others_come(text: str) -> None:
    again = infix(parse(text))
    assert parse(again) == parse(text)
    assert len(again) <= len(text)


def test_rows_survive_the_round_trip() -> None:
    texts = [text for row in ACTIVATIONS.values() for text in (row.formula, row.derivative, row.stable)]
    texts += [
        text for row in LOSSES.values() for text in (row.formula, row.derivative, row.worked, row.worked_output_first)
    ]
    texts += [text for row in VECTORS.values() for text in (row.share, row.derivative, row.derivative_other)]
    for text in filter(None, texts):
        assert parse(infix(parse(text))) == parse(text)


# --- refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a +", "a b", "a ++", "(a", "a)", "a;b", "a = b", "a := b", "x\x00", "a\n* b", "'a'", '"a"', "b'a'",
        "f'{a}'", "1j", "True", "None", "...", "0x10", "0b11", "0o7", "1e1000", "1e999999999", "(a, b)", "{a}",
        "{a: b}", "a[b:c:d]", "a[:, b:c:d]", "(b:c)", "a.b", "a.b()", "f()()", "f(*a)", "f(**a)", "f(a=1)", "lambda: 1",
        "lambda x: x", "[x for x in a]", "(x for x in a)", "[x for x in 1..3 if x]", "[x for x, y in 1..3]", "1..3",
        "[x for x in range(3)]", "a..b", "a and b", "not a", "a or b", "+a", "~a", "a // b", "a % b",
        "a << b", "a | b", "a & b", "a ^", "a is b", "a if b else c", "a if b is c else d", "a if b and c else d",
        "a if not b else c", "a if b in c else d", "await a", "yield a", "import os", "__import__('os')",
        "__import__('os').system('true')", "open('/etc/passwd')", "().__class__", "a.__class__", "f(a).x",
        "eval('1')", "exec('1')", "getattr(a, 'b')",
    ],
)  # fmt: skip
def test_other_syntax_is_refused(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert text.strip() in str(caught.value) or "\x00" in text


@pytest.mark.parametrize("depth", [2000, 30000])
@pytest.mark.parametrize(("start", "end"), [("(", ")"), ("-", ""), ("a**", ""), ("f(", ")"), ("a if a > 0 else ", "")])
def test_deep_nesting_is_refused_and_no_crash(start: str, end: str, depth: int) -> None:
    with pytest.raises(FormulaError):
        parse(start * depth + "a" + end * depth)


def test_a_call_is_a_name_and_nothing_is_run(tmp_path: object) -> None:
    """A call of any name is read as a call; it has no value unless the name is one of ours."""
    tree = parse("system(a)")
    assert tree == Call("system", (A,))
    with pytest.raises(Undefined, match="system"):
        evaluate(tree, VALUES.__getitem__)
    quantity = Quantity("y", Role.FORWARD, Label("pre", "y"), tree)
    with pytest.raises(FormulaError):
        derivative(quantity, "a")


# --- the tree's plain operations -----------------------------------------------------------------------------------


@given(tree=trees)
def test_walking_rebuilding_and_replacing(tree: Formula) -> None:
    assert next(walk(tree)) == tree
    assert rebuild(tree, lambda part: part) == tree
    assert replace(tree, lambda ref: ref) == tree
    assert substitute(tree, {}) == tree
    assert sum(1 for _ in walk(tree)) == 1 + sum(sum(1 for _ in walk(part)) for part in children(tree))
    named = substitute(tree, {name: num(number) for name, number in VALUES.items()})
    assert references(named) == ()
    assert same(value(named), value(tree))


def test_references_stand_in_the_order_of_first_use() -> None:
    assert references(parse("c * b + a * c - b")) == ("c", "b", "a")
    assert references(parse("a if b > c else d")) == ("b", "c", "a", "d")


def test_a_blank_is_written_without_a_value() -> None:
    tree = Add((A, Blank(3, 5)))
    assert infix(tree) == "a + [3]"
    assert infix(Blank(0, 4)) == "___"
    with pytest.raises(Undefined):
        evaluate(tree, VALUES.__getitem__)


@given(number=st.fractions(max_denominator=10**6))
def test_the_shortest_decimal(number: Fraction) -> None:
    text = shortest(number)
    assert Fraction(text) == number
    if "/" in text:
        rest = number.denominator
        while rest % 2 == 0:
            rest //= 2
        while rest % 5 == 0:
            rest //= 5
        assert rest > 1
    else:
        assert "." not in text or not text.endswith("0")
        assert "e" not in text


@pytest.mark.parametrize(
    ("text", "shown"), [("0.10", "0.1"), ("-0.5", "-0.5"), ("1e3", "1000"), ("0", "0"), ("-0", "0")]
)
def test_shortest_of(text: str, shown: str) -> None:
    assert shortest(Fraction(text)) == shown


# --- to SymPy and back ---------------------------------------------------------------------------------------------

SMOOTH = ("tanh", "logistic", "erf", "sin", "cos", "arctan", "softplus", "silu")
smooth = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Add),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Mul),
        inner.map(Neg),
        st.builds(Pow, inner, st.just(num(2))),
        st.builds(lambda name, part: Call(name, (part,)), st.sampled_from(SMOOTH), inner),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=smooth)
def test_sympy_and_back_is_the_same_value(tree: Formula) -> None:
    assert same(value(from_sympy(to_sympy(expand(tree)))), value(tree))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=smooth)
def test_a_derivative_is_the_difference_quotient(tree: Formula) -> None:
    quantity = Quantity("y", Role.FORWARD, Label("pre", "y"), tree)
    step = Fraction(1, 10**30)
    with precision(400):
        here, up, down = (
            ball(evaluate(tree, {**VALUES, "a": VALUES["a"] + move}.__getitem__)) for move in (0, step, -step)
        )
        found = ball(evaluate(derivative(quantity, "a"), {**VALUES, "y": here}.__getitem__))
        low, high = bounds((up - down) / ball(2 * step) - found)
    assert max(abs(low), abs(high)) < Fraction(1, 10**15)


def test_a_sums_derivative_keeps_the_written_order() -> None:
    quantity = Quantity("y", Role.FORWARD, Label("pre", "y"), parse("d * a + c * a + a * b + 2 * a"))
    assert infix(derivative(quantity, "a")) == "d + c + b + 2"
    assert derivative(quantity, "x") == num(0)
    assert infix(derivative(Quantity("z", Role.FORWARD, Label("pre", "z"), parse("w*a + b")), "w")) == "a"
    assert derivative(Quantity("z", Role.FORWARD, Label("pre", "z"), parse("w*a + b")), "b") == Num(Fraction(1))


# --- conditions, vectors and loops ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1 if a < b < c else 2", "(1 if b < c else 2) if a < b else 2"),
        ("1 if a < b and b < c else 2", "(1 if b < c else 2) if a < b else 2"),
        ("1 if a < b or b < c else 2", "1 if a < b else 1 if b < c else 2"),
        ("1 if not a < b else 2", "2 if a < b else 1"),
        ("1 if not (a < b or c < d) else 2", "2 if a < b else 2 if c < d else 1"),
        ("a < b", "1 if a < b else 0"),
        ("2 * (a < b) + (b >= c)", "2 * (1 if a < b else 0) + (1 if b >= c else 0)"),
        ("not a < b", "0 if a < b else 1"),
    ],
)
def test_conditions_are_cases(text: str, plain: str) -> None:
    assert parse(text) == parse(plain)
    assert parse(infix(parse(text))) == parse(text)


def test_vectors_indices_and_loops_are_calls() -> None:
    a, i = Ref("a"), Ref("i")
    assert parse("[a, 2]") == Call("vector", (a, num(2)))
    assert parse("a[1]") == Call("entry", (a, num(1)))
    assert parse("(a @ a)[1, i]") == Call("entry", (Call("matmul", (a, a)), num(1), i))
    assert parse("lambda * w.T") == Mul((Ref("lambda"), Call("transpose", (Ref("w"),))))
    assert parse("f(a[i] for i in 1..3)") == Call("f", (Call("each", (parse("a[i]"), i, num(1), num(3))),))
    inner = Call("each", (a, Ref("j"), num(1), i))
    assert parse("[a for i in 1..2 for j in 1..i]") == Call("each", (inner, i, num(1), num(2)))
    assert parse("[a for i in 1..len(a) - 1]") == parse("[a for i in 1 .. (len(a) - 1)]")


def test_what_cannot_be_read_is_shown_as_it_was_written() -> None:
    with pytest.raises(FormulaError, match=r"cannot read `1 \.\. 3` in the formula `a \+ \(1\.\.3\)`"):
        parse("a + (1..3)")
    with pytest.raises(FormulaError, match=r"cannot read `\|`"):
        parse("a | b")
