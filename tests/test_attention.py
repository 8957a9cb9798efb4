"""Attention: values and gradients against witnesses of their own, documents that are true, clear errors."""

from __future__ import annotations

import cmath
import random
from collections.abc import Callable, Mapping, Sequence
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
from generator.kinds.attention.kind import STARTER, Definition, build, check
from generator.notation.writer import Chain
from generator.pipeline import load_worked
from generator.render.document import render
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth

Data = dict[str, Any]
Rows = list[list[Any]]
Space = Mapping[str, Callable[[Any], Any]]
Pick = Callable[[Sequence[Any]], Any]

# --- random definitions, as plain data ---


def _rows(pick: Pick, height: int, width: int) -> list[list[str]]:
    return [[f"{pick(range(-12, 13)) / 10}" for _ in range(width)] for _ in range(height)]


def recipe(pick: Pick, most: int = 3) -> Data:
    """One to three tokens; every other choice is free."""
    tokens, width, (heads, shared) = pick(range(1, most + 1)), pick([1, 2, 3]), pick([(1, 1), (1, 1), (2, 2), (2, 1)])
    others = tokens
    wide, made = pick([1, 2]), pick([1, 2])
    keys, values = shared * wide, heads * made
    weights: Data = {}
    data: Data = {"kind": "attention", "title": "made", "heads": f"{heads}", "weights": weights}
    data["inputs"], taken = _rows(pick, tokens, width), width
    if pick([True, False, False]):
        others, taken = pick(range(1, most + 1)), pick([1, 2, 3])
        data["memory"] = _rows(pick, others, taken)
    if shared < heads:
        data["kv_heads"] = f"{shared}"
    for letter, size in (("Q", heads * wide), ("K", keys), ("V", shared * made)):
        weights[f"W_{letter}"] = _rows(pick, width if letter == "Q" else taken, size)
        if pick([True, False]):
            weights[f"b_{letter}"] = _rows(pick, 1, size)
    data["residual"] = pick([True, False])
    if data["residual"] or pick([True, False]):
        values = width if data["residual"] else pick([1, 2])
        weights["W_O"] = _rows(pick, heads * made, values)
        if pick([True, False]):
            weights["b_O"] = _rows(pick, 1, values)
    data["normalization"] = pick(["none", "none", "before", "after"])
    if data["normalization"] != "none":
        data["epsilon"] = "0.1"
        size = width if data["normalization"] == "before" else values
        weights["gamma"] = _rows(pick, 1, size)
        if pick([True, False]):
            weights["beta"] = _rows(pick, 1, size)
    data["mask"] = pick(["none", "none" if "memory" in data else "causal", "given"])
    if data["mask"] == "given":
        always = [min(i, others - 1) for i in range(tokens)]
        data["mask"] = [["1" if j == own else pick(["0", "1"]) for j in range(others)] for own in always]
    data |= {"scale": pick(["sqrt", "d", "none"]), "softmax": pick(["row", "steps"])}
    data[pick(["targets", "upstream"])] = _rows(pick, tokens, values)
    data |= {"loss": pick(["half_squared_error", "squared_error"]), "learning_rate": {"eta": "0.5"}}
    data["wanted"] = ["X", "U"] if "memory" in data else ["X"]
    data["residual"] = "true" if data["residual"] else "false"
    return in_columns(data) if pick([True, False, False]) else data


@st.composite
def definitions(draw: st.DrawFn, /, **options: Any) -> Data:
    return recipe(lambda choices: draw(st.sampled_from(choices)), **options)


def made(seed: int) -> Data:
    return recipe(random.Random(seed).choice)


def graph_of(data: Data, chain: Chain = Chain.FACTORS) -> Graph:
    definition = Definition.model_validate(data)
    assert not list(check(definition))
    return backward(build(definition), chain)


def name_of(table: str, i: int, j: int, rows: Rows, down: bool = False) -> str:
    """The name of an entry of the rows in a file; `down`: of what stands as columns, its indices are turned."""
    places = ((i, len(rows)), (j, len(rows[0])))
    index = [f"{n + 1}" for n, size in (places[::-1] if down and not table.startswith("W_") else places) if size > 1]
    return "_".join((table, *index))


def tables(data: Data) -> dict[str, Rows]:
    memory = {"U": data["memory"]} if "memory" in data else {}
    return {"X": data["inputs"], **memory, **data["weights"]}


def end_of(data: Data) -> str:
    """What is differentiated: an error, or a sum of outputs that is none."""
    return "E_total" if "targets" in data else "L"


def is_down(data: Data) -> bool:
    return data.get("vectors") == "column"


def turned(rows: Rows) -> Rows:
    return [list(column) for column in zip(*rows, strict=True)]


def in_columns(data: Data) -> Data:
    """The same problem with tokens as columns: its matrices stand the other way round."""
    weights = {name: turned(rows) if name.startswith("W_") else rows for name, rows in data["weights"].items()}
    return {**data, "vectors": "column", "weights": weights}


def entries(data: Data) -> dict[str, str]:
    """Every given that can move a loss, by the name that it has in a graph."""
    return {
        name_of(table, i, j, rows, is_down(data)): text
        for table, rows in tables(data).items()
        for i, row in enumerate(rows)
        for j, text in enumerate(row)
    }


# --- a witness: attention as the papers write it, over the data and any arithmetic ---

COMPLEX: Space = {"number": lambda text: complex(float(text)), "exp": cmath.exp, "sqrt": cmath.sqrt}
SYMPY: Space = {"number": sympy.Rational, "exp": sympy.exp, "sqrt": sympy.sqrt}


def witness(data: Data, space: Space, numbers: Mapping[str, Any]) -> tuple[Rows, Any]:
    """The outputs and the loss."""

    def table(name: str, rows: Rows) -> Rows:
        down = is_down(data)
        made = [[numbers[name_of(name, i, j, rows, down)] for j in range(len(row))] for i, row in enumerate(rows)]
        return turned(made) if down and name.startswith("W_") else made

    known = {name: table(name, rows) for name, rows in tables(data).items()}
    heads, x = int(data["heads"]), known["X"]

    def times(left: Rows, right: Rows, bias: str) -> Rows:
        extra = known[bias][0] if bias in known else [0] * len(right[0])
        return [
            [sum(a * right[k][j] for k, a in enumerate(row)) + extra[j] for j in range(len(right[0]))] for row in left
        ]

    def norm(rows: Rows) -> Rows:
        out = []
        for row in rows:
            mean = sum(row) / space["number"](str(len(row)))
            variance = sum((a - mean) ** 2 for a in row) / space["number"](str(len(row)))
            spread = space["sqrt"](variance + space["number"](data["epsilon"]))
            shift = known["beta"][0] if "beta" in known else [0] * len(row)
            out.append([g * (a - mean) / spread + b for a, g, b in zip(row, known["gamma"][0], shift, strict=True)])
        return out

    start = norm(x) if data["normalization"] == "before" else x
    other = known.get("U", start)
    q, k, v = (times(start if own == "Q" else other, known[f"W_{own}"], f"b_{own}") for own in "QKV")
    shared = int(data.get("kv_heads", heads))
    d, e = len(k[0]) // shared, len(v[0]) // shared
    divisor = {"sqrt": space["sqrt"](space["number"](str(d))), "d": d, "none": 1}[data["scale"]]
    mixed: Rows = []
    for i, query in enumerate(q):
        row: list[Any] = []
        for head in range(heads):
            own, other = slice(head * d, (head + 1) * d), head // (heads // shared)
            part = slice(other * d, (other + 1) * d)
            seen = [j for j in range(len(k)) if _sees(data["mask"], i, j)]
            scores = {j: sum(a * b for a, b in zip(query[own], k[j][part], strict=True)) / divisor for j in seen}
            total = sum(space["exp"](score) for score in scores.values())
            for column in range(other * e, (other + 1) * e):
                row.append(sum(space["exp"](score) / total * v[j][column] for j, score in scores.items()))
        mixed.append(row)
    y = times(mixed, known["W_O"], "b_O") if "W_O" in known else mixed
    if data["residual"] == "true":
        y = [[a + b for a, b in zip(left, right, strict=True)] for left, right in zip(x, y, strict=True)]
    y = norm(y) if data["normalization"] == "after" else y
    ends = data["targets"] if "targets" in data else data["upstream"]
    given = [[space["number"](text) for text in row] for row in ends]
    pairs = [(a, b) for left, right in zip(y, given, strict=True) for a, b in zip(left, right, strict=True)]
    if "upstream" in data:
        return y, sum(a * b for a, b in pairs)
    factor = space["number"]("0.5" if data["loss"] == "half_squared_error" else "1")
    return y, sum(factor * (a - b) ** 2 for a, b in pairs)


def _sees(mask: Any, query: int, key: int) -> bool:
    return mask == "none" or (key <= query if mask == "causal" else mask[query][key] == "1")


def complex_step(data: Data, name: str) -> float:
    numbers = {own: COMPLEX["number"](text) for own, text in entries(data).items()}
    numbers[name] += 1e-60j
    return float(complex(witness(data, COMPLEX, numbers)[1]).imag / 1e-60)


# --- values and gradients ---


@given(definitions())
@settings(max_examples=40)
def test_loss_and_gradients_agree_with_complex_step(data: Data) -> None:
    values = solve(graph_of(data))
    end = end_of(data)
    loss = witness(data, COMPLEX, {name: COMPLEX["number"](text) for name, text in entries(data).items()})[1]
    assert values[end][0] == pytest.approx(complex(loss).real, rel=1e-12, abs=1e-12)
    for name in entries(data):
        gradient = values[derivative_name(end, name)][0]
        assert gradient == pytest.approx(complex_step(data, name), rel=1e-10, abs=1e-10), name


@pytest.mark.parametrize("chain", Chain)
def test_every_chain_style_gives_the_same_gradients(chain: Chain) -> None:
    data = made(4)
    graph = graph_of(data, chain)
    values = solve(graph)
    for name in graph.trained:
        made_here = values[derivative_name(end_of(data), name)][0]
        assert made_here == pytest.approx(complex_step(data, name), abs=1e-10)


def test_gradients_are_those_of_the_expanded_expression() -> None:
    data: Data = {
        "kind": "attention", "title": "made", "heads": "1", "inputs": [["1"], ["0.5"]], "mask": "none",
        "weights": {"W_Q": [["0.5"]], "W_K": [["-1"]], "W_V": [["2"]]}, "scale": "sqrt", "residual": "false",
        "normalization": "none", "targets": [["1"], ["0.2"]], "loss": "half_squared_error",
        "learning_rate": {"eta": "0.1"}, "wanted": ["X"],
    }  # fmt: skip
    values, texts = solve(graph_of(data)), entries(data)
    for name in texts:
        moved = sympy.Symbol("moved", real=True)
        numbers = {own: moved if own == name else sympy.Rational(text) for own, text in texts.items()}
        slope = sympy.diff(witness(data, SYMPY, numbers)[1], moved).subs(moved, sympy.Rational(texts[name]))
        assert values[derivative_name("E_total", name)][0] == pytest.approx(float(slope), abs=1e-12)


def _tensor(torch: Any, rows: Rows, grad: bool = False) -> Any:
    numbers = [[float(text) for text in row] for row in rows]
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=grad)


@pytest.mark.parametrize("causal", [False, True])
def test_pytorch_has_the_same_attention_and_gradients(torch: Any, causal: bool) -> None:
    pick = random.Random(int(causal)).choice
    q, k, v, upstream = (_rows(pick, 3, width) for width in (2, 2, 3, 3))
    data: Data = {
        "kind": "attention", "title": "made", "queries": q, "keys": k, "values": v, "upstream": upstream,
        "mask": "causal" if causal else "none", "wanted": ["Q", "K", "V"],
    }  # fmt: skip
    values = solve(graph_of(data))
    tensors = {name: _tensor(torch, rows, grad=True) for name, rows in (("Q", q), ("K", k), ("V", v))}
    made = torch.nn.functional.scaled_dot_product_attention(*tensors.values(), is_causal=causal)
    (made * _tensor(torch, upstream)).sum().backward()
    for name, tensor in tensors.items():
        for i, row in enumerate(tensor.grad.tolist()):
            for j, gradient in enumerate(row):
                found = values[derivative_name("L", f"{name}_{i + 1}_{j + 1}")][0]
                assert found == pytest.approx(gradient, abs=1e-12)


@pytest.mark.parametrize(("heads", "shared"), [(4, 2), (4, 1), (6, 3), (2, 2)])
def test_pytorch_has_the_same_heads_that_share_keys(torch: Any, heads: int, shared: int) -> None:
    """Grouped-query and multi-query attention: neighbouring heads of queries have the same keys and values."""
    pick = random.Random(heads * 10 + shared).choice
    wide, made, tokens = 2, 3, 3
    weights = {
        "W_Q": _rows(pick, 4, heads * wide), "W_K": _rows(pick, 4, shared * wide), "W_V": _rows(pick, 4, shared * made),
        "W_O": _rows(pick, heads * made, 2),
    }  # fmt: skip
    data: Data = {
        "kind": "attention", "title": "made", "inputs": _rows(pick, tokens, 4), "weights": weights, "heads": f"{heads}",
        "kv_heads": f"{shared}", "mask": "causal", "targets": _rows(pick, tokens, 2), "learning_rate": {"eta": "0.1"},
        "wanted": ["X"],
    }  # fmt: skip
    values = solve(graph_of(data))
    tensors = {name: _tensor(torch, rows, grad=True) for name, rows in {"X": data["inputs"], **weights}.items()}
    q, k, v = (
        (tensors["X"] @ tensors[f"W_{letter}"]).view(tokens, count, -1).transpose(0, 1).unsqueeze(0)
        for letter, count in (("Q", heads), ("K", shared), ("V", shared))
    )
    mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    outputs = mixed.squeeze(0).transpose(0, 1).reshape(tokens, -1) @ tensors["W_O"]
    loss = (0.5 * (outputs - _tensor(torch, data["targets"])) ** 2).sum()
    loss.backward()
    assert values["E_total"][0] == pytest.approx(loss.item(), abs=1e-10)
    for name, tensor in tensors.items():
        for i, row in enumerate(tensor.grad.tolist()):
            found = [values[derivative_name("E_total", f"{name}_{i + 1}_{j + 1}")][0] for j in range(len(row))]
            assert found == pytest.approx(row, abs=1e-10), name


@pytest.mark.parametrize("others", [0, 2, 4])
@pytest.mark.parametrize("normalization", ["none", "after"])
def test_pytorch_has_the_same_heads_and_block(torch: Any, normalization: str, others: int) -> None:
    """Against nn.MultiheadAttention and nn.LayerNorm, whose matrices stand the other way round.

    With `others`, keys and values are made of so many tokens of another sequence.
    """
    pick = random.Random(normalization).choice
    width, tokens = 4, 3
    weights = {f"W_{letter}": _rows(pick, width, width) for letter in "QKVO"}
    weights |= {f"b_{letter}": _rows(pick, 1, width) for letter in "QKVO"}
    data: Data = {
        "kind": "attention", "title": "made", "heads": "2", "inputs": _rows(pick, tokens, width), "weights": weights,
        "targets": _rows(pick, tokens, width), "learning_rate": {"eta": "0.1"},
    }  # fmt: skip
    if others:
        data |= {"memory": _rows(pick, others, width), "wanted": ["U"]}
    if normalization == "after":
        weights |= {"gamma": _rows(pick, 1, width), "beta": _rows(pick, 1, width)}
        data |= {"normalization": "after", "epsilon": "0.00001", "residual": "true"}
    values = solve(graph_of(data))
    torch.set_num_threads(1)
    module = torch.nn.MultiheadAttention(width, 2, dtype=torch.float64)
    norm = torch.nn.LayerNorm(width, eps=1e-5, dtype=torch.float64)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.cat([_tensor(torch, weights[f"W_{letter}"]).T for letter in "QKV"]))
        module.in_proj_bias.copy_(torch.cat([_tensor(torch, weights[f"b_{letter}"])[0] for letter in "QKV"]))
        module.out_proj.weight.copy_(_tensor(torch, weights["W_O"]).T)
        module.out_proj.bias.copy_(_tensor(torch, weights["b_O"])[0])
        if normalization == "after":
            norm.weight.copy_(_tensor(torch, weights["gamma"])[0])
            norm.bias.copy_(_tensor(torch, weights["beta"])[0])
    x = _tensor(torch, data["inputs"])
    u = _tensor(torch, data["memory"], grad=True) if others else x
    y = module(x, u, u)[0]
    y = norm(x + y) if normalization == "after" else y
    loss = (0.5 * (y - _tensor(torch, data["targets"])) ** 2).sum()
    loss.backward()
    assert values["E_total"][0] == pytest.approx(loss.item(), abs=1e-10)
    grads = dict(zip("QKV", module.in_proj_weight.grad.split(width), strict=True)) | {"O": module.out_proj.weight.grad}
    for letter, gradient in grads.items():
        for i in range(width):
            for j in range(width):
                found = values[derivative_name("E_total", f"W_{letter}_{i + 1}_{j + 1}")][0]
                assert found == pytest.approx(gradient.T[i, j].item(), abs=1e-10)
    for i, row in enumerate(u.grad.tolist() if others else []):
        found = [values[derivative_name("E_total", f"U_{i + 1}_{j + 1}")][0] for j in range(width)]
        assert found == pytest.approx(row, abs=1e-10)
    if normalization == "after":
        found = [values[derivative_name("E_total", f"gamma_{j + 1}")][0] for j in range(width)]
        assert found == pytest.approx(norm.weight.grad.tolist(), abs=1e-10)


# --- conventions ---


def test_the_two_ways_of_a_softmax_have_the_same_numbers() -> None:
    data = made(9)
    one, other = (solve(graph_of({**data, "softmax": way})) for way in ("row", "steps"))
    shared = [name for name in one if name in other]
    assert len(shared) > 20
    for name in shared:
        assert one[name][0] == pytest.approx(other[name][0], abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_columns_have_the_numbers_of_rows(seed: int) -> None:
    data = made(seed)
    weights = {name: turned(rows) if name.startswith("W_") else rows for name, rows in data["weights"].items()}
    other = {**data, "vectors": "row" if is_down(data) else "column", "weights": weights}
    one, two = (solve(graph_of(each)) for each in (data, other))
    end = end_of(data)
    assert one[end][0] == pytest.approx(two[end][0], abs=1e-12)
    for table, rows in tables(data).items():
        for i, row in enumerate(rows):
            for j in range(len(row)):
                name = name_of(table, i, j, rows, is_down(data))
                places = (j, i) if table.startswith("W_") else (i, j)
                same = name_of(table, *places, weights.get(table, rows), is_down(other))
                slopes = [values[derivative_name(end, own)][0] for values, own in ((one, name), (two, same))]
                assert slopes[0] == pytest.approx(slopes[1], abs=1e-12)


def test_the_shapes_of_columns(tmp_path: Path) -> None:
    """W_Q stands before X; keys by queries are the scores; each column of weights sums to one."""
    text = (
        "kind: attention\ntitle: t\nvectors: column\ninputs: [[1, 2, 0], [0, 1, 1]]\n"
        "weights: {W_Q: [[1, 0, 2]], W_K: [[0, 1, 1]], b_K: 1, W_V: [[1, 1, 0], [0, 2, 1]]}\nnotation: matrix\n"
    )
    path = tmp_path / "columns.yml"
    path.write_text(text, encoding="utf-8")
    worked = load_worked(path)
    shapes = {name: (len(t.entries), len(t.entries[0])) for name, t in worked.graph.tensor.items()}
    assert [shapes[f"{name}:"] for name in ("X", "W_Q", "Q", "S", "V", "C")] == [
        (3, 2), (1, 3), (1, 2), (2, 2), (2, 2), (2, 2),
    ]  # fmt: skip
    values = worked.trace.values
    assert values["Q_2"] == 2  # W_Q times the second token
    assert values["S_2_1"] == 3  # the key of the second token times the query of the first
    assert float(values["A_1_2"]) + float(values["A_2_2"]) == pytest.approx(1)
    page = render(worked, "solution", "markdown")
    assert "Each token is a column" in page
    assert r"\mathbf{S} &= \mathbf{K}^{\top}\mathbf{Q} \\" in page
    assert r"\mathbf{C} &= \mathbf{V}\mathbf{A} \\" in page
    path.write_text(text.replace("[[1, 0, 2]]", "[[1], [0], [2]]"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="1 row of 3"):
        load(path)


def test_what_is_masked_has_no_score_and_no_weight() -> None:
    data: Data = {
        "kind": "attention", "title": "made", "queries": [["1"], ["2"]], "keys": [["1"], ["3"]],
        "values": [["1"], ["2"]], "mask": "causal",
    }  # fmt: skip
    graph = graph_of(data)
    assert "S_1_2" not in graph
    assert "A_1_2" not in graph
    assert solve(graph)["A_1_1"][0] == 1
    assert {q.name for q in graph_of({**data, "mask": [["1", "1"], ["0", "1"]]})} >= {"S_1_2", "A_2_2"}


SHARED = """\
kind: attention
title: t
inputs: [[1, 0], [2, 1], [0, 1]]
heads: 4
weights: {W_O: [[1, 0], [2, 1], [0, 1], [1, 1]], W_Q: [[1, 0, 1, 1], [0, 1, 1, 2]],
"""
ENDS = "targets: [[1, 1], [0, 2], [1, 0]]\nlearning_rate: {eta: 0.1}\nnotation: matrix\n"
GROUPED = "  W_K: [[1, 0], [1, 1]], W_V: [[0, 1], [2, 1]]}\nkv_heads: 2\n"
SINGLE = "  W_K: [[1], [1]], W_V: [[0], [2]]}\nkv_heads: 1\n"


@pytest.mark.parametrize(
    ("shares", "said", "letters", "heads"),
    [
        (
            GROUPED,
            "but only $2$ of keys and values (grouped-query attention): $2$ heads",
            ("K}^{(2)", "V}^{(2)"),
            (3, 4),
        ),
        (SINGLE, "all use the same keys and values (multi-query attention)", ("K", "V"), (1, 2, 3, 4)),
    ],
)
@pytest.mark.parametrize("mask", ["none", "causal"])
def test_what_comes_back_to_shared_keys_is_added_up_over_heads(
    tmp_path: Path, mask: str, shares: str, said: str, letters: tuple[str, str], heads: tuple[int, ...]
) -> None:
    """In matrices: a sum over the heads of queries that use them, read back as true."""
    path = tmp_path / "shared.yml"
    path.write_text(SHARED + shares + f"mask: {mask}\n" + ENDS, encoding="utf-8")
    worked = load_worked(path)
    page = render(worked, "solution", "markdown")
    assert said in page
    keys, values = letters
    rows = page.splitlines()
    (to_keys,) = (row for row in rows if row.startswith(rf"\frac{{\partial E}}{{\partial\mathbf{{{keys}}}}} &= "))
    (to_values,) = (row for row in rows if row.startswith(rf"\frac{{\partial E}}{{\partial\mathbf{{{values}}}}} &= "))
    for head in range(1, 5):
        assert (rf"\partial\mathbf{{S}}^{{({head})}}" in to_keys) == (head in heads)
        assert (rf"\mathbf{{A}}^{{({head}) \top}}" in to_values) == (head in heads)
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    report = verify(page, "markdown", truth, worked.history)
    assert not report.untrue
    assert report.checked > 60


def test_the_scale_divides_the_scores() -> None:
    data = {"kind": "attention", "title": "made", "queries": [["3", "1"]], "keys": [["1", "2"]], "values": [["1"]]}
    scores = [solve(graph_of({**data, "scale": scale}))["S"][0] for scale in ("none", "d", "sqrt")]
    assert scores == pytest.approx([5, 2.5, 5 / 2**0.5])


def test_one_score_moved_up_is_the_other_moved_down(tmp_path: Path) -> None:
    """A softmax of two gives opposite gradients, and a sum of exact opposites is shown as a zero."""
    worked = load_worked(Path("problems/attention/attention_gradients.yml"))
    first, second = (worked.trace.shown[derivative_name("E_total", f"S_1_{j}")] for j in (1, 2))
    assert first.lstrip("-") == second.lstrip("-")
    assert first != second


# --- documents ---


def yaml_of(data: Data) -> str:
    def flow(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {flow(inside)}" for key, inside in value.items()) + "}"
        return "[" + ", ".join(map(flow, value)) + "]" if isinstance(value, list) else str(value)

    return "\n".join(f"{key}: {flow(value)}" for key, value in data.items()) + "\n"


@pytest.mark.parametrize(
    ("seed", "form", "notation"),
    [(1, "markdown", "default"), (2, "latex", "net_out"), (3, "typst", "sum_output"), (5, "web", "z_h")],
)
def test_every_line_of_random_documents_is_true(tmp_path: Path, seed: int, form: str, notation: str) -> None:
    path = tmp_path / "made.yml"
    path.write_text(yaml_of(recipe(random.Random(seed).choice, most=2)), encoding="utf-8")
    worked = load_worked(path, notation)
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    checked = 0
    for document in ("solution", "worksheet", "key"):
        report = verify(
            render(worked, document, form, "zh" if document == "worksheet" else "en"), form, truth, worked.history
        )
        assert not report.untrue
        checked += report.checked
    assert checked > 100


@pytest.mark.parametrize("form", ["markdown", "latex", "typst", "web"])
@pytest.mark.parametrize("notation", ["z_h", "sum_output"])
def test_the_two_indices_of_a_target_are_told_apart(notation: str, form: str) -> None:
    """Where targets have a letter of their own: t with the index 1,2 is not read as t with the index 12."""
    worked = load_worked(Path("problems/attention/two_heads.yml"), notation)
    report = verify(
        render(worked, "solution", form), form, Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    )
    assert report.checked > 100
    assert not report.untrue


# --- errors ---

GOOD = """\
kind: attention
title: t
inputs: [[1, 2], [3, 4]]
weights: {W_Q: [[1, 0], [0, 1]], W_V: [[1], [2]]}
targets: [[1], [2]]
learning_rate: {eta: 0.1}
"""
MISTAKES = {
    "unknown matrix": ("W_V", "W_W", "weights.W_W", "`W_W`", "one of W_Q"),
    "shape": ("[[1], [2]]}", "[[1]]}", "weights.W_V", "1 row of 1", "2 rows of 1"),
    "ragged inputs": ("[3, 4]]", "[3]]", "inputs", "list", "same length"),
    "no rows": ("inputs: [[1, 2], [3, 4]]\n", "", "", "no `inputs` and no `queries`", "`queries` beside"),
    "heads": ("targets", "heads: 2\ntargets", "heads", "2 heads", "divides"),
    "shared by few": ("targets", "heads: 2\nkv_heads: 3\ntargets", "kv_heads", "3 heads of keys", "divides `heads`"),
    "shared heads": ("targets", "heads: 4\nkv_heads: 2\ntargets", "kv_heads", "2 heads", "divides the 1 columns"),
    "shared queries": ("W_V: [[1], [2]]}\ntargets: [[1], [2]]",
                       "W_K: [[1], [2]], W_V: [[1], [2]]}\nheads: 4\nkv_heads: 1\n"
                       "targets: [[1, 1, 1, 1], [2, 2, 2, 2]]", "weights.W_Q", "2 rows of 2", "2 rows of 4"),
    "mask's shape": ("targets", "mask: [[1, 1, 1]]\ntargets", "mask", "1 row of 3", "2 rows of 2"),
    "mask's entries": ("targets", "mask: [[1, 2], [1, 1]]\ntargets", "mask", "a mask", "0 and 1"),
    "mask of nothing": ("targets", "mask: [[0, 0], [1, 1]]\ntargets", "mask", "nothing that token 1", "a 1 for one"),
    "mask's word": ("targets", "mask: ahead\ntargets", "mask", "ahead", "causal"),
    "residual": ("targets", "residual: true\ntargets", "residual", "inputs of 2 and outputs of 1", "same width"),
    "epsilon": ("targets", "epsilon: -1\ntargets", "epsilon", "below zero", "zero or more"),
    "target's shape": ("[[1], [2]]\nlearning", "[[1, 1], [2, 2]]\nlearning", "targets", "2 rows of 2", "2 rows of 1"),
    "two ends": ("targets", "upstream: [[1], [1]]\ntargets", "upstream", "beside", "one of them"),
    "no end": ("targets: [[1], [2]]\n", "", "targets", "no `targets`", "gradients are asked for"),
    "loss": ("targets", "loss: nope\ntargets", "loss", "`nope`", "half_squared_error"),
    "trained": ("targets", "trained: [W_K]\ntargets", "trained", "`W_K`", "W_Q, W_V"),
    "trained twice": ("targets", "trained: [W_Q, W_Q]\ntargets", "trained", "twice", "once"),
    "wanted": ("targets", "wanted: [Q]\ntargets", "wanted", "`Q`", "given"),
    "setting": ("targets", "settings: {mu: 1}\ntargets", "settings.mu", "`mu`", "settings"),
    "rate's name": ("eta", "S_1_1", "learning_rate.S_1_1", "taken", "own"),
    "nothing to train": ("{W_Q: [[1, 0], [0, 1]], W_V: [[1], [2]]}\ntargets: [[1], [2]]",
                         "{}\ntargets: [[1, 1], [2, 2]]", "learning_rate", "a learning rate", "weights"),
    "memory's shape": ("targets", "memory: [[1, 2, 3]]\ntargets", "weights.W_Q", "2 rows of 2", "2 rows of 3"),
    "idle memory": ("targets", "memory: [[1]]\nkeys: [[1, 2]]\nvalues: [[1]]\ntargets", "memory", "nothing", "left"),
    "memory wanted": ("targets", "wanted: [U]\ntargets", "wanted", "`U`", "given"),
    "keys without values": ("targets", "keys: [[1, 1]]\ntargets", "keys", "2 rows of values", "each of the 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_bad_definition_is_told_where_and_what(tmp_path: Path, name: str) -> None:
    old, new, key, found, expected = MISTAKES[name]
    assert old in GOOD
    path = tmp_path / "bad.yml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    message = str(caught.value)
    assert str(path) in message
    assert key in message
    assert found in message
    assert expected in message


def test_rows_that_do_not_differ_cannot_be_normalized_without_epsilon(tmp_path: Path) -> None:
    path = tmp_path / "flat.yml"
    text = "kind: attention\ntitle: t\ninputs: [[1, 1]]\nresidual: true\nnormalization: after\nepsilon: EPS\n"
    path.write_text(text.replace("EPS", "0"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="has no value"):
        load_worked(path)
    path.write_text(text.replace("EPS", "0.01"), encoding="utf-8")
    assert load_worked(path).trace.number("N_1").value == 0


def test_the_starter_is_a_good_definition(tmp_path: Path) -> None:
    path = tmp_path / "starter.yml"
    path.write_text(STARTER, encoding="utf-8")
    worked = load_worked(path)
    assert len(worked.graph.trained) == 12
