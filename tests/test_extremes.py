"""The derivative of `max` and `min`: that of the first largest or smallest, in any formula, and never a Heaviside."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.derivative import derivative
from generator.exact import evaluate
from generator.formula import Call, Formula, walk
from generator.graph import Label, Quantity, Role
from generator.infix import infix, parse

NAMES = ("a", "b", "c")


def slope(text: str, wrt: str) -> str:
    return infix(made(text, wrt))


def made(text: str, wrt: str) -> Formula:
    return derivative(Quantity("f", Role.FORWARD, Label("value", "f"), parse(text)), wrt)


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
quarters = st.integers(-8, 8).map(lambda n: Fraction(n, 4))


def rational(tree: Formula, values: dict[str, Fraction]) -> Fraction:
    value = evaluate(tree, values.__getitem__)
    assert isinstance(value, Fraction)
    return value


@pytest.mark.parametrize("text", FORMULAS)
@given(values=st.fixed_dictionaries(dict.fromkeys(NAMES, quarters)))
def test_the_derivative_is_that_of_one_side_or_of_both(text: str, values: dict[str, Fraction]) -> None:
    """Between kinks it is the central difference; squares that meet in a kink differ by less than the step."""
    h, tree = Fraction(1, 10**9), parse(text)
    for wrt in NAMES:
        up, here, down = (rational(tree, {**values, wrt: values[wrt] + shift}) for shift in (h, Fraction(0), -h))
        found = rational(made(text, wrt), values)
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


def test_a_derivative_holds_only_what_every_reader_knows() -> None:
    for text in FORMULAS:
        for wrt in NAMES:
            calls = {part.name for part in walk(made(text, wrt)) if isinstance(part, Call)}
            assert calls <= {"max", "min", "exp"}
