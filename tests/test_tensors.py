"""Matrices of formulas: their arithmetic against NumPy, their shapes, and the tensors that a graph's layers have."""

from __future__ import annotations

import functools
import math
import operator
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from networks import Data, batches, dense, forward_graph, networks, yaml_text

from generator.derive.equations import Equations
from generator.derive.matrix_equations import MatrixEquations
from generator.errors import DefinitionError, FormulaError, GraphError
from generator.formula.infix import infix, parse
from generator.formula.tree import (
    Add,
    Blank,
    Call,
    Div,
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
from generator.graph.layers import with_layers
from generator.graph.quantities import Graph, Label, Role, Tensor
from generator.lifting.tensors import Room, entrywise, filled_in, put_in, shown_of
from generator.pipeline import load_worked
from generator.solve.exact import evaluate
from generator.solve.traces import solve

Array = np.ndarray[Any, np.dtype[Any]]


def tensor(name: str, high: int, wide: int) -> Tensor:
    entries = tuple(tuple(f"{name}{row}{column}" for column in range(wide)) for row in range(high))
    return Tensor(name, Label("weights", name), entries)


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


def test_numbers_that_are_always_there() -> None:
    ones = {"1:2": Tensor("1:2", Label("ones", index="2"), (("1",), ("1",))), **TENSORS}
    summed = entrywise(MatMul((Transpose(Ref("1:2")), A)), ones)
    assert isinstance(summed, Matrix)
    assert evaluate(summed.rows[0][0], VALUES.__getitem__) == VALUES["A00"] + VALUES["A10"]
    assert filled_in((("1", "A00"), ("0", "A01")), Ref, Room.everything()).rows[1] == (num(0), Ref("A01"))


@pytest.mark.parametrize("down", [True, False])
def test_a_vector_function_is_of_each_column_or_of_each_row(down: bool) -> None:
    made = entrywise(Call("softmax", (A,)), TENSORS, down)
    assert isinstance(made, Matrix)
    line = ("A01", "A11") if down else ("A00", "A01", "A02")
    assert made.rows[0][1] == Call("softmax", (Ref("A01"), *map(Ref, line)))


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
        (Tensor("y:1", Label("inputs"), (("nothing",),)), "holds `nothing`"),
        (Tensor("x0", Label("inputs"), (("x0",),)), "is taken"),
        (good, "is taken"),
    ):
        with pytest.raises(GraphError, match=why):
            Graph(graph.quantities, graph.givens, graph.loss, tensors=(good, wrong))


def lifted(data: Data) -> MatrixEquations:
    """The equations in matrices of a definition."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(yaml_text(data), encoding="utf-8")
        worked = load_worked(path, "matrix")
    scalars = Equations(worked.graph, worked.trace, worked.writer)
    return MatrixEquations(worked.graph, worked.trace, worked.writer, scalars)


def agree(found: MatrixEquations) -> int:
    """Every formula over tensors, worked in NumPy's matrix arithmetic, gives the entries; how many there are."""
    graph, count = found.graph, 0
    values = {name: array[0] for name, array in solve(graph).items()}
    arrays = {t.name: np.array([[values.get(n, n) for n in row] for row in t.entries], float) for t in graph.tensors}

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
                return math.prod(map(work, factors[:-1])) * work(factors[-1])
            case Div(top, bottom):
                return work(top) / work(bottom)
            case Pow(base, exponent):
                return work(base) ** work(exponent)
            case MatMul(factors):
                return functools.reduce(operator.matmul, map(work, factors))
            case Hadamard(factors):
                assert len({work(factor).shape for factor in factors}) == 1
                return math.prod(map(work, factors))
            case Transpose(body):
                return work(body).T
            case Call("softmax", (body,)):
                axis = 0 if graph.vectors == "column" else 1
                return np.exp(work(body)) / np.exp(work(body)).sum(axis=axis, keepdims=True)
            case Call(name, args):
                return FUNCTIONS[name](*map(work, args))
        raise AssertionError(tree)

    for made in (*graph.tensors, *(quantity for quantity in graph if quantity.formula is not None)):
        formula = found.formula(made.name)
        if formula is not None:
            count += 1
            wanted = arrays[made.name] if made.name in arrays else values[made.name]
            np.testing.assert_allclose(work(formula), wanted, rtol=1e-9, atol=1e-12)
    return count


FUNCTIONS: dict[str, Any] = {
    "logistic": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh, "relu": lambda x: np.maximum(0, x),
    "identity": lambda x: x, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs, "max": np.maximum,
    "min": np.minimum, "softplus": lambda x: np.log1p(np.exp(x)), "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": np.vectorize(lambda x: x / 2 * (1 + math.erf(x / math.sqrt(2)))), "erf": np.vectorize(math.erf),
    "pi": lambda: math.pi, "sign": np.sign, "cosh": np.cosh,
}  # fmt: skip


@pytest.mark.parametrize("vectors", ["column", "row"])
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu", "identity"])
@pytest.mark.parametrize("sizes", [(2, 3, 2), (1, 1), (3, 2, 4, 1)])
def test_tensors_say_what_the_scalars_say(sizes: tuple[int, ...], activation: str, vectors: str) -> None:
    found = lifted({**dense(sizes, activation), "vectors": vectors})
    assert agree(found) > 4 * len(sizes)
    graph, last = found.graph, f"layer{len(sizes) - 1}"
    weights = graph.tensor[f"W:{last}"]
    shape = (len(weights.entries), len(weights.entries[0]))
    assert shape == ((sizes[-1], sizes[-2]) if vectors == "column" else (sizes[-2], sizes[-1]))
    for kind in "Wb":
        for number in range(1, len(sizes)):
            for name in (f"dE_total/d{kind}:layer{number}", f"{kind}:layer{number}_new"):
                assert found.formula(name) is not None
    assert found.formula("E_total", errors=True) is not None


@given(data=networks(layers=2, units=3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_tensors_of_any_network_agree_with_its_scalars(data: Data) -> None:
    try:
        found = lifted(data)
    except DefinitionError as error:
        if "too small to be written out" not in str(error):  # as of an activation far from zero
            raise
        reject()
    agree(found)


@given(data=batches())
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_tensors_of_any_batch_and_optimizer_agree_with_its_scalars(data: Data) -> None:
    found = lifted(data)
    assert agree(found) >= 10  # so many has a single unit with one weight
    for tensor in found.graph.tensors:  # whatever is worked for whole layers is said of whole layers
        if tensor.role is not Role.GIVEN and tensor.role is not Role.LOCAL:
            assert found.formula(tensor.name) is not None, tensor.name


def changed(**changes: Any) -> Data:
    return {**dense((2, 2, 2)), **changes}


def test_what_stands_in_no_tensor_stays_a_number() -> None:
    data = dense((2, 2, 2))
    first, second = data["layers"]
    part = {unit: dict(fed) for unit, fed in first["units"].items()}
    del part["u1n0"]["x0"]
    weights = {name: value for name, value in data["weights"].items() if name != "w0"}
    found = lifted(changed(layers=[{**first, "units": part}, second], weights=weights))
    assert "W:layer1" not in found.graph.tensor  # not every unit is fed by both inputs
    assert found.formula("z:layer1") is None
    assert found.formula("z:layer2") == Add((MatMul((Ref("W:layer2"), Ref("h:layer1"))), Ref("b:layer2")))
    tied = {
        unit: {source: name.replace("w5", "w4") for source, name in fed.items()}
        for unit, fed in second["units"].items()
    }
    weights = {name: value for name, value in data["weights"].items() if name != "w5"}
    found = lifted(changed(layers=[first, {**second, "units": tied}], weights=weights))
    assert "W:layer2" not in found.graph.tensor  # a weight has two places in it
    assert "W:layer1" in found.graph.tensor
    found = lifted(changed(trained=("w0",)))
    assert "W:layer1" in found.graph.tensor
    assert "dE_total/dW:layer1" not in found.graph.tensor  # the others have no gradient


def test_weights_that_are_those_of_another_layer_turned_round() -> None:
    data = dense((2, 2, 2))
    first, second = data["layers"]
    own = {f"w{4 + place}": name for place, name in enumerate(("w0", "w2", "w1", "w3"))}
    tied = {unit: {source: own[name] for source, name in fed.items()} for unit, fed in second["units"].items()}
    weights = {name: data["weights"][name] for name in own.values()}
    found = lifted(changed(layers=[first, {**second, "units": tied}], weights=weights))
    forward = MatMul((Transpose(Ref("W:layer1")), Ref("h:layer1")))
    assert found.formula("z:layer2") == Add((forward, Ref("b:layer2")))
    back = {f"dE_total/dz:layer{number}": Ref(f"dE_total/dz:layer{number}") for number in (1, 2)}
    one, two = back.values()
    uses = (MatMul((one, Transpose(Ref("x:inputs")))), MatMul((Ref("h:layer1"), Transpose(two))))
    assert found.formula("dE_total/dW:layer1") in (Add(uses), Add(uses[::-1]))
    agree(found)


def test_one_bias_for_a_layer_is_a_number() -> None:
    data = dense((2, 2))
    (layer,) = data["layers"]
    found = lifted({**data, "layers": [{**layer, "bias": "b0"}], "biases": {"b0": "0.5"}})
    assert "b:layer1" not in found.graph.tensor
    assert found.formula("z:layer1") == Add((MatMul((Ref("W:layer1"), Ref("x:inputs"))), Ref("b0")))
    gradient = MatMul((Transpose(Ref("1:2")), Ref("dE_total/dz:layer1")))
    assert found.formula("dE_total/db0") == gradient
    agree(found)


def test_a_unit_without_a_bias_has_a_zero_in_its_place() -> None:
    data = dense((2, 2))
    (layer,) = data["layers"]
    _, second = layer["bias"].values()
    found = lifted({**data, "layers": [{**layer, "bias": {"u1n1": second}}], "biases": {second: "0.5"}})
    assert found.graph.tensor["b:layer1"].entries == (("0",), (second,))
    assert found.formula("z:layer1") == Add((MatMul((Ref("W:layer1"), Ref("x:inputs"))), Ref("b:layer1")))
    agree(found)


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
