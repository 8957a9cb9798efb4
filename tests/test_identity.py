"""Whether two formulas are the same: SymPy as the witness, and near misses that must be seen."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.backward.symbolic import from_sympy, to_sympy
from generator.formula.identity import same
from generator.formula.infix import infix, parse
from generator.formula.tree import Add, Call, Div, Formula, Mul, Neg, Pow, Ref, num, walk

LEAVES = st.one_of(st.sampled_from("abc").map(Ref), st.integers(-3, 3).map(lambda n: num(Fraction(n, 2))))
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(Add),
        st.tuples(inner, inner).map(Mul),
        inner.map(Neg),
        inner.map(lambda tree: Pow(tree, num(2))),
        inner.map(lambda tree: Call("tanh", (tree,))),
        st.tuples(inner, st.sampled_from([num(2), Ref("c")])).map(lambda pair: Div(*pair)),
    ),
    max_leaves=8,
)


@given(one=FORMULAS, other=FORMULAS)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_two_formulas_are_the_same_where_sympy_finds_no_difference(one: Formula, other: Formula) -> None:
    if same(one, other):
        assert sympy.simplify(to_sympy(one) - to_sympy(other)) == 0, (infix(one), infix(other))


@given(tree=FORMULAS.filter(lambda tree: not any(isinstance(part, Call) for part in walk(tree))))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_formula_multiplied_out_is_the_same(tree: Formula) -> None:
    opened = sympy.expand(to_sympy(tree), power_base=False, log=False, trig=False)
    if not opened.has(sympy.zoo, sympy.nan):
        assert same(tree, from_sympy(opened)), infix(tree)


@given(tree=FORMULAS, other=FORMULAS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_formula_and_something_more_is_another(tree: Formula, other: Formula) -> None:
    changed = Add((tree, Mul((other, Ref("d")))))
    assert same(tree, changed) == same(other, num(0))


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("a * (1 - a)", "a - a**2", True),
        ("-t / p * (p * q)", "-t * q", True),
        ("exp(a + b)", "exp(b + a)", True),
        ("a / (b + c)", "a * (1 / (c + b))", True),
        ("a / (b + c)", "a / b + a / c", False),
        ("exp(a + b)", "exp(a) * exp(b)", False),  # true, but not by sums and products
        ("(a + b)**2", "a**2 + b**2", False),
        ("0 * a", "0", True),
        ("a / a", "1", True),
    ],
)
def test_by_sums_products_and_quotients_alone(one: str, other: str, wanted: bool) -> None:
    assert same(parse(one), parse(other)) == wanted


def test_what_is_too_long_is_not_proven() -> None:
    long = Add(tuple(Ref(f"x{place}") for place in range(100)))
    assert not same(Mul((long, long)), Pow(Mul((long, num(1))), num(2)))
