"""Every row of the tables, the shipped ones and whichever come after them, against SymPy, complex steps and PyTorch."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import mpmath
import pytest
import sympy
from networks import COMPLEX, MPMATH, torch_space, value

from generator.derivative import to_sympy
from generator.exact import evaluate
from generator.formula import Call, Num, Ref, num, references
from generator.functions import ACTIVATIONS, LOSSES, Activation, Loss, expand, formula_of, textbook_derivative
from generator.infix import parse

X, Y, T = (sympy.Symbol(name, real=True) for name in "xyt")
activations = pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
losses = pytest.mark.parametrize("row", LOSSES.values(), ids=list(LOSSES))


def points(row: Activation, count: int = 40) -> list[float]:
    rng = random.Random(row.name)
    kink = float(row.kink) if row.kink else None
    made = [rng.uniform(-6, 6) for _ in range(count)]
    return [x for x in made if kink is None or abs(x - kink) > 1e-6]


def slope(row: Activation, x: float) -> float:
    """The textbook derivative as Python reads it, from the input and the output."""
    y = value(row.formula, MPMATH, x=mpmath.mpf(x))
    return float(value(row.derivative, MPMATH, x=mpmath.mpf(x), y=y))


@activations
def test_the_formula_uses_its_input_only_and_the_derivative_input_and_output(row: Activation) -> None:
    assert references(parse(row.formula)) == ("x",)
    assert set(references(parse(row.derivative))) <= {"x", "y"}


@activations
def test_an_activations_derivative_is_sympys(row: Activation) -> None:
    y = to_sympy(parse(row.formula))
    claimed = to_sympy(parse(row.derivative)).subs(Y, y)
    right = sympy.diff(y, X)
    difference = right - claimed
    if not row.kink:
        assert sympy.simplify(difference.rewrite(sympy.exp)) == 0
        return
    for side in (sympy.Symbol("p", positive=True), sympy.Symbol("n", negative=True)):
        at = difference.subs(X, sympy.Rational(row.kink) + side)
        assert sympy.simplify(at.rewrite(sympy.Piecewise)) == 0


@activations
def test_an_activations_derivative_is_the_complex_steps(row: Activation) -> None:
    for x in points(row):
        step = complex(value(row.formula, COMPLEX, x=complex(x, 1e-60))).imag / 1e-60
        assert math.isclose(slope(row, x), step, rel_tol=1e-13, abs_tol=1e-15)


@activations
def test_an_activations_derivative_is_autograds(row: Activation) -> None:
    torch = pytest.importorskip("torch")
    for x in points(row):
        at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value(row.formula, torch_space(), x=at).backward()
        assert math.isclose(slope(row, x), float(at.grad), rel_tol=1e-13, abs_tol=1e-15)


@activations
def test_an_activation_means_what_pytorch_means_by_it(row: Activation) -> None:
    torch = pytest.importorskip("torch")
    theirs = {"logistic": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda x: x}
    theirs |= {"softplus": torch.nn.functional.softplus, "sigmoid": torch.sigmoid}
    if row.name not in theirs:
        pytest.skip("PyTorch has no function of this name here")
    for x in points(row):
        assert math.isclose(
            float(value(row.formula, MPMATH, x=mpmath.mpf(x))),
            float(theirs[row.name](torch.tensor(x, dtype=torch.float64))),
            rel_tol=1e-13,
        )


def test_the_derivative_at_a_kink_is_pytorchs() -> None:
    """At a kink the derivative is a convention: the one that PyTorch's users know."""
    torch = pytest.importorskip("torch")
    at = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    torch.relu(at).backward()
    assert slope(ACTIVATIONS["relu"], 0.0) == float(at.grad) == 0


@activations
def test_an_activation_written_out_is_the_activation(row: Activation) -> None:
    """`formula_of` and `expand` end (a row may be its own formula, as tanh is), and their value is the row's."""
    call = Call(row.name, (Ref("z"),))
    written_out = formula_of(call)
    assert written_out is None or references(written_out) == ("z",)
    for x in points(row, 10):
        exact = evaluate(expand(call), {"z": Fraction(x)}.__getitem__)
        directly = evaluate(Call(row.name, (num(Fraction(x)),)), {}.__getitem__)
        expected = float(value(row.formula, MPMATH, x=mpmath.mpf(x)))
        assert math.isclose(float(exact), expected, rel_tol=1e-13)
        assert math.isclose(float(directly), expected, rel_tol=1e-13)


@activations
def test_the_textbook_derivative_is_the_rows(row: Activation) -> None:
    made = textbook_derivative(Call(row.name, (Ref("net"),)), "net", "out")
    assert made is not None
    assert set(references(made)) <= {"net", "out"}
    assert textbook_derivative(Call(row.name, (Ref("net"),)), "other", "out") is None


@losses
def test_a_loss_has_five_formulas_of_target_and_output(row: Loss) -> None:
    for text in (row.formula, row.formula_output_first, row.derivative, row.derivative_output_first, row.worked):
        assert set(references(parse(text))) <= {"t", "y"}


@losses
def test_both_forms_of_a_loss_are_the_same(row: Loss) -> None:
    first, second = to_sympy(parse(row.formula)), to_sympy(parse(row.formula_output_first))
    assert sympy.simplify(first - second) == 0


@losses
@pytest.mark.parametrize("form", ["derivative", "derivative_output_first", "worked"])
def test_a_losss_derivative_is_sympys(row: Loss, form: str) -> None:
    difference = sympy.diff(to_sympy(parse(row.formula)), Y) - to_sympy(parse(getattr(row, form)))
    assert sympy.simplify(difference) == 0


@losses
def test_a_losss_derivative_is_the_complex_steps_and_autograds(row: Loss) -> None:
    torch = pytest.importorskip("torch")
    rng = random.Random(row.name)
    for _ in range(20):
        t, y = rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.95)
        claimed = float(value(row.derivative, MPMATH, t=mpmath.mpf(t), y=mpmath.mpf(y)))
        step = complex(value(row.formula, COMPLEX, t=t, y=complex(y, 1e-60))).imag / 1e-60
        at = torch.tensor(y, dtype=torch.float64, requires_grad=True)
        value(row.formula, torch_space(), t=torch.tensor(t, dtype=torch.float64), y=at).backward()
        assert math.isclose(claimed, step, rel_tol=1e-12, abs_tol=1e-14)
        assert math.isclose(claimed, float(at.grad), rel_tol=1e-12, abs_tol=1e-14)


@losses
def test_the_derivative_with_respect_to_the_target_is_not_in_the_row(row: Loss) -> None:
    assert textbook_derivative(Call(row.name, (Ref("goal"), Ref("out"))), "goal", "E") is None
    made = textbook_derivative(Call(row.name, (Ref("goal"), Ref("out"))), "out", "E")
    assert made is not None
    assert set(references(made)) <= {"goal", "out"}


@pytest.mark.parametrize(
    ("right", "wrong"), [("y * (1 - y)", "y * (1 + y)"), ("1 - y**2", "1 - x**2"), ("1 if x > 0 else 0", "1")]
)
def test_a_wrong_derivative_would_be_caught(right: str, wrong: str) -> None:
    """The checks above, against a planted error."""
    row = next(row for row in ACTIVATIONS.values() if row.derivative == right)
    planted = Activation(row.name, row.formula, wrong, row.symbol, row.kink)
    with pytest.raises(AssertionError):
        test_an_activations_derivative_is_sympys(planted)
    with pytest.raises(AssertionError):
        test_an_activations_derivative_is_the_complex_steps(planted)


def test_no_name_stands_twice() -> None:
    assert not set(ACTIVATIONS) & set(LOSSES)
    assert all(name == row.name for name, row in (*ACTIVATIONS.items(), *LOSSES.items()))
    assert isinstance(parse("1/2"), type(parse("x/y")))
    assert Num(Fraction(1, 2)).value == Fraction("0.5")
