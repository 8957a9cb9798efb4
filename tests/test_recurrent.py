"""Recurrent networks: values and gradients against witnesses of their own, documents that are true, clear errors."""

from __future__ import annotations

import cmath
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.backward.passes import backward
from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.graph.quantities import Graph, derivative_name
from generator.kinds.recurrent.kind import STARTER, Definition, build, check
from generator.notation.writer import Chain
from generator.pipeline import load_worked
from generator.render.document import render
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth

Data = dict[str, Any]
Numbers = dict[str, Any]
Space = Mapping[str, Callable[[Any], Any]]

ROOT = Path(__file__).resolve().parents[1]
GATES = {"elman": ("",), "lstm": ("_i", "_f", "_g", "_o"), "gru": ("_r", "_z", "_n")}

# --- random definitions, as plain data ---


def _text(pick: Callable[[Sequence[Any]], Any]) -> str:
    return f"{pick(range(-12, 13)) / 10}"


def recipe(pick: Callable[[Sequence[Any]], Any], cell: str | None = None, width: int = 2) -> Data:
    """A definition with one to three time steps; every other choice is free."""
    cell = cell or pick(list(GATES))
    steps, size, hidden = pick([1, 2, 3]), pick(range(1, width + 1)), pick(range(1, width + 1))
    columns = pick([True, False])

    def matrix(rows: int, across: int) -> list[list[str]]:
        rows, across = (rows, across) if columns else (across, rows)
        return [[_text(pick) for _ in range(across)] for _ in range(rows)]

    weights: Data = {}
    for gate in GATES[cell]:
        weights |= {f"W{gate}": matrix(hidden, size), f"U{gate}": matrix(hidden, hidden)}
        if pick([True, False]):
            weights[f"b{gate}"] = [_text(pick) for _ in range(hidden)]
    data: Data = {
        "kind": "recurrent",
        "title": "made",
        "cell": cell,
        "vectors": "columns" if columns else "rows",
        "inputs": [[_text(pick) for _ in range(size)] for _ in range(steps)],
        "weights": weights,
    }
    if cell == "gru":
        data |= {"reset": pick(["after", "before"]), "update": pick(["keeps", "admits"])}
        if data["reset"] == "after" and pick([True, False]):
            weights["b_hn"] = [_text(pick) for _ in range(hidden)]
    outputs = hidden
    if pick([True, False]):
        outputs = pick(range(1, width + 1))
        weights["V"] = matrix(outputs, hidden)
        weights["b_y"] = [_text(pick) for _ in range(outputs)]
        data["output_activation"] = pick(["identity", "logistic"])
    data["activation"] = pick(["tanh", "tanh", "logistic", "identity"])
    if pick([True, False]):
        data["initial"] = {"h": [_text(pick) for _ in range(hidden)]}
    chosen = [step for step in range(1, steps + 1) if pick([True, False])] or [steps]
    data["targets"] = {str(step): [_text(pick) for _ in range(outputs)] for step in chosen}
    data["loss"] = pick(["half_squared_error", "squared_error"])
    data["over_time"] = pick(["sum", "mean"])
    data["learning_rate"] = {"eta": "0.5"}
    data["wanted"] = ["x", "h", *(["c"] if cell == "lstm" else [])]
    return data


@st.composite
def definitions(draw: st.DrawFn, /, **options: Any) -> Data:
    return recipe(lambda choices: draw(st.sampled_from(choices)), **options)


def made(seed: int, **options: Any) -> Data:
    return recipe(random.Random(seed).choice, **options)


def graph_of(data: Data, chain: Chain = Chain.FACTORS) -> Graph:
    definition = Definition.model_validate(data)
    assert not list(check(definition))
    return backward(build(definition), chain)


# --- a witness: the recurrences as textbooks write them, over the data and any arithmetic ---

FLOATS: Space = {
    "number": lambda text: complex(float(text)), "tanh": cmath.tanh, "identity": lambda x: x,
    "logistic": lambda x: 1 / (1 + cmath.exp(-x)),
}  # fmt: skip
SYMPY: Space = {
    "number": sympy.Rational, "tanh": sympy.tanh, "identity": lambda x: x,
    "logistic": lambda x: 1 / (1 + sympy.exp(-x)),
}  # fmt: skip


def entries(data: Data) -> dict[str, str]:
    """Every given that can move a loss, by the name that it has in a graph."""
    found: dict[str, str] = {}

    def add(name: str, rows: list[list[str]], suffix: str = "") -> None:
        for i, row in enumerate(rows, 1):
            for j, text in enumerate(row, 1):
                index = [str(n) for n, size in ((i, len(rows)), (j, len(row))) if size > 1]
                found["_".join((name, *index)) + suffix] = text

    for name, rows in data["weights"].items():
        add(name, rows if isinstance(rows[0], list) else [rows])
    for step, row in enumerate(data["inputs"], 1):
        add("x", [row], f"_t{step}")
    zeros = ["0"] * hidden_size(data)
    add("h", [data.get("initial", {}).get("h", zeros)], "_t0")
    if data["cell"] == "lstm":
        add("c", [zeros], "_t0")
    return found


def hidden_size(data: Data) -> int:
    return len(data["weights"][f"U{GATES[data['cell']][0]}"])


def witness(data: Data, space: Space, numbers: Numbers) -> tuple[Numbers, Any]:
    """The states by name, and the loss."""
    n, found = hidden_size(data), {}
    weights, columns = data["weights"], data["vectors"] == "columns"

    def at(name: str, *places: tuple[int, int]) -> Any:
        return numbers["_".join((name, *(str(i + 1) for i, size in places if size > 1)))]

    def times(name: str, vector: list[Any]) -> list[Any]:
        rows = weights[name]
        height, width = len(rows), len(rows[0])
        out = height if columns else width
        return [
            sum(at(name, *(((i, height), (j, width)) if columns else ((j, height), (i, width)))) * v
                for j, v in enumerate(vector))
            for i in range(out)
        ]  # fmt: skip

    def bias(name: str, size: int = n) -> list[Any]:
        return [at(name, (i, size)) for i in range(size)] if name in weights else [0] * size

    def add(*vectors: list[Any]) -> list[Any]:
        return [sum(parts) for parts in zip(*vectors, strict=True)]

    def each(function: str, vector: list[Any]) -> list[Any]:
        return [space[function](v) for v in vector]

    def vector(name: str, size: int, step: int) -> list[Any]:
        return [numbers["_".join((name, *([str(i + 1)] if size > 1 else []))) + f"_t{step}"] for i in range(size)]

    squash, cell = data["activation"], data["cell"]
    h = vector("h", n, 0)
    c = vector("c", n, 0) if cell == "lstm" else []
    loss: Any = 0
    for step in range(1, len(data["inputs"]) + 1):
        x = vector("x", len(data["inputs"][0]), step)
        pre = {gate: add(times(f"W{gate}", x), times(f"U{gate}", h), bias(f"b{gate}")) for gate in GATES[cell]}
        if cell == "elman":
            h = each(squash, pre[""])
        elif cell == "lstm":
            i, f, o = (each("logistic", pre[gate]) for gate in ("_i", "_f", "_o"))
            g = each(squash, pre["_g"])
            c = [a * b + d * e for a, b, d, e in zip(f, c, i, g, strict=True)]
            h = [a * b for a, b in zip(o, each(squash, c), strict=True)]
        else:
            r, z = (each("logistic", pre[gate]) for gate in ("_r", "_z"))
            if data["reset"] == "before":
                inner = times("U_n", [a * b for a, b in zip(r, h, strict=True)])
            else:
                inner = [a * b for a, b in zip(r, add(times("U_n", h), bias("b_hn")), strict=True)]
            new = each(squash, add(times("W_n", x), inner, bias("b_n")))
            keep = z if data["update"] == "keeps" else [1 - gate for gate in z]
            h = [(1 - k) * a + k * b for k, a, b in zip(keep, new, h, strict=True)]
        for index, value in enumerate(h, 1):
            found["_".join(("h", *([str(index)] if n > 1 else []))) + f"_t{step}"] = value
        if str(step) in data["targets"]:
            y = h
            if "V" in weights:
                size = len(weights["b_y"])
                y = each(data["output_activation"], add(times("V", h), bias("b_y", size)))
            factor = space["number"]("0.5" if data["loss"] == "half_squared_error" else "1")
            for output, target in zip(y, data["targets"][str(step)], strict=True):
                loss = loss + factor * (output - space["number"](target)) ** 2
    mean = data.get("over_time") == "mean"
    return found, loss / space["number"](f"{len(data['targets'])}") if mean else loss


def complex_step(data: Data, name: str) -> float:
    numbers = {own: FLOATS["number"](text) for own, text in entries(data).items()}
    numbers[name] += 1e-60j
    return float(witness(data, FLOATS, numbers)[1].imag / 1e-60)


# --- values and gradients ---


@given(definitions())
@settings(max_examples=40)
def test_states_loss_and_gradients_agree_with_complex_step(data: Data) -> None:
    graph = graph_of(data)
    values = solve(graph)
    found, loss = witness(data, FLOATS, {name: FLOATS["number"](text) for name, text in entries(data).items()})
    for name, value in found.items():
        assert values[name][0] == pytest.approx(value.real, abs=1e-12)
    assert values["E_total"][0] == pytest.approx(loss.real, abs=1e-12)
    for name in entries(data):
        gradient = values[derivative_name("E_total", name)][0]
        assert gradient == pytest.approx(complex_step(data, name), abs=1e-11), name


@pytest.mark.parametrize("chain", Chain)
@pytest.mark.parametrize("cell", GATES)
def test_every_chain_style_gives_the_same_gradients(cell: str, chain: Chain) -> None:
    data = made(11, cell=cell)
    graph = graph_of(data, chain)
    values = solve(graph)
    for name in graph.trained:
        assert values[derivative_name("E_total", name)][0] == pytest.approx(complex_step(data, name), abs=1e-11)


@pytest.mark.parametrize("cell", GATES)
def test_gradients_are_those_of_the_expanded_expression(cell: str) -> None:
    data = made(3, cell=cell, width=1)
    values = solve(graph_of(data))
    texts = entries(data)
    for name in list(texts)[:4]:
        moved = sympy.Symbol("moved", real=True)
        numbers = {own: moved if own == name else sympy.Rational(text) for own, text in texts.items()}
        slope = sympy.diff(witness(data, SYMPY, numbers)[1], moved).subs(moved, sympy.Rational(texts[name]))
        assert values[derivative_name("E_total", name)][0] == pytest.approx(float(slope), abs=1e-12)


ORDER = {"elman": ("",), "lstm": ("_i", "_f", "_g", "_o"), "gru": ("_r", "_z", "_n")}  # of PyTorch's rows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cell", GATES)
def test_pytorch_has_the_same_cells_and_gradients(torch: Any, cell: str, seed: int) -> None:
    rng = random.Random(f"{cell}{seed}")

    def text() -> str:
        return f"{rng.randint(-12, 12) / 10}"

    n, m, steps = 2, 3, 3
    weights: Data = {}
    for gate in GATES[cell]:
        weights[f"W{gate}"] = [[text() for _ in range(m)] for _ in range(n)]
        weights[f"U{gate}"] = [[text() for _ in range(n)] for _ in range(n)]
        weights[f"b{gate}"] = [text() for _ in range(n)]
    if cell == "gru":
        weights["b_hn"] = [text() for _ in range(n)]
    data: Data = {
        "kind": "recurrent", "title": "made", "cell": cell, "weights": weights, "learning_rate": {"eta": "0.1"},
        "inputs": [[text() for _ in range(m)] for _ in range(steps)],
        "targets": {str(step): [text() for _ in range(n)] for step in (1, 3)},
    }  # fmt: skip
    values = solve(graph_of(data))

    def tensor(rows: Any) -> Any:
        return torch.tensor([[float(x) for x in row] if isinstance(row, list) else float(row) for row in rows])

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    try:
        module = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](m, n)
        with torch.no_grad():
            module.weight_ih_l0.copy_(torch.cat([tensor(weights[f"W{g}"]) for g in ORDER[cell]]))
            module.weight_hh_l0.copy_(torch.cat([tensor(weights[f"U{g}"]) for g in ORDER[cell]]))
            module.bias_ih_l0.copy_(torch.cat([tensor(weights[f"b{g}"]) for g in ORDER[cell]]))
            module.bias_hh_l0.zero_()
            if cell == "gru":
                module.bias_hh_l0[2 * n :] = tensor(weights["b_hn"])
        out = module(tensor(data["inputs"]))[0]
        loss = sum(0.5 * ((out[int(step) - 1] - tensor(row)) ** 2).sum() for step, row in data["targets"].items())
        loss.backward()
    finally:
        torch.set_default_dtype(torch.float32)
    assert values["E_total"][0] == pytest.approx(loss.item(), abs=1e-12)
    for place, gate in enumerate(ORDER[cell]):
        for i in range(n):
            row = place * n + i
            bias = values[derivative_name("E_total", f"b{gate}_{i + 1}")][0]
            assert bias == pytest.approx(float(module.bias_ih_l0.grad[row]), abs=1e-12)
            for letter, grads in (("W", module.weight_ih_l0.grad), ("U", module.weight_hh_l0.grad)):
                for j in range(grads.shape[1]):
                    name = derivative_name("E_total", f"{letter}{gate}_{i + 1}_{j + 1}")
                    assert values[name][0] == pytest.approx(float(grads[row, j]), abs=1e-12)
    if cell == "gru":
        inner = [values[derivative_name("E_total", f"b_hn_{i + 1}")][0] for i in range(n)]
        assert inner == pytest.approx(module.bias_hh_l0.grad[2 * n :].tolist(), abs=1e-12)


# --- conventions ---


def _state(reset: str, width: int) -> float:
    """The first state of a GRU whose candidate looks at old states of 1 and -1."""
    matrix = [["0.5", "1"], ["-1", "0.3"]] if width == 2 else [["0.5"]]
    zero, one = [["0"]] * width, [["0.7"], ["0.2"]][:width]
    data = {
        "kind": "recurrent", "title": "made", "cell": "gru", "inputs": ["1"], "reset": reset,
        "initial": {"h": ["1", "-1"][:width]},
        "weights": {"W_r": one, "U_r": matrix, "W_z": zero, "U_z": matrix, "W_n": one, "U_n": matrix},
    }  # fmt: skip
    return float(solve(graph_of(data))["h_t1" if width == 1 else "h_1_t1"][0])


def test_where_the_reset_gate_acts_matters_from_two_units_on() -> None:
    assert _state("after", 1) == pytest.approx(_state("before", 1), abs=1e-15)
    assert abs(_state("after", 2) - _state("before", 2)) > 1e-3


def test_the_two_forms_of_the_update_gate_are_one_with_its_sign_turned() -> None:
    data = made(8, cell="gru")
    turned = {**data, "update": "admits" if data["update"] == "keeps" else "keeps", "weights": dict(data["weights"])}

    def negative(rows: list[Any]) -> list[Any]:
        return [negative(row) if isinstance(row, list) else f"{-float(row)}" for row in rows]

    for name in ("W_z", "U_z", "b_z"):
        if name in turned["weights"]:
            turned["weights"][name] = negative(turned["weights"][name])
    before, after = (solve(graph_of(one)) for one in (data, turned))
    assert before["E_total"][0] == pytest.approx(after["E_total"][0], abs=1e-12)


def test_rows_and_columns_are_each_other_transposed() -> None:
    data = made(21, cell="lstm")
    weights = {
        name: [list(column) for column in zip(*rows, strict=True)] if isinstance(rows[0], list) else rows
        for name, rows in data["weights"].items()
    }
    other = {**data, "weights": weights, "vectors": "rows" if data["vectors"] == "columns" else "columns"}
    assert solve(graph_of(data))["E_total"][0] == solve(graph_of(other))["E_total"][0]


def test_gradients_are_sums_over_the_steps_that_use_a_weight() -> None:
    data = made(0, cell="elman", width=1) | {"inputs": [["1"], ["2"], ["3"]], "activation": "tanh"}
    data["weights"] = {"w": "0.5", "u": "0.2"}
    data["targets"] = {"3": ["1"]}
    data.pop("initial", None)
    graph = graph_of(data)
    assert len(graph.operands["dE_total/dw"]) == 6  # a product of two for each time step
    assert graph["dE_total/dw"].group == "shared"
    last = graph_of({**data, "inputs": [["1"]], "targets": {"1": ["1"]}})
    assert last["dE_total/dw"].group == "step:1"  # nothing to add up over one step


def test_without_targets_there_is_a_forward_pass_alone() -> None:
    data = made(0, cell="gru")
    for key in ("targets", "learning_rate", "wanted"):
        del data[key]
    graph = graph_of(data)
    assert not graph.loss
    assert not [q for q in graph if q.name.startswith("d")]


def test_several_updates_by_an_optimizer_follow_pytorch(torch: Any) -> None:
    data = {
        "kind": "recurrent", "title": "made", "inputs": ["1", "0.5"], "targets": ["0.5", "1"], "activation": "tanh",
        "weights": {"w": "0.3", "u": "-0.4", "b": "0.1"}, "optimizer": "adam", "learning_rate": {"eta": "0.1"},
        "steps": "3",
    }  # fmt: skip
    values = solve(graph_of(data))
    w, u, b = (torch.tensor(float(x), dtype=torch.float64, requires_grad=True) for x in ("0.3", "-0.4", "0.1"))
    optimizer = torch.optim.Adam([w, u, b], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        h1 = torch.tanh(w * 1 + b)
        h2 = torch.tanh(w * 0.5 + u * h1 + b)
        (0.5 * (h1 - 0.5) ** 2 + 0.5 * (h2 - 1) ** 2).backward()
        optimizer.step()
    for name, parameter in (("w", w), ("u", u), ("b", b)):
        assert values[f"{name}_new3"][0] == pytest.approx(parameter.item(), abs=1e-9)


def test_softmax_outputs_with_cross_entropy_follow_pytorch(torch: Any) -> None:
    v = [["0.5"], ["-1"], ["0.2"]]
    data = {
        "kind": "recurrent", "title": "made", "inputs": ["1", "-1"], "weights": {"w": "0.3", "u": "0.5", "V": v},
        "output_activation": "softmax", "loss": "cross_entropy", "targets": [["0", "1", "0"], ["1", "0", "0"]],
        "learning_rate": {"eta": "0.1"}, "over_time": "mean",
    }  # fmt: skip
    values = solve(graph_of(data))
    w, u = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (0.3, 0.5))
    head = torch.tensor([float(row[0]) for row in v], dtype=torch.float64, requires_grad=True)
    h1 = torch.tanh(w)
    h2 = torch.tanh(-w + u * h1)
    loss = torch.nn.functional.cross_entropy(torch.stack([head * h1, head * h2]), torch.tensor([1, 0]))
    loss.backward()
    assert values["E_total"][0] == pytest.approx(loss.item(), abs=1e-12)
    for name, tensor in (("w", w), ("u", u)):
        assert values[derivative_name("E_total", name)][0] == pytest.approx(tensor.grad.item(), abs=1e-12)
    found = [values[derivative_name("E_total", f"V_{row}")][0] for row in (1, 2, 3)]
    assert found == pytest.approx(head.grad.tolist(), abs=1e-12)


# --- documents ---


def yaml_of(data: Data) -> str:
    def flow(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {flow(inside)}" for key, inside in value.items()) + "}"
        return "[" + ", ".join(map(flow, value)) + "]" if isinstance(value, list) else str(value)

    return "\n".join(f"{key}: {flow(value)}" for key, value in data.items()) + "\n"


@pytest.mark.parametrize("cell", GATES)
def test_every_line_of_random_documents_is_true(tmp_path: Path, cell: str) -> None:
    path, checked = tmp_path / "made.yml", 0
    for seed, (form, notation) in enumerate(zip(("markdown", "latex", "typst", "web"), NOTATIONS, strict=True)):
        path.write_text(yaml_of(made(seed, cell=cell, width=1 if cell == "lstm" else 2)), encoding="utf-8")
        worked = load_worked(path, notation)
        truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
        for document in ("solution", "worksheet", "key"):
            language = "zh" if document == "worksheet" else "en"
            report = verify(render(worked, document, form, language), form, truth, worked.history)
            assert not report.untrue
            checked += report.checked
    assert checked > 300


NOTATIONS = ("default", "net_out", "sum_output", "z_h")


def test_a_dead_cell_has_zero_gradients_and_no_nan(tmp_path: Path) -> None:
    path = tmp_path / "dead.yml"
    path.write_text(
        "kind: recurrent\ntitle: t\ninputs: [-1, -1]\ntargets: [0, 1]\nweights: {w: 1, u: 1}\n"
        "activation: relu\nlearning_rate: 0.1\n",
        encoding="utf-8",
    )
    worked = load_worked(path)
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    text = render(worked, "solution", "markdown")
    assert not verify(text, "markdown", truth).untrue
    assert "nan" not in text.lower()
    assert worked.trace.number("dE_total/dw").value == 0


# --- errors ---

GOOD = """\
kind: recurrent
title: t
cell: CELL
inputs: [[1, 2], [3, 4]]
targets: {2: 1}
weights: {W: [[1, 2]], U: 1, b: 0}
learning_rate: {eta: 0.1}
"""
MISTAKES = {
    "unknown matrix": ("b: 0", "q: 0", "weights.q", "`q`", "one of W"),
    "missing matrix": ("U: 1, ", "", "weights", "`U`", "W, U"),
    "a matrix twice": ("b: 0", "u: 0", "weights.u", "beside", "once"),
    "shape": ("[[1, 2]]", "[[1], [2]]", "weights.W", "2 rows of 1", "1 row of 2"),
    "ragged": ("[[1, 2]]", "[[1, 2], [3]]", "weights.W", "list", "same length"),
    "ragged inputs": ("[3, 4]]", "[3]]", "inputs", "list", "same length"),
    "bias of no output": ("b: 0", "b_y: 0", "weights.b_y", "b_y", "V"),
    "target after the end": ("{2: 1}", "{3: 1}", "targets", "time step 3", "from 1 to 2"),
    "target too long": ("{2: 1}", "{2: [1, 1]}", "targets", "1 row of 2", "1 row of 1"),
    "target no number": ("{2: 1}", "{2: x}", "targets.2", "x", "number"),
    "no target": ("targets: {2: 1}\n", "", "targets", "no target", "one time step"),
    "state of another cell": ("weights", "initial: {c: 0}\nweights", "initial.c", "`c`", "state of this cell"),
    "state too long": ("weights", "initial: {h: [0, 0]}\nweights", "initial.h", "1 row of 2", "1 row of 1"),
    "activation": ("weights", "activation: nope\nweights", "activation", "`nope`", "tanh"),
    "no gradient": ("weights", "activation: step\nweights", "activation", "no gradient through", "no targets"),
    "softmax inside": ("weights", "activation: softmax\nweights", "activation", "`softmax`", "tanh"),
    "softmax of one": ("weights", "output_activation: softmax\nweights", "output_activation", "`V`", "two outputs"),
    "loss": ("weights", "loss: nope\nweights", "loss", "`nope`", "half_squared_error"),
    "optimizer": ("weights", "optimizer: nope\nweights", "optimizer", "`nope`", "adam"),
    "setting": ("weights", "settings: {mu: 1}\nweights", "settings.mu", "`mu`", "settings"),
    "trained": ("weights", "trained: [V]\nweights", "trained", "`V`", "W, U, b"),
    "trained twice": ("weights", "trained: [W, W]\nweights", "trained", "twice", "once"),
    "wanted": ("weights", "wanted: [c]\nweights", "wanted", "`c`", "x, h"),
    "rate's name": ("eta", "h_t1", "learning_rate.h_t1", "taken", "own"),
    "training": ("learning_rate: {eta: 0.1}", "training: {iterations: 5}", "training", "updates", "rate`"),
    "cell": ("CELL", "rnn", "cell", "`rnn`", "elman"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_bad_definition_is_told_where_and_what(tmp_path: Path, name: str) -> None:
    old, new, key, found, expected = MISTAKES[name]
    assert old in GOOD
    path = tmp_path / "bad.yml"
    path.write_text(GOOD.replace(old, new, 1).replace("CELL", "elman"), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    message = str(caught.value)
    assert str(path) in message
    assert key in message
    assert found in message
    assert expected in message


def test_the_starter_is_a_good_definition(tmp_path: Path) -> None:
    path = tmp_path / "starter.yml"
    path.write_text(STARTER, encoding="utf-8")
    worked = load_worked(path)
    assert worked.trace.number("h_t0").value == 0
    assert Fraction(1, 2) == worked.graph.givens["w"]
