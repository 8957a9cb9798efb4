"""The backward pass against SymPy, complex steps, differences, PyTorch and a plain loop; and these against errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
import pytest
from hypothesis import HealthCheck, assume, given, settings
from networks import (
    COMPLEX,
    DIFFERENTIABLE,
    MPMATH,
    Data,
    autograd,
    central_difference,
    checked,
    complex_step,
    dense,
    forward,
    forward_graph,
    graph_of,
    nearest_kink,
    networks,
    random_network,
    start,
    symbolic,
    torch_space,
    trained,
    value,
)
from tools import needs_torch

from generator.backward import gradients as module
from generator.backward.derivative import derivative
from generator.backward.passes import backward
from generator.errors import SolveError
from generator.formula.functions import ACTIVATIONS, LOSSES
from generator.formula.infix import infix
from generator.formula.tree import Add, Call, Neg, Num, Ref, references
from generator.graph.quantities import Graph, Label, Quantity, Role, derivative_name, updated_name
from generator.kinds.network.kind import Definition
from generator.learning import optimizers
from generator.notation.writer import Chain
from generator.pipeline import load_worked
from generator.solve.exact import Exact, bounds, evaluate, precision
from generator.solve.histories import train
from generator.solve.rounding import Rounding
from generator.solve.traces import Trace, solve, trace

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
ROUNDING = Rounding(decimals=6)
EXAMPLES = sorted(
    path for path in Path("problems/networks").resolve().glob("example_*.yml") if not path.name.endswith(".claims.yml")
)


def away_from_kinks(data: Data) -> Data:
    assume(nearest_kink(data) > 1e-3)
    return data


def exactly(value: Exact) -> mpmath.mpf:
    low, high = bounds(value)
    middle = (low + high) / 2
    return mpmath.mpf(middle.numerator) / middle.denominator


def close(found: Any, expected: Any, digits: int) -> bool:
    scale = max(abs(found), abs(expected), mpmath.mpf(1) / 1000)
    return bool(abs(found - expected) <= scale * mpmath.mpf(10) ** -digits)


def gradients(graph: Graph) -> dict[str, str]:
    """The gradients of the loss: name of the gradient by name of the quantity."""
    wrt = [q.name for q in graph.of_role(Role.FORWARD, Role.GIVEN, Role.LOSS)]
    named = {name: derivative_name(graph.loss, name) for name in wrt}
    return {name: gradient for name, gradient in named.items() if gradient in graph}


# --- the witnesses as functions that raise, so that planted errors can be held against them ------------------------


def held_against_sympy(data: Data, graph: Graph) -> None:
    found = trace(graph, ROUNDING).values
    with mpmath.workdps(60):
        for name, gradient in gradients(graph).items():
            expected = mpmath.mpf(str(symbolic(data, name).evalf(50)))
            assert close(exactly(found[gradient]), expected, 20), gradient


def held_against_complex_steps(data: Data, graph: Graph) -> None:
    found = solve(graph)
    for name, gradient in gradients(graph).items():
        assert math.isclose(found[gradient][0], complex_step(data, name), rel_tol=1e-11, abs_tol=1e-13), gradient


def held_against_differences(data: Data, graph: Graph) -> None:
    found = trace(graph, ROUNDING).values
    with mpmath.workdps(60):
        for name, gradient in gradients(graph).items():
            assert close(exactly(found[gradient]), central_difference(data, name), 20), gradient


def held_against_torch(data: Data, graph: Graph) -> None:
    found = solve(graph)
    names = gradients(graph)
    for name, expected in autograd(data, list(names)).items():
        assert math.isclose(found[names[name]][0], expected, rel_tol=1e-11, abs_tol=1e-13), names[name]


def paths(graph: Graph, source: str, name: str) -> Iterator[tuple[str, ...]]:
    """Every way from `name` forward to `source`, as the names passed through, one path at a time."""
    if name == source:
        yield (name,)
        return
    for user in graph.consumers[name]:
        if graph[user].role in (Role.FORWARD, Role.LOSS):
            for rest in paths(graph, source, user):
                yield (name, *rest)


def held_against_paths(data: Data, graph: Graph) -> None:
    """Every gradient is the sum over all paths of the products of the local derivatives along them."""
    found = trace(graph, ROUNDING).values
    with precision(256), mpmath.workdps(60):
        for name, gradient in gradients(graph).items():
            total = mpmath.mpf(0)
            for path in paths(graph, graph.loss, name):
                steps = pairwise(path)
                locals_ = [evaluate(derivative(graph[user], operand), found.__getitem__) for operand, user in steps]
                total += mpmath.fprod(map(exactly, locals_))
            assert close(total, exactly(found[gradient]), 20), gradient


def held_against_the_updates(data: Data, graph: Graph) -> None:
    """The updates, and the forward pass after them, from differences alone."""
    found = trace(graph, ROUNDING).values
    with mpmath.workdps(60):
        numbers = start(data, MPMATH)
        for name in trained(data):
            numbers[name] -= numbers["eta"] * central_difference(data, name)
            assert close(exactly(found[updated_name(name)]), numbers[name], 20), name
        for name, expected in forward(data, numbers, MPMATH).items():
            if updated_name(name) in graph:
                assert close(exactly(found[updated_name(name)]), expected, 20), name


WITNESSES: list[Callable[[Data, Graph], None]] = [
    held_against_sympy,
    held_against_complex_steps,
    held_against_differences,
    held_against_paths,
    held_against_the_updates,
]
TORCH = pytest.param(held_against_torch, marks=needs_torch)
witnesses = pytest.mark.parametrize("witness", [*WITNESSES, TORCH], ids=lambda witness: witness.__name__)
# The local derivatives are what the sums over paths start from.
of_rows = pytest.mark.parametrize(
    "witness", [*(w for w in WITNESSES if w is not held_against_paths), TORCH], ids=lambda witness: witness.__name__
)
chains = pytest.mark.parametrize("chain", Chain)


# --- right ---------------------------------------------------------------------------------------------------------


@chains
@settings(QUICK, max_examples=6)
@given(data=networks(layers=1, units=2))
def test_gradients_are_those_of_the_expanded_loss(chain: Chain, data: Data) -> None:
    held_against_sympy(away_from_kinks(data), graph_of(data, chain))


@chains
@settings(QUICK, max_examples=15)
@given(data=networks())
def test_gradients_are_those_of_complex_steps(chain: Chain, data: Data) -> None:
    held_against_complex_steps(away_from_kinks(data), graph_of(data, chain))


@chains
@settings(QUICK, max_examples=10)
@given(data=networks())
def test_gradients_and_updates_are_those_of_differences(chain: Chain, data: Data) -> None:
    graph = graph_of(away_from_kinks(data), chain)
    held_against_differences(data, graph)
    held_against_the_updates(data, graph)


@chains
@settings(QUICK, max_examples=15)
@given(data=networks(layers=2, units=3))
def test_gradients_are_sums_over_paths(chain: Chain, data: Data) -> None:
    held_against_paths(data, graph_of(data, chain))


@needs_torch
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", DIFFERENTIABLE)
def test_gradients_are_those_of_autograd(activation: str, loss: str) -> None:
    for seed in range(3):
        data = random_network(seed, activations=[activation], losses=[loss])
        if nearest_kink(data) < 1e-6:
            continue
        for chain in Chain:
            held_against_torch(data, graph_of(data, chain))


@needs_torch
@QUICK
@given(data=networks())
def test_gradients_of_any_network_are_those_of_autograd(data: Data) -> None:
    held_against_torch(data, graph_of(away_from_kinks(data)))


@QUICK
@given(data=networks())
def test_every_trained_parameter_and_active_hidden_quantity_has_its_gradient(data: Data) -> None:
    forward_pass = forward_graph(data)
    needed = forward_pass.needed(forward_pass.loss)
    for chain in Chain:
        graph = graph_of(data, chain)
        named = gradients(graph)
        assert set(trained(data)) <= set(named)
        moved = set(trained(data))
        for quantity in forward_pass.of_role(Role.FORWARD):
            if moved & set(forward_pass.operands[quantity.name]):
                moved.add(quantity.name)
                assert quantity.name not in needed or quantity.name in named


def same(one: Exact, other: Exact) -> bool:
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one == other
    (low, high), (other_low, other_high) = bounds(one), bounds(other)
    return low <= other_high and other_low <= high


@settings(QUICK, max_examples=15)
@given(data=networks())
def test_all_chain_styles_give_the_same_values(data: Data) -> None:
    traces = {chain: trace(graph_of(data, chain), ROUNDING) for chain in Chain}
    first = traces[Chain.FACTORS]
    for chain, other in traces.items():
        both = [name for name in first.values if name in other.values]
        assert len(both) > len(forward_graph(data))
        assert all(same(first.values[name], other.values[name]) for name in both), chain
        assert all(first.shown[name] == other.shown[name] for name in both), chain


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_shipped_examples(path: Path) -> None:
    given = load_worked(path).definition.source.data
    data = {key: part for key, part in given.items() if key != "names"}
    data["layers"] = [{"activation": "logistic", **layer} for layer in data["layers"]]
    data["learning_rate"] = {"eta": next(iter(data["learning_rate"].values()))}
    for chain in Chain:
        graph = graph_of(data, chain)
        for witness in WITNESSES if chain is Chain.FACTORS else WITNESSES[1:4]:
            witness(data, graph)


def test_a_unit_that_feeds_nothing_has_gradient_zero() -> None:
    data = dense([1, 2, 1])
    del data["layers"][1]["units"]["u2n0"]["u1n1"]
    del data["weights"]["w3"]
    data["trained"] = "all"
    for chain in Chain:
        graph = graph_of(data, chain)
        found = trace(graph, ROUNDING)
        assert found.values["dE_total/dw1"] == 0
        assert found.values["w1_new"] == graph.givens["w1"]
        held_against_complex_steps(data, graph)


def test_a_weight_used_twice_adds_both_uses_up() -> None:
    data = dense([2, 2, 1])
    data["layers"][0]["units"] = {"u1n0": {"x0": "w0", "x1": "w0"}, "u1n1": {"x0": "w0", "x1": "w3"}}
    data["weights"] = {name: text for name, text in data["weights"].items() if name not in ("w1", "w2")}
    data["trained"] = "weights"
    for chain in Chain:
        graph = graph_of(data, chain)
        assert len(list(paths(graph, "E_total", "w0"))) == 2
        for witness in WITNESSES if chain is Chain.FACTORS else WITNESSES[1:4]:
            witness(data, graph)


def test_a_shared_bias_adds_up_all_units_of_its_layer() -> None:
    data = dense([2, 3, 2])
    data["layers"][0]["bias"] = "b0"
    data["biases"] = {name: text for name, text in data["biases"].items() if name not in ("b1", "b2")}
    data["trained"] = "all"
    for chain in Chain:
        graph = graph_of(data, chain)
        assert len(list(paths(graph, "E_total", "b0"))) == 3 * 2
        for witness in WITNESSES if chain is Chain.FACTORS else WITNESSES[1:4]:
            witness(data, graph)


def test_nothing_is_trained_and_no_learning_rate() -> None:
    data = dense([2, 2, 1])
    graph = graph_of({**data, "trained": []})
    assert not graph.of_role(Role.UPDATE, Role.AFTER)
    no_rate = {key: value for key, value in data.items() if key != "learning_rate"}
    graph = graph_of({**no_rate, "trained": "all"})
    assert graph.of_role(Role.GRADIENT)
    assert not graph.of_role(Role.UPDATE, Role.AFTER)


# --- planted errors ------------------------------------------------------------------------------------------------


@pytest.fixture
def planted() -> Data:
    """Two outputs, every activation's input away from its kink, a shared bias and tied weights."""
    data = dense([2, 2, 2], "tanh", seed=3)
    data["layers"][0]["bias"] = "b0"
    data["biases"] = {name: text for name, text in data["biases"].items() if name != "b1"}
    return {**data, "trained": "all"}


def caught(witness: Callable[[Data, Graph], None], data: Data, chain: Chain = Chain.FACTORS) -> bool:
    try:
        witness(data, graph_of(data, chain))
    except AssertionError:
        return True
    return False


@of_rows
@pytest.mark.parametrize("wrong", ["1 + y**2", "-(1 - y**2)", "1 - y", "(1 - y**2) * 1.0001", "1 - x**2"])
def test_a_wrong_derivative_in_a_row_is_caught(
    witness: Callable[..., None], wrong: str, planted: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ACTIVATIONS["tanh"]
    witness(planted, graph_of(planted))
    changed = replace(row, derivative=wrong)
    monkeypatch.setitem(ACTIVATIONS, "tanh", changed)
    assert caught(witness, planted)


@of_rows
def test_a_wrong_derivative_of_a_loss_is_caught(
    witness: Callable[..., None], planted: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = LOSSES["half_squared_error"]
    for wrong in ("t - y", "-2 * (t - y)", "-(t + y)"):
        changed = replace(row, derivative=wrong, derivative_output_first=wrong)
        monkeypatch.setitem(LOSSES, row.name, changed)
        assert caught(witness, planted)


@chains
@witnesses
def test_a_missing_path_is_caught(
    witness: Callable[..., None], chain: Chain, planted: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = module._Gradients._products

    def short(self: Any, source: str, name: str) -> Any:
        products = whole(self, source, name)
        return products[:-1] if len(products) > 1 else products

    monkeypatch.setattr(module._Gradients, "_products", short)
    assert caught(witness, planted, chain)


@witnesses
def test_a_wrong_sign_in_a_sum_is_caught(
    witness: Callable[..., None], planted: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = module._sum

    def wrong(products: Any) -> Any:
        made = right(products)
        return Add((*made.terms[:-1], Neg(made.terms[-1]))) if isinstance(made, Add) else made

    monkeypatch.setattr(module, "_sum", wrong)
    assert caught(witness, planted)


def test_a_wrong_sign_in_an_update_is_caught(planted: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    row = optimizers.OPTIMIZERS["sgd"]
    monkeypatch.setitem(optimizers.OPTIMIZERS, "sgd", replace(row, lines={"p": "p + eta * g"}))
    assert caught(held_against_the_updates, planted)


def test_updating_hidden_weights_with_changed_output_weights_is_caught(
    planted: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classic slip: the last layer's weights are moved first, and the hidden gradients use the moved ones."""
    graph = graph_of(planted)
    first = trace(graph, ROUNDING)
    moved = {name: Fraction(first.full(f"{name}_new")) for name in planted["layers"][1]["units"]["u2n0"].values()}
    slipped = trace(graph, ROUNDING, moved)
    assert not close(exactly(slipped.values["w0_new"]), exactly(first.values["w0_new"]), 6)


# --- updates and training ------------------------------------------------------------------------------------------


SQUARES = ("half_squared_error", "squared_error")


def slope(name: str, at: float) -> float:
    """An activation's derivative at a number, by a complex step on the row's formula."""
    return float(complex(value(ACTIVATIONS[name].formula, COMPLEX, x=complex(at, 1e-40))).imag / 1e-40)


def plain_loop(data: Data, iterations: int) -> tuple[list[float], dict[str, float]]:
    """Backpropagation as a textbook's program: deltas, layer by layer from the last to the first."""
    numbers = {name: number.real for name, number in start(data, COMPLEX).items()}
    factor = 2.0 if data["loss"] == "squared_error" else 1.0
    losses = []
    for iteration in range(iterations + 1):
        values = {name: complex(number).real for name, number in forward(data, numbers, COMPLEX).items()}
        losses.append(values["E_total"])
        if iteration == iterations:
            return losses, values
        gradient = dict.fromkeys(trained(data), 0.0)
        upstream: dict[str, float] = {}
        for target, unit in zip(data["targets"], data["layers"][-1]["units"], strict=True):
            upstream[unit] = factor * (values[f"out_{unit}"] - values[target])
        for layer in reversed(data["layers"]):
            for unit, weights in layer["units"].items():
                delta = upstream.get(unit, 0.0) * slope(layer["activation"], values[f"net_{unit}"])
                for source, weight in weights.items():
                    upstream[source] = upstream.get(source, 0.0) + delta * values[weight]
                    if weight in gradient:
                        gradient[weight] += delta * values[f"out_{source}" if f"out_{source}" in values else source]
                bias = layer.get("bias")
                bias = bias.get(unit) if isinstance(bias, dict) else bias
                if bias in gradient:
                    gradient[bias] += delta
        for name, number in gradient.items():
            numbers[name] -= numbers["eta"] * number
    raise AssertionError


@settings(QUICK, max_examples=20)
@given(data=networks(layers=2, units=3, activations=["logistic", "tanh"], losses=SQUARES))
def test_training_is_that_of_a_plain_loop(data: Data) -> None:
    iterations = 12
    losses, values = plain_loop(data, iterations)
    history = train(graph_of(data), iterations, (3,), ROUNDING)
    assert list(history.rows) == [0, 3, iterations]
    for found, expected in zip(history.losses, losses, strict=True):
        assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)
    for name, number in history.rows[iterations].items():
        assert math.isclose(float(exactly(number)), values[name], rel_tol=1e-9, abs_tol=1e-12), name


@pytest.mark.parametrize(("activation", "seed"), [("logistic", 7), ("tanh", 7), ("relu", 1), ("identity", 7)])
def test_a_thousand_updates_are_those_of_a_plain_loop(activation: str, seed: int) -> None:
    data = {**dense([2, 2, 2], activation, seed), "trained": "all", "loss": "squared_error"}
    losses, values = plain_loop(data, 1000)
    history = train(graph_of(data, Chain.TERMS), 1000, (1000,), ROUNDING)
    assert len(history.losses) == 1001
    assert history.losses[1000] < history.losses[0]
    assert all(math.isclose(*pair, rel_tol=1e-7, abs_tol=1e-14) for pair in zip(history.losses, losses, strict=True))
    assert all(
        math.isclose(float(exactly(number)), values[name], rel_tol=1e-7, abs_tol=1e-14)
        for name, number in history.rows[1000].items()
    )


@needs_torch
@pytest.mark.parametrize("seed", range(3))
def test_training_is_that_of_torch_sgd(seed: int) -> None:
    import torch

    data = random_network(seed, activations=["logistic", "tanh"], losses=SQUARES)
    space = torch_space()
    numbers = start(data, space)
    parameters = [numbers[name].requires_grad_(True) for name in trained(data)]
    optimizer = torch.optim.SGD(parameters, lr=float(numbers["eta"]))
    history = train(graph_of(data), 50, (), ROUNDING)
    for expected in history.losses:
        optimizer.zero_grad()
        loss = forward(data, numbers, space)["E_total"]
        assert math.isclose(float(loss.detach()), expected, rel_tol=1e-9, abs_tol=1e-12)
        loss.backward()
        optimizer.step()


def test_training_zero_times_is_the_start() -> None:
    graph = graph_of({**dense([2, 2, 1]), "trained": "all"})
    found = trace(graph, ROUNDING)
    history = train(graph, 0, (), ROUNDING)
    assert list(history.rows) == [0]
    assert all(same(number, found.values[name]) for name, number in history.rows[0].items())


def test_one_update_of_training_is_the_update() -> None:
    graph = graph_of({**dense([3, 3, 2]), "trained": "all"})
    found = trace(graph, ROUNDING)
    row = train(graph, 1, (1,), ROUNDING).rows[1]
    assert all(same(number, found.values[updated_name(name)]) for name, number in row.items())


@pytest.mark.parametrize("iterations", [600, 3000])
def test_training_that_diverges_says_so(iterations: int) -> None:
    data = {**dense([1, 1], "identity"), "trained": "all", "learning_rate": {"eta": "30"}}
    with pytest.raises(SolveError, match="diverges"):
        train(graph_of(data), iterations, (iterations,), ROUNDING)


def test_training_decides_digits_that_errors_in_the_start_would_spoil() -> None:
    """Large steps double an error at every update: a hundred of them eat all 128 bits of the first attempt."""
    data = {**dense([1, 2, 1], "tanh", seed=5), "trained": "all", "learning_rate": {"eta": "8"}}
    row = train(graph_of(data), 150, (150,), Rounding(decimals=12)).rows[150]
    low, high = bounds(row["E_total"])
    assert high - low < Fraction(1, 10**12)


def test_graph_order_and_roles() -> None:
    """Givens, forward, loss, then gradients from the last layer to the first, updates, and what follows them."""
    graph = graph_of({**dense([2, 2, 2]), "trained": "all"})
    roles = list(dict.fromkeys(quantity.role for quantity in graph))
    assert roles[:3] == [Role.GIVEN, Role.FORWARD, Role.LOSS]
    assert set(roles[3:5]) == {Role.LOCAL, Role.GRADIENT}
    assert roles[5:] == [Role.UPDATE, Role.AFTER]
    names = [quantity.name for quantity in graph]
    assert names.index("dE_total/dw4") < names.index("dE_total/dw0")
    assert infix(graph["w0_new"].formula or Num(Fraction(0))) == "w0 - eta * dE_total/dw0"
    assert graph["w0_new"].formula == Add((Ref("w0"), Neg(graph["w0_new"].formula.terms[1].body)))


def test_the_definition_is_not_changed_by_working_it() -> None:
    data = {**dense([2, 2, 2]), "trained": "all"}
    definition = checked(data)
    before = definition.model_dump()
    graph = graph_of(data)
    size = len(graph)
    trace(graph, ROUNDING)
    assert isinstance(definition, Definition)
    assert definition.model_dump() == before
    assert len(graph) == size
    assert isinstance(trace(graph, ROUNDING), Trace)


# --- a layer whose units know each other ---------------------------------------------------------------------------


def softmax_graph(z: list[str], targets: list[str]) -> Graph:
    """Weights that are logits, their shares, and the cross-entropy with the targets."""
    places = range(1, len(z) + 1)
    kinds = {f"{letter}{n}": kind for letter, kind in (("z", "weight"), ("t", "target")) for n in places}
    given_ = [Quantity(name, Role.GIVEN, Label(kind, name)) for name, kind in {**kinds, "eta": "rate"}.items()]
    logits = tuple(Ref(f"z{n}") for n in places)
    made = [
        Quantity(f"p{n}", Role.FORWARD, Label("post", f"p{n}"), Call("softmax", (Ref(f"z{n}"), *logits)), "activation")
        for n in places
    ]
    for n in places:
        call = Call("cross_entropy", (Ref(f"t{n}"), Ref(f"p{n}")))
        made.append(Quantity(f"E{n}", Role.LOSS, Label("term", f"E{n}"), call, "error"))
    total = Add(tuple(Ref(f"E{n}") for n in places))
    made.append(Quantity("E", Role.LOSS, Label("loss", "E"), total, "total"))
    numbers = {**{f"z{n}": Fraction(z[n - 1]) for n in places}, **{f"t{n}": Fraction(targets[n - 1]) for n in places}}
    trained_ = tuple(f"z{n}" for n in places)
    return Graph((*given_, *made), {**numbers, "eta": Fraction(1, 10)}, "E", trained_, "eta")


@needs_torch
@chains
@pytest.mark.parametrize("z", [["0.5", "-1.25", "2"], ["3", "3", "3"], ["1000", "998", "-1000"]])
def test_softmax_with_cross_entropy_is_torchs(z: list[str], chain: Chain) -> None:
    """The gradient for each logit is p - t, whether or not a local derivative finds its sibling."""
    import torch

    targets = ["0.25", "0.75", "0"]
    graph = backward(softmax_graph(z, targets), chain)
    logits = torch.tensor([float(text) for text in z], dtype=torch.float64, requires_grad=True)
    wanted = torch.tensor([float(text) for text in targets], dtype=torch.float64)
    loss = torch.nn.functional.cross_entropy(logits, wanted)
    loss.backward()
    found = trace(graph, ROUNDING)
    assert math.isclose(float(found.full("E")), float(loss.detach()), rel_tol=1e-12)
    for number, gradient in enumerate(logits.grad.tolist(), 1):
        assert math.isclose(float(found.full(f"dE/dz{number}")), gradient, rel_tol=1e-12, abs_tol=1e-15)
    if "1000" not in z:  # where a share underflows to zero, double precision has no quotient t/p
        fast = solve(graph)
        assert all(math.isclose(fast[name][0], float(found.full(name)), abs_tol=1e-14) for name in fast)


def test_a_local_derivative_of_softmax_names_its_sibling_where_it_is_told() -> None:
    graph = softmax_graph(["0.5", "-1.25", "2"], ["1", "0", "0"])
    names = {quantity.formula: quantity.name for quantity in graph if quantity.formula is not None}
    assert infix(derivative(graph["p1"], "z1", names.get)) == "p1 * (1 - p1)"
    values = trace(graph, ROUNDING).values
    with precision(200):
        told, alone = (derivative(graph["p1"], "z2", find) for find in (names.get, None))
        assert same(evaluate(told, values.__getitem__), evaluate(alone, values.__getitem__))
    assert set(references(told)) == {"p1", "p2"}
