"""The derivative of `max` and `min`: that of the first largest or smallest, in any formula, and never a Heaviside."""

from __future__ import annotations

import importlib
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools import needs_torch

from generator.backward.derivative import derivative
from generator.formula.extremes import Ties
from generator.formula.infix import infix, parse
from generator.formula.tree import Call, Formula, walk
from generator.graph.quantities import Label, Quantity, Role
from generator.solve.exact import evaluate

NAMES = ("a", "b", "c")


def slope(text: str, wrt: str, ties: Ties = "first") -> str:
    return infix(made(text, wrt, ties))


def made(text: str, wrt: str, ties: Ties = "first") -> Formula:
    return derivative(Quantity("f", Role.FORWARD, Label("value", "f"), parse(text)), wrt, ties=ties)


@pytest.mark.parametrize(
    ("text", "wrt", "wanted"),
    [
        ("max(a, b)", "a", "1 if a >= b else 0"),
        ("max(a, b)", "b", "1 if b > a else 0"),
        ("min(a, b)", "b", "1 if b < a else 0"),
        ("max(a, 0)", "a", "1 if a > 0 else 0"),
        ("max(0, a)", "a", "1 if a > 0 else 0"),
        ("max(a, b, c)", "c", "1 if c > max(a, b) else 0"),
        ("max(a, a)", "a", "1"),
        ("max(0, 1 - a * b)", "a", "-b if 1 - a * b > 0 else 0"),
        ("c * max(0, 1 - a * b)", "a", "-c * b if 1 - a * b > 0 else 0"),
        ("max(a, 0)**2", "a", "2 * max(a, 0) if a > 0 else 0"),
        ("relu(a) * 3", "a", "3 if a > 0 else 0"),
        ("max(a, b)", "c", "0"),
    ],
)
def test_the_derivative_is_written_by_cases(text: str, wrt: str, wanted: str) -> None:
    assert slope(text, wrt) == wanted


@pytest.mark.parametrize(
    ("text", "wrt", "ties", "wanted"),
    [
        ("max(a, b)", "a", "last", "1 if a > b else 0"),
        ("max(a, b)", "b", "last", "1 if b >= a else 0"),
        ("max(a, 0)", "a", "last", "1 if a > 0 else 0"),
        ("max(a, 0)", "a", "shared", "1 if a > 0 else 0"),
        ("relu(a) * 3", "a", "shared", "3 if a > 0 else 0"),
        ("max(a, b)", "a", "shared", "1 if a > b else 1 / 2 if a == b else 0"),
        ("min(a, b)", "b", "shared", "1 if b < a else 1 / 2 if b == a else 0"),
        ("max(a, a)", "a", "shared", "1"),
    ],
)
def test_ties_go_to_the_last_or_are_shared(text: str, wrt: str, ties: Ties, wanted: str) -> None:
    assert slope(text, wrt, ties) == wanted


FORMULAS = (
    "max(a, b, c)",
    "min(a, b, c)",
    "max(a, b) * min(b, c) + a",
    "max(a, 2 * a - b, c)",
    "max(a, min(b, c), 1)",
    "(max(a, b, 0) - c)**2",
    "-max(a, -a, b) + 2 * min(1, a * b)",
    "exp(0) * max(min(a, 1), -1)",
)
TIES: tuple[Ties, ...] = ("first", "last", "shared")
quarters = st.integers(-8, 8).map(lambda n: Fraction(n, 4))


def rational(tree: Formula, values: dict[str, Fraction]) -> Fraction:
    value = evaluate(tree, values.__getitem__)
    assert isinstance(value, Fraction)
    return value


@pytest.mark.parametrize("text", FORMULAS)
@given(values=st.fixed_dictionaries(dict.fromkeys(NAMES, quarters)), ties=st.sampled_from(TIES))
def test_the_derivative_is_that_of_one_side_or_of_both(text: str, values: dict[str, Fraction], ties: Ties) -> None:
    """Between kinks it is the central difference; squares that meet in a kink differ by less than the step."""
    h, tree = Fraction(1, 10**9), parse(text)
    if ties != "first":  # which may have a slope where ties inside ties leave the function flat
        values = {name: value + Fraction(shift, 97) for shift, (name, value) in enumerate(values.items(), 1)}
    for wrt in NAMES:
        up, here, down = (rational(tree, {**values, wrt: values[wrt] + shift}) for shift in (h, Fraction(0), -h))
        found = rational(made(text, wrt, ties), values)
        if abs((up - here) - (here - down)) < h / 1000:
            assert abs(found - (up - down) / (2 * h)) < 20 * h, (wrt, values)


@given(values=st.lists(quarters, min_size=2, max_size=5))
def test_the_first_of_several_largest_has_the_slope(values: list[Fraction]) -> None:
    names = [f"x{n}" for n in range(len(values))]
    at = dict(zip(names, values, strict=True))
    for function, best in (("max", max(values)), ("min", min(values))):
        text = f"{function}({', '.join(names)})"
        slopes = [evaluate(made(text, name), at.__getitem__) for name in names]
        assert slopes == [int(place == values.index(best)) for place in range(len(values))]
        slopes = [evaluate(made(text, name, "last"), at.__getitem__) for name in names]
        last = len(values) - 1 - values[::-1].index(best)
        assert slopes == [int(place == last) for place in range(len(values))]


@needs_torch
@given(values=st.lists(quarters, min_size=2, max_size=5))
def test_shared_slopes_are_those_of_torch(values: list[Fraction]) -> None:
    torch: Any = importlib.import_module("torch")
    names = [f"x{n}" for n in range(len(values))]
    at = dict(zip(names, values, strict=True))
    for function in ("max", "min"):
        given_ = torch.tensor([float(value) for value in values], dtype=torch.float64, requires_grad=True)
        getattr(torch, f"a{function}")(given_).backward()
        text = f"{function}({', '.join(names)})"
        slopes = [float(rational(made(text, name, "shared"), at)) for name in names]
        assert slopes == pytest.approx(given_.grad.tolist())


@given(values=st.lists(quarters, min_size=1, max_size=3), bound=quarters)
def test_a_number_counts_before_what_varies(values: list[Fraction], bound: Fraction) -> None:
    names = [f"x{n}" for n in range(len(values))]
    at = dict(zip(names, values, strict=True))
    text = f"max({', '.join(names)}, {bound})"
    for ties in TIES:
        total = sum(rational(made(text, name, ties), at) for name in names)
        assert total == int(max(values) > bound)


def test_a_derivative_holds_only_what_every_reader_knows() -> None:
    for text in FORMULAS:
        for wrt in NAMES:
            calls = {part.name for part in walk(made(text, wrt)) if isinstance(part, Call)}
            assert calls <= {"max", "min", "exp"}
