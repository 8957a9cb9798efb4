"""Many variants at once against one at a time; large networks and large numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import (
    DIFFERENTIABLE,
    MPMATH,
    PLAIN_LOSSES,
    Data,
    checked,
    dense,
    forward,
    givens,
    graph_of,
    networks,
    start,
)

from generator.backward import derivative
from generator.backward.passes import backward
from generator.errors import GraphError, SolveError
from generator.formula.infix import parse
from generator.formula.tree import ELEMENTARY, Call, Formula, Ref
from generator.graph.quantities import Graph, Label, Quantity, Role
from generator.kinds.network.kind import build
from generator.notation.writer import Chain
from generator.pipeline import load_worked
from generator.render.document import render
from generator.solve.compiled import compile_graph
from generator.solve.exact import Undecided, Undefined, ball, bounds, evaluate, power, precision
from generator.solve.rounding import Rounding
from generator.solve.traces import solve, trace

T = TypeVar("T")
ROUNDING = Rounding()


def small(formula: str, **given_values: str) -> Graph:
    quantities = [Quantity(name, Role.GIVEN, Label("input", name)) for name in given_values]
    quantities.append(Quantity("y", Role.LOSS, Label("loss", "y"), parse(formula)))
    return Graph(tuple(quantities), {name: Fraction(text) for name, text in given_values.items()}, "y")


def number(value: object) -> float:
    low, high = bounds(value)
    return float((low + high) / 2)


# --- variants ------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(data=networks(layers=2, units=3, losses=PLAIN_LOSSES), seed=st.integers(0, 2**32 - 1))
def test_many_variants_at_once_are_each_one_by_itself(data: Data, seed: int) -> None:
    graph = graph_of(data)
    rng = np.random.default_rng(seed)
    # Sixteenths are exact in both arithmetics.
    changed = {name: rng.integers(-32, 33, size=4) / 16 for name in (*data["inputs"], *data["weights"])}
    together = solve(graph, changed)
    assert set(together) == {quantity.name for quantity in graph}
    for variant in range(4):
        exact = {name: Fraction(float(numbers[variant])) for name, numbers in changed.items()}
        try:
            alone = trace(graph, ROUNDING, exact)
        except SolveError:  # a ReLU whose input is zero, known as a ball only
            continue
        for name, found in together.items():
            expected = number(alone.values[name])
            assert math.isclose(found[variant], expected, rel_tol=1e-12, abs_tol=1e-14), name


@settings(max_examples=25, deadline=None)
@given(data=networks(losses=PLAIN_LOSSES))
def test_one_variant_is_an_axis_of_length_one(data: Data) -> None:
    graph = graph_of(data)
    assert all(found.shape == (1,) for found in solve(graph).values())


def test_givens_broadcast_over_the_last_axis() -> None:
    graph = graph_of(dense([2, 2, 1]))
    found = solve(graph, {"w0": np.linspace(-1, 1, 7)})
    assert {values.shape for values in found.values()} == {(7,)}
    assert np.ptp(found["x0"]) == 0
    assert np.ptp(found["E_total"]) > 0
    found = solve(graph, {"w0": np.zeros((3, 1)), "w1": np.ones(5)})
    assert {values.shape for values in found.values()} == {(3, 5)}
    found = solve(graph, {"w0": np.float64(0.25)})
    assert {values.shape for values in found.values()} == {(1,)}
    assert {values.dtype for values in found.values()} == {np.dtype(np.float64)}
    with pytest.raises(ValueError, match=r"(?i)broadcast"):
        solve(graph, {"w0": np.zeros(3), "w1": np.zeros(4)})


def test_no_variants_are_no_error() -> None:
    found = solve(graph_of(dense([1, 1])), {"w0": np.zeros(0)})
    assert {values.shape for values in found.values()} == {(0,)}


@pytest.mark.parametrize("name", ["w99", "out_u1n0", "dE_total/dw0"])
def test_a_given_that_is_none_is_refused(name: str) -> None:
    graph = graph_of(dense([1, 1]))
    with pytest.raises(SolveError, match=name):
        solve(graph, {name: np.zeros(1)})
    with pytest.raises(SolveError, match=name):
        trace(graph, ROUNDING, {name: Fraction(0)})


def test_solving_changes_nothing_and_repeats() -> None:
    graph = graph_of(dense([2, 2, 1]))
    mine = np.linspace(-1, 1, 5)
    first, second = solve(graph, {"w0": mine}), solve(graph, {"w0": mine})
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert np.array_equal(mine, np.linspace(-1, 1, 5))


def test_the_source_is_straight_and_holds_no_text_of_the_definition() -> None:
    graph = graph_of(dense([2, 2, 1]))
    names = tuple(quantity.name for quantity in graph if quantity.formula is None)
    compiled = compile_graph(graph, names, ("E_total",))
    assert "E_total" not in compiled.source
    assert "w0" not in compiled.source
    assert compiled.source == compile_graph(graph, names, ("E_total",)).source
    assert not {"for", "if", "while", "import"} & set(compiled.source.split())


# --- a large network -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> Data:
    return {**dense([16, 32, 16], seed=1), "trained": "all"}


@pytest.mark.parametrize("chain", Chain)
def test_a_large_network_stays_linear_in_its_weights(large: Data, chain: Chain) -> None:
    forward_pass = build(checked(large))
    weights, biases, units, outputs = len(large["weights"]), len(large["biases"]), 48, 16
    assert weights == 16 * 32 + 32 * 16
    derivative._shape_derivative.cache_clear()
    graph = backward(forward_pass, chain)
    # A weight is a given, a local gradient, a gradient and an update; under `terms` also a gradient for each output.
    parameters = weights + biases
    each = 4 + (outputs if chain is Chain.TERMS else 0)
    assert len(graph) < each * parameters + (units * outputs) + parameters
    assert derivative._shape_derivative.cache_info().misses <= 8
    found = solve(graph)
    assert f"dE_total/dw{weights - 1}" in graph
    assert f"w{weights - 1}_new" in graph
    assert all(np.isfinite(values).all() for values in found.values())
    assert found["E_total_new"][0] < found["E_total"][0]


def test_quantities_grow_with_the_weights() -> None:
    sizes = {width: len(graph_of({**dense([width, width, width]), "trained": "weights"})) for width in (4, 8, 16)}
    per_weight = {width: size / (2 * width * width) for width, size in sizes.items()}
    assert per_weight[16] < per_weight[8] < per_weight[4] < 10


def test_distinct_shapes_do_not_grow_with_the_network() -> None:
    """A sum is differentiated term by term: SymPy sees one product, however many there are."""
    derivative._shape_derivative.cache_clear()
    graph_of({**dense([3, 4, 2]), "trained": "all"})
    few = derivative._shape_derivative.cache_info().misses
    graph_of({**dense([12, 16, 8]), "trained": "all"})
    assert derivative._shape_derivative.cache_info().misses == few


# --- large numbers -------------------------------------------------------------------------------------------------


def one_unit(activation: str, weight: str) -> Data:
    data = {**dense([1, 1], activation), "trained": "weights"}
    data["inputs"]["x0"], data["weights"]["w0"], data["biases"]["b0"] = "1", weight, "0"
    return data


def attempt(work: Callable[[], T]) -> tuple[T | None, str]:
    """What `work` gives, or what the `SolveError` says."""
    try:
        return work(), ""
    except SolveError as error:
        return None, str(error)


LARGE = ["-1000", "1000", "-1e6", "1e6", "-1e20", "1e20", "710", "-745.2", "1e-300", "1e300"]


@pytest.mark.parametrize("activation", DIFFERENTIABLE)
@pytest.mark.parametrize("weight", LARGE)
def test_large_inputs_give_right_values_or_a_clear_error(activation: str, weight: str) -> None:
    data = one_unit(activation, weight)
    graph = graph_of(data)
    fast, complaint = attempt(lambda: solve(graph))
    if fast is None:
        assert "no finite value" in complaint
        assert activation not in ("logistic", "tanh")
    else:
        assert not any(np.isnan(values).any() for values in fast.values())
        with mpmath.workdps(50):
            if abs(Fraction(weight)) < 10**7:  # mpmath's exp of 1e20 is a number of 1e20 digits
                expected = forward(data, start(data, MPMATH), MPMATH)["out_u1n0"]
                assert math.isclose(fast["out_u1n0"][0], float(expected), rel_tol=1e-12, abs_tol=1e-300)
    exact, complaint = attempt(lambda: trace(graph, ROUNDING))
    if exact is None:
        assert "`" in complaint
        assert any(word in complaint for word in ("too small", "too large", "finite", "overflows"))
    else:
        for name in exact.values:
            full = Fraction(exact.full(name))  # with twenty significant digits, which is not every decimal
            assert abs(Fraction(exact.shown[name]) - full) <= Fraction(1, 2 * 10**4) + abs(full) / 10**19
        if fast is not None:
            for name in ("out_u1n0", "dout_u1n0/dnet_u1n0"):
                assert math.isclose(fast[name][0], float(Fraction(exact.full(name))), rel_tol=1e-12, abs_tol=1e-15)


@pytest.mark.parametrize("activation", DIFFERENTIABLE)
@pytest.mark.parametrize("z", [-1e300, -1e20, -1e6, -1000.0, 1000.0, 1e6, 1e20, 1e300])
def test_a_large_input_has_the_value_and_the_slope_that_it_tends_to(activation: str, z: float) -> None:
    """Where nothing overflows, every activation here is nearly a straight line far from zero."""
    y, slope = Call(activation, (Ref("z"),)), derivative.derivative(a_unit(activation), "z")
    graph = two(y, slope)
    ends: dict[str, tuple[float, float]] = {"logistic": (0, 0), "tanh": (-1, 0), "identity": (z, 1), "elu": (-1, 0)}
    ends |= {"leaky_relu": (0.01 * z, 0.01), "hard_sigmoid": (0, 0)}
    ends |= {"hard_tanh": (-1, 0), "bipolar_sigmoid": (-1, 0)}
    expected = ends.get(activation, (0, 0))
    if z > 0:
        bounded = ("logistic", "tanh", "hard_sigmoid", "hard_tanh", "bipolar_sigmoid")
        expected = (1, 0) if activation in bounded else (z, 1)
    if activation in ("selu", "relu6", "softsign"):
        near = 1 / (1 + abs(z))  # the softsign comes near 1 slowly
        expected = {
            "selu": (1.0507 * z, 1.0507) if z > 0 else (-1.0507 * 1.67326, 0),
            "relu6": (6 if z > 0 else 0, 0),
            "softsign": (z * near, near**2),
        }[activation]
    if activation == "gelu_tanh" and abs(z) == 1e300:  # the cube of z is beyond double precision: an error says so
        with pytest.raises(SolveError, match="`slope` has no finite value"):
            solve(graph, {"z": np.array([z])})
        return
    found = solve(graph, {"z": np.array([z])})
    assert found["y"][0] == pytest.approx(expected[0], rel=1e-15, abs=1e-300)
    assert found["slope"][0] == pytest.approx(expected[1], rel=1e-15, abs=1e-300)
    compiled = compile_graph(graph, ("z",), ("y", "slope"))
    # 1e300 times what is left of 1 - tanh² has eight digits of 308.
    with precision(4096 if activation == "mish" else 1024):
        for ball_, wanted in zip(compiled.balls()(flint.arb(z)), expected, strict=True):
            if ball_.is_finite():
                assert float(ball_) == pytest.approx(wanted, rel=1e-15, abs=1e-200)
            else:
                assert abs(z) == 1e300  # exp of it is beyond any exponent of a ball


def a_unit(activation: str) -> Quantity:
    return Quantity("y", Role.FORWARD, Label("post", "y"), Call(activation, (Ref("z"),)))


def two(y: Formula, slope: Formula) -> Graph:
    z = Quantity("z", Role.GIVEN, Label("input", "z"))
    made = [Quantity("y", Role.FORWARD, Label("post", "y"), y), Quantity("slope", Role.LOSS, Label("loss", "s"), slope)]
    return Graph((z, *made), {"z": Fraction(1)}, "slope")


@pytest.mark.parametrize(
    ("formula", "givens_", "name"),
    [
        ("1 / a", {"a": "0"}, "division by zero"),
        ("1 / (a - a)", {"a": "0.1"}, "division by zero"),
        ("log(a)", {"a": "0"}, "finite"),
        ("log(a)", {"a": "-1"}, "finite"),
        ("a**0.5", {"a": "-1"}, "real"),
        ("exp(exp(a))", {"a": "1000"}, "finite"),
        ("a**(-2)", {"a": "0"}, "division by zero"),
        ("sqrt(a)", {"a": "-2"}, "finite"),
    ],
)
def test_no_value_is_a_clear_error(formula: str, givens_: dict[str, str], name: str) -> None:
    graph = small(formula, **givens_)
    with pytest.raises(SolveError, match="`y`") as caught:
        trace(graph, ROUNDING)
    assert name in str(caught.value)
    with pytest.raises(SolveError, match="`y`"):
        solve(graph)


def test_a_divisor_that_is_zero_but_irrational_is_not_decided() -> None:
    with pytest.raises(SolveError, match="`y`"):
        trace(small("1 / (exp(a) - exp(a))", a="0.5"), ROUNDING)


def test_one_bad_variant_is_named() -> None:
    with pytest.raises(SolveError, match=r"`y` has no finite value in 2 of 5 variants"):
        solve(small("1 / (a * b)", a="1", b="1"), {"a": np.array([0.0, 1, 2, 3, 0])})


def test_a_number_beyond_double_precision() -> None:
    graph = small("a / b", a="1e400", b="1e399")
    assert trace(graph, ROUNDING).shown["y"] == "10"
    with pytest.raises(SolveError, match="too large"):
        solve(graph)


def test_exact_numbers_stay_exact_and_long_ones_stay_quick() -> None:
    found = trace(small("(a + b) * (a - b)", a="1/3", b="0.1"), ROUNDING)
    assert found.values["y"] == Fraction(1, 9) - Fraction(1, 100)
    found = trace(small("a**3", a="1.000000000000000000001"), Rounding(decimals=21))
    assert found.shown["y"] == "1.000000000000000000003"
    data = {**dense([2, 2, 2, 2, 2], "identity"), "trained": "all", "loss": "squared_error"}
    assert isinstance(trace(graph_of(data), ROUNDING).values["E_total"], Fraction)


def test_powers_of_balls_around_zero() -> None:
    """Arb's own power of a ball that holds zero is not a number: the square of an error near zero must be one."""
    with precision(128):
        near = flint.arb(0, 1e-30)
        for exponent in range(5):
            made = power(near, exponent)
            assert made.is_finite()
            assert made.contains(0) or exponent == 0
        assert power(flint.arb(-3), 3) == -27
        assert power(flint.arb(2), -2) == 0.25
        low, high = bounds(power(near, 2))
        assert high - low < Fraction(1, 10**50)


def test_an_error_that_is_nearly_zero() -> None:
    """The output is the target to 400 digits."""
    data = one_unit("logistic", "1000")
    data["targets"]["t0"] = "1"
    found = trace(graph_of(data), ROUNDING)
    assert found.shown["E_total"] == "0.0000"
    assert solve(graph_of(data))["E_total"][0] == 0


def test_a_sum_that_cancels_exactly_is_zero() -> None:
    data = {**dense([1, 2, 1]), "trained": "all"}
    data["weights"].update({"w0": "0.3", "w1": "0.3", "w2": "0.7", "w3": "-0.7"})
    data["biases"].update({"b0": "0.1", "b1": "0.1", "b2": "0"})
    found = trace(graph_of(data), ROUNDING)
    assert (found.shown["net_u2n0"], found.shown["out_u2n0"]) == ("0.0000", "0.5000")
    assert Fraction(found.full("net_u2n0")) == 0


def test_evaluating_says_what_is_wrong() -> None:
    with pytest.raises(Undefined, match="unknown function `gamma`"):
        evaluate(parse("gamma(1)"), {}.__getitem__)
    with precision(64), pytest.raises(Undecided):
        evaluate(parse("1 if exp(1) - exp(1) > 0 else 0"), {}.__getitem__)


def test_a_graph_is_well_formed_or_refused() -> None:
    y = Quantity("y", Role.LOSS, Label("loss", "y"), parse("a + b"))
    a, b = (Quantity(name, Role.GIVEN, Label("input", name)) for name in "ab")
    values = {"a": Fraction(1), "b": Fraction(2)}
    Graph((a, b, y), values, "y")
    for wrong in ((a, y, b), (a, y), (a, a, b, y)):
        with pytest.raises(GraphError):
            Graph(wrong, values, "y")
    with pytest.raises(GraphError):
        Graph((a, b, y), {"a": Fraction(1)}, "y")
    with pytest.raises(GraphError, match="`z`"):
        Graph((a, b, y), values, "y")["z"]


def test_the_helpers_know_all_givens() -> None:
    data = dense([2, 2, 1])
    assert set(givens(data)) == {quantity.name for quantity in graph_of(data) if quantity.formula is None}


# --- one source, two arithmetics, and exact evaluation ---------------------------------------------------------------

ONE_ARGUMENT = (*(name for name in ELEMENTARY if name not in ("max", "min", "pi")), "log1p", "expm1", "erfc")


def three_ways(text: str, **numbers: str) -> tuple[float, float, float]:
    """A formula's value by exact evaluation, by the compiled source over arrays, and over balls."""
    graph = small(text, **numbers)
    compiled = compile_graph(graph, tuple(numbers), ("y",))
    with precision(128):
        exact = number(evaluate(parse(text), graph.givens.__getitem__))
        with np.errstate(all="ignore"):  # as `solve` has it: the case that does not hold may have no value
            (fast,) = compiled.arrays()(*(np.array([float(graph.givens[name])]) for name in numbers))
        (certain,) = compiled.balls()(*(ball(graph.givens[name]) for name in numbers))
    return exact, float(np.asarray(fast).reshape(-1)[0]), float(certain)


@pytest.mark.parametrize("name", ONE_ARGUMENT)
@pytest.mark.parametrize("at", ["1/4", "1", "4", "20", "1/1000", "2.75"])
def test_an_elementary_function_is_the_same_in_every_arithmetic(name: str, at: str) -> None:
    if name in ("arcsin", "arccos"):  # of no number beyond one
        at = str(1 / max(Fraction(at), 1 / Fraction(at)))
    exact, fast, certain = three_ways(f"{name}(a)", a=at)
    known = {"abs": abs, "floor": math.floor}.get(name) or getattr(math, name.replace("arc", "a"))
    assert exact == pytest.approx(known(float(Fraction(at))), rel=1e-14)
    assert fast == pytest.approx(exact, rel=1e-14)
    assert certain == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max(a, b, c)", 5), ("min(a, b, c)", -3), ("max(a)", 2), ("pi() * a", 2 * math.pi), ("floor(-a / 3)", -1),
        ("1 if a == 2 else 0", 1), ("1 if a != 2 else 0", 0), ("1 if a == b else 2 if b == c else 3", 3),
        ("(a - 2) * log(a - 2)", 0), ("log2(a - 2) * (a - 2) * b", 0), ("a * log10(b * 20)", 4),
        ("softmax(a, a, b, c)", math.exp(2) / (math.exp(2) + math.exp(5) + math.exp(-3))),
        ("binary_cross_entropy(a - 1, a - 1)", 0), ("leaky_relu(c)", -0.03), ("sign(a - 2)", 0), ("step(a - 2)", 1),
        ("sign(a - 2, 1/2)", 0.5), ("huber(a, c, 2)", 8), ("hinge(-1, a)", 3),
    ],
)  # fmt: skip
def test_formulas_have_the_same_value_in_every_arithmetic(text: str, expected: float) -> None:
    exact, fast, certain = three_ways(text, a="2", b="5", c="-3")
    assert exact == pytest.approx(expected, rel=1e-14, abs=1e-14)
    assert fast == pytest.approx(expected, rel=1e-14, abs=1e-14)
    assert certain == pytest.approx(expected, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(9/4)", "3/2"), ("sqrt(0)", "0"), ("log2(1/8)", "-3"), ("log10(1000)", "3"), ("log(1)", "0"),
        ("floor(-5/2)", "-3"), ("floor(pi())", "3"), ("cos(0)", "1"), ("sin(0)", "0"), ("erf(0)", "0"),
        ("arccos(1)", "0"), ("cosh(0)", "1"), ("arctan(0)", "0"),
        ("relu(-1/3)", "0"), ("softplus(0) - log(2)", None), ("sqrt(2)", None), ("log2(3)", None), ("log2(6)", None),
    ],
)  # fmt: skip
def test_what_is_rational_stays_exact(text: str, value: str | None) -> None:
    found = evaluate(parse(text), {}.__getitem__)
    assert isinstance(found, Fraction) == (value is not None)
    assert value is None or found == Fraction(value)


def test_what_no_precision_tells_apart_is_not_guessed() -> None:
    """Balls that may hold either side: undecided, until the last precision takes them to be equal."""
    graph = small("1 if a > 0 else 2", a="0")
    compiled = compile_graph(graph, ("a",), ("y",))
    around = flint.arb(0, 1e-30)
    with pytest.raises(Undecided):
        compiled.balls()(around)
    assert compiled.balls(last=True)(around) == (2,)
    assert compiled.balls()(flint.arb(1, 1e-30)) == (1,)
    floors = compile_graph(small("floor(a)", a="0"), ("a",), ("y",))
    with pytest.raises(Undecided):
        floors.balls()(flint.arb(3, 1e-30))
    assert floors.balls(last=True)(flint.arb(3, 1e-30)) == (3,)
    with pytest.raises(Undecided):
        evaluate(parse("floor(a)"), {"a": flint.arb(3, 1e-30)}.__getitem__)
    with pytest.raises(Undecided):
        evaluate(parse("1 if a == 3 else 0"), {"a": flint.arb(3, 1e-30)}.__getitem__)
    larger = evaluate(parse("max(a, 3)"), {"a": flint.arb(3, 1e-30)}.__getitem__)
    assert isinstance(larger, flint.arb)
    assert larger.contains(3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log(0)", "logarithm of zero"), ("cross_entropy(1, 0)", "logarithm of zero"), ("log2(-1)", "finite"),
        ("0 * log(-1)", "finite"), ("0 * (1 / 0)", "division by zero"), ("0**(-1)", "division by zero"),
        ("sqrt(-1)", "finite"), ("pi(1)", "unknown"), ("log(1, 2)", "unknown"), ("exp()", "unknown"),
    ],
)  # fmt: skip
def test_a_singularity_is_a_clear_error(text: str, message: str) -> None:
    with pytest.raises(Undefined, match=message):
        evaluate(parse(text), {}.__getitem__)


@pytest.mark.parametrize(
    ("name", "exact", "expected"),
    [("sqrt", 0, 0), ("arccos", 1, 0), ("arccos", -1, math.pi), ("arcsin", 1, math.pi / 2)],
)
def test_a_function_has_its_value_at_the_edge_of_where_it_has_any(name: str, exact: int, expected: float) -> None:
    """Where rounding leaves a ball that reaches beyond: its value is in the result, which is not much wider."""
    with precision(128):
        third = flint.arb(3).sqrt() / 3
        x = (third * third * 3 - 1) + exact  # which is `exact`
        assert not x.is_exact()
        found = evaluate(Call(name, (Ref("x"),)), {"x": x}.__getitem__)
        low, high = bounds(found)
        assert float(low) - 1e-15 <= expected <= float(high) + 1e-15
        assert high - low < Fraction(1, 10**15)


@pytest.mark.parametrize(("name", "outside"), [("sqrt", "-1"), ("arccos", "1.5"), ("arcsin", "-2"), ("log", "-1")])
def test_beyond_it_there_is_none(name: str, outside: str) -> None:
    with precision(64), pytest.raises(Undefined):
        evaluate(Call(name, (Ref("x"),)), {"x": flint.arb(outside) + flint.arb(2).sqrt() * 0}.__getitem__)


def test_a_logarithm_of_what_may_be_zero_is_undecided() -> None:
    with precision(64):
        nothing = flint.arb(2).sqrt() ** 2 - 2
        with pytest.raises(Undecided):
            evaluate(Call("log", (Ref("x"),)), {"x": nothing}.__getitem__)


@pytest.mark.parametrize(
    "formula", ["std([exp(z), exp(z / 2)**2])", "norm(exp(z) * w - exp(z) * w)", "sqrt(sin(z)**2 + cos(z)**2 - 1)"]
)
def test_a_root_of_what_cancels_is_zero(formula: str, tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(
        f"kind: formulas\ntitle: t\ngivens: {{z: 0.3, w: [1, 2]}}\nformulas: {{s: '{formula}'}}\n", encoding="utf-8"
    )
    assert "= 0\n" in render(load_worked(path), "solution", "terminal")
