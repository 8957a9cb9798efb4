"""Matrices of formulas: their arithmetic against NumPy, their shapes, and the tensors that a graph's layers have."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from networks import Data, dense, forward_graph, graph_of, networks

from generator.errors import FormulaError, GraphError
from generator.exact import evaluate
from generator.formula import (
    Add,
    Blank,
    Call,
    Dots,
    Formula,
    Hadamard,
    MatMul,
    Matrix,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Transpose,
    num,
    references,
)
from generator.graph import Graph, Label, Role, Tensor
from generator.infix import infix, parse
from generator.layers import loss_operands, with_layers
from generator.notation import Chain
from generator.solve import solve
from generator.tensors import Room, entrywise, filled_in, in_matrices, put_in, shown_of

Array = np.ndarray[Any, np.dtype[Any]]


def tensor(name: str, high: int, wide: int) -> Tensor:
    entries = tuple(tuple(f"{name}{row}{column}" for column in range(wide)) for row in range(high))
    return Tensor(name, Role.GIVEN, Label("weights", name), entries)


TENSORS = {t.name: t for t in (tensor("A", 2, 3), tensor("B", 2, 3), tensor("C", 3, 2), tensor("v", 3, 1))}
RNG = np.random.default_rng(5)
VALUES: dict[str, Fraction] = {
    name: Fraction(int(n), 7)
    for t in TENSORS.values()
    for name, n in zip(t.names, RNG.integers(-30, 30, len(t.names)), strict=True)
} | {"s": Fraction(3, 2)}


def array(name: str) -> Array:
    return np.array([[VALUES[entry] for entry in row] for row in TENSORS[name].entries], dtype=object)


def worked(tree: Formula) -> Array:
    made = entrywise(tree, TENSORS)
    rows = made.rows if isinstance(made, Matrix) else ((made,),)
    return np.array([[evaluate(entry, VALUES.__getitem__) for entry in row] for row in rows], dtype=object)


A, B, C, v = (Ref(name) for name in "ABCv")
s = Ref("s")


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        (MatMul((A, C)), lambda: array("A") @ array("C")),
        (MatMul((A, C, A)), lambda: array("A") @ array("C") @ array("A")),
        (Mul((A, v)), lambda: array("A") @ array("v")),  # side by side on a page, a product of matrices
        (Mul((s, A, v)), lambda: VALUES["s"] * (array("A") @ array("v"))),
        (Add((A, Neg(B))), lambda: array("A") - array("B")),
        (Hadamard((A, B, A)), lambda: array("A") * array("B") * array("A")),
        (Transpose(MatMul((A, C))), lambda: (array("A") @ array("C")).T),
        (Mul((s, A)), lambda: VALUES["s"] * array("A")),
        (Add((num(1), Neg(A))), lambda: 1 - array("A")),
        (Call("max", (num(0), A)), lambda: np.maximum(0, array("A"))),
        (MatMul((Transpose(v), v)), lambda: array("v").T @ array("v")),
        (Matrix(((s, num(2)),)), lambda: np.array([[VALUES["s"], 2]], dtype=object)),
    ],
    ids=lambda value: infix(value) if not callable(value) else "",
)
def test_entries_are_what_matrix_arithmetic_gives(tree: Formula, wanted: Any) -> None:
    assert (worked(tree) == wanted()).all()
    assert worked(tree).shape == wanted().shape


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (MatMul((A, B)), "`A @ B` multiplies 2 × 3 by 2 × 3: expected 3 rows"),
        (MatMul((v, A)), "multiplies 3 × 1 by 2 × 3: expected 1 rows"),
        (Add((A, C)), "`A + C` puts matrices of different shapes together: 2 × 3 and 3 × 2"),
        (Hadamard((A, v)), "different shapes together: 2 × 3 and 3 × 1"),
        (Pow(A, num(2)), "raises a matrix to a power"),
        (Matrix(((A,),)), "a matrix stands inside"),
    ],
    ids=lambda value: infix(value) if not isinstance(value, str) else "",
)
def test_shapes_that_do_not_fit_are_named(tree: Formula, why: str) -> None:
    with pytest.raises(FormulaError) as error:
        entrywise(tree, TENSORS)
    assert why in str(error.value)


def test_a_scalar_stays_as_it_is() -> None:
    assert entrywise(parse("s * (1 - s)"), TENSORS) == parse("s * (1 - s)")


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["A00 * (1 - A00)", "A01 * (1 - A01)", "A02 * (1 - A02)"], Hadamard((A, Add((num(1), Neg(A)))))),
        (["1 - A00**2", "1 - A01**2", "1 - A02**2"], Add((num(1), Neg(Hadamard((A, A)))))),
        (["2 * A00", "2 * A01", "2 * A02"], Mul((num(2), A))),
        (["A00 - B00", "A01 - B01", "A02 - B02"], Add((A, Neg(B)))),
        (["A00 - B00", "A01 - B02", "A02 - B01"], None),  # not the same at every entry
        (["1 if A00 > 0 else 0", "1 if A01 > 0 else 0", "1 if A02 > 0 else 0"], None),
        (["A00**3", "A01**3", "A02**3"], None),
        (["1 / A00", "1 / A01", "1 / A02"], None),
    ],
)
def test_what_entries_say_is_said_of_matrices(texts: list[str], wanted: Formula | None) -> None:
    found = in_matrices((tuple(map(parse, texts)),), TENSORS.values())
    assert found == wanted
    if found is not None:
        entries = [evaluate(parse(text), VALUES.__getitem__) for text in texts]
        assert list(worked(found)[0]) == entries


# --- what is shown ---


def test_dots_stand_for_the_inner_rows_and_columns() -> None:
    entries = tensor("W", 12, 9).entries
    shown = shown_of(entries, Room(8, 5))
    assert [row[0] for row in shown] == ["W00", "W10", "W20", Dots("⋮"), "W110"]
    assert shown[0] == ("W00", "W01", "W02", Dots("⋯"), "W08")
    assert shown[3] == (Dots("⋮"), Dots("⋮"), Dots("⋮"), Dots("⋱"), Dots("⋮"))
    assert shown_of(entries, Room(12, 9)) == entries


def test_more_digits_leave_less_room() -> None:
    assert [Room.of(digits).wide for digits in (0, 4, 9, 100)] == [10, 6, 4, 4]


def test_numbers_are_put_in_and_transposes_carried_out() -> None:
    def leaf(name: str) -> Num:
        return Num(VALUES[name])

    room = Room(8, 8)
    found = put_in(Add((MatMul((Transpose(v), C)), s)), TENSORS, leaf, room)
    turned = Matrix((tuple(leaf(name) for name in TENSORS["v"].names),))
    assert found == Add((MatMul((turned, filled_in(TENSORS["C"].entries, leaf, room))), leaf("s")))
    assert (worked(found) == array("v").T @ array("C") + VALUES["s"]).all()


# --- the graph's tensors ---


def test_a_graph_refuses_tensors_that_are_none() -> None:
    graph = forward_graph(dense((2, 2)))
    good = graph.tensors[0]
    for wrong, why in (
        (Tensor("y:1", Role.GIVEN, Label("inputs"), (("nothing",),)), "holds `nothing`"),
        (Tensor("x0", Role.GIVEN, Label("inputs"), (("x0",),)), "is taken"),
        (Tensor("y:1", Role.FORWARD, Label("pres"), (("x0",),), Ref("z:later")), "uses `z:later`"),
        (good, "is taken"),
    ):
        with pytest.raises(GraphError, match=why):
            Graph(graph.quantities, graph.givens, graph.loss, tensors=(good, wrong))


def agree(graph: Graph) -> None:
    """Every tensor's formula, worked in NumPy's matrix arithmetic, gives the values of its entries."""
    values = {name: found[0] for name, found in solve(graph).items()}
    arrays = {t.name: np.array([[values[name] for name in row] for row in t.entries]) for t in graph.tensors}

    def work(tree: Formula) -> Any:
        match tree:
            case Num(value):
                return float(value)
            case Ref(name):
                return arrays[name] if name in arrays else values[name]
            case Add(terms):
                return sum(map(work, terms))
            case Neg(body):
                return -work(body)
            case Mul(factors):
                return np.prod(np.array([work(f) for f in factors[:-1]])) * work(factors[-1])
            case MatMul((left, right)):
                return work(left) @ work(right)
            case Hadamard((left, right)):
                return work(left) * work(right)
            case Transpose(body):
                return work(body).T
            case Call("logistic", (body,)):
                return 1 / (1 + np.exp(-work(body)))
            case Call("tanh", (body,)):
                return np.tanh(work(body))
            case Call("relu", (body,)):
                return np.maximum(0, work(body))
            case Call("identity", (body,)):
                return work(body)
        raise AssertionError(tree)

    for made in graph.tensors:
        if made.formula is not None:
            np.testing.assert_allclose(work(made.formula), arrays[made.name], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("vectors", ["column", "row"])
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu", "identity"])
@pytest.mark.parametrize("sizes", [(2, 3, 2), (1, 1), (3, 2, 4, 1)])
def test_tensors_say_what_the_scalars_say(sizes: tuple[int, ...], activation: str, vectors: str) -> None:
    graph = graph_of({**dense(sizes, activation), "vectors": vectors}, Chain.DELTA)
    agree(graph)
    last = f"layer{len(sizes) - 1}"
    weights = graph.tensor[f"W:{last}"]
    shape = (len(weights.entries), len(weights.entries[0]))
    assert shape == ((sizes[-1], sizes[-2]) if vectors == "column" else (sizes[-2], sizes[-1]))
    for kind in "Wb":
        for number in range(1, len(sizes)):
            assert f"dE_total/d{kind}:layer{number}" in graph.tensor
            assert f"{kind}:layer{number}_new" in graph.tensor
    assert loss_operands(graph) == ("half_squared_error", graph.tensor["t:targets"], graph.tensor[f"h:{last}"])


@given(data=networks(layers=2, units=3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_tensors_of_any_network_agree_with_its_scalars(data: Data) -> None:
    agree(graph_of(data, Chain.DELTA))


def changed(**changes: Any) -> Data:
    return {**dense((2, 2, 2)), **changes}


def test_what_matrices_cannot_say_has_no_tensors() -> None:
    data = dense((2, 2, 2))
    first, second = data["layers"]
    assert forward_graph(data).tensors
    part = {unit: dict(fed) for unit, fed in first["units"].items()}
    del part["u1n0"]["x0"]
    weights = {name: value for name, value in data["weights"].items() if name != "w0"}
    assert not forward_graph(changed(layers=[{**first, "units": part}, second], weights=weights)).tensors
    tied = {
        unit: {source: name.replace("w5", "w4") for source, name in fed.items()}
        for unit, fed in second["units"].items()
    }
    weights = {name: value for name, value in data["weights"].items() if name != "w5"}
    assert not forward_graph(changed(layers=[first, {**second, "units": tied}], weights=weights)).tensors
    assert not forward_graph(changed(trained=("w0",))).tensors
    biases = {name: value for name, value in data["biases"].items() if name != "b1"}
    assert not forward_graph(changed(layers=[{**first, "bias": {"u1n0": "b0"}}, second], biases=biases)).tensors
    assert forward_graph(changed(trained="weights")).tensors
    assert forward_graph(changed(trained=("b2", "b3"))).tensors


def test_one_bias_for_a_layer_stands_at_every_entry() -> None:
    data = dense((2, 2))
    (layer,) = data["layers"]
    graph = graph_of({**data, "layers": [{**layer, "bias": "b0"}], "biases": {"b0": "0.5"}}, Chain.DELTA)
    assert graph.tensor["b:layer1"].entries == (("b0",), ("b0",))
    assert graph.tensor["b:layer1_new"].entries == (("b0_new",), ("b0_new",))
    assert "dE_total/db:layer1" not in graph.tensor  # its gradient is a sum, and no vector
    agree(graph)


def test_the_order_in_which_a_unit_names_its_inputs_is_free() -> None:
    data = dense((2, 2))
    (layer,) = data["layers"]
    turned = {unit: dict(reversed(fed.items())) for unit, fed in layer["units"].items()}
    graph = forward_graph({**data, "layers": [{**layer, "units": turned}]})
    assert graph.tensor["W:layer1"].entries == (("w0", "w1"), ("w2", "w3"))


def test_tensors_are_found_in_the_graph_alone() -> None:
    graph = forward_graph(dense((2, 3, 1)))
    assert with_layers(graph, "column") == graph
    assert with_layers(graph, "row").tensor["W:layer1"].entries == tuple(
        zip(*graph.tensor["W:layer1"].entries, strict=True)
    )


def test_matrices_in_messages() -> None:
    tree = Add((MatMul((Transpose(A), Add((B, C)))), Neg(Hadamard((Matrix(((num(1), Blank(2, 3)),)), v)))))
    assert infix(tree) == "A.T @ (B + C) - [[1, [2]]] ⊙ v"
    assert references(tree) == ("A", "B", "C", "v")
