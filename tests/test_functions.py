"""Every row of the tables, the shipped ones and whichever come after them, against SymPy, complex steps and PyTorch."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import pytest
import sympy
from networks import COMPLEX, LOGARITHMIC, LOSS_KINKS, MPMATH, SYMPY, Space, chosen, torch_space, value
from pydantic import TypeAdapter

from generator.backward.derivative import derivative, kinks
from generator.backward.symbolic import to_sympy
from generator.definitions.rows import Chosen
from generator.errors import FormulaError
from generator.formula.functions import (
    ACTIVATIONS,
    LOSSES,
    SYNONYMS,
    VECTORS,
    Activation,
    Loss,
    bound,
    expand,
    formula_of,
    is_signed,
    loss_formula,
    textbook_derivative,
    worked_derivative,
)
from generator.formula.infix import infix, parse
from generator.formula.tree import ELEMENTARY, Call, Formula, Mul, Neg, Num, Pow, Ref, num, references, walk
from generator.graph.quantities import Label, Quantity, Role
from generator.kinds import recurrent
from generator.kinds.convolution.model import Activation as Activated
from generator.kinds.network.model import Layer
from generator.learning.losses import LOSS_ROWS
from generator.solve.exact import Exact, Undefined, bounds, evaluate, precision

X, Y, T = (sympy.Symbol(name, real=True) for name in "xyt")
SMOOTH = {name: row for name, row in ACTIVATIONS.items() if row.derivative}
STEPS = [name for name, row in ACTIVATIONS.items() if not row.derivative]
# Other values than the rows' own, so that a parameter that is forgotten somewhere is noticed.
OTHER = {"slope": "0.3", "kink": "0.25", "alpha": "1.7", "delta": "0.4", "base": "2", "at_zero": "0.5", "scale": "1.3",
         "gamma": "3"}  # fmt: skip


def both(rows: dict[str, Any]) -> Any:
    """Each row with its own parameters, and with other ones."""
    cases = [pytest.param(row, {}, id=row.name) for row in rows.values()]
    others = [row for row in rows.values() if row.parameters]
    cases += [pytest.param(r, {name: OTHER[name] for name in r.parameters}, id=f"{r.name}-other") for r in others]
    return pytest.mark.parametrize(("row", "own"), cases)


activations, losses = both(SMOOTH), both(dict(LOSSES))
every_activation = pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
every_loss = pytest.mark.parametrize("row", LOSSES.values(), ids=list(LOSSES))
Own = dict[str, str]


def call(row: Activation | Loss, own: Own, *arguments: Formula) -> Call:
    """The row called with parameters of its own (none: those of the row)."""
    return Call(row.name, (*arguments, *(parse(own[name]) for name in row.parameters if own)))


def points(row: Activation, count: int = 40) -> list[float]:
    rng = random.Random(row.name)
    made = [rng.uniform(-6, 6) for _ in range(count)]
    return [x for x in made if all(abs(x - float(kink)) > 1e-6 for kink in row.kinks)]


def pairs(row: Loss, own: Own, count: int = 20) -> list[tuple[float, float]]:
    """Targets and outputs, away from where the derivative is a convention."""
    rng = random.Random(row.name)
    low, high = (0.05, 0.95) if row.name in LOGARITHMIC else (-2.0, 2.0)
    made = [(rng.uniform(low, high), rng.uniform(low, high)) for _ in range(count)]
    names = chosen(row, MPMATH, own)
    return [
        (t, y)
        for t, y in made
        if all(abs(value(text, MPMATH, **names, t=t, y=y)) > 1e-3 for text in LOSS_KINKS.get(row.name, ()))
    ]


def number(found: Exact) -> float:
    low, high = bounds(found)
    return float((low + high) / 2)


def at(tree: Formula, **values: float) -> float:
    """The exact value of a formula at some floats."""
    with precision(200):
        return number(evaluate(tree, {name: Fraction(given) for name, given in values.items()}.__getitem__))


def slope(row: Activation, x: float, own: Own) -> float:
    """The textbook derivative as Python reads it, from the input and the output."""
    names = chosen(row, MPMATH, own)
    y = value(row.formula, MPMATH, **names, x=mpmath.mpf(x))
    return float(value(row.derivative, MPMATH, **names, x=mpmath.mpf(x), y=y))


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-14)


# --- activations ---------------------------------------------------------------------------------------------------


@every_activation
def test_the_formula_uses_its_input_and_parameters_and_the_derivative_its_output_too(row: Activation) -> None:
    assert "x" in references(parse(row.formula))
    assert {*references(parse(row.formula))} <= {"x", *row.parameters}
    if row.derivative:
        assert {*references(parse(row.derivative))} <= {"x", "y", *row.parameters}
    used = {name for text in (row.formula, row.derivative) if text for name in references(parse(text))}
    assert set(row.parameters) <= used
    assert ("kink" in row.parameters) <= bool(row.kinks)


@activations
def test_an_activations_derivative_is_sympys(row: Activation, own: Own) -> None:
    """Symbolically between the kinks: on each piece of the line."""
    y = to_sympy(expand(call(row, own, Ref("x"))))
    made = textbook_derivative(call(row, own, Ref("x")), "x", "y")
    assert made is not None
    difference = sympy.diff(y, X) - to_sympy(expand(made)).subs(Y, y)
    kinks_ = [sympy.Rational(kink) for kink in row.kinks]
    away = sympy.Symbol("p", positive=True)
    pieces = [X] if not kinks_ else [kinks_[0] - away, kinks_[-1] + away]
    pieces += [low + (high - low) / (1 + away) for low, high in pairwise(kinks_)]
    for piece in pieces:
        found = difference.subs(X, piece).rewrite(sympy.Piecewise)
        assert sympy.simplify(sympy.piecewise_fold(found).rewrite(sympy.exp)) == 0


@activations
def test_an_activations_derivative_is_the_complex_steps(row: Activation, own: Own) -> None:
    for x in points(row):
        names = chosen(row, COMPLEX, own)
        step = complex(value(row.formula, COMPLEX, **names, x=complex(x, 1e-60))).imag / 1e-60
        assert close(slope(row, x, own), step)


@activations
def test_an_activations_derivative_is_a_differences(row: Activation, own: Own) -> None:
    with mpmath.workdps(80):
        names, h = chosen(row, MPMATH, own), mpmath.mpf(10) ** -25
        for x in points(row, 10):
            up, down = (value(row.formula, MPMATH, **names, x=mpmath.mpf(x) + move) for move in (h, -h))
            assert close(slope(row, x, own), float((up - down) / (2 * h)))


@activations
def test_an_activations_derivative_is_autograds(row: Activation, own: Own, torch: Any) -> None:
    space = torch_space()
    for x in points(row):
        where = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value(row.formula, space, **chosen(row, space, own), x=where).backward()
        assert close(slope(row, x, own), float(where.grad))


def theirs(torch: Any) -> dict[str, Callable[..., Any]]:
    """PyTorch's own functions: of the input, and of a row's parameters."""
    f = torch.nn.functional

    def constant(x: Any, text: float) -> Any:
        return torch.tensor(text, dtype=torch.float64)

    return {
        "logistic": torch.sigmoid,
        "tanh": torch.tanh,
        "identity": lambda x: x * 1,
        "relu": lambda x, kink=0: torch.relu(x),
        "leaky_relu": lambda x, slope=0.01, kink=0: f.leaky_relu(x, slope),
        "elu": lambda x, alpha=1.0: f.elu(x, alpha),
        "softplus": lambda x: f.softplus(x, threshold=1000),  # PyTorch gives up at 20: log(1 + exp(x)) is x there
        "silu": f.silu,
        "gelu": f.gelu,
        "gelu_tanh": lambda x: f.gelu(x, approximate="tanh"),
        "hard_sigmoid": lambda x, kink=0: f.hardsigmoid(x),
        "hard_tanh": lambda x, kink=0: f.hardtanh(x),
        "bipolar_sigmoid": lambda x: 2 * torch.sigmoid(x) - 1,
        # PyTorch's own has no parameters, and those of the row with more digits
        "selu": lambda x, alpha=1.67326, scale=1.0507: scale * f.elu(x, alpha),
        "softsign": f.softsign,
        "mish": f.mish,
        "relu6": lambda x, kink=0: f.relu6(x),
        "hard_swish": f.hardswish,
        "step": lambda x, at_zero=1.0: torch.heaviside(x, constant(x, at_zero)),
        "sign": lambda x, at_zero=0.0: torch.sign(x),
    }


@both(dict(ACTIVATIONS))
def test_an_activation_means_what_pytorch_means_by_it(row: Activation, own: Own, torch: Any) -> None:
    """Its value everywhere, and its slope away from kinks."""
    if row.name not in theirs(torch):
        pytest.skip("PyTorch has no function of this name here")
    parameters = [float(number(evaluate(parse(text), {}.__getitem__))) for text in own.values()]
    digits = 1e-7 if row.name == "hard_sigmoid" else 1e-12  # PyTorch's one sixth has single precision
    for x in points(row):
        where = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        y = theirs(torch)[row.name](where, *parameters)
        found = at(call(row, own, Ref("x")), x=x)
        assert math.isclose(found, float(y.detach()), rel_tol=digits, abs_tol=1e-14)
        if row.derivative:
            y.backward()
            assert math.isclose(slope(row, x, own), float(where.grad), rel_tol=digits, abs_tol=1e-14)


def test_selu_is_pytorchs_to_the_digits_of_its_parameters(torch: Any) -> None:
    for x in points(ACTIVATIONS["selu"]):
        theirs_ = float(torch.nn.functional.selu(torch.tensor(x, dtype=torch.float64)))
        assert at(Call("selu", (Ref("x"),)), x=x) == pytest.approx(theirs_, rel=1e-5)


def test_the_derivative_at_a_kink_is_a_parameter() -> None:
    for row in ACTIVATIONS.values():
        for kink in row.kinks if "kink" in row.parameters else ():
            own = dict(row.parameters)
            for text in ("0", "0.5", "1"):
                assert slope(row, float(kink), own | {"kink": text}) == float(text)
                parameters = [Num(Fraction((own | {"kink": text})[name])) for name in row.parameters]
                made = textbook_derivative(Call(row.name, (Ref("x"), *parameters)), "x", "y")
                assert made is not None
                y = at(Call(row.name, (num(kink),)))
                assert at(made, x=float(kink), y=y) == float(text)
                # and it changes nothing else
                assert at(Call(row.name, (Ref("x"), *parameters)), x=float(kink)) == y


def test_the_derivatives_at_kinks_are_pytorchs(torch: Any) -> None:
    """At a kink the derivative is a convention."""
    for row in SMOOTH.values():
        for kink in row.kinks:
            where = torch.tensor(float(kink), dtype=torch.float64, requires_grad=True)
            theirs(torch)[row.name](where).backward()
            assert slope(row, float(kink), {}) == pytest.approx(float(where.grad))


def test_where_a_problem_has_to_state_a_convention() -> None:
    assert kinks(Call("relu", (Ref("z"),))) == {0: 0}
    assert kinks(Call("relu", (Ref("z"), num("0.5")))) == {0: Fraction(1, 2)}
    assert kinks(Call("leaky_relu", (Ref("z"),))) == {0: Fraction(1, 100)}
    assert kinks(Call("hard_sigmoid", (Ref("z"),))) == {-3: 0, 3: 0}
    assert kinks(Call("hard_swish", (Ref("z"),))) == {-3: 0, 3: 1}
    assert kinks(Call("softsign", (Ref("z"),))) == {}
    assert kinks(Call("elu", (Ref("z"),))) == {}  # with its usual parameter it has no kink
    assert kinks(Call("elu", (Ref("z"), num(2)))) == {0: 2}
    assert kinks(Call("logistic", (Ref("z"),))) == {}


@both(dict(ACTIVATIONS))
def test_an_activation_written_out_is_the_activation(row: Activation, own: Own) -> None:
    """`formula_of` and `expand` end (a row may be its own formula, as tanh is), and their value is the row's."""
    made = call(row, own, Ref("z"))
    for stable in (False, True):
        written_out = formula_of(made, stable)
        assert written_out is None or references(written_out) == ("z",)
        for x in [*points(row, 10), *map(float, row.kinks), 0.0]:
            expected = float(value(row.formula, MPMATH, **chosen(row, MPMATH, own), x=mpmath.mpf(x)))
            assert close(at(expand(made, stable), z=x), expected)
            assert close(at(made, z=x), expected)


@activations
def test_the_textbook_derivative_is_the_rows(row: Activation, own: Own) -> None:
    made = textbook_derivative(call(row, own, Ref("net")), "net", "out")
    assert made is not None
    assert set(references(made)) <= {"net", "out"}
    assert textbook_derivative(call(row, own, Ref("net")), "other", "out") is None
    for x in [*points(row, 10), *map(float, row.kinks)]:
        assert close(at(made, net=x, out=at(call(row, own, Ref("net")), net=x)), slope(row, x, own))


@pytest.mark.parametrize("name", [*STEPS, "floor"])
@pytest.mark.parametrize("text", ["{}(z)", "2 * {}(w*z) + z", "{}({}(z))", "max(0, {}(z))"])
def test_a_step_has_no_derivative_and_says_so(name: str, text: str) -> None:
    quantity = Quantity("y", Role.FORWARD, Label("post", "y"), parse(text.replace("{}", name)))
    with pytest.raises(FormulaError, match=f"`{name}` has no useful derivative"):
        derivative(quantity, "z")
    assert derivative(quantity, "other") == num(0)


@pytest.mark.parametrize(("name", "below", "own"), [("step", 0, 1), ("sign", -1, 0)])
def test_what_a_step_is_at_zero_is_a_parameter(name: str, below: int, own: int) -> None:
    for parameters, at_zero in (((), own), ((num("0.5"),), 0.5), ((num(1),), 1)):
        values = [at(Call(name, (num(z), *parameters))) for z in (-2, 0, 2)]
        assert values == [below, at_zero, 1]


def test_a_sign_stands_only_where_it_says_everything() -> None:
    z = Ref("z")
    assert is_signed(Call("relu", (z,)))
    assert is_signed(Call("relu", (z, num("0.5"))))  # the slope at the kink does not change the value
    assert is_signed(Call("sign", (z, num("0.0", "0.0"))))
    assert not is_signed(Call("sign", (z, num(1))))
    assert not is_signed(Call("leaky_relu", (z,)))


@pytest.mark.parametrize("text", ["relu()", "relu(z, 0, 1)", "squared_error(t)", "huber(t, y, 1, 2)"])
def test_too_few_or_too_many_arguments_are_refused(text: str) -> None:
    tree = parse(text)
    assert isinstance(tree, Call)
    with pytest.raises(FormulaError, match=f"`{tree.name}` has"):
        bound(tree)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("y * (1 - y)", "y * (1 + y)"), ("1 - y**2", "1 - x**2"), (ACTIVATIONS["relu"].derivative, "1")],
)
def test_a_wrong_derivative_would_be_caught(right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks above, against a planted error."""
    row = next(row for row in ACTIVATIONS.values() if row.derivative == right)
    planted = replace(row, derivative=wrong)
    monkeypatch.setitem(ACTIVATIONS, row.name, planted)
    with pytest.raises(AssertionError):
        test_an_activations_derivative_is_sympys(planted, {})
    with pytest.raises(AssertionError):
        test_an_activations_derivative_is_the_complex_steps(planted, {})
    with pytest.raises(AssertionError):
        test_an_activations_derivative_is_a_differences(planted, {})


# --- losses --------------------------------------------------------------------------------------------------------


@every_loss
def test_a_loss_has_formulas_of_target_and_output(row: Loss) -> None:
    texts = (
        *(row.formula, row.formula_output_first, row.derivative, row.derivative_output_first),
        *(row.worked, row.worked_output_first),
    )
    for text in filter(None, texts):
        assert set(references(parse(text))) <= {"t", "y", *row.parameters}
    assert bool(row.formula_output_first) == bool(row.derivative_output_first)


@losses
def test_all_forms_of_a_loss_are_the_same(row: Loss, own: Own) -> None:
    made = call(row, own, Ref("t"), Ref("y"))
    for t, y in pairs(row, own):
        names = chosen(row, MPMATH, own)
        expected = float(value(row.formula, MPMATH, **names, t=mpmath.mpf(t), y=mpmath.mpf(y)))
        assert close(at(made, t=t, y=y), expected)
        assert all(close(at(loss_formula(made, first), t=t, y=y), expected) for first in (False, True))


def derivatives(row: Loss, own: Own) -> list[Formula]:
    """Every form in which a row has its derivative."""
    made = call(row, own, Ref("t"), Ref("y"))
    forms = [textbook_derivative(made, "y", "E", output_first=first) for first in (False, True)]
    ways = [worked_derivative(made, output_first=first) for first in (False, True)]
    return [form for form in (*forms, *ways) if form is not None]


@every_loss
def test_the_way_to_a_losss_derivative_begins_at_its_formula(row: Loss) -> None:
    """½(y - t)² gives 2 · ½(y - t)^(2 - 1), without the factor -1 that the difference the other way round brings in."""
    assert bool(row.worked_output_first) == bool(row.worked and row.formula_output_first)
    made = Call(row.name, (Ref("t"), Ref("y")))
    for first in (False, True):
        way, formula = worked_derivative(made, first), loss_formula(made, first)
        powers = [part.base for part in walk(formula) if isinstance(part, Pow)]
        if way is not None and powers:
            assert [part.base for part in walk(way) if isinstance(part, Pow)] == powers
            assert isinstance(way, Mul)
            assert (way.factors[-1] == Neg(num(1))) == (not first)


@losses
def test_a_losss_derivative_is_sympys(row: Loss, own: Own) -> None:
    forms = derivatives(row, own)
    assert len(forms) == 2 + 2 * bool(row.worked)
    right = sympy.diff(to_sympy(expand(call(row, own, Ref("t"), Ref("y")))), Y)
    for form in forms:
        difference = right - to_sympy(expand(form))
        if row.name not in LOSS_KINKS or row.name in LOGARITHMIC:
            assert sympy.simplify(difference) == 0
        for t, y in pairs(row, own, 5):
            assert abs(difference.subs({T: sympy.Rational(t), Y: sympy.Rational(y)}).evalf(30)) < 1e-20


@losses
def test_a_losss_derivative_is_the_complex_steps_and_the_differences(row: Loss, own: Own) -> None:
    h = mpmath.mpf(10) ** -25
    for t, y in pairs(row, own):
        names = chosen(row, COMPLEX, own)
        step = complex(value(row.formula, COMPLEX, **names, t=t, y=complex(y, 1e-60))).imag / 1e-60
        with mpmath.workdps(80):
            exact = chosen(row, MPMATH, own)
            up, down = (value(row.formula, MPMATH, **exact, t=mpmath.mpf(t), y=mpmath.mpf(y) + m) for m in (h, -h))
            difference = float((up - down) / (2 * h))
        for form in derivatives(row, own):
            assert close(at(form, t=t, y=y), step)
            assert close(at(form, t=t, y=y), difference)


def their_losses(torch: Any) -> dict[str, Callable[..., Any]]:
    """PyTorch's own losses, of output, target and a row's parameters."""
    f = torch.nn.functional
    return {
        "half_squared_error": lambda y, t: f.mse_loss(y, t) / 2,
        "squared_error": f.mse_loss,
        "absolute_error": lambda y, t, kink=0: f.l1_loss(y, t),
        "huber": lambda y, t, delta=1.0: f.huber_loss(y, t, delta=delta),
        "binary_cross_entropy": lambda y, t, base=math.e: f.binary_cross_entropy(y, t) / math.log(base),
        # the target's distribution against logits that softmax turns into (y, 1 - y); the other term taken away
        "cross_entropy": lambda y, t, base=math.e: (
            f.cross_entropy(torch.stack([y, 1 - y]).log(), torch.stack([t, 0 * t])) / math.log(base)
        ),
        # its embedding loss for dissimilar pairs is max(0, margin - x)
        "hinge": lambda y, t, kink=0: f.hinge_embedding_loss(t * y, torch.tensor(-1.0)),
        "squared_hinge": lambda y, t: f.hinge_embedding_loss(t * y, torch.tensor(-1.0)) ** 2,
        "log_cosh": lambda y, t: torch.cosh(y - t).log(),
        "kl_divergence": lambda y, t, base=math.e: f.kl_div(y.log(), t, reduction="sum") / math.log(base),
        "poisson": lambda y, t: f.poisson_nll_loss(y, t, log_input=False, eps=0),
        # the cross-entropy term, modulated as in torchvision
        "focal": lambda y, t, gamma=2.0: (
            (1 - y) ** gamma * f.cross_entropy(torch.stack([y, 1 - y]).log(), torch.stack([t, 0 * t]))
        ),
    }


@losses
def test_a_loss_means_what_pytorch_means_by_it(row: Loss, own: Own, torch: Any) -> None:
    if row.name not in their_losses(torch):
        pytest.skip("PyTorch has no function of this name here")
    parameters = [float(number(evaluate(parse(text), {}.__getitem__))) for text in own.values()]
    for t, y in pairs(row, own):
        where = torch.tensor(y, dtype=torch.float64, requires_grad=True)
        error = their_losses(torch)[row.name](where, torch.tensor(t, dtype=torch.float64), *parameters)
        error.backward()
        assert close(at(call(row, own, Ref("t"), Ref("y")), t=t, y=y), float(error.detach()))
        for form in derivatives(row, own):
            assert close(at(form, t=t, y=y), float(where.grad))


@every_loss
def test_the_derivative_with_respect_to_the_target_is_not_in_the_row(row: Loss) -> None:
    made = Call(row.name, (Ref("goal"), Ref("out")))
    assert textbook_derivative(made, "goal", "E") is None
    assert textbook_derivative(Call(row.name, (Ref("out"), Ref("out"))), "out", "E") is None
    found = textbook_derivative(made, "out", "E")
    assert found is not None
    assert set(references(found)) <= {"goal", "out"}


@pytest.mark.parametrize(
    ("base", "loss", "slope_"),
    [
        ("exp(1)", "-t * log(y)", "-t / y"),
        ("2", "-t * log2(y)", "-t / (y * log(2))"),
        ("10", "-t * log10(y)", "-t / (y * log(10))"),
    ],
)
def test_the_base_of_a_logarithm(base: str, loss: str, slope_: str) -> None:
    made = Call("cross_entropy", (Ref("t"), Ref("y"), parse(base)))
    assert loss_formula(made, output_first=False) == parse(loss)
    assert textbook_derivative(made, "y", "E") == parse(slope_)


def test_another_base_is_refused() -> None:
    with pytest.raises(FormulaError, match="base"):
        formula_of(Call("cross_entropy", (Ref("t"), Ref("y"), num(3))))


@pytest.mark.parametrize("base", ["exp(1)", "2", "10"])
def test_no_target_and_no_output_is_no_error(base: str) -> None:
    """0 ln 0 is 0; but a target that is there and an output of zero have no finite error."""
    for t, y, expected in ((0, 0, 0), (0, Fraction(1, 2), 0), (1, 1, 0)):
        assert evaluate(Call("cross_entropy", (num(t), num(y), parse(base))), {}.__getitem__) == expected
    assert evaluate(Call("binary_cross_entropy", (num(0), num(0), parse(base))), {}.__getitem__) == 0
    assert evaluate(Call("binary_cross_entropy", (num(1), num(1), parse(base))), {}.__getitem__) == 0
    for name, t, y in (("cross_entropy", 1, 0), ("binary_cross_entropy", "1/2", 0), ("binary_cross_entropy", 0, 1)):
        with pytest.raises(Undefined, match="logarithm of zero"):
            evaluate(Call(name, (num(t), num(y), parse(base))), {}.__getitem__)


def test_a_parameter_of_one_leaves_no_trace() -> None:
    t, y = Ref("t"), Ref("y")
    assert infix(loss_formula(Call("huber", (t, y)), output_first=False)) == (
        "1 / 2 * (t - y)**2 if abs(t - y) <= 1 else abs(t - y) - 1 / 2"
    )
    found = textbook_derivative(Call("huber", (t, y)), "y", "E")
    assert found is not None
    assert infix(found) == "-(t - y) if abs(t - y) <= 1 else -sign(t - y)"
    assert infix(expand(Call("elu", (t,)))) == "t if t > 0 else exp(t) - 1"


# --- vector functions ----------------------------------------------------------------------------------------------

Z = ("z1", "z2", "z3")


def component(own: str, among: tuple[str, ...] = Z) -> Call:
    return Call("softmax", (Ref(own), *map(Ref, among)))


def at_some(tree: Formula) -> float:
    z = {"z1": 0.5, "z2": -1.25, "z3": 2.0}
    return at(tree, **z, **{name.replace("z", "p"): at(component(name), **z) for name in Z})


def test_softmax_is_pytorchs_and_sympys(torch: Any) -> None:
    numbers = torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64, requires_grad=True)
    shares = torch.softmax(numbers, 0)
    for place, own in enumerate(Z):
        assert close(at_some(component(own)), float(shares[place].detach()))
        assert close(at_some(expand(component(own))), float(shares[place].detach()))
        (row,) = torch.autograd.grad(shares[place], numbers, retain_graph=True)
        right = to_sympy(expand(component(own)))
        for other, (name, expected) in enumerate(zip(Z, row, strict=True)):
            made = textbook_derivative(component(own), name, f"p{place + 1}", FIND.get)
            assert made is not None
            assert close(at_some(made), float(expected))
            symbolic = sympy.diff(right, sympy.Symbol(name, real=True))
            numbers_ = {sympy.Symbol(z, real=True): sympy.Rational(v) for z, v in zip(Z, numbers.tolist(), strict=True)}
            assert close(float(symbolic.subs(numbers_)), float(expected)), other


FIND: dict[Formula, str] = {component(name): name.replace("z", "p") for name in Z}


def test_softmaxs_derivative_names_its_siblings() -> None:
    quantity = Quantity("p1", Role.FORWARD, Label("post", "p1"), component("z1"))
    assert infix(derivative(quantity, "z1", FIND.get)) == "p1 * (1 - p1)"
    assert derivative(quantity, "z2", FIND.get) == parse("-p1 * p2")
    alone = derivative(quantity, "z2")
    assert set(references(alone)) == {"p1", *Z}
    assert close(at_some(alone), at_some(parse("-p1 * p2")))
    assert derivative(quantity, "other", FIND.get) == num(0)


def test_softmax_of_one_and_of_what_occurs_twice() -> None:
    assert at(component("z1", ("z1",)), z1=3.0) == 1
    twice = Quantity("p", Role.FORWARD, Label("post", "p"), component("z1", ("z1", "z1", "z2")))
    expected = sympy.diff(to_sympy(expand(twice.formula or num(0))), sympy.Symbol("z1", real=True))
    found = to_sympy(expand(derivative(twice, "z1")))
    assert sympy.simplify(expected - found) == 0
    with pytest.raises(FormulaError, match="first argument"):
        expand(component("z4"))


@pytest.mark.parametrize("large", [1e3, 1e6, 1e20, 1e300])
def test_softmax_of_large_numbers(large: float) -> None:
    assert at(component("z1"), z1=large, z2=large, z3=-large) == 0.5
    assert at(component("z3"), z1=large, z2=large, z3=large) == pytest.approx(1 / 3)


# --- tables --------------------------------------------------------------------------------------------------------


def test_another_name_of_a_function_is_that_function_in_every_kind() -> None:
    assert set(SYNONYMS.values()) <= {*ACTIVATIONS, *LOSS_ROWS, *ELEMENTARY, "clip"}
    assert not set(SYNONYMS) & {*ACTIVATIONS, *LOSSES, *ELEMENTARY, *VECTORS}
    chosen = TypeAdapter(Chosen)
    assert chosen.validate_python("sigmoid") == "logistic"
    assert chosen.validate_python({"swish": {}}) == {"silu": {}}
    assert chosen.validate_python("relu") == chosen.validate_python("ReLU") == "relu"
    assert chosen.validate_python("mse") == "mean_squared_error"
    assert chosen.validate_python("Cross-Entropy") == "cross_entropy"
    layer = {"name": "h", "units": {"h1": {"x1": "w1"}}, "activation": "sigmoid"}
    assert Layer.model_validate(layer).activation == "logistic"
    assert Activated.model_validate({"name": "h", "function": "linear"}).function == "identity"
    cell = {"inputs": [["1"]], "weights": {"W": [["1"]], "U": [["1"]], "V": [["1"]]}, "targets": {1: ["1"]}}
    told = {"kind": "recurrent", "title": "T", "activation": "sigmoid", "output_activation": "linear", **cell}
    made = recurrent.Definition.model_validate(told)
    assert (made.activation, made.output_activation, made.gate_activation) == ("logistic", "identity", "logistic")


def test_no_name_stands_twice() -> None:
    names = [*ACTIVATIONS, *VECTORS, *LOSSES]
    assert len(names) == len(set(names))
    assert all(name == row.name for table in (ACTIVATIONS, VECTORS, LOSSES) for name, row in table.items())
    symbols = [row.symbol for row in ACTIVATIONS.values() if row.symbol]
    assert len(symbols) == len(set(symbols)), "a sign is read back as one function"


@pytest.mark.parametrize("space", [MPMATH, SYMPY], ids=["mpmath", "sympy"])
def test_the_witnesses_read_numbers_exactly(space: Space) -> None:
    assert value("1/10 + 0.2", space) * 10 == pytest.approx(3, abs=1e-15)
    assert value("1/2 if 1 > 2 else 0.25", space) * 4 == 1
