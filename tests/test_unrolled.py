"""Recurrent networks of several cells, and the ways through time: the same numbers and gradients as PyTorch has."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from generator.backward.passes import backward
from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.graph.quantities import Graph, derivative_name
from generator.kinds.recurrent.kind import Definition, build, check
from generator.pipeline import load_worked
from generator.render.document import render
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth

Data = dict[str, Any]
GATES = {"elman": ("",), "lstm": ("_i", "_f", "_g", "_o"), "gru": ("_r", "_z", "_n")}  # in the order of PyTorch's rows
Rows = Callable[[int, int], list[list[str]]]


def rows_of(seed: str) -> Rows:
    """Tables of small numbers, the same for the same seed."""
    rng = random.Random(seed)
    return lambda height, width: [[f"{rng.randint(-12, 12) / 10}" for _ in range(width)] for _ in range(height)]


def cell_weights(rows: Rows, cell: str, suffix: str, hidden: int, inputs: int) -> Data:
    made: Data = {}
    for gate in GATES[cell]:
        made[f"W{gate}{suffix}"] = rows(hidden, inputs)
        made[f"U{gate}{suffix}"] = rows(hidden, hidden)
        made[f"b{gate}{suffix}"] = rows(1, hidden)[0]
    return made


def definition(weights: Data, **more: Any) -> Data:
    return {"kind": "recurrent", "title": "made", "weights": weights, "learning_rate": {"eta": "0.5"}, **more}


def graph_of(data: Data) -> Graph:
    typed = Definition.model_validate(data)
    assert not list(check(typed))
    return backward(build(typed))


def tensors(torch: Any, tables: Mapping[str, Any]) -> dict[str, Any]:
    def number(table: Any) -> Any:
        return [number(part) for part in table] if isinstance(table, list) else float(table)

    return {name: torch.tensor(number(rows), dtype=torch.float64, requires_grad=True) for name, rows in tables.items()}


def check_gradients(graph: Graph, loss: Any, found: Mapping[str, Any], suffix: Mapping[str, str] | None = None) -> None:
    """The loss, and its gradients for every entry of the named tensors (all with more than one row and column)."""
    values = solve(graph)
    loss.backward()
    assert values["E_total"][0] == pytest.approx(loss.item(), abs=1e-12)
    for name, tensor in found.items():
        for place in [(i,) for i in range(len(tensor))] if tensor.dim() == 1 else _places(tensor):
            entry = "_".join((name, *(str(i + 1) for i, size in zip(place, tensor.shape, strict=True) if size > 1)))
            own = derivative_name("E_total", entry + (suffix or {}).get(name, ""))
            assert values[own][0] == pytest.approx(float(tensor.grad[place]), abs=1e-12), own


def _places(tensor: Any) -> list[tuple[int, int]]:
    return [(i, j) for i in range(tensor.shape[0]) for j in range(tensor.shape[1])]


def squared(torch: Any, outputs: Any, targets: Any) -> Any:
    found = torch.tensor([[float(x) for x in row] for row in targets], dtype=torch.float64)
    return 0.5 * ((outputs - found) ** 2).sum()


def module_of(torch: Any, cell: str, inputs: int, hidden: int, ends: Mapping[str, str], made: Mapping[str, Any]) -> Any:
    """PyTorch's own module as a function of the weights; `ends` maps the ends of its names to the ends of ours."""
    kind = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    layers, both = sum("reverse" not in end for end in ends), any("reverse" in end for end in ends)
    module = kind(inputs, hidden, num_layers=layers, bidirectional=both, dtype=torch.float64)
    state = {}
    for theirs, ours in ends.items():
        for part, letter in (("weight_ih", "W"), ("weight_hh", "U"), ("bias_ih", "b")):
            state[f"{part}_{theirs}"] = torch.cat([made[f"{letter}{gate}{ours}"] for gate in GATES[cell]])
        state[f"bias_hh_{theirs}"] = torch.zeros(len(GATES[cell]) * hidden, dtype=torch.float64)
    return lambda *args: torch.func.functional_call(module, state, args)


@pytest.mark.parametrize("cell", GATES)
def test_two_layers_are_those_of_pytorch(torch: Any, cell: str) -> None:
    rows, n, m = rows_of(f"layers {cell}"), 2, 3
    weights = cell_weights(rows, cell, "_1", n, m) | cell_weights(rows, cell, "_2", n, n)
    inputs, first, targets = rows(3, m), [rows(1, n)[0] for _ in range(2)], rows(3, n)
    graph = graph_of(
        definition(
            weights, cell=cell, layers="2", inputs=inputs, targets={str(i): row for i, row in enumerate(targets, 1)},
            initial={"h_1": first[0], "h_2": first[1]}, wanted=["x", "h_1", "h_2"],
        )
    )  # fmt: skip
    made = tensors(torch, weights)
    states = tensors(torch, {"h_1": first[0], "h_2": first[1]})
    module = module_of(torch, cell, m, n, {"l0": "_1", "l1": "_2"}, made)
    start = torch.stack(tuple(states.values()))
    out = module(tensors(torch, {"x": inputs})["x"], (start, torch.zeros_like(start)) if cell == "lstm" else start)[0]
    check_gradients(graph, squared(torch, out, targets), made | states, {"h_1": "_t0", "h_2": "_t0"})


@pytest.mark.parametrize("cell", GATES)
def test_both_directions_are_those_of_pytorch(torch: Any, cell: str) -> None:
    rows, n, m = rows_of(f"both {cell}"), 2, 2
    weights = cell_weights(rows, cell, "_fwd", n, m) | cell_weights(rows, cell, "_bwd", n, m)
    weights |= {"V_fwd": rows(2, n), "V_bwd": rows(2, n), "b_y": rows(1, 2)[0]}
    inputs, targets = rows(3, m), rows(2, 2)
    graph = graph_of(
        definition(
            weights, cell=cell, direction="both", inputs=inputs, targets={"1": targets[0], "3": targets[1]},
            wanted=["h_bwd"],
        )
    )  # fmt: skip
    made = tensors(torch, weights)
    module = module_of(torch, cell, m, n, {"l0": "_fwd", "l0_reverse": "_bwd"}, made)
    out = module(tensors(torch, {"x": inputs})["x"])[0]
    outputs = out @ torch.cat([made["V_fwd"], made["V_bwd"]], dim=1).T + made["b_y"]
    check_gradients(graph, squared(torch, outputs[[0, 2]], targets), made)
    assert graph["h_bwd_1_t4"].formula is None  # where that cell begins


def _elman(torch: Any, made: Mapping[str, Any], x: Any, h: Any) -> Any:
    return torch.tanh(made["W"] @ x + made["U"] @ h + made["b"])


@pytest.mark.parametrize("given", [1, 2])
def test_an_output_is_the_next_input(torch: Any, given: int) -> None:
    """Beyond the inputs that are given, gradients go through the input of a step to the output before."""
    rows, n, m = rows_of(f"fed {given}"), 2, 3
    weights = {"W": rows(n, m), "U": rows(n, n), "b": rows(1, n)[0], "V": rows(m, n), "b_y": rows(1, m)[0]}
    inputs, first = rows(given, m), rows(1, n)[0]
    targets = [["1", "0", "0"], ["0", "0", "1"], ["0", "1", "0"]]
    graph = graph_of(
        definition(
            weights, inputs=inputs, length="4", targets={str(i): row for i, row in enumerate(targets, 2)},
            output_activation="softmax", loss="cross_entropy", initial={"h": first}, trained=[*weights, "h"],
        )
    )  # fmt: skip
    made, state = tensors(torch, weights), tensors(torch, {"h": first})
    seen = tensors(torch, {"x": inputs})["x"]
    h, y, loss = state["h"], None, torch.tensor(0.0, dtype=torch.float64)
    for step in range(1, 5):
        h = _elman(torch, made, seen[step - 1] if step <= given else y, h)
        y = torch.softmax(made["V"] @ h + made["b_y"], 0)
        if step > 1:
            loss = loss - torch.log(y[targets[step - 2].index("1")])
    check_gradients(graph, loss, made | state, {"h": "_t0"})
    assert graph["h_1_t0_new"].label.of == "h_1_t0"


@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_truncated_way_back_ends_where_pytorch_detaches(torch: Any, every: int) -> None:
    rows, n = rows_of(f"cut {every}"), 2
    weights = {"W": rows(n, 2), "U": rows(n, n), "b": rows(1, n)[0]}
    inputs, targets = rows(5, 2), rows(5, n)
    data = definition(weights, inputs=inputs, targets=targets, truncate=str(every), steps="2")
    graph, made = graph_of(data), tensors(torch, weights)
    seen = tensors(torch, {"x": inputs})["x"]

    def loss() -> Any:
        h, outputs = torch.zeros(n, dtype=torch.float64), []
        for step in range(5):
            h = _elman(torch, made, seen[step], h.detach() if step % every == 0 else h)
            outputs.append(h)
        return squared(torch, torch.stack(outputs), targets)

    check_gradients(graph, loss(), made)
    optimizer = torch.optim.SGD(list(made.values()), lr=0.5)
    optimizer.step()
    optimizer.zero_grad()
    loss().backward()
    optimizer.step()
    assert solve(graph)["U_1_2_new2"][0] == pytest.approx(float(made["U"][0, 1]), abs=1e-12)


def test_a_truncation_longer_than_the_way_changes_nothing() -> None:
    rows = rows_of("long")
    data = definition({"W": rows(2, 2), "U": rows(2, 2)}, inputs=rows(3, 2), targets=rows(3, 2))
    assert graph_of(data).quantities == graph_of({**data, "truncate": "3"}).quantities
    assert graph_of(data).conventions == graph_of({**data, "truncate": "3"}).conventions


def test_peepholes_look_at_the_cell_state(torch: Any) -> None:
    rows, n, m = rows_of("peepholes"), 2, 2
    weights = cell_weights(rows, "lstm", "", n, m) | {f"p_{gate}": rows(1, n)[0] for gate in "ifo"}
    inputs, targets = rows(3, m), rows(1, n)
    data = definition(weights, cell="lstm", peepholes="true", inputs=inputs, targets={"3": targets[0]})
    made, seen = tensors(torch, weights), tensors(torch, {"x": inputs})["x"]
    h = c = torch.zeros(n, dtype=torch.float64)
    for x in seen:
        sums = {g: made[f"W_{g}"] @ x + made[f"U_{g}"] @ h + made[f"b_{g}"] for g in "ifgo"}
        i, f = torch.sigmoid(sums["i"] + made["p_i"] * c), torch.sigmoid(sums["f"] + made["p_f"] * c)
        c = f * c + i * torch.tanh(sums["g"])
        h = torch.sigmoid(sums["o"] + made["p_o"] * c) * torch.tanh(c)
    check_gradients(graph_of(data), squared(torch, h[None], targets), made)


# --- documents ---

FORMS = {
    "two layers": "layers: 2\ninputs: [1, 0]\ntargets: {2: 1}\n"
    "weights: {w_1: 1, u_1: 0.5, b_1: 0, w_2: 0.8, u_2: -0.5, b_2: 0.1, v: 1}\n",
    "two layers of two": "cell: gru\nlayers: 2\ninputs: [1, 0.5]\ntargets: {2: [1, 0]}\nweights:\n"
    "  {W_r_1: 1, U_r_1: 0.5, W_z_1: -1, U_z_1: 0.5, W_n_1: 1, U_n_1: 0.3,"
    " W_r_2: [[1], [0]], U_r_2: [[1, 0], [0.5, 1]],"
    " W_z_2: [[1], [0]], U_z_2: [[1, 0], [0.5, 1]], W_n_2: [[1], [0.5]], U_n_2: [[1, 0], [0.5, 1]]}\n",
    "both directions": "direction: both\ninputs: [1, 0]\ntargets: [[1, 0], [0, 1]]\noutput_activation: softmax\n"
    "loss: cross_entropy\nweights: {w_fwd: 1, u_fwd: 0.5, w_bwd: 0.8, u_bwd: -0.5, V_fwd: [[1], [0.5]],"
    " V_bwd: [[0.3], [-1]]}\n",
    "fed back": "length: 3\ninputs: [[1, 0]]\ntargets: {3: [0.5, 1]}\ninitial: {h: 0.2}\ntrained: [W, h]\n"
    "weights: {W: [[0.5, 1]], u: 0.3, V: [[1], [-0.5]]}\n",
    "truncated": "truncate: 1\ninputs: [1, 0, 1]\ntargets: [1, 0, 1]\nweights: {w: 1, u: 0.5, v: 1}\nsteps: 2\n",
    "peepholes": "cell: lstm\npeepholes: true\ninputs: [[1, 0]]\ntargets: [[1, 0]]\ninitial: {c: [0.5, -1]}\nweights:\n"
    "  {W_i: [[1, 0], [0, 1]], U_i: [[1, 0], [0, 1]], p_i: [1, 2], W_f: [[1, 0], [0, 1]], U_f: [[1, 0], [0, 1]],"
    " p_f: [1, -1], W_g: [[1, 0], [0, 1]], U_g: [[1, 0], [0, 1]], W_o: [[1, 0], [0, 1]], U_o: [[1, 0], [0, 1]],"
    " p_o: [0.5, 1]}\n",
}


@pytest.mark.parametrize("notation", ["default", "matrix"])
@pytest.mark.parametrize("form", FORMS)
def test_every_line_of_a_document_is_true(tmp_path: Path, form: str, notation: str) -> None:
    path, checked = tmp_path / "made.yml", 0
    path.write_text(f"kind: recurrent\ntitle: t\n{FORMS[form]}learning_rate: {{eta: 0.5}}\n", encoding="utf-8")
    worked = load_worked(path, notation)
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    for document, text_format, language in (
        ("solution", "web", "zh"),
        ("worksheet", "typst", "en"),
        ("key", "latex", "en"),
    ):
        report = verify(render(worked, document, text_format, language), text_format, truth, worked.history)
        assert not report.untrue
        checked += report.checked
    assert checked > 100


def test_a_cut_state_is_said_and_no_difference_is_held_against_the_gradient(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: recurrent\ntitle: t\n{FORMS['truncated']}learning_rate: {{eta: 0.5}}\n", encoding="utf-8")
    text = render(load_worked(path), "solution", "markdown")
    assert "after every time step the states" in text
    assert "No gradient goes back through it" in text
    assert "A gradient can be checked" not in text


CUT = """\
kind: recurrent
title: t
activation: identity
inputs: [2, 1]
targets: {2: 0}
weights: {w: 1, u: -1}
truncate: 1
trained: [w]
learning_rate: {eta: 0.1}
"""


def test_what_a_truncation_leaves_of_a_gradient_is_not_written_as_the_gradient(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(CUT, encoding="utf-8")
    text = render(load_worked(path), "solution", "terminal")
    assert "(∂E_total/∂w)_cut = (∂E_total/∂h⁽¹⁾)_cut · ∂h⁽¹⁾/∂w + ∂E_total/∂h⁽²⁾ · ∂h⁽²⁾/∂w" in text
    assert "                      = −1\n" in text  # the derivative itself is 1
    assert "Every way from h⁽¹⁾ to E_total is cut, so nothing comes back:" in text
    assert "uses h⁽¹⁾" not in text
    assert "all the states after it" not in text
    assert "the way is cut: the next step has taken the state as a number" in text
    assert "through the next state" not in text
    assert "w takes a step against its truncated gradient:" in text
    assert "A step against an estimate of the gradient can do that" in text
    whole = tmp_path / "whole.yml"
    whole.write_text(CUT.replace("truncate: 1\n", ""), encoding="utf-8")
    assert solve(load_worked(whole).graph)["dE_total/dw"][0] == 1


def test_only_ways_that_are_cut_make_a_derivative_another(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: recurrent\ntitle: t\n{FORMS['truncated']}learning_rate: {{eta: 0.5}}\n", encoding="utf-8")
    graph = load_worked(path).graph
    assert graph.is_cut_short("E_total", ("w",))
    assert graph.is_cut_short("E_total_new", ("h_t2_new",))
    assert not graph.is_cut_short("E_total", ("v",))
    assert not graph.is_cut_short("E_total", ("h_t3",))
    assert not graph.is_cut_short("h_t3", ("u",))  # of its own formula alone, when nothing else changes


def _backward_sections(text: str) -> dict[str, str]:
    parts = text.split("\n## ")[1:]
    return {title: body for title, _, body in (part.partition("\n") for part in parts) if "Backward pass" in title}


@pytest.mark.parametrize("activation", ["identity", "tanh"])
def test_every_gradient_stands_under_the_time_step_that_it_belongs_to(tmp_path: Path, activation: str) -> None:
    path = tmp_path / "made.yml"
    path.write_text(
        f"kind: recurrent\ntitle: t\nactivation: {activation}\ninputs: [1, 0, 1, 0]\ntargets: {{3: 1}}\n"
        "weights: {w: 1, u: 0.5}\nsteps: 2\nlearning_rate: {eta: 0.1}\n",
        encoding="utf-8",
    )
    sections = _backward_sections(render(load_worked(path), "solution", "terminal"))
    places = ["time step 3", "time step 2", "time step 1", "the shared weights"]
    titles = [f"Update {number}. Backward pass: {place}" for number in (1, 2) for place in places]
    assert list(sections) == titles
    assert "We begin at the last time step that acts on the error" in sections[titles[0]]
    assert "One time step further back" in sections[titles[1]]
    for title in titles:
        made = set(re.findall(r"^ *∂E_total(?:\^\[1\])?/∂(\S+) =", sections[title], re.M))
        weights = {name for name in made if name[0] in "wu"}
        assert made == weights if "shared" in title else made and not weights
        if "shared" not in title:
            raised = ("⁽¹⁾", "⁽²⁾", "⁽³⁾")[int(title[-1]) - 1]
            assert all(raised in name or f"(({title[-1]})" in name for name in made)


# --- errors ---

GOOD = """\
kind: recurrent
title: t
inputs: [[1, 2], [3, 4]]
targets: {2: 1}
weights: {W: [[1, 2]], U: 1}
learning_rate: {eta: 0.1}
"""
MISTAKES = {
    "too many layers": ("inputs", "layers: 9\ninputs", "layers", "9", "4"),
    "matrix of no layer": ("inputs", "layers: 2\ninputs", "weights.W", "`W`", "W_1, U_1, b_1, b_hh_1, W_2"),
    "missing direction": (
        "{W: [[1, 2]], U: 1}", "{W_fwd: [[1, 2]], U_fwd: 1}\ndirection: both", "weights", "no `W_bwd`", "V_fwd",
    ),
    "length": ("inputs", "length: 1\ninputs", "length", "1", "at least 2"),
    "output as input": ("inputs", "length: 3\ninputs", "length", "outputs of 1", "as many"),
    "truncated in both directions": ("inputs", "truncate: 1\ndirection: both\ninputs", "truncate", "both", "one"),
    "truncated at once": ("inputs", "truncate: 0\ninputs", "truncate", "0", "1"),
    "peepholes of another cell": ("inputs", "peepholes: true\ninputs", "peepholes", "`elman`", "lstm"),
    "state of a layer": ("inputs", "initial: {h_1: 0}\ninputs", "initial.h_1", "`h_1`", "h"),
    "trained state": ("inputs", "trained: [c]\ninputs", "trained", "`c`", "h, W, U"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_bad_definition_is_told_where_and_what(tmp_path: Path, name: str) -> None:
    old, new, key, found, expected = MISTAKES[name]
    path = tmp_path / "bad.yml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    for part in (str(path), key, found, expected):
        assert part in str(caught.value)
